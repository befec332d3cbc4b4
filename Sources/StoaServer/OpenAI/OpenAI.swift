import StoaFormats

/// What OpenAI's endpoints have in common.
enum OpenAI {
  /// The fields that begin every object of an answer.
  static func head(_ start: AnswerStart, object: String, prefix: String) -> JSONObject {
    [
      "id": .string(prefix + start.id), "object": .string(object), "created": .int(start.created),
      "model": .string(start.model), "system_fingerprint": nil,
    ]
  }

  static func word(_ end: EndReason) -> String {
    switch end {
    case .stop: "stop"
    case .length: "length"
    case .toolCalls: "tool_calls"
    case .refused: "content_filter"
    }
  }

  static func usage(_ usage: AnswerUsage) -> JSONValue {
    [
      "prompt_tokens": .int(usage.promptTokens), "completion_tokens": .int(usage.completionTokens),
      "total_tokens": .int(usage.promptTokens + usage.completionTokens),
      "prompt_tokens_details": ["cached_tokens": .int(usage.cachedTokens)],
      "completion_tokens_details": ["reasoning_tokens": .int(usage.reasoningTokens)],
    ]
  }

  /// What Stoa knows beyond the API: the seed that repeats the answer, times, and what it cost.
  static func extras(_ usage: AnswerUsage) -> JSONValue {
    func milliseconds(_ seconds: Double) -> JSONValue { .double((seconds * 1e6).rounded() / 1e3) }
    return [
      "seed": .int(Int(truncatingIfNeeded: usage.seed)), "load_ms": milliseconds(usage.loadSeconds),
      "queue_ms": milliseconds(usage.queueSeconds), "prompt_ms": milliseconds(usage.promptSeconds),
      "generate_ms": milliseconds(usage.generateSeconds),
      "cost": usage.cost.map { cost in
        [
          "currency": .string(cost.currency), "amount": .double(cost.amount),
          "compare": .array(cost.elsewhere.map { ["name": .string($0.name), "amount": .double($0.amount)] }),
        ]
      } ?? .null,
    ]
  }

  /// The last lines of a stream: the usage if it is wanted, in an object without choices, and the end.
  static func streamEnd(_ usage: AnswerUsage, head: JSONObject, includesUsage: Bool) -> String {
    guard includesUsage else { return ServerSentEvents.done }
    var object = head
    object["choices"] = []
    object["usage"] = Self.usage(usage)
    object["stoa"] = extras(usage)
    return ServerSentEvents.data(.object(object)) + ServerSentEvents.done
  }

  /// The last lines of a stream that failed.
  static func streamEnd(_ error: APIError) -> String {
    ServerSentEvents.data(Self.error(error)) + ServerSentEvents.done
  }

  /// A log probability as JSON can hold it.
  static func logprob(_ value: Double?) -> JSONValue {
    guard let value else { return .null }
    return .double(value.isFinite ? value : -9999)
  }

  /// An error as all of OpenAI's endpoints have it.
  static func error(_ error: APIError) -> JSONValue {
    let type =
      switch error.kind {
      case .invalidRequest, .tooLarge, .methodNotAllowed: "invalid_request_error"
      case .unauthenticated: "authentication_error"
      case .forbidden: "permission_error"
      case .notFound: "not_found_error"
      case .timeout: "timeout_error"
      case .rateLimited: "rate_limit_error"
      case .overloaded: "overloaded_error"
      case .internal: "server_error"
      }
    return [
      "error": [
        "message": .string(error.message), "type": .string(type), "param": error.field.map { .string($0) } ?? .null,
        "code": error.code.map { .string($0) } ?? .null,
      ]
    ]
  }
}

/// The lines of an event stream (WHATWG HTML, "Server-sent events").
enum ServerSentEvents {
  static func data(_ value: JSONValue) -> String { "data: \(value.text())\n\n" }
  /// An event with a name.
  static func event(_ name: String, _ value: JSONValue) -> String { "event: \(name)\ndata: \(value.text())\n\n" }
  static let done = "data: [DONE]\n\n"
  /// A comment, which keeps a connection alive.
  static let keepAlive = ":\n\n"
}
