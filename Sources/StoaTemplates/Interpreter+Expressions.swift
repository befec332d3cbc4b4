/// Evaluated arguments of a call.
struct Arguments {
  var positional: [Value] = []
  var keyword: [(name: Text, value: Value)] = []
}

/// Expressions.
extension Interpreter {
  func evaluate(_ expression: Expression, in scope: Scope) throws(TemplateError) -> Value {
    try charge()
    switch expression.kind {
    case .none: return .none
    case .bool(let value): return .bool(value)
    case .int(let value): return .int(value)
    case .double(let value): return .double(value)
    case .string(let text): return .text(text)
    case .name(let symbol): return try lookUp(symbol, in: scope)
    case .blockText: return blockText
    default:
      try enter()
      defer { leave() }
      return try evaluateCompound(expression, in: scope)
    }
  }

  private func evaluateCompound(_ expression: Expression, in scope: Scope) throws(TemplateError) -> Value {
    switch expression.kind {
    case .list(let items): return try list(try evaluate(items, in: scope))
    case .tuple(let items): return try tuple(try evaluate(items, in: scope))
    case .dict(let pairs): return try evaluateDict(pairs, in: scope)
    case .attribute(let base, let name):
      let base = try evaluate(base, in: scope)
      line = expression.line
      return try attribute(name.text, method: name.method, of: base)
    case .subscripted(let base, let index):
      let base = try evaluate(base, in: scope)
      let index = try evaluate(index, in: scope)
      line = expression.line
      return try element(index, of: base)
    case .slice: return try evaluateSlice(expression, in: scope)
    case .call(let callee, let arguments):
      let function = try evaluate(callee, in: scope)
      let arguments = try evaluate(arguments, in: scope)
      line = expression.line
      return try call(function, arguments)
    case .filter(let base, let name, let arguments):
      let base = try evaluate(base, in: scope)
      let arguments = try evaluate(arguments, in: scope)
      line = expression.line
      return try apply(name, to: base, arguments)
    case .test(let base, let name, let arguments):
      let base = try evaluate(base, in: scope)
      let arguments = try evaluate(arguments, in: scope)
      line = expression.line
      return .bool(try apply(name, to: base, arguments))
    default: return try evaluateOperator(expression, in: scope)
    }
  }

  private func evaluateOperator(_ expression: Expression, in scope: Scope) throws(TemplateError) -> Value {
    switch expression.kind {
    case .not(let operand): return .bool(try !evaluate(operand, in: scope).isTrue)
    case .and(let left, let right):
      let value = try evaluate(left, in: scope)
      return value.isTrue ? try evaluate(right, in: scope) : value
    case .or(let left, let right):
      let value = try evaluate(left, in: scope)
      return value.isTrue ? value : try evaluate(right, in: scope)
    case .negative(let operand):
      let value = try evaluate(operand, in: scope)
      line = expression.line
      return try signed(value, isNegative: true)
    case .positive(let operand):
      let value = try evaluate(operand, in: scope)
      line = expression.line
      return try signed(value, isNegative: false)
    case .binary(let operation, let left, let right):
      let left = try evaluate(left, in: scope)
      let right = try evaluate(right, in: scope)
      line = expression.line
      return try apply(operation, left, right)
    case .compare(let first, let operands):
      var left = try evaluate(first, in: scope)
      for operand in operands {
        let right = try evaluate(operand.operand, in: scope)
        line = expression.line
        guard try compare(left, operand.comparison, right) else { return .bool(false) }
        left = right
      }
      return .bool(true)
    case .concatenation(let parts):
      var bytes: [UInt8] = []
      for part in parts {
        let value = try evaluate(part, in: scope)
        line = expression.line
        bytes += try string(value).bytes
        guard bytes.count <= limits.outputBytes else {
          throw fault(.limit, "a string is longer than \(limits.outputBytes) bytes")
        }
      }
      return try make(Text(bytes: bytes))
    case .conditional(let test, let then, let otherwise):
      if try evaluate(test, in: scope).isTrue { return try evaluate(then, in: scope) }
      if let otherwise { return try evaluate(otherwise, in: scope) }
      return .undefined(
        Undefined(
          "the inline if-expression on line \(expression.line) evaluated to false and no else section was defined"))
    default: return .none
    }
  }

  private func evaluate(_ expressions: [Expression], in scope: Scope) throws(TemplateError) -> [Value] {
    var values: [Value] = []
    values.reserveCapacity(expressions.count)
    for expression in expressions { values.append(try evaluate(expression, in: scope)) }
    return values
  }

  private func evaluateDict(
    _ pairs: [(key: Expression, value: Expression)], in scope: Scope
  ) throws(TemplateError) -> Value {
    let dictionary = Mapping()
    for pair in pairs {
      let key = try evaluate(pair.key, in: scope)
      let value = try evaluate(pair.value, in: scope)
      line = pair.key.line
      try insert(value, for: key, into: dictionary)
    }
    return .dict(dictionary)
  }

  private func evaluateSlice(_ expression: Expression, in scope: Scope) throws(TemplateError) -> Value {
    guard case .slice(let base, let start, let stop, let step) = expression.kind else { return .none }
    let value = try evaluate(base, in: scope)
    func bound(_ expression: Expression?) throws(TemplateError) -> Int? {
      guard let expression else { return nil }
      let value = try evaluate(expression, in: scope)
      line = expression.line
      if case .none = value { return nil }
      guard let integer = value.integer else {
        throw fault(.value, "slice bounds are integers or none, not \(value.typeName)")
      }
      return integer
    }
    let bounds = (try bound(start), try bound(stop), try bound(step))
    line = expression.line
    return try slice(value, start: bounds.0, stop: bounds.1, step: bounds.2 ?? 1)
  }

  func evaluate(_ arguments: CallArguments, in scope: Scope) throws(TemplateError) -> Arguments {
    var result = Arguments()
    result.positional = try evaluate(arguments.positional, in: scope)
    for argument in arguments.keyword {
      result.keyword.append((argument.name, try evaluate(argument.value, in: scope)))
    }
    if let rest = arguments.unpackedList { result.positional += try items(of: try evaluate(rest, in: scope)) }
    if let rest = arguments.unpackedDict {
      let value = try evaluate(rest, in: scope)
      guard case .dict(let dictionary) = value else {
        throw fault(.value, "the argument after ** must be a mapping, not \(value.typeName)")
      }
      for (key, value) in zip(dictionary.keys, dictionary.values) {
        guard case .text(let name) = key, !result.keyword.contains(where: { $0.name == name }) else {
          throw fault(.value, "the keywords after ** must be distinct strings")
        }
        try charge(result.keyword.count)
        result.keyword.append((name, value))
      }
    }
    return result
  }

  // MARK: Calls

  func call(_ callee: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    switch callee {
    case .method(let bound): return try call(bound.method, on: bound.receiver, arguments)
    case .macro(let macro): return try call(macro, arguments)
    case .function(let function): return try call(function, arguments)
    case .loop(let state):
      guard state.loop.isRecursive else {
        throw fault(.value, "the loop must have the 'recursive' marker to be called recursively")
      }
      let values = try bind(arguments, "loop", ["iterable"], required: 1)
      try enter()
      defer { leave() }
      return .text(
        try renderRecursive(
          state.loop, over: values[0] ?? .none, in: state.scope, recursionDepth: state.recursionDepth + 1))
    case .undefined(let undefined): throw fault(undefined.kind, undefined.message)
    default: throw fault(.value, "a value of type \(callee.typeName) cannot be called")
    }
  }

  /// Sorts arguments to parameters as Python does; missing optional ones are nil.
  func bind(
    _ arguments: Arguments, _ function: String, _ parameters: [String], required: Int = 0
  ) throws(TemplateError) -> [Value?] {
    guard arguments.positional.count <= parameters.count else {
      throw fault(
        .value, "\(function) takes at most \(parameters.count) arguments, \(arguments.positional.count) given")
    }
    var values: [Value?] = arguments.positional
    values += [Value?](repeating: nil, count: parameters.count - values.count)
    for argument in arguments.keyword {
      guard let place = parameters.firstIndex(of: argument.name.excerpt), values[place] == nil else {
        throw fault(.value, "\(function) got an unexpected argument '\(argument.name.excerpt)'")
      }
      values[place] = argument.value
    }
    for (parameter, value) in zip(parameters, values).prefix(required) where value == nil {
      throw fault(.value, "\(function) misses its argument '\(parameter)'")
    }
    return values
  }

  private func call(_ macro: Macro, _ arguments: Arguments) throws(TemplateError) -> Value {
    let definition = macro.definition
    let scope = try makeScope(definition.body.scope, parent: macro.scope)
    let callLine = line
    try enter()
    defer {
      leave()
      line = callLine
    }
    var keyword = arguments.keyword
    func take(_ name: Text) -> Value? {
      keyword.firstIndex { $0.name == name }.map { keyword.remove(at: $0).value }
    }
    for (i, parameter) in definition.parameters.enumerated() {
      let defaultIndex = i - (definition.parameters.count - definition.defaults.count)
      if i < arguments.positional.count {
        scope.set(parameter.symbol, arguments.positional[i])
      } else if let value = take(parameter.name) {
        scope.set(parameter.symbol, value)
      } else if defaultIndex >= 0 {
        scope.set(parameter.symbol, try evaluate(definition.defaults[defaultIndex], in: scope))
      } else {
        let missing = Undefined("parameter '\(parameter.name.string)' was not provided")
        scope.set(parameter.symbol, .undefined(missing))
      }
    }
    if definition.readsCaller, let symbol = program.callerSymbol {
      scope.set(symbol, take(Text("caller")) ?? .undefined(Undefined("No caller defined")))
    }
    if definition.readsKeywords, let symbol = program.keywordsSymbol {
      let dictionary = Mapping()
      for argument in keyword { try insert(argument.value, for: .text(argument.name), into: dictionary) }
      scope.set(symbol, .dict(dictionary))
    } else if let unexpected = keyword.first {
      throw fault(
        .value, "macro '\(definition.name.string)' takes no keyword argument '\(unexpected.name.excerpt)'")
    }
    let extra = Array(arguments.positional.dropFirst(definition.parameters.count))
    if definition.readsExtraPositional, let symbol = program.extraSymbol {
      scope.set(symbol, try tuple(extra))
    } else if !extra.isEmpty {
      throw fault(
        .value,
        "macro '\(definition.name.string)' takes not more than \(definition.parameters.count) argument(s)")
    }
    return .text(try rendered(definition.body.statements, in: scope).text)
  }
}
