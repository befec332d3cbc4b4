import StoaModels

extension LanguageModel {
  /// A vector for a text: the mean of its tokens' hidden states after the last norm, scaled to length 1.
  ///
  /// Computes on the caller's thread and the model's pool. The vector has `summary.width` values.
  public func embedding(of tokens: [Int32]) throws -> [Float] {
    guard !tokens.isEmpty else { throw EngineError.emptyPrompt }
    guard tokens.count <= contextLength else {
      throw EngineError.promptTooLong(tokens: tokens.count, context: contextLength)
    }
    try checkTokens(tokens)
    let cache = try model.makeCache(type: cacheType, capacity: tokens.count)
    let workspace = try model.makeWorkspace(maxTokens: min(prefillChunk, tokens.count))
    // Sums in double precision and in the order of the tokens are the same however the text is cut into chunks.
    var sum = [Double](repeating: 0, count: model.configuration.width)
    var rest = tokens[...]
    while !rest.isEmpty {
      let chunk = rest.prefix(workspace.maxTokens)
      rest = rest.dropFirst(chunk.count)
      try unsafe model.forward(
        [Segment(tokens: chunk, cache: cache, logits: .hidden)], workspace: workspace, isCancelled: { false }
      ) { _, _, state in
        for index in sum.indices { sum[index] += Double(unsafe state[index]) }
      }
    }
    let length = sum.reduce(0) { $0 + $1 * $1 }.squareRoot()
    guard length.isFinite, length > 0 else { throw EngineError.notANumber }
    return sum.map { Float($0 / length) }
  }
}
