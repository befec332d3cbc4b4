extension TokenMasker {
  /// The tokens on a shortest way, in bytes, to a text that may end, or the end tokens where it may; nil when the
  /// vocabulary has none.
  public func closingMask(_ state: GrammarState) throws(GrammarError) -> TokenMask? {
    let trie = vocabulary.trie
    let total = state.distance
    var mask = TokenMask(count: vocabulary.count)
    if total == 0 {
      for token in vocabulary.endTokens { mask.insert(token) }
      return mask.isEmpty ? nil : mask
    }
    var recognizer = state.recognizer
    try recognizer.walk(trie, from: 0) { (recognizer, node, reached) throws(GrammarError) in
      let nearest = recognizer.configurations[reached].lazy.map(recognizer.distance).min()
      guard (recognizer.ended ? 0 : nearest) == total - Int(trie.nodes[node].depth) else { return false }
      for item in trie.items(at: node) { mask.insert(trie.items[item]) }
      // Nothing is shorter than an end.
      return !recognizer.ended
    }
    return mask.isEmpty ? nil : mask
  }

  /// A shortest text after which the text may end, in the fewest tokens; nil when it would take more than `limit`.
  ///
  /// - Parameter earlier: A plan whose end the new one may share, which saves work.
  public func closingPlan(
    _ state: GrammarState, limit: Int, sharing earlier: ClosingPlan? = nil
  ) -> ClosingPlan? {
    let (longest, overflow) = limit.multipliedReportingOverflow(by: max(1, vocabulary.trie.depth))
    guard state.distance <= (overflow ? Int.max : longest), state.distance <= ClosingPlan.longest else { return nil }
    var plan = earlier ?? ClosingPlan()
    plan.change(to: state.completion(), vocabulary.trie)
    return plan.tokenCount <= limit ? plan : nil
  }
}

/// A text that ends an answer, cut into the fewest tokens.
public struct ClosingPlan: Sendable {
  /// The bytes of the text, the last one first.
  private var bytes: [UInt8] = []
  /// For each number of bytes at the end of the text: the fewest tokens that make them up, and the first of these.
  private var cuts: [(count: Int, token: Int32, length: Int)] = [(0, -1, 0)]

  /// Beyond this a text is not planned.
  static let longest = 1 << 16
  private static let impossible = 1 << 32

  init() {}

  /// How many tokens the text takes.
  public var tokenCount: Int { cuts[bytes.count].count }

  /// Takes the first token off; nil when nothing is left.
  public mutating func removeFirst() -> Int32? {
    let (count, token, length) = cuts[bytes.count]
    guard count > 0, count < Self.impossible else { return nil }
    bytes.removeLast(length)
    cuts.removeLast(length)
    return token
  }

  /// Replaces the text; what its end shares with that of the old text is not cut again.
  fileprivate mutating func change(to text: [UInt8], _ trie: ByteTrie) {
    let common = zip(text.reversed(), bytes).prefix { $0 == $1 }.count
    bytes = text.reversed()
    cuts.removeSubrange((common + 1)...)
    for start in stride(from: text.count - common - 1, through: 0, by: -1) {
      var best = (count: Self.impossible, token: -1 as Int32, length: 0)
      var node: Int?
      for end in start..<text.count {
        node = trie.child(of: node, text[end])
        guard let node else { break }
        let count = 1 + cuts[text.count - end - 1].count
        // Of equal ones the longer token.
        if let item = trie.items(at: node).first, count <= best.count {
          best = (count, trie.items[item], end + 1 - start)
        }
      }
      cuts.append(best)
    }
  }
}

extension GrammarState {
  /// The fewest bytes until the text may end.
  public var distance: Int { canEnd ? 0 : recognizer.configurations.lazy.map(recognizer.distance).min() ?? 0 }

  /// The first of the shortest texts after which the text may end.
  fileprivate func completion() -> [UInt8] {
    let distance = distance
    guard distance > 0, let nearest = configurations.first(where: { recognizer.distance($0) == distance }) else {
      return []
    }
    return recognizer.completion(nearest, count: distance)
  }
}

extension Recognizer {
  /// The fewest bytes until the text may end.
  fileprivate func distance(_ configuration: Configuration) -> Int {
    var distance = grammar.distances[Int(configuration.state)]
    var node = configuration.node
    while node >= 0, distance < 1 << 40 {
      let frame = arena[node]
      if frame.next >= 0 {
        distance += grammar.distances[Int(frame.next)]
      } else {
        let procedure = grammar.procedures[Int(~frame.next)]
        let runs = max(0, Int(procedure.loop?.minimum ?? 0) - Int(frame.count) - 1)
        distance += min(1 << 40, runs * grammar.distances[Int(procedure.start)])
      }
      node = frame.parent
    }
    return distance
  }

  /// The text of `count` bytes that `closingSteps` lead to.
  fileprivate func completion(_ configuration: Configuration, count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    // Procedures that were called on the way; below them those on the stack of the configuration.
    var called: [(next: Int32, count: Int32)] = []
    var (state, node) = (configuration.state, configuration.node)
    while bytes.count < count {
      switch grammar.closingSteps[Int(state)] {
      case .read(let byte, let next):
        bytes.append(byte)
        state = next
      case .call(let number, let next):
        let procedure = grammar.procedures[Int(number)]
        if procedure.loop?.minimum == 0 {
          state = next
          continue
        }
        called.append((next, 0))
        if procedure.loop != nil { called.append((~number, 0)) }
        state = procedure.start
      case .end:
        let frame: (next: Int32, count: Int32)
        if let last = called.popLast() {
          frame = last
        } else if node >= 0 {
          frame = (arena[node].next, arena[node].count)
          node = arena[node].parent
        } else {
          return bytes
        }
        if frame.next >= 0 {
          state = frame.next
          continue
        }
        let procedure = grammar.procedures[Int(~frame.next)]
        guard let loop = procedure.loop, frame.count + 1 < loop.minimum else { continue }
        called.append((frame.next, frame.count + 1))
        state = procedure.start
      }
    }
    return bytes
  }
}
