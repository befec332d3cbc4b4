/// The filters of jinja2; `tojson` is that of transformers.
enum Filter: String, Sendable {
  case abs, attr, batch, capitalize, center, count, d, `default`, dictsort, e, escape, first, float, forceescape
  case format, groupby, indent, int, items, join, last, length, list, lower, map, max, min, reject, rejectattr
  case replace, reverse, round, safe, select, selectattr, slice, sort, string, sum, title, tojson, trim, truncate
  case unique, upper, urlencode, wordcount, wordwrap
  // Those for web pages, for programmers, and the one by chance: known, so that a template may have them where they
  // are not reached, but not supported.
  case filesizeformat, pprint, random, striptags, urlize, xmlattr
}

/// Filters that work on one value; those on sequences are in `SequenceFilters.swift`.
extension Interpreter {
  func apply(_ name: FilterName, to value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    switch name {
    case .known(let filter): return try apply(filter, to: value, arguments)
    case .unknown(let name): throw fault(.value, "there is no filter named '\(name)'")
    }
  }

  func apply(_ filter: Filter, to value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    func none() throws(TemplateError) { _ = try bind(arguments, filter.rawValue, []) }
    switch filter {
    case .default, .d:
      let values = try bind(arguments, "default", ["default_value", "boolean"])
      let isReplaced = value.isUndefined || (values[1]?.isTrue ?? false) && !value.isTrue
      return isReplaced ? values[0] ?? .text(.empty) : value
    case .tojson: return try json(value, arguments)
    case .length, .count:
      try none()
      if case .text(let text) = value { try charge(text.bytes.count >> 6) }
      guard let count = count(of: value) else {
        throw fault(.value, "a value of type \(value.typeName) has no length")
      }
      return .int(count)
    case .string:
      try none()
      return try make(try string(value))
    case .safe:
      try none()
      return try make(Text(bytes: try string(value).bytes, isMarkup: true))
    case .escape, .e:
      try none()
      return try make(try string(value).escaped)
    case .forceescape:
      try none()
      return try make(try string(value).plain.escaped)
    case .attr:
      let name = try text(try bind(arguments, "attr", ["name"], required: 1)[0], "attr")
      if case .dict = value, Method(rawValue: name.excerpt)?.exists(on: value) != true {
        return .undefined(Undefined("'dict object' has no attribute '\(name.excerpt)'"))
      }
      return try attribute(name, method: Method(rawValue: name.excerpt), of: value)
    case .abs, .int, .float, .round: return try applyNumeric(filter, to: value, arguments)
    case .upper, .lower, .capitalize, .title, .trim, .replace, .indent, .center, .wordcount, .format, .wordwrap:
      return try applyTextual(filter, to: value, arguments)
    case .truncate: return try truncated(value, arguments)
    case .urlencode:
      try none()
      return try urlEncoded(value)
    case .filesizeformat, .pprint, .random, .striptags, .urlize, .xmlattr:
      throw fault(.value, "the filter '\(filter.rawValue)' is not supported in chat templates")
    default: return try applyToSequence(filter, value, arguments)
    }
  }

  // MARK: Text

  private func applyTextual(_ filter: Filter, to value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    let text = try string(value)
    try charge(text.bytes.count >> (filter == .wordcount || filter == .title ? 0 : 2))
    switch filter {
    case .upper, .lower, .capitalize:
      guard let method = Method(rawValue: filter.rawValue) else { return value }
      return try call(method, on: text, arguments)
    case .title:
      _ = try bind(arguments, "title", [])
      return try make(titled(text))
    case .trim:
      let values = try bind(arguments, "trim", ["chars"])
      return try call(.strip, on: text, Arguments(positional: values.compactMap { $0 }))
    case .replace:
      let values = try bind(arguments, "replace", ["old", "new", "count"], required: 2)
      let old = try string(values[0] ?? .none)
      return try make(try replaced(text.plain, old, try string(values[1] ?? .none), values[2]))
    case .format:
      guard arguments.positional.isEmpty || arguments.keyword.isEmpty else {
        throw fault(.value, "format takes positional or keyword arguments, not both")
      }
      if arguments.keyword.isEmpty { return try make(try percentFormat(text, try tuple(arguments.positional))) }
      let dictionary = Mapping()
      for argument in arguments.keyword { try insert(argument.value, for: .text(argument.name), into: dictionary) }
      return try make(try percentFormat(text, .dict(dictionary)))
    case .center:
      let width = try bind(arguments, "center", ["width"])[0] ?? .int(80)
      return try call(.center, on: text, Arguments(positional: [width]))
    case .wordcount:
      _ = try bind(arguments, "wordcount", [])
      var count = 0
      var isInWord = false
      for scalar in text.string.unicodeScalars {
        let isWord = scalar == "_" || scalar.isPythonAlphabetic || scalar.properties.numericType != nil
        if isWord, !isInWord { count += 1 }
        isInWord = isWord
      }
      return .int(count)
    case .indent: return try indented(try self.text(value, "indent"), arguments)
    default: return try wordWrapped(try self.text(value, "wordwrap"), arguments)
    }
  }

  /// jinja2's own rule for `title`: words start after white space and the characters `- ( { [ <`.
  private func titled(_ text: Text) -> Text {
    var result: [UInt8] = []
    var startsWord = true
    var word: [UInt8] = []
    for scalar in text.string.unicodeScalars {
      let separates = scalar.isPythonSpace || ["-", "(", "{", "[", "<"].contains(scalar)
      if separates {
        result += Text(bytes: word).lowercased.bytes
        word = []
        result += scalar.properties.uppercaseMapping.utf8
        startsWord = true
      } else if startsWord {
        result += scalar.properties.uppercaseMapping.utf8
        startsWord = false
      } else {
        word.append(scalar: scalar)
      }
    }
    result += Text(bytes: word).lowercased.bytes
    return Text(bytes: result)
  }

  private func indented(_ text: Text, _ arguments: Arguments) throws(TemplateError) -> Value {
    let values = try bind(arguments, "indent", ["width", "first", "blank"])
    var indent: [UInt8]
    if case .text(let text)? = values[0] {
      indent = text.bytes
    } else {
      let width = try integer(values[0] ?? .int(4), "width")
      guard width <= 1000 else { throw fault(.limit, "indent is wider than 1000") }
      indent = [UInt8](repeating: UInt8(ascii: " "), count: max(0, width))
    }
    let indentsBlank = values[2]?.isTrue ?? false
    var result: [UInt8] = values[1]?.isTrue ?? false ? indent : []
    let lines = text.derived(text.bytes + [UInt8(ascii: "\n")]).lines(limit: limits.sequenceLength)
    try checkLength(lines.count)
    for (i, line) in lines.enumerated() {
      if i > 0 {
        result.append(UInt8(ascii: "\n"))
        if indentsBlank || !line.bytes.isEmpty { result += indent }
      }
      result += line.bytes
      guard result.count <= limits.outputBytes else {
        throw fault(.limit, "a string is longer than \(limits.outputBytes) bytes")
      }
    }
    return try make(text.derived(result))
  }

  private func truncated(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    let values = try bind(arguments, "truncate", ["length", "killwords", "end", "leeway"])
    let length = try integer(values[0] ?? .int(255), "length")
    let end = try self.text(values[2] ?? .string("..."), "truncate")
    let leeway = try integer(values[3]?.isNone ?? true ? .int(5) : values[3] ?? .int(5), "leeway")
    guard length >= end.count, leeway >= 0 else { throw fault(.value, "truncate: length or leeway is too small") }
    guard let count = count(of: value) else { throw fault(.value, "truncate takes a string, not \(value.typeName)") }
    if length > Int.max - leeway || count <= length + leeway { return value }
    let text = try self.text(value, "truncate")
    try charge(text.bytes.count >> 4)
    var cut = text.derived(text.bytes[..<text.offset(of: length - end.count)])
    if !(values[1]?.isTrue ?? false), let space = cut.occurrencesFromRight(of: [0x20], limit: 1).first {
      cut = text.derived(cut.bytes[..<space])
    }
    return try apply(.add, .text(cut), .text(end))
  }

  // MARK: Numbers

  private func applyNumeric(_ filter: Filter, to value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    switch filter {
    case .abs:
      _ = try bind(arguments, "abs", [])
      if case .double(let double) = value { return .double(double.magnitude) }
      let integer = try integer(value, "the value of abs")
      return integer < 0 ? try signed(.int(integer), isNegative: true) : .int(integer)
    case .float:
      let fallback = try bind(arguments, "float", ["default"])[0] ?? .double(0)
      try refuseUndefined(value)
      if let number = value.number { return .double(number) }
      guard case .text(let text) = value, let number = Double(python: text) else { return fallback }
      return .double(number)
    case .int: return try integerFilter(value, arguments)
    default: return try rounded(value, arguments)
    }
  }

  private func integerFilter(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    let values = try bind(arguments, "int", ["default", "base"])
    let fallback = values[0] ?? .int(0)
    // Python refuses other bases, which sends the filter on to its second attempt, as a float.
    let base = (values[1] ?? .int(10)).integer.flatMap { $0 == 0 || (2...36).contains($0) ? $0 : nil }
    try refuseUndefined(value)
    if let integer = value.integer { return .int(integer) }
    var number: Double?
    switch value {
    case .double(let double): number = double
    case .text(let text):
      if let base, let integer = Int(python: text, base: base) { return .int(integer) }
      number = Double(python: text)
      if number?.isFinite == false { return fallback }
    default: break
    }
    guard let number, !number.isNaN else { return fallback }
    guard let integer = Int(exactly: number.rounded(.towardZero)) else {
      throw fault(.value, "the number \(number.pythonDescription) does not fit a 64-bit integer")
    }
    return .int(integer)
  }

  private func rounded(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    let values = try bind(arguments, "round", ["precision", "method"])
    let precision = try integer(values[0] ?? .int(0), "precision")
    let method = try text(values[1] ?? .string("common"), "round").string
    guard ["common", "ceil", "floor"].contains(method) else {
      throw fault(.value, "the method of round is common, ceil or floor")
    }
    try refuseUndefined(value)
    guard let number = value.number else { throw fault(.value, "round takes a number, not \(value.typeName)") }
    guard (-300...300).contains(precision) else { throw fault(.value, "the precision of round is out of range") }
    if method == "common" {
      if let integer = value.integer { return .int(precision >= 0 ? integer : integer.roundedToTens(-precision)) }
      return .double(number.rounded(toDigits: precision))
    }
    let scale = raise(10, Double(precision))
    let scaled = (number * scale).rounded(method == "ceil" ? .up : .down)
    guard scaled.isFinite else { throw fault(.value, "round takes a finite number") }
    // Python's ceil and floor give integers, which have no negative zero.
    return .double((scaled == 0 ? 0 : scaled) / scale)
  }
}
