extension SplitPattern {
  /// The pattern that a regular expression in a `tokenizer.json` stands for; nil when it is not a known one.
  ///
  /// The engine of Hugging Face tokenizers matches case-insensitively as Unicode has it, unlike llama.cpp.
  init?(regularExpression: String) {
    // Some files have the newline characters themselves where others have their escapes.
    var expression = ""
    for scalar in regularExpression.unicodeScalars {
      switch scalar {
      case "\r": expression += #"\r"#
      case "\n": expression += #"\n"#
      default: expression.unicodeScalars.append(scalar)
      }
    }
    guard let pattern = Self.known.first(where: { $0.expression == expression })?.pattern else { return nil }
    self = pattern
  }

  /// The name of the model family whose pattern this is, where there is one.
  var familyName: String {
    switch self {
    case .gpt2: "gpt-2"
    case .words(let rules): rules.marksJoinLetters ? "qwen35" : rules.digits == 1 ? "qwen2" : "llama-bpe"
    case .casedWords(let rules): rules.contractions == nil ? "tekken" : "gpt-4o"
    case .deepSeek3: "deepseek-v3"
    case .spacedLetters: "deepseek-coder"
    case .spacedScripts: "deepseek-llm"
    default: "split"
    }
  }

  private static let known: [(expression: String, pattern: SplitPattern)] = {
    let contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
    let spaces = #"\s+(?!\S)|\s+"#
    func words(_ contractions: String, _ digits: String, newlines: String = #"[\r\n]+"#) -> String {
      contractions + #"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"# + digits + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*"# + newlines + "|"
        + spaces
    }
    func cased(_ contractions: String, _ digits: String) -> String {
      let (upper, lower) = (#"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#, #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#)
      let prefix = #"[^\r\n\p{L}\p{N}]?"#
      return prefix + upper + "*" + lower + "+" + contractions + "|" + prefix + upper + "+" + lower + "*" + contractions
        + #"|\p{N}"# + digits + #"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|"# + spaces
    }
    let three = WordRules(digits: 3, contractions: .unicode)
    let one = WordRules(digits: 1, contractions: .unicode)
    // Greedy and possessive repetition match the same in these places, as does one newline after `\s*`.
    let cl100k =
      #"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|"# + spaces
    let qwen35 =
      contractions
      + #"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|"# + spaces
    let gpt2 = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|"# + spaces
    let deepSeek3 =
      ##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"##
      + #"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|"# + spaces
    return [
      (gpt2, .gpt2),
      (words(contractions, "{1,3}"), .words(three)),
      (cl100k, .words(three)),
      (words(contractions, ""), .words(one)),
      (qwen35, .words(WordRules(digits: 1, contractions: .unicode, marksJoinLetters: true))),
      (cased("", ""), .casedWords(CasedWordRules(digits: 1, contractions: nil, asciiCase: false))),
      (
        cased(contractions + "?", "{1,3}"),
        .casedWords(CasedWordRules(digits: 3, contractions: .unicode, asciiCase: false))
      ),
      (deepSeek3, .deepSeek3),
      (#"\p{N}{1,3}"#, .numbers(maximum: 3)),
      (#"\p{N}"#, .numbers(maximum: 1)),
      (#"\p{N}+"#, .numbers(maximum: .max)),
      (#"[0-9][0-9][0-9]"#, .threeDigits),
      (#"[\r\n]"#, .newline),
      (#"\s?\p{L}+"#, .spacedLetters),
      (#"\s?\p{P}+"#, .spacedPunctuation),
      (#"\s?[!-/:-~！-／：-～‘-‟　-。]+"#, .spacedFullWidthPunctuation(exceptSpace: false)),
      (#"\s+$"#, .trailingSpace),
      ("[一-龥ࠀ-一가-퟿]+", .cjk(exceptSpace: false)),
      ("[一-龥\u{3040}-ゟ゠-ヿ]+", .cjkAndKana),
    ]
  }()
}
