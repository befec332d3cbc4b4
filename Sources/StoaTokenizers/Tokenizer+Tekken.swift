import StoaFormats

extension Tokenizer {
  /// Whether JSON is a `tekken.json` of Mistral: ranks as tiktoken has them in a list, and the pattern beside them.
  static func isTekken(_ root: JSONValue) -> Bool {
    root["vocab"]?.arrayValue != nil && root["config"]?["pattern"] != nil
  }

  /// The parts of a `tekken.json`: ids are those of special tokens first, then ranks.
  ///
  /// Source: `Tekkenizer` of mistral-common.
  static func tekkenParts(_ root: JSONValue) throws(TokenizerError) -> Parts {
    let file = TekkenFile(root: root)
    let special = try file.specialTokens()
    let ranks = try file.ranks(after: special.count)
    let preTokenizer = PreTokenizer(name: "tekken", steps: [PreTokenizer.Step(pattern: try file.pattern())])
    let names = special.map { Array($0.utf8) }
    let surfaces = PackedByteStrings(names + ranks)
    let vocabulary = try Vocabulary(
      tokens: PackedByteStrings(names + ranks.map { ByteLevelAlphabet.encode($0) }),
      types: special.map { _ in .control } + ranks.map { _ in .normal })
    func id(_ name: String) -> Int32? { special.firstIndex(of: name).map { Int32($0) } }
    var parts = Parts(
      name: "BPE tekken", vocabulary: vocabulary, surfaces: surfaces,
      model: .byteLevel(ByteLevelBPE(ranks: surfaces, from: special.count, preTokenizer: preTokenizer)))
    parts.addedTokens = names.enumerated().map { AddedToken(id: Int32($0), content: $1, isSpecial: true) }
    (parts.bos, parts.eos, parts.unknown, parts.padding) = (id("<s>"), id("</s>"), id("<unk>"), id("<pad>"))
    if let bos = parts.bos { parts.prefix = [bos] }
    return parts
  }
}

/// Reads the fields of a `tekken.json`.
private struct TekkenFile {
  let root: JSONValue

  /// More special tokens than any tokenizer has, where known ones have 1,000.
  private static let mostSpecialTokens = 1 << 16

  /// The special tokens of files that do not list them (up to version 7).
  private static let usual = [
    "<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]", "[TOOL_RESULTS]",
    "[/TOOL_RESULTS]", "[TOOL_CALLS]", "[IMG]", "<pad>", "[IMG_BREAK]", "[IMG_END]", "[PREFIX]", "[MIDDLE]",
    "[SUFFIX]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "[TOOL_CONTENT]",
  ]

  /// The names of the special tokens by id; those without a name are `<SPECIAL_…>`.
  func specialTokens() throws(TokenizerError) -> [String] {
    let count = try count("default_num_special_tokens", upTo: Self.mostSpecialTokens)
    var names = Self.usual
    if let listed = root["special_tokens"]?.arrayValue {
      names = []
      for (i, entry) in listed.enumerated() {
        guard let name = entry["token_str"]?.stringValue, !name.isEmpty, entry["rank"]?.intValue == i else {
          throw malformed("special_tokens[\(i)]", "no name, or a rank that is not \(i)")
        }
        names.append(name)
      }
    }
    guard names.count <= count else {
      throw malformed("special_tokens", "\(names.count) of them, and config says \(count)")
    }
    for id in names.count..<count { names.append("<SPECIAL_\(id)>") }
    guard Set(names).count == count else { throw malformed("special_tokens", "two have the same name") }
    return names
  }

  /// The bytes of the tokens by rank, as many as the vocabulary has room for.
  func ranks(after special: Int) throws(TokenizerError) -> [[UInt8]] {
    guard let entries = root["vocab"]?.arrayValue else { throw .missing(field: "tekken.json: vocab") }
    let size = try count("default_vocab_size", upTo: entries.count + special)
    guard size >= special else {
      throw malformed("config.default_vocab_size", "\(size) is less than its special tokens")
    }
    var tokens: [[UInt8]] = []
    var known: Set<[UInt8]> = []
    for (i, entry) in entries.prefix(size - special).enumerated() {
      guard entry["rank"]?.intValue == i else { throw malformed("vocab[\(i)].rank", "it is not \(i)") }
      guard let token = entry["token_bytes"]?.stringValue.flatMap({ Base64.decode($0) }), !token.isEmpty,
        token.count <= ByteLevelBPE.longestRank
      else {
        throw malformed("vocab[\(i)].token_bytes", "not 1 to \(ByteLevelBPE.longestRank) bytes in base64")
      }
      guard known.insert(token).inserted else { throw malformed("vocab[\(i)]", "a token that was there before") }
      tokens.append(token)
    }
    for byte in UInt8.min...UInt8.max where !known.contains([byte]) {
      throw malformed("vocab", "no token is the byte \(byte); the file is incomplete")
    }
    return tokens
  }

  /// How text is cut into words.
  func pattern() throws(TokenizerError) -> SplitPattern {
    guard let expression = root["config"]?["pattern"]?.stringValue else {
      throw malformed("config.pattern", "not a text")
    }
    do throws(RegexError) { return try SplitPattern(regularExpression: expression, .rust) } catch {
      let supported = "regular expressions without \(error)"
      throw .unsupported(field: "tekken.json: config.pattern", value: expression, supported: supported)
    }
  }

  private func count(_ name: String, upTo limit: Int) throws(TokenizerError) -> Int {
    guard let count = root["config"]?[name]?.intValue, (0...limit).contains(count) else {
      throw malformed("config.\(name)", "not a number up to \(limit)")
    }
    return count
  }

  private func malformed(_ field: String, _ reason: String) -> TokenizerError {
    .malformed(field: "tekken.json: \(field)", reason: reason)
  }
}
