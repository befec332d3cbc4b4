/// A set of texts, described by rules: what a GBNF file, a regular expression or a JSON Schema becomes.
///
/// A grammar says nothing about tokens; `CompiledGrammar` recognises its texts byte by byte, and `TokenMasker` finds the
/// tokens of a vocabulary that may come next.
public struct Grammar: Sendable {
  /// The rules; an `Expression` refers to them by index.
  var rules: [Rule] = []
  /// The rule that a whole text follows.
  var root = 0

  struct Rule: Sendable {
    /// For messages.
    var name: String
    var body: Expression
  }

  /// Adds a rule whose body may be set later, and gives its index.
  mutating func add(_ name: String, _ body: Expression = .nothing) -> Int {
    rules.append(Rule(name: name, body: body))
    return rules.count - 1
  }
}

/// What a rule, or a part of one, matches.
indirect enum Expression: Sendable {
  /// These bytes; none of them match the empty text.
  case literal([UInt8])
  /// One Unicode scalar, as UTF-8.
  case scalar(ScalarSet)
  case sequence([Expression])
  /// One of them; a choice of none matches no text at all.
  case choice([Expression])
  case repetition(Expression, minimum: Int, maximum: Int?)
  case rule(Int)
  case members(MemberList)

  static let empty = Expression.literal([])
  static let nothing = Expression.choice([])

  static func text(_ text: String) -> Expression { .literal(Array(text.utf8)) }

  static func optional(_ expression: Expression) -> Expression { .repetition(expression, minimum: 0, maximum: 1) }

  static func any(_ expression: Expression) -> Expression { .repetition(expression, minimum: 0, maximum: nil) }
}

/// Items in a fixed order of which some may be absent, with separators between those that are there.
///
/// Written out as a choice this would take exponential space; as an automaton it is linear.
struct MemberList: Sendable {
  var items: [Item] = []
  /// What may follow the items any number of times.
  var rest: Expression?
  var restMinimum = 0
  var restMaximum: Int?
  var separator: Expression

  struct Item: Sendable {
    var expression: Expression
    var isRequired: Bool
  }
}

extension Expression {
  /// The parts of an expression, without following rules.
  var parts: [Expression] {
    switch self {
    case .literal, .scalar, .rule: []
    case .sequence(let parts), .choice(let parts): parts
    case .repetition(let part, _, _): [part]
    case .members(let list): list.items.map(\.expression) + (list.rest.map { [$0] } ?? []) + [list.separator]
    }
  }

  /// The number of nodes, a literal counted by its bytes; stops counting beyond `limit`.
  func size(limit: Int) -> Int {
    var count = if case .literal(let bytes) = self { 1 + bytes.count } else { 1 }
    for part in parts where count <= limit { count += part.size(limit: limit - count) }
    return count
  }
}
