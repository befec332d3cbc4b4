import Foundation
import StoaDialogue
import StoaEngine
import StoaFormats
import StoaTokenizers
import StoaTrust
import Synchronization

/// A request that waits for its answer; whoever drops it cancels it.
final class PreparedAnswer: Sendable {
  let request: AnswerRequest
  private let id: String
  private let api: String
  private let caller: Caller
  private let plan: GenerationPlan
  private let loaded: LoadedModel
  /// What was decided about the model.
  var trust: ModelTrust.Outcome? { loaded.trust }
  private let lease: ModelStore.Lease
  private let token: AdmissionToken
  private let account: any AnswerAccount
  /// How the receipt of this answer is given; nil for none.
  private let receipts: ReceiptSettings?
  private let metrics: ServerMetrics
  private let received: ContinuousClock.Instant
  private let created = Int(Date().timeIntervalSince1970)
  private let streams = StreamBox()

  init(
    id: String, api: String, caller: Caller, request: AnswerRequest, plan: GenerationPlan, loaded: LoadedModel,
    lease: ModelStore.Lease, token: AdmissionToken, account: any AnswerAccount,
    receipts: ReceiptSettings?, metrics: ServerMetrics, received: ContinuousClock.Instant
  ) {
    self.id = id
    self.api = api
    self.caller = caller
    self.request = request
    self.plan = plan
    self.loaded = loaded
    self.lease = lease
    self.token = token
    self.account = account
    self.receipts = receipts
    self.metrics = metrics
    self.received = received
  }

  /// What is known before the first token.
  var start: AnswerStart {
    AnswerStart(id: id, created: created, model: loaded.name, promptTokens: plan.prompt.count, cachedTokens: 0)
  }

  /// Whether only the prompt is wanted back, with its log probabilities.
  private var dropsAnswer: Bool { request.maxTokens == 0 }
  private var wantsPromptLogprobs: Bool { request.echoesPrompt && request.topLogprobs != nil }

  /// Hands the choices to the scheduler.
  func submit(deadline: ContinuousClock.Instant) throws {
    for choice in 0..<request.choices {
      var generation = GenerationRequest(prompt: plan.prompt, options: plan.options, owner: caller.owner)
      generation.options.choice = UInt64(choice)
      generation.deadline = deadline
      generation.wantsPromptLogprobs = wantsPromptLogprobs
      if dropsAnswer, wantsPromptLogprobs { generation.options.maxTokens = 1 }
      streams.append(try loaded.scheduler.submit(generation))
    }
  }

  /// Gives the events of the answer to `emit`; the last one comes when the request is written down.
  @concurrent func run(_ emit: @concurrent (AnswerEvent) async throws -> Void) async throws {
    var progress = AnswerTally(start: start, choices: request.choices)
    do {
      try await generate(&progress, emit)
      let usage = usage(progress)
      let cost = try await account.settle(token, report(usage, status: 200, finish: progress.finish))
      metrics.finished(usage, reason: progress.finish)
      metrics.monitor.ended(report(usage, status: 200, finish: progress.finish))
      if !dropsAnswer { try await giveReceipts(progress.results) }
      for event in progress.ends { try await emit(event) }
      var final = usage
      final.cost = cost
      try await emit(.ended(final))
    } catch {
      let failure = error is CancellationError || Task.isCancelled ? nil : APIError(error)
      if !progress.isSettled {
        _ = try? await account.settle(
          token, report(usage(progress), status: failure?.status ?? 499, finish: failure == nil ? "cancelled" : "error")
        )
        metrics.failed(failure)
        metrics.monitor.ended(
          report(usage(progress), status: failure?.status ?? 499, finish: failure == nil ? "cancelled" : "error"))
      }
      throw failure ?? error
    }
  }

  /// Writes a request down that failed before it was queued.
  func recordFailure(_ error: APIError) async {
    var usage = AnswerUsage()
    usage.promptTokens = plan.prompt.count
    _ = try? await account.settle(token, report(usage, status: error.status, finish: "error"))
    metrics.failed(error)
    metrics.monitor.ended(report(usage, status: error.status, finish: "error"))
  }

  // MARK: Events

  @concurrent private func generate(
    _ tally: inout AnswerTally, _ emit: @concurrent (AnswerEvent) async throws -> Void
  ) async throws {
    let streams = streams.take()
    var assemblers = (0..<streams.count).map { choice in
      ChoiceAssembler(
        choice: choice, tokenizer: loaded.model.tokenizer, wantsLogprobs: request.topLogprobs != nil,
        parser: plan.isChat ? parser(choice) : nil)
    }
    try await Self.forEachEvent(of: streams) { choice, event in
      switch event {
      case .started(let cached, let waited):
        guard tally.begin(cachedTokens: cached, queueSeconds: waited) else { break }
        try await emit(.started(tally.start))
        if request.echoesPrompt, !wantsPromptLogprobs {
          for choice in 0..<streams.count { try await emit(.content(choice: choice, promptText, [])) }
        }
      case .prompt(let logprobs):
        try await emit(.content(choice: choice, promptText, promptEntries(logprobs)))
      case .token(let token, let text, let logprobs):
        tally.token(choice, received: received, metrics: metrics)
        guard !dropsAnswer else { break }
        for event in assemblers[choice].append(token, text: text, logprobs: logprobs) { try await emit(event) }
      case .finished(let text, let result):
        let events = assemblers[choice].finish(text: dropsAnswer ? "" : text, result)
        for event in events.dropLast() { try await emit(event) }
        // That it ended is told when the request is written down.
        if receipts != nil { tally.results.append((choice, result)) }
        tally.finish(result, ends: events.suffix(1), reasoningTokens: assemblers[choice].reasoningTokens)
      }
    }
  }

  /// Gives the events of all streams as they come.
  @concurrent private static func forEachEvent(
    of streams: [AsyncThrowingStream<GenerationEvent, any Error>],
    _ body: @concurrent (Int, GenerationEvent) async throws -> Void
  ) async throws {
    if streams.count == 1 {
      for try await event in streams[0] { try await body(0, event) }
      try Task.checkCancellation()
      return
    }
    let (merged, continuation) = AsyncThrowingStream<(Int, GenerationEvent), any Error>.makeStream()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        await withTaskGroup(of: Void.self) { readers in
          for (index, stream) in streams.enumerated() {
            readers.addTask {
              do {
                for try await event in stream { continuation.yield((index, event)) }
              } catch {
                continuation.finish(throwing: error)
              }
            }
          }
        }
        continuation.finish()
      }
      for try await (index, event) in merged { try await body(index, event) }
      try Task.checkCancellation()
      group.cancelAll()
    }
  }

  private func parser(_ choice: Int) -> AnswerParser {
    let seed = (plan.options.sampling.seed ?? 0) &+ UInt64(choice) &* 0x9E37_79B9
    var parser = AnswerParser(
      format: loaded.dialogue, tools: plan.tools, startsInReasoning: plan.startsInReasoning,
      ids: CallIDs(seed: seed, format: loaded.dialogue.calls))
    // What a grammar forces cannot break, so its arguments need not be held back.
    if case .chat(let chat) = request.prompt {
      switch chat.toolChoice {
      case .required, .named: parser.streamsArguments = true
      case .auto, .none: break
      }
    }
    return parser
  }

  private var promptText: String {
    if case .text(let text) = request.prompt { return text }
    return loaded.model.tokenizer?.decode(plan.prompt) ?? ""
  }

  /// The prompt's tokens; nothing predicts the first.
  private func promptEntries(_ logprobs: [TokenLogprobs]) -> [TokenEntry] {
    let tokenizer = loaded.model.tokenizer
    let first = plan.prompt.first.map { token in
      TokenEntry(token: token, bytes: tokenizer?.bytes(of: token, showSpecial: true) ?? [], logprob: nil, top: [])
    }
    return (first.map { [$0] } ?? []) + logprobs.map { TokenEntry($0, tokenizer: tokenizer) }
  }

  // MARK: Receipts

  /// Gives each choice its receipt: the first under the identifier of the request, the others with their number.
  private func giveReceipts(_ results: [(choice: Int, GenerationResult)]) async throws {
    guard let receipts, let root = loaded.root else { return }
    for (choice, result) in results {
      var options = plan.options
      options.choice = UInt64(choice)
      let record = AnswerRecord(
        id: choice == 0 ? id : "\(id)-\(choice)", api: api,
        model: Receipt.Model(loaded.model, name: loaded.name, digest: root), prompt: plan.prompt, options: options,
        constraint: plan.constraint, result: result)
      try await receipts.issue(record, by: loaded, to: caller)
    }
  }

  // MARK: What it took

  private func usage(_ tally: AnswerTally) -> AnswerUsage {
    var usage = AnswerUsage()
    usage.promptTokens = plan.prompt.count
    usage.cachedTokens = tally.start.cachedTokens
    usage.completionTokens = dropsAnswer ? 0 : tally.tokens
    usage.reasoningTokens = tally.reasoningTokens
    usage.loadSeconds = lease.loadSeconds
    usage.queueSeconds = tally.queueSeconds
    usage.promptSeconds = tally.promptSeconds
    usage.generateSeconds = tally.generateSeconds
    usage.totalSeconds = received.duration(to: .now).seconds
    usage.seed = plan.options.sampling.seed ?? 0
    return usage
  }

  private func report(_ usage: AnswerUsage, status: Int, finish: String?) -> AnswerReport {
    AnswerReport(
      id: id, caller: caller, api: api, model: loaded.name, modelDigest: loaded.digest, usage: usage, status: status,
      finish: finish)
  }
}

/// What has come of an answer so far.
private struct AnswerTally {
  var start: AnswerStart
  var queueSeconds = 0.0
  var promptSeconds = 0.0
  var generateSeconds = 0.0
  var tokens = 0
  var reasoningTokens = 0
  /// The ends of the choices, which are told last.
  var ends: [AnswerEvent] = []
  var finish = "stop"
  /// The choices, when they need receipts.
  var results: [(choice: Int, GenerationResult)] = []
  private var hasBegun = false
  private var lastToken: [ContinuousClock.Instant?]

  init(start: AnswerStart, choices: Int) {
    self.start = start
    lastToken = Array(repeating: nil, count: choices)
  }

  /// Whether all choices have ended, so that the request was or is being written down.
  var isSettled: Bool { ends.count == lastToken.count }

  /// True the first time.
  mutating func begin(cachedTokens: Int, queueSeconds: Double) -> Bool {
    guard !hasBegun else { return false }
    hasBegun = true
    start.cachedTokens = cachedTokens
    self.queueSeconds = queueSeconds
    return true
  }

  mutating func token(_ choice: Int, received: ContinuousClock.Instant, metrics: ServerMetrics) {
    tokens += 1
    let now = ContinuousClock.now
    if let last = lastToken[choice] {
      metrics.interToken(last.duration(to: now).seconds)
    } else {
      metrics.firstToken(received.duration(to: now).seconds)
    }
    lastToken[choice] = now
  }

  mutating func finish(_ result: GenerationResult, ends: some Sequence<AnswerEvent>, reasoningTokens: Int) {
    self.ends += ends
    self.reasoningTokens += reasoningTokens
    promptSeconds += result.promptSeconds
    generateSeconds += result.generateSeconds
    if result.finishReason == .length { finish = "length" }
    if case .choiceEnded(_, .toolCalls, _)? = self.ends.last { finish = "tool_calls" }
  }
}

/// The streams of a request until they are read; dropping them cancels it.
private final class StreamBox: Sendable {
  typealias Events = AsyncThrowingStream<GenerationEvent, any Error>
  private let streams = Mutex<[Events]>([])

  func append(_ stream: Events) { streams.withLock { $0.append(stream) } }

  func take() -> [Events] {
    streams.withLock { streams in
      defer { streams = [] }
      return streams
    }
  }
}
