/// A state of the deterministic automaton: nodes that wait for a byte or for what comes next.
struct StateSet: Hashable, Sendable {
  /// Sorted; up to assertions, which are resolved when the next byte is known.
  var nodes: [Int32]
  /// The kind of the byte before, where an assertion asks for it.
  var before: ByteKind
  /// The patterns that matched one byte before.
  var matches: [Int32]

  static let dead = StateSet(nodes: [], before: .edge, matches: [])
}

/// The subset construction, one step at a time.
struct StateStepper: Sendable {
  let nfa: PatternNFA
  let alphabet: PatternAlphabet
  private var visited: [Int32]
  private var round: Int32 = 0

  init(_ nfa: PatternNFA, _ alphabet: PatternAlphabet) {
    self.nfa = nfa
    self.alphabet = alphabet
    visited = [Int32](repeating: 0, count: nfa.nodes.count)
  }

  /// The state before the first byte.
  mutating func start(before: ByteKind) -> StateSet {
    beginRound()
    var nodes: [Int32] = []
    for start in nfa.starts { follow(start, into: &nodes) }
    return state(nodes, before: before, matches: [])
  }

  /// The state after a symbol.
  mutating func step(_ state: StateSet, _ symbol: Int) -> StateSet {
    if state.nodes.isEmpty { return .dead }
    let after = alphabet.kinds[symbol]
    let example: UInt8? = symbol < alphabet.examples.count ? alphabet.examples[symbol] : nil
    var matches: [Int32] = []
    var targets: [Int32] = []
    for node in resolve(state, after: after) {
      switch nfa.nodes[Int(node)] {
      case .match(let pattern): matches.append(pattern)
      case .bytes(let set, let next): if let example, set.contains(example) { targets.append(next) }
      case .split, .assertion: break
      }
    }
    beginRound()
    var nodes: [Int32] = []
    for target in targets { follow(target, into: &nodes) }
    return self.state(nodes, before: after, matches: matches)
  }

  /// For each symbol, whether a state goes on with it or has matched before it.
  mutating func living(_ state: StateSet) -> [Bool] {
    var living = [Bool](repeating: false, count: alphabet.count)
    for after in ByteKind.allCases {
      let nodes = resolve(state, after: after)
      var union = ByteSet()
      var matches = false
      for node in nodes {
        switch nfa.nodes[Int(node)] {
        case .match: matches = true
        case .bytes(let set, _): union.formUnion(set)
        case .split, .assertion: break
        }
      }
      for symbol in 0..<alphabet.count where alphabet.kinds[symbol] == after {
        if matches || (symbol < alphabet.examples.count && union.contains(alphabet.examples[symbol])) {
          living[symbol] = true
        }
      }
    }
    return living
  }

  private mutating func beginRound() {
    if round == .max {
      for index in visited.indices { visited[index] = 0 }
      round = 0
    }
    round += 1
  }

  /// A state; what was before is left out where nothing asks for it.
  private func state(_ nodes: [Int32], before: ByteKind, matches: [Int32]) -> StateSet {
    let asks = nodes.contains {
      if case .assertion = nfa.nodes[Int($0)] { true } else { false }
    }
    return StateSet(nodes: nodes.sorted(), before: asks ? before : .edge, matches: matches.sorted())
  }

  /// Adds the nodes that are reached without reading a byte, up to assertions. The nodes of this round are not added twice.
  private mutating func follow(_ node: Int32, into nodes: inout [Int32]) {
    var stack = [node]
    while let top = stack.popLast() {
      if visited[Int(top)] == round { continue }
      visited[Int(top)] = round
      if case .split(let first, let second) = nfa.nodes[Int(top)] {
        stack.append(second)
        stack.append(first)
      } else {
        nodes.append(top)
      }
    }
  }

  /// The nodes of a state with those behind assertions that hold.
  private mutating func resolve(_ state: StateSet, after: ByteKind) -> [Int32] {
    beginRound()
    for node in state.nodes { visited[Int(node)] = round }
    var nodes = state.nodes
    var next = 0
    while next < nodes.count {
      if case .assertion(let assertion, let target) = nfa.nodes[Int(nodes[next])],
        assertion.holds(before: state.before, after: after)
      {
        follow(target, into: &nodes)
      }
      next += 1
    }
    return nodes
  }
}
