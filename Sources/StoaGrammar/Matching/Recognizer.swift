/// One way to read a text: the state of the innermost procedure and the stack of its callers.
struct Configuration: Hashable, Sendable {
  /// −1 when the procedure has ended and only its callers are left.
  var state: Int32
  var node: Int32
}

/// Runs a grammar on bytes, following all ways to read them at once.
///
/// The configurations lie on a stack of their own, so that a walk over a trie goes back by dropping the last ones.
struct Recognizer: Sendable {
  let grammar: CompiledGrammar
  var arena = StackArena()
  var configurations: [Configuration] = []
  /// Whether the text may end after the last step.
  private(set) var ended = false
  /// The passes after which the last step left the position where a walk began.
  private(set) var exits: [Int32] = []
  /// Configurations that were looked at, as a measure of work.
  private(set) var work = 0
  private var pending: [Configuration] = []
  private var seen: [Configuration] = []
  private var seenSet: Set<Configuration> = []

  init(_ grammar: CompiledGrammar) { self.grammar = grammar }

  /// Forgets the last step.
  private mutating func begin() {
    ended = false
    exits.removeAll(keepingCapacity: true)
    seen.removeAll(keepingCapacity: true)
    if !seenSet.isEmpty { seenSet.removeAll(keepingCapacity: true) }
  }

  /// Reads a byte from the configurations in `range` and appends those after it.
  mutating func step(_ range: Range<Int>, _ byte: UInt8) throws(GrammarError) {
    begin()
    let column = Int(grammar.classOfByte[Int(byte)])
    for index in range {
      let configuration = configurations[index]
      let next = grammar.table[Int(configuration.state) * grammar.classCount + column]
      guard next >= 0 else { continue }
      if range.count == 1, grammar.traits[Int(next)] == .reads {
        configurations.append(Configuration(state: next, node: configuration.node))
        work += 1
        return
      }
      try follow(Configuration(state: next, node: configuration.node))
    }
  }

  /// Appends what a configuration reads next: its own state, the procedures it calls, and its callers where it may end.
  mutating func start(_ configuration: Configuration) throws(GrammarError) {
    begin()
    try follow(configuration)
  }

  private mutating func follow(_ first: Configuration) throws(GrammarError) {
    pending.append(first)
    while let configuration = pending.popLast() {
      guard isNew(configuration) else { continue }
      guard seen.count <= GrammarLimit.configurations, arena.frames.count < 1 << 20 else {
        pending.removeAll()
        throw .tooAmbiguous
      }
      work += 1
      guard configuration.state >= 0 else {
        leave(configuration.node)
        continue
      }
      let traits = grammar.traits[Int(configuration.state)]
      if traits.contains(.reads) { configurations.append(configuration) }
      if traits.contains(.calls) {
        let state = Int(configuration.state)
        for index in grammar.callStarts[state]..<grammar.callStarts[state + 1] {
          call(grammar.calls[Int(index)], on: configuration.node)
        }
      }
      if traits.contains(.final) { leave(configuration.node) }
    }
  }

  private mutating func isNew(_ configuration: Configuration) -> Bool {
    if seen.count < 24 {
      guard !seen.contains(configuration) else { return false }
    } else {
      if seenSet.isEmpty { seenSet = Set(seen) }
      guard seenSet.insert(configuration).inserted else { return false }
    }
    seen.append(configuration)
    return true
  }

  private mutating func call(_ call: (procedure: Int32, next: Int32), on node: Int32) {
    // A frame that would only return again is left out, so that right recursion needs no stack.
    let caller = grammar.traits[Int(call.next)] == .final ? node : arena.push(call.next, on: node)
    let procedure = grammar.procedures[Int(call.procedure)]
    guard let loop = procedure.loop else {
      pending.append(Configuration(state: procedure.start, node: caller))
      return
    }
    if loop.minimum == 0 { pending.append(Configuration(state: call.next, node: node)) }
    if loop.maximum != 0 {
      pending.append(Configuration(state: procedure.start, node: arena.push(~call.procedure, on: caller)))
    }
  }

  /// Goes on where the procedure on top of a stack returns to.
  private mutating func leave(_ node: Int32) {
    guard node != StackArena.bottom else {
      ended = true
      return
    }
    let frame = arena[node]
    if frame.next >= 0 {
      pending.append(Configuration(state: frame.next, node: frame.parent))
    } else if frame.next == StackFrame.unknown {
      exits.append(frame.count)
    } else {
      repeatOrLeave(frame)
    }
  }

  private mutating func repeatOrLeave(_ frame: StackFrame) {
    let procedure = grammar.procedures[Int(~frame.next)]
    guard let loop = procedure.loop else { return }
    var count = frame.count + 1
    if frame.parent == StackArena.base {
      // The walk does not know how often the repetition ran before, so it follows both ways and notes the count.
      let again = arena.push(StackFrame(next: frame.next, count: count, parent: frame.parent, origin: 2 * count))
      pending.append(Configuration(state: procedure.start, node: again))
      if grammar.traits[Int(loop.next)] == .final {
        exits.append(count)
      } else {
        let outside = arena.push(
          StackFrame(next: StackFrame.unknown, count: count, parent: StackArena.bottom, origin: 2 * count + 1))
        pending.append(Configuration(state: loop.next, node: outside))
      }
      return
    }
    // Without a maximum only the minimum needs counting.
    if loop.maximum == nil { count = min(count, loop.minimum) }
    if count < loop.maximum ?? .max {
      pending.append(
        Configuration(state: procedure.start, node: arena.push(frame.next, count: count, on: frame.parent)))
    }
    if count >= loop.minimum { pending.append(Configuration(state: -1, node: frame.parent)) }
  }
}
