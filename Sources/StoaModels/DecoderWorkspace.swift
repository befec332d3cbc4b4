import StoaTensor

/// The scratch memory of a forward pass, allocated once for the largest batch.
@safe package final class DecoderWorkspace {
  package let maxTokens: Int
  /// Tokens whose logits are computed together.
  let logitRows: Int

  /// `[tokens][width]`: the residual stream.
  let residual: UnsafeMutablePointer<Float>
  /// `[tokens][width]`: what a block adds to it.
  let update: UnsafeMutablePointer<Float>
  let queries: UnsafeMutablePointer<Float>
  let keys: UnsafeMutablePointer<Float>
  let values: UnsafeMutablePointer<Float>
  let up: UnsafeMutablePointer<Float>
  let cosines: UnsafeMutablePointer<Float>
  let sines: UnsafeMutablePointer<Float>
  let logits: UnsafeMutablePointer<Float>
  /// Inputs as wide as the residual stream.
  let input: Activations
  /// Attention's outputs and the gated feed-forward values.
  let inner: Activations
  /// What mixtures of experts need beside these.
  let experts: ExpertWorkspace?

  private let memory: [Memory]

  init(_ configuration: DecoderConfiguration, maxTokens: Int) throws(MemoryError) {
    self.maxTokens = maxTokens
    logitRows = min(maxTokens, 16)
    var memory: [Memory] = []
    func floats(_ rows: Int, _ columns: Int) throws(MemoryError) -> UnsafeMutablePointer<Float> {
      let piece = try Memory.of(Float.self, rows: rows, columns: columns)
      memory.append(piece)
      return unsafe piece.pointer(to: Float.self)
    }
    unsafe residual = try floats(maxTokens, configuration.width)
    unsafe update = try floats(maxTokens, configuration.width)
    unsafe queries = try floats(maxTokens, configuration.queryWidth)
    unsafe keys = try floats(maxTokens, configuration.keyValueWidth)
    unsafe values = try floats(maxTokens, configuration.keyValueWidth)
    unsafe up = try floats(maxTokens, configuration.feedForwardWidth)
    unsafe cosines = try floats(maxTokens, configuration.rotaryPairs)
    unsafe sines = try floats(maxTokens, configuration.rotaryPairs)
    unsafe logits = try floats(logitRows, configuration.vocabularySize)
    input = try Activations(capacity: maxTokens, maxColumns: configuration.width)
    inner = try Activations(
      capacity: maxTokens, maxColumns: max(configuration.queryWidth, configuration.feedForwardWidth))
    experts =
      configuration.experts == 0
      ? nil : try ExpertWorkspace(configuration, maxTokens: maxTokens)
    self.memory = memory
  }
}
