extension PreTokenizer {
  /// What a name in `tokenizer.ggml.pre` asks for, beside the pattern.
  struct Traits: Sendable {
    /// A word that is a token is taken whole, without merging.
    var ignoresMerges = false
    /// Texts begin with `bos` unless the file says otherwise.
    var addsBOS = false
    /// Texts begin with `bos` whatever the file says.
    var alwaysAddsBOS = false
    /// The vocabulary holds text, not the alphabet of bytes.
    var usesPlainText = false
    /// Spaces are written as `▁`.
    var escapesSpaces = false
    /// Runs of newlines that are tokens are taken whole.
    var takesNewlinesWhole = false
  }

  /// A pre-tokeniser that GGUF files name. Source: `llm_tokenizer_bpe` and `llama_vocab::impl::load` in `llama-vocab.cpp`.
  private struct Family: Sendable {
    let names: [String]
    /// As llama.cpp has them.
    let expressions: [String]
    /// As the model's own tokenizer has them, where that differs.
    var originals: [String]?
    var traits = Traits()
  }

  /// Every name that a GGUF file may have in `tokenizer.ggml.pre`.
  static let ggufNames: [String] = families.flatMap { $0.names }

  /// The pre-tokeniser that a GGUF file names in `tokenizer.ggml.pre`, as llama.cpp has it; nil for an unknown name.
  static func gguf(_ name: String) -> (preTokenizer: PreTokenizer, traits: Traits)? {
    guard let family = families.first(where: { $0.names.contains(name) }),
      let steps = try? steps(family.expressions, .llamaCpp)
    else { return nil }
    return (PreTokenizer(name: name, steps: steps, classes: .unicode15), family.traits)
  }

  /// The pre-tokeniser of tiktoken ranks, by a name of GGUF or of an encoding of tiktoken; nil for an unknown name.
  static func ranks(_ name: String) -> PreTokenizer? {
    let alias = tiktokenNames[name] ?? name
    if alias == "cl100k_base" {
      guard let steps = try? steps([PatternText.tiktoken100k], .rust) else { return nil }
      return PreTokenizer(name: name, steps: steps)
    }
    guard let family = families.first(where: { $0.names.contains(alias) }),
      let steps = try? steps(family.originals ?? family.expressions, .rust)
    else { return nil }
    return PreTokenizer(name: name, steps: steps)
  }

  /// Encodings of tiktoken, whose ranks are read by these patterns.
  static let tiktokenNames = [
    "gpt2": "gpt-2", "r50k_base": "gpt-2", "p50k_base": "gpt-2", "p50k_edit": "gpt-2", "cl100k_base": "cl100k_base",
    "o200k_base": "gpt-4o", "o200k_harmony": "gpt-4o", "llama3.1": "llama-bpe", "llama-3": "llama-bpe",
    "qwen": "qwen2", "qwen2.5": "qwen2", "qwen3": "qwen2",
  ]

  private static func steps(_ expressions: [String], _ dialect: RegexDialect) throws(RegexError) -> [Step] {
    var steps: [Step] = []
    for expression in expressions {
      // llama.cpp has these two in code; see `unicode_regex_split_custom_afmoe`.
      let isGrouping = dialect == .llamaCpp && (expression == digitGroups || expression == groupedDigits)
      steps.append(Step(pattern: isGrouping ? .digitGroups : try SplitPattern(regularExpression: expression, dialect)))
    }
    return steps
  }

  private static let digitGroups = #"\p{N}{1,3}(?=(?:\p{N}{3})*(?:\P{N}|$))"#
  private static let groupedDigits = #"\d{1,3}(?=(?:\d{3})*\b)"#

  private static let families: [Family] = {
    typealias P = PatternText
    let (ascii, unicode) = (P.asciiContractions, P.contractions)
    let whole = Traits(ignoresMerges: true)
    let wholeWithBOS = Traits(ignoresMerges: true, addsBOS: true)
    let spaced = Traits(alwaysAddsBOS: true, usesPlainText: true, escapesSpaces: true, takesNewlinesWhole: true)
    let lines = #"[^\n]+|[\n]+"#
    let threeDigits = [P.words(ascii, "{1,3}")]
    let originalThreeDigits = [P.words(unicode, "{1,3}")]
    let oneDigit = [P.words(ascii, "")]
    let originalOneDigit = [P.words(unicode, "")]
    let optional = (ascii: ascii + "?", unicode: unicode + "?")
    let han = P.han
    return [
      Family(names: ["default", ""], expressions: [#"[\p{P}\$\+<=>\^~\|]+"#, P.gpt2, #"\p{N}+"#, "[0-9][0-9][0-9]"]),
      Family(
        names: [
          "gpt-2", "phi-2", "jina-es", "jina-de", "gigachat", "jina-v2-es", "jina-v2-de", "a.x-4.0", "mellum",
          "modern-bert", "mpt", "olmo", "jais", "trillion", "granite-docling", "exaone4", "jina-v1-en", "jina-v2-code",
          "roberta-bpe",
        ], expressions: [P.gpt2]),
      Family(
        names: [
          "llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2", "jina-v5-nano",
        ], expressions: threeDigits, originals: originalThreeDigits, traits: wholeWithBOS),
      Family(
        names: ["dbrx", "smaug-bpe", "chatglm-bpe"], expressions: threeDigits, originals: originalThreeDigits),
      Family(names: ["glm4", "glm5"], expressions: threeDigits, originals: originalThreeDigits, traits: whole),
      Family(
        names: [
          "qwen2", "deepseek-r1-qwen", "kormo", "f2llmv2", "megrez", "stablelm2", "hunyuan", "solar-open", "grok-2",
        ], expressions: oneDigit, originals: originalOneDigit),
      Family(names: ["qwen35"], expressions: [P.markedWords(ascii)], originals: [P.markedWords(unicode)]),
      Family(
        names: [
          "starcoder", "refact", "command-r", "smollm", "codeshell", "exaone", "minerva-7b", "mellum2",
        ], expressions: [#"\p{N}"#, P.gpt2]),
      Family(names: ["falcon"], expressions: [#"[\p{P}\$\+<=>\^~\|`]+"#, P.gpt2, "[0-9][0-9][0-9]"]),
      Family(
        names: ["deepseek-llm"],
        expressions: [
          "[\r\n]", #"\s?["# + P.casedScripts + "]+", #"\s?[!-/:-~！-／：-～‘-‟　-。]+"#, #"\s+$"#, P.wideCJK, #"\p{N}+"#,
        ]),
      Family(
        names: ["deepseek-coder"], expressions: ["[\r\n]", #"\s?\p{L}+"#, #"\s?\p{P}+"#, P.wideCJK, #"\p{N}"#]),
      Family(
        names: ["deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4"],
        expressions: [#"\p{N}{1,3}"#, P.cjkAndKana, P.deepSeek3]),
      Family(names: ["spark2_5"], expressions: [#"\p{N}{1,3}"#, P.cjkAndKana, P.spark, #"\p{N}"#]),
      Family(
        names: ["youtu"],
        expressions: [
          "[가-힣ㄱ-ㆎ]+|[！…“”‘’—：；，、-〿︰-﹏]+|[ㄅ-ㄯ]+|" + P.cjkAndKana, P.casedWords(optional.ascii, ""),
        ], traits: whole),
      Family(
        names: ["tekken"], expressions: [P.asciiCasedWords("", "")], originals: [P.casedWords("", "")],
        traits: wholeWithBOS),
      Family(
        names: ["gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2"],
        expressions: [P.asciiCasedWords(optional.ascii, "{1,3}")],
        originals: [P.casedWords(optional.unicode, "{1,3}")]),
      Family(
        names: ["granite-embed-multi-97m"],
        expressions: [P.asciiCasedWords(optional.ascii, "{1,3}", letters: #"\p{L}\p{M}"#)],
        originals: [P.casedWords(optional.unicode, "{1,3}")], traits: whole),
      Family(
        names: ["tiny_aya", "cohere2moe"],
        expressions: [groupedDigits, P.casedWords(optional.ascii, "{1,3}")],
        originals: [groupedDigits, P.casedWords(optional.unicode, "{1,3}")]),
      Family(
        names: ["kimi-k2"],
        expressions: [
          "[\(han)]+|[^\\r\\n\\p{L}\\p{N}]?(?:(?![\(han)])\\p{L})+\(optional.ascii)|\\p{N}{1,3}"
            + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|"# + P.newlinesAndSpaces
        ],
        originals: [
          #"[\p{Han}]+|"#
            + P.casedWords(
              #"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]"#, #"[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]"#,
              optional.unicode, "{1,3}"
            ).replacing("[\\r\\n/]*", with: "[\\r\\n]*")
        ]),
      Family(
        names: ["jais-2"], expressions: [P.words(ascii, "{1,3}", spaces: P.cascadingSpaces)],
        originals: [P.words(unicode, "{1,3}", spaces: P.cascadingSpaces)]),
      Family(
        names: ["bloom", "poro-chat", "gpt3-finnish"], expressions: [P.bloom]),
      Family(names: ["viking"], expressions: [P.bloom, #"\p{N}"#]),
      Family(
        names: ["chameleon"],
        expressions: [
          "<sentinel:[0-9]+>", "(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z", #"([\t\n]|    |  )"#, #"\p{N}"#,
          #"[\p{P}!-/:-@\[-`{-~]"#, P.gpt2,
        ], traits: Traits(addsBOS: true)),
      Family(names: ["superbpe"], expressions: [#"\p{N}+"#, #"(?=(\d{3})+(?!\d))"#]),
      Family(
        names: ["bailingmoe", "bailingmoe2", "llada-moe"],
        expressions: [
          P.plainWords("", contractions: "'(?:[sSdDmMtT]|[lL][lL]|[vV][eE]|[rR][eE])", newlines: #"[\r\n]"#)
        ],
        originals: [P.plainWords("", contractions: "'(?i:[sdmt]|ll|ve|re)", newlines: #"[\r\n]"#)]),
      Family(
        names: ["seed-coder"], expressions: [P.seedCoder(ascii)], originals: [P.seedCoder(unicode)]),
      Family(names: ["ufakzeka"], expressions: [P.plainWords("")]),
      Family(
        names: ["afmoe"], expressions: [digitGroups, "[\(P.asianScripts)]+", P.deepSeek3]),
      Family(names: ["laguna"], expressions: [lines] + oneDigit, originals: [lines] + originalOneDigit),
      Family(
        names: ["exaone-moe"], expressions: [P.exaoneMoE(ascii)], originals: [P.exaoneMoE(unicode)]),
      Family(
        names: ["minicpm5"], expressions: [#"\p{N}{1,3}"#, P.words(ascii, "+")],
        originals: [#"\p{N}{1,3}"#, P.words(unicode, "+")], traits: whole),
      Family(names: ["gemma4", "granite-embed-multi-311m"], expressions: [lines], traits: spaced),
      Family(
        names: ["sarvam-moe"], expressions: [lines], traits: Traits(usesPlainText: true, escapesSpaces: true)),
      Family(names: ["whitespace"], expressions: [#"\S+"#], traits: Traits(usesPlainText: true)),
    ]
  }()
}
