import StoaFormats

/// Answers of OpenAI's `POST /v1/responses`.
enum OpenAIResponses {
  /// A whole answer; `settings` are those of the request.
  static func encode(_ answer: Answer, settings: JSONObject) -> JSONValue {
    let choice = answer.choices[0]
    var items: [Item] = []
    func add(_ kind: Item.Kind, _ text: String, _ entries: [TokenEntry] = []) {
      var item = Item(kind, of: answer.start, index: items.count)
      item.text = text
      item.logprobs = entries.map(\.encoded)
      items.append(item)
    }
    if !choice.reasoning.isEmpty { add(.reasoning, choice.reasoning) }
    if !choice.content.isEmpty { add(.message, choice.content, choice.contentLogprobs) }
    for call in choice.toolCalls { add(.call(id: call.id, name: call.name), call.arguments) }
    let output = items.enumerated().map { index, item in
      item.encoded(index == items.count - 1 ? status(choice.end) : .completed)
    }
    return response(
      answer.start, status(choice.end), reason: reason(choice.end), output: output, usage: answer.usage,
      settings: settings)
  }

  /// The status of an answer that has ended.
  static func status(_ end: EndReason) -> Status { reason(end) == nil ? .completed : .incomplete }

  /// Why an answer is not complete; nil when it is.
  static func reason(_ end: EndReason) -> String? {
    switch end {
    case .stop, .toolCalls: nil
    case .length: "max_output_tokens"
    case .refused: "content_filter"
    }
  }

  /// That a stored response was deleted.
  static func encode(deleted id: String) -> JSONValue { ["id": .string(id), "object": "response", "deleted": true] }

  enum Status: String {
    case inProgress = "in_progress"
    case completed
    case incomplete
    case failed

    var encoded: JSONValue { .string(rawValue) }
  }

  static func response(
    _ start: AnswerStart, _ status: Status, reason: String? = nil, output: [JSONValue], usage: AnswerUsage? = nil,
    error: APIError? = nil, settings: JSONObject
  ) -> JSONValue {
    var object: JSONObject = [
      "id": .string("resp_\(start.id)"), "object": "response", "created_at": .int(start.created),
      "status": status.encoded, "background": false, "error": error.map(encode) ?? .null,
      "incomplete_details": reason.map { ["reason": .string($0)] } ?? .null,
      "model": .string(start.model), "output": .array(output), "service_tier": "default",
      "usage": usage.map(encode) ?? .null,
    ]
    for (key, value) in settings { object[key] = value }
    return .object(object)
  }

  private static func encode(_ usage: AnswerUsage) -> JSONValue {
    [
      "input_tokens": .int(usage.promptTokens),
      "input_tokens_details": ["cached_tokens": .int(usage.cachedTokens), "cache_write_tokens": 0],
      "output_tokens": .int(usage.completionTokens),
      "output_tokens_details": ["reasoning_tokens": .int(usage.reasoningTokens)],
      "total_tokens": .int(usage.promptTokens + usage.completionTokens),
    ]
  }

  private static func encode(_ error: APIError) -> JSONValue {
    let code: JSONValue =
      switch error.kind {
      case .rateLimited: "rate_limit_exceeded"
      case .invalidRequest: "invalid_prompt"
      default: "server_error"
      }
    return ["code": code, "message": .string(error.message)]
  }

  // MARK: Items

  /// An item of the output, as far as it has come.
  struct Item {
    enum Kind: Equatable {
      case reasoning
      case message
      case call(id: String, name: String)
    }

    let kind: Kind
    let id: String
    /// The text, or the arguments of a call.
    var text = ""
    var logprobs: [JSONValue] = []

    init(_ kind: Kind, of start: AnswerStart, index: Int) {
      self.kind = kind
      let prefix =
        switch kind {
        case .reasoning: "rs"
        case .message: "msg"
        case .call: "fc"
        }
      id = "\(prefix)_\(start.id)_\(index)"
    }

    /// The part that holds the text; nil for calls.
    var part: JSONValue? {
      switch kind {
      case .reasoning: ["type": "reasoning_text", "text": .string(text)]
      case .message:
        ["type": "output_text", "text": .string(text), "annotations": [], "logprobs": .array(logprobs)]
      case .call: nil
      }
    }

    func encoded(_ status: Status) -> JSONValue {
      // An item begins without parts.
      let parts = JSONValue.array(status == .inProgress ? [] : part.map { [$0] } ?? [])
      return switch kind {
      case .reasoning:
        ["id": .string(id), "type": "reasoning", "summary": [], "content": parts, "status": status.encoded]
      case .message:
        ["id": .string(id), "type": "message", "role": "assistant", "content": parts, "status": status.encoded]
      case .call(let callID, let name):
        [
          "id": .string(id), "type": "function_call", "call_id": .string(callID), "name": .string(name),
          "arguments": .string(text), "status": status.encoded,
        ]
      }
    }
  }
}
