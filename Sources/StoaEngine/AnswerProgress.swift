import StoaGrammar
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
  var tokens: [Int32] { state.tokens }
  var text: String { state.text }
  var logprobs: [TokenLogprobs] { state.logprobs }
  private(set) var finishReason: FinishReason?
  /// The stop string that ended the answer.
  var stopSequence: String? { state.answer.stopSequence }

  private let model: LanguageModel
  private let topLogprobs: Int?
  private let shownTokens: Set<Int32>
  private let reportedTokens: [Int32]
  private let endTokens: Set<Int32>
  private let limit: Int
  private let cut: Int?
  private var state: State
  private var avoidance: Avoidance<State>?
  /// Steps whose tokens may still be taken back.
  private var held: [Step] = []

  /// All that a token changes.
  private struct State {
    var tokens: [Int32] = []
    var text = ""
    var logprobs: [TokenLogprobs] = []
    var sampler: Sampler
    var answer: AnswerText
    var constraint: Constraint?
    var trigger: TriggerMatcher?
  }

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
    shownTokens = options.shownTokens
    try model.checkTokens(options.reportedTokens)
    reportedTokens = options.reportedTokens
    endTokens = options.ignoresEnd ? [] : model.endTokens
    limit = min(options.maxTokens ?? Int.max, model.contextLength - prompt.count)
    cut = options.cut
    let sampler = Sampler(
      parameters: options.sampling, seed: seed, choice: options.choice, prompt: prompt, compute: model.model.compute)
    let constraint = try Constraint(options.constraint, model.tokenizer, shownTokens: options.shownTokens)
    // A grammar is about all bytes of the answer, so none is dropped at the start of a text.
    let isFirstText = constraint == nil && prompt.allSatisfy { $0 == model.bosToken }
    state = State(
      sampler: sampler,
      answer: AnswerText(
        tokenizer: model.tokenizer, isFirstText: isFirstText, stop: options.stop, shown: options.shownTokens),
      constraint: constraint,
      trigger: options.trigger.flatMap { TriggerMatcher($0, model.tokenizer, shownTokens: options.shownTokens) })
    // Without a tokenizer there is no text to watch.
    if model.tokenizer != nil {
      avoidance = options.watch.map { Avoidance($0, vocabularySize: model.model.configuration.vocabularySize) }
    }
    if limit <= 0 || cut == 0 { finishReason = .length }
    if constraint?.isComplete ?? false { finishReason = .stop }
  }

  /// Chooses the token that follows the last one, by the logits after it.
  ///
  /// - Returns: What can be shown now: the token, none while it may still be taken back, or several of which this is
  ///   certain now. When the answer goes back instead, it has fewer tokens than before.
  mutating func take(_ logits: UnsafeBufferPointer<Float>) throws -> [Step] {
    let before = avoidance == nil ? nil : state
    let token = try unsafe choose(logits)
    state.sampler.record(token)
    if endTokens.contains(token) {
      if goBack(to: avoidance?.finish()) { return [] }
      finishReason = .stop
      let steps = cutOff(release(all: true))
      return steps + [Step(text: finishText())]
    }
    var step = Step(token: token)
    if let topLogprobs {
      step.logprobs = try unsafe state.sampler.logprobs(logits, chosen: token, top: topLogprobs, also: reportedTokens)
    }
    state.tokens.append(token)
    if let added = step.logprobs { state.logprobs.append(added) }
    step.text = state.answer.append(token)
    if state.constraint == nil, let begun = try state.trigger?.append(token) {
      state.constraint = begun
      state.trigger = nil
    }
    state.text += step.text
    var end: FinishReason?
    if state.answer.isStopped || state.constraint?.isComplete ?? false {
      end = .stop
    } else if tokens.count >= limit {
      end = .length
    }
    if let before {
      held.append(step)
      let bytes = model.tokenizer?.bytes(of: token, showSpecial: shownTokens.contains(token)) ?? []
      if goBack(to: avoidance?.read(bytes, before: before)) { return [] }
      if end != nil, goBack(to: avoidance?.finish()) { return [] }
    }
    finishReason = end
    var steps = cutOff(before == nil ? [step] : release(all: end != nil))
    if finishReason != nil, let last = steps.indices.last { steps[last].text += finishText() }
    return steps
  }

  /// Chooses among the tokens that a grammar allows and a watch does not exclude. Where the grammar leaves no other, it
  /// comes first: what must not be said is then found.
  private mutating func choose(_ logits: UnsafeBufferPointer<Float>) throws -> Int32 {
    let position = prompt.count + tokens.count
    let excluded = avoidance?.excluded()
    let sampler = state.sampler
    func pick(_ mask: TokenMask?) throws -> Int32 {
      guard let excluded else { return try unsafe sampler.choose(logits, position: position, mask: mask) }
      var allowed = mask ?? TokenMask(all: logits.count)
      allowed.subtract(excluded)
      return try unsafe sampler.choose(logits, position: position, mask: allowed.isEmpty ? mask : allowed)
    }
    let room = limit - tokens.count
    let constrained = try unsafe state.constraint?.choose(logits, room: room) { try pick($0) }
    return try constrained ?? pick(nil)
  }

  // MARK: Taking back

  private mutating func goBack(to place: Int?) -> Bool {
    guard let place else { return false }
    let count = tokens.count
    let token = tokens[place]
    guard let back = avoidance?.goBack(to: place, from: token) else { return false }
    held.removeLast(count - place)
    state = back
    return true
  }

  /// The steps that cannot be taken back any more, or all.
  private mutating func release(all: Bool) -> [Step] {
    guard let count = avoidance?.settle(all: all) else { return [] }
    defer { held.removeFirst(count) }
    return Array(held[..<count])
  }

  /// Ends the answer where it is to be cut off; gives the steps that are left.
  private mutating func cutOff(_ steps: [Step]) -> [Step] {
    let shown = tokens.count - held.count
    guard let cut, shown >= cut else { return steps }
    held = []
    state.tokens.removeSubrange(cut...)
    state.logprobs.removeSubrange(min(cut, state.logprobs.count)...)
    finishReason = .length
    return steps.dropLast(shown - cut)
  }

  /// The log probability of each token of a text but the first, by the logits after the token before it.
  func logprobs(
    of token: Int32, _ logits: UnsafeBufferPointer<Float>
  ) throws -> TokenLogprobs { try unsafe state.sampler.logprobs(logits, chosen: token, top: topLogprobs ?? 0) }

  /// Ends the answer before the model does; what may still have been taken back is.
  mutating func cancel() -> String {
    if let before = avoidance?.firstCheckpoint { state = before }
    held = []
    finishReason = .cancelled
    return finishText()
  }

  private mutating func finishText() -> String {
    let rest = state.answer.finish()
    state.text += rest
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
