import StoaFormats
import StoaModels
import StoaTensor

/// A request whose turn has come: its cache and its answer so far.
final class RunningSequence {
  let ticket: Ticket
  let cache: KeyValueCache
  private(set) var progress: AnswerProgress
  /// All tokens so far.
  private(set) var tokens: [Int32]
  let started = ContinuousClock.now
  private(set) var cachedTokens = 0
  private var firstToken: ContinuousClock.Instant?
  private var promptLogprobs: [TokenLogprobs] = []
  private var ready: ContinuousClock.Instant?
  private var hasReported = false
  /// Whether memory was taken from it, so that it has to be computed again.
  private(set) var wasPreempted = false

  init(_ ticket: Ticket, model: LanguageModel, pool: PagePool) throws {
    self.ticket = ticket
    let request = ticket.request
    progress = try AnswerProgress(prompt: request.prompt, options: request.options, model: model)
    tokens = request.prompt
    let answer = request.options.maxTokens.map { min($0, model.contextLength) } ?? model.contextLength
    cache = KeyValueCache(pool: pool, capacity: min(model.contextLength, request.prompt.count + answer))
  }

  /// Tokens whose keys and values are missing.
  var pendingCount: Int { tokens.count - cache.count }
  /// Whether only the latest token is missing.
  var isDecoding: Bool { pendingCount == 1 && !progress.tokens.isEmpty }

  /// Since when only the prompt's last token is missing; now, if more is.
  func readySince() -> ContinuousClock.Instant {
    guard pendingCount == 1 else { return .now }
    if let ready { return ready }
    let now = ContinuousClock.now
    ready = now
    return now
  }

  /// Whether pages that others computed may be taken over: the logits of the prompt are not wanted themselves.
  var mayShare: Bool { !ticket.request.wantsPromptLogprobs }

  /// Takes pages of the tree that hold more of the tokens than the cache.
  func adopt(from tree: inout PrefixTree) {
    // One token has to be computed for its logits.
    let (pages, count) = tree.match(tokens, limit: tokens.count - 1)
    guard count > cache.count else { return }
    if !wasPreempted { cachedTokens += count - cache.count }
    cache.adopt(pages, count: count)
  }

  /// Gives all memory back; the tokens stay.
  func preempt() {
    wasPreempted = true
    cache.truncate(to: 0)
  }

  /// Tells that the work has begun.
  func reportStart() {
    guard !hasReported else { return }
    hasReported = true
    let waited = ticket.submitted.duration(to: started).seconds
    ticket.continuation.yield(.started(cachedTokens: cachedTokens, queueSeconds: waited))
    // Nothing predicts the only token of a prompt.
    if !mayShare, progress.prompt.count == 1 { ticket.continuation.yield(.prompt([])) }
  }

  /// Takes the logits after the token at `position`.
  func take(_ logits: UnsafeBufferPointer<Float>, position: Int) throws {
    let prompt = progress.prompt
    if !mayShare, position + 1 < prompt.count, promptLogprobs.count == position {
      promptLogprobs.append(try unsafe progress.logprobs(of: prompt[position + 1], logits))
      if promptLogprobs.count == prompt.count - 1 { ticket.continuation.yield(.prompt(promptLogprobs)) }
    }
    guard position == tokens.count - 1, progress.finishReason == nil else { return }
    let steps = try unsafe progress.take(logits)
    if firstToken == nil { firstToken = .now }
    let count = prompt.count + progress.tokens.count
    if count > tokens.count, let token = progress.tokens.last {
      tokens.append(token)
    } else if progress.finishReason == nil {
      keptCount = count
    }
    for step in steps {
      if let token = step.token {
        ticket.continuation.yield(.token(token, text: step.text, logprobs: step.logprobs))
      } else if !step.text.isEmpty {
        lastText = step.text
      }
    }
  }

  /// Forgets what was computed of tokens that the answer has taken back; the last one left is computed again, for its
  /// logits.
  func settle() {
    guard let keptCount else { return }
    self.keptCount = nil
    tokens.removeSubrange(keptCount...)
    cache.truncate(to: keptCount - 1)
  }

  /// How many tokens are left when the answer has taken some back; else nil.
  private var keptCount: Int?
  private var lastText = ""

  /// Tells the result.
  func finish() {
    if progress.finishReason == nil { lastText += progress.cancel() }
    reportStart()
    var result = GenerationResult(progress, cachedTokens: cachedTokens)
    result.promptSeconds = started.duration(to: firstToken ?? .now).seconds
    result.generateSeconds = (firstToken ?? .now).duration(to: .now).seconds
    ticket.continuation.yield(.finished(text: lastText, result))
    ticket.continuation.finish()
  }

  func fail(_ error: any Error) { ticket.continuation.finish(throwing: error) }
}
