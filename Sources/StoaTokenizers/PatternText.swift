/// The regular expressions of pre-tokenisers, put together from what they have in common.
///
/// Sources: `tokenizer.json` of the models, `tiktoken_ext/openai_public.py` of tiktoken, `llama-vocab.cpp` of llama.cpp.
enum PatternText {
  static let contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
  static let asciiContractions = "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])"

  static let spaces = #"\s+(?!\S)|\s+"#
  static let newlinesAndSpaces = #"\s*[\r\n]+|"# + spaces
  private static let prefix = #"[^\r\n\p{L}\p{N}]?"#

  static let gpt2 = gpt2Short + #"|\s+"#
  /// What no branch matches is a piece of its own, so the last branch may be left out.
  static let gpt2Short = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)"#

  /// - Parameter digits: The repetition of `\p{N}`.
  static func words(_ contractions: String, _ digits: String, spaces: String = spaces) -> String {
    plainWords(digits, contractions: contractions, spaces: spaces)
  }

  static func plainWords(
    _ digits: String, contractions: String? = nil, newlines: String = #"[\r\n]+"#, spaces: String = spaces
  ) -> String {
    (contractions.map { $0 + "|" } ?? "") + prefix + #"\p{L}+|\p{N}"# + digits
      + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*"# + newlines + "|" + spaces
  }

  /// Runs of spaces in powers of two.
  static let cascadingSpaces =
    [512, 256, 128, 64, 32, 16, 8, 4].map { "\\s{\($0)}(?!\\S)|" }.joined() + #"\s{1,2}(?!\S)|\s{1}"#

  static func seedCoder(_ contractions: String) -> String {
    contractions + "|" + prefix + #"\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|"# + newlinesAndSpaces
  }

  /// Words of several, with single spaces between them.
  static func exaoneMoE(_ contractions: String) -> String {
    contractions + "|" + prefix + #"(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|"#
      + spaces
  }

  static let bloom = #" ?[^(\s|.,!?…。，、।۔،)]+"#

  /// Han characters as llama.cpp has them (`unicode_cpt_is_han`).
  static let han =
    "\u{4E00}-\u{9FFF}\u{3400}-\u{4DBF}\u{20000}-\u{2A6DF}\u{2A700}-\u{2EBEF}\u{F900}-\u{FAFF}\u{2F800}-\u{2FA1F}"

  /// The scripts that AFMoE cuts out; llama.cpp begins the third range at U+8C48.
  static let asianScripts =
    "\u{4E00}-\u{9FFF}\u{3400}-\u{4DBF}\u{8C48}-\u{FAFF}\u{3040}-\u{309F}\u{30A0}-\u{30FF}\u{FF65}-\u{FF9F}"
    + "\u{2F00}-\u{2FDF}\u{0E40}-\u{0E7F}\u{0E80}-\u{0EFF}\u{1780}-\u{17FF}\u{1000}-\u{109F}\u{AA60}-\u{AA7F}"
    + "\u{A9E0}-\u{A9FF}\u{AC00}-\u{D7AF}\u{1100}-\u{11FF}"

  static func markedWords(_ contractions: String) -> String {
    contractions + "|" + prefix + #"[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|"# + newlinesAndSpaces
  }

  static let cl100k =
    #"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|"# + spaces

  /// `cl100k_base` of tiktoken, which differs from the others at the end of a text.
  static let tiktoken100k =
    #"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|"#
    + #"\s+(?!\S)|\s"#

  static func casedWords(_ contractions: String, _ digits: String) -> String {
    casedWords(#"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#, #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#, contractions, digits)
  }

  /// llama.cpp's rendering, where the case of letters beyond ASCII does not count.
  static func asciiCasedWords(_ contractions: String, _ digits: String, letters: String = #"\p{L}"#) -> String {
    casedWords("((?=[\(letters)])([^a-z]))", "((?=[\(letters)])([^A-Z]))", contractions, digits)
  }

  static func casedWords(_ upper: String, _ lower: String, _ contractions: String, _ digits: String) -> String {
    prefix + upper + "*" + lower + "+" + contractions + "|" + prefix + upper + "+" + lower + "*" + contractions
      + #"|\p{N}"# + digits + #"| ?[^\s\p{L}\p{N}]+[\r\n/]*|"# + newlinesAndSpaces
  }

  private static let deepSeekWords =
    ##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"##
  static let deepSeek3 = deepSeekWords + #"| ?[\p{P}\p{S}]+[\r\n]*|"# + newlinesAndSpaces
  static let spark = deepSeekWords + #"| ?[\p{P}\p{S}]+|[\r\n]|"# + spaces

  static let cjkAndKana = "[一-龥\u{3040}-ゟ゠-ヿ]+"
  /// Its first range takes in what lies between the Hebrew-like scripts and the ideographs.
  static let wideCJK = "[一-龥ࠀ-一가-\u{D7FF}]+"

  /// Letters of Latin, Greek, Cyrillic and other scripts with case, as the DeepSeek LLM tokenizer lists them.
  static let casedScripts =
    "A-Za-z\u{B5}\u{C0}-\u{D6}\u{D8}-\u{F6}\u{F8}-\u{1BA}\u{1BC}-\u{1BF}\u{1C4}-\u{293}\u{295}-\u{2AF}"
    + "\u{370}-\u{373}\u{376}\u{377}\u{37B}-\u{37D}\u{37F}\u{386}\u{388}-\u{38A}\u{38C}\u{38E}-\u{3A1}"
    + "\u{3A3}-\u{3F5}\u{3F7}-\u{481}\u{48A}-\u{52F}\u{531}-\u{556}\u{10A0}-\u{10C5}\u{13A0}-\u{13F5}"
    + "\u{13F8}-\u{13FD}\u{1C90}-\u{1CBA}\u{1CBD}-\u{1CBF}\u{1D00}-\u{1D2B}\u{1D6B}-\u{1D77}\u{1D79}-\u{1D9A}"
    + "\u{1E00}-\u{1F15}\u{1F18}-\u{1F1D}\u{1F20}-\u{1F45}\u{1F48}-\u{1F4D}\u{1F50}-\u{1F57}\u{1F59}\u{1F5B}"
    + "\u{1F5D}\u{1F5F}-\u{1F7D}\u{1F80}-\u{1FB4}\u{1FB6}-\u{1FBC}\u{1FBE}\u{1FC2}-\u{1FC4}\u{1FC6}-\u{1FCC}"
    + "\u{1FD0}-\u{1FD3}\u{1FD6}-\u{1FDB}\u{1FE0}-\u{1FEC}\u{1FF2}-\u{1FF4}\u{1FF6}-\u{1FFC}\u{2102}\u{2107}"
    + "\u{210A}-\u{2113}\u{2115}\u{2119}-\u{211D}\u{2124}\u{2126}\u{2128}\u{212A}-\u{212D}\u{212F}-\u{2134}"
    + "\u{2139}\u{213C}-\u{213F}\u{2145}-\u{2149}\u{214E}\u{2183}\u{2184}\u{2C00}-\u{2C7B}\u{2C7E}-\u{2CE4}"
    + "\u{2CEB}-\u{2CEE}\u{2CF2}\u{2CF3}\u{A640}-\u{A66D}\u{A680}-\u{A69B}\u{A722}-\u{A76F}\u{A771}-\u{A787}"
    + "\u{A78B}-\u{A78E}\u{AB70}-\u{ABBF}\u{FB00}-\u{FB06}\u{FB13}-\u{FB17}\u{FF21}-\u{FF3A}\u{FF41}-\u{FF5A}"
    + "\u{10400}-\u{1044F}\u{104B0}-\u{104D3}\u{104D8}-\u{104FB}\u{10C80}-\u{10CB2}\u{10CC0}-\u{10CF2}"
    + "\u{118A0}-\u{118DF}\u{1E900}-\u{1E943}"
}
