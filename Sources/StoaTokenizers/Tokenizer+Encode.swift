extension Tokenizer {
  /// The token ids of a text. Never fails: what the vocabulary cannot express becomes byte tokens or the unknown token.
  ///
  /// - Parameters:
  ///   - parseSpecial: Whether the names of control tokens in the text, such as `<|im_end|>`, become those tokens. Must be
  ///     false for text that a user wrote, who could otherwise end their turn and speak for the system.
  ///   - addSpecial: Whether to put the tokens around the text that the model expects, such as `bos`.
  public func encode(_ text: String, parseSpecial: Bool = true, addSpecial: Bool = true) -> [Int32] {
    encode(text.utf8.span, parseSpecial: parseSpecial, addSpecial: addSpecial)
  }

  /// The token ids of a text in UTF-8; bytes that are not valid UTF-8 become byte tokens or the unknown token.
  public func encode(_ text: [UInt8], parseSpecial: Bool = true, addSpecial: Bool = true) -> [Int32] {
    encode(text.span, parseSpecial: parseSpecial, addSpecial: addSpecial)
  }

  func encode(
    _ text: Span<UInt8>, parseSpecial: Bool, addSpecial: Bool, literals: [Int] = []
  ) -> [Int32] {
    var output = addSpecial ? prefix : []
    output.reserveCapacity(text.count / 3 + 8)
    var scratch = EncodingScratch(cache: WordCache(textLength: text.count))
    addedTokens.split(text, 0..<text.count, parseSpecial: parseSpecial, literals: literals) { piece in
      switch piece {
      case .token(let id): output.append(id)
      case .text(let range):
        // Normalising moves offsets, so a section that holds a literal has no special tokens at all.
        let isPlain = Self.contains(literals, in: range)
        encodeSection(text, range, parseSpecial: parseSpecial && !isPlain, &scratch, &output)
      }
    }
    if addSpecial { output += suffix }
    return output
  }

  /// Whether one of the ascending `offsets` lies in `range`.
  private static func contains(_ offsets: [Int], in range: Range<Int>) -> Bool {
    var (low, high) = (0, offsets.count)
    while low < high {
      let middle = (low + high) / 2
      if offsets[middle] < range.lowerBound { low = middle + 1 } else { high = middle }
    }
    return low < offsets.count && offsets[low] < range.upperBound
  }

  /// Encodes a section of text between special tokens.
  private func encodeSection(
    _ text: Span<UInt8>, _ range: Range<Int>, parseSpecial: Bool, _ scratch: inout EncodingScratch,
    _ output: inout [Int32]
  ) {
    var isPrefixed = isPrefixed(range)
    if normalizer.isIdentity, normalizedTokens.isEmpty {
      encodeText(
        text, range, isPrefixed: isPrefixed, isAtStart: range.lowerBound == 0, isNormalized: false, &scratch, &output)
      return
    }
    var normalized = normalizer.apply(text, range, isPrefixed: isPrefixed)
    if normalizer.addsSpaces { isPrefixed = false }
    let keepsStart = spacePrefix != .first || normalizer.keepsStart(text, range)
    var isNormalized = false
    if !normalizedTokens.isEmpty, case .sentencePiece(let model) = model, model.options.escapesBeforeAddedTokens {
      normalized = model.normalized(normalized.span, 0..<normalized.count, isPrefixed: isPrefixed)
      (isPrefixed, isNormalized) = (false, true)
    }
    let span = normalized.span
    normalizedTokens.split(span, 0..<span.count, parseSpecial: parseSpecial) { piece in
      switch piece {
      case .token(let id): output.append(id)
      case .text(let part):
        let isAtStart = part.lowerBound == 0 && range.lowerBound == 0 && keepsStart
        encodeText(
          span, part, isPrefixed: isPrefixed && (isAtStart || prefixesAllSections), isAtStart: isAtStart,
          isNormalized: isNormalized, &scratch, &output)
      }
    }
  }

  private var prefixesAllSections: Bool { spacePrefix == .all }

  /// Whether a section of a text gets a space in front.
  private func isPrefixed(_ range: Range<Int>) -> Bool {
    addsSpacePrefix && (range.lowerBound == 0 || prefixesAllSections)
  }

  private func encodeText(
    _ text: Span<UInt8>, _ range: Range<Int>, isPrefixed: Bool, isAtStart: Bool, isNormalized: Bool,
    _ scratch: inout EncodingScratch, _ output: inout [Int32]
  ) {
    switch model {
    case .sentencePiece(let model):
      model.encode(text, range, isPrefixed: isPrefixed, isNormalized: isNormalized, &scratch, &output)
    case .byteLevel(let model): model.encode(text, range, &scratch, &output)
    case .characters(let model): model.encode(text, range, &scratch, &output)
    case .unigram(let model): model.encode(text, range, &output)
    case .words(let model): model.encode(text, range, isAtStart: isAtStart, &output)
    }
  }
}
