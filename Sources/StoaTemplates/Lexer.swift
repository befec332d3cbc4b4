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
  let source: [UInt8]
  var position = 0
  var line = 1
  /// Whether the last tag ended with a line break, so that text after it starts a line.
  private var isAtLineStart = true
  var tokens: [Token] = []

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

  func fault(_ message: String) -> TemplateError { TemplateError(.syntax, message, line: line) }

  func byte(_ offset: Int = 0) -> UInt8? {
    position + offset < source.count ? source[position + offset] : nil
  }

  func isNext(_ text: String) -> Bool { source[position...].starts(with: text.utf8) }

  mutating func advanceLine(from start: Int, to end: Int) {
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

  mutating func takeSign() -> UInt8? {
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

  mutating func skipSpace() {
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

  var scalarEnd: Int {
    var end = position + 1
    while end < source.count, source[end] & 0xC0 == 0x80 { end += 1 }
    return end
  }

  /// Ends a tag at its closing mark of `length` bytes, and takes the white space that goes with it.
  mutating func closeTag(length: Int, stripsAfter: Bool, trimsLineBreak: Bool) {
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
}
