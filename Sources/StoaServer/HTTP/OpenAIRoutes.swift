import Foundation
import Hummingbird
import StoaFormats
import StoaHub
import StoaTemplates
import StoaTrust
import Synchronization

extension Handlers {
  func addOpenAIRoutes(to router: Router<ServerContext>) {
    router.get("/v1/models") { _, context in try await models(context) }
    router.get("/v1/models/**") { _, context in
      try await model(context.parameters.getCatchAll().joined(separator: "/"), context)
    }
    router.post("/v1/chat/completions") { request, context in try await chatCompletion(request, context) }
    router.post("/v1/completions") { request, context in try await completion(request, context) }
    router.post("/v1/embeddings") { request, context in try await embeddings(request, context) }
    router.post("/v1/responses") { request, context in try await response(request, context) }
    router.get("/v1/responses/:id") { _, context in try storedResponse(context) }
    router.delete("/v1/responses/:id") { _, context in try deleteResponse(context) }
  }

  // MARK: Models

  private func models(_ context: ServerContext) async throws -> Response {
    let models = try await answerer.models.list()
      .filter { model in context.caller.allowedModels?.contains(model.name) ?? true }
    let others = (answerer.upstreams?.all ?? [])
      .filter { upstream in context.caller.allowedModels?.contains(upstream.name) ?? true }
    return .json([
      "object": "list",
      "data": .array(models.map { entry($0.name, $0.location.path) } + others.map { entry($0) }),
    ])
  }

  private func model(_ path: String, _ context: ServerContext) async throws -> Response {
    let path = path.removingPercentEncoding ?? path
    if let upstream = answerer.upstreams?.find(path) {
      try answerer.check(context.caller, mayUse: upstream.name)
      return .json(entry(upstream))
    }
    if let (name, question) = await trustQuestion(path) { return try await trust(name, question, context) }
    let (name, location) = try await answerer.models.find(path)
    try answerer.check(context.caller, mayUse: name)
    return .json(entry(name, location.path))
  }

  private func entry(_ upstream: Upstream) -> JSONValue {
    ["id": .string(upstream.name), "object": "model", "created": 0, "owned_by": "upstream"]
  }

  private func entry(_ name: String, _ path: String) -> JSONValue {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    let changed = (attributes?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
    return ["id": .string(name), "object": "model", "created": .int(Int(changed)), "owned_by": "library"]
  }

  // MARK: Answers

  private func chatCompletion(_ request: Request, _ context: ServerContext) async throws -> Response {
    let decoded = try OpenAIChat.decode(try await object(request, context))
    let wantsLogprobs = decoded.request.topLogprobs != nil
    let prepared = try await prepare(decoded.request, context, api: "openai.chat")
    if decoded.streams {
      return stream(
        prepared, context, type: "text/event-stream", keepAlive: ServerSentEvents.keepAlive,
        encoder: OpenAIChatStream(
          choices: decoded.request.choices, wantsLogprobs: wantsLogprobs, includesUsage: decoded.includesUsage))
    }
    return try await respond(prepared, context) { OpenAIChatAnswer.encode($0, wantsLogprobs: wantsLogprobs) }
  }

  private func completion(_ request: Request, _ context: ServerContext) async throws -> Response {
    let decoded = try OpenAICompletions.decode(try await object(request, context))
    guard let first = decoded.requests.first else { throw APIError.invalid("prompt", "is empty") }
    let wantsLogprobs = first.topLogprobs != nil
    if decoded.streams {
      guard decoded.requests.count == 1 else { throw APIError.invalid("stream", "works with one prompt, not several") }
      let prepared = try await prepare(first, context, api: "openai.completions")
      return stream(
        prepared, context, type: "text/event-stream", keepAlive: ServerSentEvents.keepAlive,
        encoder: OpenAICompletionsStream(wantsLogprobs: wantsLogprobs, includesUsage: decoded.includesUsage))
    }
    let (requests, caller, id, body) = (decoded.requests, context.caller, context.requestID, context.body)
    let answers = try await context.channel.watched { continuation in
      try await answerAll(requests, for: caller, id: id, wantsReceipt: body.wantsReceipt) { continuation.yield($0) }
    } _: { (events: AsyncThrowingStream<GuardedAnswer, any Error>) in
      var answers: [GuardedAnswer] = []
      for try await answer in events { answers.append(answer) }
      return answers
    }
    var response = Response.json(
      OpenAICompletionsAnswer.encode(answers.map(\.answer), wantsLogprobs: wantsLogprobs))
    let severest = answers.compactMap(\.rails).max { $0.action < $1.action }
    response.headers[.guardrails] = severest?.header(isFinal: true)
    if let trust = answers.first?.trust { response.headers.add(trust) }
    return response
  }

  /// An answer, the rails that it passed, and what was decided about the model that gave it.
  private struct GuardedAnswer: Sendable {
    var answer: Answer
    var rails: RequestGuard?
    var trust: ModelTrust.Outcome?
  }

  /// How many prompts of one request are answered together; the next wait without a place in the queue.
  private static let promptsAtOnce = 64

  /// Gives the answers to several prompts in their order.
  private func answerAll(
    _ requests: [AnswerRequest], for caller: Caller, id: String, wantsReceipt: Bool, _ give: (GuardedAnswer) -> Void
  ) async throws {
    var start = 0
    while start < requests.count {
      let group = start..<min(start + Self.promptsAtOnce, requests.count)
      var prepared: [any PendingAnswer] = []
      for index in group {
        let own = requests.count == 1 ? id : "\(id)-\(index)"
        prepared.append(
          try await answerer.prepare(
            requests[index], for: caller, api: "openai.completions", id: own, wantsReceipt: wantsReceipt))
      }
      for answer in try await Self.all(prepared) { give(answer) }
      start = group.upperBound
    }
  }

  /// The answers to requests, in their order; they are generated together.
  private static func all(_ prepared: [any PendingAnswer]) async throws -> [GuardedAnswer] {
    try await withThrowingTaskGroup(of: (Int, GuardedAnswer).self) { group in
      for (index, one) in prepared.enumerated() {
        group.addTask {
          var answer = Answer(start: one.start, choices: one.request.choices)
          try await one.run { answer.add($0) }
          return (index, GuardedAnswer(answer: answer, rails: one.rails, trust: one.trust))
        }
      }
      var answers: [Int: GuardedAnswer] = [:]
      for try await (index, answer) in group { answers[index] = answer }
      return prepared.indices.compactMap { answers[$0] }
    }
  }

  private func embeddings(_ request: Request, _ context: ServerContext) async throws -> Response {
    let decoded = try OpenAIEmbeddings.decode(try await object(request, context))
    let found = try await answerer.embeddings(
      decoded.inputs, model: decoded.model, truncates: false, for: context.caller, api: "openai.embeddings",
      id: context.requestID)
    var response = Response.json(
      OpenAIEmbeddings.encode(
        found.vectors, model: found.model, tokens: found.usage.promptTokens, isBase64: decoded.isBase64))
    response.headers[.guardrails] = found.guardrails
    return await vouched(response, by: found.model)
  }

  // MARK: Responses

  private func response(_ request: Request, _ context: ServerContext) async throws -> Response {
    let decoded = try OpenAIResponsesRequest.decode(try await object(request, context))
    var earlier: [ChatMessage] = []
    if let id = decoded.previousResponseID {
      guard let stored = responses.find(id, of: context.caller) else {
        throw APIError(.notFound, "there is no stored response '\(id.prefix(80))'", field: "previous_response_id")
      }
      earlier = stored.conversation
    }
    let prepared = try await prepare(
      try decoded.answerRequest(after: earlier), context, api: "openai.responses")
    let (caller, responses) = (context.caller, responses)
    let store: @Sendable (Answer) -> Void = { [earlier] answer in
      guard decoded.stores else { return }
      let object = OpenAIResponses.encode(answer, settings: decoded.settings)
      responses.add(
        "resp_" + answer.start.id, of: caller, object, decoded.conversation(after: earlier, with: answer))
    }
    if decoded.streams {
      return stream(
        prepared, context, type: "text/event-stream", keepAlive: ServerSentEvents.keepAlive,
        encoder: OpenAIResponsesStream(settings: decoded.settings), finished: store)
    }
    return try await respond(prepared, context) { answer in
      store(answer)
      return OpenAIResponses.encode(answer, settings: decoded.settings)
    }
  }

  private func storedResponse(_ context: ServerContext) throws -> Response {
    let id = context.parameters.get("id") ?? ""
    guard let stored = responses.find(id, of: context.caller) else { throw Self.noResponse(id) }
    return .json(stored.object)
  }

  private func deleteResponse(_ context: ServerContext) throws -> Response {
    let id = context.parameters.get("id") ?? ""
    guard responses.remove(id, of: context.caller) else { throw Self.noResponse(id) }
    return .json(OpenAIResponses.encode(deleted: id))
  }

  private static func noResponse(_ id: String) -> APIError {
    APIError(.notFound, "there is no stored response '\(id.prefix(80))'; it may have expired", field: "response_id")
  }
}

/// Responses that clients asked to keep: in memory, for a time, and for those who made them.
final class StoredResponses: Sendable {
  struct Entry: Sendable {
    let object: JSONValue
    let conversation: [ChatMessage]
    fileprivate let owner: String
    fileprivate let stored: ContinuousClock.Instant
  }

  private let entries = Mutex<[String: Entry]>([:])
  private let lifetime: Duration
  private let limit: Int

  init(lifetime: Duration = .seconds(3600), limit: Int = 1000) {
    self.lifetime = lifetime
    self.limit = limit
  }

  func add(_ id: String, of caller: Caller, _ object: JSONValue, _ conversation: [ChatMessage]) {
    let now = ContinuousClock.now
    entries.withLock { entries in
      entries = entries.filter { $0.value.stored + lifetime > now }
      while entries.count >= limit, let oldest = entries.min(by: { $0.value.stored < $1.value.stored }) {
        entries[oldest.key] = nil
      }
      entries[id] = Entry(object: object, conversation: conversation, owner: caller.owner, stored: now)
    }
  }

  func find(_ id: String, of caller: Caller) -> Entry? {
    entries.withLock { entries in
      guard let entry = entries[id], entry.owner == caller.owner, entry.stored + lifetime > .now else { return nil }
      return entry
    }
  }

  func remove(_ id: String, of caller: Caller) -> Bool {
    guard find(id, of: caller) != nil else { return false }
    return entries.withLock { $0.removeValue(forKey: id) != nil }
  }
}
