import Foundation
import StoaFormats

extension Tokenizer {
  /// The tokenizer in a folder of a Hugging Face model.
  ///
  /// Reads `tokenizer.json`, or `tokenizer.model`, `vocab.txt` or `tekken.json` if there is none; beside it `tokenizer_config.json`,
  /// `special_tokens_map.json`, `generation_config.json` and `chat_template.jinja`, as far as they exist.
  public init(huggingFaceDirectory path: String) throws(TokenizerError) {
    let folder = HuggingFaceFolder(path: path)
    var parts: Parts
    if let root = try folder.json("tokenizer.json", maximumByteCount: 256 << 20) {
      let json = TokenizerJSON(root: root)
      let names = try Self.specialTokenNames(folder)
      parts = try json.isWordModel ? Self.wordParts(json, specialTokens: names) : Self.parts(json)
    } else if folder.exists("tokenizer.model") {
      parts = try Self.sentencePieceParts(path: folder.file("tokenizer.model"))
    } else if folder.exists("vocab.txt") {
      parts = try Self.bertParts(
        path: folder.file("vocab.txt"), configuration: folder.json("tokenizer_config.json"),
        specialTokens: Self.specialTokenNames(folder))
    } else if let root = try folder.json("tekken.json", maximumByteCount: 256 << 20) {
      parts = try Self.tekkenParts(root)
    } else {
      throw .missing(field: "\(folder.file("tokenizer.json")), tokenizer.model, vocab.txt or tekken.json")
    }
    try Self.readConfiguration(folder, &parts)
    try self.init(parts)
  }

  /// The tokenizer of one `tokenizer.json` or `tekken.json` by whatever name, with nothing from beside it.
  public init(tokenizerJSON path: String) throws(TokenizerError) {
    let root: JSONValue
    do {
      root = try JSONValue(path: path, maximumByteCount: 256 << 20)
    } catch {
      throw .unreadable(path: path, reason: error.description)
    }
    let json = TokenizerJSON(root: root)
    var parts =
      if Self.isTekken(root) {
        try Self.tekkenParts(root)
      } else if json.isWordModel {
        try Self.wordParts(json, specialTokens: [])
      } else {
        try Self.parts(json)
      }
    parts.endTokens = parts.vocabulary.endTokens()
    try self.init(parts)
  }

  private static func parts(_ json: TokenizerJSON) throws(TokenizerError) -> Parts {
    let model = try json.model()
    let pipeline = try json.pipeline()
    let added = try json.addedTokens()
    let vocabulary = try vocabulary(json, model, added)
    let unknown = model.unknown.flatMap { vocabulary.id($0) }
    var parts: Parts
    if let prefixStep = pipeline.byteLevel {
      let preTokenizer = PreTokenizer(steps: pipeline.steps)
      let surfaces = byteLevelSurfaces(vocabulary, addedTokens: added)
      let encoder = ByteLevelBPE(
        vocabulary: vocabulary, surfaces: surfaces, rules: model.rules, preTokenizer: preTokenizer,
        ignoresMerges: model.ignoresMerges, prefixStep: prefixStep, wordSuffix: model.wordSuffix,
        missingByte: .replaced(unknown))
      parts = Parts(
        name: "BPE \(preTokenizer.name)", vocabulary: vocabulary, surfaces: surfaces, model: .byteLevel(encoder))
    } else if !pipeline.replacesSpaces {
      var options = CharacterBPE.Options()
      options.ignoresMerges = model.ignoresMerges
      options.wordSuffix = model.wordSuffix
      options.fusesUnknown = model.fusesUnknown
      options.unknown = unknown
      options.byteFallback = model.hasByteFallback ? .beforeMerging : .none
      let preTokenizer = PreTokenizer(steps: pipeline.steps)
      let encoder = CharacterBPE(
        vocabulary: vocabulary, rules: model.rules, preTokenizer: preTokenizer, options: options)
      parts = Parts(
        name: "BPE \(preTokenizer.name)", vocabulary: vocabulary, surfaces: plainSurfaces(vocabulary),
        model: .characters(encoder))
    } else {
      var options = pipeline.sentencePiece
      options.unknown = unknown
      options.fusesUnknown = model.fusesUnknown
      options.hasByteFallback = model.hasByteFallback
      let encoder = SentencePieceBPE(vocabulary: vocabulary, rules: model.rules, options: options)
      parts = Parts(
        name: "SPM", vocabulary: vocabulary, surfaces: sentencePieceSurfaces(vocabulary),
        model: .sentencePiece(encoder))
    }
    parts.normalizer = pipeline.normalizer
    parts.addedTokens = added.map { token in
      var token = token
      if token.isNormalized { token.content = normalized(token.content, pipeline) }
      return token
    }
    parts.unknown = unknown
    if let template = try json.template() { (parts.prefix, parts.suffix) = template }
    return parts
  }

  private static func normalized(_ text: [UInt8], _ pipeline: TokenizerJSON.Pipeline) -> [UInt8] {
    let text = pipeline.normalizer.apply(text.span, 0..<text.count)
    // Only normalisers change the text here; Metaspace is a pre-tokeniser.
    guard pipeline.byteLevel == nil, pipeline.replacesSpaces, pipeline.sentencePiece.escapesBeforeAddedTokens else {
      return text
    }
    let isPrefixed = pipeline.sentencePiece.spacePrefix == .all
    return SentencePieceBPE.escaped(text.span, 0..<text.count, isPrefixed: isPrefixed)
  }

  static func vocabulary(
    _ json: TokenizerJSON, _ model: TokenizerJSON.Model, _ added: [AddedToken]
  ) throws(TokenizerError) -> Vocabulary {
    // Ids may leave gaps, but not so wide that a small file asks for much memory.
    let limit = 2 * (model.tokens.count + added.count) + 65_536
    var texts: [[UInt8]?] = []
    func place(_ text: [UInt8], _ id: Int) throws(TokenizerError) {
      guard id >= 0, id < limit else {
        throw json.malformed("model.vocab", "id \(id) is far beyond the number of tokens")
      }
      while texts.count <= id { texts.append(nil) }
      texts[id] = text
    }
    for (text, id) in model.tokens { try place(Array(text.utf8), id) }
    for token in added { try place(token.content, Int(token.id)) }
    var vocabulary = try Vocabulary(
      tokens: PackedByteStrings(texts.map { $0 ?? [] }), types: texts.map { $0 == nil ? .unused : .normal })
    if model.hasByteFallback {
      for id in vocabulary.byteTokens() where id >= 0 { vocabulary.types[Int(id)] = .byte }
    }
    for token in added { vocabulary.types[Int(token.id)] = token.isSpecial ? .control : .userDefined }
    if let unknown = model.unknown.flatMap({ vocabulary.id($0) }) { vocabulary.types[Int(unknown)] = .unknown }
    return vocabulary
  }

  /// The texts of the tokens that have a role, as the files beside the tokenizer name them.
  private static func specialTokenNames(_ folder: HuggingFaceFolder) throws(TokenizerError) -> [String] {
    let files = [try folder.json("tokenizer_config.json"), try folder.json("special_tokens_map.json")]
    return ["bos", "eos", "unk", "sep", "pad", "cls", "mask"].compactMap { role in
      let values = files.compactMap { $0?["\(role)_token"] }
      return values.compactMap { $0.stringValue ?? $0["content"]?.stringValue }.first
    }
  }

  /// What the files beside the tokenizer say: which tokens have a role, and the chat template.
  private static func readConfiguration(_ folder: HuggingFaceFolder, _ parts: inout Parts) throws(TokenizerError) {
    let configuration = try folder.json("tokenizer_config.json")
    let specialTokens = try folder.json("special_tokens_map.json")
    let generation = try folder.json("generation_config.json")
    let vocabulary = parts.vocabulary
    func token(_ role: String) -> Int32? {
      for json in [configuration, specialTokens] {
        guard let value = json?["\(role)_token"] else { continue }
        if let text = value.stringValue ?? value["content"]?.stringValue, let id = vocabulary.id(text) { return id }
      }
      return ids(generation?["\(role)_token_id"], vocabulary).first
    }
    parts.bos = token("bos") ?? parts.bos
    parts.eos = token("eos") ?? parts.eos
    parts.unknown = parts.unknown ?? token("unk")
    parts.padding = token("pad") ?? parts.padding
    if let adds = configuration?["add_bos_token"]?.boolValue, let bos = parts.bos {
      parts.prefix.removeAll { $0 == bos }
      if adds { parts.prefix.insert(bos, at: 0) }
    }
    if let adds = configuration?["add_eos_token"]?.boolValue, let eos = parts.eos {
      parts.suffix.removeAll { $0 == eos }
      if adds { parts.suffix.append(eos) }
    }
    parts.endTokens = vocabulary.endTokens().union(ids(generation?["eos_token_id"], vocabulary))
      .union([parts.eos].compactMap { $0 })
    parts.chatTemplate = try folder.text("chat_template.jinja") ?? chatTemplate(configuration?["chat_template"])
  }

  /// One id or a list of them; those outside the vocabulary are left out.
  private static func ids(_ json: JSONValue?, _ vocabulary: Vocabulary) -> [Int32] {
    let values = json?.arrayValue ?? [json].compactMap { $0 }
    return values.compactMap { $0.intValue }.filter { $0 >= 0 && $0 < vocabulary.count }.map { Int32($0) }
  }

  /// A template, or the one named `default` of a list.
  private static func chatTemplate(_ json: JSONValue?) -> String? {
    if let template = json?.stringValue { return template }
    let list = json?.arrayValue ?? []
    let named = list.first { $0["name"]?.stringValue == "default" } ?? list.first
    return named?["template"]?.stringValue
  }
}

/// The small files of a model folder.
private struct HuggingFaceFolder {
  let path: String

  private static let maximumByteCount = 16 << 20

  func file(_ name: String) -> String { path.hasSuffix("/") ? path + name : "\(path)/\(name)" }

  func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: file(name)) }

  /// Nil when there is no such file.
  func json(_ name: String, maximumByteCount: Int = maximumByteCount) throws(TokenizerError) -> JSONValue? {
    guard exists(name) else { return nil }
    do {
      return try JSONValue(path: file(name), maximumByteCount: maximumByteCount)
    } catch {
      throw .unreadable(path: file(name), reason: error.description)
    }
  }

  /// Nil when there is no such file.
  func text(_ name: String) throws(TokenizerError) -> String? {
    guard exists(name) else { return nil }
    let contents: MappedFile
    do { contents = try MappedFile(path: file(name)) } catch {
      throw .unreadable(path: file(name), reason: error.description)
    }
    guard contents.count <= Self.maximumByteCount else {
      throw .unreadable(path: file(name), reason: "more than \(Self.maximumByteCount) bytes")
    }
    return unsafe contents.withBytes(0..<contents.count) { unsafe String(decoding: $0, as: UTF8.self) }
  }
}
