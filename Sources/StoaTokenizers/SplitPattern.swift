/// A pattern of a pre-tokeniser: one of the frequent ones, for which `Scanner` has code, or any other regular expression.
enum SplitPattern: Sendable {
  /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
  case gpt2
  /// The family of Llama 3 and Qwen 2.
  case words(WordRules)
  /// The family of GPT-4o and Mistral's Tekken, which also cuts where lower case turns to upper case.
  case casedWords(CasedWordRules)
  /// ``[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*``
  /// `|\s*[\r\n]+|\s+(?!\S)|\s+`
  case deepSeek3
  /// `\p{N}{1,maximum}`
  case numbers(maximum: Int)
  /// Text up to and with the first group of digits, where a run of digits is grouped by three from its end.
  ///
  /// What llama.cpp does for Cohere's `\d{1,3}(?=(?:\d{3})*\b)` and for AFMoE.
  case digitGroups
  case regex(RegexProgram)
}

/// English contractions such as `'ll`.
enum ContractionCase: Sendable, Equatable {
  /// `A`–`Z` count as `a`–`z`, as llama.cpp has it.
  case ascii
  /// Case-insensitive as Unicode has it: `ſ` (U+017F) counts as `s`.
  case unicode
}

/// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,digits}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
struct WordRules: Sendable, Equatable {
  var digits: Int
  var contractions = ContractionCase.ascii
  /// `[\p{L}\p{M}]+` in place of `\p{L}+`, and marks are no punctuation.
  var marksJoinLetters = false
  /// `\s+$` comes before `\s*[\r\n]+`.
  var takesEndSpaceWhole = false
}

/// `[^\r\n\p{L}\p{N}]?U*W+C?|[^\r\n\p{L}\p{N}]?U+W*C?|\p{N}{1,digits}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`
/// where C is a contraction.
struct CasedWordRules: Sendable, Equatable {
  var digits: Int
  var contractions: ContractionCase?
  /// True for llama.cpp's rendering: U is `\p{L}` without `a-z` and W is `\p{L}` without `A-Z`.
  /// False for the original: U is `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]` and W is `[\p{Ll}\p{Lm}\p{Lo}\p{M}]`.
  var asciiCase: Bool
}

extension SplitPattern {
  /// The pattern of a regular expression: a scanner's if it is a known one, which gives the same splits.
  init(regularExpression expression: String, _ dialect: RegexDialect) throws(RegexError) {
    if let known = SplitPattern(known: expression, dialect) {
      self = known
    } else {
      self = .regex(try RegexProgram(expression, dialect))
    }
  }

  /// The pattern that matches a text, as it stands.
  init(literal text: String) throws(RegexError) {
    let special = Set(#"\.+*?()|[]{}^$#&-~"#.unicodeScalars)
    var expression = ""
    for scalar in text.unicodeScalars {
      if special.contains(scalar) { expression += "\\" }
      expression.unicodeScalars.append(scalar)
    }
    self = .regex(try RegexProgram(expression, .oniguruma))
  }

  private init?(known regularExpression: String, _ dialect: RegexDialect) {
    // Some files have the newline characters themselves where others have their escapes.
    var expression = ""
    for scalar in regularExpression.unicodeScalars {
      switch scalar {
      case "\r": expression += #"\r"#
      case "\n": expression += #"\n"#
      default: expression.unicodeScalars.append(scalar)
      }
    }
    let contractions = ContractionPattern(dialect)
    guard let pattern = Self.known(contractions).first(where: { $0.expression == expression })?.pattern else {
      return nil
    }
    self = pattern
  }

  private struct ContractionPattern {
    let expression: String
    let rule: ContractionCase

    init(_ dialect: RegexDialect) {
      let isLlamaCpp = dialect == .llamaCpp
      expression = isLlamaCpp ? PatternText.asciiContractions : PatternText.contractions
      rule = isLlamaCpp ? .ascii : .unicode
    }
  }

  private static func known(_ contractions: ContractionPattern) -> [(expression: String, pattern: SplitPattern)] {
    let three = WordRules(digits: 3, contractions: contractions.rule)
    let one = WordRules(digits: 1, contractions: contractions.rule)
    let marks = WordRules(digits: 1, contractions: contractions.rule, marksJoinLetters: true)
    func cased(_ digits: Int, _ contractions: ContractionCase?, asciiCase: Bool = false) -> SplitPattern {
      .casedWords(CasedWordRules(digits: digits, contractions: contractions, asciiCase: asciiCase))
    }
    let optional = contractions.expression + "?"
    var patterns: [(String, SplitPattern)] = [
      (PatternText.gpt2, .gpt2), (PatternText.gpt2Short, .gpt2),
      (PatternText.words(contractions.expression, "{1,3}"), .words(three)),
      (PatternText.words(contractions.expression, ""), .words(one)),
      (PatternText.markedWords(contractions.expression), .words(marks)),
      (PatternText.deepSeek3, .deepSeek3),
      (#"\p{N}{1,3}"#, .numbers(maximum: 3)), (#"\p{N}"#, .numbers(maximum: 1)),
      (#"\p{N}+"#, .numbers(maximum: .max)),
    ]
    if contractions.rule == .unicode {
      // Greedy and possessive repetition match the same in these places, as does one newline after `\s*`.
      patterns += [
        (PatternText.cl100k, .words(three)),
        (
          PatternText.tiktoken100k,
          .words(WordRules(digits: 3, contractions: .unicode, takesEndSpaceWhole: true))
        ),
        (PatternText.casedWords("", ""), cased(1, nil)),
        (PatternText.casedWords(optional, "{1,3}"), cased(3, .unicode)),
      ]
    } else {
      patterns += [
        (PatternText.asciiCasedWords("", ""), cased(1, nil, asciiCase: true)),
        (PatternText.asciiCasedWords(optional, "{1,3}"), cased(3, .ascii, asciiCase: true)),
      ]
    }
    return patterns
  }

  /// The name of the model family whose pattern this is, where there is one.
  var familyName: String {
    switch self {
    case .gpt2: "gpt-2"
    case .words(let rules): rules.marksJoinLetters ? "qwen35" : rules.digits == 1 ? "qwen2" : "llama-bpe"
    case .casedWords(let rules): rules.contractions == nil ? "tekken" : "gpt-4o"
    case .deepSeek3: "deepseek-v3"
    case .numbers, .digitGroups, .regex: "split"
    }
  }
}
