/// A grammar as a recogniser of bytes: for each rule a deterministic automaton that may call those of other rules.
///
/// A value is immutable, and any number of `GrammarState`s may run on it.
public final class CompiledGrammar: Sendable {
  let procedures: [Procedure]
  /// The next state for each state and class of bytes; −1 for none.
  let table: [Int32]
  let classCount: Int
  let classOfByte: [UInt8]
  let traits: [StateTraits]
  /// Where in `calls` those of each state begin; one more than there are states.
  let callStarts: [Int32]
  let calls: [(procedure: Int32, next: Int32)]
  /// The fewest bytes from each state to the end of its procedure.
  let distances: [Int]
  /// The first step on such a way.
  let closingSteps: [ClosingStep]
  /// The states of the outermost procedure, when nothing calls it: the text ends where it does.
  let outermost: Range<Int32>

  /// Compiles a grammar, or says why it cannot be used.
  public init(_ grammar: Grammar) throws(GrammarError) {
    var builder = NFABuilder(grammar)
    var determinizer = Determinizer()
    var starts: [Int32] = []
    while let nfa = try builder.next(starts.count) { starts.append(try determinizer.add(nfa)) }
    var procedures = builder.procedures
    for index in procedures.indices { procedures[index].start = starts[index] }

    let distances = Distances(determinizer.states, procedures)
    guard distances.ofStates[Int(procedures[0].start)] != nil else { throw .matchesNothing }
    let states = determinizer.states.map { $0.trimmed(distances) }
    for call in states.lazy.flatMap(\.calls) { procedures[Int(call.procedure)].loop?.next = call.next }
    try Self.refuseLeftRecursion(states, procedures, distances)

    let rootEnd = starts.dropFirst().first ?? Int32(states.count)
    outermost = states.contains { $0.calls.contains { $0.procedure == 0 } } ? 0..<0 : 0..<rootEnd
    self.procedures = procedures
    self.distances = distances.ofStates.map { $0 ?? 0 }
    closingSteps = distances.steps
    let classes = Self.byteClasses(states)
    let classCount = Int(classes.max() ?? 0) + 1
    guard states.count * classCount <= GrammarLimit.cells else {
      throw .tooLarge(what: "transitions", limit: GrammarLimit.cells)
    }
    var table = [Int32](repeating: -1, count: states.count * classCount)
    var callStarts: [Int32] = [0]
    for (index, state) in states.enumerated() {
      for (range, next) in state.bytes {
        for byte in range { table[index * classCount + Int(classes[Int(byte)])] = next }
      }
      callStarts.append(callStarts[index] + Int32(state.calls.count))
    }
    self.table = table
    self.classCount = classCount
    self.callStarts = callStarts
    classOfByte = classes
    calls = states.flatMap(\.calls)
    traits = states.map { state in
      var traits: StateTraits = []
      if state.isFinal { traits.insert(.final) }
      if !state.bytes.isEmpty { traits.insert(.reads) }
      if !state.calls.isEmpty { traits.insert(.calls) }
      return traits
    }
  }

  /// Bytes that no state tells apart are of the same class.
  private static func byteClasses(_ states: [Determinizer.State]) -> [UInt8] {
    var isStart = [Bool](repeating: false, count: 257)
    for state in states {
      for (range, _) in state.bytes {
        isStart[Int(range.lowerBound)] = true
        isStart[Int(range.upperBound) + 1] = true
      }
    }
    var current: UInt8 = 0
    return (0..<256).map { byte in
      if byte > 0, isStart[byte] { current += 1 }
      return current
    }
  }

  /// Throws when a procedure calls itself before it has read anything: running it would not end.
  private static func refuseLeftRecursion(
    _ states: [Determinizer.State], _ procedures: [Procedure], _ distances: Distances
  ) throws(GrammarError) {
    /// What a procedure may call before it reads.
    func firstCalls(_ procedure: Int) -> [Int] {
      var seen: Set<Int32> = [procedures[procedure].start]
      var pending = [procedures[procedure].start]
      var called: Set<Int> = []
      while let state = pending.popLast() {
        for call in states[Int(state)].calls {
          called.insert(Int(call.procedure))
          if distances.ofCall(call.procedure) == 0, seen.insert(call.next).inserted { pending.append(call.next) }
        }
      }
      return called.sorted()
    }
    enum Mark { case new, open, done }
    var marks = [Mark](repeating: .new, count: procedures.count)
    for root in procedures.indices where marks[root] == .new {
      var path: [(procedure: Int, rest: [Int])] = [(root, firstCalls(root))]
      marks[root] = .open
      while let (procedure, rest) = path.last {
        guard let next = rest.last else {
          marks[procedure] = .done
          path.removeLast()
          continue
        }
        path[path.count - 1].rest.removeLast()
        switch marks[next] {
        case .done: continue
        case .open: throw .leftRecursion(rule: procedures[next].name)
        case .new:
          marks[next] = .open
          path.append((next, firstCalls(next)))
        }
      }
    }
  }
}

/// What a state can do besides reading bytes.
struct StateTraits: OptionSet, Sendable {
  let rawValue: UInt8

  /// Its procedure may end here.
  static let final = StateTraits(rawValue: 1)
  /// Some byte leads on.
  static let reads = StateTraits(rawValue: 2)
  /// A procedure may be called.
  static let calls = StateTraits(rawValue: 4)
}

extension Determinizer.State {
  /// Without what never comes to an end, so that every state that is left can be finished.
  fileprivate func trimmed(_ distances: Distances) -> Determinizer.State {
    var state = self
    state.bytes.removeAll { distances.ofStates[Int($0.next)] == nil }
    state.calls.removeAll { distances.ofCall($0.procedure) == nil || distances.ofStates[Int($0.next)] == nil }
    return state
  }
}
