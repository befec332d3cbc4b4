/// A deterministic automaton that matches several patterns from one start.
///
/// Matches are told one byte late, when the byte after them is known, since `\b` and `$` depend on it; the end of the text is a
/// symbol of its own. States are offsets into `transitions`; 0 is the dead state; states from `firstMatchState` on tell matches.
struct PatternDFA: Sendable {
  /// The symbol of every byte value.
  let symbols: [UInt8]
  let symbolCount: Int
  /// The kind of each symbol, as `ByteKind.rawValue`.
  let kinds: [UInt8]
  let transitions: [UInt32]
  let firstMatchState: UInt32
  /// For each matching state, in order, the patterns that matched one byte before.
  let matches: [[Int32]]
  /// The state before the first byte for each kind of the byte before it.
  let starts: [UInt32]
  /// For each kind of the byte before, one after the other, a bit for each pair of symbols: whether any pattern can begin with them.
  let pairs: [UInt64]

  /// How many words of `pairs` a kind has.
  var pairWords: Int { (symbolCount * symbolCount + 63) / 64 }

  var endSymbol: Int { symbolCount - 1 }
  var stateCount: Int { transitions.count / symbolCount }

  @inline(__always)
  func isMatch(_ state: UInt32) -> Bool { state >= firstMatchState }

  func matches(of state: UInt32) -> [Int32] { matches[(Int(state) - Int(firstMatchState)) / symbolCount] }

  /// Patterns whose common automaton would have more states are divided among several.
  static let stateLimit = 24_000
  private static let transitionLimit = 4_000_000

  /// Nil when the patterns need too many states together.
  init?(_ patterns: [(number: Int, syntax: PatternSyntax)]) {
    guard let nfa = PatternNFA(patterns) else { return nil }
    var builder = DFABuilder(nfa)
    guard builder.build(stateLimit: Self.stateLimit, transitionLimit: Self.transitionLimit) else { return nil }
    symbols = builder.alphabet.symbols
    symbolCount = builder.alphabet.count
    kinds = builder.alphabet.kinds.map(\.rawValue)
    let table = builder.table()
    transitions = table.transitions
    firstMatchState = table.firstMatchState
    matches = table.matches
    starts = table.starts
    pairs = Self.startPairs(table.transitions, starts: table.starts, symbolCount: builder.alphabet.count)
  }

  private static func startPairs(_ transitions: [UInt32], starts: [UInt32], symbolCount: Int) -> [UInt64] {
    starts.flatMap { start in
      var bits = [UInt64](repeating: 0, count: (symbolCount * symbolCount + 63) / 64)
      for first in 0..<symbolCount {
        let state = transitions[Int(start) + first]
        guard state != 0 else { continue }
        for second in 0..<symbolCount where transitions[Int(state) + second] != 0 {
          let pair = first * symbolCount + second
          bits[pair / 64] |= 1 << UInt64(pair % 64)
        }
      }
      return bits
    }
  }
}

/// Bytes that no pattern tells apart have the same symbol.
struct PatternAlphabet {
  private(set) var symbols = [UInt8](repeating: 0, count: 256)
  /// The kind of each symbol; the last one is the end of the text.
  private(set) var kinds: [ByteKind] = []
  /// A byte of each symbol but the end.
  private(set) var examples: [UInt8] = []

  var count: Int { kinds.count }

  init(_ nodes: [PatternNFA.Node]) {
    var sets: Set<ByteSet> = []
    for case .bytes(let set, _) in nodes { sets.insert(set) }
    // Classes are refined set by set: what a byte's class was, and whether the set has it, is its new class.
    var classes = (0...255).map { Int(ByteKind(UInt8($0)).rawValue) }
    for set in sets {
      var numbers: [Int: Int] = [:]
      for byte in 0...255 {
        let key = classes[byte] * 2 + (set.contains(UInt8(byte)) ? 1 : 0)
        let number = numbers[key] ?? numbers.count
        numbers[key] = number
        classes[byte] = number
      }
    }
    var numbers: [Int: UInt8] = [:]
    for byte in UInt8(0)...255 {
      let key = classes[Int(byte)]
      if numbers[key] == nil {
        numbers[key] = UInt8(kinds.count)
        kinds.append(ByteKind(byte))
        examples.append(byte)
      }
      symbols[Int(byte)] = numbers[key] ?? 0
    }
    kinds.append(.edge)
  }
}

/// The subset construction.
private struct DFABuilder {
  private struct Key: Hashable {
    var nodes: [Int32]
    var before: ByteKind
    var matches: [Int32]
  }

  let nfa: PatternNFA
  let alphabet: PatternAlphabet
  private var numbers: [Key: UInt32] = [:]
  private var keys: [Key] = []
  private var rows: [[UInt32]] = []
  private var starts: [UInt32] = []
  private var nodeSymbols: [ByteSet: [UInt8]] = [:]
  private var visited: [Int32]
  private var round: Int32 = 0

  init(_ nfa: PatternNFA) {
    self.nfa = nfa
    alphabet = PatternAlphabet(nfa.nodes)
    visited = [Int32](repeating: 0, count: nfa.nodes.count)
    for case .bytes(let set, _) in nfa.nodes where nodeSymbols[set] == nil {
      var list: [UInt8] = []
      for (symbol, byte) in alphabet.examples.enumerated() where set.contains(byte) { list.append(UInt8(symbol)) }
      nodeSymbols[set] = list
    }
  }

  mutating func build(stateLimit: Int, transitionLimit: Int) -> Bool {
    _ = number(Key(nodes: [], before: .edge, matches: []))
    for kind in ByteKind.allCases {
      round += 1
      var nodes: [Int32] = []
      for start in nfa.starts { follow(start, into: &nodes) }
      starts.append(number(key(nodes, before: kind, matches: [])))
    }
    var next = 0
    while next < keys.count {
      if keys.count > stateLimit || keys.count * alphabet.count > transitionLimit { return false }
      rows.append(row(keys[next]))
      next += 1
    }
    return true
  }

  private mutating func number(_ key: Key) -> UInt32 {
    if let known = numbers[key] { return known }
    let number = UInt32(keys.count)
    numbers[key] = number
    keys.append(key)
    return number
  }

  /// The key of a state; what was before is left out where nothing asks for it.
  private func key(_ nodes: [Int32], before: ByteKind, matches: [Int32]) -> Key {
    let asks = nodes.contains {
      if case .assertion = nfa.nodes[Int($0)] { true } else { false }
    }
    return Key(nodes: nodes.sorted(), before: asks ? before : .edge, matches: matches.sorted())
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

  /// The transitions of a state for all symbols.
  private mutating func row(_ state: Key) -> [UInt32] {
    var row = [UInt32](repeating: 0, count: alphabet.count)
    if state.nodes.isEmpty { return row }
    for after in ByteKind.allCases {
      let resolved = resolve(state, after: after)
      var matches: [Int32] = []
      var targets = [[Int32]](repeating: [], count: alphabet.count)
      for node in resolved {
        switch nfa.nodes[Int(node)] {
        case .match(let pattern): matches.append(pattern)
        case .bytes(let set, let next):
          for symbol in nodeSymbols[set] ?? [] where alphabet.kinds[Int(symbol)] == after {
            targets[Int(symbol)].append(next)
          }
        case .split, .assertion: break
        }
      }
      let ended = matches.isEmpty ? 0 : number(key([], before: .edge, matches: matches))
      // Symbols often lead to the same nodes as the symbol before.
      var lastTargets: [Int32] = []
      var lastNumber: UInt32 = 0
      for symbol in 0..<alphabet.count where alphabet.kinds[symbol] == after {
        if targets[symbol].isEmpty {
          row[symbol] = ended
        } else if targets[symbol] == lastTargets {
          row[symbol] = lastNumber
        } else {
          round += 1
          var nodes: [Int32] = []
          for target in targets[symbol] { follow(target, into: &nodes) }
          row[symbol] = number(key(nodes, before: after, matches: matches))
          lastTargets = targets[symbol]
          lastNumber = row[symbol]
        }
      }
    }
    return row
  }

  /// The nodes of a state with those behind assertions that hold.
  private mutating func resolve(_ state: Key, after: ByteKind) -> [Int32] {
    round += 1
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

  struct Table {
    var transitions: [UInt32]
    var firstMatchState: UInt32
    var matches: [[Int32]]
    var starts: [UInt32]
  }

  /// The states in their final order: the dead one, those without matches, those with.
  func table() -> Table {
    var order = keys.indices.filter { keys[$0].matches.isEmpty }
    let plain = order.count
    order += keys.indices.filter { !keys[$0].matches.isEmpty }
    var offsets = [UInt32](repeating: 0, count: keys.count)
    for (place, state) in order.enumerated() { offsets[state] = UInt32(place * alphabet.count) }
    var transitions: [UInt32] = []
    transitions.reserveCapacity(keys.count * alphabet.count)
    for state in order { for target in rows[state] { transitions.append(offsets[Int(target)]) } }
    return Table(
      transitions: transitions, firstMatchState: UInt32(plain * alphabet.count),
      matches: order[plain...].map { keys[$0].matches }, starts: starts.map { offsets[Int($0)] })
  }
}
