/// Expressions, by climbing precedence: `or`, `and`, `not`, comparisons, `+ -`, `~`, `* / // %`, `**`, unary, postfix.
extension Parser {
  private enum Precedence {
    static let or = 1
    static let and = 2
    static let comparison = 3
    static let sum = 4
    static let concatenation = 5
    static let product = 6
    static let power = 7
  }

  func make(_ kind: Expression.Kind, line: Int, over height: Int) throws(TemplateError) -> Expression {
    guard height < maximumDepth * 2 else {
      throw TemplateError(.limit, "an expression is built of more than \(maximumDepth * 2) levels", line: line)
    }
    return Expression(kind: kind, line: line, height: height + 1)
  }

  /// An expression, or a tuple when commas follow, as in `{{ a, b }}`.
  mutating func tupleOrExpression(
    allowsConditional: Bool = true, isParenthesised: Bool = false
  ) throws(TemplateError) -> Expression {
    let line = current.line
    var items: [Expression] = []
    var isTuple = false
    while !isTupleEnd {
      items.append(try expression(allowsConditional: allowsConditional))
      guard take(",") else { break }
      isTuple = true
    }
    if !isTuple {
      if let only = items.first { return only }
      guard isParenthesised else { throw fault("expected an expression, got '\(current.description)'") }
    }
    return try make(.tuple(items), line: line, over: items.map(\.height).max() ?? 0)
  }

  private var isTupleEnd: Bool {
    switch current.kind {
    case .variableEnd, .blockEnd, .symbol(")"): true
    default: false
    }
  }

  mutating func expression(allowsConditional: Bool = true) throws(TemplateError) -> Expression {
    try enter()
    defer { leave() }
    let line = current.line
    var result = try binary(from: Precedence.or)
    while allowsConditional, isName("if") {
      next()
      let outer = isSoft
      isSoft = true
      defer { isSoft = outer }
      let test = try binary(from: Precedence.or)
      let otherwise: Expression? = takeName("else") ? try expression() : nil
      result = try make(
        .conditional(test: test, then: result, otherwise: otherwise), line: line,
        over: max(result.height, test.height, otherwise?.height ?? 0))
    }
    return result
  }

  // MARK: Operators

  private func precedence(of kind: Token.Kind) -> Int? {
    switch kind {
    case .name(let word):
      switch word.string {
      case "or": return Precedence.or
      case "and": return Precedence.and
      case "in": return Precedence.comparison
      case "not":
        guard case .name(let after) = following.kind, after.string == "in" else { return nil }
        return Precedence.comparison
      default: return nil
      }
    case .symbol(let symbol):
      switch symbol {
      case "==", "!=", "<", "<=", ">", ">=": return Precedence.comparison
      case "+", "-": return Precedence.sum
      case "~": return Precedence.concatenation
      case "*", "/", "//", "%": return Precedence.product
      case "**": return Precedence.power
      default: return nil
      }
    default: return nil
    }
  }

  private mutating func binary(from lowest: Int) throws(TemplateError) -> Expression {
    let line = current.line
    var left: Expression
    if lowest <= Precedence.comparison, isName("not") {
      try enter()
      defer { leave() }
      next()
      // `not` binds looser than comparisons, so its operand takes them all.
      let operand = try binary(from: Precedence.comparison)
      left = try make(.not(operand), line: line, over: operand.height)
    } else {
      left = try unary()
    }
    while let precedence = precedence(of: current.kind), precedence >= lowest {
      left = try apply(precedence, to: left)
    }
    return left
  }

  private mutating func apply(_ precedence: Int, to left: Expression) throws(TemplateError) -> Expression {
    let line = current.line
    switch precedence {
    case Precedence.comparison: return try comparison(of: left)
    case Precedence.concatenation:
      var parts = [left]
      while take("~") { parts.append(try binary(from: Precedence.product)) }
      return try make(.concatenation(parts), line: line, over: parts.map(\.height).max() ?? 0)
    default:
      let token = next()
      let right = try binary(from: precedence + 1)
      let height = max(left.height, right.height)
      if precedence == Precedence.or { return try make(.or(left, right), line: line, over: height) }
      if precedence == Precedence.and { return try make(.and(left, right), line: line, over: height) }
      guard case .symbol(let symbol) = token.kind, let operation = BinaryOperator(rawValue: symbol) else {
        throw fault("expected an operator, got '\(token.description)'", line: line)
      }
      return try make(.binary(operation, left, right), line: line, over: height)
    }
  }

  private mutating func comparison(of left: Expression) throws(TemplateError) -> Expression {
    let line = current.line
    var operands: [(comparison: Comparison, operand: Expression)] = []
    var height = left.height
    while precedence(of: current.kind) == Precedence.comparison {
      let comparison: Comparison
      if takeName("in") {
        comparison = .isIn
      } else if takeName("not") {
        next()
        comparison = .notIn
      } else {
        guard case .symbol(let symbol) = next().kind, let known = Comparison(rawValue: symbol) else {
          throw fault("expected a comparison")
        }
        comparison = known
      }
      let operand = try binary(from: Precedence.sum)
      height = max(height, operand.height)
      operands.append((comparison, operand))
    }
    return try make(.compare(left, operands), line: line, over: height)
  }

  private mutating func unary(allowsFilter: Bool = true) throws(TemplateError) -> Expression {
    let line = current.line
    var result: Expression
    if current.kind == .symbol("-") || current.kind == .symbol("+") {
      try enter()
      defer { leave() }
      let isNegative = next().kind == .symbol("-")
      let operand = try unary(allowsFilter: false)
      result = try make(isNegative ? .negative(operand) : .positive(operand), line: line, over: operand.height)
    } else {
      result = try primary()
    }
    result = try postfix(on: result)
    return allowsFilter ? try filtersAndTests(on: result) : result
  }

  // MARK: Primary expressions

  mutating func primary() throws(TemplateError) -> Expression {
    let token = current
    switch token.kind {
    case .name(let name):
      next()
      switch name.string {
      case "true", "True": return try make(.bool(true), line: token.line, over: 0)
      case "false", "False": return try make(.bool(false), line: token.line, over: 0)
      case "none", "None": return try make(.none, line: token.line, over: 0)
      case "caller", "kwargs", "varargs": specialReads.insert(name)
      default: break
      }
      let symbol = symbol(name)
      scopes[scope].read(symbol)
      return try make(.name(symbol), line: token.line, over: 0)
    case .string(var text):
      next()
      while case .string(let more) = current.kind {
        text.bytes += more.bytes
        next()
      }
      return try make(.string(text), line: token.line, over: 0)
    case .int(let value):
      next()
      return try make(.int(value), line: token.line, over: 0)
    case .double(let value):
      next()
      return try make(.double(value), line: token.line, over: 0)
    case .symbol("("):
      next()
      let result = try tupleOrExpression(isParenthesised: true)
      try expect(")")
      return result
    case .symbol("["):
      next()
      let items = try list(endingWith: "]")
      return try make(.list(items), line: token.line, over: items.map(\.height).max() ?? 0)
    case .symbol("{"):
      next()
      return try dict(line: token.line)
    default: throw fault("unexpected '\(token.description)'")
    }
  }

  private mutating func list(endingWith close: String) throws(TemplateError) -> [Expression] {
    var items: [Expression] = []
    while current.kind != .symbol(close) {
      if !items.isEmpty {
        try expect(",")
        if current.kind == .symbol(close) { break }
      }
      items.append(try expression())
    }
    try expect(close)
    return items
  }

  private mutating func dict(line: Int) throws(TemplateError) -> Expression {
    var pairs: [(key: Expression, value: Expression)] = []
    var height = 0
    while current.kind != .symbol("}") {
      if !pairs.isEmpty {
        try expect(",")
        if current.kind == .symbol("}") { break }
      }
      let key = try expression()
      try expect(":")
      let value = try expression()
      height = max(height, key.height, value.height)
      pairs.append((key, value))
    }
    try expect("}")
    return try make(.dict(pairs), line: line, over: height)
  }
}
