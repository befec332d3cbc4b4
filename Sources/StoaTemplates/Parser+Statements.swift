/// Statements: what stands in `{% … %}`.
extension Parser {
  /// Parses until one of the words starts a tag; leaves the cursor on that word, or at the end for no words.
  mutating func statements(until endings: [String]) throws(TemplateError) -> [Statement] {
    var body: [Statement] = []
    while true {
      switch current.kind {
      case .data(let text):
        body.append(.text(text))
        next()
      case .variableBegin:
        next()
        body.append(.output(try tupleOrExpression()))
        try expect(.variableEnd)
      case .blockBegin:
        next()
        guard case .name(let word) = current.kind else { throw fault("expected the name of a tag") }
        if endings.contains(word.string) { return body }
        try enter()
        try statement(word.string, expected: endings, into: &body)
        leave()
        try expect(.blockEnd)
      default:
        guard endings.isEmpty, current.kind == .end else {
          throw fault("the template ends where {% \(endings.joined(separator: " %} or {% ")) %} is expected")
        }
        return body
      }
    }
  }

  /// The body of a block up to its ending word, which is taken.
  private mutating func body(until ending: String) throws(TemplateError) -> [Statement] {
    let result = try blockBody(until: [ending])
    next()
    return result
  }

  private mutating func blockBody(until endings: [String]) throws(TemplateError) -> [Statement] {
    _ = take(":")
    try expect(.blockEnd)
    return try statements(until: endings)
  }

  /// The body of a block with a scope of its own, in which unknown filters are errors at once.
  private mutating func scopedBody(
    until ending: String, binding targets: [Target] = []
  ) throws(TemplateError) -> Body {
    let scope = openScope(binding: targets)
    defer { closeScope() }
    return Body(statements: try hardBody(until: ending), scope: scope)
  }

  private mutating func hardBody(until ending: String) throws(TemplateError) -> [Statement] {
    let outer = isSoft
    isSoft = false
    defer { isSoft = outer }
    return try body(until: ending)
  }

  private mutating func statement(
    _ word: String, expected: [String], into body: inout [Statement]
  ) throws(TemplateError) {
    let line = current.line
    next()
    switch word {
    case "if": body.append(try conditional())
    case "for": body.append(.loop(try loop(line: line)))
    case "set": body.append(try set())
    case "macro": body.append(.macro(try macro(line: line)))
    case "call": body.append(try callBlock(line: line))
    case "filter":
      let filter = try filters(on: Expression(kind: .blockText, line: line, height: 1), startsInline: true)
      body.append(.filterBlock(filter, body: try scopedBody(until: "endfilter")))
    case "with": body.append(try with())
    case "print":
      var isFirst = true
      while current.kind != .blockEnd {
        if !isFirst { try expect(",") }
        body.append(.output(try expression()))
        isFirst = false
      }
    case "generation":
      let outer = loopDepth
      loopDepth = 0
      defer { loopDepth = outer }
      body.append(.generation(try scopedBody(until: "endgeneration")))
    case "break", "continue":
      guard loopDepth > 0 else { throw fault("'\(word)' stands outside of a loop", line: line) }
      body.append(word == "break" ? .breakLoop : .continueLoop)
    case "block", "extends", "include", "import", "from", "autoescape":
      throw fault("the tag '\(word)' is not supported: a chat template is one file of plain text", line: line)
    default:
      let hint = expected.isEmpty ? "" : "; expected \(expected.joined(separator: " or "))"
      throw fault("unknown tag '\(word)'\(hint)", line: line)
    }
  }

  private mutating func conditional() throws(TemplateError) -> Statement {
    let outer = isSoft
    isSoft = true
    defer { isSoft = outer }
    var branches: [(test: Expression, body: [Statement])] = []
    let scope = scope
    scopes[scope].conditions += 1
    defer { scopes[scope].conditions -= 1 }
    while true {
      let test = try tupleOrExpression(allowsConditional: false)
      branches.append((test, try blockBody(until: ["elif", "else", "endif"])))
      if takeName("elif") { continue }
      if takeName("else") { return .conditional(branches, otherwise: try body(until: "endif")) }
      next()
      return .conditional(branches, otherwise: [])
    }
  }

  private mutating func loop(line: Int) throws(TemplateError) -> Loop {
    let assignmentsBefore = loopAssignments
    let target = try target()
    guard takeName("in") else { throw fault("expected 'in', got '\(current.description)'") }
    let sequence = try tupleOrExpression(allowsConditional: false)
    let outer = (isSoft, loopDepth)
    isSoft = false
    _ = openScope(binding: [target])
    let condition = takeName("if") ? try expression() : nil
    closeScope()
    let isRecursive = takeName("recursive")
    loopDepth = isRecursive ? 1 : outer.1 + 1
    let inner = openScope(binding: [target])
    let body = Body(statements: try blockBody(until: ["endfor", "else"]), scope: inner)
    closeScope()
    loopDepth = isRecursive ? 0 : outer.1
    var otherwise: Body?
    if takeName("else") {
      let scope = openScope()
      otherwise = Body(statements: try self.body(until: "endfor"), scope: scope)
      closeScope()
    } else {
      next()
    }
    (isSoft, loopDepth) = outer
    guard loopAssignments == assignmentsBefore else {
      throw fault("the name 'loop' cannot be assigned inside a for loop", line: line)
    }
    return Loop(
      target: target, sequence: sequence, condition: condition, isRecursive: isRecursive, body: body,
      otherwise: otherwise, line: line)
  }

  private mutating func set() throws(TemplateError) -> Statement {
    let target = try target(allowsAttribute: true)
    if take("=") {
      let value = try tupleOrExpression()
      assign(target)
      return .set(target, value)
    }
    assign(target)
    let line = current.line
    let filter: Expression? =
      current.kind == .symbol("|") ? try filters(on: Expression(kind: .blockText, line: line, height: 1)) : nil
    return .setBlock(target, filter: filter, body: try scopedBody(until: "endset"))
  }

  private mutating func with() throws(TemplateError) -> Statement {
    var bindings: [(target: Target, value: Expression)] = []
    while current.kind != .blockEnd {
      if !bindings.isEmpty { try expect(",") }
      let target = try target(isParameter: true)
      try expect("=")
      bindings.append((target, try expression()))
    }
    return .with(bindings, body: try scopedBody(until: "endwith", binding: bindings.map(\.target)))
  }

  // MARK: Macros

  private mutating func macro(line: Int) throws(TemplateError) -> MacroDefinition {
    let name = try assignableName()
    if name.string == "loop" { loopAssignments += 1 }
    let symbol = symbol(name)
    assign(.name(symbol))
    let scope = openScope()
    defer { closeScope() }
    return try macro(
      name: name, symbol: symbol, signature: try signature(), scope: scope, ending: "endmacro", line: line)
  }

  private mutating func callBlock(line: Int) throws(TemplateError) -> Statement {
    var signature = Signature()
    let outer = scope
    let inner = openScope()
    if current.kind == .symbol("(") { signature = try self.signature() }
    scope = outer
    let call = try expression()
    guard case .call = call.kind else { throw fault("expected a call of a macro", line: line) }
    scope = inner
    defer { closeScope() }
    let caller = try macro(
      name: Text("caller"), symbol: nil, signature: signature, scope: inner, ending: "endcall", line: line)
    return .callBlock(call: call, caller: caller)
  }

  private struct Signature {
    var parameters: [(symbol: Symbol, name: Text)] = []
    var defaults: [Expression] = []
  }

  private mutating func signature() throws(TemplateError) -> Signature {
    var result = Signature()
    try expect("(")
    while current.kind != .symbol(")") {
      if !result.parameters.isEmpty { try expect(",") }
      let name = try assignableName()
      guard !result.parameters.contains(where: { $0.name == name }) else {
        throw fault("the parameter '\(name.string)' occurs twice")
      }
      if take("=") {
        result.defaults.append(try expression())
      } else if !result.defaults.isEmpty {
        throw fault("a parameter without default follows one with default")
      }
      let symbol = symbol(name)
      scopes[scope].read(symbol)
      result.parameters.append((symbol, name))
      guard result.parameters.count <= Self.maximumParameters else { throw fault("a macro has too many parameters") }
    }
    try expect(")")
    return result
  }

  private mutating func macro(
    name: Text, symbol: Symbol?, signature: Signature, scope: ScopeID, ending: String, line: Int
  ) throws(TemplateError) -> MacroDefinition {
    let outer = (specialReads, loopDepth)
    specialReads = []
    loopDepth = 0
    let body = Body(statements: try hardBody(until: ending), scope: scope)
    let reads = specialReads
    specialReads = outer.0.union(reads)
    loopDepth = outer.1
    func receives(_ special: String) -> Bool {
      reads.contains(Text(special)) && !signature.parameters.contains { $0.name.string == special }
    }
    return MacroDefinition(
      name: name, symbol: symbol, parameters: signature.parameters, defaults: signature.defaults, body: body,
      readsCaller: receives("caller"), readsKeywords: receives("kwargs"), readsExtraPositional: receives("varargs"),
      line: line)
  }

  // MARK: Targets of assignments

  private mutating func assignableName() throws(TemplateError) -> Text {
    let name = try expectName()
    guard !["true", "false", "none", "True", "False", "None"].contains(name.string) else {
      throw fault("'\(name.string)' cannot be assigned")
    }
    return name
  }

  private mutating func target(
    allowsAttribute: Bool = false, isParameter: Bool = false
  ) throws(TemplateError) -> Target {
    var items: [Target] = []
    var isTuple = false
    while true {
      switch current.kind {
      case .blockEnd, .variableEnd, .symbol(")"): break
      default:
        items.append(try singleTarget(allowsAttribute: allowsAttribute, isParameter: isParameter))
        if take(",") {
          isTuple = true
          continue
        }
      }
      break
    }
    if !isTuple {
      guard let only = items.first else { throw fault("expected a name, got '\(current.description)'") }
      return only
    }
    return .tuple(items)
  }

  private mutating func singleTarget(allowsAttribute: Bool, isParameter: Bool) throws(TemplateError) -> Target {
    if current.kind == .symbol("(") {
      try enter()
      next()
      let inner = try target(isParameter: isParameter)
      try expect(")")
      leave()
      return inner
    }
    let line = current.line
    let name = try assignableName()
    if allowsAttribute, take(".") { return .attribute(of: symbol(name), name: try expectName(), line: line) }
    if name.string == "loop", !isParameter { loopAssignments += 1 }
    return .name(symbol(name))
  }
}
