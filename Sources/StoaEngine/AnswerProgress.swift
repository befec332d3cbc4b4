import StoaModels
import StoaTokenizers

/// A token of a text with its log probability and those of the most likely ones.
public struct TokenLogprobs: Sendable, Equatable {
  /// The token that is there.
  public let chosen: TokenLogprob
  /// The most likely tokens, the likeliest first.
  public let top: [TokenLogprob]

  package init(chosen: TokenLogprob, top: [TokenLogprob]) {
    self.chosen = chosen
    self.top = top
  }
}

/// One answer in the making: which token comes next, what text it adds, and when the answer ends.
///
/// It knows nothing of caches and threads: the same logits give the same answer whoever computes them.
struct AnswerProgress {
  /// What one token added.
  struct Step {
    /// Nil when the model ended the answer.
    var token: Int32?
    /// The text that can be shown now.
    var text = ""
    var logprobs: TokenLogprobs?
  }

  let prompt: [Int32]
  let seed: UInt64
  private(set) var tokens: [Int32] = []
  private(set) var text = ""
  private(set) var logprobs: [TokenLogprobs] = []
  private(set) var finishReason: FinishReason?
  /// The stop string that ended the answer.
  var stopSequence: String? { answer.stopSequence }

  private let model: LanguageModel
  private let topLogprobs: Int?
  private let reportedTokens: [Int32]
  private let endTokens: Set<Int32>
  private let limit: Int
  private var sampler: Sampler
  private var answer: AnswerText
  private var constraint: Constraint?
  private var trigger: TriggerMatcher?

  init(prompt: [Int32], options: GenerationOptions, model: LanguageModel) throws {
    try options.sampling.validate()
    guard !prompt.isEmpty else { throw EngineError.emptyPrompt }
    guard prompt.count <= model.contextLength else {
      throw EngineError.promptTooLong(tokens: prompt.count, context: model.contextLength)
    }
    try model.checkTokens(prompt)
    self.prompt = prompt
    self.model = model
    seed = options.sampling.seed ?? UInt64.random(in: 0..<(1 << 32))
    topLogprobs = options.topLogprobs
    try model.checkTokens(options.reportedTokens)
    reportedTokens = options.reportedTokens
    endTokens = options.ignoresEnd ? [] : model.endTokens
    limit = min(options.maxTokens ?? Int.max, model.contextLength - prompt.count)
    sampler = Sampler(
      parameters: options.sampling, seed: seed, choice: options.choice, prompt: prompt, compute: model.model.compute)
    constraint = try Constraint(options.constraint, model.tokenizer, shownTokens: options.shownTokens)
    trigger = options.trigger.flatMap { TriggerMatcher($0, model.tokenizer, shownTokens: options.shownTokens) }
    // A grammar is about all bytes of the answer, so none is dropped at the start of a text.
    let isFirstText = constraint == nil && prompt.allSatisfy { $0 == model.bosToken }
    answer = AnswerText(
      tokenizer: model.tokenizer, isFirstText: isFirstText, stop: options.stop, shown: options.shownTokens)
    if limit <= 0 { finishReason = .length }
    if constraint?.isComplete ?? false { finishReason = .stop }
  }

  /// Chooses the token that follows the last one, by the logits after it.
  mutating func take(_ logits: UnsafeBufferPointer<Float>) throws -> Step {
    let position = prompt.count + tokens.count
    let constrained = try unsafe constraint?.choose(logits, room: limit - tokens.count) { [sampler] mask in
      try unsafe sampler.choose(logits, position: position, mask: mask)
    }
    let token = try unsafe constrained ?? sampler.choose(logits, position: position)
    sampler.record(token)
    if endTokens.contains(token) {
      finishReason = .stop
      return Step(text: finishText())
    }
    var step = Step(token: token)
    if let topLogprobs {
      step.logprobs = try unsafe sampler.logprobs(logits, chosen: token, top: topLogprobs, also: reportedTokens)
    }
    tokens.append(token)
    if let added = step.logprobs { logprobs.append(added) }
    step.text = answer.append(token)
    if constraint == nil, let begun = try trigger?.append(token) {
      constraint = begun
      trigger = nil
    }
    if answer.isStopped || constraint?.isComplete ?? false {
      finishReason = .stop
    } else if tokens.count >= limit {
      finishReason = .length
    }
    text += step.text
    if finishReason != nil { step.text += finishText() }
    return step
  }

  /// The log probability of each token of a text but the first, by the logits after the token before it.
  func logprobs(
    of token: Int32, _ logits: UnsafeBufferPointer<Float>
  ) throws -> TokenLogprobs { try unsafe sampler.logprobs(logits, chosen: token, top: topLogprobs ?? 0) }

  /// Ends the answer before the model does.
  mutating func cancel() -> String {
    finishReason = .cancelled
    return finishText()
  }

  private mutating func finishText() -> String {
    let rest = answer.finish()
    text += rest
    return rest
  }
}

/// Turns tokens into the text of an answer: whole characters, up to a stop string.
private struct AnswerText {
  private var detokenizer: StreamingDetokenizer?
  private var stops: StopMatcher
  private let shown: Set<Int32>
  private var isFirst = true

  var isStopped: Bool { stops.isStopped }
  var stopSequence: String? { stops.found }

  init(tokenizer: Tokenizer?, isFirstText: Bool, stop: [String], shown: Set<Int32>) {
    detokenizer = tokenizer?.detokenizer(continuing: !isFirstText)
    stops = StopMatcher(stop)
    self.shown = shown
  }

  mutating func append(_ token: Int32) -> String {
    defer { isFirst = false }
    let isShown = shown.contains(token)
    // Without a tokenizer the answer is the token ids.
    return stops.append(detokenizer?.append(token, showSpecial: isShown) ?? (isFirst ? "\(token)" : " \(token)"))
  }

  mutating func finish() -> String {
    guard !stops.isStopped else { return "" }
    return stops.append(detokenizer?.finish() ?? "") + (stops.isStopped ? "" : stops.finish())
  }
}
