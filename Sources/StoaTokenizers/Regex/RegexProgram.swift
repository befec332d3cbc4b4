/// A regular expression compiled to instructions for `RegexMatcher`.
struct RegexProgram: Sendable {
  enum Instruction: Sendable {
    /// One scalar of a set.
    case set(Int)
    /// Scalars of a set, as many as there are up to `maximum`. `memo` numbers what may run on without bound.
    case run(set: Int, minimum: Int, maximum: Int, isPossessive: Bool, memo: Int)
    /// Goes on at one place and, if that fails, at the other.
    case split(Int, Int, memo: Int)
    case jump(Int)
    case assertion(RegexAssertion)
    /// Index in `lookaheads`.
    case lookahead(Int)
    case lookbehind(set: Int, negated: Bool)
    case accept
  }

  struct Lookahead: Sendable {
    /// Its instructions end with `accept`; they hold no runs.
    var start: Int
    var end: Int
    var isNegated: Bool
    /// The only set that is asked for, if it is as simple as that.
    var set: Int?
  }

  let expression: String
  private(set) var code: [Instruction] = []
  private(set) var sets: [ScalarBits] = []
  private(set) var lookaheads: [Lookahead] = []
  /// Number of instructions whose failures are remembered.
  private(set) var memoCount = 0
  /// What a match can begin with; nil when it may be empty.
  private(set) var first: ScalarBits?

  private var knownSets: [ScalarSet] = []
  private var inLookahead = false

  /// Instructions; each may have a set of nine kilobytes.
  private static let longest = 4096

  init(_ expression: String, _ dialect: RegexDialect) throws(RegexError) {
    self.expression = expression
    var parser = RegexParser(expression, dialect)
    let node = try parser.parse()
    try compile(node)
    emit(.accept)
    if let set = Self.first(node).set { first = ScalarBits(set) }
    knownSets = []
  }

  // MARK: Compilation

  private mutating func emit(_ instruction: Instruction) { code.append(instruction) }

  private mutating func index(of set: ScalarSet) -> Int {
    if let known = knownSets.firstIndex(of: set) { return known }
    knownSets.append(set)
    sets.append(ScalarBits(set))
    return sets.count - 1
  }

  private mutating func memo() -> Int {
    memoCount += 1
    return memoCount - 1
  }

  private mutating func compile(_ node: RegexNode) throws(RegexError) {
    guard code.count < Self.longest else {
      throw RegexError(offset: 0, reason: "the expression repeats too much")
    }
    switch node {
    case .empty: break
    case .set(let set): emit(.set(index(of: set)))
    case .sequence(let parts): for part in parts { try compile(part) }
    case .alternatives(let branches): try compile(alternatives: branches[...])
    case .repetition(let item, let minimum, let maximum, let greed):
      if case .set(let set) = item, greed != .lazy, !inLookahead {
        emit(
          .run(
            set: index(of: set), minimum: minimum, maximum: maximum ?? .max, isPossessive: greed == .possessive,
            memo: memo()))
      } else {
        try compile(repetitionOf: item, minimum, maximum, greed)
      }
    case .assertion(let assertion): emit(.assertion(assertion))
    case .lookahead(let inner, let negated): try compile(lookahead: inner, negated: negated)
    case .lookbehind(let set, let negated): emit(.lookbehind(set: index(of: set), negated: negated))
    }
  }

  private mutating func compile(alternatives branches: ArraySlice<RegexNode>) throws(RegexError) {
    var ends: [Int] = []
    for branch in branches.dropLast() {
      let split = code.count
      emit(.split(split + 1, 0, memo: memo()))
      try compile(branch)
      ends.append(code.count)
      emit(.jump(0))
      setAlternative(of: split, to: code.count)
    }
    if let last = branches.last { try compile(last) }
    for end in ends { code[end] = .jump(code.count) }
  }

  private mutating func compile(
    repetitionOf item: RegexNode, _ minimum: Int, _ maximum: Int?, _ greed: RegexGreed
  ) throws(RegexError) {
    for _ in 0..<minimum { try compile(item) }
    guard let maximum else {
      let split = code.count
      emit(.split(split + 1, 0, memo: memo()))
      try compile(item)
      emit(.jump(split))
      setAlternative(of: split, to: code.count)
      if greed == .lazy { turn(split) }
      return
    }
    var splits: [Int] = []
    for _ in minimum..<maximum {
      splits.append(code.count)
      emit(.split(code.count + 1, 0, memo: memo()))
      try compile(item)
    }
    for split in splits {
      setAlternative(of: split, to: code.count)
      if greed == .lazy { turn(split) }
    }
  }

  private mutating func setAlternative(of split: Int, to target: Int) {
    if case .split(let first, _, let memo) = code[split] { code[split] = .split(first, target, memo: memo) }
  }

  private mutating func turn(_ split: Int) {
    if case .split(let first, let second, let memo) = code[split] { code[split] = .split(second, first, memo: memo) }
  }

  private mutating func compile(lookahead inner: RegexNode, negated: Bool) throws(RegexError) {
    var look = Lookahead(start: 0, end: 0, isNegated: negated)
    if case .set(let set) = inner { look.set = index(of: set) }
    let number = lookaheads.count
    lookaheads.append(look)
    let around = inLookahead
    inLookahead = true
    let skip = code.count
    emit(.jump(0))
    look.start = code.count
    try compile(inner)
    emit(.accept)
    look.end = code.count
    inLookahead = around
    code[skip] = .jump(code.count)
    lookaheads[number] = look
    emit(.lookahead(number))
  }

  // MARK: First characters

  /// The scalars that a match of `node` can begin with; `set` is nil when it can be empty.
  private static func first(_ node: RegexNode) -> (set: ScalarSet?, begins: ScalarSet) {
    switch node {
    case .empty, .assertion, .lookahead, .lookbehind: return (nil, ScalarSet())
    case .set(let set): return (set, set)
    case .sequence(let parts):
      var begins = ScalarSet()
      for part in parts {
        let found = first(part)
        begins = begins.union(found.begins)
        if found.set != nil { return (begins, begins) }
      }
      return (nil, begins)
    case .alternatives(let branches):
      let found = branches.map { first($0) }
      let begins = found.reduce(ScalarSet()) { $0.union($1.begins) }
      return (found.contains { $0.set == nil } ? nil : begins, begins)
    case .repetition(let item, let minimum, _, _):
      let found = first(item)
      return (minimum == 0 ? nil : found.set, found.begins)
    }
  }
}
