/// Why a text is not JSON, and where.
public struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What is wrong.
  public let problem: String
  /// The number of bytes before the fault.
  public let offset: Int
  /// The line of the fault, from 1.
  public let line: Int
  /// The byte in that line, from 1.
  public let column: Int

  /// `LINE:COLUMN: PROBLEM (byte OFFSET)`.
  public var description: String { "\(line):\(column): \(problem) (byte \(grouped(offset)))" }
}

extension JSONValue {
  /// Nested arrays and objects beyond this depth are refused; parsing them recursively could exhaust the stack.
  public static let maximumDepth = 256

  /// Parses a JSON document (RFC 8259), strictly: UTF-8 without a mark, no duplicate keys, no lone surrogates.
  public init(parsing bytes: Span<UInt8>) throws(JSONError) {
    var parser = JSONParser(bytes)
    self = try parser.document()
  }

  /// Parses a JSON document.
  public init(parsing text: String) throws(JSONError) { try self.init(parsing: text.utf8.span) }

  /// Parses the JSON file at `path`, which may have up to `maximumByteCount` bytes.
  public init(path: String, maximumByteCount: Int = 256 << 20) throws(FormatError) {
    let file = try MappedFile(path: path)
    guard file.count <= maximumByteCount else {
      throw .unsupported(
        path: path, problem: "\(grouped(file.count)) bytes of JSON are more than \(grouped(maximumByteCount))")
    }
    do throws(JSONError) {
      try self.init(parsing: file.bytes)
    } catch {
      let kind = ModelFileKind(file)
      switch kind {
      case .html, .gitLFSPointer, .empty, .zeros: throw kind.refusal(path: path, wanted: "JSON")
      default: throw .json(path: path, error)
      }
    }
  }
}

/// A recursive-descent parser over bytes, in time proportional to them.
private struct JSONParser: ~Escapable {
  private let bytes: Span<UInt8>
  private var offset = 0

  /// Longer numbers serve nobody, and converting them takes more than linear time.
  private static let maximumNumberLength = 4096

  @_lifetime(copy bytes)
  init(_ bytes: Span<UInt8>) { self.bytes = bytes }

  mutating func document() throws(JSONError) -> JSONValue {
    skipWhitespace()
    let value = try value(depth: 0)
    skipWhitespace()
    guard offset == bytes.count else { throw fault("unexpected text after the end of the document") }
    return value
  }

  /// The next byte; zero, which is valid nowhere, at the end.
  private var next: UInt8 { offset < bytes.count ? bytes[offset] : 0 }

  private mutating func skipWhitespace() {
    while offset < bytes.count {
      switch bytes[offset] {
      case 0x20, 0x0A, 0x0D, 0x09: offset += 1
      default: return
      }
    }
  }

  private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
    switch next {
    case UInt8(ascii: "{"): .object(try object(depth: depth + 1))
    case UInt8(ascii: "["): .array(try array(depth: depth + 1))
    case UInt8(ascii: "\""): .string(try string())
    case UInt8(ascii: "t"): try literal("true", .bool(true))
    case UInt8(ascii: "f"): try literal("false", .bool(false))
    case UInt8(ascii: "n"): try literal("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try number()
    default: throw fault(offset < bytes.count ? "a value was expected" : "the text ends where a value was expected")
    }
  }

  private mutating func literal(_ text: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
    let start = offset
    for byte in text.description.utf8 {
      guard next == byte else { throw fault("a value was expected", at: start) }
      offset += 1
    }
    return value
  }

  private mutating func array(depth: Int) throws(JSONError) -> [JSONValue] {
    guard depth <= JSONValue.maximumDepth else { throw fault("nested more than \(JSONValue.maximumDepth) levels deep") }
    offset += 1
    skipWhitespace()
    if next == UInt8(ascii: "]") {
      offset += 1
      return []
    }
    var elements: [JSONValue] = []
    while true {
      skipWhitespace()
      elements.append(try value(depth: depth))
      skipWhitespace()
      switch next {
      case UInt8(ascii: ","): offset += 1
      case UInt8(ascii: "]"):
        offset += 1
        return elements
      default: throw fault("\",\" or \"]\" was expected")
      }
    }
  }

  private mutating func object(depth: Int) throws(JSONError) -> JSONObject {
    guard depth <= JSONValue.maximumDepth else { throw fault("nested more than \(JSONValue.maximumDepth) levels deep") }
    offset += 1
    skipWhitespace()
    var object = JSONObject()
    if next == UInt8(ascii: "}") {
      offset += 1
      return object
    }
    while true {
      skipWhitespace()
      let keyOffset = offset
      guard next == UInt8(ascii: "\"") else { throw fault("a key in quotes was expected") }
      let key = try string()
      skipWhitespace()
      guard next == UInt8(ascii: ":") else { throw fault("\":\" was expected") }
      offset += 1
      skipWhitespace()
      guard object.append(key, try value(depth: depth)) else {
        throw fault("the key \(quoted(key)) occurs twice", at: keyOffset)
      }
      skipWhitespace()
      switch next {
      case UInt8(ascii: ","): offset += 1
      case UInt8(ascii: "}"):
        offset += 1
        return object
      default: throw fault("\",\" or \"}\" was expected")
      }
    }
  }

  // MARK: Strings

  private mutating func string() throws(JSONError) -> String {
    offset += 1
    let start = offset
    while offset < bytes.count {
      switch bytes[offset] {
      case UInt8(ascii: "\""):
        let text = try text(bytes.extracting(start..<offset), at: start)
        offset += 1
        return text
      case UInt8(ascii: "\\"): return try stringWithEscapes(start: start)
      case 0..<0x20: throw fault("a control character in a string must be escaped")
      default: offset += 1
      }
    }
    throw fault("a string has no end", at: start - 1)
  }

  /// Continues at the first escape of a string that starts at `start`.
  private mutating func stringWithEscapes(start: Int) throws(JSONError) -> String {
    var decoded: [UInt8] = []
    var plain = start
    while offset < bytes.count {
      switch bytes[offset] {
      case UInt8(ascii: "\""):
        decoded.append(contentsOf: try text(bytes.extracting(plain..<offset), at: plain).utf8)
        offset += 1
        return String(decoding: decoded, as: UTF8.self)
      case UInt8(ascii: "\\"):
        decoded.append(contentsOf: try text(bytes.extracting(plain..<offset), at: plain).utf8)
        try escape(into: &decoded)
        plain = offset
      case 0..<0x20: throw fault("a control character in a string must be escaped")
      default: offset += 1
      }
    }
    throw fault("a string has no end", at: start - 1)
  }

  private mutating func escape(into decoded: inout [UInt8]) throws(JSONError) {
    let start = offset
    offset += 1
    let letter = next
    offset += 1
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): decoded.append(letter)
    case UInt8(ascii: "b"): decoded.append(0x08)
    case UInt8(ascii: "f"): decoded.append(0x0C)
    case UInt8(ascii: "n"): decoded.append(0x0A)
    case UInt8(ascii: "r"): decoded.append(0x0D)
    case UInt8(ascii: "t"): decoded.append(0x09)
    case UInt8(ascii: "u"):
      var code = try fourHexDigits(start)
      if (0xD800..<0xDC00).contains(code), next == UInt8(ascii: "\\") {
        offset += 1
        guard next == UInt8(ascii: "u") else { throw fault("half of a surrogate pair is missing", at: start) }
        offset += 1
        let low = try fourHexDigits(start)
        guard (0xDC00..<0xE000).contains(low) else { throw fault("half of a surrogate pair is missing", at: start) }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw fault("half of a surrogate pair is missing", at: start) }
      decoded.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    default: throw fault("unknown escape", at: start)
    }
  }

  private mutating func fourHexDigits(_ start: Int) throws(JSONError) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      let digit: UInt8
      switch next {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = next - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = next - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = next - UInt8(ascii: "A") + 10
      default: throw fault("four hexadecimal digits were expected after \\u", at: start)
      }
      code = code << 4 | UInt32(digit)
      offset += 1
    }
    return code
  }

  private func text(_ slice: Span<UInt8>, at start: Int) throws(JSONError) -> String {
    let valid: UTF8Span
    do throws(UTF8.ValidationError) {
      valid = try UTF8Span(validating: slice)
    } catch {
      throw fault("the text is not UTF-8", at: start + error.byteOffsets.lowerBound)
    }
    return String(copying: valid)
  }

  // MARK: Numbers

  private mutating func number() throws(JSONError) -> JSONValue {
    let start = offset
    let isNegative = next == UInt8(ascii: "-")
    if isNegative { offset += 1 }
    // Magnitudes are gathered below zero, where Int has room for one more value.
    var negated = 0
    var fits = true
    let firstDigit = offset
    while isDigit(next) {
      let (tenfold, overflow) = negated.multipliedReportingOverflow(by: 10)
      let (sum, sumOverflow) = tenfold.subtractingReportingOverflow(Int(next - UInt8(ascii: "0")))
      if overflow || sumOverflow { fits = false } else if fits { negated = sum }
      offset += 1
    }
    guard offset > firstDigit else { throw fault("a digit was expected") }
    guard bytes[firstDigit] != UInt8(ascii: "0") || offset == firstDigit + 1 else {
      throw fault("a number starts with a superfluous zero", at: start)
    }
    var isInteger = true
    if next == UInt8(ascii: ".") {
      isInteger = false
      offset += 1
      try digits()
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      isInteger = false
      offset += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { offset += 1 }
      try digits()
    }
    if isInteger, fits {
      if isNegative { return .int(negated) }
      if negated != Int.min { return .int(-negated) }
    }
    guard offset - start <= Self.maximumNumberLength else {
      throw fault("a number has more than \(Self.maximumNumberLength) characters", at: start)
    }
    guard let value = Double(try text(bytes.extracting(start..<offset), at: start)), value.isFinite else {
      throw fault("a number is out of range", at: start)
    }
    return .double(value)
  }

  private mutating func digits() throws(JSONError) {
    guard isDigit(next) else { throw fault("a digit was expected") }
    while isDigit(next) { offset += 1 }
  }

  private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  // MARK: Faults

  private func fault(_ problem: String, at place: Int? = nil) -> JSONError {
    let place = place ?? offset
    var line = 1
    var lineStart = 0
    for index in 0..<min(place, bytes.count) where bytes[index] == 0x0A {
      line += 1
      lineStart = index + 1
    }
    return JSONError(problem: problem, offset: place, line: line, column: place - lineStart + 1)
  }
}
