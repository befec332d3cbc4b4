/// The names of the methods that Python's strings, lists, dictionaries and numbers have.
enum Method: String, Sendable {
  // Strings.
  case capitalize, casefold, center, count, encode, endswith, expandtabs, find, format, index, isalnum, isalpha
  case formatMap = "format_map"
  case isascii, isdecimal, isdigit, isidentifier, islower, isnumeric, isprintable, isspace, istitle, isupper, join
  case ljust, lower, lstrip, maketrans, partition, removeprefix, removesuffix, replace, rfind, rindex, rjust
  case rpartition, rsplit, rstrip, split, splitlines, startswith, strip, swapcase, title, translate, upper, zfill
  // Dictionaries and lists.
  case clear, copy, fromkeys, get, items, keys, pop, popitem, setdefault, update, values
  case append, extend, insert, remove, reverse, sort
  // Numbers.
  case isInteger = "is_integer"
  case bitLength = "bit_length"
  // The loop variable.
  case cycle, changed

  private static let ofStrings: Set<Method> = [
    .capitalize, .casefold, .center, .count, .encode, .endswith, .expandtabs, .find, .format, .index, .isalnum,
    .isalpha, .formatMap, .isascii, .isdecimal, .isdigit, .isidentifier, .islower, .isnumeric, .isprintable, .isspace,
    .istitle, .isupper, .join, .ljust, .lower, .lstrip, .maketrans, .partition, .removeprefix, .removesuffix, .replace,
    .rfind, .rindex, .rjust, .rpartition, .rsplit, .rstrip, .split, .splitlines, .startswith, .strip, .swapcase,
    .title, .translate, .upper, .zfill,
  ]

  var isOfLoop: Bool { self == .cycle || self == .changed }

  func exists(on value: Value) -> Bool {
    switch value {
    case .text: Method.ofStrings.contains(self)
    case .dict: [.copy, .fromkeys, .get, .items, .keys, .values].contains(self)
    case .list: [.copy, .count, .index].contains(self)
    case .tuple, .range: [.count, .index].contains(self)
    case .double: self == .isInteger
    case .int, .bool: self == .bitLength
    default: false
    }
  }

  /// Whether it would change its receiver, which the sandbox forbids.
  func isMutation(of value: Value) -> Bool {
    switch value {
    case .dict: [.clear, .pop, .popitem, .setdefault, .update].contains(self)
    case .list: [.append, .clear, .extend, .insert, .pop, .remove, .reverse, .sort].contains(self)
    default: false
    }
  }
}

/// Calls of methods.
extension Interpreter {
  func call(_ method: Method, on receiver: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    switch receiver {
    case .text(let text):
      try charge(text.bytes.count >> 2)
      return try call(method, on: text, arguments)
    case .dict(let dictionary): return try call(method, on: dictionary, arguments)
    case .list, .tuple, .range: return try callOnSequence(method, receiver, arguments)
    case .loop(let state): return try call(method, on: state, arguments)
    case .double(let value):
      _ = try bind(arguments, method.rawValue, [])
      return .bool(value == value.rounded())
    default:
      _ = try bind(arguments, method.rawValue, [])
      return .int(Int.bitWidth - (receiver.integer ?? 0).magnitude.leadingZeroBitCount)
    }
  }

  private func call(_ method: Method, on dictionary: Mapping, _ arguments: Arguments) throws(TemplateError) -> Value {
    switch method {
    case .get:
      guard arguments.keyword.isEmpty else { throw fault(.value, "get takes no keyword arguments") }
      let values = try bind(arguments, "get", ["key", "default"], required: 1)
      return dictionary.value(try key(values[0] ?? .none)) ?? values[1] ?? .none
    case .fromkeys: return try call(Function.dictFromKeys, arguments)
    default: _ = try bind(arguments, method.rawValue, [])
    }
    switch method {
    case .keys: return .view(DictionaryView(dictionary, .keys))
    case .values: return .view(DictionaryView(dictionary, .values))
    case .items: return .view(DictionaryView(dictionary, .items))
    default: return .dict(dictionary)
    }
  }

  private func callOnSequence(
    _ method: Method, _ receiver: Value, _ arguments: Arguments
  ) throws(TemplateError) -> Value {
    if method == .copy {
      _ = try bind(arguments, "copy", [])
      return try list(try items(of: receiver))
    }
    let values = try bind(arguments, method.rawValue, ["value", "start", "stop"], required: 1)
    let items = try items(of: receiver)
    let needle = values[0] ?? .none
    if method == .count {
      var count = 0
      for item in items where try equal(item, needle) { count += 1 }
      return .int(count)
    }
    let (start, stop) = try span(values[1], values[2], count: items.count)
    for place in start..<max(start, stop) where try equal(items[place], needle) { return .int(place) }
    throw fault(.value, "\(try repr(needle).string) is not in the \(receiver.typeName)")
  }

  /// Optional start and end of a search, as Python's slices read them.
  func span(_ start: Value?, _ stop: Value?, count: Int) throws(TemplateError) -> (Int, Int) {
    func bound(_ value: Value?, _ fallback: Int) throws(TemplateError) -> Int {
      guard let value else { return fallback }
      if case .none = value { return fallback }
      let place = try integer(value, "a position")
      return max(place < 0 ? place + count : place, 0)
    }
    // A start beyond the end stays there: not even the empty string is found at it.
    return (try bound(start, 0), min(try bound(stop, count), count))
  }

  func integer(_ value: Value, _ what: String) throws(TemplateError) -> Int {
    try refuseUndefined(value)
    guard let integer = value.integer else { throw fault(.value, "\(what) is an integer, not \(value.typeName)") }
    return integer
  }

  private func call(_ method: Method, on loop: LoopState, _ arguments: Arguments) throws(TemplateError) -> Value {
    if method == .cycle {
      guard !arguments.positional.isEmpty else { throw fault(.value, "no items for cycling given") }
      return arguments.positional[loop.index % arguments.positional.count]
    }
    if let last = loop.lastChangedValue {
      let before = try tuple(last)
      if try equal(before, try tuple(arguments.positional)) { return .bool(false) }
    }
    loop.lastChangedValue = arguments.positional
    return .bool(true)
  }
}
