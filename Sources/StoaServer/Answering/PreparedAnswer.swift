import Foundation
import StoaDialogue
import StoaEngine
import StoaFormats
import StoaTokenizers
import StoaTrust

/// A request that waits for its answer by a model of this server.
final class PreparedAnswer: PendingAnswer {
  let request: AnswerRequest
  private let id: String
  private let api: String
  private let caller: Caller
  private let plan: GenerationPlan
  private let loaded: LoadedModel
  /// What was decided about the model.
  var trust: ModelTrust.Outcome? { loaded.trust }
  private let lease: ModelStore.Lease
  let token: AdmissionToken
  let account: any AnswerAccount
  /// How the receipt of this answer is given; nil for none.
  private let receipts: ReceiptSettings?
  /// The rails that request and answer pass; nil for none.
  let rails: RequestGuard?
  /// What is answered in place of the model; nil for its own answer.
  private let refusal: RequestGuard.Refusal?
  let metrics: ServerMetrics
  private let received: ContinuousClock.Instant
  private let created = Int(Date().timeIntervalSince1970)
  private let streams = ChoiceStreams()

  init(
    id: String, api: String, caller: Caller, request: AnswerRequest, plan: GenerationPlan, loaded: LoadedModel,
    lease: ModelStore.Lease, token: AdmissionToken, account: any AnswerAccount,
    receipts: ReceiptSettings?, rails: RequestGuard?, refusal: RequestGuard.Refusal?, metrics: ServerMetrics,
    received: ContinuousClock.Instant
  ) {
    self.rails = rails
    self.refusal = refusal
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
    if refusal != nil { return }
    for choice in 0..<request.choices {
      var generation = GenerationRequest(prompt: plan.prompt, options: plan.options, owner: caller.owner)
      generation.options.choice = UInt64(choice)
      generation.deadline = deadline
      generation.wantsPromptLogprobs = wantsPromptLogprobs
      if dropsAnswer, wantsPromptLogprobs { generation.options.maxTokens = 1 }
      streams.append(try loaded.scheduler.submit(generation))
    }
  }

  // MARK: Events

  @concurrent func generate(
    _ tally: inout AnswerTally, _ emit: @concurrent (AnswerEvent) async throws -> Void
  ) async throws {
    if let refusal { return try await refuse(refusal, &tally, emit) }
    defer { streams.drop() }
    var assemblers = (0..<request.choices).map { choice in
      ChoiceAssembler(
        choice: choice, tokenizer: loaded.model.tokenizer, wantsLogprobs: request.topLogprobs != nil,
        parser: plan.isChat ? parser(choice) : nil,
        rails: rails.map { ChoiceGuard(choice: choice, $0, tracksTokens: request.topLogprobs != nil) })
    }
    try await streams.forEachEvent { choice, event in
      // More may have been on its way when a rail ended the choice.
      if assemblers[choice].isOver { return false }
      switch event {
      case .started(let cached, let waited):
        guard tally.begin(cachedTokens: cached, queueSeconds: waited) else { break }
        try await emit(.started(tally.start))
        if request.echoesPrompt, !wantsPromptLogprobs {
          for choice in 0..<request.choices { try await emit(.content(choice: choice, promptText, [])) }
        }
      case .prompt(let logprobs):
        try await emit(.content(choice: choice, promptText, promptEntries(logprobs)))
      case .token(let token, let text, let logprobs):
        tally.token(token, choice, received: received, metrics: metrics)
        guard !dropsAnswer else { break }
        for event in assemblers[choice].append(token, text: text, logprobs: logprobs) { try await emit(event) }
        while let question = assemblers[choice].question, let rails {
          let answer = await rails.answer(question)
          for event in assemblers[choice].answer(answer) { try await emit(event) }
        }
        if assemblers[choice].isOver {
          tally.cut(choice, end: assemblers[choice].refused, reasoningTokens: assemblers[choice].reasoningTokens)
          return false
        }
      case .finished(let text, let result):
        for event in assemblers[choice].close(text: dropsAnswer ? "" : text) { try await emit(event) }
        while let question = assemblers[choice].question, let rails {
          let answer = await rails.answer(question)
          for event in assemblers[choice].answer(answer) { try await emit(event) }
        }
        // That it ended is told when the request is written down.
        tally.finish(
          choice, result, ends: [assemblers[choice].end(result)], reasoningTokens: assemblers[choice].reasoningTokens)
      }
      return true
    }
  }

  private func parser(_ choice: Int) -> AnswerParser {
    let seed = (plan.options.sampling.seed ?? 0) &+ UInt64(choice) &* 0x9E37_79B9
    var parser = AnswerParser(
      format: loaded.dialogue, tools: plan.tools, startsInReasoning: plan.startsInReasoning, opening: plan.opening,
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
    let text =
      if case .text(let text) = request.prompt { text } else { loaded.model.tokenizer?.decode(plan.prompt) ?? "" }
    return rails?.restored(text) ?? text
  }

  /// The prompt's tokens; nothing predicts the first.
  private func promptEntries(_ logprobs: [TokenLogprobs]) -> [TokenEntry] {
    // The model saw other tokens than those of the text that was masked.
    if rails?.hasMasked == true { return [] }
    let tokenizer = loaded.model.tokenizer
    let first = plan.prompt.first.map { token in
      TokenEntry(token: token, bytes: tokenizer?.bytes(of: token, showSpecial: true) ?? [], logprob: nil, top: [])
    }
    return (first.map { [$0] } ?? []) + logprobs.map { TokenEntry($0, tokenizer: tokenizer) }
  }

  // MARK: Receipts

  @concurrent func complete(_ tally: AnswerTally) async throws {
    if !dropsAnswer { try await giveReceipts(tally.outcomes) }
  }

  /// Gives each choice its receipt: the first under the identifier of the request, the others with their number.
  private func giveReceipts(_ outcomes: [AnswerOutcome]) async throws {
    guard let receipts, let root = loaded.root else { return }
    for outcome in outcomes {
      var options = plan.options
      options.choice = UInt64(outcome.choice)
      var record = AnswerRecord(
        id: outcome.choice == 0 ? id : "\(id)-\(outcome.choice)", api: api,
        model: Receipt.Model(loaded.model, name: loaded.name, digest: root), prompt: plan.prompt, options: options,
        constraint: plan.constraint, answer: outcome.tokens, finish: outcome.finish)
      if let rails { record.note(rails) }
      try await receipts.issue(record, by: loaded, to: caller)
    }
  }

  // MARK: What it took

  func usage(_ tally: AnswerTally) -> AnswerUsage {
    var usage = AnswerUsage()
    usage.promptTokens = plan.prompt.count
    usage.cachedTokens = tally.start.cachedTokens
    usage.completionTokens = dropsAnswer ? 0 : tally.tokens
    usage.reasoningTokens = tally.reasoningTokens
    usage.loadSeconds = lease.loadSeconds
    usage.queueSeconds = tally.queueSeconds
    usage.promptSeconds = tally.promptSeconds
    usage.generateSeconds = tally.generateSeconds
    usage.firstTokenSeconds = tally.firstTokenSeconds
    usage.totalSeconds = received.duration(to: .now).seconds
    usage.seed = plan.options.sampling.seed ?? 0
    return usage
  }

  func report(_ usage: AnswerUsage, status: Int, finish: String?) -> AnswerReport {
    AnswerReport(
      id: id, caller: caller, api: api, model: loaded.name, modelDigest: loaded.digest, usage: usage, status: status,
      finish: finish)
  }
}
