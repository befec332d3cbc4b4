import StoaFormats

/// Reads arguments in brackets, those of Gemma 4 or of LFM2: finds where they end, and then reads the whole.
struct BracketReader: ArgumentReader {
  private(set) var arguments = "{}"
  private let notation: ArgumentNotation
  private var bytes: [UInt8] = []
  /// The brackets that have to close, the innermost last.
  private var closing: [UInt8] = []
  /// Where the text began that is being read; nil outside texts.
  private var textStart: Int?
  private var quote: [UInt8] = []
  private var isEscaped = false

  /// As deep as `JSONValue` reads.
  private static let deepest = 256

  init(_ notation: ArgumentNotation) { self.notation = notation }

  mutating func read(_ byte: UInt8) -> JSONScanner.Progress {
    bytes.append(byte)
    if let start = textStart {
      readText(byte, from: start)
      return .more
    }
    switch byte {
    case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "("):
      if byte == UInt8(ascii: "("), notation == .braces { return .broken }
      if closing.isEmpty, byte != UInt8(ascii: notation == .braces ? "{" : "(") { return .broken }
      guard closing.count < Self.deepest else { return .broken }
      closing.append(byte == UInt8(ascii: "(") ? UInt8(ascii: ")") : byte + 2)
    case UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: ")"):
      guard closing.popLast() == byte else { return .broken }
      if closing.isEmpty { return finish() }
    case UInt8(ascii: "'"), UInt8(ascii: "\""):
      if closing.isEmpty { return .broken }
      if notation == .keywords { begin([byte]) }
    case UInt8(ascii: ">"):
      guard !closing.isEmpty else { return .broken }
      let mark = Array(ArgumentNotation.quote.utf8)
      if notation == .braces, bytes.suffix(mark.count).elementsEqual(mark) { begin(mark) }
    default:
      if closing.isEmpty { return .broken }
    }
    return .more
  }

  private mutating func begin(_ mark: [UInt8]) {
    textStart = bytes.count
    quote = mark
  }

  private mutating func readText(_ byte: UInt8, from start: Int) {
    if notation == .keywords {
      if isEscaped {
        isEscaped = false
        return
      }
      if byte == UInt8(ascii: "\\") {
        isEscaped = true
        return
      }
    }
    if bytes.count - start >= quote.count, bytes.suffix(quote.count).elementsEqual(quote) { textStart = nil }
  }

  private mutating func finish() -> JSONScanner.Progress {
    var parser = BracketParser(bytes, notation)
    guard let text = parser.arguments() else { return .broken }
    arguments = text
    return .done
  }
}

/// Reads complete arguments into JSON text; nil for what they cannot be.
private struct BracketParser {
  private var rest: ArraySlice<UInt8>
  private let notation: ArgumentNotation

  init(_ bytes: [UInt8], _ notation: ArgumentNotation) {
    rest = bytes[...]
    self.notation = notation
  }

  mutating func arguments() -> String? {
    let members =
      notation == .braces
      ? members("{", ":", "}", isBare: true, separator: ": ") : members("(", "=", ")", isBare: true, separator: ": ")
    guard let members, rest.isEmpty else { return nil }
    return "{" + members.joined(separator: ", ") + "}"
  }

  /// Keys and values between brackets, as members of a JSON object.
  private mutating func members(
    _ open: Character, _ between: Character, _ close: Character, isBare: Bool, separator: String
  ) -> [String]? {
    guard take(open) else { return nil }
    var members: [String] = []
    var keys: Set<String> = []
    while !take(close) {
      if !members.isEmpty {
        guard take(",") else { return nil }
        // Python lets a comma stand before the end.
        if notation == .keywords, take(close) { break }
      }
      guard let key = isBare ? key(before: between) : text(), keys.insert(key).inserted, take(between),
        let value = value()
      else { return nil }
      members.append(JSONValue.string(key).text() + separator + value)
    }
    return members
  }

  /// A key without quotation marks, or in them.
  private mutating func key(before end: Character) -> String? {
    if let text = text() { return text }
    skipSpace()
    let stop = Set("\(end),{}[]()\"'".utf8)
    let bytes = rest.prefix { !stop.contains($0) }
    rest = rest.dropFirst(bytes.count)
    var trimmed = bytes
    while let last = trimmed.last, JSONScanner.isSpace(last) { trimmed.removeLast() }
    return trimmed.isEmpty ? nil : String(decoding: trimmed, as: UTF8.self)
  }

  private mutating func value() -> String? {
    skipSpace()
    if let text = text() { return JSONValue.string(text).text() }
    switch rest.first {
    case UInt8(ascii: "["): return items("[", "]")
    case UInt8(ascii: "(") where notation == .keywords: return items("(", ")")
    case UInt8(ascii: "{"):
      return members("{", ":", "}", isBare: notation == .braces, separator: ":").map {
        "{" + $0.joined(separator: ",") + "}"
      }
    default: return word()
    }
  }

  private mutating func items(_ open: Character, _ close: Character) -> String? {
    guard take(open) else { return nil }
    var items: [String] = []
    while !take(close) {
      if !items.isEmpty {
        guard take(",") else { return nil }
        if notation == .keywords, take(close) { break }
      }
      guard let value = value() else { return nil }
      items.append(value)
    }
    return "[" + items.joined(separator: ",") + "]"
  }

  /// A number, or a word of JSON or of Python.
  private mutating func word() -> String? {
    let stop = Set(",{}[]()".utf8)
    let bytes = rest.prefix { !stop.contains($0) && !JSONScanner.isSpace($0) }
    rest = rest.dropFirst(bytes.count)
    let word = String(decoding: bytes, as: UTF8.self)
    let text = ["True": "true", "False": "false", "None": "null"][word] ?? word
    guard let value = try? JSONValue(parsing: text), value.stringValue == nil else { return nil }
    return text
  }

  // MARK: Texts

  /// A text in quotation marks; nil when something else follows.
  private mutating func text() -> String? {
    skipSpace()
    guard notation == .keywords else {
      let mark = ArgumentNotation.quote.utf8
      guard rest.starts(with: mark) else { return nil }
      let content = rest.dropFirst(mark.count)
      guard let end = content.indices.first(where: { content[$0...].starts(with: mark) }) else { return nil }
      rest = content[end...].dropFirst(mark.count)
      return String(decoding: content[..<end], as: UTF8.self)
    }
    guard let quote = rest.first, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else { return nil }
    var text: [UInt8] = []
    var content = rest.dropFirst()
    while let byte = content.popFirst() {
      if byte == quote {
        rest = content
        return String(decoding: text, as: UTF8.self)
      }
      if byte == UInt8(ascii: "\\") {
        Self.unescape(&content, into: &text)
      } else {
        text.append(byte)
      }
    }
    return nil
  }

  /// What an escape stands for (Python language reference, "String and Bytes literals"); others stand for themselves.
  private static func unescape(_ rest: inout ArraySlice<UInt8>, into text: inout [UInt8]) {
    guard let byte = rest.popFirst() else { return }
    let plain: [Character: UInt8] = [
      "n": 0x0A, "t": 0x09, "r": 0x0D, "b": 0x08, "f": 0x0C, "v": 0x0B, "a": 0x07, "0": 0, "\\": 0x5C, "'": 0x27,
      "\"": 0x22, "/": 0x2F,
    ]
    let letter = Character(UnicodeScalar(byte))
    if let value = plain[letter] {
      text.append(value)
    } else if let digits = ["x": 2, "u": 4, "U": 8][letter], let scalar = scalar(&rest, digits) {
      text += Array(String(Character(scalar)).utf8)
    } else if byte != 0x0A {
      text += [UInt8(ascii: "\\"), byte]
    }
  }

  /// The scalar of some hexadecimal digits, of two halves where JSON wrote it so; nil, with nothing read, for others.
  private static func scalar(_ rest: inout ArraySlice<UInt8>, _ digits: Int) -> UnicodeScalar? {
    guard let first = number(rest, digits) else { return nil }
    let after = rest.dropFirst(digits)
    if digits == 4, (0xD800..<0xDC00).contains(first), after.starts(with: "\\u".utf8),
      let second = number(after.dropFirst(2), 4), (0xDC00..<0xE000).contains(second)
    {
      rest = after.dropFirst(6)
      return UnicodeScalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    }
    guard let scalar = UnicodeScalar(first) else { return nil }
    rest = after
    return scalar
  }

  private static func number(_ bytes: ArraySlice<UInt8>, _ digits: Int) -> UInt32? {
    let text = String(decoding: bytes.prefix(digits), as: UTF8.self)
    guard bytes.count >= digits, text.allSatisfy(\.isHexDigit) else { return nil }
    return UInt32(text, radix: 16)
  }

  // MARK: Bytes

  private mutating func take(_ character: Character) -> Bool {
    skipSpace()
    guard rest.first == character.asciiValue else { return false }
    rest.removeFirst()
    return true
  }

  private mutating func skipSpace() { rest = rest.drop { JSONScanner.isSpace($0) } }
}
