/// The functions that every chat template can call.
extension Interpreter {
  func call(_ function: Function, _ arguments: Arguments) throws(TemplateError) -> Value {
    switch function {
    case .raiseException:
      let message = try bind(arguments, "raise_exception", ["message"], required: 1)[0] ?? .none
      throw fault(.raised, try string(message).string)
    case .strftimeNow:
      let format = try bind(arguments, "strftime_now", ["format"], required: 1)[0] ?? .none
      guard let now else { throw fault(.undefined, "'strftime_now' is undefined") }
      guard case .text(let text) = format else {
        throw fault(.value, "strftime_now takes a format string, not \(format.typeName)")
      }
      return try make(string: now.formatted(text.string))
    case .range: return try range(arguments)
    case .dict: return try dict(arguments)
    case .dictFromKeys:
      let values = try bind(arguments, "fromkeys", ["iterable", "value"], required: 1)
      let dictionary = Mapping()
      for key in try items(of: values[0] ?? .none) { try insert(values[1] ?? .none, for: key, into: dictionary) }
      return .dict(dictionary)
    case .namespace:
      guard case .dict(let dictionary) = try dict(arguments) else { return .none }
      let namespace = try makeNamespace()
      for (key, value) in zip(dictionary.keys, dictionary.values) {
        guard case .text(let name) = key else {
          throw fault(.value, "the attributes of a namespace have strings as names")
        }
        try set(name, of: namespace, to: value)
      }
      return .namespace(namespace)
    }
  }

  private func range(_ arguments: Arguments) throws(TemplateError) -> Value {
    guard arguments.keyword.isEmpty, (1...3).contains(arguments.positional.count) else {
      throw fault(.value, "range takes one to three integers")
    }
    var bounds: [Int] = []
    for value in arguments.positional {
      guard let integer = value.integer else {
        throw fault(value.isUndefined ? .undefined : .value, "range takes integers, not \(value.typeName)")
      }
      bounds.append(integer)
    }
    let start = bounds.count == 1 ? 0 : bounds[0]
    let stop = bounds.count == 1 ? bounds[0] : bounds[1]
    let step = bounds.count == 3 ? bounds[2] : 1
    guard step != 0 else { throw fault(.value, "the step of a range is zero") }
    let (distance, overflows) =
      step > 0 ? stop.subtractingReportingOverflow(start) : start.subtractingReportingOverflow(stop)
    guard !overflows, step != .min else { throw fault(.limit, "a range is too long") }
    let count = distance <= 0 ? 0 : (distance - 1) / abs(step) + 1
    guard count <= limits.rangeLength else {
      throw fault(.limit, "a range has \(count) items, more than \(limits.rangeLength)")
    }
    return .range(IntegerRange(start: start, stop: stop, step: step, count: count))
  }

  private func dict(_ arguments: Arguments) throws(TemplateError) -> Value {
    guard arguments.positional.count <= 1 else { throw fault(.value, "dict takes at most one positional argument") }
    let dictionary = Mapping()
    switch arguments.positional.first {
    case nil: break
    case .dict(let other)?:
      for (key, value) in zip(other.keys, other.values) { try insert(value, for: key, into: dictionary) }
    case let other?:
      try refuseUndefined(other)
      for pair in try items(of: other) {
        let parts = try items(of: pair)
        guard parts.count == 2 else { throw fault(.value, "dict takes a mapping or a sequence of pairs") }
        try insert(parts[1], for: parts[0], into: dictionary)
      }
    }
    for argument in arguments.keyword { try insert(argument.value, for: .text(argument.name), into: dictionary) }
    return .dict(dictionary)
  }
}
