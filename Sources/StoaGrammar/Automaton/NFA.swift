/// The automaton of one procedure before it is made deterministic.
struct NFA {
  struct State {
    var empty: [Int32] = []
    var bytes: [(range: ClosedRange<UInt8>, next: Int32)] = []
    /// Procedures that run from here, and where they return to.
    var calls: [(procedure: Int32, next: Int32)] = []
  }

  private(set) var states: [State] = [State()]
  /// The state in which the procedure may end; it starts in state 0.
  var end: Int32 = 0

  mutating func add() throws(GrammarError) -> Int32 {
    guard states.count < 16 * GrammarLimit.states else {
      throw .tooLarge(what: "states in one rule", limit: 16 * GrammarLimit.states)
    }
    states.append(State())
    return Int32(states.count - 1)
  }

  mutating func connect(_ from: Int32, _ to: Int32) { states[Int(from)].empty.append(to) }

  mutating func connect(_ from: Int32, _ range: ClosedRange<UInt8>, _ to: Int32) {
    states[Int(from)].bytes.append((range, to))
  }

  mutating func connect(_ from: Int32, call procedure: Int32, _ to: Int32) {
    states[Int(from)].calls.append((procedure, to))
  }
}

/// What the automaton runs and returns from: a rule, or the body of a counted repetition.
struct Procedure: Sendable {
  var name: String
  /// The counts of a repetition; nil for a rule, which runs once.
  var loop: Loop?
  var start: Int32 = 0

  struct Loop: Sendable {
    var minimum: Int32
    /// Nil for any number.
    var maximum: Int32?
    /// Where the surrounding procedure goes on; the same for every call.
    var next: Int32 = 0
  }
}

/// Turns the rules of a grammar into automata.
struct NFABuilder {
  private(set) var procedures: [Procedure] = []
  /// What the procedures match.
  private var bodies: [Expression] = []
  private let grammar: Grammar
  private var inlining: RuleInlining
  private var ruleProcedures: [Int: Int32] = [:]
  private var nullable: [Bool]

  /// The largest size of a repetition that is written out: states are faster than counters.
  private static let unrolledSize = 32

  init(_ grammar: Grammar) {
    self.grammar = grammar
    inlining = RuleInlining(grammar)
    nullable = Self.nullableRules(grammar)
    _ = procedure(grammar.root)
  }

  /// The automaton of the next procedure; nil when all that can be reached from the root are built.
  mutating func next(_ index: Int) throws(GrammarError) -> NFA? {
    guard index < bodies.count else { return nil }
    guard bodies.count <= 2 * GrammarLimit.rules else {
      throw .tooLarge(what: "rules and repetitions", limit: 2 * GrammarLimit.rules)
    }
    var nfa = NFA()
    nfa.end = try build(bodies[index], from: 0, &nfa)
    return nfa
  }

  private mutating func procedure(_ rule: Int) -> Int32 {
    if let procedure = ruleProcedures[rule] { return procedure }
    let procedure = Int32(procedures.count)
    ruleProcedures[rule] = procedure
    procedures.append(Procedure(name: grammar.rules[rule].name))
    bodies.append(inlining.body(rule))
    return procedure
  }

  // MARK: Expressions

  /// Adds what matches an expression, and gives the state after it.
  private mutating func build(_ expression: Expression, from start: Int32, _ nfa: inout NFA) throws(GrammarError)
    -> Int32
  {
    switch expression {
    case .literal(let bytes):
      var state = start
      for byte in bytes {
        let next = try nfa.add()
        nfa.connect(state, byte...byte, next)
        state = next
      }
      return state
    case .scalar(let set): return try build(set, from: start, &nfa)
    case .sequence(let parts):
      var state = start
      for part in parts { state = try build(part, from: state, &nfa) }
      return state
    case .choice(let parts):
      let end = try nfa.add()
      for part in parts {
        let branch = try nfa.add()
        nfa.connect(start, branch)
        nfa.connect(try build(part, from: branch, &nfa), end)
      }
      return end
    case .rule(let rule):
      let end = try nfa.add()
      nfa.connect(start, call: procedure(rule), end)
      return end
    case .repetition(let body, let minimum, let maximum):
      return try build(repeating: body, minimum, maximum, from: start, &nfa)
    case .members(let list): return try build(list, from: start, &nfa)
    }
  }

  private func build(_ set: ScalarSet, from start: Int32, _ nfa: inout NFA) throws(GrammarError) -> Int32 {
    let end = try nfa.add()
    // Sequences that end alike share states, or the many ranges of a category would be many states.
    var tails: [ArraySlice<ClosedRange<UInt8>>: Int32] = [[]: end]
    for sequence in set.byteSequences {
      var next = end
      for index in sequence.indices.dropFirst().reversed() {
        let tail = sequence[index...]
        if let known = tails[tail] {
          next = known
        } else {
          let state = try nfa.add()
          nfa.connect(state, sequence[index], next)
          tails[tail] = state
          next = state
        }
      }
      nfa.connect(start, sequence[0], next)
    }
    return end
  }

  private mutating func build(
    repeating body: Expression, _ minimum: Int, _ maximum: Int?, from start: Int32, _ nfa: inout NFA
  ) throws(GrammarError) -> Int32 {
    let count = maximum ?? minimum
    if count > 1, body.automatonSize(limit: Self.unrolledSize) * count > Self.unrolledSize {
      return try build(counting: body, minimum, maximum, from: start, &nfa)
    }
    var state = start
    for _ in 0..<minimum { state = try build(body, from: state, &nfa) }
    let end = try nfa.add()
    if maximum == nil {
      let loop = try nfa.add()
      nfa.connect(state, loop)
      nfa.connect(try build(body, from: loop, &nfa), loop)
      nfa.connect(loop, end)
    } else {
      for _ in minimum..<count {
        nfa.connect(state, end)
        let next = try nfa.add()
        nfa.connect(state, next)
        state = try build(body, from: next, &nfa)
      }
      nfa.connect(state, end)
    }
    return end
  }

  private mutating func build(
    counting body: Expression, _ minimum: Int, _ maximum: Int?, from start: Int32, _ nfa: inout NFA
  ) throws(GrammarError) -> Int32 {
    // Passes that match nothing would be counted without an end: they are left out.
    let isNullable = isNullable(body)
    let procedure = Int32(procedures.count)
    let loop = Procedure.Loop(
      minimum: isNullable ? 0 : Int32(clamping: minimum), maximum: maximum.map { Int32(clamping: $0) })
    procedures.append(Procedure(name: "a repetition", loop: loop))
    bodies.append(isNullable ? try nonEmpty(body) : body)
    let end = try nfa.add()
    nfa.connect(start, call: procedure, end)
    return end
  }

  /// Two lanes, for nothing yet and for something, that meet before each item.
  private mutating func build(_ list: MemberList, from start: Int32, _ nfa: inout NFA) throws(GrammarError) -> Int32 {
    var nothing: Int32? = start
    var something: Int32?
    func lane(_ sources: [Int32?], _ nfa: inout NFA) throws(GrammarError) -> Int32? {
      let sources = sources.compactMap { $0 }
      guard !sources.isEmpty else { return nil }
      let state = try nfa.add()
      for source in sources { nfa.connect(source, state) }
      return state
    }
    /// Where an item begins.
    func begin(_ builder: inout NFABuilder, _ nfa: inout NFA) throws(GrammarError) -> Int32? {
      var separated: Int32?
      if let something { separated = try builder.build(list.separator, from: something, &nfa) }
      return try lane([nothing, separated], &nfa)
    }
    for item in list.items {
      guard let first = try begin(&self, &nfa) else { break }
      let after = try build(item.expression, from: first, &nfa)
      something = try lane([after, item.isRequired ? nil : something], &nfa)
      if item.isRequired { nothing = nil }
    }
    if let rest = list.rest, list.restMaximum ?? 1 > 0, let first = try begin(&self, &nfa) {
      let one = try build(rest, from: first, &nfa)
      let more = Expression.repetition(
        .sequence([list.separator, rest]), minimum: max(0, list.restMinimum - 1),
        maximum: list.restMaximum.map { $0 - 1 })
      let after = try build(more, from: one, &nfa)
      if list.restMinimum > 0 { (nothing, something) = (nil, nil) }
      something = try lane([after, something], &nfa)
    }
    if let end = try lane([nothing, something], &nfa) { return end }
    return try nfa.add()
  }

  // MARK: The empty text

  private func isNullable(_ expression: Expression) -> Bool { Self.isNullable(expression, nullable) }

  private static func isNullable(_ expression: Expression, _ rules: [Bool]) -> Bool {
    switch expression {
    case .literal(let bytes): bytes.isEmpty
    case .scalar: false
    case .sequence(let parts): parts.allSatisfy { isNullable($0, rules) }
    case .choice(let parts): parts.contains { isNullable($0, rules) }
    case .repetition(let part, let minimum, _): minimum == 0 || isNullable(part, rules)
    case .rule(let rule): rules[rule]
    case .members(let list): list.items.allSatisfy { !$0.isRequired } && list.restMinimum == 0
    }
  }

  private static func nullableRules(_ grammar: Grammar) -> [Bool] {
    var nullable = [Bool](repeating: false, count: grammar.rules.count)
    var users = [[Int]](repeating: [], count: grammar.rules.count)
    for (index, rule) in grammar.rules.enumerated() {
      rule.body.forEachRule { users[$0].append(index) }
    }
    var pending = Array(grammar.rules.indices)
    while let rule = pending.popLast() {
      guard !nullable[rule], isNullable(grammar.rules[rule].body, nullable) else { continue }
      nullable[rule] = true
      pending += users[rule]
    }
    return nullable
  }

  /// The texts of an expression but for the empty one.
  private func nonEmpty(_ expression: Expression) throws(GrammarError) -> Expression {
    guard isNullable(expression) else { return expression }
    switch expression {
    case .literal, .scalar: return .nothing
    case .choice(let parts):
      var choices: [Expression] = []
      for part in parts { choices.append(try nonEmpty(part)) }
      return .choice(choices)
    case .repetition(let part, let minimum, let maximum):
      if maximum == 0 { return .nothing }
      let least = isNullable(part) ? 1 : max(1, minimum)
      return .repetition(try nonEmpty(part), minimum: least, maximum: maximum)
    case .sequence(let parts):
      // The first part that is not empty may be any of them.
      var choices: [Expression] = []
      for index in parts.indices {
        choices.append(.sequence([try nonEmpty(parts[index])] + parts[(index + 1)...]))
      }
      return .choice(choices)
    case .rule, .members:
      throw .tooLarge(what: "repetitions of a rule that may be empty", limit: Self.unrolledSize)
    }
  }
}

extension Expression {
  func forEachRule(_ body: (Int) -> Void) {
    if case .rule(let rule) = self { body(rule) }
    for part in parts { part.forEachRule(body) }
  }

  /// About how many states the expression needs; stops counting beyond `limit`.
  fileprivate func automatonSize(limit: Int) -> Int {
    var count =
      switch self {
      case .literal(let bytes): bytes.count
      case .scalar(let set): set.ranges.count > limit ? limit + 1 : set.byteSequences.count
      case .rule: 1
      case .repetition(_, let minimum, let maximum): maximum ?? minimum
      case .sequence, .choice, .members: 0
      }
    for part in parts where count <= limit { count += part.automatonSize(limit: limit - count) }
    return count
  }
}
