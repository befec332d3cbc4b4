import Hummingbird
import StoaFormats
import StoaGuard

/// The rails for those who ask about texts of their own.
extension Handlers {
  func addGuardRoutes(to router: Router<ServerContext>) {
    router.post("/v1/guard/check") { request, context in try await checkText(request, context) }
    router.post("/v1/moderations") { request, context in try await moderate(request, context) }
  }

  // MARK: Rails

  private func checkText(_ request: Request, _ context: ServerContext) async throws -> Response {
    let fields = RequestFields(try await object(request, context))
    let direction = try fields.word("direction", of: GuardStage.allCases.map(\.rawValue))
    let stage = direction.flatMap { GuardStage(rawValue: $0) }
    let name = try fields.string("pack")
    let model = try fields.string("model") ?? ""
    let key = context.caller.keyName ?? ""
    let moderator = moderator
    let text = try fields.string("text")
    let texts =
      fields.has("messages")
      ? try messages(fields, stage)
      : [PlacedText(text: try fields.required("text", text), stage: stage ?? .input, role: nil)]
    let programs = try await BackgroundWork.run {
      try moderator.version(name).programs(for: GuardContext(model: model, key: key, route: "/v1/guard/check"))
    }
    let answers = await moderator.consult(
      texts.indices.filter { texts[$0].stage != nil }.map { number in
        (programs.program(texts[number].stage ?? .input), texts[number].text, texts.dialogue(before: number))
      })
    let object = try await BackgroundWork.run { texts.checked(by: programs, answers) }
    return .json(.object(object))
  }

  /// The texts of messages, each at the stage of its role unless the request names one.
  private func messages(_ fields: RequestFields, _ stage: GuardStage?) throws(APIError) -> [PlacedText] {
    let items = try fields.required("messages", fields.objects("messages"))
    guard !items.isEmpty else { throw .invalid("messages", "is empty") }
    var texts: [PlacedText] = []
    for item in items {
      let role = try item.required("role", item.string("role"))
      let content = try item.string("content") ?? ""
      let own: GuardStage? =
        switch role {
        case "system", "developer": nil
        case "assistant": .output
        case "tool", "function": .toolResult
        default: .input
        }
      texts.append(PlacedText(text: content, stage: own == nil ? nil : stage ?? own, role: role))
    }
    return texts
  }

  // MARK: Moderations

  private func moderate(_ request: Request, _ context: ServerContext) async throws -> Response {
    let fields = RequestFields(try await object(request, context))
    _ = try fields.string("model")
    let inputs = try inputs(fields)
    let moderator = moderator
    let key = context.caller.keyName ?? ""
    let place = GuardContext(key: key, route: "/v1/moderations")
    let program = try await BackgroundWork.run { try moderator.version(nil).programs(for: place).input }
    let answers = await moderator.consult(inputs.map { (program, $0, []) })
    let (name, results) = try await BackgroundWork.run {
      (try moderator.name(), inputs.map { moderator.judge($0, by: program, answers) })
    }
    return .json([
      "id": .string("modr-" + context.requestID), "model": .string(name), "results": .array(results.map(\.json)),
    ])
  }

  /// Source: OpenAI API reference, "Create moderation": a text, texts, or parts, all of which make one input.
  private func inputs(_ fields: RequestFields) throws(APIError) -> [String] {
    let value = try fields.required("input", fields.value("input"))
    if let items = value.arrayValue, case .object? = items.first {
      var texts: [String] = []
      for part in try RequestFields.objects(items, path: "input") {
        let type = try part.required("type", part.string("type"))
        guard type == "text" else {
          throw .invalid(part.path(of: "type"), "\"\(type.prefix(40))\" is not supported; only text is read")
        }
        texts.append(try part.required("text", part.string("text")))
      }
      return [texts.joined(separator: "\n")]
    }
    let texts = try fields.strings("input") ?? []
    guard !texts.isEmpty else { throw .invalid("input", "is empty") }
    guard texts.count <= 2048 else { throw .invalid("input", "has more than 2,048 texts") }
    return texts
  }
}

/// A text and where it stands.
private struct PlacedText: Sendable {
  var text: String
  /// Nil for what the system says, which is not judged.
  var stage: GuardStage?
  /// Who says it; nil for a text alone.
  var role: String?
}

extension [PlacedText] {
  /// What was said before a message, as guard models see it.
  fileprivate func dialogue(before number: Int) -> [GuardTurn] {
    prefix(number).suffix(32).compactMap { item in
      item.stage.map { GuardTurn($0 == .output || $0 == .toolCall ? .assistant : .user, item.text) }
    }
  }

  /// The object of `stoa guard check --json`; of messages it has each with its number, and all hits.
  fileprivate func checked(by programs: GuardPrograms, _ answers: GuardModelAnswers) -> JSONObject {
    // What answers must not show stands in the same conversation.
    let system = filter { $0.role != nil && $0.stage == nil }.map(\.text)
    let systemPrompt = system.isEmpty ? nil : system.joined(separator: "\n")
    let vault = Vault()
    var result = JSONObject()
    var hits: [JSONValue] = []
    var messages: [JSONValue] = []
    var action = GuardAction.allow
    for (number, item) in enumerated() {
      let program = programs.program(item.stage ?? .input)
      let bytes = item.stage == nil ? [] : Array<UInt8>(item.text.utf8)
      let checked = program.check(
        bytes, vault: vault, systemPrompt: item.stage == .output ? systemPrompt : nil,
        dialogue: dialogue(before: number), judge: answers.lookup)
      result = checked.json
      guard let role = item.role else { return result }
      action = Swift.max(action, checked.verdict.action)
      for hit in checked.verdict.hits {
        var object = hit.json
        object["message"] = .int(number)
        hits.append(.object(object))
      }
      if item.stage == nil { result["text"] = .string(item.text) }
      messages.append(["role": .string(role), "content": result["text"] ?? ""])
    }
    result["action"] = .string(action.rawValue)
    result["hits"] = .array(hits)
    result["messages"] = .array(messages)
    return result
  }
}

extension Moderator.Result {
  fileprivate var json: JSONValue {
    [
      "flagged": .bool(isFlagged),
      "categories": .object(JSONObject(categories.map { ($0.name, .bool($0.isTrue)) })),
      "category_scores": .object(JSONObject(categories.map { ($0.name, .double($0.score)) })),
      "category_applied_input_types": .object(JSONObject(categories.map { ($0.name, ["text"]) })),
    ]
  }
}
