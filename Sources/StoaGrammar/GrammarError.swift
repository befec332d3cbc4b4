/// Why a grammar cannot be used; each says where and what to do.
public enum GrammarError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The text of a GBNF grammar is wrong.
  case gbnf(line: Int, column: Int, problem: String)
  /// A regular expression is wrong, or uses what cannot be compiled; `offset` counts Unicode scalars.
  case regex(pattern: String, offset: Int, problem: String)
  /// A JSON Schema is wrong, or uses what cannot be compiled; `pointer` is the JSON pointer of the schema that does.
  case schema(pointer: String, keyword: String, problem: String)
  /// A rule begins with itself.
  case leftRecursion(rule: String)
  /// No text matches.
  case matchesNothing
  /// The grammar is larger than what is compiled.
  case tooLarge(what: String, limit: Int)
  /// Text can be read in too many ways at once.
  case tooAmbiguous

  /// What is wrong, and on a second line what to do.
  public var description: String {
    switch self {
    case .gbnf(let line, let column, let problem): "\(line):\(column): \(problem)"
    case .regex(let pattern, let offset, let problem):
      "the regular expression \(Self.excerpt(pattern)) at character \(offset + 1): \(problem)"
    case .schema(let pointer, let keyword, let problem):
      "the schema at \(pointer.isEmpty ? "#" : pointer), keyword \(keyword): \(problem)"
    case .leftRecursion(let rule):
      """
      the rule \(rule) begins with itself
      rewrite it with a repetition, for example: list ::= item ("," item)*
      """
    case .matchesNothing:
      """
      no text can satisfy the grammar or schema
      look for contradictions, and for rules or $refs that require themselves
      """
    case .tooLarge(let what, let limit):
      """
      the grammar or schema is too large: more than \(limit) \(what)
      split it, or give fewer and shorter alternatives and counts
      """
    case .tooAmbiguous:
      """
      the grammar lets a text be read in too many ways at once
      make repetitions and alternatives begin with different characters
      """
    }
  }

  private static func excerpt(_ text: String) -> String {
    text.unicodeScalars.count > 80 ? String(text.prefix(80)) + "…" : text
  }
}

/// What bounds the work that a hostile grammar can cause.
enum GrammarLimit {
  /// Bytes of a GBNF grammar.
  static let sourceBytes = 1 << 20
  /// Scalars of a regular expression.
  static let patternLength = 16_384
  /// Groups in each other.
  static let nesting = 100
  /// The largest count of a repetition.
  static let repetitions = 1_000_000
  static let rules = 20_000
  /// States of the automata of all rules together.
  static let states = 60_000
  /// Cells of the transition table.
  static let cells = 8_000_000
  /// Steps of building automata.
  static let construction = 20_000_000
  /// Ways to read a text at once.
  static let configurations = 20_000
  /// Steps for the tokens of one position.
  static let walk = 40_000_000
}
