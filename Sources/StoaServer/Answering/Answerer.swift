import Foundation
import StoaDialogue
import StoaEngine
import StoaFormats
import StoaGrammar
import StoaGuard
import StoaTokenizers

/// The one path of a request: model, prompt, limits, scheduler, and what is written down about it.
struct Answerer: Sendable {
  let models: ModelStore
  let account: any AnswerAccount
  let metrics: ServerMetrics
  /// Seconds after which a request is given up.
  let timeout: Double
  /// How receipts are given; nil when there are none.
  var receipts: ReceiptSettings?
  /// The rails that requests and answers pass; nil for none.
  var guarding: Guarding?
  /// The models that other servers answer; nil for none.
  var upstreams: Upstreams?

  /// Does everything that can fail before an answer begins, and queues the request.
  func prepare(
    _ request: AnswerRequest, for caller: Caller, api: String, id: String, wantsReceipt: Bool
  ) async throws -> any PendingAnswer {
    if let upstreams, let upstream = try await upstreams.find(request.model, besides: models) {
      return try await prepare(
        request, by: upstream, upstreams, for: caller, api: api, id: id, wantsReceipt: wantsReceipt)
    }
    if wantsReceipt, receipts == nil {
      throw APIError.invalid("receipt", "cannot be had: this server has no key for receipts (stoa serve --receipt-key)")
    }
    let received = ContinuousClock.now
    let lease = try await acquire(request, caller)
    let loaded = try lease.model.answering()
    let rails = try rails(for: request.prompt, loaded.name, caller, api, id)
    await rails?.consult(about: request.prompt, loaded.model.tokenizer)
    let (passed, refusal, work) = try await BackgroundWork.run {
      var request = request
      let refusal = rails?.judge(&request, loaded.model.tokenizer)
      return (request, refusal, try GenerationPlan(request, loaded, rails: rails))
    }
    let token = try await account.admit(caller, promptTokens: work.prompt.count)
    let prepared = PreparedAnswer(
      id: id, api: api, caller: caller, request: passed, plan: work, loaded: loaded, lease: lease, token: token,
      account: account,
      receipts: wantsReceipt || receipts?.areForAll == true ? receipts : nil, rails: rails, refusal: refusal,
      metrics: metrics, received: received)
    do {
      try prepared.submit(deadline: received.advanced(by: .seconds(timeout)))
    } catch {
      await prepared.recordFailure(
        APIError(error), prepared.usage(AnswerTally(start: prepared.start, choices: 0)))
      throw error
    }
    return prepared
  }

  /// The rails for a request; nil when there are none.
  func rails(
    for prompt: Prompt, _ model: String, _ caller: Caller, _ api: String, _ id: String
  ) throws -> RequestGuard? {
    try guarding?.rails(
      for: MonitorOrigin(request: id, model: model, key: caller.keyID, api: api), keyName: caller.keyName,
      systemPrompt: prompt.systemPrompt, metrics: metrics)
  }

  private func acquire(_ request: AnswerRequest, _ caller: Caller) async throws -> ModelStore.Lease {
    let (name, _) = try await models.find(request.model)
    try check(caller, mayUse: name)
    return try await models.acquire(name, keepAlive: request.keepAlive)
  }

  /// Throws when a key is not for a model.
  func check(_ caller: Caller, mayUse name: String) throws(APIError) {
    guard let allowed = caller.allowedModels, !allowed.contains(name) else { return }
    throw APIError(.forbidden, "this key may not use the model '\(name)'", field: "model", code: "model_not_allowed")
  }

  /// The tokens of a prompt, for those who only want to count them.
  func tokens(_ request: AnswerRequest, for caller: Caller) async throws -> [Int32] {
    let lease = try await acquire(request, caller)
    return try await BackgroundWork.run { try GenerationPlan(request, lease.model.answering()).prompt }
  }

  /// The vectors of texts, how many tokens they had, and how a header names the rails.
  func embeddings(
    _ inputs: [Prompt], model: String, truncates: Bool = true, for caller: Caller, api: String, id: String
  ) async throws -> Embeddings {
    if let upstreams, let upstream = try await upstreams.find(model, besides: models) {
      return try await embeddings(inputs, by: upstream, upstreams, for: caller, api: api, id: id)
    }
    let start = ContinuousClock.now
    let request = AnswerRequest(model: model, prompt: .text(""))
    let lease = try await acquire(request, caller)
    let loaded = lease.model
    let rails = try rails(for: request.prompt, loaded.name, caller, api, id)
    for input in inputs { await rails?.consult(about: input, loaded.tokenizer) }
    let prompts = try await BackgroundWork.run {
      try inputs.map { try loaded.tokens(try rails.judged($0, loaded.tokenizer), truncates: truncates) }
    }
    let count = prompts.reduce(0) { $0 + $1.count }
    let token = try await account.admit(caller, promptTokens: count)
    var vectors: [[Float]] = []
    for tokens in prompts {
      try Task.checkCancellation()
      vectors.append(try await loaded.embed(tokens))
    }
    var usage = AnswerUsage()
    usage.promptTokens = count
    usage.loadSeconds = lease.loadSeconds
    usage.promptSeconds = start.duration(to: .now).seconds - lease.loadSeconds
    usage.totalSeconds = start.duration(to: .now).seconds
    let report = AnswerReport(
      id: id, caller: caller, api: api, model: loaded.name, modelDigest: loaded.digest, usage: usage, status: 200,
      finish: "stop")
    _ = try await account.settle(token, report)
    metrics.monitor.ended(report)
    return Embeddings(
      vectors: vectors, usage: usage, model: loaded.name, guardrails: rails?.header(isFinal: true))
  }
}

/// The vectors of texts.
struct Embeddings: Sendable {
  var vectors: [[Float]]
  var usage: AnswerUsage
  var model: String
  /// How a header names the rails; nil without rails.
  var guardrails: String?
}

extension RequestGuard? {
  /// A text of which a vector is wanted, as the model may see it; a refusal is an error, for no vector says it.
  func judged(_ prompt: Prompt, _ tokenizer: Tokenizer?) throws(APIError) -> Prompt {
    guard let rails = self else { return prompt }
    do throws(RequestGuard.Refusal) {
      return try rails.judged(prompt, tokenizer)
    } catch {
      let message = error.message.isEmpty ? "this text may not be read here" : error.message
      throw APIError(.invalidRequest, message, field: "input", code: "content_filter")
    }
  }
}

/// Work that takes longer than an event loop or Swift's own threads should be held up.
enum BackgroundWork {
  static func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(with: Result { try work() }) }
    }
  }
}

/// What a request comes to for the engine.
struct GenerationPlan: Sendable {
  let prompt: [Int32]
  let options: GenerationOptions
  let startsInReasoning: Bool
  /// What the prompt has written of the answer.
  let opening: String
  /// The tools that the answer may call.
  let tools: [ToolDefinition]
  /// Whether the answer is split into reasoning, content and calls.
  let isChat: Bool
  /// What the answer has to look like, in a text that the same request gives again; nil for anything.
  let constraint: String?
  /// Whether the seed was chosen here and not by the request.
  let choseSeed: Bool

  /// - Parameter rails: What the answer is led around.
  init(_ request: AnswerRequest, _ loaded: LoadedModel, rails: RequestGuard? = nil) throws {
    let renderer = PromptRenderer(model: loaded.model, dialogue: loaded.dialogue)
    let rendered = try renderer.render(
      request.prompt, truncates: request.truncatesPrompt, reserve: max(1, request.maxTokens ?? 512))
    prompt = rendered.tokens
    startsInReasoning = rendered.startsInReasoning
    opening = rendered.opening
    var options = GenerationOptions()
    options.sampling = loaded.model.recommendedSampling
    options.sampling.apply(request.sampling)
    let size = loaded.model.summary.vocabularySize
    if let token = request.sampling.logitBias.keys.first(where: { $0 >= size }) {
      throw APIError.invalid("logit_bias.\(token)", "is outside the vocabulary of \(size) tokens")
    }
    options.maxTokens = request.maxTokens
    options.stop = request.stop
    options.ignoresEnd = request.ignoresEnd
    options.topLogprobs = request.topLogprobs
    var tools: [ToolDefinition] = []
    var constraint = "\(request.shape)"
    if case .chat(let chat) = request.prompt {
      isChat = true
      options.shownTokens = loaded.shownTokens
      if chat.toolChoice != .none { tools = chat.tools }
      constraint = Self.key(request.shape, chat, tools, rendered)
      try Self.constrain(&options, request.shape, chat, tools, rendered, loaded)
    } else {
      isChat = false
      options.constraint = try loaded.constraint(constraint, showsMarks: false) { try request.shape.grammar() }
    }
    self.tools = tools
    self.constraint = options.constraint == nil && options.trigger == nil ? nil : constraint
    choseSeed = request.sampling.seed == nil
    options.sampling.seed = options.sampling.seed ?? UInt64.random(in: 0..<(1 << 32))
    try options.sampling.validate()
    options.watch = rails?.watch(loaded.model, shownTokens: options.shownTokens)
    self.options = options
  }

  /// What a grammar is made of, as text.
  private static func key(
    _ shape: AnswerShape, _ chat: ChatPrompt, _ tools: [ToolDefinition], _ prompt: PromptRenderer.Rendered
  ) -> String {
    let definitions = tools.map { "\($0.name) \($0.parameters?.text() ?? "")" }.joined(separator: "\n")
    return
      "\(chat.toolChoice) \(chat.parallelToolCalls) \(prompt.startsInReasoning)\(prompt.opening) \(shape)\n\(definitions)"
  }

  /// Makes an answer follow the choice of tools, the shape that was asked for, or both.
  private static func constrain(
    _ options: inout GenerationOptions, _ shape: AnswerShape, _ chat: ChatPrompt, _ tools: [ToolDefinition],
    _ prompt: PromptRenderer.Rendered, _ loaded: LoadedModel
  ) throws {
    let (startsInReasoning, opening) = (prompt.startsInReasoning, prompt.opening)
    let dialogue = loaded.dialogue
    let parallel = chat.parallelToolCalls
    let key = key(shape, chat, tools, prompt)
    switch chat.toolChoice {
    case .required, .named:
      options.constraint = try loaded.constraint(key, showsMarks: true) {
        try dialogue.grammar(
          for: tools, choice: chat.toolChoice, parallel: parallel, startsInReasoning: startsInReasoning,
          opening: opening)
      }
    case .auto, .none:
      if shape == .anything {
        guard let trigger = try dialogue.trigger(for: tools, parallel: parallel),
          let constraint = try loaded.constraint("trigger " + key, showsMarks: true, { trigger.grammar })
        else { return }
        // The prompt has written the mark already.
        if trigger.marks.contains(opening) {
          options.constraint = constraint
          return
        }
        options.trigger = ConstraintTrigger(
          marks: trigger.marks, isOnlyAtStart: trigger.isOnlyAtStart,
          preamble: dialogue.reasoning.map {
            ConstraintTrigger.Preamble(open: $0.open, close: $0.close, isOpen: startsInReasoning)
          },
          constraint: constraint)
      } else {
        let showsMarks =
          !tools.isEmpty || startsInReasoning || dialogue.reasoning?.frames.isEmpty == false || !opening.isEmpty
        options.constraint = try loaded.constraint(key, showsMarks: showsMarks) {
          guard let grammar = try shape.grammar() else { return nil }
          let content = dialogue.grammar(
            content: grammar, startsInReasoning: startsInReasoning, opening: opening)
          guard !tools.isEmpty,
            let calls = try dialogue.grammar(
              for: tools, choice: .required, parallel: parallel, startsInReasoning: startsInReasoning,
              opening: opening)
          else { return content }
          return .choice([content, calls])
        }
      }
    }
  }
}

extension AnswerShape {
  /// The grammar of the shape; nil for anything.
  fileprivate func grammar() throws(GrammarError) -> Grammar? {
    switch self {
    case .anything: nil
    case .jsonObject: try .jsonObject()
    case .jsonSchema(let schema): try Grammar(jsonSchema: schema)
    case .regex(let pattern): try Grammar(regex: pattern)
    case .grammar(let source): try Grammar(gbnf: source)
    }
  }
}

extension SamplingParameters {
  /// Takes over what a request sets.
  fileprivate mutating func apply(_ fields: SamplingFields) {
    temperature = fields.temperature ?? temperature
    topK = fields.topK ?? topK
    topP = fields.topP ?? topP
    minP = fields.minP ?? minP
    typicalP = fields.typicalP ?? typicalP
    repetitionPenalty = fields.repetitionPenalty ?? repetitionPenalty
    presencePenalty = fields.presencePenalty ?? presencePenalty
    frequencyPenalty = fields.frequencyPenalty ?? frequencyPenalty
    penaltyWindow = fields.penaltyWindow ?? penaltyWindow
    logitBias = fields.logitBias
    seed = fields.seed ?? seed
  }
}
