import StoaEngine
import StoaFormats
import StoaTrust

/// What has come of an answer so far.
struct AnswerTally {
  var start: AnswerStart
  var queueSeconds = 0.0
  var promptSeconds = 0.0
  var generateSeconds = 0.0
  private(set) var firstTokenSeconds: Double?
  var tokens = 0
  var reasoningTokens = 0
  /// The ends of the choices, which are told last.
  var ends: [AnswerEvent] = []
  var finish = "stop"
  /// The choices that have ended, as receipts tell of them.
  private(set) var outcomes: [AnswerOutcome] = []
  private var begun: ContinuousClock.Instant?
  private var choices: [Choice]

  private struct Choice {
    var tokens: [Int32] = []
    var firstToken: ContinuousClock.Instant?
    var lastToken: ContinuousClock.Instant?
  }

  init(start: AnswerStart, choices: Int) {
    self.start = start
    self.choices = Array(repeating: Choice(), count: choices)
  }

  /// Whether all choices have ended.
  var hasEnded: Bool { ends.count == choices.count }

  /// Whether the request was or is being written down, which happens once.
  var isSettled = false

  /// True the first time.
  mutating func begin(cachedTokens: Int, queueSeconds: Double) -> Bool {
    guard begun == nil else { return false }
    begun = .now
    start.cachedTokens = cachedTokens
    self.queueSeconds = queueSeconds
    return true
  }

  mutating func token(
    _ token: Int32, _ choice: Int, received: ContinuousClock.Instant, metrics: ServerMetrics
  ) {
    choices[choice].tokens.append(token)
    piece(choice, received: received, metrics: metrics)
  }

  /// Notes that a token has come, whichever it is.
  mutating func piece(_ choice: Int, received: ContinuousClock.Instant, metrics: ServerMetrics) {
    tokens += 1
    let now = ContinuousClock.now
    if let last = choices[choice].lastToken {
      metrics.interToken(last.duration(to: now).seconds)
    } else {
      let seconds = received.duration(to: now).seconds
      metrics.firstToken(seconds)
      firstTokenSeconds = firstTokenSeconds ?? seconds
      choices[choice].firstToken = now
    }
    choices[choice].lastToken = now
  }

  mutating func finish(
    _ choice: Int, _ result: GenerationResult, ends: some Sequence<AnswerEvent>, reasoningTokens: Int
  ) {
    self.ends += ends
    self.reasoningTokens += reasoningTokens
    promptSeconds += result.promptSeconds
    generateSeconds += result.generateSeconds
    outcomes.append(
      AnswerOutcome(choice: choice, tokens: result.tokens, finish: result.finishReason.rawValue))
    if case .choiceEnded(_, let end, _)? = self.ends.last { note(end) }
  }

  /// A rail ended a choice before the model did.
  mutating func cut(_ choice: Int, end: AnswerEvent, reasoningTokens: Int) {
    self.end(choice, end, reasoningTokens: reasoningTokens)
    if choices[choice].firstToken != nil {
      outcomes.append(
        AnswerOutcome(choice: choice, tokens: choices[choice].tokens, finish: Receipt.cutFinish))
    }
  }

  /// A choice ended of which no more is known than when its tokens came.
  mutating func end(_ choice: Int, _ event: AnswerEvent, reasoningTokens: Int) {
    ends.append(event)
    self.reasoningTokens += reasoningTokens
    if let first = choices[choice].firstToken {
      promptSeconds += (begun ?? first).duration(to: first).seconds
      generateSeconds += first.duration(to: .now).seconds
    }
    if case .choiceEnded(_, let end, _) = event { note(end) }
  }

  /// Of several choices the severest end counts.
  private mutating func note(_ end: EndReason) {
    switch end {
    case .stop: break
    case .length: if finish == "stop" { finish = "length" }
    case .toolCalls: if finish != "content_filter" { finish = "tool_calls" }
    case .refused: finish = "content_filter"
    }
  }
}

/// The tokens of a choice that has ended.
struct AnswerOutcome: Sendable {
  var choice: Int
  var tokens: [Int32]
  /// Why it ended, in the words of receipts.
  var finish: String
}
