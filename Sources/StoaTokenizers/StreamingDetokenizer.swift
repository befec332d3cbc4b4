/// Turns tokens into text as they come, and never splits a character: the bytes of an incomplete one are held back.
public struct StreamingDetokenizer: Sendable {
  private let tokenizer: Tokenizer
  private let showSpecial: Bool
  /// What is to be done with spaces; `kept` once the text has begun.
  private var leadingSpace: LeadingSpace
  /// The beginning of a UTF-8 sequence, at most three bytes.
  private var held: [UInt8] = []

  init(tokenizer: Tokenizer, showSpecial: Bool, leadingSpace: LeadingSpace) {
    self.tokenizer = tokenizer
    self.showSpecial = showSpecial
    self.leadingSpace = leadingSpace
  }

  /// The text that a token completes: whole Unicode scalars, perhaps none.
  ///
  /// Bytes that cannot be part of valid UTF-8 become U+FFFD as soon as that is certain. `showSpecial` shows the name of
  /// this token even where those of special tokens are left out.
  public mutating func append(_ id: Int32, showSpecial isShown: Bool = false) -> String {
    guard id >= 0, id < tokenizer.vocabularySize else { return "" }
    var piece = tokenizer.surface(of: id, showSpecial || isShown)
    if leadingSpace != .kept, !tokenizer.isControl(id) { dropLeadingSpace(&piece, id) }
    if piece.isEmpty { return "" }
    held += piece
    let complete = held.count - Self.incompleteSuffix(held)
    if complete == 0 { return "" }
    let text = String(decoding: held[..<complete], as: UTF8.self)
    held.removeFirst(complete)
    return text
  }

  private mutating func dropLeadingSpace(_ piece: inout ArraySlice<UInt8>, _ id: Int32) {
    let isByte = tokenizer.isByte(id)
    switch leadingSpace {
    case .kept: return
    case .dropped: if piece.first == 0x20, !isByte { piece = piece.dropFirst() }
    case .firstTokenAsWritten: piece = tokenizer.vocabulary.texts[Int(id)]
    case .allOfFirstTokenDropped: if !isByte { piece.removeAll { $0 == 0x20 } }
    case .oneOfEachTokenDropped:
      if piece.first == 0x20, !isByte { piece = piece.dropFirst() }
      if piece.isEmpty { return }
    }
    leadingSpace = .kept
  }

  /// The end of the text: U+FFFD if it ends within a character, or nothing.
  public mutating func finish() -> String {
    defer { held = [] }
    return String(decoding: held, as: UTF8.self)
  }

  /// How many bytes at the end begin a sequence that more bytes could complete. Table 3-7 of the Unicode Standard.
  private static func incompleteSuffix(_ bytes: [UInt8]) -> Int {
    for length in 1...3 where length <= bytes.count {
      let start = bytes.count - length
      let lead = bytes[start]
      if lead & 0xC0 == 0x80 { continue }
      let needed =
        switch lead {
        case 0xC2...0xDF: 2
        case 0xE0...0xEF: 3
        case 0xF0...0xF4: 4
        default: 0
        }
      if length >= needed { return 0 }
      if length == 1 { return 1 }
      let second: ClosedRange<UInt8> =
        switch lead {
        case 0xE0: 0xA0...0xBF
        case 0xED: 0x80...0x9F
        case 0xF0: 0x90...0xBF
        case 0xF4: 0x80...0x8F
        default: 0x80...0xBF
        }
      return second.contains(bytes[start + 1]) ? length : 0
    }
    return 0
  }
}

extension Tokenizer {
  func isControl(_ id: Int32) -> Bool { type(of: id) == .control || type(of: id) == .unknown }

  func isByte(_ id: Int32) -> Bool { type(of: id) == .byte }

  private func type(of id: Int32) -> TokenType? {
    id >= 0 && id < vocabulary.count ? vocabulary.types[Int(id)] : nil
  }
}
