/// Byte-level BPE: text is cut into words, and the bytes of each are merged by ranks (GPT-2, Llama 3).
struct ByteLevelBPE: Sendable {
  let preTokenizer: PreTokenizer
  /// Puts a space before each section of text that does not begin with one.
  let addsPrefixSpace: Bool
  private let merges: MergeTable
  /// The symbol of each byte; `dropped` for a byte that leaves no trace.
  private let byteSymbols: [UInt32]
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
  init(
    vocabulary: Vocabulary, surfaces: PackedByteStrings, rules: PackedByteStrings, preTokenizer: PreTokenizer,
    ignoresMerges: Bool, addsPrefixSpace: Bool, missingByte: MissingByte
  ) {
    self.preTokenizer = preTokenizer
    self.addsPrefixSpace = addsPrefixSpace
    self.surfaces = surfaces
    tokenCount = vocabulary.count
    var symbols = SymbolTable(vocabulary: vocabulary)
    let symbolOfByte = (0..<256).map { symbols.symbol(ByteLevelAlphabet.encode(CollectionOfOne(UInt8($0)))) }
    let count = tokenCount
    byteTokens = symbolOfByte.map { $0 < count ? Int32($0) : -1 }
    switch missingByte {
    case .separates: byteSymbols = symbolOfByte
    case .replaced(let token):
      byteSymbols = symbolOfByte.map { $0 < count ? $0 : token.map { UInt32($0) } ?? Self.dropped }
    }
    var merges = MergeTable(minimumCapacity: rules.count / 2)
    for rank in 0..<rules.count / 2 {
      let (left, right) = (rules.range(2 * rank), rules.range(2 * rank + 1))
      if left.isEmpty || right.isEmpty { continue }
      // Strings lie side by side, so both together are the text of the result.
      let result = symbols.symbol(rules.bytes, left.lowerBound..<right.upperBound)
      merges.insert(
        symbols.symbol(rules.bytes, left), symbols.symbol(rules.bytes, right), rank: UInt32(rank), result: result)
    }
    self.merges = merges
    extraSymbols = PackedByteStrings(
      symbols.extra.map { ByteLevelAlphabet.decode($0.span, 0..<$0.count) ?? $0 })
    wholeWords =
      ignoresMerges
      ? ByteStringIndex(surfaces) {
        vocabulary.types[$0] == .normal
          || vocabulary.types[$0] == .userDefined
            && ByteLevelAlphabet.decode(vocabulary.texts.bytes.span, vocabulary.texts.range($0)) != nil
      } : nil
  }

  /// Appends the tokens of `text[range]`.
  func encode(_ text: Span<UInt8>, _ range: Range<Int>, _ scratch: inout EncodingScratch, _ output: inout [Int32]) {
    if addsPrefixSpace, !range.isEmpty, text[range.lowerBound] != 0x20 {
      var spaced: [UInt8] = [0x20]
      spaced.reserveCapacity(range.count + 1)
      for i in range { spaced.append(text[i]) }
      encodeWords(spaced.span, 0..<spaced.count, &scratch, &output)
    } else {
      encodeWords(text, range, &scratch, &output)
    }
  }

  private func encodeWords(
    _ text: Span<UInt8>, _ range: Range<Int>, _ scratch: inout EncodingScratch, _ output: inout [Int32]
  ) {
    preTokenizer.split(text, range) { encodeWord(text, $0, &scratch, &output) }
  }

  @inline(__always)
  private func encodeWord(
    _ text: Span<UInt8>, _ word: Range<Int>, _ scratch: inout EncodingScratch, _ output: inout [Int32]
  ) {
    if let wholeWords, let token = wholeWords.lookup(text, word, in: surfaces) { return output.append(Int32(token)) }
    guard let key = WordCache.Key(text, word) else { return merge(text, word, &scratch, &output) }
    if scratch.cache.find(key, appendTo: &output) { return }
    let start = output.count
    merge(text, word, &scratch, &output)
    scratch.cache.store(key, output[start...])
  }

  private func merge(
    _ text: Span<UInt8>, _ word: Range<Int>, _ scratch: inout EncodingScratch, _ output: inout [Int32]
  ) {
    scratch.merger.symbols.removeAll(keepingCapacity: true)
    for i in word {
      let symbol = byteSymbols[Int(text[i])]
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

/// Numbers for the strings that take part in merges: the token's id, or the next number above all ids.
private struct SymbolTable {
  let vocabulary: Vocabulary
  private(set) var extra: [[UInt8]] = []
  private var extraNumbers: [[UInt8]: UInt32] = [:]

  init(vocabulary: Vocabulary) { self.vocabulary = vocabulary }

  mutating func symbol(_ text: [UInt8]) -> UInt32 { symbol(text, 0..<text.count) }

  mutating func symbol(_ text: [UInt8], _ range: Range<Int>) -> UInt32 {
    // Plain text never becomes a control token.
    if let id = vocabulary.id(text.span, range), vocabulary.types[Int(id)] != .control,
      vocabulary.types[Int(id)] != .unknown
    {
      return UInt32(id)
    }
    let text = Array(text[range])
    if let number = extraNumbers[text] { return number }
    let number = UInt32(vocabulary.count + extra.count)
    extraNumbers[text] = number
    extra.append(text)
    return number
  }
}
