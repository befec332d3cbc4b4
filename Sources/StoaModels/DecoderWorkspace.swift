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
  /// The angles of `LayerAttention.Rotation.main` for all tokens, then those of `.local`.
  let cosines: UnsafeMutablePointer<Float>
  let sines: UnsafeMutablePointer<Float>
  let logits: UnsafeMutablePointer<Float>
  /// Inputs as wide as the residual stream.
  let input: Activations
  /// Attention's outputs and the gated feed-forward values.
  let inner: Activations
  /// What mixtures of experts need beside these.
  let experts: ExpertWorkspace?
  /// What latent attention needs beside these.
  let latent: LatentWorkspace?

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
    let shape = configuration.attentionShape
    let networkWidth = max(configuration.feedForwardWidth, configuration.expertRules?.sharedWidth ?? 0)
    let rotations = configuration.localRope == nil ? 1 : 2
    unsafe residual = try floats(maxTokens, configuration.width)
    unsafe update = try floats(maxTokens, configuration.width)
    unsafe queries = try floats(maxTokens, shape.heads * shape.headDimension)
    unsafe keys = try floats(maxTokens, shape.keyValueHeads * shape.headDimension)
    unsafe values = try floats(maxTokens, shape.keyValueHeads * shape.valueDimension)
    unsafe up = try floats(maxTokens, networkWidth)
    unsafe cosines = try floats(maxTokens * rotations, configuration.rotaryPairs)
    unsafe sines = try floats(maxTokens * rotations, configuration.rotaryPairs)
    unsafe logits = try floats(logitRows, configuration.vocabularySize)
    input = try Activations(capacity: maxTokens, maxColumns: configuration.width)
    inner = try Activations(capacity: maxTokens, maxColumns: max(configuration.attentionWidth, networkWidth))
    experts = try configuration.expertRules.map { (rules) throws(MemoryError) in
      try ExpertWorkspace(configuration, rules, maxTokens: maxTokens)
    }
    latent = try configuration.latent.map { (latent) throws(MemoryError) in
      try LatentWorkspace(latent, heads: configuration.heads, maxTokens: maxTokens)
    }
    self.memory = memory
  }
}

/// Scratch memory of latent attention.
@safe package final class LatentWorkspace {
  /// `[tokens][queryRank]`: compressed queries.
  let compressed: Activations
  /// `[tokens][heads × query dimension]`: the queries of heads.
  let queries: UnsafeMutablePointer<Float>
  /// `[heads][tokens]` rows: the plain parts of queries, then the weighted vectors of heads.
  let rows: Activations
  /// `[tokens][heads × rank]`: weighted cached vectors.
  let outputs: UnsafeMutablePointer<Float>
  private let memory: [Memory]

  init(_ latent: LatentAttention, heads: Int, maxTokens: Int) throws(MemoryError) {
    let queries = try Memory.of(Float.self, rows: maxTokens, columns: heads * latent.queryDimension)
    let outputs = try Memory.of(Float.self, rows: maxTokens, columns: heads * latent.rank)
    compressed = try Activations(capacity: maxTokens, maxColumns: latent.queryRank ?? 1)
    rows = try Activations(capacity: maxTokens * heads, maxColumns: max(latent.plainDimension, latent.rank))
    memory = [queries, outputs]
    unsafe self.queries = queries.pointer(to: Float.self)
    unsafe self.outputs = outputs.pointer(to: Float.self)
  }
}
