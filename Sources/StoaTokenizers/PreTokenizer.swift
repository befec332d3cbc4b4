/// How text is cut into words before byte-pair merges, which never cross the cuts.
///
/// A pre-tokeniser is a list of steps. Each step cuts every piece left by the step before: what a step's pattern matches
/// becomes a piece, and so does what lies between two matches.
struct PreTokenizer: Sendable, Equatable {
  /// The name users and GGUF files know, such as `llama-bpe`.
  let name: String
  let steps: [SplitPattern]

  /// Calls `body` with each piece of `text[range]`, in order; together they cover the range.
  func split(_ text: Span<UInt8>, _ range: Range<Int>, _ body: (Range<Int>) -> Void) {
    split(text, range, step: 0, body)
  }

  private func split(_ text: Span<UInt8>, _ range: Range<Int>, step: Int, _ body: (Range<Int>) -> Void) {
    if range.isEmpty { return }
    guard step < steps.count else { return body(range) }
    let pattern = steps[step]
    let isLast = step == steps.count - 1
    var (start, i) = (range.lowerBound, range.lowerBound)
    while i < range.upperBound {
      let end = pattern.match(text, at: i, end: range.upperBound)
      if end == i {
        i += text.scalar(at: i, end: range.upperBound).length
        continue
      }
      if start < i { split(text, start..<i, step: step + 1, body) }
      if isLast { body(i..<end) } else { split(text, i..<end, step: step + 1, body) }
      (start, i) = (end, end)
    }
    if start < i { split(text, start..<i, step: step + 1, body) }
  }
}

extension PreTokenizer {
  /// The pre-tokeniser that a GGUF file names in `tokenizer.ggml.pre`, as `llama-vocab.cpp` of llama.cpp defines them.
  init?(ggufName name: String) {
    guard let steps = Self.ggufSteps(name) else { return nil }
    self.init(name: name, steps: steps)
  }

  /// The names that `init(ggufName:)` knows, for error messages.
  static let ggufNames =
    "default, gpt-2, llama-bpe, qwen2, deepseek-llm, deepseek-coder, deepseek-v3, falcon, starcoder, smollm, refact, "
    + "command-r, mpt, olmo, dbrx, smaug-bpe, stablelm2, tekken, gpt-4o, llama4 and others of the same kinds"

  private static func ggufSteps(_ name: String) -> [SplitPattern]? {
    switch name {
    case "", "default":
      [.punctuation(backtick: false), .gpt2, .numbers(maximum: .max), .threeDigits]
    case "gpt-2", "phi-2", "jina-es", "jina-de", "gigachat", "jina-v2-es", "jina-v2-de", "a.x-4.0", "mellum",
      "modern-bert", "mpt", "olmo", "jais", "trillion", "granite-docling", "exaone4", "jina-v1-en", "jina-v2-code",
      "roberta-bpe":
      [.gpt2]
    case "llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2", "jina-v5-nano",
      "dbrx", "smaug-bpe", "glm4", "chatglm-bpe":
      [.words(WordRules(digits: 3))]
    case "qwen2", "deepseek-r1-qwen", "kormo", "megrez", "stablelm2", "hunyuan", "solar-open", "grok-2":
      [.words(WordRules(digits: 1))]
    case "qwen35":
      [.words(WordRules(digits: 1, marksJoinLetters: true))]
    case "starcoder", "refact", "command-r", "smollm", "codeshell", "exaone", "minerva-7b", "mellum2":
      [.numbers(maximum: 1), .gpt2]
    case "falcon":
      [.punctuation(backtick: true), .gpt2, .threeDigits]
    case "deepseek-llm":
      [
        .newline, .spacedScripts, .spacedFullWidthPunctuation(exceptSpace: true), .trailingSpace,
        .cjk(exceptSpace: true), .numbers(maximum: .max),
      ]
    case "deepseek-coder":
      [.newline, .spacedLetters, .spacedPunctuation, .cjk(exceptSpace: true), .numbers(maximum: 1)]
    case "deepseek-v3", "hunyuan-dense", "joyai-llm":
      [.numbers(maximum: 3), .cjkAndKana, .deepSeek3]
    case "tekken":
      [.casedWords(CasedWordRules(digits: 1, contractions: nil, asciiCase: true))]
    case "gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2":
      [.casedWords(CasedWordRules(digits: 3, contractions: .ascii, asciiCase: true))]
    default: nil
    }
  }
}
