import StoaFormats

extension Tokenizer {
  /// The parts that a `tokenizer.model` of sentencepiece gives.
  static func sentencePieceParts(path: String) throws(TokenizerError) -> Parts {
    let file: MappedFile
    do { file = try MappedFile(path: path) } catch { throw .unreadable(path: path, reason: error.description) }
    let model = try SentencePieceFile(path: path, bytes: file.bytes)
    func require(_ condition: Bool, _ field: String, _ value: String, _ supported: String) throws(TokenizerError) {
      if !condition { throw .unsupported(field: "\(path): \(field)", value: value, supported: supported) }
    }
    try require(model.modelType == 2, "trainer_spec.model_type", "\(model.modelType)", "2 (BPE)")
    try require(!model.hasCharacterMap, "normalizer_spec.precompiled_charsmap", "a map", "none (identity)")
    try require(!model.treatsSpaceAsSuffix, "trainer_spec.treat_whitespace_as_suffix", "true", "false")
    try require(model.escapesSpaces, "normalizer_spec.escape_whitespaces", "false", "true")

    let vocabulary = try Vocabulary(tokens: model.texts, scores: model.scores, types: model.types)
    func token(_ id: Int?) -> Int32? { id.flatMap { $0 >= 0 && $0 < vocabulary.count ? Int32($0) : nil } }
    let unknown = token(model.types.firstIndex(of: .unknown))
    var options = SentencePieceBPE.Options()
    options.spacePrefix = model.addsDummyPrefix ? .first : .none
    options.removesExtraSpaces = model.removesExtraSpaces
    options.unknown = unknown
    var parts = Parts(
      name: "SPM", vocabulary: vocabulary, surfaces: sentencePieceSurfaces(vocabulary),
      model: .sentencePiece(try SentencePieceBPE(vocabulary: vocabulary, options: options)))
    parts.unknown = unknown
    parts.bos = token(model.bos)
    parts.eos = token(model.eos)
    parts.padding = token(model.padding)
    if let bos = parts.bos { parts.prefix = [bos] }
    parts.endTokens = vocabulary.endTokens().union([parts.eos].compactMap { $0 })
    parts.addedTokens = (0..<vocabulary.count).compactMap { id in
      let type = vocabulary.types[id]
      guard type == .control || type == .unknown || type == .userDefined else { return nil }
      // sentencepiece looks for its user-defined symbols when it has put the space in front of the text.
      var token = AddedToken(id: Int32(id), content: Array(vocabulary.texts[id]), isSpecial: type != .userDefined)
      token.isNormalized = type == .userDefined
      return token
    }
    return parts
  }
}
