import StoaFormats

/// The kinds `t5` and `bert` of GGUF files, as llama.cpp (`llama-vocab.cpp`) has them.
extension Tokenizer {
  private enum WordKey {
    static let characterMap = "tokenizer.ggml.precompiled_charsmap"
    static let removesExtraSpaces = "tokenizer.ggml.remove_extra_whitespaces"
    static let lowercases = "tokenizer.ggml.normalizer.lowercase"
    static let stripsAccents = "tokenizer.ggml.normalizer.strip_accents"
    /// Spelled so.
    static let separator = "tokenizer.ggml.seperator_token_id"
  }

  /// `t5`: a unigram model.
  static func unigram(_ metadata: GGUFMetadata) throws(TokenizerError) -> Parts {
    let vocabulary = try vocabulary(metadata)
    guard !vocabulary.scores.isEmpty else { throw .missing(field: Key.scores) }
    let special = SpecialTokens(metadata, vocabulary, defaultBOS: nil, defaultEOS: 1, defaultUnknown: 2)
    let worst = (0..<vocabulary.count).filter { vocabulary.types[$0] == .normal }
      .reduce(Float.greatestFiniteMagnitude) { min($0, vocabulary.scores[$1]) }
    let encoder = try Unigram(
      vocabulary: vocabulary,
      scores: (0..<vocabulary.count).map { vocabulary.types[$0] == .userDefined ? 0 : Double(vocabulary.scores[$0]) },
      unknown: special.unknown, unknownScore: Double(worst - Float(Unigram.unknownPenalty)), hasByteFallback: false,
      arithmetic: .double
    ) {
      switch vocabulary.types[$0] {
      case .normal, .userDefined, .unused: true
      case .control, .unknown, .byte: false
      }
    }
    var normalizer = SentencePieceNormalizer(style: .llamaCpp)
    if let bytes = metadata.ints(WordKey.characterMap), !bytes.isEmpty {
      normalizer.characterMap = try CharacterMap(
        bytes.map { UInt8(truncatingIfNeeded: $0) }, field: WordKey.characterMap)
    }
    normalizer.userDefined = try userDefinedTokens(vocabulary)
    normalizer.addsSpace = metadata.bool(Key.add("space_prefix")) ?? false
    normalizer.removesExtraSpaces = metadata.bool(WordKey.removesExtraSpaces) ?? false
    var parts = Parts(
      name: "Unigram", vocabulary: vocabulary, surfaces: sentencePieceSurfaces(vocabulary), model: .unigram(encoder))
    parts.normalizer.steps = [.sentencePiece(normalizer)]
    parts.spacePrefix = normalizer.addsSpace ? .all : SentencePieceBPE.SpacePrefix.none
    parts.addedTokens = addedTokens(vocabulary)
    special.apply(to: &parts, metadata, addsBOS: false)
    if metadata.bool(Key.add("eos_token")) ?? true, let eos = parts.eos { parts.suffix = [eos] }
    return parts
  }

  /// `bert`: WordPiece, where `▁` marks the start of a word and nothing its inside.
  static func wordPiece(_ metadata: GGUFMetadata) throws(TokenizerError) -> Parts {
    let vocabulary = try vocabulary(metadata)
    let special = SpecialTokens(metadata, vocabulary, defaultBOS: 101, defaultEOS: nil, defaultUnknown: 100)
    var words = LlamaBertWords()
    words.lowercases = metadata.bool(WordKey.lowercases) ?? true
    words.stripsAccents = metadata.bool(WordKey.stripsAccents) ?? words.lowercases
    // Plain text never becomes a control token.
    let encoder = try WordPiece(
      vocabulary: vocabulary, continuation: "", unknown: special.unknown, longestWord: .max
    ) { vocabulary.types[$0] != .control && vocabulary.types[$0] != .unknown }
    var parts = Parts(
      name: "WordPiece", vocabulary: vocabulary, surfaces: sentencePieceSurfaces(vocabulary),
      model: .words(WordModel(splitter: .llamaBert(words), pieces: .wordPiece(encoder))))
    parts.leadingSpace = .dropped
    parts.addedTokens = addedTokens(vocabulary)
    special.apply(to: &parts, metadata, addsBOS: true)
    // llama.cpp puts both around a text whatever the flags say.
    parts.prefix = [parts.bos].compactMap { $0 }
    let separator = metadata.int(WordKey.separator) ?? 102
    parts.suffix = separator >= 0 && separator < vocabulary.count ? [Int32(separator)] : []
    return parts
  }
}
