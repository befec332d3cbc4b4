/// A name of a variable, as its index in `Program.names`.
typealias Symbol = Int

/// A parsed template.
struct Program: Sendable {
  var body: [Statement] = []
  /// The variable names that occur; `Symbol` is an index into it.
  var names: [Text] = []
  /// For every scope, the names that are undefined when it starts.
  var initiallyUndefined: [[Symbol]] = []
  /// The name `loop`, when the template uses it.
  var loopSymbol: Symbol?
  /// The names that macros receive without declaring them, when the template uses them.
  var callerSymbol: Symbol?
  var keywordsSymbol: Symbol?
  var extraSymbol: Symbol?
}

/// An expression with its line and the height of its tree, which the parser bounds.
struct Expression: Sendable {
  indirect enum Kind: Sendable {
    case none
    case bool(Bool)
    case int(Int)
    case double(Double)
    case string(Text)
    case name(Symbol)
    case list([Expression])
    case tuple([Expression])
    case dict([(key: Expression, value: Expression)])
    case attribute(Expression, AttributeName)
    case subscripted(Expression, Expression)
    case slice(Expression, start: Expression?, stop: Expression?, step: Expression?)
    case call(Expression, CallArguments)
    case filter(Expression, FilterName, CallArguments)
    case test(Expression, TestName, CallArguments)
    case not(Expression)
    case negative(Expression)
    case positive(Expression)
    case binary(BinaryOperator, Expression, Expression)
    case and(Expression, Expression)
    case or(Expression, Expression)
    case compare(Expression, [(comparison: Comparison, operand: Expression)])
    case concatenation([Expression])
    case conditional(test: Expression, then: Expression, otherwise: Expression?)
    /// The text of the enclosing `{% filter %}` or `{% set %}` block, to which its filters apply.
    case blockText
  }

  let kind: Kind
  let line: Int
  let height: Int
}

/// The name after a dot, with the method it names if any type has such a method.
struct AttributeName: Sendable {
  let text: Text
  let method: Method?

  init(_ text: Text) {
    self.text = text
    method = Method(rawValue: text.excerpt)
  }
}

/// A filter that exists, or the name of one that does not: jinja2 lets that stand inside `if` until it is used.
enum FilterName: Sendable {
  case known(Filter)
  case unknown(String)
}

/// A test that exists, or the name of one that does not, as with filters.
enum TestName: Sendable {
  case known(Test)
  case unknown(String)
}

enum BinaryOperator: String, Sendable {
  case add = "+"
  case subtract = "-"
  case multiply = "*"
  case divide = "/"
  case floorDivide = "//"
  case modulo = "%"
  case power = "**"
}

enum Comparison: String, Sendable {
  case equal = "=="
  case notEqual = "!="
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
  case isIn = "in"
  case notIn = "not in"
}

/// The arguments of a call: `f(a, name=b, *rest, **more)`.
struct CallArguments: Sendable {
  var positional: [Expression] = []
  var keyword: [(name: Text, value: Expression)] = []
  var unpackedList: Expression?
  var unpackedDict: Expression?

  static let none = CallArguments()

  var height: Int {
    var result = 0
    for argument in positional { result = max(result, argument.height) }
    for argument in keyword { result = max(result, argument.value.height) }
    return max(result, unpackedList?.height ?? 0, unpackedDict?.height ?? 0)
  }
}

/// What `set`, `for` and `with` assign to.
indirect enum Target: Sendable {
  case name(Symbol)
  case attribute(of: Symbol, name: Text, line: Int)
  case tuple([Target])
}

indirect enum Statement: Sendable {
  case text(Text)
  case output(Expression)
  case conditional([(test: Expression, body: [Statement])], otherwise: [Statement])
  case loop(Loop)
  case set(Target, Expression)
  case setBlock(Target, filter: Expression?, body: Body)
  case macro(MacroDefinition)
  case callBlock(call: Expression, caller: MacroDefinition)
  case filterBlock(Expression, body: Body)
  case with([(target: Target, value: Expression)], body: Body)
  case generation(Body)
  case breakLoop
  case continueLoop
}

/// Statements in a scope of their own.
struct Body: Sendable {
  let statements: [Statement]
  let scope: ScopeID
}

struct Loop: Sendable {
  let target: Target
  let sequence: Expression
  let condition: Expression?
  let isRecursive: Bool
  let body: Body
  let otherwise: Body?
  let line: Int
}

struct MacroDefinition: Sendable {
  let name: Text
  let symbol: Symbol?
  let parameters: [(symbol: Symbol, name: Text)]
  /// Defaults of the last parameters.
  let defaults: [Expression]
  let body: Body
  /// The special names that the body reads, and so receives.
  let readsCaller: Bool
  let readsKeywords: Bool
  let readsExtraPositional: Bool
  let line: Int
}
