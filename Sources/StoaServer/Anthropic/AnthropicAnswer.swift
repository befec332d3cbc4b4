import StoaFormats

extension AnthropicMessages {
  /// A whole answer as a message.
  static func encode(_ answer: Answer) -> JSONValue {
    let choice = answer.choices[0]
    var content: [JSONValue] = []
    if !choice.reasoning.isEmpty { content.append(Block.thinking.start(text: choice.reasoning)) }
    if !choice.content.isEmpty { content.append(Block.text.start(text: choice.content)) }
    for call in choice.toolCalls {
      content.append(Block.toolUse(id: call.id, name: call.name).start(input: JSONValue(arguments: call.arguments)))
    }
    return message(
      answer.start, content: content, stopReason: stopReason(choice.end, choice.stopSequence),
      stopSequence: choice.stopSequence, usage: usage(answer.usage))
  }

  /// The number of tokens of a prompt.
  static func encode(tokenCount: Int) -> JSONValue { ["input_tokens": .int(tokenCount)] }

  /// An error; the names of the types are those that the client libraries know.
  static func encode(_ error: APIError, requestID: String?) -> JSONValue {
    let type: JSONValue =
      switch error.kind {
      case .invalidRequest, .methodNotAllowed: "invalid_request_error"
      case .unauthenticated: "authentication_error"
      case .forbidden: "permission_error"
      case .notFound: "not_found_error"
      case .timeout: "timeout_error"
      case .tooLarge: "request_too_large"
      case .rateLimited: "rate_limit_error"
      case .overloaded: "overloaded_error"
      case .internal: "api_error"
      }
    return [
      "type": "error", "error": ["type": type, "message": .string(error.message)],
      "request_id": JSONValue(requestID),
    ]
  }

  /// A block of an answer's content.
  fileprivate enum Block: Equatable {
    case text
    case thinking
    case toolUse(id: String, name: String)

    /// The block with what it holds so far.
    func start(text: String = "", input: JSONValue = [:]) -> JSONValue {
      switch self {
      case .text: ["type": "text", "text": .string(text)]
      case .thinking: ["type": "thinking", "thinking": .string(text), "signature": ""]
      case .toolUse(let id, let name):
        ["type": "tool_use", "id": .string(id), "name": .string(name), "input": input]
      }
    }

    /// A further piece of the block.
    func delta(_ text: String) -> JSONValue {
      switch self {
      case .text: ["type": "text_delta", "text": .string(text)]
      case .thinking: ["type": "thinking_delta", "thinking": .string(text)]
      case .toolUse: ["type": "input_json_delta", "partial_json": .string(text)]
      }
    }
  }

  fileprivate static func message(
    _ start: AnswerStart, content: [JSONValue], stopReason: JSONValue, stopSequence: String?, usage: JSONValue
  ) -> JSONValue {
    [
      "id": .string("msg_\(start.id)"), "type": "message", "role": "assistant", "model": .string(start.model),
      "content": .array(content), "stop_reason": stopReason, "stop_sequence": JSONValue(stopSequence), "usage": usage,
    ]
  }

  fileprivate static func stopReason(_ end: EndReason, _ stopSequence: String?) -> JSONValue {
    switch end {
    case .stop: stopSequence == nil ? "end_turn" : "stop_sequence"
    case .length: "max_tokens"
    case .toolCalls: "tool_use"
    case .refused: "refusal"
    }
  }

  /// The tokens of an answer; Anthropic's `input_tokens` are those that were not in the cache.
  fileprivate static func usage(_ usage: AnswerUsage) -> JSONValue {
    [
      "input_tokens": .int(max(usage.promptTokens - usage.cachedTokens, 0)), "cache_creation_input_tokens": 0,
      "cache_read_input_tokens": .int(usage.cachedTokens), "output_tokens": .int(usage.completionTokens),
      "output_tokens_details": ["thinking_tokens": .int(usage.reasoningTokens)],
    ]
  }
}

/// The server-sent events of `POST /v1/messages`: the message, its blocks one after the other, and how it ended.
struct AnthropicStream: AnswerStreamEncoder {
  private let requestID: String?
  private var block: AnthropicMessages.Block?
  private var blockCount = 0
  private var stopReason = JSONValue.null
  private var stopSequence: String?

  init(requestID: String? = nil) { self.requestID = requestID }

  mutating func encode(_ event: AnswerEvent) -> String {
    switch event {
    case .started(let start):
      var usage = AnswerUsage()
      usage.promptTokens = start.promptTokens
      usage.cachedTokens = start.cachedTokens
      let message = AnthropicMessages.message(
        start, content: [], stopReason: .null, stopSequence: nil, usage: AnthropicMessages.usage(usage))
      return Self.event("message_start", ["message": message]) + Self.event("ping", [:])
    case .content(_, let text, _): return piece(text, of: .text)
    case .reasoning(_, let text, _): return piece(text, of: .thinking)
    case .toolCall(_, _, let id, let name): return begin(.toolUse(id: id, name: name))
    case .toolArguments(_, _, let text): return block.map { piece(text, of: $0) } ?? ""
    case .choiceEnded(_, let end, let stopSequence):
      stopReason = AnthropicMessages.stopReason(end, stopSequence)
      self.stopSequence = stopSequence
      return finishBlock()
    case .ended(let usage):
      let delta: JSONValue = ["stop_reason": stopReason, "stop_sequence": JSONValue(stopSequence)]
      return Self.event("message_delta", ["delta": delta, "usage": AnthropicMessages.usage(usage)])
        + Self.event("message_stop", [:])
    }
  }

  mutating func encode(_ error: APIError) -> String {
    ServerSentEvents.event("error", AnthropicMessages.encode(error, requestID: requestID))
  }

  private mutating func piece(_ text: String, of kind: AnthropicMessages.Block) -> String {
    if text.isEmpty { return "" }
    let start = block == kind ? "" : begin(kind)
    return start
      + Self.event("content_block_delta", ["index": .int(blockCount - 1), "delta": kind.delta(text)])
  }

  private mutating func begin(_ next: AnthropicMessages.Block) -> String {
    let stop = finishBlock()
    block = next
    blockCount += 1
    return stop
      + Self.event("content_block_start", ["index": .int(blockCount - 1), "content_block": next.start()])
  }

  private mutating func finishBlock() -> String {
    guard block != nil else { return "" }
    block = nil
    return Self.event("content_block_stop", ["index": .int(blockCount - 1)])
  }

  /// An event whose data name its type too.
  private static func event(_ type: String, _ members: JSONObject) -> String {
    ServerSentEvents.event(type, .object(JSONObject([("type", .string(type))] + members.map { ($0.key, $0.value) })))
  }
}
