import Synchronization

/// A grammar over the tokens of a model: finds the tokens that may come next.
///
/// Immutable but for a cache; any number of sequences share one, each with a `GrammarState` of its own.
public final class TokenMasker: Sendable {
  /// The grammar.
  public let grammar: CompiledGrammar
  /// The tokens.
  public let vocabulary: TokenVocabulary
  private let cache = Mutex(Cache())

  private struct Cache {
    var positions: [Position: PositionTokens] = [:]
    var byteCount = 0
  }

  private struct Position: Hashable {
    let state: Int32
    let loop: Int32?
  }

  /// The memory that cached positions may take.
  private static let cacheLimit = 64 << 20
  /// A state that reads that many bytes is one in which most tokens have to be looked at.
  private static let wideState = 64
  private static let preparedStates = 16

  /// Looks at the positions that take longest, so that the first answer does not have to.
  public init(_ grammar: CompiledGrammar, _ vocabulary: TokenVocabulary) throws(GrammarError) {
    self.grammar = grammar
    self.vocabulary = vocabulary
    var prepared = 0
    for position in widePositions() where prepared < Self.preparedStates {
      _ = try tokens(at: position)
      prepared += 1
    }
  }

  /// The tokens after which the text may still become one of the grammar; end tokens where it may end.
  public func mask(_ state: GrammarState) throws(GrammarError) -> TokenMask {
    var mask = TokenMask(count: vocabulary.count)
    var recognizer = state.recognizer
    for configuration in state.configurations {
      let frame = configuration.node >= 0 ? recognizer.arena[configuration.node] : nil
      let loop = frame.flatMap { $0.next < 0 ? ~$0.next : nil }
      let tokens = try tokens(at: Position(state: configuration.state, loop: loop))
      var runs: ClosedRange<Int32> = 0...Int32.max
      var outer = configuration.node
      if let frame, let loop, let counts = grammar.procedures[Int(loop)].loop {
        runs = max(0, counts.minimum - frame.count)...(counts.maximum.map { $0 - frame.count } ?? .max)
        let returns = grammar.traits[Int(counts.next)] != .final
        outer = returns ? recognizer.arena[frame.parent].parent : frame.parent
      }
      tokens.add(to: &mask, runs: runs)
      if !tokens.remainderTokens.isEmpty { try add(tokens, runs, from: outer, &recognizer, &mask) }
    }
    if state.canEnd { for token in vocabulary.endTokens { mask.insert(token) } }
    return mask
  }

  /// Adds the tokens that leave a position and go on as its callers allow.
  private func add(
    _ tokens: PositionTokens, _ runs: ClosedRange<Int32>, from outer: Int32, _ recognizer: inout Recognizer,
    _ mask: inout TokenMask
  ) throws(GrammarError) {
    let trie = tokens.remainders
    let bottom = recognizer.configurations.count
    try recognizer.start(Configuration(state: -1, node: outer))
    try recognizer.walk(trie, from: bottom) { (recognizer, node, reached) throws(GrammarError) in
      guard recognizer.ended || !reached.isEmpty else { return false }
      for item in trie.items(at: node) {
        let (count, token) = tokens.remainderTokens[Int(trie.items[item])]
        if runs.contains(count) { mask.insert(token) }
      }
      return true
    }
  }

  // MARK: Positions

  private func tokens(at position: Position) throws(GrammarError) -> PositionTokens {
    if let tokens = cache.withLock({ $0.positions[position] }) { return tokens }
    // Two threads may both do this; they find the same.
    let tokens = try PositionTokens(grammar, state: position.state, loop: position.loop, vocabulary)
    cache.withLock { cache in
      if cache.byteCount > Self.cacheLimit { cache = Cache() }
      cache.positions[position] = tokens
      cache.byteCount += tokens.byteCount
    }
    return tokens
  }

  /// The positions where many bytes may follow, as within strings.
  private func widePositions() -> [Position] {
    var loopOfStart: [Int32: Int32] = [:]
    for (index, procedure) in grammar.procedures.enumerated() where procedure.loop != nil {
      loopOfStart[procedure.start] = Int32(index)
    }
    return grammar.traits.indices.compactMap { state in
      let row = state * grammar.classCount
      var bytes = 0
      for byte in 0..<128 where grammar.table[row + Int(grammar.classOfByte[byte])] >= 0 { bytes += 1 }
      return bytes >= Self.wideState ? Position(state: Int32(state), loop: loopOfStart[Int32(state)]) : nil
    }
  }
}
