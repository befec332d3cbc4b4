import StoaFormats
import StoaTokenizers

extension TokenizerMetadata {
  /// BPE on the bytes of text, as GPT-2 and Llama 3 have it.
  mutating func addByteLevel(
    _ vocabulary: JSONVocabulary, _ preTokenizer: String?, source: Tokenizer?
  ) throws(ConversionError) {
    var table = table(vocabulary)
    setAdded(vocabulary, &table)
    // Merges are two texts with a space between, so spaces in them take the byte alphabet's form of a space.
    let merges = vocabulary.merges.map {
      $0.left.replacing(scalar: " ", with: "Ġ") + " " + $0.right.replacing(scalar: " ", with: "Ġ")
    }
    func pairs(_ name: String) throws(ConversionError) -> [(String, GGUFValue)] {
      [("tokenizer.ggml.model", .string("gpt2")), ("tokenizer.ggml.pre", .string(name))]
        + table.pairs(withScores: false) + [("tokenizer.ggml.merges", .array(.strings(merges)))]
        + (try common(table, source))
    }
    if let preTokenizer {
      self.pairs = try pairs(preTokenizer)
    } else if let source {
      let name = try Self.preTokenizer(of: source, takesWholeWords: vocabulary.ignoresMerges, pairs)
      self.pairs = try pairs(name)
    } else {
      self.pairs = try pairs(try preTokenizerOfClass())
    }
    finish(table, source)
  }

  /// Pre-tokenisers of llama.cpp, one of each kind; the first that gives the tokens of the original is taken.
  private static let candidates = [
    "gpt-2", "llama-bpe", "smaug-bpe", "qwen2", "qwen35", "smollm", "tekken", "gpt-4o", "deepseek-llm",
    "deepseek-coder",
    "deepseek-v3", "falcon", "bloom", "viking", "poro-chat", "exaone-moe", "chameleon", "superbpe", "seed-coder",
    "kimi-k2", "bailingmoe", "jais-2", "tiny_aya", "youtu", "sarvam-moe", "afmoe", "default",
  ]

  /// The name whose pre-tokeniser does what that of `source` does: found by its pattern, and checked with texts.
  private static func preTokenizer(
    of source: Tokenizer, takesWholeWords: Bool,
    _ pairs: (String) throws(ConversionError) -> [(String, GGUFValue)]
  ) throws(ConversionError) -> String {
    var preferred = [source.preTokenizerName].compactMap { $0 }.filter { $0 != "none" && $0 != "split" }
    // Two names stand for one pattern: with the first, a word that is a token is never merged from its parts.
    if preferred == ["llama-bpe"], !takesWholeWords { preferred = ["smaug-bpe", "llama-bpe"] }
    var tried: Set<String> = []
    for name in preferred + candidates where tried.insert(name).inserted {
      guard let tokenizer = try? Tokenizer(gguf: GGUFMetadata(try pairs(name))) else { continue }
      if differences(source, tokenizer) == 0 { return name }
    }
    // None gives equal tokens for all texts. The pattern decides, and `finish` tells what differs.
    if let name = preferred.first, (try? Tokenizer(gguf: GGUFMetadata(try pairs(name)))) != nil { return name }
    throw .refused(
      path: "tokenizer.json", problem: "no pre-tokeniser of llama.cpp cuts text as this tokenizer does",
      advice: "name one with --pre NAME, such as --pre llama-bpe")
  }

  /// The pre-tokeniser of a folder that has no tokenizer.json, from the class of its tokenizer.
  private func preTokenizerOfClass() throws(ConversionError) -> String {
    let name = folder.configuration?["tokenizer_class"]?.stringValue
    switch name {
    case "GPT2Tokenizer", "GPT2TokenizerFast", "GPTNeoXTokenizer", "GPTNeoXTokenizerFast", "CodeGenTokenizer":
      return "gpt-2"
    case "Qwen2Tokenizer", "Qwen2TokenizerFast": return "qwen2"
    default:
      throw .refused(
        path: folder.path("vocab.json"),
        problem: "tokenizer_config.json does not say how this tokenizer cuts text into words"
          + (name.map { " (class \(quoted($0)))" } ?? ""),
        advice: "fetch tokenizer.json of the same model, or name the pre-tokeniser with --pre NAME, such as --pre gpt-2"
      )
    }
  }
}
