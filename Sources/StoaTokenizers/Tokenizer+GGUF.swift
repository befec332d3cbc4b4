public import StoaFormats

extension Tokenizer {
  /// The tokenizer in a GGUF file.
  ///
  /// Keys are those of the GGUF specification, defaults for absent ones those of llama.cpp (`llama-vocab.cpp`).
  public init(gguf file: GGUFFile) throws(TokenizerError) { try self.init(gguf: file.metadata) }

  /// The tokenizer that the metadata of a GGUF file describe.
  public init(gguf metadata: GGUFMetadata) throws(TokenizerError) {
    guard let model = metadata.string(Key.model) else { throw .missing(field: Key.model) }
    switch model {
    case "llama": try self.init(Self.sentencePiece(metadata))
    case "gpt2": try self.init(Self.bytePair(metadata, pre: metadata.string(Key.pre) ?? "default"))
    case "gemma4": try self.init(Self.bytePair(metadata, pre: model))
    case "t5": try self.init(Self.unigram(metadata))
    case "bert": try self.init(Self.wordPiece(metadata))
    default: throw .unsupported(field: Key.model, value: model, supported: "llama, gpt2, gemma4, t5, bert")
    }
  }

  enum Key {
    static let model = "tokenizer.ggml.model"
    static let pre = "tokenizer.ggml.pre"
    static let tokens = "tokenizer.ggml.tokens"
    static let scores = "tokenizer.ggml.scores"
    static let types = "tokenizer.ggml.token_type"
    static let merges = "tokenizer.ggml.merges"
    static let chatTemplate = "tokenizer.chat_template"
    static func id(_ role: String) -> String { "tokenizer.ggml.\(role)_token_id" }
    static func add(_ what: String) -> String { "tokenizer.ggml.add_\(what)" }
  }

  private static func sentencePiece(_ metadata: GGUFMetadata) throws(TokenizerError) -> Parts {
    let vocabulary = try vocabulary(metadata)
    guard !vocabulary.scores.isEmpty else { throw .missing(field: Key.scores) }
    let special = SpecialTokens(metadata, vocabulary, defaultBOS: 1, defaultEOS: 2, defaultUnknown: 0)
    var options = SentencePieceBPE.Options()
    options.spacePrefix = metadata.bool(Key.add("space_prefix")) ?? true ? .all : .none
    options.fusesUnknown = false
    options.unknown = special.unknown
    var parts = Parts(
      name: "SPM", vocabulary: vocabulary, surfaces: sentencePieceSurfaces(vocabulary),
      model: .sentencePiece(try SentencePieceBPE(vocabulary: vocabulary, options: options)))
    parts.addedTokens = addedTokens(vocabulary)
    special.apply(to: &parts, metadata, addsBOS: true)
    return parts
  }

  private static func bytePair(_ metadata: GGUFMetadata, pre: String) throws(TokenizerError) -> Parts {
    guard let (preTokenizer, traits) = PreTokenizer.gguf(pre) else {
      let known = PreTokenizer.ggufNames.filter { !$0.isEmpty }.joined(separator: ", ")
      throw .unsupported(field: Key.pre, value: pre, supported: known)
    }
    let vocabulary = try vocabulary(metadata)
    guard let merges = metadata.texts(Key.merges) else { throw .missing(field: Key.merges) }
    // GLM has no token for the beginning; Gemma 4 names all of its own.
    let isGemma = metadata.string(Key.model) == "gemma4"
    let hasBOS = !isGemma && !["chatglm-bpe", "glm4", "glm5"].contains(pre)
    let special = SpecialTokens(
      metadata, vocabulary, defaultBOS: hasBOS ? 11 : nil, defaultEOS: isGemma ? nil : 11, defaultUnknown: nil)
    let added = addedTokens(vocabulary)
    let name = "BPE \(preTokenizer.name.isEmpty ? "default" : preTokenizer.name)"
    var parts: Parts
    if traits.usesPlainText {
      var options = CharacterBPE.Options()
      options.escapesSpaces = traits.escapesSpaces
      options.ignoresMerges = traits.ignoresMerges
      options.takesNewlinesWhole = traits.takesNewlinesWhole
      options.byteFallback = .afterMerging
      let model = CharacterBPE(
        vocabulary: vocabulary, rules: rules(merges), preTokenizer: preTokenizer, options: options)
      parts = Parts(
        name: name, vocabulary: vocabulary, surfaces: sentencePieceSurfaces(vocabulary), model: .characters(model))
    } else {
      let surfaces = byteLevelSurfaces(vocabulary, addedTokens: added)
      let model = ByteLevelBPE(
        vocabulary: vocabulary, surfaces: surfaces, rules: rules(merges), preTokenizer: preTokenizer,
        ignoresMerges: traits.ignoresMerges, prefixStep: nil, missingByte: .separates, repairsText: true)
      parts = Parts(name: name, vocabulary: vocabulary, surfaces: surfaces, model: .byteLevel(model))
    }
    parts.addedTokens = added
    special.apply(to: &parts, metadata, addsBOS: traits.addsBOS)
    if traits.alwaysAddsBOS, parts.prefix.isEmpty, let bos = parts.bos { parts.prefix = [bos] }
    return parts
  }

  static func vocabulary(_ metadata: GGUFMetadata) throws(TokenizerError) -> Vocabulary {
    guard let tokens = metadata.texts(Key.tokens) else { throw .missing(field: Key.tokens) }
    var texts = PackedByteStrings()
    for i in 0..<tokens.count { tokens.withBytes(at: i) { texts.append($0) } }
    // Numbers that mean nothing known are taken for normal tokens.
    let types = metadata.ints(Key.types)?.map { UInt8(exactly: $0).flatMap(TokenType.init) ?? .normal } ?? []
    var vocabulary = try Vocabulary(tokens: texts, scores: metadata.floats(Key.scores) ?? [], types: types)
    // Converters have marked such tokens as user-defined, so that plain text would become them.
    for text in TokenType.endTexts.union(TokenType.infillTexts) {
      if let id = vocabulary.id(text), vocabulary.types[Int(id)] == .userDefined {
        vocabulary.types[Int(id)] = .control
      }
    }
    return vocabulary
  }

  /// Each rule is two strings with a space between; the first may itself begin with a space.
  private static func rules(_ merges: GGUFStrings) -> PackedByteStrings {
    var rules = PackedByteStrings()
    for i in 0..<merges.count {
      merges.withBytes(at: i) { text in
        var space = 1
        while space < text.count, text[space] != 0x20 { space += 1 }
        let isRule = space < text.count
        rules.append(text.extracting(0..<(isRule ? space : 0)))
        rules.append(text.extracting((isRule ? space + 1 : text.count)..<text.count))
      }
    }
    return rules
  }

  static func addedTokens(_ vocabulary: Vocabulary) -> [AddedToken] {
    (0..<vocabulary.count).compactMap { id in
      let type = vocabulary.types[id]
      guard type == .control || type == .unknown || type == .userDefined else { return nil }
      return AddedToken(id: Int32(id), content: Array(vocabulary.texts[id]), isSpecial: type != .userDefined)
    }
  }

  /// The ids of tokens with a role; an id outside the vocabulary counts as absent.
  struct SpecialTokens {
    private(set) var bos: Int32?
    private(set) var eos: Int32?
    private(set) var unknown: Int32?
    private(set) var padding: Int32?
    private(set) var ends: [Int32] = []

    init(
      _ metadata: GGUFMetadata, _ vocabulary: Vocabulary, defaultBOS: Int?, defaultEOS: Int?, defaultUnknown: Int?
    ) {
      func id(_ role: String, _ standard: Int?) -> Int32? {
        for candidate in [metadata.int(Key.id(role)), standard] {
          if let candidate, candidate >= 0, candidate < vocabulary.count { return Int32(candidate) }
        }
        return nil
      }
      bos = id("bos", defaultBOS)
      eos = id("eos", defaultEOS)
      unknown = id("unknown", defaultUnknown)
      padding = id("padding", nil)
      ends = [eos, id("eot", nil), id("eom", nil)].compactMap { $0 }
    }

    func apply(to parts: inout Parts, _ metadata: GGUFMetadata, addsBOS: Bool) {
      parts.bos = bos
      parts.eos = eos
      parts.unknown = unknown
      parts.padding = padding
      parts.endTokens = parts.vocabulary.endTokens().union(ends)
      if metadata.bool(Key.add("bos_token")) ?? addsBOS, let bos { parts.prefix = [bos] }
      if metadata.bool(Key.add("eos_token")) ?? false, let eos { parts.suffix = [eos] }
      parts.chatTemplate = metadata.string(Key.chatTemplate)
    }
  }
}
