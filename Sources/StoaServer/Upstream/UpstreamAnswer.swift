import Foundation
import StoaFormats
import StoaTrust
import Synchronization

/// A request that waits for its answer by another server.
final class UpstreamAnswer: PendingAnswer {
  let request: AnswerRequest
  let rails: RequestGuard?
  let token: AdmissionToken
  let account: any AnswerAccount
  let metrics: ServerMetrics
  /// Nobody here knows which bytes answer.
  var trust: ModelTrust.Outcome? { nil }
  private let upstream: Upstream
  private let ticket: Ticket
  private let limit: UpstreamLimit
  private let load: UpstreamLoad
  /// What is answered in place of the other server; nil for its own answer.
  private let refusal: RequestGuard.Refusal?
  private let created = Int(Date().timeIntervalSince1970)
  /// What is being answered, until somebody begins to read it; dropping it ends the exchange.
  private let response = Mutex<UpstreamResponse?>(nil)
  private let count: Mutex<TokenCount>

  /// Whose request it is.
  struct Ticket: Sendable {
    var id: String
    var api: String
    var caller: Caller
    var received: ContinuousClock.Instant
  }

  /// The largest answer that is read.
  private static let longestAnswer = 512 << 20
  /// The largest one that comes as one object.
  private static let longestObject = 64 << 20

  /// - Parameters:
  ///   - request: What the rails let pass.
  ///   - promptBytes: How long the request is that the other server gets.
  init(
    _ upstream: Upstream, _ request: AnswerRequest, _ ticket: Ticket, promptBytes: Int, token: AdmissionToken,
    account: any AnswerAccount, rails: RequestGuard?, refusal: RequestGuard.Refusal?, metrics: ServerMetrics,
    limit: UpstreamLimit, load: UpstreamLoad
  ) {
    self.upstream = upstream
    self.request = request
    self.ticket = ticket
    self.token = token
    self.account = account
    self.rails = rails
    self.refusal = refusal
    self.metrics = metrics
    self.limit = limit
    self.load = load
    count = Mutex(TokenCount(promptBytes: promptBytes))
    load.begin(upstream.name)
  }

  deinit { load.end(upstream.name) }

  var start: AnswerStart {
    AnswerStart(
      id: ticket.id, created: created, model: upstream.name, promptTokens: count.withLock { $0.promptTokens },
      cachedTokens: 0)
  }

  /// Asks the other server and returns when its answer begins; what fails is written down.
  func open(_ written: UpstreamRequestWriter.Written, _ transport: any UpstreamTransport) async throws {
    if refusal != nil { return }
    let client = UpstreamClient(upstream: upstream, transport: transport, limit: limit)
    do {
      let response = try await client.post(written.path, written.body)
      self.response.withLock { $0 = response }
    } catch {
      let failure = error is CancellationError || Task.isCancelled ? nil : APIError(upstream.clientError(error))
      // Nothing was generated that anybody got.
      count.withLock { $0 = TokenCount(promptBytes: 0) }
      await recordFailure(failure, usage(AnswerTally(start: start, choices: 0)))
      throw failure ?? error
    }
  }

  // MARK: Events

  @concurrent func generate(
    _ tally: inout AnswerTally, _ emit: @concurrent (AnswerEvent) async throws -> Void
  ) async throws {
    if let refusal {
      count.withLock { $0 = TokenCount(promptBytes: 0) }
      return try await refuse(refusal, &tally, emit)
    }
    let taken = response.withLock { response in
      defer { response = nil }
      return response
    }
    guard let taken else { throw APIError(.internal, "the answer was read before") }
    _ = tally.begin(cachedTokens: 0, queueSeconds: 0)
    try await emit(.started(tally.start))
    if request.echoesPrompt, case .text(let text) = request.prompt {
      let prompt = rails?.restored(text) ?? text
      for choice in 0..<request.choices { try await emit(.content(choice: choice, prompt, [])) }
    }
    do {
      try await read(taken, &tally, emit)
    } catch let failure as UpstreamFailure {
      // All is there but the count of tokens perhaps: that the stream then broke off is no matter.
      if !tally.hasEnded { throw upstream.error(failure) }
    }
  }

  @concurrent private func read(
    _ response: UpstreamResponse, _ tally: inout AnswerTally,
    _ emit: @concurrent (AnswerEvent) async throws -> Void
  ) async throws {
    var events = EventStreamDecoder()
    var decoder = UpstreamDecoder(choices: request.choices, id: ticket.id)
    var guards = (0..<request.choices).map { choice in
      rails.map { ChoiceGuard(choice: choice, $0, tracksTokens: request.topLogprobs != nil) }
    }
    var over: Set<Int> = []
    if response.type == "application/json" {
      // It does not know `stream`.
      let body = try await response.collect(upTo: Self.longestObject, isStrict: true, until: limit)
      let told = try decoder.read(EventStreamDecoder.Event(name: "message", data: body))
      count.withLock { $0.told = decoder.usage }
      for event in told { try await pass(event, &guards, &over, &tally, emit) }
      for event in try decoder.finish() { try await pass(event, &guards, &over, &tally, emit) }
      return
    }
    if response.type == "text/html" { throw UpstreamFailure.malformed("it is a page of HTML") }
    var bytes = 0
    try await response.forEachPiece(until: limit) { piece in
      bytes += piece.count
      guard bytes <= Self.longestAnswer else { throw UpstreamFailure.malformed("it does not end") }
      for found in try Self.events(&events, piece) {
        let told = try decoder.read(found)
        count.withLock { $0.told = decoder.usage }
        for event in told { try await pass(event, &guards, &over, &tally, emit) }
        // What a rail ended must not go on there.
        if tally.hasEnded, !decoder.hasEnded { return .stop }
      }
      return decoder.isDone ? .lastly : .goOn
    }
    if tally.hasEnded, !decoder.hasEnded { return }
    if let last = try events.finish() {
      for event in try decoder.read(last) { try await pass(event, &guards, &over, &tally, emit) }
      count.withLock { $0.told = decoder.usage }
    }
    for event in try decoder.finish() { try await pass(event, &guards, &over, &tally, emit) }
  }

  private static func events(
    _ decoder: inout EventStreamDecoder, _ piece: [UInt8]
  ) throws(UpstreamFailure) -> [EventStreamDecoder.Event] {
    do throws(EventStreamDecoder.TooLong) {
      return try decoder.feed(piece)
    } catch {
      throw .malformed("a line of it has more than \(error.limit) bytes")
    }
  }

  /// Puts an event through the rails of its choice.
  @concurrent private func pass(
    _ event: AnswerEvent, _ guards: inout [ChoiceGuard?], _ over: inout Set<Int>, _ tally: inout AnswerTally,
    _ emit: @concurrent (AnswerEvent) async throws -> Void
  ) async throws {
    guard let choice = event.choice, guards.indices.contains(choice), !over.contains(choice) else { return }
    var end: AnswerEvent?
    if case .choiceEnded = event {
      end = event
      for shown in guards[choice]?.finish() ?? [] { try await emit(shown) }
      try await judge(&guards[choice], emit)
    } else {
      count.withLock { $0.add(event) }
      tally.piece(choice, received: ticket.received, metrics: metrics)
      for shown in guards[choice]?.pass(event) ?? [event] { try await emit(shown) }
      try await judge(&guards[choice], emit)
    }
    if guards[choice]?.isOver == true { end = .choiceEnded(choice: choice, .refused, stopSequence: nil) }
    guard let end else { return }
    over.insert(choice)
    tally.end(choice, end, reasoningTokens: 0)
  }

  /// Asks guard models what the rails of a choice wait for.
  @concurrent private func judge(
    _ choice: inout ChoiceGuard?, _ emit: @concurrent (AnswerEvent) async throws -> Void
  ) async throws {
    while let question = choice?.question, let rails {
      let answer = await rails.answer(question)
      for shown in choice?.answer(answer) ?? [] { try await emit(shown) }
    }
  }

  // MARK: What it took

  @concurrent func complete(_ tally: AnswerTally) async throws {}

  func usage(_ tally: AnswerTally) -> AnswerUsage {
    var usage = AnswerUsage()
    count.withLock { $0.write(into: &usage) }
    usage.promptSeconds = tally.promptSeconds
    usage.generateSeconds = tally.generateSeconds
    usage.firstTokenSeconds = tally.firstTokenSeconds
    usage.totalSeconds = ticket.received.duration(to: .now).seconds
    usage.seed = request.sampling.seed
    return usage
  }

  func report(_ usage: AnswerUsage, status: Int, finish: String?) -> AnswerReport {
    AnswerReport(
      id: ticket.id, caller: ticket.caller, api: ticket.api, model: upstream.name, usage: usage, status: status,
      finish: finish)
  }
}

extension AnswerEvent {
  /// The choice that the event belongs to; nil for the whole answer.
  fileprivate var choice: Int? {
    switch self {
    case .content(let choice, _, _), .reasoning(let choice, _, _), .toolCall(let choice, _, _, _),
      .toolArguments(let choice, _, _), .choiceEnded(let choice, _, _):
      choice
    case .started, .ended: nil
    }
  }
}

/// The tokens of a request to another server: as that counts them, or estimated until it has.
struct TokenCount: Sendable {
  private let promptBytes: Int
  private var pieces = 0
  private var bytes = 0
  private var reasoningPieces = 0
  /// What the other server says; nil until it does.
  var told: UpstreamUsage?

  /// Bytes that make a token, when nobody counts: that of English text, and on the safe side for others.
  private static let bytesOfToken = 4

  init(promptBytes: Int) { self.promptBytes = promptBytes }

  /// The tokens of the prompt.
  var promptTokens: Int { told?.promptTokens ?? Self.tokens(promptBytes) }

  private static func tokens(_ bytes: Int) -> Int { (bytes + bytesOfToken - 1) / bytesOfToken }

  /// Counts what has come; most servers send each token by itself.
  mutating func add(_ event: AnswerEvent) {
    pieces += 1
    switch event {
    case .content(_, let text, _), .toolArguments(_, _, let text): bytes += text.utf8.count
    case .reasoning(_, let text, _):
      bytes += text.utf8.count
      reasoningPieces += 1
    case .toolCall(_, _, _, let name): bytes += name.utf8.count
    case .started, .choiceEnded, .ended: break
    }
  }

  func write(into usage: inout AnswerUsage) {
    usage.promptTokens = promptTokens
    if let told {
      usage.cachedTokens = told.cachedTokens
      usage.completionTokens = told.completionTokens
      usage.reasoningTokens = told.reasoningTokens
    } else {
      usage.completionTokens = max(pieces, Self.tokens(bytes))
      usage.reasoningTokens = reasoningPieces
      usage.isEstimated = usage.promptTokens + usage.completionTokens > 0
    }
  }
}
