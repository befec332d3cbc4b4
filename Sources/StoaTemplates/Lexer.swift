/// A piece of a template: text outside tags, the borders of tags, and the words inside them.
struct Token: Sendable {
  enum Kind: Sendable, Equatable {
    case data(Text)
    case variableBegin
    case variableEnd
    case blockBegin
    case blockEnd
    case name(Text)
    case string(Text)
    case int(Int)
    case double(Double)
    case symbol(String)
    case end
  }

  let kind: Kind
  let line: Int

  /// How an error message names the token.
  var description: String {
    switch kind {
    case .data: "template text"
    case .variableBegin: "{{"
    case .variableEnd: "}}"
    case .blockBegin: "{%"
    case .blockEnd: "%}"
    case .name(let text): text.string
    case .string(let text): "'\(text.string.prefix(20))'"
    case .int(let value): String(value)
    case .double(let value): String(value)
    case .symbol(let symbol): symbol
    case .end: "the end of the template"
    }
  }
}

/// Cuts a template into tokens in one pass, with jinja2's rules for `trim_blocks`, `lstrip_blocks` and `-`, `+`.
struct Lexer {
  private let source: [UInt8]
  private var position = 0
  private var line = 1
  /// Whether the last tag ended with a line break, so that text after it starts a line.
  private var isAtLineStart = true
  private var tokens: [Token] = []

  /// Line breaks become `\n`, and one at the very end is dropped.
  init(_ text: String) {
    var source: [UInt8] = []
    source.reserveCapacity(text.utf8.count)
    var previous: UInt8 = 0
    for byte in text.utf8 {
      if byte == UInt8(ascii: "\r") {
        source.append(UInt8(ascii: "\n"))
      } else if byte != UInt8(ascii: "\n") || previous != UInt8(ascii: "\r") {
        source.append(byte)
      }
      previous = byte
    }
    if source.last == UInt8(ascii: "\n") { source.removeLast() }
    self.source = source
  }

  static func tokens(of text: String) throws(TemplateError) -> [Token] {
    var lexer = Lexer(text)
    try lexer.run()
    return lexer.tokens
  }

  private mutating func run() throws(TemplateError) {
    while position < source.count {
      let start = position
      guard let tag = nextTag() else {
        emitData(start, source.count)
        position = source.count
        break
      }
      position = tag + 2
      let sign = takeSign()
      let opener = source[tag + 1]
      emitData(start, strippedEnd(start, tag, sign: sign, isVariable: opener == UInt8(ascii: "{")))
      advanceLine(from: start, to: tag)
      switch opener {
      case UInt8(ascii: "#"): try comment()
      case UInt8(ascii: "{"):
        tokens.append(Token(kind: .variableBegin, line: line))
        try words(isBlock: false)
      default:
        if takeRawBegin() {
          try raw()
        } else {
          tokens.append(Token(kind: .blockBegin, line: line))
          try words(isBlock: true)
        }
      }
    }
    tokens.append(Token(kind: .end, line: line))
  }

  private func fault(_ message: String) -> TemplateError { TemplateError(.syntax, message, line: line) }

  private func byte(_ offset: Int = 0) -> UInt8? {
    position + offset < source.count ? source[position + offset] : nil
  }

  private func isNext(_ text: String) -> Bool { source[position...].starts(with: text.utf8) }

  private mutating func advanceLine(from start: Int, to end: Int) {
    for byte in source[start..<end] where byte == UInt8(ascii: "\n") { line += 1 }
  }

  private func nextTag() -> Int? {
    var place = position
    while place + 1 < source.count {
      if source[place] == UInt8(ascii: "{"), "%{#".utf8.contains(source[place + 1]) { return place }
      place += 1
    }
    return nil
  }

  private mutating func takeSign() -> UInt8? {
    guard let sign = byte(), sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") else { return nil }
    position += 1
    return sign
  }

  private mutating func emitData(_ start: Int, _ end: Int) {
    if start < end { tokens.append(Token(kind: .data(Text(bytes: Array(source[start..<end]))), line: line)) }
  }

  /// Where the text before a tag ends once the white space that the tag removes is gone.
  private func strippedEnd(_ start: Int, _ end: Int, sign: UInt8?, isVariable: Bool) -> Int {
    if sign == UInt8(ascii: "-") {
      return start + Text(bytes: Array(source[start..<end])).stripped(left: false).bytes.count
    }
    guard sign == nil, !isVariable else { return end }
    let lineBreak = source[start..<end].lastIndex(of: UInt8(ascii: "\n"))
    guard lineBreak != nil || isAtLineStart else { return end }
    let lineStart = lineBreak.map { $0 + 1 } ?? start
    let blank = Text(bytes: Array(source[lineStart..<end])).stripped().bytes.isEmpty
    return blank ? lineStart : end
  }

  private mutating func skipSpace() {
    let start = position
    while let byte = byte() {
      if byte < 0x80 {
        guard Unicode.Scalar(byte).isPythonSpace else { break }
        position += 1
      } else {
        let scalar = Text.decode(source[position..<scalarEnd])
        guard scalar.isPythonSpace else { break }
        position = scalarEnd
      }
    }
    advanceLine(from: start, to: position)
  }

  private var scalarEnd: Int {
    var end = position + 1
    while end < source.count, source[end] & 0xC0 == 0x80 { end += 1 }
    return end
  }

  /// Ends a tag at its closing mark of `length` bytes, and takes the white space that goes with it.
  private mutating func closeTag(length: Int, stripsAfter: Bool, trimsLineBreak: Bool) {
    position += length
    if stripsAfter {
      skipSpace()
    } else if trimsLineBreak, byte() == UInt8(ascii: "\n") {
      position += 1
      line += 1
    }
    isAtLineStart = position > 0 && source[position - 1] == UInt8(ascii: "\n")
  }

  private mutating func comment() throws(TemplateError) {
    // Like jinja2, which looks for the end only where there is text left.
    guard position < source.count else { return }
    let start = position
    while position < source.count, !isNext("#}") { position += 1 }
    guard position < source.count else { throw fault("a comment is not closed with #}") }
    let stripsAfter = position > start && source[position - 1] == UInt8(ascii: "-")
    let keepsLineBreak = position > start && source[position - 1] == UInt8(ascii: "+")
    advanceLine(from: start, to: position)
    closeTag(length: 2, stripsAfter: stripsAfter, trimsLineBreak: !keepsLineBreak)
  }

  // MARK: Raw blocks

  /// Takes the rest of `{% raw %}` after its `{%`; the line break after it stays, unlike with other blocks.
  private mutating func takeRawBegin() -> Bool {
    let start = (position, line)
    skipSpace()
    if isNext("raw") {
      position += 3
      skipSpace()
      if isNext("%}") {
        closeTag(length: 2, stripsAfter: false, trimsLineBreak: false)
        return true
      }
      if isNext("-%}") {
        closeTag(length: 3, stripsAfter: true, trimsLineBreak: false)
        return true
      }
    }
    (position, line) = start
    return false
  }

  private mutating func raw() throws(TemplateError) {
    let start = position
    let startLine = line
    guard position < source.count else { return }
    while position < source.count {
      guard isNext("{%") else {
        position += 1
        continue
      }
      let tag = position
      position += 2
      let sign = takeSign()
      skipSpace()
      if isNext("endraw") {
        position += 6
        skipSpace()
        let length = isNext("%}") ? 2 : isNext("-%}") || isNext("+%}") ? 3 : 0
        if length > 0 {
          let strips = isNext("-%}")
          let keeps = isNext("+%}")
          line = startLine
          emitData(start, strippedEnd(start, tag, sign: sign, isVariable: false))
          advanceLine(from: start, to: position)
          closeTag(length: length, stripsAfter: strips, trimsLineBreak: !keeps)
          return
        }
      }
      position = max(position, tag + 2)
    }
    line = startLine
    throw fault("{% raw %} is not closed with {% endraw %}")
  }

  // MARK: Inside tags

  private static let symbols = [
    "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".",
    ":", "|", ",", ";",
  ].map { (text: $0, bytes: Array($0.utf8)) }

  private mutating func words(isBlock: Bool) throws(TemplateError) {
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
      if let radix {
        position += 2
        if byte() == UInt8(ascii: "_") { position += 1 }
        let isDigit = { (byte: UInt8) in Character(Unicode.Scalar(byte)).hexDigitValue.map { $0 < radix } ?? false }
        if takeDigits(isDigit), let value = Int(literal(start + 2), radix: radix) {
          tokens.append(Token(kind: .int(value), line: line))
          return
        }
        throw fault("a number is malformed or does not fit 64 bits")
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
