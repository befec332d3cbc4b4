extension Tokenizer {
  /// The id of the token written so in the vocabulary, or standing for exactly this text.
  public func token(for text: String) -> Int32? {
    if let id = vocabulary.id(text) { return id }
    guard case .byteLevel = model else { return nil }
    return vocabulary.id(ByteLevelAlphabet.encode(text.utf8))
  }

  /// A token for display: its text, the name of a control token; U+FFFD for a part of a character. Empty for an id
  /// outside the vocabulary.
  public func text(of id: Int32) -> String { String(decoding: bytes(of: id, showSpecial: true), as: UTF8.self) }

  /// The bytes that a token adds to a text: part of a character, a character, or several; a leading space included.
  ///
  /// Empty for an id outside the vocabulary, and for control and unknown tokens unless `showSpecial`.
  public func bytes(of id: Int32, showSpecial: Bool = false) -> [UInt8] { Array(surface(of: id, showSpecial)) }

  func surface(of id: Int32, _ showSpecial: Bool) -> ArraySlice<UInt8> {
    guard id >= 0, id < vocabulary.count else { return [] }
    switch vocabulary.types[Int(id)] {
    case .control, .unknown: return showSpecial ? surfaces[Int(id)] : []
    case .normal, .userDefined, .unused, .byte: return surfaces[Int(id)]
    }
  }

  /// The text of the tokens from the start of a text on, where SentencePiece models drop the space they had put in front.
  ///
  /// Bytes that are not UTF-8 become U+FFFD, one for each maximal part of a character.
  public func decode(_ ids: [Int32], showSpecial: Bool = false) -> String {
    var stream = detokenizer(continuing: false, showSpecial: showSpecial)
    var text = ""
    for id in ids { text += stream.append(id) }
    return text + stream.finish()
  }

  /// A detokeniser for tokens that come one by one.
  ///
  /// - Parameter continuing: Whether the tokens continue a text. If not, a SentencePiece model's first space is dropped.
  public func detokenizer(continuing: Bool, showSpecial: Bool = false) -> StreamingDetokenizer {
    StreamingDetokenizer(tokenizer: self, showSpecial: showSpecial, leadingSpace: continuing ? .kept : leadingSpace)
  }
}
