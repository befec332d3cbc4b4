import StoaTrust

/// A request that waits for its answer, whoever gives it; whoever drops it cancels it.
protocol PendingAnswer: AnyObject, Sendable {
  /// What is answered, as the rails let it pass.
  var request: AnswerRequest { get }
  /// What is known before the first token.
  var start: AnswerStart { get }
  /// What was decided about the model; nil when nobody asked.
  var trust: ModelTrust.Outcome? { get }
  /// The rails that request and answer pass; nil for none.
  var rails: RequestGuard? { get }

  /// The right to be answered, and where what it was used for is written down.
  var token: AdmissionToken { get }
  var account: any AnswerAccount { get }
  var metrics: ServerMetrics { get }

  /// Gives the events of the answer but for the ends of its choices, which `tally` keeps.
  @concurrent func generate(
    _ tally: inout AnswerTally, _ emit: @concurrent (AnswerEvent) async throws -> Void
  ) async throws
  /// What the answer has taken so far.
  func usage(_ tally: AnswerTally) -> AnswerUsage
  /// What is written down about the request.
  func report(_ usage: AnswerUsage, status: Int, finish: String?) -> AnswerReport
  /// Does what is left when the answer is written down, before its end is told.
  @concurrent func complete(_ tally: AnswerTally) async throws
}

extension PendingAnswer {
  /// Gives the events of the answer to `emit`; the last one comes when the request is written down.
  @concurrent func run(_ emit: @concurrent (AnswerEvent) async throws -> Void) async throws {
    var progress = AnswerTally(start: start, choices: request.choices)
    do {
      try await generate(&progress, emit)
      let usage = usage(progress)
      progress.isSettled = true
      let report = report(usage, status: 200, finish: progress.finish)
      let cost = try await account.settle(token, report)
      metrics.finished(usage, reason: progress.finish)
      metrics.monitor.ended(report)
      try await complete(progress)
      for event in progress.ends { try await emit(event) }
      var final = usage
      final.cost = cost
      try await emit(.ended(final))
    } catch {
      let failure = error is CancellationError || Task.isCancelled ? nil : APIError(error)
      if !progress.isSettled { await recordFailure(failure, usage(progress)) }
      throw failure ?? error
    }
  }

  /// Writes down a request that failed; nil when the client left.
  func recordFailure(_ error: APIError?, _ usage: AnswerUsage) async {
    let report = report(usage, status: error?.status ?? 499, finish: error == nil ? "cancelled" : "error")
    _ = try? await account.settle(token, report)
    metrics.failed(error)
    metrics.monitor.ended(report)
  }

  /// Says what a rail says to the request; the model is not asked.
  @concurrent func refuse(
    _ refusal: RequestGuard.Refusal, _ tally: inout AnswerTally,
    _ emit: @concurrent (AnswerEvent) async throws -> Void
  ) async throws {
    _ = tally.begin(cachedTokens: 0, queueSeconds: 0)
    try await emit(.started(tally.start))
    for choice in 0..<request.choices {
      if !refusal.message.isEmpty { try await emit(.content(choice: choice, refusal.message, [])) }
      tally.cut(choice, end: .choiceEnded(choice: choice, .refused, stopSequence: nil), reasoningTokens: 0)
    }
  }
}
