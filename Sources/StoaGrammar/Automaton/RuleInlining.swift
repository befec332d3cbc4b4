/// Replaces references to small rules by what the rules say.
///
/// What a rule matches before it ends can be decided once for all places that refer to it, what comes after only with a
/// look at the stack. So rules such as `char ::= [^"] | "\\" ["nrt]` belong into the repetitions that use them, and a
/// rule that ends with a counted repetition belongs to what ends that; others, such as a string, are better shared.
struct RuleInlining {
  private let rules: [Grammar.Rule]
  private var results: [Int: (expression: Expression, longest: Int?)] = [:]
  private var open: Set<Int> = []

  /// The longest match, in bytes, and the size of a rule that is put in the place of references.
  private static let longest = 16
  private static let size = 48
  /// How deep rules refer to rules before this is no longer tried.
  private static let depth = 40

  init(_ grammar: Grammar) { rules = grammar.rules }

  /// The body of a rule with small rules in place.
  mutating func body(_ rule: Int) -> Expression { result(rule).expression }

  private mutating func result(_ rule: Int) -> (expression: Expression, longest: Int?) {
    if let result = results[rule] { return result }
    guard open.count < Self.depth, open.insert(rule).inserted else { return (.rule(rule), nil) }
    let result = inlined(rules[rule].body)
    open.remove(rule)
    results[rule] = result
    return result
  }

  /// An expression with small rules in place, and the bytes of its longest match; nil when that has no bound.
  private mutating func inlined(_ expression: Expression) -> (expression: Expression, longest: Int?) {
    switch expression {
    case .literal(let bytes): return (expression, bytes.count)
    case .scalar: return (expression, 4)
    case .rule(let rule):
      let (body, longest) = result(rule)
      guard longest ?? .max <= Self.longest || body.endsCounted, body.size(limit: Self.size) <= Self.size,
        !body.refers(to: rule)
      else {
        return (expression, longest)
      }
      return (body, longest)
    case .sequence(let parts):
      let results = parts.map { inlined($0) }
      let sum = results.reduce(0 as Int?) { sum, part in sum.flatMap { sum in part.longest.map { sum + $0 } } }
      return (.sequence(results.map(\.expression)), sum)
    case .choice(let parts):
      let results = parts.map { inlined($0) }
      let longest = results.reduce(0 as Int?) { longest, part in
        longest.flatMap { longest in part.longest.map { max(longest, $0) } }
      }
      return (.choice(results.map(\.expression)), longest)
    case .repetition(let part, let minimum, let maximum):
      let (part, longest) = inlined(part)
      let bound = maximum.flatMap { maximum in longest.map { $0.multipliedReportingOverflow(by: maximum) } }
      return (
        .repetition(part, minimum: minimum, maximum: maximum), bound.flatMap { $0.overflow ? nil : $0.partialValue }
      )
    case .members(var list):
      for index in list.items.indices {
        list.items[index].expression = inlined(list.items[index].expression).expression
      }
      list.rest = list.rest.map { inlined($0).expression }
      list.separator = inlined(list.separator).expression
      return (.members(list), nil)
    }
  }
}

extension Expression {
  /// Whether the last thing in it is a repetition with a large bound.
  fileprivate var endsCounted: Bool {
    switch self {
    case .literal, .scalar, .rule, .members: false
    case .sequence(let parts): parts.last?.endsCounted ?? false
    case .choice(let parts): parts.contains { $0.endsCounted }
    case .repetition(let part, _, let maximum): maximum ?? 0 > 8 || part.endsCounted
    }
  }

  fileprivate func refers(to rule: Int) -> Bool {
    var found = false
    forEachRule { found = found || $0 == rule }
    return found
  }
}
