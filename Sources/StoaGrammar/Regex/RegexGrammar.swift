extension Grammar {
  /// The texts that a regular expression matches as a whole; anchors at its ends change nothing.
  public init(regex pattern: String) throws(GrammarError) {
    root = add("root", try RegexLowering(pattern, form: .plain).expression(searches: false))
  }
}

/// Turns a regular expression into an expression of grammars.
struct RegexLowering {
  /// How the matched text is written.
  enum Form {
    case plain
    /// As the content of a JSON string.
    case json
  }

  private let node: RegexNode
  private let form: Form
  private let misplaced: GrammarError

  init(_ pattern: String, form: Form) throws(GrammarError) {
    var parser = RegexParser(pattern)
    node = try parser.parse()
    self.form = form
    misplaced = parser.failure("^ and $ are supported only at the ends of the expression or of its alternatives")
  }

  /// - Parameter searches: Whether the expression may match anywhere in the text, as `pattern` of JSON Schema does.
  func expression(searches: Bool) throws(GrammarError) -> Expression {
    let anything = Expression.any(lowered(.all))
    var choices: [Expression] = []
    for branch in Self.branches(node) {
      var parts = Self.parts(branch)
      var (hasStart, hasEnd) = (false, false)
      while case .start? = parts.first {
        hasStart = true
        parts.removeFirst()
      }
      while case .end? = parts.last {
        hasEnd = true
        parts.removeLast()
      }
      var sequence: [Expression] = []
      for part in parts { sequence.append(try lowered(part)) }
      if searches {
        if !hasStart { sequence.insert(anything, at: 0) }
        if !hasEnd { sequence.append(anything) }
      }
      choices.append(sequence.count == 1 ? sequence[0] : .sequence(sequence))
    }
    return choices.count == 1 ? choices[0] : .choice(choices)
  }

  private static func branches(_ node: RegexNode) -> [RegexNode] {
    if case .alternatives(let branches) = node { branches.flatMap(Self.branches) } else { [node] }
  }

  private static func parts(_ node: RegexNode) -> [RegexNode] {
    switch node {
    case .sequence(let parts): parts
    case .empty: []
    default: [node]
    }
  }

  private func lowered(_ node: RegexNode) throws(GrammarError) -> Expression {
    switch node {
    case .empty: return .empty
    case .set(let set): return lowered(set)
    case .start, .end: throw misplaced
    case .repetition(let body, let minimum, let maximum):
      return .repetition(try lowered(body), minimum: minimum, maximum: maximum)
    case .sequence(let nodes), .alternatives(let nodes):
      var parts: [Expression] = []
      for node in nodes { parts.append(try lowered(node)) }
      if case .sequence = node { return .sequence(parts) }
      return .choice(parts)
    }
  }

  private func lowered(_ set: ScalarSet) -> Expression {
    switch form {
    case .plain: .scalar(set)
    case .json: JSONText.character(set)
    }
  }
}
