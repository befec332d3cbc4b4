/// Reads the pattern language of rails: a regular expression over UTF-8 bytes without unbounded repetition.
///
/// Literals, `.` (one byte that is no line feed), `[…]`, `\d \w \s \D \W \S`, `\n \r \t \0`, `\xHH` (a byte), `\u{H…}` (a scalar),
/// `(…)` and `(?:…)`, `|`, `? {n} {n,m}`, `^ $` (of lines), `\b \B`, `\<` (no word byte before), `\>` (none after), `(?i)` in front.
/// `\d`, `\w`, `\s` and the word of `\b` are those of ASCII. A negated class of ASCII members matches one byte.
struct PatternParser {
  private let text: [UInt8]
  private var position = 0
  private var foldsCase: Bool
  private var depth = 0

  /// The largest upper bound of one repetition.
  static let repetitionLimit = 8192
  private static let depthLimit = 64

  static func parse(_ pattern: String, foldsCase: Bool = false) throws(PatternError) -> PatternSyntax {
    var parser = PatternParser(text: Array(pattern.utf8), foldsCase: foldsCase)
    return try parser.whole()
  }

  private init(text: [UInt8], foldsCase: Bool) {
    self.text = text
    self.foldsCase = foldsCase
  }

  private mutating func whole() throws(PatternError) -> PatternSyntax {
    if text.starts(with: Array("(?i)".utf8)) {
      foldsCase = true
      position = 4
    }
    let syntax = try choice()
    if position < text.count { throw error("unmatched )", "escape it as \\) or remove it") }
    return syntax
  }

  private func error(_ reason: String, _ hint: String, at offset: Int? = nil) -> PatternError {
    PatternError(reason: reason, hint: hint, offset: offset ?? position)
  }

  private var next: UInt8? { position < text.count ? text[position] : nil }

  private mutating func accept(_ character: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func choice() throws(PatternError) -> PatternSyntax {
    depth += 1
    defer { depth -= 1 }
    if depth > Self.depthLimit { throw error("groups nested too deeply", "nest at most \(Self.depthLimit) groups") }
    var branches = [try sequence()]
    while accept("|") { branches.append(try sequence()) }
    return branches.count == 1 ? branches[0] : .choice(branches)
  }

  private mutating func sequence() throws(PatternError) -> PatternSyntax {
    var parts: [PatternSyntax] = []
    while let byte = next, byte != UInt8(ascii: "|"), byte != UInt8(ascii: ")") {
      let start = position
      let atom = try atom()
      parts.append(try repeated(atom, from: start))
    }
    return parts.count == 1 ? parts[0] : parts.isEmpty ? .empty : .sequence(parts)
  }

  private mutating func repeated(_ atom: PatternSyntax, from start: Int) throws(PatternError) -> PatternSyntax {
    switch next {
    case UInt8(ascii: "?"):
      position += 1
      return .repetition(atom, 0...1)
    case UInt8(ascii: "*"), UInt8(ascii: "+"):
      let least = next == UInt8(ascii: "*") ? 0 : 1
      throw error(
        "repetition without bound", "a rail holds text back while a match is open: write {\(least),64} or another bound"
      )
    case UInt8(ascii: "{"):
      let brace = position
      position += 1
      guard let least = number() else { throw error("a count is missing after {", "write {2} or {2,5}, or escape \\{") }
      var most = least
      if accept(",") {
        guard let upper = number() else {
          throw error("repetition without upper bound", "write {\(least),\(max(64, least))} or another bound")
        }
        most = upper
      }
      guard accept("}") else { throw error("} is missing", "write {2} or {2,5}") }
      guard least <= most else {
        throw error("the bounds of a repetition are reversed", "write {\(most),\(least)}", at: brace)
      }
      guard most <= Self.repetitionLimit else {
        throw error("repetition of more than \(Self.repetitionLimit)", "use a smaller bound", at: brace)
      }
      if case .assertion = atom { throw error("an assertion is repeated", "write it once", at: start) }
      return .repetition(atom, least...most)
    default:
      return atom
    }
  }

  private mutating func number() -> Int? {
    var value: Int?
    while let byte = next, ByteSet.digits.contains(byte) {
      value = min((value ?? 0) * 10 + Int(byte - UInt8(ascii: "0")), 1_000_000)
      position += 1
    }
    return value
  }

  private mutating func atom() throws(PatternError) -> PatternSyntax {
    let start = position
    let byte = text[position]
    position += 1
    switch byte {
    case UInt8(ascii: "("):
      if accept("?") {
        guard accept(":") else {
          throw error("a group of an unknown kind", "only (…), (?:…) and a leading (?i) exist", at: start)
        }
      }
      let inner = try choice()
      guard accept(")") else { throw error("a group is not closed", "add ) or escape \\(", at: start) }
      return inner
    case UInt8(ascii: "["): return try characterClass(from: start)
    case UInt8(ascii: "."): return .bytes(ByteSet([0x0A]).inverted)
    case UInt8(ascii: "^"): return .assertion(.lineStart)
    case UInt8(ascii: "$"): return .assertion(.lineEnd)
    case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"), UInt8(ascii: "{"):
      throw error("nothing to repeat", "escape the character with \\ or put something before it", at: start)
    case UInt8(ascii: "\\"):
      switch try escape(from: start) {
      case .set(let set): return .bytes(set)
      case .assertion(let assertion): return .assertion(assertion)
      case .byte(let value): return .bytes(ByteSet([value]))
      case .scalar(let scalar): return literal(scalar)
      }
    default:
      position = start
      return literal(try scalar())
    }
  }

  private func literal(_ scalar: Unicode.Scalar) -> PatternSyntax {
    let value = scalar.value
    if value < 0x80 {
      let set = ByteSet([UInt8(value)])
      return .bytes(foldsCase ? set.foldingCase : set)
    }
    return foldsCase
      ? ScalarRanges.syntax(ScalarRanges.foldingCase([value...value])) : .literal(Array(String(scalar).utf8))
  }

  /// The scalar at the position, which is moved behind it; the text is that of a `String` and so is valid.
  private mutating func scalar() throws(PatternError) -> Unicode.Scalar {
    let length = text[position] < 0x80 ? 1 : text[position] < 0xE0 ? 2 : text[position] < 0xF0 ? 3 : 4
    let piece = text[position..<min(position + length, text.count)]
    guard let scalar = String(decoding: piece, as: UTF8.self).unicodeScalars.first else {
      throw error("invalid text", "write the pattern in UTF-8")
    }
    position += length
    return scalar
  }

  private enum Escape {
    case set(ByteSet)
    case assertion(PatternAssertion)
    case byte(UInt8)
    case scalar(Unicode.Scalar)
  }

  /// Reads what follows a backslash.
  private mutating func escape(from start: Int) throws(PatternError) -> Escape {
    guard let byte = next else { throw error("a backslash at the end", "write \\\\ for a backslash", at: start) }
    position += 1
    switch byte {
    case UInt8(ascii: "d"): return .set(.digits)
    case UInt8(ascii: "D"): return .set(ByteSet.digits.inverted)
    case UInt8(ascii: "w"): return .set(.word)
    case UInt8(ascii: "W"): return .set(ByteSet.word.inverted)
    case UInt8(ascii: "s"): return .set(.space)
    case UInt8(ascii: "S"): return .set(ByteSet.space.inverted)
    case UInt8(ascii: "n"): return .scalar("\n")
    case UInt8(ascii: "r"): return .scalar("\r")
    case UInt8(ascii: "t"): return .scalar("\t")
    case UInt8(ascii: "0"): return .scalar("\0")
    case UInt8(ascii: "b"): return .assertion(.wordBoundary)
    case UInt8(ascii: "B"): return .assertion(.noWordBoundary)
    case UInt8(ascii: "<"): return .assertion(.noWordBefore)
    case UInt8(ascii: ">"): return .assertion(.noWordAfter)
    case UInt8(ascii: "x"):
      guard position + 2 <= text.count,
        let value = UInt8(String(decoding: text[position..<position + 2], as: UTF8.self), radix: 16)
      else { throw error("\\x without two hexadecimal digits", "write \\x41 or \\u{41}", at: start) }
      position += 2
      return .byte(value)
    case UInt8(ascii: "u"):
      guard accept("{"), let close = text[position...].firstIndex(of: UInt8(ascii: "}")), close - position <= 6,
        let value = UInt32(String(decoding: text[position..<close], as: UTF8.self), radix: 16),
        let scalar = Unicode.Scalar(value)
      else { throw error("\\u without a scalar in braces", "write \\u{200B}", at: start) }
      position = close + 1
      return .scalar(scalar)
    default:
      guard byte < 0x80, !ByteSet.word.contains(byte) else {
        throw error(
          "an unknown escape", "known are \\d \\w \\s \\D \\W \\S \\b \\B \\< \\> \\n \\r \\t \\0 \\xHH \\u{H}",
          at: start)
      }
      return .scalar(Unicode.Scalar(byte))
    }
  }

  private mutating func characterClass(from start: Int) throws(PatternError) -> PatternSyntax {
    let negated = accept("^")
    var ranges: [ClosedRange<UInt32>] = []
    var sets = ByteSet()
    var isFirst = true
    while true {
      guard let byte = next else { throw error("a class is not closed", "add ] or escape \\[", at: start) }
      if byte == UInt8(ascii: "]"), !isFirst {
        position += 1
        break
      }
      isFirst = false
      guard let low = try member(&sets) else { continue }
      var high = low
      if next == UInt8(ascii: "-"), position + 1 < text.count, text[position + 1] != UInt8(ascii: "]") {
        position += 1
        guard let upper = try member(&sets) else {
          throw error("a range that ends in a set", "put - at the end of the class", at: start)
        }
        high = upper
      }
      guard low <= high else { throw error("a range is reversed", "write its lower end first", at: start) }
      ranges.append(low...high)
    }
    if foldsCase { ranges = ScalarRanges.foldingCase(ranges) }
    if ranges.allSatisfy({ $0.upperBound < 0x80 }) {
      for range in ranges { for value in range { sets.insert(UInt8(value)) } }
      if foldsCase { sets = sets.foldingCase }
      return .bytes(negated ? sets.inverted : sets)
    }
    for byte in UInt8(0)..<0x80 where sets.contains(byte) { ranges.append(UInt32(byte)...UInt32(byte)) }
    if negated { ranges = ScalarRanges.inverted(ranges) }
    return ScalarRanges.syntax(ranges)
  }

  /// A member of a class: a scalar's value, or nil when it was a set such as `\d`, which is added.
  private mutating func member(_ sets: inout ByteSet) throws(PatternError) -> UInt32? {
    let start = position
    guard next == UInt8(ascii: "\\") else { return try scalar().value }
    position += 1
    switch try escape(from: start) {
    case .set(let set):
      sets.formUnion(set)
      return nil
    case .scalar(let scalar): return scalar.value
    case .byte(let byte):
      if byte < 0x80 { return UInt32(byte) }
      throw error("a byte above 7F in a class", "write the scalar as \\u{…}", at: start)
    case .assertion: throw error("an assertion in a class", "put it outside the brackets", at: start)
    }
  }
}
