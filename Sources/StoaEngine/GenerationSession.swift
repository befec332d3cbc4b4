import StoaFormats
public import StoaGrammar
import StoaModels
import StoaTokenizers

/// What to generate and when to stop.
public struct GenerationOptions: Sendable {
  /// How each token is chosen.
  public var sampling = SamplingParameters()
  /// Tokens at most; nil for as many as the context holds.
  public var maxTokens: Int?
  /// Texts that end the answer; they are not part of it.
  public var stop: [String] = []
  /// How many alternatives to report for each token; nil for no log probabilities.
  public var topLogprobs: Int?
  /// Tokens that are among the reported alternatives however unlikely they are; for those who choose between words.
  public var reportedTokens: [Int32] = []
  /// What the answer has to look like, from `LanguageModel.constraint`; nil for anything.
  public var constraint: TokenMasker?
  /// What it has to look like from some mark on.
  public var trigger: ConstraintTrigger?
  /// Special tokens whose names are part of the text.
  public var shownTokens: Set<Int32> = []
  /// Whether the answer goes on past the tokens with which the model ends it.
  public var ignoresEnd = false
  /// What keeps the answer from saying something; nil for nothing.
  package var watch: (any AnswerWatch)?
  /// After how many tokens the answer is cut off, though it would have gone on; nil for not at all. Other than
  /// `maxTokens` it changes no token before.
  package var cut: Int?
  /// Which of several answers to the same prompt and seed this is.
  public var choice: UInt64 = 0

  /// The defaults.
  public init() {}
}

/// Why an answer ended.
public enum FinishReason: String, Sendable {
  case stop
  case length
  case cancelled
}

/// An answer and how it came about.
public struct GenerationResult: Sendable {
  /// The text, without the stop string that ended it.
  public var text: String
  /// The tokens of the answer, without the one that ended it.
  public var tokens: [Int32]
  /// Tokens of the prompt.
  public var promptTokens: Int
  /// Prompt tokens that did not have to be computed again.
  public var cachedTokens: Int
  /// Why the answer ended.
  public var finishReason: FinishReason
  /// The seed that was used; with it the answer can be had again.
  public var seed: UInt64
  /// Seconds until the first token.
  public var promptSeconds: Double
  /// Seconds from the first token to the last.
  public var generateSeconds: Double
  /// For each token its log probability and those of the most likely ones, when asked for.
  public var logprobs: [TokenLogprobs]
  /// The stop string that ended the answer.
  public var stopSequence: String?

  /// Tokens of the answer.
  public var completionTokens: Int { tokens.count }

  init(_ progress: AnswerProgress, cachedTokens: Int) {
    text = progress.text
    tokens = progress.tokens
    promptTokens = progress.prompt.count
    self.cachedTokens = cachedTokens
    finishReason = progress.finishReason ?? .cancelled
    seed = progress.seed
    promptSeconds = 0
    generateSeconds = 0
    logprobs = progress.logprobs
    stopSequence = progress.stopSequence
  }
}

/// One conversation with a model: its cache of keys and values, and what it holds.
///
/// A session computes on the caller's thread and the model's pool; use it from one thread at a time.
public final class GenerationSession {
  /// The model that answers.
  public let model: LanguageModel
  private let cache: KeyValueCache
  private let workspace: DecoderWorkspace
  /// The tokens whose keys and values are in the cache.
  private var cachedTokens: [Int32] = []

  init(model: LanguageModel) throws {
    self.model = model
    cache = try model.model.makeCache(type: model.cacheType, capacity: model.contextLength)
    workspace = try model.model.makeWorkspace(maxTokens: model.prefillChunk)
  }

  /// Answers `prompt`, which holds all tokens of the conversation so far; what the cache already holds is not computed
  /// again. `onText` gets the text as it comes, `isCancelled` is asked between layers.
  public func generate(
    prompt: [Int32], options: GenerationOptions = GenerationOptions(), isCancelled: () -> Bool = { false },
    onText: (String) -> Void = { _ in }
  ) throws -> GenerationResult {
    let start = ContinuousClock.now
    var progress = try AnswerProgress(prompt: prompt, options: options, model: model)
    let cached = keepPrefix(of: prompt)
    var pending = prompt[cached...]
    var firstToken: ContinuousClock.Instant?
    do {
      while progress.finishReason == nil {
        var steps = Result<[AnswerProgress.Step], any Error>.failure(EngineError.notANumber)
        try unsafe compute(pending, isCancelled: isCancelled) { logits in
          steps = Result { try unsafe progress.take(logits) }
        }
        if firstToken == nil { firstToken = .now }
        for step in try steps.get() where !step.text.isEmpty { onText(step.text) }
        if progress.finishReason != nil { break }
        // When tokens were taken back, the last one left is computed again, for its logits.
        truncateCache(to: prompt.count + progress.tokens.count - 1)
        pending = progress.tokens.isEmpty ? prompt.suffix(1) : progress.tokens.suffix(1)
      }
    } catch ModelError.cancelled {
      let rest = progress.cancel()
      if !rest.isEmpty { onText(rest) }
    }
    var result = GenerationResult(progress, cachedTokens: cached)
    result.promptSeconds = start.duration(to: firstToken ?? .now).seconds
    result.generateSeconds = (firstToken ?? .now).duration(to: .now).seconds
    return result
  }

  /// The logits after the last token of a text that starts at position 0.
  public func logits(for tokens: [Int32]) throws -> [Float] {
    var last: [Float] = []
    try unsafe forEachLogits(of: tokens, all: false) { unsafe last = Array($0) }
    return last
  }

  /// Calls `body` with the logits after each token, or after the last alone, of a text that starts at position 0.
  package func forEachLogits(
    of tokens: [Int32], all: Bool = true, isCancelled: () -> Bool = { false },
    _ body: (UnsafeBufferPointer<Float>) -> Void
  ) throws {
    guard !tokens.isEmpty else { throw EngineError.emptyPrompt }
    guard tokens.count <= model.contextLength else {
      throw EngineError.promptTooLong(tokens: tokens.count, context: model.contextLength)
    }
    try model.checkTokens(tokens)
    truncateCache(to: 0)
    try unsafe compute(tokens[...], all: all, isCancelled: isCancelled, onLogits: body)
  }

  // MARK: The cache

  /// Keeps the longest common prefix of the cache and `prompt`, but for one token that must be computed for its logits.
  private func keepPrefix(of prompt: [Int32]) -> Int {
    var common = 0
    while common < min(cachedTokens.count, prompt.count - 1), cachedTokens[common] == prompt[common] { common += 1 }
    truncateCache(to: common)
    return common
  }

  private func truncateCache(to count: Int) {
    cache.truncate(to: count)
    cachedTokens.removeSubrange(min(count, cachedTokens.count)...)
  }

  /// Computes tokens after the cache in chunks and hands out the logits of the last one, or of all.
  private func compute(
    _ tokens: ArraySlice<Int32>, all: Bool = false, isCancelled: () -> Bool,
    onLogits: (UnsafeBufferPointer<Float>) -> Void
  ) throws(ModelError) {
    var rest = tokens
    while !rest.isEmpty {
      let chunk = rest.prefix(workspace.maxTokens)
      rest = rest.dropFirst(chunk.count)
      let wanted: Segment.Logits = all ? .all : rest.isEmpty ? .last : .none
      try unsafe model.model.forward(
        [Segment(tokens: chunk, cache: cache, logits: wanted)], workspace: workspace, isCancelled: isCancelled
      ) { unsafe onLogits($2) }
      cachedTokens += chunk
    }
  }
}
