public import StoaFormats

/// Why a document has no canonical form.
public enum CanonicalJSONError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A whole number beyond ±(2^53 - 1), which JSON's readers in other languages would round.
  case inexactInteger(Int, path: String)
  /// An infinite number, or none.
  case notANumber(path: String)
  /// Arrays and objects nested more deeply than readers take.
  case tooDeep(path: String)

  /// What is wrong, where, and what to do.
  public var description: String {
    switch self {
    case .inexactInteger(let value, let path):
      "\(path): \(value) is beyond the whole numbers that every reader of JSON keeps exact\nwrite it as a string"
    case .notANumber(let path): "\(path): a number that is not finite cannot be written as JSON"
    case .tooDeep(let path): "\(path): nested more than \(JSONValue.maximumDepth) levels deep"
    }
  }
}

/// The JSON Canonicalization Scheme (RFC 8785): one sequence of bytes for each document, so that it can be hashed and
/// signed.
///
/// Members are ordered by the UTF-16 code units of their keys (section 3.2.3), strings escape only what they must
/// (3.2.2.2), and numbers are written as ECMAScript writes them (3.2.2.3).
public enum CanonicalJSON {
  /// The canonical bytes, which are UTF-8.
  public static func encode(_ value: JSONValue) throws(CanonicalJSONError) -> [UInt8] {
    var output: [UInt8] = []
    try write(value, "$", 0, &output)
    return output
  }

  /// The document that canonical bytes stand for; nil for bytes that are not JSON, or not in canonical form.
  ///
  /// A whole number beyond ±(2^53 - 1) is a floating-point number, since no other is written so.
  public static func decode(_ bytes: [UInt8]) -> JSONValue? {
    guard let parsed = try? JSONValue(parsing: bytes.span) else { return nil }
    let value = largeNumbersAsDoubles(parsed)
    guard let canonical = try? encode(value), canonical == bytes else { return nil }
    return value
  }

  private static func largeNumbersAsDoubles(_ value: JSONValue) -> JSONValue {
    switch value {
    case .int(let whole) where whole.magnitude >= 1 << 53: return .double(Double(whole))
    case .array(let elements): return .array(elements.map(largeNumbersAsDoubles))
    case .object(let members):
      var object = JSONObject()
      for member in members { object[member.key] = largeNumbersAsDoubles(member.value) }
      return .object(object)
    default: return value
    }
  }

  private static func write(
    _ value: JSONValue, _ path: @autoclosure () -> String, _ depth: Int, _ output: inout [UInt8]
  ) throws(CanonicalJSONError) {
    switch value {
    case .null: output += "null".utf8
    case .bool(let value): output += (value ? "true" : "false").utf8
    case .int(let value):
      guard value.magnitude < 1 << 53 else { throw .inexactInteger(value, path: path()) }
      output += String(value).utf8
    case .double(let value):
      guard let text = number(value) else { throw .notANumber(path: path()) }
      output += text.utf8
    case .string(let text): write(text, &output)
    case .array(let elements):
      guard depth < JSONValue.maximumDepth else { throw .tooDeep(path: path()) }
      output.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        try write(element, path() + "[\(index)]", depth + 1, &output)
      }
      output.append(UInt8(ascii: "]"))
    case .object(let members):
      guard depth < JSONValue.maximumDepth else { throw .tooDeep(path: path()) }
      output.append(UInt8(ascii: "{"))
      let sorted = members.sorted { $0.key.utf16.lexicographicallyPrecedes($1.key.utf16) }
      for (index, member) in sorted.enumerated() {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        write(member.key, &output)
        output.append(UInt8(ascii: ":"))
        try write(member.value, path() + "." + member.key, depth + 1, &output)
      }
      output.append(UInt8(ascii: "}"))
    }
  }

  private static let hexDigits = Array("0123456789abcdef".utf8)

  private static func write(_ text: String, _ output: inout [UInt8]) {
    output.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): output += [UInt8(ascii: "\\"), byte]
      case 0x08: output += "\\b".utf8
      case 0x09: output += "\\t".utf8
      case 0x0A: output += "\\n".utf8
      case 0x0C: output += "\\f".utf8
      case 0x0D: output += "\\r".utf8
      case 0..<0x20:
        output += "\\u00".utf8
        output += [hexDigits[Int(byte >> 4)], hexDigits[Int(byte & 15)]]
      default: output.append(byte)
      }
    }
    output.append(UInt8(ascii: "\""))
  }

  /// A number as ECMAScript's `Number::toString` writes it (ECMA-262, 6.1.6.1.20); nil when it is not finite.
  static func number(_ value: Double) -> String? {
    guard value.isFinite else { return nil }
    if value == 0 { return "0" }
    // Swift prints the shortest digits that give the number back, the closest ones among them, as ECMAScript demands;
    // only where the point and the exponent go differs.
    var digits: [UInt8] = []
    var point: Int?
    var exponent = 0
    let text = Array(value.magnitude.description.utf8)
    for (index, byte) in text.enumerated() {
      if byte == UInt8(ascii: ".") {
        point = digits.count
      } else if byte == UInt8(ascii: "e") {
        exponent = Int(String(decoding: text[(index + 1)...], as: UTF8.self)) ?? 0
        break
      } else {
        digits.append(byte)
      }
    }
    // The number is 0.DIGITS times ten to the power of `scale`.
    var scale = (point ?? digits.count) + exponent
    let zeros = digits.prefix { $0 == UInt8(ascii: "0") }.count
    digits.removeFirst(zeros)
    scale -= zeros
    while digits.last == UInt8(ascii: "0") { digits.removeLast() }
    let sign = value < 0 ? "-" : ""
    let all = String(decoding: digits, as: UTF8.self)
    if digits.count <= scale, scale <= 21 { return sign + all + String(repeating: "0", count: scale - digits.count) }
    if 0 < scale, scale <= 21 { return sign + all.prefix(scale) + "." + all.dropFirst(scale) }
    if -6 < scale, scale <= 0 { return sign + "0." + String(repeating: "0", count: -scale) + all }
    let power = (scale > 0 ? "+" : "-") + String(abs(scale - 1))
    return sign + all.prefix(1) + (digits.count > 1 ? "." + all.dropFirst() : "") + "e" + power
  }
}
