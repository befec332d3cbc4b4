/// Runs one rendering of a program: statements, scopes, output and the bounds on all of it.
final class Interpreter {
  let program: Program
  let limits: TemplateLimits
  let now: TemplateDate?
  private let context: [Text: Value]
  /// The text rendered so far into the innermost block that captures its output.
  var output: [UInt8] = []
  /// What enclosing blocks have rendered, in bytes.
  var outerOutputBytes = 0
  /// The line of the construct that runs, for errors.
  var line = 0
  /// The text on which the filters of a `filter` or `set` block work.
  var blockText = Value.none

  private var steps = 0
  private var allocated = 0
  var iterations = 0
  private var depth = 0
  private var namespaces: [Namespace] = []
  private var capturedScopes: [Scope] = []

  init(program: Program, limits: TemplateLimits, context: [String: TemplateValue], now: TemplateDate?)
    throws(TemplateError)
  {
    self.program = program
    self.limits = limits
    self.now = now
    var converted: [Text: Value] = [:]
    for (name, value) in context {
      converted[Text(name)] = try Value(value, depth: 0, limit: limits.valueDepth)
    }
    for function in Function.globals where function != .strftimeNow || now != nil {
      let name = Text(function.rawValue)
      if converted[name] == nil { converted[name] = .function(function) }
    }
    self.context = converted
  }

  deinit {
    for namespace in namespaces { namespace.clear() }
    for scope in capturedScopes { scope.clear() }
  }

  func run() throws(TemplateError) -> String {
    _ = try execute(program.body, in: try makeScope(0, parent: nil))
    return String(decoding: output, as: UTF8.self)
  }

  // MARK: Bounds

  func fault(_ kind: TemplateError.Kind, _ message: String) -> TemplateError {
    TemplateError(kind, message, line: line)
  }

  func charge(_ count: Int = 1) throws(TemplateError) {
    steps += count
    guard steps <= limits.steps else {
      throw fault(.limit, "rendering takes more than \(limits.steps) steps")
    }
  }

  /// Accounts for a string or container of so many bytes.
  func allocate(_ bytes: Int) throws(TemplateError) {
    try charge(bytes >> 6)
    allocated += bytes
    guard allocated <= limits.allocatedBytes else {
      throw fault(.limit, "rendering uses more than \(limits.allocatedBytes) bytes for its values")
    }
  }

  func enter() throws(TemplateError) {
    depth += 1
    guard depth <= limits.evaluationDepth else {
      throw fault(.limit, "macros, blocks and expressions run nested deeper than \(limits.evaluationDepth)")
    }
  }

  func leave() { depth -= 1 }

  func write(_ bytes: [UInt8]) throws(TemplateError) {
    guard outerOutputBytes + output.count + bytes.count <= limits.outputBytes else {
      throw fault(.limit, "the output is longer than \(limits.outputBytes) bytes")
    }
    try charge(bytes.count >> 6)
    output += bytes
  }

  // MARK: Making values

  func make(_ text: Text) throws(TemplateError) -> Value {
    guard text.bytes.count <= limits.outputBytes else {
      throw fault(.limit, "a string is longer than \(limits.outputBytes) bytes")
    }
    try allocate(text.bytes.count)
    return .text(text)
  }

  func make(string: String) throws(TemplateError) -> Value { try make(Text(string)) }

  func checkDepth(_ depth: Int) throws(TemplateError) {
    guard depth <= limits.valueDepth else {
      throw fault(.limit, "values are nested deeper than \(limits.valueDepth)")
    }
  }

  func checkLength(_ count: Int) throws(TemplateError) {
    guard count <= limits.sequenceLength else {
      throw fault(.limit, "a list is longer than \(limits.sequenceLength)")
    }
  }

  func sequence(_ items: [Value]) throws(TemplateError) -> Items {
    try checkLength(items.count)
    try allocate(items.count * 32)
    try charge(items.count)
    var depth = 0
    for item in items { depth = max(depth, item.depth) }
    try checkDepth(depth + 1)
    return Items(items: items, depth: depth + 1)
  }

  func list(_ items: [Value]) throws(TemplateError) -> Value { .list(try sequence(items)) }
  func tuple(_ items: [Value]) throws(TemplateError) -> Value { .tuple(try sequence(items)) }

  /// Adds to a dictionary that is being made.
  func insert(_ value: Value, for key: Value, into dictionary: Mapping) throws(TemplateError) {
    try allocate(128)
    dictionary.set(try self.key(key), key, value)
    try checkDepth(dictionary.depth)
  }

  func lazy(over depth: Int, _ step: @escaping () throws(TemplateError) -> Value?) throws(TemplateError) -> Value {
    try allocate(64)
    try checkDepth(depth + 1)
    return .iterator(Iterator(.steps(step), depth: depth + 1))
  }

  /// A lazy sequence whose source is found only when the first item is asked for, as in a Python generator.
  func deferred(
    over depth: Int, _ make: @escaping () throws(TemplateError) -> Iterator
  ) throws(TemplateError) -> Value {
    var source: Iterator?
    return try lazy(over: depth) { () throws(TemplateError) -> Value? in
      let iterator = if let source { source } else { try make() }
      source = iterator
      return try iterator.next()
    }
  }

  func makeNamespace() throws(TemplateError) -> Namespace {
    try allocate(256)
    let namespace = Namespace()
    namespaces.append(namespace)
    return namespace
  }

  // MARK: Variables

  /// The variables of a scope as it starts.
  func makeScope(_ id: ScopeID, parent: Scope?) throws(TemplateError) -> Scope {
    let scope = Scope(parent: parent)
    try charge(program.initiallyUndefined[id].count)
    for symbol in program.initiallyUndefined[id] {
      scope.set(symbol, .undefined(Undefined("'\(program.names[symbol].excerpt)' is undefined")))
    }
    return scope
  }

  /// Runs statements in a scope of their own.
  func execute(_ body: Body, inside scope: Scope) throws(TemplateError) -> Flow {
    try execute(body.statements, in: try makeScope(body.scope, parent: scope))
  }

  func lookUp(_ symbol: Symbol, in scope: Scope) throws(TemplateError) -> Value {
    var scope: Scope? = scope
    var distance = 0
    while let here = scope {
      if let value = here[symbol] { return value }
      scope = here.parent
      distance += 1
    }
    try charge(distance >> 3)
    let name = program.names[symbol]
    return context[name] ?? .undefined(Undefined("'\(name.excerpt)' is undefined"))
  }

  func assign(_ value: Value, to target: Target, in scope: Scope) throws(TemplateError) {
    switch target {
    case .name(let symbol): scope.set(symbol, value)
    case .attribute(let symbol, let name, let line):
      self.line = line
      guard case .namespace(let namespace) = try lookUp(symbol, in: scope) else {
        throw fault(.value, "cannot assign the attribute '\(name.string)' of something that is not a namespace")
      }
      try set(name, of: namespace, to: value)
    case .tuple(let targets):
      let items = try self.items(of: value)
      guard items.count == targets.count else {
        throw fault(.value, "cannot unpack \(items.count) values into \(targets.count) names")
      }
      for (target, item) in zip(targets, items) { try assign(item, to: target, in: scope) }
    }
  }

  func set(_ name: Text, of namespace: Namespace, to value: Value) throws(TemplateError) {
    guard name.bytes.first != UInt8(ascii: "_") else {
      throw fault(.security, "a namespace cannot hold '\(name.string)': names that start with '_' are private")
    }
    try allocate(64)
    namespace.set(name, value)
  }

  // MARK: Statements

  /// How a list of statements ended.
  enum Flow {
    case next
    case breakLoop
    case continueLoop
  }

  func execute(_ body: [Statement], in scope: Scope) throws(TemplateError) -> Flow {
    try enter()
    defer { leave() }
    for statement in body {
      try charge()
      let flow = try execute(statement, in: scope)
      guard flow == .next else { return flow }
    }
    return .next
  }

  private func execute(_ statement: Statement, in scope: Scope) throws(TemplateError) -> Flow {
    switch statement {
    case .text(let text): try write(text.bytes)
    case .output(let expression): try write(expression, in: scope)
    case .conditional(let branches, let otherwise):
      for branch in branches where try evaluate(branch.test, in: scope).isTrue {
        return try execute(branch.body, in: scope)
      }
      return try execute(otherwise, in: scope)
    case .loop(let loop): return try run(loop, in: scope)
    case .set(let target, let expression): try assign(try evaluate(expression, in: scope), to: target, in: scope)
    case .macro(let definition):
      try capture(scope)
      if let symbol = definition.symbol { scope.set(symbol, .macro(Macro(definition, scope: scope))) }
    case .breakLoop: return .breakLoop
    case .continueLoop: return .continueLoop
    default: return try executeBlock(statement, in: scope)
    }
    return .next
  }

  /// The statements whose body has a scope of its own and, but for `with`, whose output is captured first.
  private func executeBlock(_ statement: Statement, in scope: Scope) throws(TemplateError) -> Flow {
    switch statement {
    case .setBlock(let target, let filter, let body):
      let (text, flow) = try rendered(body.statements, in: try makeScope(body.scope, parent: scope))
      guard flow == .next else { return flow }
      blockText = .text(text)
      let value = if let filter { try evaluate(filter, in: scope) } else { blockText }
      try assign(value, to: target, in: scope)
    case .filterBlock(let filter, let body):
      let (text, flow) = try rendered(body.statements, in: try makeScope(body.scope, parent: scope))
      guard flow == .next else { return flow }
      blockText = .text(text)
      guard case .text(let result) = try evaluate(filter, in: scope) else {
        line = filter.line
        throw fault(.value, "the filters of a filter block must end in a string")
      }
      try write(result.bytes)
    case .with(let bindings, let body):
      let inner = try makeScope(body.scope, parent: scope)
      for binding in bindings { try assign(try evaluate(binding.value, in: scope), to: binding.target, in: inner) }
      return try execute(body.statements, in: inner)
    case .generation(let body):
      let (text, _) = try rendered(body.statements, in: try makeScope(body.scope, parent: scope))
      try write(text.bytes)
    case .callBlock(let call, let definition):
      try capture(scope)
      guard case .call(let callee, let arguments) = call.kind else { return .next }
      let function = try evaluate(callee, in: scope)
      var values = try evaluate(arguments, in: scope)
      values.keyword.append((Text("caller"), .macro(Macro(definition, scope: scope))))
      line = call.line
      try write(try string(try self.call(function, values)).bytes)
    default: break
    }
    return .next
  }

  private func write(_ expression: Expression, in scope: Scope) throws(TemplateError) {
    let value = try evaluate(expression, in: scope)
    line = expression.line
    if case .text(let text) = value { try write(text.bytes) } else { try write(try string(value).bytes) }
  }

  /// Takes ownership of the scopes that a macro is about to hold.
  private func capture(_ scope: Scope) throws(TemplateError) {
    var scope: Scope? = scope
    while let here = scope, !here.isCaptured {
      try allocate(256)
      here.isCaptured = true
      capturedScopes.append(here)
      scope = here.parent
    }
  }

  /// What a body renders, kept from the output.
  func rendered(_ body: [Statement], in scope: Scope) throws(TemplateError) -> (text: Text, flow: Flow) {
    let outer = output
    let outerBytes = outerOutputBytes
    outerOutputBytes += outer.count
    output = []
    // An error ends the whole rendering, so only success has to restore the outer output.
    let flow = try execute(body, in: scope)
    let text = Text(bytes: output)
    output = outer
    outerOutputBytes = outerBytes
    try allocate(text.bytes.count)
    return (text, flow)
  }
}

extension Value {
  /// The context's data as values of the interpreter.
  init(_ value: TemplateValue, depth: Int, limit: Int) throws(TemplateError) {
    guard depth < limit else {
      throw TemplateError(.limit, "the data given to the template is nested deeper than \(limit)", line: 0)
    }
    switch value {
    case .none: self = .none
    case .bool(let value): self = .bool(value)
    case .int(let value): self = .int(value)
    case .double(let value): self = .double(value)
    case .string(let value): self = .text(Text(value))
    case .list(let values):
      var items: [Value] = []
      items.reserveCapacity(values.count)
      for value in values { items.append(try Value(value, depth: depth + 1, limit: limit)) }
      self = .list(Items(items: items, depth: 1 + (items.map(\.depth).max() ?? 0)))
    case .dict(let dictionary):
      let result = Mapping()
      for (key, value) in dictionary.entries {
        let text = Text(key)
        result.set(.text(text.bytes), .text(text), try Value(value, depth: depth + 1, limit: limit))
      }
      self = .dict(result)
    }
  }
}
