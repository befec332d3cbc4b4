import StoaFormats
import StoaTokenizers

/// The tokenizer of a folder as the metadata of a GGUF file.
///
/// Keys and their meaning: the GGUF specification, and llama.cpp, `gguf-py/gguf/vocab.py`, `conversion/base.py`,
/// `src/llama-vocab.cpp`.
struct TokenizerMetadata {
  var pairs: [(String, GGUFValue)] = []
  /// What the user should know.
  var warnings: [String] = []

  let folder: TokenizerFolder
  let configuration: HuggingFaceConfiguration

  /// Reads the tokenizer that goes with `configuration`; a folder without one gives an empty vocabulary and a warning.
  ///
  /// - Parameter preTokenizer: `tokenizer.ggml.pre` of a byte-level BPE; nil finds it.
  init(
    directory: String, configuration: HuggingFaceConfiguration, preTokenizer: String?
  ) throws(ConversionError) {
    folder = try TokenizerFolder(directory: directory)
    self.configuration = configuration
    if let json = folder.json {
      try readJSON(json, preTokenizer)
    } else if folder.has("tokenizer.model") {
      try readSentencePiece()
    } else if folder.has("vocab.json"), let merges = try folder.text("merges.txt") {
      let json = try converting { () throws(FormatError) in try JSONValue(path: folder.path("vocab.json")) }
      let vocabulary = try JSONVocabulary(vocabulary: json, merges: merges, path: folder.path("vocab.json"))
      try addByteLevel(vocabulary, preTokenizer, source: nil)
    } else {
      try readNothing()
    }
  }

  /// llama.cpp calls a model without a tokenizer one of the type `none`.
  private mutating func readNothing() throws(ConversionError) {
    if let name = ["tekken.json", "spiece.model", "sentencepiece.bpe.model"].first(where: { folder.has($0) }) {
      throw .refused(
        path: folder.path(name), problem: "a tokenizer in this form cannot be converted",
        advice: "fetch tokenizer.json or tokenizer.model of the same model into the folder")
    }
    pairs = [("tokenizer.ggml.model", .string("none"))]
    for role in ["bos", "eos"] {
      guard let id = folder.specialIDs(role, configuration).first, (0..<configuration.vocabularySize).contains(id)
      else {
        continue
      }
      pairs.append(("tokenizer.ggml.\(role)_token_id", .u32(UInt32(id))))
    }
    warnings.append(
      "the folder holds no tokenizer: the file understands token ids only; "
        + "fetch tokenizer.json into the folder and convert again if it should understand text")
  }

  // MARK: tokenizer.json

  private mutating func readJSON(_ json: JSONValue, _ preTokenizer: String?) throws(ConversionError) {
    let path = folder.path("tokenizer.json")
    let vocabulary = try JSONVocabulary(json, path: path)
    let type = json["model"]?["type"]?.stringValue ?? (json["model"]?["merges"] == nil ? "unknown" : "BPE")
    let source: Result<Tokenizer, TokenizerError> = readSource()
    switch type {
    case "BPE" where Self.contains("ByteLevel", json["pre_tokenizer"]) || Self.contains("ByteLevel", json["decoder"]):
      if preTokenizer == nil, case .failure(let error) = source {
        throw .refused(
          path: path, problem: "the tokenizer is not understood: \(error.description)",
          advice: "name the pre-tokeniser of llama.cpp that fits it with --pre NAME, such as --pre llama-bpe")
      }
      try addByteLevel(vocabulary, preTokenizer, source: try? source.get())
    case "BPE": try addSentencePieceBPE(vocabulary, source: try? source.get())
    case "Unigram": try addUnigram(vocabulary, json, source: try? source.get())
    case "WordPiece": try addWordPiece(vocabulary, json, source: try? source.get())
    default:
      throw .refused(
        path: path, problem: "a tokenizer of the type \(quoted(type)) cannot be converted",
        advice: "supported: BPE, Unigram, WordPiece")
    }
  }

  func readSource() -> Result<Tokenizer, TokenizerError> {
    Result { () throws(TokenizerError) in try Tokenizer(huggingFaceDirectory: folder.directory) }
  }

  /// Whether a component is of `type`, or has one in it.
  private static func contains(_ type: String, _ json: JSONValue?) -> Bool {
    guard let json else { return false }
    if json["type"]?.stringValue == type { return true }
    return ["pretokenizers", "decoders", "normalizers"].contains { key in
      (json[key]?.arrayValue ?? []).contains { contains(type, $0) }
    }
  }

  func table(_ vocabulary: JSONVocabulary, text: (String) -> [UInt8] = { Array($0.utf8) }) -> VocabularyTable {
    var table = VocabularyTable(count: configuration.vocabularySize)
    for token in vocabulary.tokens { table.set(token.id, text(token.text), .normal, score: token.score) }
    return table
  }

  /// Tokens that are found before the text is cut: control tokens in prompts only, the others everywhere.
  func setAdded(_ vocabulary: JSONVocabulary, _ table: inout VocabularyTable, score: Float = 0) {
    for token in vocabulary.added {
      // A token that is matched as it stands has no marks for spaces in it.
      let text = token.isSpecial ? token.text : token.text.replacing(scalar: "▁", with: " ")
      table.set(token.id, Array(text.utf8), token.isSpecial ? .control : .userDefined, score: score)
    }
    if let unknown = vocabulary.unknown, let id = table.id(unknown) { table.setType(id, .unknown) }
  }

  // MARK: What all kinds have

  /// Special tokens, what is put around texts, and chat templates.
  ///
  /// - Parameter standIns: Roles whose tokens serve for others that the tokenizer does not have.
  func common(
    _ table: VocabularyTable, _ source: Tokenizer?, _ model: SentencePieceModel? = nil, standIns: [String: String] = [:]
  ) throws(ConversionError) -> [(String, GGUFValue)] {
    let roles = [
      ("bos", "bos"), ("eos", "eos"), ("unk", "unknown"), ("sep", "seperator"), ("pad", "padding"), ("cls", "cls"),
      ("mask", "mask"),
    ]
    let defaults = ["bos": model?.bos, "eos": model?.eos, "pad": model?.padding]
    var pairs: [(String, GGUFValue)] = []
    var eos: Int?
    for (role, key) in roles {
      let text = folder.specialText(role) ?? standIns[role].flatMap { folder.specialText($0) }
      var id = text.flatMap { table.id($0) }
      id = id ?? folder.specialIDs(role, configuration).first ?? defaults[role].flatMap { $0 }
      guard let id, table.texts.indices.contains(id) else { continue }
      if role == "eos" { eos = id }
      pairs.append(("tokenizer.ggml.\(key)_token_id", .u32(UInt32(id))))
    }
    if let source {
      pairs.append(("tokenizer.ggml.add_bos_token", .bool(source.addsBOS)))
      pairs.append(("tokenizer.ggml.add_eos_token", .bool(source.addsEOS)))
    } else {
      for key in ["add_bos_token", "add_eos_token"] {
        if let value = folder.configuration?[key]?.boolValue { pairs.append(("tokenizer.ggml.\(key)", .bool(value))) }
      }
    }
    // An answer may end in several ways. Ends that readers know by their text need no key.
    let known = Set(TokenType.knownEndTexts.map { Array($0.utf8) })
    let others = folder.specialIDs("eos", configuration).filter {
      $0 != eos && table.texts.indices.contains($0) && !known.contains(table.texts[$0])
    }
    for (key, id) in zip(["eot", "eom"], others) {
      pairs.append(("tokenizer.ggml.\(key)_token_id", .u32(UInt32(id))))
    }
    return pairs + (try templates())
  }

  /// Source of the names: llama.cpp, `gguf-py/gguf/gguf_writer.py`, `add_chat_template`.
  private func templates() throws(ConversionError) -> [(String, GGUFValue)] {
    let templates = try folder.chatTemplates()
    let standard = templates.first { $0.name == "default" } ?? templates.first
    guard let standard else { return [] }
    var pairs: [(String, GGUFValue)] = [("tokenizer.chat_template", .string(standard.template))]
    var names: [String] = []
    for (name, template) in templates where name != standard.name {
      let key = String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
      pairs.append(("tokenizer.chat_template.\(key)", .string(template)))
      names.append(key)
    }
    if !names.isEmpty { pairs.append(("tokenizer.chat_templates", .array(.strings(names)))) }
    return pairs
  }

  /// Compares what was written with the original, and says what the user should know.
  mutating func finish(_ table: VocabularyTable, _ source: Tokenizer?) {
    if table.dropped > 0 {
      let noun = table.dropped == 1 ? "token has" : "tokens have"
      warnings.append("\(grouped(table.dropped)) \(noun) no embedding in the model and were left out")
    }
    guard let source, let written = try? Tokenizer(gguf: GGUFMetadata(pairs)) else {
      warnings.append("the converted tokenizer could not be compared with the original")
      return
    }
    let count = Self.differences(source, written)
    if count > 0 {
      warnings.append(
        "GGUF cannot express all of this tokenizer: \(count) of \(Self.texts.count) test texts give other tokens")
    } else if Self.differ(source, written, "e\u{301}a\u{308}") {
      warnings.append(
        "GGUF cannot express that this tokenizer composes letters and marks (NFC): such text gives other tokens")
    }
  }

  /// How many of the test texts two tokenizers turn into different ids.
  static func differences(_ left: Tokenizer, _ right: Tokenizer) -> Int {
    texts.count { differ(left, right, $0) }
  }

  private static func differ(_ left: Tokenizer, _ right: Tokenizer, _ text: String) -> Bool {
    left.encode(text, parseSpecial: false, addSpecial: true)
      != right.encode(text, parseSpecial: false, addSpecial: true)
  }

  /// Texts that pre-tokenisers cut in different ways, in the form NFC.
  static let texts = [
    "Hello, world! How are you today?", "don't I'VE we'll THEY'RE it's", "3 33 333 3333 33333 1234567890 3.14159",
    "  two leading spaces and   three inside", "tabs\t\tand\nnewlines\n\n\nand\r\nboth \n \n  x", "trailing spaces   ",
    "camelCaseWords HTTPServer snake_case_name x1y2z3", "if (x != 0) { return y[i] += 1; } // comment",
    "naïve café über Ångström Ελληνικά Русский", "你好，世界。今天天气很好！", "こんにちは世界 カタカナ 한국어 문장",
    "مرحبا بالعالم שלום עולם", "हिन्दी में पाठ நன்றி", "🙂👍🏽 👨‍👩‍👧‍👦 🇩🇪", "x\u{301}q\u{308} combining marks",
    "!!!??? ...--- ***### $100 €50 50% a+b=c", "https://example.org/path?query=1&other=2#part",
    "'''\"\"\" ''quoted'' “curly”",
    "\u{A0}no-break\u{3000}ideographic\u{2009}thin", "ALL CAPS Title Case lower ÀÉÎ", "x", " ", "\n", "",
  ]
}

extension GGUFMetadata {
  /// The given pairs.
  init(_ pairs: [(String, GGUFValue)]) {
    self.init()
    for (key, value) in pairs { self[key] = value }
  }
}

extension String {
  /// The text with one scalar in place of another; unlike `replacing`, also where marks follow that combine with it.
  func replacing(scalar: Unicode.Scalar, with replacement: Unicode.Scalar) -> String {
    var result = ""
    for element in unicodeScalars { result.unicodeScalars.append(element == scalar ? replacement : element) }
    return result
  }
}
