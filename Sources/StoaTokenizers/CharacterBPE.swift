/// BPE on the characters of words, with the vocabulary written as text: that of Gemma 4 in GGUF files, and that of a
/// `tokenizer.json` without ByteLevel and Metaspace.
///
/// Sources: `llm_tokenizer_bpe_session` of llama.cpp for `byte_encode = false`; `models/bpe` of Hugging Face tokenizers.
struct CharacterBPE: Sendable {
  struct Options: Sendable {
    /// Spaces are written as `▁`.
    var escapesSpaces = false
    /// Words that are tokens are taken whole.
    var ignoresMerges = false
    /// Words of newlines that are tokens are taken whole.
    var takesNewlinesWhole = false
    /// What the vocabulary writes after the last character of a word.
    var wordSuffix = ""
    var fusesUnknown = false
    var unknown: Int32?
    /// A character without a token becomes the tokens of its bytes: after merging, as in llama.cpp, or before it.
    var byteFallback = ByteFallback.none
  }

  enum ByteFallback: Sendable { case none, beforeMerging, afterMerging }

  let preTokenizer: PreTokenizer
  let options: Options
  private let vocabulary: Vocabulary
  private let merges: MergeTable
  private let characters: ScalarTable<UInt32>
  /// The symbols of characters that end a word; nil if those are the same.
  private let lastCharacters: ScalarTable<UInt32>?
  private let extraSymbols: PackedByteStrings
  private let byteTokens: [Int32]

  /// Symbols at or above stand for characters that are neither tokens nor in merges: this plus the scalar or invalid byte.
  private static let bare: UInt32 = 0x8000_0000
  private static let noSymbol = UInt32.max

  /// - Parameter rules: Pairs of texts that merge: strings 2i and 2i + 1 merge with rank i.
  init(vocabulary: Vocabulary, rules: PackedByteStrings, preTokenizer: PreTokenizer, options: Options) {
    self.vocabulary = vocabulary
    self.preTokenizer = preTokenizer
    self.options = options
    var symbols = SymbolTable(vocabulary: vocabulary)
    merges = symbols.merges(rules)
    extraSymbols = PackedByteStrings(symbols.extra)
    byteTokens = vocabulary.byteTokens()
    var known: [(text: [UInt8], symbol: UInt32)] = (0..<vocabulary.count).compactMap { id in
      guard vocabulary.types[id] != .control, vocabulary.types[id] != .unknown else { return nil }
      return (Array(vocabulary.texts[id]), UInt32(id))
    }
    if options.byteFallback == .afterMerging {
      known += symbols.extra.enumerated().map { ($1, UInt32(vocabulary.count + $0)) }
    }
    characters = Self.characters(known, suffix: [])
    let suffix = Array(options.wordSuffix.utf8)
    lastCharacters = suffix.isEmpty ? nil : Self.characters(known, suffix: suffix)
  }

  private static func characters(
    _ known: [(text: [UInt8], symbol: UInt32)], suffix: [UInt8]
  ) -> ScalarTable<UInt32> {
    var table = ScalarTable(default: noSymbol)
    for (text, symbol) in known where text.count > suffix.count && text.suffix(suffix.count) == suffix[...] {
      let end = text.count - suffix.count
      let scalar = text.span.scalar(at: 0, end: end)
      if scalar.length == end, !scalar.isInvalid { table[scalar.value] = symbol }
    }
    return table
  }

  /// Appends the tokens of `text[range]`.
  func encode(_ text: Span<UInt8>, _ range: Range<Int>, _ scratch: inout EncodingScratch, _ output: inout [Int32]) {
    if options.escapesSpaces {
      let escaped = SentencePieceBPE.escaped(text, range, isPrefixed: false)
      encodeWords(escaped.span, 0..<escaped.count, &scratch, &output)
    } else {
      encodeWords(text, range, &scratch, &output)
    }
  }

  private func encodeWords(
    _ text: Span<UInt8>, _ range: Range<Int>, _ scratch: inout EncodingScratch, _ output: inout [Int32]
  ) {
    preTokenizer.split(text, range) { word in
      let key = WordCache.Key(text, word)
      if let key, scratch.cache.find(key, appendTo: &output) { return }
      let start = output.count
      encodeWord(text, word, &scratch, &output)
      if let key { scratch.cache.store(key, output[start...]) }
    }
  }

  private func encodeWord(
    _ text: Span<UInt8>, _ word: Range<Int>, _ scratch: inout EncodingScratch, _ output: inout [Int32]
  ) {
    let isNewline = options.takesNewlinesWhole && text[word.lowerBound] == 0x0A
    if options.ignoresMerges || isNewline, let token = vocabulary.id(text, word) { return output.append(token) }
    scratch.merger.symbols.removeAll(keepingCapacity: true)
    var i = word.lowerBound
    var wasUnknown = false
    while i < word.upperBound {
      let scalar = text.scalar(at: i, end: word.upperBound)
      i += scalar.length
      let table = i == word.upperBound ? lastCharacters ?? characters : characters
      let symbol = scalar.isInvalid ? Self.noSymbol : table[scalar.value]
      if symbol != Self.noSymbol {
        scratch.merger.symbols.append(symbol)
        wasUnknown = false
      } else {
        append(unknown: scalar, &wasUnknown, &scratch.merger.symbols)
      }
    }
    scratch.merger.merge(merges)
    for symbol in scratch.merger.symbols { append(symbol, &output) }
  }

  /// What stands for a character without a token when merging begins.
  private func append(unknown scalar: DecodedScalar, _ wasUnknown: inout Bool, _ symbols: inout [UInt32]) {
    if options.byteFallback == .afterMerging { return symbols.append(Self.bare | scalar.value) }
    if options.byteFallback == .beforeMerging {
      let tokens = Self.bytes(of: scalar.value).map { byteTokens[Int($0)] }
      if !tokens.contains(-1) {
        symbols += tokens.map { UInt32($0) }
        wasUnknown = false
        return
      }
    }
    guard let unknown = options.unknown else { return }
    if !(wasUnknown && options.fusesUnknown) { symbols.append(UInt32(unknown)) }
    wasUnknown = true
  }

  private func append(_ symbol: UInt32, _ output: inout [Int32]) {
    if symbol < vocabulary.count { return output.append(Int32(symbol)) }
    let bytes =
      symbol >= Self.bare
      ? Self.bytes(of: symbol & ~Self.bare) : Array(extraSymbols[Int(symbol) - vocabulary.count])
    for byte in bytes where byteTokens[Int(byte)] >= 0 { output.append(byteTokens[Int(byte)]) }
  }

  private static func bytes(of scalar: UInt32) -> [UInt8] {
    if scalar >= DecodedScalar.invalid { return [UInt8(truncatingIfNeeded: scalar)] }
    var bytes: [UInt8] = []
    bytes.append(scalar: scalar)
    return bytes
  }
}
