/// The normaliser of SentencePiece models: replacement rules, then spaces, which become `▁`.
///
/// Sources: `normalizer.cc` of sentencepiece and, for its rendering, `llm_tokenizer_ugm_session` of llama.cpp.
struct SentencePieceNormalizer: Sendable {
  enum Style: Sendable {
    case sentencePiece
    /// Spaces at the end of a text stay, unless extra spaces go.
    case llamaCpp
  }

  var style = Style.sentencePiece
  var characterMap: CharacterMap?
  /// Stretches of text that the rules leave alone; the longest counts.
  var userDefined: PieceTrie?
  /// A space in front of the text, or behind it.
  var addsSpace = true
  var spaceIsSuffix = false
  /// Runs of spaces become one, those at the ends go.
  var removesExtraSpaces = true
  /// Spaces become `▁`.
  var escapesSpaces = true

  /// The normalised text; bytes that are not valid UTF-8 become U+FFFD.
  ///
  /// - Parameter isPrefixed: Whether the section is one that gets a space.
  func apply(_ text: [UInt8], isPrefixed: Bool) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(text.count + text.count / 2)
    switch style {
    case .sentencePiece: sentencePiece(text.span, isPrefixed: isPrefixed && addsSpace, &result)
    case .llamaCpp: llamaCpp(text.span, isPrefixed: isPrefixed && addsSpace, &result)
    }
    return result
  }

  private static let space = UInt8(ascii: " ")
  private static let escapedSpace: [UInt8] = [0xE2, 0x96, 0x81]

  private func appendSpace(_ result: inout [UInt8]) {
    if escapesSpaces { result += Self.escapedSpace } else { result.append(Self.space) }
  }

  private func sentencePiece(_ text: Span<UInt8>, isPrefixed: Bool, _ result: inout [UInt8]) {
    var i = 0
    if removesExtraSpaces {
      while i < text.count, isSpace(text, at: i) { i += prefixLength(text, at: i) }
    }
    if i == text.count { return }
    if isPrefixed, !spaceIsSuffix { appendSpace(&result) }
    var wasSpace = removesExtraSpaces
    forEachReplaced(text, from: i) { byte, isFirst in
      if byte == Self.space {
        // Spaces go at the start of a replacement alone.
        if isFirst, wasSpace { return false }
        appendSpace(&result)
      } else {
        result.append(byte)
      }
      wasSpace = byte == Self.space && removesExtraSpaces
      return true
    }
    if removesExtraSpaces {
      if escapesSpaces {
        while result.suffix(3) == Self.escapedSpace[...] { result.removeLast(3) }
      } else {
        while result.last == Self.space { result.removeLast() }
      }
    }
    if isPrefixed, spaceIsSuffix { appendSpace(&result) }
  }

  private func llamaCpp(_ text: Span<UInt8>, isPrefixed: Bool, _ result: inout [UInt8]) {
    var (wasSpace, needsPrefix) = (true, isPrefixed && !spaceIsSuffix)
    forEachReplaced(text, from: 0) { byte, _ in
      if byte == Self.space {
        wasSpace = true
        if !removesExtraSpaces { appendSpace(&result) }
      } else {
        if wasSpace, needsPrefix || removesExtraSpaces {
          appendSpace(&result)
          needsPrefix = false
        }
        wasSpace = false
        result.append(byte)
      }
      return true
    }
    if isPrefixed, spaceIsSuffix { appendSpace(&result) }
  }

  /// Calls `body` with each byte of the text after replacement, and whether only bytes that `body` returned false for
  /// came before it in the same replacement.
  private func forEachReplaced(_ text: Span<UInt8>, from start: Int, _ body: (UInt8, Bool) -> Bool) {
    var i = start
    while i < text.count {
      var isFirst = true
      if let end = userDefined?.longestMatch(text, at: i, end: text.count)?.end {
        for offset in i..<end where body(text[offset], isFirst) { isFirst = false }
        i = end
      } else if let map = characterMap, let match = map.longestMatch(text, at: i, end: text.count) {
        for byte in map.text(match.replacement) where body(byte, isFirst) { isFirst = false }
        i += match.length
      } else {
        let scalar = text.scalar(at: i, end: text.count)
        if scalar.isInvalid {
          for byte: UInt8 in [0xEF, 0xBF, 0xBD] where body(byte, isFirst) { isFirst = false }
        } else {
          for offset in i..<i + scalar.length where body(text[offset], isFirst) { isFirst = false }
        }
        i += scalar.length
      }
    }
  }

  /// Whether what is replaced at `i` is replaced by one space.
  private func isSpace(_ text: Span<UInt8>, at i: Int) -> Bool {
    if let end = userDefined?.longestMatch(text, at: i, end: text.count)?.end {
      return end == i + 1 && text[i] == Self.space
    }
    if let map = characterMap, let match = map.longestMatch(text, at: i, end: text.count) {
      return map.text(match.replacement).elementsEqual(CollectionOfOne(Self.space))
    }
    return text[i] == Self.space
  }

  private func prefixLength(_ text: Span<UInt8>, at i: Int) -> Int {
    if userDefined?.longestMatch(text, at: i, end: text.count) != nil { return 1 }
    return characterMap?.longestMatch(text, at: i, end: text.count)?.length ?? 1
  }
}
