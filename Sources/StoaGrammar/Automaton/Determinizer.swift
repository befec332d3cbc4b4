/// Makes the automata of procedures deterministic in bytes; which calls to make stays open.
struct Determinizer {
  /// A state of the result.
  struct State {
    /// Ascending, without overlap.
    var bytes: [(range: ClosedRange<UInt8>, next: Int32)] = []
    var calls: [(procedure: Int32, next: Int32)] = []
    var isFinal = false
  }

  private(set) var states: [State] = []
  private var work = 0
  /// The number of the closure that last visited each state of the current automaton.
  private var visits: [Int32] = []
  private var visit: Int32 = 0

  /// Adds the states of an automaton and gives its first.
  mutating func add(_ nfa: NFA) throws(GrammarError) -> Int32 {
    var numbers: [[Int32]: Int32] = [:]
    var pending: [([Int32], Int32)] = []
    visits = [Int32](repeating: -1, count: nfa.states.count)
    visit = 0
    func number(_ set: [Int32], _ determinizer: inout Determinizer) throws(GrammarError) -> Int32 {
      if let number = numbers[set] { return number }
      guard determinizer.states.count < GrammarLimit.states else {
        throw .tooLarge(what: "states", limit: GrammarLimit.states)
      }
      let number = Int32(determinizer.states.count)
      determinizer.states.append(State())
      numbers[set] = number
      pending.append((set, number))
      return number
    }
    let start = try number(try closure([0], nfa), &self)
    var read = 0
    while read < pending.count {
      let (set, index) = pending[read]
      read += 1
      var state = State()
      state.isFinal = set.contains(nfa.end)
      for (range, targets) in try transitions(of: set, nfa) {
        let next = try number(try closure(targets, nfa), &self)
        if let last = state.bytes.last, last.next == next, last.range.upperBound + 1 == range.lowerBound {
          state.bytes[state.bytes.count - 1].range = last.range.lowerBound...range.upperBound
        } else {
          state.bytes.append((range, next))
        }
      }
      var returns: [Int32: [Int32]] = [:]
      for member in set {
        for call in nfa.states[Int(member)].calls { returns[call.procedure, default: []].append(call.next) }
      }
      for procedure in returns.keys.sorted() {
        state.calls.append((procedure, try number(try closure(returns[procedure] ?? [], nfa), &self)))
      }
      states[Int(index)] = state
    }
    return start
  }

  /// All states that are reached without a byte, in ascending order.
  private mutating func closure(_ targets: [Int32], _ nfa: NFA) throws(GrammarError) -> [Int32] {
    visit += 1
    var members: [Int32] = []
    for target in targets where visits[Int(target)] != visit {
      visits[Int(target)] = visit
      members.append(target)
    }
    var read = 0
    while read < members.count {
      let member = members[read]
      read += 1
      for next in nfa.states[Int(member)].empty where visits[Int(next)] != visit {
        visits[Int(next)] = visit
        members.append(next)
      }
    }
    try spend(members.count)
    // States that only pass on are told apart by where they lead.
    let kept = members.filter { member in
      let state = nfa.states[Int(member)]
      return member == nfa.end || !state.bytes.isEmpty || !state.calls.isEmpty
    }
    return kept.sorted()
  }

  /// What each range of bytes leads to.
  private mutating func transitions(
    of set: [Int32], _ nfa: NFA
  ) throws(GrammarError) -> [(ClosedRange<UInt8>, [Int32])] {
    var edges: [(range: ClosedRange<UInt8>, next: Int32)] = []
    for member in set { edges += nfa.states[Int(member)].bytes }
    if edges.count == 1 { return [(edges[0].range, [edges[0].next])] }
    var isStart = [Bool](repeating: false, count: 257)
    for edge in edges {
      isStart[Int(edge.range.lowerBound)] = true
      isStart[Int(edge.range.upperBound) + 1] = true
    }
    let starts = isStart.indices.filter { isStart[$0] }
    var intervalOf = [Int](repeating: 0, count: 257)
    for (interval, start) in starts.enumerated() { intervalOf[start] = interval }
    var targets = [[Int32]](repeating: [], count: starts.count)
    for edge in edges {
      let last = intervalOf[Int(edge.range.upperBound) + 1]
      let first = intervalOf[Int(edge.range.lowerBound)]
      try spend(last - first)
      for interval in first..<last { targets[interval].append(edge.next) }
    }
    return starts.indices.dropLast().compactMap { interval in
      guard !targets[interval].isEmpty else { return nil }
      return (UInt8(starts[interval])...UInt8(starts[interval + 1] - 1), targets[interval])
    }
  }

  private mutating func spend(_ steps: Int) throws(GrammarError) {
    work += steps
    guard work <= GrammarLimit.construction else {
      throw .tooLarge(what: "steps to compile it", limit: GrammarLimit.construction)
    }
  }
}
