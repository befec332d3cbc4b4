/// A pattern of a pre-tokeniser: the regular expression it stands for is in the comment of its case.
enum SplitPattern: Sendable, Equatable {
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
  /// `[0-9][0-9][0-9]`
  case threeDigits
  /// `[\p{P}\$\+<=>\^~\|]+`, with the backtick or without.
  case punctuation(backtick: Bool)
  /// `[\r\n]`
  case newline
  /// `\s?\p{L}+`
  case spacedLetters
  /// `\s?\p{P}+`
  case spacedPunctuation
  /// `\s?[…]+` of the letters of scripts that have case.
  case spacedScripts
  /// `\s?[!-/:-~！-／：-～‘-‟　-。]+`, where llama.cpp does not see whitespace beyond ASCII in the set.
  case spacedFullWidthPunctuation(exceptSpace: Bool)
  /// `\s+$`
  case trailingSpace
  /// `[一-龥ࠀ-一가-퟿]+`, where llama.cpp does not see whitespace in the set.
  case cjk(exceptSpace: Bool)
  /// `[一-龥぀-ゟ゠-ヿ]+`
  case cjkAndKana

  /// Where the match that begins at `i` ends; `i` when there is none. Sees nothing at or beyond `end`.
  @inline(__always)
  func match(_ text: Span<UInt8>, at i: Int, end: Int) -> Int {
    let scan = Scanner(text: text, end: end)
    return switch self {
    case .gpt2: scan.gpt2(i)
    case .words(let rules): scan.words(i, rules)
    case .casedWords(let rules): scan.casedWords(i, rules)
    case .deepSeek3: scan.deepSeek3(i)
    case .numbers(let maximum): scan.run(i, maximum: maximum) { $0.intersects(.number) }
    case .threeDigits: scan.threeDigits(i)
    case .punctuation(let backtick): scan.punctuation(i, backtick: backtick)
    case .newline: i < end && Scanner.isNewline(text[i]) ? i + 1 : i
    case .spacedLetters: scan.spaced(i) { UnicodeClass($0).intersects(.letter) }
    case .spacedPunctuation: scan.spaced(i) { UnicodeClass($0).intersects(.punctuation) }
    case .spacedScripts: scan.spaced(i) { ScalarRanges.casedScripts.contains($0.value) }
    case .spacedFullWidthPunctuation(let exceptSpace):
      scan.spaced(i) {
        ScalarRanges.fullWidthPunctuation.contains($0.value)
          && !(exceptSpace && UnicodeClass($0).intersects(.space))
      }
    case .trailingSpace: scan.trailingSpace(i)
    case .cjk(let exceptSpace):
      scan.scalars(i) {
        ScalarRanges.cjk.contains($0.value) && !(exceptSpace && UnicodeClass($0).intersects(.space))
      }
    case .cjkAndKana: scan.scalars(i) { ScalarRanges.cjkAndKana.contains($0.value) }
    }
  }
}

/// English contractions such as `'ll`.
enum ContractionCase: Sendable, Equatable {
  /// Lower case alone.
  case lower
  /// `A`–`Z` too, as llama.cpp has it.
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

/// A set of scalars written as ranges.
struct ScalarRanges: Sendable {
  /// First and last scalars, ascending.
  private let ranges: [ClosedRange<UInt32>]

  private init(_ ranges: [ClosedRange<UInt32>]) { self.ranges = ranges.sorted { $0.lowerBound < $1.lowerBound } }

  func contains(_ scalar: UInt32) -> Bool {
    var (low, high) = (0, ranges.count)
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].upperBound < scalar { low = middle + 1 } else { high = middle }
    }
    return low < ranges.count && ranges[low].lowerBound <= scalar
  }

  static let cjk = ScalarRanges([0x0800...0x4DFF, 0x4E00...0x9FA5, 0xAC00...0xD7FF])
  static let cjkAndKana = ScalarRanges([0x3040...0x309F, 0x30A0...0x30FF, 0x4E00...0x9FA5])
  static let fullWidthPunctuation = ScalarRanges([
    0x21...0x2F, 0x3A...0x7E, 0x2018...0x201F, 0x3000...0x3002, 0xFF01...0xFF0F, 0xFF1A...0xFF5E,
  ])
  /// Letters of Latin, Greek, Cyrillic and other scripts with case, as the DeepSeek LLM tokenizer lists them.
  static let casedScripts = ScalarRanges([
    0x41...0x5A, 0x61...0x7A, 0xB5...0xB5, 0xC0...0xD6, 0xD8...0xF6, 0xF8...0x1BA, 0x1BC...0x1BF,
    0x1C4...0x293, 0x295...0x2AF, 0x370...0x373, 0x376...0x376, 0x377...0x377, 0x37B...0x37D, 0x37F...0x37F,
    0x386...0x386, 0x388...0x38A, 0x38C...0x38C, 0x38E...0x3A1, 0x3A3...0x3F5, 0x3F7...0x481, 0x48A...0x52F,
    0x531...0x556, 0x10A0...0x10C5, 0x13A0...0x13F5, 0x13F8...0x13FD, 0x1C90...0x1CBA, 0x1CBD...0x1CBF, 0x1D00...0x1D2B,
    0x1D6B...0x1D77, 0x1D79...0x1D9A, 0x1E00...0x1F15, 0x1F18...0x1F1D, 0x1F20...0x1F45, 0x1F48...0x1F4D,
    0x1F50...0x1F57,
    0x1F59...0x1F59, 0x1F5B...0x1F5B, 0x1F5D...0x1F5D, 0x1F5F...0x1F7D, 0x1F80...0x1FB4, 0x1FB6...0x1FBC,
    0x1FBE...0x1FBE,
    0x1FC2...0x1FC4, 0x1FC6...0x1FCC, 0x1FD0...0x1FD3, 0x1FD6...0x1FDB, 0x1FE0...0x1FEC, 0x1FF2...0x1FF4,
    0x1FF6...0x1FFC,
    0x2102...0x2102, 0x2107...0x2107, 0x210A...0x2113, 0x2115...0x2115, 0x2119...0x211D, 0x2124...0x2124,
    0x2126...0x2126,
    0x2128...0x2128, 0x212A...0x212D, 0x212F...0x2134, 0x2139...0x2139, 0x213C...0x213F, 0x2145...0x2149,
    0x214E...0x214E,
    0x2183...0x2183, 0x2184...0x2184, 0x2C00...0x2C7B, 0x2C7E...0x2CE4, 0x2CEB...0x2CEE, 0x2CF2...0x2CF2,
    0x2CF3...0x2CF3,
    0xA640...0xA66D, 0xA680...0xA69B, 0xA722...0xA76F, 0xA771...0xA787, 0xA78B...0xA78E, 0xAB70...0xABBF,
    0xFB00...0xFB06,
    0xFB13...0xFB17, 0xFF21...0xFF3A, 0xFF41...0xFF5A, 0x10400...0x1044F, 0x104B0...0x104D3, 0x104D8...0x104FB,
    0x10C80...0x10CB2,
    0x10CC0...0x10CF2, 0x118A0...0x118DF, 0x1E900...0x1E943,
  ])
}
