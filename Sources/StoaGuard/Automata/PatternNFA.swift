/// Thompson's automaton of several patterns.
struct PatternNFA: Sendable {
  enum Node: Sendable {
    /// Reads a byte of the set and goes on.
    case bytes(ByteSet, next: Int32)
    /// Goes on in two places without reading.
    case split(Int32, Int32)
    /// Goes on when the neighbours of the position allow it.
    case assertion(PatternAssertion, next: Int32)
    /// The pattern with this number has matched.
    case match(Int32)
  }

  private(set) var nodes: [Node] = []
  private(set) var starts: [Int32] = []

  /// A pattern that needs more nodes is refused.
  private static let patternLimit = 60_000
  private static let limit = 2_000_000

  /// Adds a pattern, whose matches are told by its number.
  mutating func add(_ syntax: PatternSyntax, number: Int) throws(PatternError) {
    let first = nodes.count
    let match = append(.match(Int32(number)))
    guard let start = compile(syntax, then: match, limit: min(Self.limit, first + Self.patternLimit)) else {
      throw PatternError(
        reason: "the pattern needs more than \(Self.patternLimit) nodes, or all together more than \(Self.limit)",
        hint: "use smaller bounds of repetition, above all of repetitions inside others", offset: 0)
    }
    starts.append(start)
  }

  private mutating func append(_ node: Node) -> Int32 {
    nodes.append(node)
    return Int32(nodes.count - 1)
  }

  /// Adds nodes that read the syntax and go on at `next`; gives the first. They are built from the end to the start.
  private mutating func compile(_ syntax: PatternSyntax, then next: Int32, limit: Int) -> Int32? {
    if nodes.count > limit { return nil }
    switch syntax {
    case .empty: return next
    case .bytes(let set): return append(.bytes(set, next: next))
    case .assertion(let assertion): return append(.assertion(assertion, next: next))
    case .sequence(let parts):
      var target = next
      for part in parts.reversed() {
        guard let start = compile(part, then: target, limit: limit) else { return nil }
        target = start
      }
      return target
    case .choice(let branches):
      var target: Int32?
      for branch in branches.reversed() {
        guard let start = compile(branch, then: next, limit: limit) else { return nil }
        target = target.map { append(.split(start, $0)) } ?? start
      }
      return target ?? next
    case .repetition(let part, let count):
      var target = next
      for _ in 0..<(count.upperBound - count.lowerBound) {
        guard let start = compile(part, then: target, limit: limit) else { return nil }
        target = append(.split(start, next))
      }
      for _ in 0..<count.lowerBound {
        guard let start = compile(part, then: target, limit: limit) else { return nil }
        target = start
      }
      return target
    }
  }
}
