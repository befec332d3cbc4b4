/// Builds the syntax tree from tokens: the cursor and what statements and expressions share.
///
/// Grammar and precedence are those of `jinja2.parser` 3.1; nesting is bounded, and time is linear.
struct Parser {
  let tokens: [Token]
  let maximumDepth: Int
  var position = 0
  /// Open expressions and statements around the cursor.
  var depth = 0
  var names: [Text] = []
  var symbols: [Text: Symbol] = [:]
  /// Loops around the cursor inside the innermost macro.
  var loopDepth = 0
  /// Whether an unknown filter or test is an error only when it is reached, as in the branches of `if`.
  var isSoft = false
  /// Assignments to the name `loop` so far.
  var loopAssignments = 0
  /// Reads of the names that macros receive without declaring them.
  var specialReads: Set<Text> = []
  /// What each scope of the source does to names; the first is the template's own.
  var scopes = [ScopeNames(parent: nil)]
  /// The scope around the cursor.
  var scope: ScopeID = 0

  static func program(_ source: String, limits: TemplateLimits) throws(TemplateError) -> Program {
    guard source.utf8.count <= limits.sourceBytes else {
      throw TemplateError(
        .limit, "the source has \(source.utf8.count) bytes, more than \(limits.sourceBytes)", line: 0)
    }
    var parser = Parser(tokens: try Lexer.tokens(of: source), maximumDepth: limits.syntaxDepth)
    let body = try parser.statements(until: [])
    return Program(
      body: body, names: parser.names, initiallyUndefined: parser.initiallyUndefined,
      loopSymbol: parser.symbols[Text("loop")],
      callerSymbol: parser.symbols[Text("caller")], keywordsSymbol: parser.symbols[Text("kwargs")],
      extraSymbol: parser.symbols[Text("varargs")])
  }

  init(tokens: [Token], maximumDepth: Int) {
    self.tokens = tokens
    self.maximumDepth = maximumDepth
  }

  // The lexer ends every list of tokens with `.end`, which no method steps over.
  var current: Token { tokens[position] }
  var following: Token { tokens[min(position + 1, tokens.count - 1)] }

  func fault(_ message: String, line: Int? = nil) -> TemplateError {
    TemplateError(.syntax, message, line: line ?? current.line)
  }

  @discardableResult
  mutating func next() -> Token {
    let token = current
    if position + 1 < tokens.count { position += 1 }
    return token
  }

  mutating func take(_ symbol: String) -> Bool {
    guard current.kind == .symbol(symbol) else { return false }
    next()
    return true
  }

  func isName(_ name: String) -> Bool {
    if case .name(let text) = current.kind { text.string == name } else { false }
  }

  mutating func takeName(_ name: String) -> Bool {
    guard isName(name) else { return false }
    next()
    return true
  }

  mutating func expect(_ symbol: String) throws(TemplateError) {
    guard take(symbol) else { throw fault("expected '\(symbol)', got '\(current.description)'") }
  }

  mutating func expect(_ kind: Token.Kind) throws(TemplateError) {
    guard current.kind == kind else {
      throw fault("expected '\(Token(kind: kind, line: 0).description)', got '\(current.description)'")
    }
    next()
  }

  mutating func expectName() throws(TemplateError) -> Text {
    guard case .name(let text) = current.kind else { throw fault("expected a name, got '\(current.description)'") }
    next()
    return text
  }

  mutating func symbol(_ name: Text) -> Symbol {
    if let known = symbols[name] { return known }
    symbols[name] = names.count
    names.append(name)
    return names.count - 1
  }

  mutating func enter() throws(TemplateError) {
    depth += 1
    guard depth <= maximumDepth else {
      throw TemplateError(.limit, "expressions or blocks are nested deeper than \(maximumDepth)", line: current.line)
    }
  }

  mutating func leave() { depth -= 1 }

  /// The most parameters of a macro and keywords of a call, which are checked for repetition one by one.
  static let maximumParameters = 255
}
