/// What follows a primary expression: attributes, subscripts, calls, filters and tests.
extension Parser {
  mutating func postfix(on base: Expression) throws(TemplateError) -> Expression {
    var result = base
    while true {
      let line = current.line
      switch current.kind {
      case .symbol("."):
        next()
        switch next().kind {
        case .name(let name):
          result = try make(.attribute(result, AttributeName(name)), line: line, over: result.height)
        case .int(let index):
          let index = try make(.int(index), line: line, over: 0)
          result = try make(.subscripted(result, index), line: line, over: result.height)
        default: throw fault("expected a name or number after '.'", line: line)
        }
      case .symbol("["):
        next()
        result = try subscripted(result, line: line)
      case .symbol("("):
        result = try call(result)
      default: return result
      }
    }
  }

  private mutating func call(_ callee: Expression) throws(TemplateError) -> Expression {
    let line = current.line
    let arguments = try arguments()
    return try make(.call(callee, arguments), line: line, over: max(callee.height, arguments.height))
  }

  private mutating func subscripted(_ base: Expression, line: Int) throws(TemplateError) -> Expression {
    func endsPart() -> Bool { [.symbol(":"), .symbol("]"), .symbol(",")].contains(current.kind) }
    if take("]") {
      // jinja2 takes nothing between the brackets for an empty tuple.
      let index = try make(.tuple([]), line: line, over: 0)
      return try make(.subscripted(base, index), line: line, over: base.height)
    }
    let start: Expression? = current.kind == .symbol(":") ? nil : try expression()
    guard take(":") else {
      guard let first = start else { throw fault("expected a subscript") }
      var items = [first]
      var isTuple = false
      while take(",") {
        isTuple = true
        items.append(try expression())
      }
      try expect("]")
      let height = items.map(\.height).max() ?? 0
      let index = isTuple ? try make(.tuple(items), line: line, over: height) : first
      return try make(.subscripted(base, index), line: line, over: max(base.height, index.height))
    }
    let stop: Expression? = endsPart() ? nil : try expression()
    var step: Expression?
    if take(":"), !endsPart() { step = try expression() }
    try expect("]")
    let height = max(base.height, start?.height ?? 0, stop?.height ?? 0, step?.height ?? 0)
    return try make(.slice(base, start: start, stop: stop, step: step), line: line, over: height)
  }

  private mutating func arguments() throws(TemplateError) -> CallArguments {
    let line = current.line
    try expect("(")
    var result = CallArguments()
    var needsComma = false
    func fault() -> TemplateError { TemplateError(.syntax, "the arguments of a call are malformed", line: line) }
    while current.kind != .symbol(")") {
      if needsComma {
        try expect(",")
        if current.kind == .symbol(")") { break }
      }
      needsComma = true
      if take("*") {
        guard result.unpackedList == nil, result.unpackedDict == nil else { throw fault() }
        result.unpackedList = try expression()
      } else if take("**") {
        guard result.unpackedDict == nil else { throw fault() }
        result.unpackedDict = try expression()
      } else if case .name(let name) = current.kind, following.kind == .symbol("=") {
        guard result.unpackedDict == nil else { throw fault() }
        next()
        next()
        guard !result.keyword.contains(where: { $0.name == name }), result.keyword.count < Self.maximumParameters
        else { throw fault() }
        result.keyword.append((name, try expression()))
      } else {
        guard result.unpackedList == nil, result.unpackedDict == nil, result.keyword.isEmpty else { throw fault() }
        result.positional.append(try expression())
      }
    }
    try expect(")")
    return result
  }

  mutating func filtersAndTests(on base: Expression) throws(TemplateError) -> Expression {
    var result = base
    while true {
      switch current.kind {
      case .symbol("|"): result = try filters(on: result)
      case .name(let word) where word.string == "is": result = try test(on: result)
      case .symbol("("): result = try call(result)
      default: return result
      }
    }
  }

  private mutating func dottedName() throws(TemplateError) -> String {
    var name = try expectName().string
    while take(".") { name += "." + (try expectName().string) }
    return name
  }

  /// One or more `| name(arguments)`; the first without its bar when `startsInline`.
  mutating func filters(on base: Expression, startsInline: Bool = false) throws(TemplateError) -> Expression {
    var result = base
    var isInline = startsInline
    while isInline || current.kind == .symbol("|") {
      if !isInline { next() }
      isInline = false
      let line = current.line
      let name = try dottedName()
      let arguments = current.kind == .symbol("(") ? try arguments() : .none
      let filter = Filter(rawValue: name)
      guard filter != nil || isSoft else { throw fault("there is no filter named '\(name)'", line: line) }
      result = try make(
        .filter(result, filter.map { .known($0) } ?? .unknown(name), arguments), line: line,
        over: max(result.height, arguments.height))
    }
    return result
  }

  private mutating func test(on base: Expression) throws(TemplateError) -> Expression {
    let line = current.line
    next()
    let isNegated = takeName("not")
    let name = try dottedName()
    var arguments = CallArguments.none
    switch current.kind {
    case .symbol("("): arguments = try self.arguments()
    case .name(let word) where ["else", "or", "and"].contains(word.string): break
    case .name(let word) where word.string == "is": throw fault("tests with 'is' cannot be chained")
    case .name, .string, .int, .double, .symbol("["), .symbol("{"):
      arguments.positional = [try postfix(on: try primary())]
    default: break
    }
    let test = Test(rawValue: name)
    guard test != nil || isSoft else { throw fault("there is no test named '\(name)'", line: line) }
    let result = try make(
      .test(base, test.map { .known($0) } ?? .unknown(name), arguments), line: line,
      over: max(base.height, arguments.height))
    return isNegated ? try make(.not(result), line: line, over: result.height) : result
  }
}
