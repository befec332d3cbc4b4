extension Tokenizer {
  /// The bytes of each token of a SentencePiece vocabulary: spaces for `▁`, and byte tokens as their byte.
  static func sentencePieceSurfaces(_ vocabulary: Vocabulary) -> PackedByteStrings {
    var surfaces = PackedByteStrings()
    for id in 0..<vocabulary.count {
      if vocabulary.types[id] == .byte, let byte = vocabulary.byte(id) {
        surfaces.append(CollectionOfOne(byte))
      } else {
        surfaces.append(withSpaces(vocabulary.texts[id]))
      }
    }
    return surfaces
  }

  /// `text` with spaces for `▁`, which is E2 96 81 in UTF-8.
  private static func withSpaces(_ text: ArraySlice<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    for byte in text {
      result.append(byte)
      if byte == 0x81, result.suffix(3) == [0xE2, 0x96, 0x81] {
        result.removeLast(3)
        result.append(0x20)
      }
    }
    return result
  }

  /// The bytes of each token of a vocabulary written as text, byte tokens as their byte.
  static func plainSurfaces(_ vocabulary: Vocabulary) -> PackedByteStrings {
    var surfaces = PackedByteStrings()
    for id in 0..<vocabulary.count {
      if vocabulary.types[id] == .byte, let byte = vocabulary.byte(id) {
        surfaces.append(CollectionOfOne(byte))
      } else {
        surfaces.append(vocabulary.texts[id])
      }
    }
    return surfaces
  }

  /// The bytes of each token of a byte-level vocabulary; added tokens stand for themselves.
  static func byteLevelSurfaces(_ vocabulary: Vocabulary, addedTokens: [AddedToken]) -> PackedByteStrings {
    let added = Set(addedTokens.map { $0.id })
    var surfaces = PackedByteStrings()
    for id in 0..<vocabulary.count {
      if vocabulary.types[id] == .byte, let byte = vocabulary.byte(id) {
        surfaces.append(CollectionOfOne(byte))
      } else if !added.contains(Int32(id)),
        let bytes = ByteLevelAlphabet.decode(vocabulary.texts.bytes.span, vocabulary.texts.range(id))
      {
        surfaces.append(bytes)
      } else {
        surfaces.append(vocabulary.texts[id])
      }
    }
    return surfaces
  }
}
