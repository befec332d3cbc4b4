import StoaFormats
package import StoaTensor

/// Encoders of texts: BERT (Devlin and others, 2018, arXiv:1810.04805) and Nomic's (Nussbaum and others, 2024,
/// arXiv:2402.01613).
///
/// Per layer: x = norm(x + attention(x)), then x = norm(x + feedForward(x)); all tokens see all tokens. BERT adds an
/// embedding for each position; Nomic rotates queries and keys, has no biases and gates its feed-forward networks.
package final class EncoderModel: Sendable {
  package let configuration: EncoderConfiguration
  package let compute: Compute
  private let weights: EncoderWeights
  private let rotary: RotaryEmbedding?

  /// Lays the weights of a checkpoint out; `progress` gets the finished share.
  package init(
    _ checkpoint: Checkpoint, compute: Compute, progress: ((Double) -> Void)? = nil
  ) throws(ModelError) {
    configuration = try EncoderConfiguration(checkpoint)
    self.compute = compute
    weights = try EncoderWeights(checkpoint, configuration, pool: compute.pool, progress: progress)
    let pairs = configuration.headDimension / 2
    rotary = try configuration.rope.map { (rope) throws(ModelError) in
      try RotaryEmbedding(rope, pairs: pairs, path: checkpoint.path)
    }
  }

  /// The states of all tokens after the last layer, in order, `width` values each.
  ///
  /// - Parameters:
  ///   - types: The type of each token, 0 for all unless given.
  ///   - chunk: Tokens whose products are computed together. It changes speed and memory, never results.
  package func encode(
    _ tokens: [Int32], types: [Int32]? = nil, chunk: Int = 512, isCancelled: () -> Bool = { false },
    onState: (UnsafeBufferPointer<Float>) -> Void
  ) throws(ModelError) {
    guard tokens.count <= configuration.contextLength else {
      throw .contextFull(capacity: configuration.contextLength, needed: tokens.count)
    }
    try Self.check(tokens, below: configuration.vocabularySize)
    try Self.check(types ?? [], below: weights.typeEmbedding?.shape[0] ?? 0)
    precondition(types == nil || types?.count == tokens.count)
    guard !tokens.isEmpty else { return }
    let pass = try EncoderPass(
      configuration, compute, rotary: rotary, tokens: tokens.count, chunk: max(1, min(chunk, tokens.count)))
    pass.embed(tokens, types: types, weights)
    for layer in weights.layers {
      if isCancelled() { throw .cancelled }
      pass.run(layer)
    }
    for token in tokens.indices { unsafe onState(pass.state(token)) }
  }

  private static func check(_ ids: [Int32], below limit: Int) throws(ModelError) {
    if let id = ids.first(where: { $0 < 0 || $0 >= limit }) {
      throw .tokenOutOfRange(id, vocabularySize: limit)
    }
  }
}

extension EncoderModel {
  /// One vector for a text, as the model's pooling makes it of its tokens' states.
  package func embedding(of tokens: [Int32], chunk: Int = 512) throws(ModelError) -> [Float] {
    let width = configuration.width
    // Sums in double precision and in the order of the tokens.
    var sum = [Double](repeating: 0, count: width)
    var index = 0
    try unsafe encode(tokens, chunk: chunk) { state in
      let counts =
        switch configuration.pooling.kind {
        case .mean: true
        case .cls: index == 0
        case .last: index == tokens.count - 1
        }
      index += 1
      guard counts else { return }
      for dimension in 0..<width { sum[dimension] += Double(unsafe state[dimension]) }
    }
    if configuration.pooling.kind == .mean { sum = sum.map { $0 / Double(max(1, tokens.count)) } }
    guard configuration.pooling.isNormalized else { return sum.map { Float($0) } }
    let length = sum.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return sum.map { Float($0 / length) }
  }
}
