/// BPE on characters with `▁` for a space and byte tokens for characters without a token (Llama 1 and 2, Mistral).
///
/// Sources: `bpe_model.cc` of sentencepiece, `llm_tokenizer_spm` of llama.cpp, `models/bpe` of Hugging Face tokenizers.
struct SentencePieceBPE: Sendable {
  /// Which sections of a text, the parts between special tokens, get a space in front.
  enum SpacePrefix: Sendable {
    case none
    /// The section at the start of the text.
    case first
    case all
  }

  struct Options: Sendable {
    var spacePrefix = SpacePrefix.all
    /// No space in front of a section that begins with one.
    var prefixesOnlyUnspaced = false
    /// Runs of spaces become one, those at the ends go.
    var removesExtraSpaces = false
    /// Whether normalised added tokens are looked for when spaces are already written as `▁`, the one in front included.
    var escapesBeforeAddedTokens = true
    /// Each space begins a word, so that tokens of several spaces never occur.
    var splitsAtEverySpace = false
    /// Whether a character without a token becomes the tokens of its bytes, if the vocabulary has them.
    var hasByteFallback = true
    /// Neighbouring characters without a token become one unknown token.
    var fusesUnknown = true
    var unknown: Int32?
  }

  static let space: UInt32 = 0x2581
  /// Symbols at or above stand for characters that are no tokens: this plus the scalar (or invalid byte).
  private static let bare: UInt32 = 0x8000_0000
  private static let noToken = UInt32.max

  let options: Options
  private let merges: MergeTable
  private let characters: ScalarTable<UInt32>
  private let spaceSymbol: UInt32
  /// The characters that stand before a `▁` inside a token. Merges cannot cross from any other character to a `▁`,
  /// so text can be merged in parts that begin there.
  private let beforeSpace: ScalarTable<Bool>
  /// The byte tokens, or none unless there are all 256.
  private let byteTokens: [Int32]
  /// Whether a character that nothing stands for goes before merging, so that its neighbours may merge.
  private let dropsBare: Bool

  /// Finding the merges of a token takes the square of its length. Known vocabularies stay below 100 bytes.
  private static let longest = 512

  /// Merges any neighbours whose concatenation is a token, in the order of the tokens' scores.
  init(vocabulary: Vocabulary, options: Options) throws(TokenizerError) {
    let characters = Self.characters(vocabulary)
    var ranks = [UInt32](repeating: 0, count: vocabulary.count)
    if !vocabulary.scores.isEmpty {
      let order = vocabulary.scores.map { $0.isNaN ? -Float.infinity : $0 }
      let distinct = Set(order).sorted(by: >)
      let rank = Dictionary(uniqueKeysWithValues: distinct.enumerated().map { ($1, UInt32($0)) })
      ranks = order.map { rank[$0] ?? 0 }
    }
    var merges = MergeTable(minimumCapacity: vocabulary.count * 3)
    let text = vocabulary.texts.bytes.span
    for id in 0..<vocabulary.count where Self.isMergeable(vocabulary.types[id]) {
      let whole = vocabulary.texts.range(id)
      guard whole.count <= Self.longest else {
        throw .malformed(field: "token \(id)", reason: "\(whole.count) bytes, more than \(Self.longest)")
      }
      // Of two tokens with one text the last counts.
      if vocabulary.id(text, whole) != Int32(id) { continue }
      var split = whole.lowerBound
      while split < whole.upperBound {
        split += text.scalar(at: split, end: whole.upperBound).length
        if split < whole.upperBound,
          let left = Self.symbol(text, whole.lowerBound..<split, vocabulary, characters),
          let right = Self.symbol(text, split..<whole.upperBound, vocabulary, characters)
        {
          merges.insert(left, right, rank: ranks[id], result: UInt32(id))
        }
      }
    }
    self.init(vocabulary: vocabulary, options: options, characters: characters, merges: merges)
  }

  /// Merges by rules: strings 2i and 2i + 1 merge with rank i; all and their results must be tokens.
  init(vocabulary: Vocabulary, rules: PackedByteStrings, options: Options) {
    let text = rules.bytes.span
    var merges = MergeTable(minimumCapacity: rules.count / 2)
    for rank in 0..<rules.count / 2 {
      let (left, right) = (rules.range(2 * rank), rules.range(2 * rank + 1))
      if let first = vocabulary.id(text, left), let second = vocabulary.id(text, right),
        let result = vocabulary.id(text, left.lowerBound..<right.upperBound)
      {
        merges.insert(UInt32(first), UInt32(second), rank: UInt32(rank), result: UInt32(result))
      }
    }
    self.init(vocabulary: vocabulary, options: options, characters: Self.characters(vocabulary), merges: merges)
  }

  private init(
    vocabulary: Vocabulary, options: Options, characters: ScalarTable<UInt32>, merges: MergeTable
  ) {
    self.options = options
    self.characters = characters
    self.merges = merges
    spaceSymbol = characters[Self.space] == Self.noToken ? Self.bare | Self.space : characters[Self.space]
    let bytes = vocabulary.byteTokens()
    byteTokens = bytes.contains(-1) || !options.hasByteFallback ? [] : bytes
    dropsBare = byteTokens.isEmpty && options.unknown == nil
    beforeSpace = Self.charactersBeforeSpace(vocabulary)
  }

  private static func isMergeable(_ type: TokenType) -> Bool {
    switch type {
    case .normal, .userDefined, .unused: true
    // Plain text never becomes one of these.
    case .control, .unknown, .byte: false
    }
  }

  private static func symbol(
    _ text: Span<UInt8>, _ range: Range<Int>, _ vocabulary: Vocabulary, _ characters: ScalarTable<UInt32>
  ) -> UInt32? {
    let first = text.scalar(at: range.lowerBound, end: range.upperBound)
    if first.length == range.count {
      if first.isInvalid { return bare | first.value }
      let symbol = characters[first.value]
      return symbol == noToken ? bare | first.value : symbol
    }
    guard let id = vocabulary.id(text, range), isMergeable(vocabulary.types[Int(id)]) else { return nil }
    return UInt32(id)
  }

  /// The tokens of one character.
  private static func characters(_ vocabulary: Vocabulary) -> ScalarTable<UInt32> {
    var table = ScalarTable<UInt32>(default: noToken)
    let text = vocabulary.texts.bytes.span
    for id in 0..<vocabulary.count where isMergeable(vocabulary.types[id]) {
      let range = vocabulary.texts.range(id)
      if range.isEmpty { continue }
      let scalar = text.scalar(at: range.lowerBound, end: range.upperBound)
      if scalar.length == range.count, !scalar.isInvalid { table[scalar.value] = UInt32(id) }
    }
    return table
  }

  private static func charactersBeforeSpace(_ vocabulary: Vocabulary) -> ScalarTable<Bool> {
    var table = ScalarTable<Bool>(default: false)
    let text = vocabulary.texts.bytes.span
    for id in 0..<vocabulary.count where isMergeable(vocabulary.types[id]) {
      let range = vocabulary.texts.range(id)
      var (i, previous) = (range.lowerBound, space)
      while i < range.upperBound {
        let scalar = text.scalar(at: i, end: range.upperBound)
        if scalar.value == space, previous < 0x110000 { table[previous] = true }
        previous = scalar.value
        i += scalar.length
      }
    }
    table[space] = true
    return table
  }

  // MARK: Encoding

  /// Appends the tokens of a section of text.
  ///
  /// - Parameters:
  ///   - isPrefixed: Whether the section is one that gets a space in front.
  ///   - isNormalized: Whether it is part of what `normalized` returned.
  func encode(
    _ text: Span<UInt8>, _ range: Range<Int>, isPrefixed: Bool, isNormalized: Bool, _ scratch: inout EncodingScratch,
    _ output: inout [Int32]
  ) {
    if range.isEmpty { return }
    if options.removesExtraSpaces, !isNormalized {
      let trimmed = Self.removingExtraSpaces(text, range)
      if !trimmed.isEmpty {
        encodeWords(trimmed.span, 0..<trimmed.count, isPrefixed: isPrefixed, &scratch, &output)
      }
    } else {
      encodeWords(text, range, isPrefixed: isPrefixed, &scratch, &output)
    }
  }

  private func encodeWords(
    _ text: Span<UInt8>, _ range: Range<Int>, isPrefixed: Bool, _ scratch: inout EncodingScratch,
    _ output: inout [Int32]
  ) {
    var word = range.lowerBound
    var i = word
    var previous = Self.space
    var prefix = isPrefixed
    if prefix, options.prefixesOnlyUnspaced {
      let first = text.scalar(at: i, end: range.upperBound).value
      if first == 0x20 || first == Self.space { prefix = false }
    }
    var wasUnknown = false
    while i < range.upperBound {
      let scalar = text.scalar(at: i, end: range.upperBound)
      let value = scalar.value == 0x20 ? Self.space : scalar.value
      if value == Self.space, i > word || prefix,
        options.splitsAtEverySpace || !crosses(previous)
      {
        encodeWord(text, word..<i, prefix: prefix, &wasUnknown, &scratch, &output)
        (word, prefix) = (i, false)
      }
      previous = value
      i += scalar.length
    }
    encodeWord(text, word..<i, prefix: prefix, &wasUnknown, &scratch, &output)
  }

  /// Whether a merge may reach from a character to a `▁` after it.
  private func crosses(_ previous: UInt32) -> Bool { previous < 0x110000 && beforeSpace[previous] }

  private func encodeWord(
    _ text: Span<UInt8>, _ word: Range<Int>, prefix: Bool, _ wasUnknown: inout Bool,
    _ scratch: inout EncodingScratch, _ output: inout [Int32]
  ) {
    let key = prefix || byteTokens.isEmpty ? nil : WordCache.Key(text, word)
    if let key, scratch.cache.find(key, appendTo: &output) { return }
    scratch.merger.symbols.removeAll(keepingCapacity: true)
    if prefix { scratch.merger.symbols.append(spaceSymbol) }
    var i = word.lowerBound
    while i < word.upperBound {
      let scalar = text.scalar(at: i, end: word.upperBound)
      i += scalar.length
      if scalar.value == 0x20 {
        scratch.merger.symbols.append(spaceSymbol)
      } else {
        let symbol = scalar.isInvalid ? Self.noToken : characters[scalar.value]
        if symbol != Self.noToken {
          scratch.merger.symbols.append(symbol)
        } else if !dropsBare {
          scratch.merger.symbols.append(Self.bare | scalar.value)
        }
      }
    }
    scratch.merger.merge(merges)
    let start = output.count
    for symbol in scratch.merger.symbols {
      if symbol < Self.bare {
        output.append(Int32(symbol))
        wasUnknown = false
      } else {
        appendBare(symbol & ~Self.bare, &wasUnknown, &output)
      }
    }
    if let key { scratch.cache.store(key, output[start...]) }
  }

  /// Appends the tokens of a character that has none of its own.
  private func appendBare(_ scalar: UInt32, _ wasUnknown: inout Bool, _ output: inout [Int32]) {
    if !byteTokens.isEmpty {
      if scalar >= DecodedScalar.invalid || scalar < 0x80 {
        output.append(byteTokens[Int(scalar & 0xFF)])
      } else if let scalar = Unicode.Scalar(scalar) {
        for byte in scalar.utf8 { output.append(byteTokens[Int(byte)]) }
      }
    } else if let unknown = options.unknown, !(wasUnknown && options.fusesUnknown) {
      output.append(unknown)
      wasUnknown = true
    }
  }

  private static func removingExtraSpaces(_ text: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
    var result: [UInt8] = []
    for i in range where text[i] != 0x20 || (result.last ?? 0x20) != 0x20 { result.append(text[i]) }
    // At the end, sentencepiece takes `▁` in the text for a space too.
    while true {
      if result.last == 0x20 {
        result.removeLast()
      } else if result.suffix(3) == [0xE2, 0x96, 0x81] {
        result.removeLast(3)
      } else {
        return result
      }
    }
  }

  /// A section as it is when normalised added tokens are looked for.
  func normalized(_ text: Span<UInt8>, _ range: Range<Int>, isPrefixed: Bool) -> [UInt8] {
    if options.removesExtraSpaces {
      let trimmed = Self.removingExtraSpaces(text, range)
      return Self.escaped(trimmed.span, 0..<trimmed.count, isPrefixed: isPrefixed)
    }
    return Self.escaped(text, range, isPrefixed: isPrefixed)
  }

  /// The text with `▁` for spaces, one more in front of it if `isPrefixed`.
  static func escaped(_ text: Span<UInt8>, _ range: Range<Int>, isPrefixed: Bool) -> [UInt8] {
    var result: [UInt8] = []
    if isPrefixed, !range.isEmpty { result.append(scalar: space) }
    for i in range {
      if text[i] == 0x20 { result.append(scalar: space) } else { result.append(text[i]) }
    }
    return result
  }
}
