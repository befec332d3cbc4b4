import StoaFormats

/// Answers of OpenAI's `POST /v1/responses`.
enum OpenAIResponses {
  /// A whole answer; `settings` are those of the request.
  static func encode(_ answer: Answer, settings: JSONObject) -> JSONValue {
    let choice = answer.choices[0]
    var items: [Item] = []
    func add(_ content: Item.Content) { items.append(Item(content, of: answer.start, index: items.count)) }
    if !choice.reasoning.isEmpty { add(.reasoning(choice.reasoning)) }
    if !choice.content.isEmpty { add(.message(choice.content, choice.contentLogprobs)) }
    for call in choice.toolCalls { add(.call(call)) }
    let output = items.enumerated().map { index, item in
      item.encoded(index == items.count - 1 && choice.end == .length ? .incomplete : .completed)
    }
    return response(
      answer.start, choice.end == .length ? .incomplete : .completed, output: output, usage: answer.usage,
      settings: settings)
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
    _ start: AnswerStart, _ status: Status, output: [JSONValue], usage: AnswerUsage? = nil, error: APIError? = nil,
    settings: JSONObject
  ) -> JSONValue {
    var object: JSONObject = [
      "id": .string("resp_\(start.id)"), "object": "response", "created_at": .int(start.created),
      "status": status.encoded, "background": false, "error": error.map(encode) ?? .null,
      "incomplete_details": status == .incomplete ? ["reason": "max_output_tokens"] : .null,
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
    enum Content {
      case reasoning(String)
      case message(String, [TokenEntry])
      case call(Answer.ToolCall)
    }

    let id: String
    var content: Content

    init(_ content: Content, of start: AnswerStart, index: Int) {
      self.content = content
      let prefix =
        switch content {
        case .reasoning: "rs"
        case .message: "msg"
        case .call: "fc"
        }
      id = "\(prefix)_\(start.id)_\(index)"
    }

    /// The part that holds the text; nil for calls.
    var part: JSONValue? {
      switch content {
      case .reasoning(let text): ["type": "reasoning_text", "text": .string(text)]
      case .message(let text, let entries):
        ["type": "output_text", "text": .string(text), "annotations": [], "logprobs": OpenAIResponses.encode(entries)]
      case .call: nil
      }
    }

    func encoded(_ status: Status) -> JSONValue {
      // An item begins without parts.
      let parts = JSONValue.array(status == .inProgress ? [] : part.map { [$0] } ?? [])
      return switch content {
      case .reasoning:
        ["id": .string(id), "type": "reasoning", "summary": [], "content": parts, "status": status.encoded]
      case .message:
        ["id": .string(id), "type": "message", "role": "assistant", "content": parts, "status": status.encoded]
      case .call(let call):
        [
          "id": .string(id), "type": "function_call", "call_id": .string(call.id), "name": .string(call.name),
          "arguments": .string(call.arguments), "status": status.encoded,
        ]
      }
    }
  }

  /// The log probabilities of tokens.
  static func encode(_ entries: [TokenEntry]) -> JSONValue {
    func members(_ bytes: [UInt8], _ logprob: Double) -> JSONObject {
      [
        "token": .string(TokenEntry.text(bytes)), "logprob": .double(logprob),
        "bytes": .array(bytes.map { .int(Int($0)) }),
      ]
    }
    return .array(
      entries.map { entry in
        var object = members(entry.bytes, entry.logprob ?? 0)
        object["top_logprobs"] = .array(entry.top.map { .object(members($0.bytes, $0.logprob)) })
        return .object(object)
      })
  }
}
