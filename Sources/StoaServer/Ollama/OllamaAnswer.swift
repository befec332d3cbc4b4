import StoaFormats
import StoaTemplates

/// Answers of Ollama's `POST /api/chat` and `/api/generate`.
enum OllamaAnswer {
  /// A whole answer.
  static func encode(_ answer: Answer, for endpoint: OllamaEndpoint) -> JSONValue {
    let choice = answer.choices[0]
    let piece = Piece(
      content: choice.content, thinking: choice.reasoning, toolCalls: choice.toolCalls, logprobs: choice.contentLogprobs
    )
    return end(answer.start, choice.end, answer.usage, piece, for: endpoint)
  }

  /// The answer to a request that only loads (or unloads) a model, at a time in seconds since 1970.
  static func encode(
    model: String, at time: Int, isLoaded: Bool, loadSeconds: Double = 0, for endpoint: OllamaEndpoint
  ) -> JSONValue {
    var object = Piece().members(model: model, time: Timestamp(seconds: time), isDone: true, for: endpoint)
    object["done_reason"] = isLoaded ? "load" : "unload"
    object["total_duration"] = .int(Timestamp.nanoseconds(loadSeconds))
    object["load_duration"] = .int(Timestamp.nanoseconds(loadSeconds))
    return .object(object)
  }

  /// An error, as the body of an answer or as a line of a stream.
  static func encode(_ error: APIError) -> JSONValue { ["error": .string(error.message)] }

  /// A part of an answer.
  fileprivate struct Piece {
    var content = ""
    var thinking = ""
    var toolCalls: [Answer.ToolCall] = []
    var logprobs: [TokenEntry] = []

    func members(model: String, time: Timestamp, isDone: Bool, for endpoint: OllamaEndpoint) -> JSONObject {
      var object: JSONObject = ["model": .string(model), "created_at": .string(time.description)]
      switch endpoint {
      case .chat:
        var message: JSONObject = ["role": "assistant", "content": .string(content)]
        if !thinking.isEmpty { message["thinking"] = .string(thinking) }
        if !toolCalls.isEmpty { message["tool_calls"] = .array(toolCalls.map(Self.encode)) }
        object["message"] = .object(message)
      case .generate:
        object["response"] = .string(content)
        if !thinking.isEmpty { object["thinking"] = .string(thinking) }
      }
      if !logprobs.isEmpty { object["logprobs"] = .array(logprobs.map(\.encoded)) }
      object["done"] = .bool(isDone)
      return object
    }

    private static func encode(_ call: Answer.ToolCall) -> JSONValue {
      [
        "id": .string(call.id),
        "function": ["name": .string(call.name), "arguments": JSONValue(arguments: call.arguments)],
      ]
    }
  }

  fileprivate static func end(
    _ start: AnswerStart, _ end: EndReason, _ usage: AnswerUsage, _ piece: Piece, for endpoint: OllamaEndpoint
  ) -> JSONValue {
    let time = Timestamp(seconds: start.created, plus: usage.totalSeconds)
    var object = piece.members(model: start.model, time: time, isDone: true, for: endpoint)
    object["done_reason"] = end == .length ? "length" : "stop"
    object["total_duration"] = .int(Timestamp.nanoseconds(usage.totalSeconds))
    object["load_duration"] = .int(Timestamp.nanoseconds(usage.loadSeconds))
    object["prompt_eval_count"] = .int(usage.promptTokens)
    object["prompt_eval_duration"] = .int(Timestamp.nanoseconds(usage.promptSeconds))
    object["eval_count"] = .int(usage.completionTokens)
    object["eval_duration"] = .int(Timestamp.nanoseconds(usage.generateSeconds))
    return .object(object)
  }
}

/// The lines that Ollama's `POST /api/chat` and `/api/generate` stream, each a JSON object; a call of a tool is
/// written when its arguments are complete.
struct OllamaStream: AnswerStreamEncoder {
  private let endpoint: OllamaEndpoint
  private var start = AnswerStart(id: "", created: 0, model: "", promptTokens: 0, cachedTokens: 0)
  private var call: Answer.ToolCall?
  private var end = EndReason.stop

  init(endpoint: OllamaEndpoint) { self.endpoint = endpoint }

  mutating func encode(_ event: AnswerEvent) -> String {
    let finished = if case .toolArguments = event { "" } else { finishCall() }
    switch event {
    case .started(let start): self.start = start
    case .content(_, let text, let entries):
      return finished + line(OllamaAnswer.Piece(content: text, logprobs: entries))
    case .reasoning(_, let text, _): return finished + line(OllamaAnswer.Piece(thinking: text))
    case .toolCall(_, _, let id, let name): call = Answer.ToolCall(id: id, name: name, arguments: "")
    case .choiceEnded(_, let end, _): self.end = end
    case .ended(let usage):
      return Self.line(OllamaAnswer.end(start, end, usage, OllamaAnswer.Piece(), for: endpoint))
    case .toolArguments(_, _, let text): call?.arguments += text
    }
    return finished
  }

  mutating func encode(_ error: APIError) -> String { Self.line(OllamaAnswer.encode(error)) }

  private mutating func finishCall() -> String {
    guard let call else { return "" }
    self.call = nil
    return line(OllamaAnswer.Piece(toolCalls: [call]))
  }

  private func line(_ piece: OllamaAnswer.Piece) -> String {
    let time = Timestamp(seconds: start.created)
    return Self.line(.object(piece.members(model: start.model, time: time, isDone: false, for: endpoint)))
  }

  private static func line(_ value: JSONValue) -> String { value.text() + "\n" }
}
