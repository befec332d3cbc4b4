/// Byte-level BPE: text is cut into words, and the bytes of each are merged by ranks (GPT-2, Llama 3).
struct ByteLevelBPE: Sendable {
  let preTokenizer: PreTokenizer
  /// The step of the pre-tokeniser before which each piece that does not begin with a space gets one; nil for none.
  let prefixStep: Int?
  /// Whether bytes that are not UTF-8 become U+FFFD, as in llama.cpp, or are encoded as they are.
  let repairsText: Bool
  private let merges: MergeTable
  /// The symbol of each byte; `dropped` for a byte that leaves no trace.
  private let byteSymbols: [UInt32]
  /// The symbols of bytes that end a word, where those are others; otherwise empty.
  private let lastByteSymbols: [UInt32]
  /// The token of each byte, −1 where there is none.
  private let byteTokens: [Int32]
  private let tokenCount: Int
  /// The bytes of symbols that are no tokens: symbol `tokenCount + i` is string `i`.
  private let extraSymbols: PackedByteStrings
  /// The words that are tokens as a whole, without merging; nil when merges always decide.
  private let wholeWords: ByteStringIndex?
  private let surfaces: PackedByteStrings

  private static let dropped = UInt32.max

  /// What stands for a byte that has no token.
  enum MissingByte {
    /// It keeps its neighbours apart and disappears after merging, as in llama.cpp.
    case separates
    /// This token; with none, the byte disappears before merging, as in Hugging Face tokenizers.
    case replaced(Int32?)
  }

  /// - Parameters:
  ///   - surfaces: The bytes that each token stands for.
  ///   - rules: Pairs of strings that merge, as written in the vocabulary: strings 2i and 2i + 1 merge with rank i.
  ///   - ignoresMerges: Whether a word that is a token is taken whole even if merges do not lead there.
  ///   - wordSuffix: What the vocabulary writes after the last byte of a word, such as `</w>`.
  init(
    vocabulary: Vocabulary, surfaces: PackedByteStrings, rules: PackedByteStrings, preTokenizer: PreTokenizer,
    ignoresMerges: Bool, prefixStep: Int?, wordSuffix: String = "", missingByte: MissingByte, repairsText: Bool = false
  ) {
    self.preTokenizer = preTokenizer
    self.prefixStep = prefixStep
    self.repairsText = repairsText
    self.surfaces = surfaces
    tokenCount = vocabulary.count
    var symbols = SymbolTable(vocabulary: vocabulary)
    let count = tokenCount
    func find(suffix: String) -> [UInt32] {
      let found = (0..<256).map { byte in
        symbols.symbol(ByteLevelAlphabet.encode(CollectionOfOne(UInt8(byte))) + suffix.utf8)
      }
      switch missingByte {
      case .separates: return found
      case .replaced(let token): return found.map { $0 < count ? $0 : token.map { UInt32($0) } ?? Self.dropped }
      }
    }
    byteSymbols = find(suffix: "")
    lastByteSymbols = wordSuffix.isEmpty ? [] : find(suffix: wordSuffix)
    byteTokens = (0..<256).map { byte in
      let symbol = symbols.symbol(ByteLevelAlphabet.encode(CollectionOfOne(UInt8(byte))))
      return symbol < count ? Int32(symbol) : -1
    }
    merges = symbols.merges(rules)
    extraSymbols = PackedByteStrings(
      symbols.extra.map { ByteLevelAlphabet.decode($0.span, 0..<$0.count) ?? $0 })
    wholeWords =
      ignoresMerges && wordSuffix.isEmpty
      ? ByteStringIndex(surfaces) {
        vocabulary.types[$0] == .normal
          || vocabulary.types[$0] == .userDefined
            && ByteLevelAlphabet.decode(vocabulary.texts.bytes.span, vocabulary.texts.range($0)) != nil
      } : nil
  }

  /// Finding the pairs of a token of ranks takes the square of its length. No known token is longer than 128 bytes.
  static let longestRank = 512

  /// Ranks of tiktoken: neighbours merge if their bytes are a token, in the order of those tokens' ids.
  ///
  /// - Parameter first: The first token of text; what is before it are special tokens.
  init(ranks surfaces: PackedByteStrings, from first: Int = 0, preTokenizer: PreTokenizer) {
    self.preTokenizer = preTokenizer
    prefixStep = nil
    repairsText = false
    self.surfaces = surfaces
    tokenCount = surfaces.count
    let tokens = ByteStringIndex(surfaces) { $0 >= first }
    byteTokens = (0..<256).map { tokens.lookup([UInt8($0)], in: surfaces).map { Int32($0) } ?? -1 }
    byteSymbols = byteTokens.map { $0 < 0 ? Self.dropped : UInt32($0) }
    lastByteSymbols = []
    extraSymbols = PackedByteStrings()
    wholeWords = tokens
    var merges = MergeTable(minimumCapacity: surfaces.count * 3)
    let text = surfaces.bytes.span
    for token in first..<surfaces.count {
      let range = surfaces.range(token)
      if range.count < 2 { continue }
      for middle in range.lowerBound + 1..<range.upperBound {
        if let left = tokens.lookup(text, range.lowerBound..<middle, in: surfaces),
          let right = tokens.lookup(text, middle..<range.upperBound, in: surfaces)
        {
          merges.insert(UInt32(left), UInt32(right), rank: UInt32(token), result: UInt32(token))
        }
      }
    }
    self.merges = merges
  }

  /// Appends the tokens of `text[range]`.
  func encode(_ text: Span<UInt8>, _ range: Range<Int>, _ scratch: inout EncodingScratch, _ output: inout [Int32]) {
    if repairsText, let repaired = LenientUTF8.repaired(text, range) {
      encodePieces(repaired.span, 0..<repaired.count, &scratch, &output)
    } else {
      encodePieces(text, range, &scratch, &output)
    }
  }

  private func encodePieces(
    _ text: Span<UInt8>, _ range: Range<Int>, _ scratch: inout EncodingScratch, _ output: inout [Int32]
  ) {
    guard let prefixStep else {
      return preTokenizer.split(text, range) { encodeWord(text, $0, &scratch, &output) }
    }
    let (outer, inner) = (preTokenizer.steps[..<prefixStep], preTokenizer.steps[prefixStep...])
    preTokenizer.split(text, range, outer) { piece in
      if text[piece.lowerBound] == 0x20 {
        preTokenizer.split(text, piece, inner) { encodeWord(text, $0, &scratch, &output) }
      } else {
        var spaced: [UInt8] = [0x20]
        spaced.reserveCapacity(piece.count + 1)
        for i in piece { spaced.append(text[i]) }
        let span = spaced.span
        preTokenizer.split(span, 0..<span.count, inner) { encodeWord(span, $0, &scratch, &output) }
      }
    }
  }

  @inline(__always)
  private func encodeWord(
    _ text: Span<UInt8>, _ word: Range<Int>, _ scratch: inout EncodingScratch, _ output: inout [Int32]
  ) {
    let key = WordCache.Key(text, word)
    if let key, scratch.cache.find(key, appendTo: &output) { return }
    encodeNewWord(text, word, key, &scratch, &output)
  }

  @inline(never)
  private func encodeNewWord(
    _ text: Span<UInt8>, _ word: Range<Int>, _ key: WordCache.Key?, _ scratch: inout EncodingScratch,
    _ output: inout [Int32]
  ) {
    let start = output.count
    if let wholeWords, let token = wholeWords.lookup(text, word, in: surfaces) {
      output.append(Int32(token))
    } else {
      merge(text, word, &scratch, &output)
    }
    if let key { scratch.cache.store(key, output[start...]) }
  }

  private func merge(
    _ text: Span<UInt8>, _ word: Range<Int>, _ scratch: inout EncodingScratch, _ output: inout [Int32]
  ) {
    scratch.merger.symbols.removeAll(keepingCapacity: true)
    for i in word {
      let isLast = i == word.upperBound - 1 && !lastByteSymbols.isEmpty
      let symbol = isLast ? lastByteSymbols[Int(text[i])] : byteSymbols[Int(text[i])]
      if symbol != Self.dropped { scratch.merger.symbols.append(symbol) }
    }
    scratch.merger.merge(merges)
    for symbol in scratch.merger.symbols {
      if symbol < tokenCount {
        output.append(Int32(symbol))
      } else {
        for byte in extraSymbols[Int(symbol) - tokenCount] where byteTokens[Int(byte)] >= 0 {
          output.append(byteTokens[Int(byte)])
        }
      }
    }
  }
}

/// UTF-8 as llama.cpp reads it (`unicode_cpts_from_utf8`).
enum LenientUTF8 {
  /// The text with U+FFFD for what is no character, and overlong forms as what they mean; nil if that changes nothing.
  static func repaired(_ text: Span<UInt8>, _ range: Range<Int>) -> [UInt8]? {
    var i = range.lowerBound
    while i < range.upperBound {
      let scalar = text.scalar(at: i, end: range.upperBound)
      if scalar.isInvalid { return repair(text, range) }
      i += scalar.length
    }
    return nil
  }

  private static func repair(_ text: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(range.count)
    var i = range.lowerBound
    while i < range.upperBound {
      let first = text[i]
      let length =
        switch first {
        case 0..<0x80: 1
        case 0xC0..<0xE0: 2
        case 0xE0..<0xF0: 3
        case 0xF0..<0xF8: 4
        default: 0
        }
      var value = UInt32(length == 1 ? first : first & (0x7F >> UInt8(max(length, 1))))
      var isValid = length > 0 && i + length <= range.upperBound
      for offset in 1..<max(length, 1) where isValid {
        let byte = text[i + offset]
        isValid = byte & 0xC0 == 0x80
        value = value << 6 | UInt32(byte & 0x3F)
      }
      if isValid, value <= ScalarSet.last {
        if (0xD800..<0xE000).contains(value) {
          for offset in 0..<length { result.append(text[i + offset]) }
        } else {
          result.append(scalar: value)
        }
        i += length
      } else {
        result.append(scalar: 0xFFFD)
        i += isValid ? length : 1
      }
    }
    return result
  }
}
