/// The words inside tags: names, numbers, strings and symbols.
extension Lexer {
  private static let symbols = [
    "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".",
    ":", "|", ",", ";",
  ].map { (text: $0, bytes: Array($0.utf8)) }

  mutating func words(isBlock: Bool) throws(TemplateError) {
    var open: [String] = []
    while true {
      skipSpace()
      guard let byte = byte() else { throw fault("a tag is not closed with \(isBlock ? "%}" : "}}")") }
      if open.isEmpty, takeTagEnd(isBlock: isBlock) { return }
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): try number()
      case UInt8(ascii: "'"), UInt8(ascii: "\""): try string(quote: byte)
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"), 0x80...:
        try name()
      default: try symbol(&open)
      }
    }
  }

  private mutating func takeTagEnd(isBlock: Bool) -> Bool {
    let strips = isBlock ? isNext("-%}") : isNext("-}}")
    let keeps = isBlock && isNext("+%}")
    guard strips || keeps || (isBlock ? isNext("%}") : isNext("}}")) else { return false }
    tokens.append(Token(kind: isBlock ? .blockEnd : .variableEnd, line: line))
    closeTag(length: strips || keeps ? 3 : 2, stripsAfter: strips, trimsLineBreak: isBlock && !keeps)
    return true
  }

  private mutating func symbol(_ open: inout [String]) throws(TemplateError) {
    guard let symbol = Self.symbols.first(where: { source[position...].starts(with: $0.bytes) }) else {
      throw fault("unexpected character '\(Text.decode(source[position..<scalarEnd]))'")
    }
    switch symbol.text {
    case "(": open.append(")")
    case "[": open.append("]")
    case "{": open.append("}")
    case ")", "]", "}":
      guard let expected = open.popLast() else { throw fault("unexpected '\(symbol.text)'") }
      guard expected == symbol.text else { throw fault("unexpected '\(symbol.text)', expected '\(expected)'") }
    default: break
    }
    tokens.append(Token(kind: .symbol(symbol.text), line: line))
    position += symbol.bytes.count
  }

  private mutating func name() throws(TemplateError) {
    let start = position
    while let byte = byte() {
      if byte >= 0x80 {
        let properties = Text.decode(source[position..<scalarEnd]).properties
        guard position == start ? properties.isXIDStart : properties.isXIDContinue else { break }
        position = scalarEnd
      } else {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
          UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"):
          position += 1
          continue
        default: break
        }
        break
      }
    }
    guard position > start else {
      throw fault("unexpected character '\(Text.decode(source[position..<scalarEnd]))'")
    }
    tokens.append(Token(kind: .name(Text(bytes: Array(source[start..<position]))), line: line))
  }

  /// Takes digits with single underscores between them.
  private mutating func takeDigits(_ isDigit: (UInt8) -> Bool) -> Bool {
    let start = position
    while let byte = byte() {
      if isDigit(byte) {
        position += 1
      } else if byte == UInt8(ascii: "_"), position > start, let next = self.byte(1), isDigit(next) {
        position += 2
      } else {
        break
      }
    }
    return position > start
  }

  private static func isDecimal(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

  private mutating func number() throws(TemplateError) {
    let start = position
    let followsDot = start > 0 && source[start - 1] == UInt8(ascii: ".")
    func literal(_ from: Int) -> String {
      String(decoding: source[from..<position].filter { $0 != UInt8(ascii: "_") }, as: UTF8.self)
    }
    if byte() == UInt8(ascii: "0"), let letter = byte(1) {
      let radix = [UInt8(ascii: "x"): 16, UInt8(ascii: "o"): 8, UInt8(ascii: "b"): 2][letter | 0x20]
      let isDigit = { (byte: UInt8) in
        Character(Unicode.Scalar(byte)).hexDigitValue.map { $0 < radix ?? 0 } ?? false
      }
      let first = byte(2) == UInt8(ascii: "_") ? 3 : 2
      if let radix, let digit = byte(first), isDigit(digit) {
        position += first
        _ = takeDigits(isDigit)
        guard let value = Int(literal(start + 2), radix: radix) else {
          throw fault("the number \(literal(start).prefix(30)) does not fit 64 bits")
        }
        tokens.append(Token(kind: .int(value), line: line))
        return
      }
    }
    _ = takeDigits(Self.isDecimal)
    let wholeEnd = position
    var isDouble = false
    if !followsDot {
      if byte() == UInt8(ascii: "."), let next = byte(1), Self.isDecimal(next) {
        position += 1
        _ = takeDigits(Self.isDecimal)
        isDouble = true
      }
      if let letter = byte(), letter | 0x20 == UInt8(ascii: "e") {
        let mantissaEnd = position
        position += 1
        _ = takeSign()
        if takeDigits(Self.isDecimal) { isDouble = true } else { position = mantissaEnd }
      }
    }
    if isDouble, let value = Double(literal(start)) {
      tokens.append(Token(kind: .double(value), line: line))
      return
    }
    position = wholeEnd
    let digits = literal(start)
    guard digits.first != "0" || digits.allSatisfy({ $0 == "0" }) else { throw fault("a number starts with 0") }
    guard let value = Int(digits) else { throw fault("the number \(digits.prefix(30)) does not fit 64 bits") }
    tokens.append(Token(kind: .int(value), line: line))
  }

  private mutating func string(quote: UInt8) throws(TemplateError) {
    let start = position
    position += 1
    var content: [UInt8] = []
    while let byte = byte() {
      position += 1
      if byte == quote {
        tokens.append(Token(kind: .string(Text(bytes: content)), line: line))
        advanceLine(from: start, to: position)
        return
      }
      if byte == UInt8(ascii: "\\") { try escape(&content) } else { content.append(byte) }
    }
    throw fault("a string is not closed")
  }

  /// One escape of a Python string literal.
  private mutating func escape(_ content: inout [UInt8]) throws(TemplateError) {
    guard let letter = byte() else { throw fault("a string is not closed") }
    position += 1
    switch letter {
    case UInt8(ascii: "\n"): break
    case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): content.append(letter)
    case UInt8(ascii: "a"): content.append(0x07)
    case UInt8(ascii: "b"): content.append(0x08)
    case UInt8(ascii: "t"): content.append(0x09)
    case UInt8(ascii: "n"): content.append(0x0A)
    case UInt8(ascii: "v"): content.append(0x0B)
    case UInt8(ascii: "f"): content.append(0x0C)
    case UInt8(ascii: "r"): content.append(0x0D)
    case UInt8(ascii: "x"): try codePoint(digits: 2, &content)
    case UInt8(ascii: "u"): try codePoint(digits: 4, &content)
    case UInt8(ascii: "U"): try codePoint(digits: 8, &content)
    case UInt8(ascii: "N"): throw fault("\\N{…} escapes are not supported; write the character")
    case UInt8(ascii: "0")...UInt8(ascii: "7"):
      var value = UInt32(letter - 0x30)
      for _ in 0..<2 {
        guard let next = byte(), next >= 0x30, next <= 0x37 else { break }
        value = value * 8 + UInt32(next - 0x30)
        position += 1
      }
      content.append(scalar: Unicode.Scalar(value) ?? "\u{FFFD}")
    default:
      content.append(UInt8(ascii: "\\"))
      content.append(letter)
    }
  }

  private mutating func codePoint(digits: Int, _ content: inout [UInt8]) throws(TemplateError) {
    var value: UInt32 = 0
    for _ in 0..<digits {
      guard let byte = byte(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue, value < 1 << 28 else {
        throw fault("an escape in a string needs \(digits) hexadecimal digits")
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    guard let scalar = Unicode.Scalar(value) else { throw fault("an escape in a string is not a Unicode character") }
    content.append(scalar: scalar)
  }
}
