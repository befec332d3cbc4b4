import Synchronization

/// A prompt to answer, and how.
public struct GenerationRequest: Sendable {
  /// All tokens that the answer follows.
  public var prompt: [Int32]
  /// What to generate and when to stop.
  public var options: GenerationOptions
  /// Who asks; those who wait take turns.
  public var owner: String
  /// Whether the log probabilities of the prompt's own tokens are wanted.
  public var wantsPromptLogprobs = false
  /// When the answer is of no use any more.
  public var deadline: ContinuousClock.Instant?

  /// A request with the defaults.
  public init(prompt: [Int32], options: GenerationOptions = GenerationOptions(), owner: String = "") {
    self.prompt = prompt
    self.options = options
    self.owner = owner
  }
}

/// What happens while a request is answered.
public enum GenerationEvent: Sendable {
  /// Its turn has come.
  case started(cachedTokens: Int, queueSeconds: Double)
  /// The log probabilities of the prompt's tokens from the second on; nothing predicts the first.
  case prompt([TokenLogprobs])
  /// One more token; what of the text can be shown may lag behind.
  case token(Int32, text: String, logprobs: TokenLogprobs?)
  /// The last event: text that was held back, and the whole.
  case finished(text: String, GenerationResult)
}

/// How busy a scheduler is, and what it has done so far.
public struct SchedulerLoad: Sendable, Equatable {
  /// Requests that wait for their turn.
  public var waiting = 0
  /// Requests that are being answered.
  public var running = 0
  /// Pages of keys and values in use by answers.
  public var usedPages = 0
  /// Pages kept for texts that begin alike.
  public var cachedPages = 0
  /// Pages at most.
  public var totalPages = 0
  /// Prompt tokens of all requests so far.
  public var promptTokens = 0
  /// Those of them that did not have to be computed.
  public var cachedTokens = 0
  /// Tokens generated so far.
  public var generatedTokens = 0
  /// How often an answer had to give its memory to an older one.
  public var preemptions = 0
  /// Forward passes so far.
  public var steps = 0

  package init() {}
}

/// A request with its way back to the one who asked.
final class Ticket: Sendable {
  typealias Stream = AsyncThrowingStream<GenerationEvent, any Error>

  let request: GenerationRequest
  let continuation: Stream.Continuation
  let submitted = ContinuousClock.now
  private let cancelled = Atomic(false)

  init(_ request: GenerationRequest, _ continuation: Stream.Continuation) {
    self.request = request
    self.continuation = continuation
  }

  var isCancelled: Bool { cancelled.load(ordering: .relaxed) }
  func cancel() { cancelled.store(true, ordering: .relaxed) }
}
