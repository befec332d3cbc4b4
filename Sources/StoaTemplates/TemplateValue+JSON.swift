extension TemplateValue {
  /// Reads JSON text (RFC 8259), keeping the order of keys; integers that fit 64 bits stay integers.
  ///
  /// Nesting is bounded by `maximumDepth`. Throws `TemplateError` of kind `.value` with the line of the fault.
  public init(json: String, maximumDepth: Int = 90) throws(TemplateError) {
    var reader = JSONReader(bytes: Array(json.utf8), maximumDepth: maximumDepth)
    self = try reader.document()
  }
}

extension TemplateValue {
  /// The value as JSON on one line, spelled as Python's `json.dumps(…, ensure_ascii=False)` does.
  public var json: String {
    var bytes: [UInt8] = []
    appendJSON(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  private func appendJSON(to bytes: inout [UInt8]) {
    switch self {
    case .none: bytes += "null".utf8
    case .bool(let value): bytes += (value ? "true" : "false").utf8
    case .int(let value): bytes += String(value).utf8
    case .double(let value): bytes += value.jsonDescription.utf8
    case .string(let text): Text(text).appendJSON(to: &bytes, escapesNonASCII: false)
    case .list(let items):
      bytes += "[".utf8
      for (i, item) in items.enumerated() {
        if i > 0 { bytes += ", ".utf8 }
        item.appendJSON(to: &bytes)
      }
      bytes += "]".utf8
    case .dict(let dictionary):
      bytes += "{".utf8
      for (i, entry) in dictionary.entries.enumerated() {
        if i > 0 { bytes += ", ".utf8 }
        Text(entry.key).appendJSON(to: &bytes, escapesNonASCII: false)
        bytes += ": ".utf8
        entry.value.appendJSON(to: &bytes)
      }
      bytes += "}".utf8
    }
  }
}

private struct JSONReader {
  let bytes: [UInt8]
  let maximumDepth: Int
  var position = 0

  mutating func document() throws(TemplateError) -> TemplateValue {
    let value = try self.value(depth: 0)
    skipSpace()
    guard position == bytes.count else { throw fault("unexpected text after the value") }
    return value
  }

  private func fault(_ what: String) -> TemplateError {
    let line = 1 + bytes.prefix(position).count { $0 == UInt8(ascii: "\n") }
    return TemplateError(.value, "JSON, line \(line): \(what)", line: 0)
  }

  private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard current == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func word(_ word: StaticString, _ value: TemplateValue) throws(TemplateError) -> TemplateValue {
    let expected = Array(word.description.utf8)
    guard bytes[position...].starts(with: expected) else { throw fault("expected a value") }
    position += expected.count
    return value
  }

  private mutating func value(depth: Int) throws(TemplateError) -> TemplateValue {
    guard depth < maximumDepth else { throw fault("nested deeper than \(maximumDepth)") }
    skipSpace()
    switch current {
    case UInt8(ascii: "{"):
      position += 1
      var pairs: [(String, TemplateValue)] = []
      if take("}") { return .dict([:]) }
      repeat {
        skipSpace()
        guard current == UInt8(ascii: "\"") else { throw fault("expected a key in quotes") }
        let key = try string()
        guard take(":") else { throw fault("expected ':' after a key") }
        pairs.append((key, try value(depth: depth + 1)))
      } while take(",")
      guard take("}") else { throw fault("expected ',' or '}'") }
      return .dict(TemplateDictionary(pairs))
    case UInt8(ascii: "["):
      position += 1
      var items: [TemplateValue] = []
      if take("]") { return .list([]) }
      repeat { items.append(try value(depth: depth + 1)) } while take(",")
      guard take("]") else { throw fault("expected ',' or ']'") }
      return .list(items)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .none)
    default: return try number()
    }
  }

  private mutating func digits() throws(TemplateError) {
    let start = position
    while let byte = current, byte >= 0x30, byte <= 0x39 { position += 1 }
    guard position > start else { throw fault("expected a value") }
  }

  private mutating func number() throws(TemplateError) -> TemplateValue {
    let start = position
    if current == UInt8(ascii: "-") { position += 1 }
    let leading = current
    let whole = position
    try digits()
    guard leading != UInt8(ascii: "0") || position == whole + 1 else { throw fault("a number starts with 0") }
    var isInteger = true
    if current == UInt8(ascii: ".") {
      isInteger = false
      position += 1
      try digits()
    }
    if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
      isInteger = false
      position += 1
      if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position += 1 }
      try digits()
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isInteger, let integer = Int(text) { return .int(integer) }
    guard let double = Double(text), double.isFinite else { throw fault("the number \(text) is out of range") }
    return .double(double)
  }

  private mutating func hexadecimal() throws(TemplateError) -> UInt32 {
    guard position + 4 <= bytes.count,
      let unit = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16),
      bytes[position] != UInt8(ascii: "+")
    else { throw fault("expected four hexadecimal digits after \\u") }
    position += 4
    return unit
  }

  private mutating func string() throws(TemplateError) -> String {
    position += 1
    var result: [UInt8] = []
    while let byte = current {
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: result, as: UTF8.self)
      case 0..<0x20: throw fault("a control character in a string")
      case UInt8(ascii: "\\"): result += try escape()
      default: result.append(byte)
      }
    }
    throw fault("a string is not closed")
  }

  private mutating func escape() throws(TemplateError) -> [UInt8] {
    guard let letter = current else { throw fault("a string is not closed") }
    position += 1
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [letter]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "u"):
      var code = try hexadecimal()
      if code >= 0xD800, code < 0xDC00, bytes[position...].starts(with: [0x5C, 0x75]) {
        position += 2
        let low = try hexadecimal()
        guard low >= 0xDC00, low < 0xE000 else { throw fault("half a surrogate pair") }
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw fault("half a surrogate pair") }
      return Array(String(Character(scalar)).utf8)
    default: throw fault("an unknown escape in a string")
    }
  }
}
