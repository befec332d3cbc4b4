import StoaFormats

extension Tokenizer {
  /// The parts that a `tokenizer.model` of sentencepiece gives: a unigram, BPE or character model.
  static func sentencePieceParts(path: String) throws(TokenizerError) -> Parts {
    let file: MappedFile
    do { file = try MappedFile(path: path) } catch { throw .unreadable(path: path, reason: error.description) }
    let model = try SentencePieceFile(path: path, bytes: file.bytes)
    let vocabulary = try Vocabulary(tokens: model.texts, scores: model.scores, types: model.types)
    func token(_ id: Int?) -> Int32? { id.flatMap { $0 >= 0 && $0 < vocabulary.count ? Int32($0) : nil } }
    let unknown = token(model.types.firstIndex(of: .unknown))
    var parts =
      switch model.modelType {
      case 1: try unigramParts(model, vocabulary, unknown, path)
      // A character model is a BPE that merges nothing.
      case 2, 4: try bpeParts(model, vocabulary, unknown, path)
      default:
        throw .unsupported(
          field: "\(path): trainer_spec.model_type", value: "\(model.modelType)",
          supported: "1 (unigram), 2 (BPE), 4 (characters)")
      }
    parts.spacePrefix = model.addsDummyPrefix ? .first : SentencePieceBPE.SpacePrefix.none
    parts.leadingSpace =
      model.removesExtraSpaces ? .oneOfEachTokenDropped : model.addsDummyPrefix ? .dropped : .kept
    parts.unknown = unknown
    parts.bos = token(model.bos)
    parts.eos = token(model.eos)
    parts.padding = token(model.padding)
    if let bos = parts.bos { parts.prefix = [bos] }
    parts.endTokens = vocabulary.endTokens().union([parts.eos].compactMap { $0 })
    let isBPE = model.modelType != 1
    parts.addedTokens = (0..<vocabulary.count).compactMap { id in
      let type = vocabulary.types[id]
      // A unigram model decides by scores also where user-defined symbols are.
      guard type == .control || type == .unknown || type == .userDefined && isBPE else { return nil }
      // sentencepiece looks for its user-defined symbols when it has put the space in front of the text.
      var token = AddedToken(id: Int32(id), content: Array(vocabulary.texts[id]), isSpecial: type != .userDefined)
      token.isNormalized = type == .userDefined
      return token
    }
    return parts
  }

  private static func bpeParts(
    _ model: SentencePieceFile, _ vocabulary: Vocabulary, _ unknown: Int32?, _ path: String
  ) throws(TokenizerError) -> Parts {
    guard model.escapesSpaces else {
      throw .unsupported(field: "\(path): normalizer_spec.escape_whitespaces", value: "false", supported: "true")
    }
    var options = SentencePieceBPE.Options()
    options.unknown = unknown
    var normalizer = Normalizer.none
    if model.characterMap.isEmpty, !model.treatsSpaceAsSuffix {
      options.spacePrefix = model.addsDummyPrefix ? .first : .none
      options.removesExtraSpaces = model.removesExtraSpaces
    } else {
      options.spacePrefix = .none
      normalizer.steps = [.sentencePiece(try sentencePieceNormalizer(model, vocabulary, path))]
    }
    let encoder = try SentencePieceBPE(vocabulary: vocabulary, options: options)
    var parts = Parts(
      name: "SPM", vocabulary: vocabulary, surfaces: sentencePieceSurfaces(vocabulary), model: .sentencePiece(encoder))
    parts.normalizer = normalizer
    return parts
  }

  private static func unigramParts(
    _ model: SentencePieceFile, _ vocabulary: Vocabulary, _ unknown: Int32?, _ path: String
  ) throws(TokenizerError) -> Parts {
    let normal = (0..<vocabulary.count).filter { vocabulary.types[$0] == .normal }.map { vocabulary.scores[$0] }
    // sentencepiece begins its search for the best score at the least positive number.
    let best = normal.reduce(Float.leastNormalMagnitude) { max($0, $1) }
    let worst = normal.reduce(Float.greatestFiniteMagnitude) { min($0, $1) }
    let scores = (0..<vocabulary.count).map { id in
      vocabulary.types[id] == .userDefined
        ? Double(Float(vocabulary.texts.range(id).count) * best - 0.1) : Double(vocabulary.scores[id])
    }
    let encoder = try Unigram(
      vocabulary: vocabulary, scores: scores, unknown: unknown,
      unknownScore: Double(worst - Float(Unigram.unknownPenalty)), hasByteFallback: model.hasByteFallback,
      arithmetic: .single
    ) { vocabulary.types[$0] == .normal || vocabulary.types[$0] == .userDefined }
    var parts = Parts(
      name: "Unigram", vocabulary: vocabulary, surfaces: sentencePieceSurfaces(vocabulary), model: .unigram(encoder))
    parts.normalizer.steps = [.sentencePiece(try sentencePieceNormalizer(model, vocabulary, path))]
    return parts
  }

  private static func sentencePieceNormalizer(
    _ model: SentencePieceFile, _ vocabulary: Vocabulary, _ path: String
  ) throws(TokenizerError) -> SentencePieceNormalizer {
    var normalizer = SentencePieceNormalizer()
    if !model.characterMap.isEmpty {
      normalizer.characterMap = try CharacterMap(
        model.characterMap, field: "\(path): normalizer_spec.precompiled_charsmap")
    }
    normalizer.userDefined = try userDefinedTokens(vocabulary)
    normalizer.addsSpace = model.addsDummyPrefix
    normalizer.spaceIsSuffix = model.treatsSpaceAsSuffix
    normalizer.removesExtraSpaces = model.removesExtraSpaces
    normalizer.escapesSpaces = model.escapesSpaces
    return normalizer
  }

  /// The user-defined tokens, which replacement rules leave alone; nil when there are none.
  static func userDefinedTokens(_ vocabulary: Vocabulary) throws(TokenizerError) -> PieceTrie? {
    guard vocabulary.types.contains(.userDefined) else { return nil }
    return try PieceTrie(vocabulary.texts) { vocabulary.types[$0] == .userDefined }
  }
}
