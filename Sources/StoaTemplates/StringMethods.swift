/// The methods of Python's `str`; those that make a string from markup make markup.
extension Interpreter {
  func text(_ value: Value?, _ what: String) throws(TemplateError) -> Text {
    guard case .text(let text)? = value else {
      if let value { try refuseUndefined(value) }
      throw fault(.value, "\(what) takes a string, not \(value?.typeName ?? "nothing")")
    }
    return text
  }

  private func optionalText(_ value: Value?, _ what: String) throws(TemplateError) -> Text? {
    switch value {
    case nil, .none?: nil
    default: try text(value, what)
    }
  }

  func call(_ method: Method, on text: Text, _ arguments: Arguments) throws(TemplateError) -> Value {
    switch method {
    case .capitalize, .casefold, .lower, .upper, .swapcase, .title, .isalnum, .isalpha, .isascii, .isdecimal, .isdigit,
      .isidentifier, .islower, .isnumeric, .isprintable, .isspace, .istitle, .isupper:
      _ = try bind(arguments, method.rawValue, [])
      if let result = caseVariant(method, of: text) { return try make(result) }
      return .bool(holds(method, for: text))
    case .strip, .lstrip, .rstrip:
      let characters = try optionalText(try bind(arguments, method.rawValue, ["chars"])[0], method.rawValue)
      return try make(text.stripped(of: characters, left: method != .rstrip, right: method != .lstrip))
    case .split, .rsplit: return try split(method, text, arguments)
    case .splitlines:
      let keeps = try integer(try bind(arguments, "splitlines", ["keepends"])[0] ?? .int(0), "keepends") != 0
      return try list(text.lines(keepingEnds: keeps, limit: limits.sequenceLength).map { .text($0) })
    case .startswith, .endswith: return try affix(method, text, arguments)
    case .find, .rfind, .index, .rindex, .count: return try search(method, text, arguments)
    case .replace:
      let values = try bind(arguments, "replace", ["old", "new", "count"], required: 2)
      let old = try self.text(values[0], "replace")
      let new = try self.text(values[1], "replace")
      return try make(try replaced(text, old, text.isMarkup ? new.escaped : new, values[2]))
    case .join: return try join(text, arguments)
    case .partition, .rpartition: return try partition(method, text, arguments)
    case .removeprefix, .removesuffix:
      let affix = try self.text(try bind(arguments, method.rawValue, ["affix"], required: 1)[0], method.rawValue).bytes
      if method == .removeprefix {
        return try make(text.bytes.starts(with: affix) ? text.derived(text.bytes.dropFirst(affix.count)) : text)
      }
      let isSuffix = text.bytes.count >= affix.count && text.bytes.suffix(affix.count).elementsEqual(affix)
      return try make(isSuffix ? text.derived(text.bytes.dropLast(affix.count)) : text)
    case .center, .ljust, .rjust, .zfill: return try padded(method, text, arguments)
    case .format:
      return try make(try braceFormat(text, arguments.positional, arguments.keyword))
    case .formatMap:
      guard case .dict(let dictionary)? = try bind(arguments, "format_map", ["mapping"], required: 1)[0] else {
        throw fault(.value, "format_map takes a mapping")
      }
      var keyword: [(name: Text, value: Value)] = []
      for case (.text(let name), let value) in zip(dictionary.keys, dictionary.values) { keyword.append((name, value)) }
      return try make(try braceFormat(text, [], keyword))
    case .expandtabs: return try make(try expandedTabs(text, arguments))
    default: throw fault(.value, "the string method '\(method.rawValue)' is not supported in chat templates")
    }
  }

  private func caseVariant(_ method: Method, of text: Text) -> Text? {
    switch method {
    case .capitalize: text.capitalized
    case .lower: text.lowercased
    case .casefold: text.casefolded
    case .upper: text.uppercased
    case .swapcase: text.swappedCase
    case .title: text.titlecased
    default: nil
    }
  }

  func holds(_ method: Method, for text: Text) -> Bool {
    let scalars = text.scalars
    func all(_ test: (Unicode.Scalar) -> Bool) -> Bool { !scalars.isEmpty && scalars.allSatisfy(test) }
    func isDigit(_ scalar: Unicode.Scalar) -> Bool {
      scalar.properties.numericType == .decimal || scalar.properties.numericType == .digit
    }
    switch method {
    case .isalnum: return all { $0.isPythonAlphabetic || $0.properties.numericType != nil }
    case .isalpha: return all(\.isPythonAlphabetic)
    case .isascii: return scalars.allSatisfy(\.isASCII)
    case .isdecimal: return all { $0.properties.numericType == .decimal }
    case .isdigit: return all(isDigit)
    case .isnumeric: return all { $0.properties.numericType != nil }
    case .isspace: return all(\.isPythonSpace)
    case .isprintable: return scalars.allSatisfy(\.isPythonPrintable)
    case .isidentifier:
      guard let first = scalars.first, first == "_" || first.properties.isXIDStart else { return false }
      return scalars.dropFirst().allSatisfy(\.properties.isXIDContinue)
    case .islower, .isupper:
      let cased = scalars.filter(\.properties.isCased)
      return !cased.isEmpty
        && cased.allSatisfy { method == .islower ? $0.properties.isLowercase : $0.properties.isUppercase }
    default:
      // istitle
      var previousIsCased = false
      var isFound = false
      for scalar in scalars {
        let properties = scalar.properties
        if properties.isUppercase || properties.generalCategory == .titlecaseLetter {
          if previousIsCased { return false }
          isFound = true
        } else if properties.isLowercase, !previousIsCased {
          return false
        }
        previousIsCased = properties.isCased
      }
      return isFound
    }
  }

  private func split(_ method: Method, _ text: Text, _ arguments: Arguments) throws(TemplateError) -> Value {
    let values = try bind(arguments, method.rawValue, ["sep", "maxsplit"])
    let separator = try optionalText(values[0], method.rawValue)
    var limit = Int.max
    if let value = values[1], case let count = try integer(value, "maxsplit"), count >= 0 { limit = count }
    // One piece more than is allowed is enough to refuse the rest.
    limit = min(limit, limits.sequenceLength)
    let pieces: [Text]
    if let separator {
      guard !separator.bytes.isEmpty else { throw fault(.value, "empty separator") }
      pieces =
        method == .split ? text.split(by: separator, limit: limit) : text.splitFromRight(by: separator, limit: limit)
    } else {
      pieces = method == .split ? text.splitOnSpace(limit: limit) : text.splitOnSpaceFromRight(limit: limit)
    }
    try allocate(text.bytes.count)
    return try list(pieces.map { .text($0) })
  }

  private func affix(_ method: Method, _ text: Text, _ arguments: Arguments) throws(TemplateError) -> Value {
    let values = try bind(arguments, method.rawValue, ["affix", "start", "end"], required: 1)
    var candidates: [Text] = []
    if case .tuple(let tuple)? = values[0] {
      for item in tuple.items { candidates.append(try self.text(item, method.rawValue)) }
    } else {
      candidates = [try self.text(values[0], method.rawValue)]
    }
    var bytes = text.bytes[...]
    if values[1] != nil || values[2] != nil {
      let (start, stop) = try span(values[1], values[2], count: text.count)
      guard start <= stop else { return .bool(false) }
      bytes = text.bytes[text.offset(of: start)..<text.offset(of: stop)]
    }
    return .bool(
      candidates.contains { candidate in
        method == .startswith
          ? bytes.starts(with: candidate.bytes)
          : bytes.count >= candidate.bytes.count
            && bytes.suffix(candidate.bytes.count).elementsEqual(candidate.bytes)
      })
  }

  private func search(_ method: Method, _ text: Text, _ arguments: Arguments) throws(TemplateError) -> Value {
    let values = try bind(arguments, method.rawValue, ["sub", "start", "end"], required: 1)
    let needle = try self.text(values[0], method.rawValue)
    let length = text.count
    let (start, stop) = try span(values[1], values[2], count: length)
    let isReversed = method == .rfind || method == .rindex
    var found: Int?
    if needle.bytes.isEmpty {
      if method == .count { return .int(max(0, stop - start + 1)) }
      if start <= stop { found = isReversed ? stop : start }
    } else if start < stop {
      let (from, to) = (text.offset(of: start), text.offset(of: stop))
      if method == .count { return .int(text.occurrences(of: needle.bytes, from: from, to: to).count) }
      let offset =
        isReversed
        ? Text(bytes: Array(text.bytes[from..<to])).occurrencesFromRight(of: needle.bytes, limit: 1).first.map {
          $0 + from
        }
        : text.occurrences(of: needle.bytes, from: from, to: to, limit: 1).first
      found = offset.map { text.index(ofOffset: $0) }
    } else if method == .count {
      return .int(0)
    }
    if found == nil, method == .index || method == .rindex { throw fault(.value, "substring not found") }
    return .int(found ?? -1)
  }

  func replaced(_ text: Text, _ old: Text, _ new: Text, _ count: Value?) throws(TemplateError) -> Text {
    var limit = Int.max
    if let count, !count.isNone, case let value = try integer(count, "count"), value >= 0 { limit = value }
    try charge(text.bytes.count >> 4)
    let growth = max(0, new.bytes.count - old.bytes.count)
    let places =
      old.bytes.isEmpty ? text.count + 1 : growth == 0 ? 0 : text.occurrences(of: old.bytes, limit: limit).count
    let (added, overflows) = growth.multipliedReportingOverflow(by: min(places, limit))
    guard !overflows, added + text.bytes.count <= limits.outputBytes else {
      throw fault(.limit, "a string is longer than \(limits.outputBytes) bytes")
    }
    return text.replacing(old, with: new, limit: limit)
  }

  private func join(_ separator: Text, _ arguments: Arguments) throws(TemplateError) -> Value {
    let values = try bind(arguments, "join", ["iterable"], required: 1)
    let iterator = try iterator(over: values[0] ?? .none)
    var bytes: [UInt8] = []
    var isFirst = true
    while let item = try iterator.next() {
      try charge()
      if !isFirst { bytes += separator.bytes }
      isFirst = false
      if separator.isMarkup {
        bytes += try string(item).escaped.bytes
      } else {
        bytes += try text(item, "join").bytes
      }
      guard bytes.count <= limits.outputBytes else {
        throw fault(.limit, "a string is longer than \(limits.outputBytes) bytes")
      }
    }
    return try make(separator.derived(bytes))
  }

  private func partition(_ method: Method, _ text: Text, _ arguments: Arguments) throws(TemplateError) -> Value {
    let separator = try self.text(try bind(arguments, method.rawValue, ["sep"], required: 1)[0], method.rawValue)
    guard !separator.bytes.isEmpty else { throw fault(.value, "empty separator") }
    let isReversed = method == .rpartition
    let place =
      isReversed
      ? text.occurrencesFromRight(of: separator.bytes, limit: 1).first
      : text.occurrences(of: separator.bytes, limit: 1).first
    let empty = text.derived([])
    guard let place else {
      return try tuple(
        isReversed ? [.text(empty), .text(empty), .text(text)] : [.text(text), .text(empty), .text(empty)])
    }
    return try tuple([
      .text(text.derived(text.bytes[..<place])), .text(separator),
      .text(text.derived(text.bytes[(place + separator.bytes.count)...])),
    ])
  }

  private func padded(_ method: Method, _ text: Text, _ arguments: Arguments) throws(TemplateError) -> Value {
    let values = try bind(arguments, method.rawValue, ["width", "fillchar"], required: 1)
    let width = try integer(values[0] ?? .none, "width")
    let fill = try values[1].map { (value) throws(TemplateError) in try self.text(value, method.rawValue) } ?? Text(" ")
    guard fill.count == 1 else { throw fault(.value, "the fill character must be exactly one character long") }
    let length = text.count
    let padding = width > length ? width - length : 0
    guard padding <= limits.outputBytes / 4 else { throw fault(.limit, "a string is too long") }
    func filling(_ count: Int) -> [UInt8] {
      var bytes: [UInt8] = []
      for _ in 0..<count { bytes += fill.bytes }
      return bytes
    }
    switch method {
    case .ljust: return try make(text.derived(text.bytes + filling(padding)))
    case .rjust: return try make(text.derived(filling(padding) + text.bytes))
    case .center:
      let left = padding / 2 + (padding & width & 1)
      return try make(text.derived(filling(left) + text.bytes + filling(padding - left)))
    default:
      let hasSign = text.bytes.first == UInt8(ascii: "-") || text.bytes.first == UInt8(ascii: "+")
      let zeros = [UInt8](repeating: UInt8(ascii: "0"), count: padding)
      return try make(text.derived(text.bytes.prefix(hasSign ? 1 : 0) + zeros + text.bytes.dropFirst(hasSign ? 1 : 0)))
    }
  }

  private func expandedTabs(_ text: Text, _ arguments: Arguments) throws(TemplateError) -> Text {
    let size =
      try bind(arguments, "expandtabs", ["tabsize"])[0].map { (value) throws(TemplateError) in
        try integer(value, "tabsize")
      } ?? 8
    var bytes: [UInt8] = []
    var column = 0
    for byte in text.bytes {
      switch byte {
      case UInt8(ascii: "\t"):
        guard size > 0 else { continue }
        let count = size - column % size
        guard bytes.count + count <= limits.outputBytes else { throw fault(.limit, "a string is too long") }
        bytes += [UInt8](repeating: UInt8(ascii: " "), count: count)
        column += count
      case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
        bytes.append(byte)
        column = 0
      default:
        bytes.append(byte)
        if byte & 0xC0 != 0x80 { column += 1 }
      }
    }
    return text.derived(bytes)
  }
}

extension Value {
  var isNone: Bool { if case .none = self { true } else { false } }
}
