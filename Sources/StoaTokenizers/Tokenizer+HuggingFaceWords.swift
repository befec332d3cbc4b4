import StoaFormats

/// Models of Hugging Face tokenizers that are given one word at a time: Unigram, WordPiece and WordLevel.
extension Tokenizer {
  /// - Parameter specialTokens: Texts of tokens with a role, which are special also where `added_tokens` lacks them.
  static func wordParts(_ json: TokenizerJSON, specialTokens: [String]) throws(TokenizerError) -> Parts {
    let model = try json.wordModel()
    var added = try json.addedTokens()
    let ids = Dictionary(model.model.tokens.map { ($0.text, $0.id) }, uniquingKeysWith: { $1 })
    for text in specialTokens {
      guard let id = ids[text].flatMap(Int32.init(exactly:)), !added.contains(where: { $0.id == id }) else { continue }
      added.append(AddedToken(id: id, content: Array(text.utf8), isSpecial: true))
    }
    let vocabulary = try vocabulary(json, model.model, added)
    let unknown = model.model.unknown.flatMap { vocabulary.id($0) }
    // Plain text never becomes a control token; those that are added tokens are found before.
    let special = Set(added.filter { $0.isSpecial }.map { Int($0.id) })
    func isPiece(_ id: Int) -> Bool {
      vocabulary.types[id] != .unused && (!special.contains(id) || unknown == Int32(id))
    }
    let pieces: WordModel.Pieces
    switch model.kind {
    case .unigram(let scores, let worst):
      pieces = .unigram(
        try Unigram(
          vocabulary: vocabulary,
          scores: (0..<vocabulary.count).map { $0 < scores.count ? scores[$0] : 0 },
          unknown: unknown, unknownScore: worst - Unigram.unknownPenalty,
          hasByteFallback: model.model.hasByteFallback, arithmetic: .double
        ) { $0 < scores.count && isPiece($0) })
    case .wordPiece(let continuation, let longestWord):
      pieces = .wordPiece(
        try WordPiece(
          vocabulary: vocabulary, continuation: continuation, unknown: unknown, longestWord: longestWord,
          where: isPiece))
    case .wordLevel: pieces = .words(vocabulary, unknown: unknown)
    }
    let splitter = try json.wordSplitter()
    let normalizer = try json.normalizer()
    let decoder = try json.tokenDecoder()
    added = added.map { token in
      var token = token
      if token.isNormalized {
        token.content = normalizer.apply(token.content.span, 0..<token.content.count)
      }
      return token
    }
    var parts = Parts(
      name: model.kind.name, vocabulary: vocabulary, surfaces: decoder.surfaces(vocabulary, added: added),
      model: .words(WordModel(splitter: .huggingFace(splitter), pieces: pieces)))
    parts.normalizer = normalizer
    parts.spacePrefix = splitter.spacePrefix
    parts.leadingSpace = decoder.leadingSpace
    parts.addedTokens = added
    parts.unknown = unknown
    if let template = try json.template() { (parts.prefix, parts.suffix) = template }
    return parts
  }

  /// BERT's tokenizer as its `vocab.txt`, a token a line, and `tokenizer_config.json` describe it.
  static func bertParts(
    path: String, configuration: JSONValue?, specialTokens: [String]
  ) throws(TokenizerError) -> Parts {
    let file: MappedFile
    do { file = try MappedFile(path: path) } catch { throw .unreadable(path: path, reason: error.description) }
    let texts = lines(file.bytes)
    func name(_ role: String, _ standard: String) -> String {
      let value = configuration?["\(role)_token"]
      return value?.stringValue ?? value?["content"]?.stringValue ?? standard
    }
    let roles = [
      name("unk", "[UNK]"), name("sep", "[SEP]"), name("pad", "[PAD]"), name("cls", "[CLS]"), name("mask", "[MASK]"),
    ]
    var vocabulary = try Vocabulary(tokens: texts)
    let special = Set((roles + specialTokens).compactMap { vocabulary.id($0) })
    for id in special { vocabulary.types[Int(id)] = .control }
    let unknown = vocabulary.id(roles[0])
    if let unknown { vocabulary.types[Int(unknown)] = .unknown }
    let lowercases = configuration?["do_lower_case"]?.boolValue ?? true
    let normalizer = BertNormalizer(
      spacesChinese: configuration?["tokenize_chinese_chars"]?.boolValue ?? true,
      stripsAccents: configuration?["strip_accents"]?.boolValue ?? lowercases, lowercases: lowercases)
    let encoder = try WordPiece(
      vocabulary: vocabulary, continuation: "##", unknown: unknown, longestWord: WordPiece.standardLongestWord
    ) { vocabulary.types[$0] == .normal }
    let splitter = WordSplitter(steps: [.characters(.whitespace, .removed), .characters(.punctuation, .isolated)])
    let decoder = TokenDecoder.wordPiece
    var parts = Parts(
      name: "WordPiece", vocabulary: vocabulary, surfaces: decoder.surfaces(vocabulary),
      model: .words(WordModel(splitter: .huggingFace(splitter), pieces: .wordPiece(encoder))))
    parts.normalizer.steps = [.bert(normalizer)]
    parts.leadingSpace = decoder.leadingSpace
    parts.addedTokens = special.sorted().map {
      AddedToken(id: $0, content: Array(vocabulary.texts[Int($0)]), isSpecial: true)
    }
    parts.unknown = unknown
    parts.padding = vocabulary.id(roles[2])
    parts.prefix = [vocabulary.id(roles[3])].compactMap { $0 }
    parts.suffix = [vocabulary.id(roles[1])].compactMap { $0 }
    return parts
  }

  private static func lines(_ bytes: Span<UInt8>) -> PackedByteStrings {
    var lines = PackedByteStrings()
    var start = 0
    for end in 0...bytes.count where end == bytes.count ? start < end : bytes[end] == 0xA {
      let hasReturn = end > start && bytes[end - 1] == 0xD
      lines.append(bytes.extracting(start..<(hasReturn ? end - 1 : end)))
      start = end + 1
    }
    return lines
  }
}

extension WordSplitter {
  /// Which sections of a text get a space in front.
  fileprivate var spacePrefix: SentencePieceBPE.SpacePrefix {
    for case .metaspace(let metaspace) in steps { return metaspace.prefix }
    return .none
  }
}
