/// The filter `tojson` as transformers defines it: Python's `json.dumps` without escaping for HTML.
extension Interpreter {
  struct JSONStyle {
    var escapesNonASCII = false
    var indent: [UInt8]?
    var itemSeparator = Array(", ".utf8)
    var keySeparator = Array(": ".utf8)
    var sortsKeys = false
  }

  func json(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    let values = try bind(arguments, "tojson", ["ensure_ascii", "indent", "separators", "sort_keys"])
    var style = JSONStyle()
    style.escapesNonASCII = values[0]?.isTrue ?? false
    style.sortsKeys = values[3]?.isTrue ?? false
    switch values[1] {
    case nil, .none?: break
    case .text(let text)?: style.indent = text.bytes
    case let width?:
      let width = try integer(width, "indent")
      guard width <= 1000 else { throw fault(.limit, "tojson indents by more than 1000") }
      style.indent = [UInt8](repeating: UInt8(ascii: " "), count: max(0, width))
    }
    if style.indent != nil { style.itemSeparator = Array(",".utf8) }
    if let separators = values[2], !separators.isNone {
      let parts = try items(of: separators)
      guard parts.count == 2 else { throw fault(.value, "separators of tojson are a pair of strings") }
      style.itemSeparator = try text(parts[0], "separators").bytes
      style.keySeparator = try text(parts[1], "separators").bytes
    }
    var bytes: [UInt8] = []
    try appendJSON(value, style, level: 0, to: &bytes)
    return try make(Text(bytes: bytes))
  }

  private func appendJSON(
    _ value: Value, _ style: JSONStyle, level: Int, to bytes: inout [UInt8]
  ) throws(TemplateError) {
    try charge()
    guard bytes.count <= limits.outputBytes else {
      throw fault(.limit, "the output of tojson is longer than \(limits.outputBytes) bytes")
    }
    switch value {
    case .none: bytes += "null".utf8
    case .bool(let value): bytes += (value ? "true" : "false").utf8
    case .int(let value): bytes += String(value).utf8
    case .double(let value): bytes += value.jsonDescription.utf8
    case .text(let text):
      try charge(text.bytes.count >> 5)
      text.appendJSON(to: &bytes, escapesNonASCII: style.escapesNonASCII)
    case .list(let sequence), .tuple(let sequence):
      guard !sequence.items.isEmpty else {
        bytes += "[]".utf8
        return
      }
      bytes.append(UInt8(ascii: "["))
      for (i, item) in sequence.items.enumerated() {
        if i > 0 { bytes += style.itemSeparator }
        appendBreak(style, level: level + 1, to: &bytes)
        try appendJSON(item, style, level: level + 1, to: &bytes)
      }
      appendBreak(style, level: level, to: &bytes)
      bytes.append(UInt8(ascii: "]"))
    case .dict(let dictionary): try appendJSON(dictionary, style, level: level, to: &bytes)
    default: throw fault(.value, "a value of type \(value.typeName) cannot be written as JSON")
    }
  }

  private func appendBreak(_ style: JSONStyle, level: Int, to bytes: inout [UInt8]) {
    guard let indent = style.indent else { return }
    bytes.append(UInt8(ascii: "\n"))
    for _ in 0..<level { bytes += indent }
  }

  private func appendJSON(
    _ dictionary: Mapping, _ style: JSONStyle, level: Int, to bytes: inout [UInt8]
  ) throws(TemplateError) {
    guard !dictionary.keys.isEmpty else {
      bytes += "{}".utf8
      return
    }
    var order = Array(dictionary.keys.indices)
    if style.sortsKeys {
      order = try sorted(order) { (a, b) throws(TemplateError) in try precedes(dictionary.keys[a], dictionary.keys[b]) }
    }
    bytes.append(UInt8(ascii: "{"))
    for (i, place) in order.enumerated() {
      if i > 0 { bytes += style.itemSeparator }
      appendBreak(style, level: level + 1, to: &bytes)
      try jsonKey(dictionary.keys[place]).appendJSON(to: &bytes, escapesNonASCII: style.escapesNonASCII)
      bytes += style.keySeparator
      try appendJSON(dictionary.values[place], style, level: level + 1, to: &bytes)
    }
    appendBreak(style, level: level, to: &bytes)
    bytes.append(UInt8(ascii: "}"))
  }

  private func jsonKey(_ key: Value) throws(TemplateError) -> Text {
    switch key {
    case .text(let text): text
    case .none: Text("null")
    case .bool(let value): Text(value ? "true" : "false")
    case .int(let value): Text(String(value))
    case .double(let value): Text(value.jsonDescription)
    default: throw fault(.value, "keys of JSON are strings or numbers, not \(key.typeName)")
    }
  }
}

extension Double {
  /// The number as `json.dumps` spells it, which for what is no number is not JSON.
  var jsonDescription: String { isNaN ? "NaN" : isInfinite ? (self < 0 ? "-Infinity" : "Infinity") : pythonDescription }
}

extension Text {
  func appendJSON(to result: inout [UInt8], escapesNonASCII: Bool) {
    func appendEscape(_ unit: UInt16, to result: inout [UInt8]) {
      let digits = String(unit, radix: 16)
      result += ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8
    }
    result.append(UInt8(ascii: "\""))
    if escapesNonASCII {
      for scalar in string.unicodeScalars {
        if scalar.isASCII {
          Text.appendJSON(UInt8(scalar.value), to: &result)
        } else {
          for unit in UTF16.encode(scalar) ?? .init() { appendEscape(unit, to: &result) }
        }
      }
    } else {
      for byte in bytes { Text.appendJSON(byte, to: &result) }
    }
    result.append(UInt8(ascii: "\""))
  }

  private static func appendJSON(_ byte: UInt8, to result: inout [UInt8]) {
    switch byte {
    case UInt8(ascii: "\""): result += "\\\"".utf8
    case UInt8(ascii: "\\"): result += "\\\\".utf8
    case 0x08: result += "\\b".utf8
    case 0x09: result += "\\t".utf8
    case 0x0A: result += "\\n".utf8
    case 0x0C: result += "\\f".utf8
    case 0x0D: result += "\\r".utf8
    case 0..<0x20: result += ("\\u00" + (byte < 0x10 ? "0" : "") + String(byte, radix: 16)).utf8
    default: result.append(byte)
    }
  }
}
