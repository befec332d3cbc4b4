extension JSONValue {
  /// How a document is laid out as text.
  public enum Layout: Sendable {
    /// One line without spaces.
    case compact
    /// A member or element a line, indented by two spaces.
    case pretty
  }

  /// The document as JSON text that parses to an equal value; numbers that JSON cannot express (infinite, not a
  /// number) become `null`.
  public func text(_ layout: Layout = .compact) -> String {
    var writer = JSONWriter(isPretty: layout == .pretty)
    writer.write(self, indentation: 0)
    return String(decoding: writer.output, as: UTF8.self)
  }
}

private struct JSONWriter {
  let isPretty: Bool
  var output: [UInt8] = []

  private static let hexDigits = Array("0123456789abcdef".utf8)

  mutating func write(_ value: JSONValue, indentation: Int) {
    switch value {
    case .null: append("null")
    case .bool(let value): append(value ? "true" : "false")
    case .int(let value): append(String(value))
    case .double(let value): append(value.isFinite ? value.description : "null")
    case .string(let text): write(text)
    case .array(let elements):
      list("[", "]", count: elements.count, indentation: indentation) { writer, index in
        writer.write(elements[index], indentation: indentation + 1)
      }
    case .object(let members):
      list("{", "}", count: members.count, indentation: indentation) { writer, index in
        let (key, value) = members[index]
        writer.write(key)
        writer.append(writer.isPretty ? ": " : ":")
        writer.write(value, indentation: indentation + 1)
      }
    }
  }

  private mutating func list(
    _ open: String, _ close: String, count: Int, indentation: Int, _ item: (inout JSONWriter, Int) -> Void
  ) {
    append(open)
    for index in 0..<count {
      if index > 0 { append(",") }
      breakLine(indentation + 1)
      item(&self, index)
    }
    if count > 0 { breakLine(indentation) }
    append(close)
  }

  private mutating func breakLine(_ indentation: Int) {
    guard isPretty else { return }
    output.append(0x0A)
    output.append(contentsOf: repeatElement(0x20, count: 2 * indentation))
  }

  private mutating func append(_ text: String) { output.append(contentsOf: text.utf8) }

  private mutating func write(_ text: String) {
    output.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""): append("\\\"")
      case UInt8(ascii: "\\"): append("\\\\")
      case 0x0A: append("\\n")
      case 0x0D: append("\\r")
      case 0x09: append("\\t")
      case 0..<0x20, 0x7F:
        append("\\u00")
        output.append(Self.hexDigits[Int(byte >> 4)])
        output.append(Self.hexDigits[Int(byte & 15)])
      default: output.append(byte)
      }
    }
    output.append(UInt8(ascii: "\""))
  }
}
