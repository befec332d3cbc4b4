import StoaFormats

/// The server-sent events of OpenAI's `POST /v1/responses`: the response begins, its items one after the other with
/// their parts and pieces, and the response again as it ended.
struct OpenAIResponsesStream: AnswerStreamEncoder {
  private let settings: JSONObject
  private var start: AnswerStart?
  private var eventCount = 0
  /// The items that are complete.
  private var output: [JSONValue] = []
  private var item: OpenAIResponses.Item?
  private var end = EndReason.stop

  /// `settings` are those of the request.
  init(settings: JSONObject) { self.settings = settings }

  mutating func encode(_ event: AnswerEvent) -> String {
    switch event {
    case .started(let start):
      self.start = start
      return lifecycle("response.created", .inProgress) + lifecycle("response.in_progress", .inProgress)
    case .content(_, let text, let entries): return message(text, entries.map(\.encoded))
    case .reasoning(_, let text, _): return reasoning(text)
    case .toolCall(_, _, let id, let name): return begin(.call(id: id, name: name))
    case .toolArguments(_, _, let text): return arguments(text)
    case .choiceEnded(_, let end, _):
      self.end = end
      return finishItem(OpenAIResponses.status(end))
    case .ended(let usage):
      let status = OpenAIResponses.status(end)
      return lifecycle("response.\(status.rawValue)", status, usage: usage)
    }
  }

  mutating func encode(_ error: APIError) -> String {
    guard start != nil else {
      return self.event(
        "error",
        [
          "code": JSONValue(error.code), "message": .string(error.message), "param": JSONValue(error.field),
        ])
    }
    return finishItem(.incomplete) + lifecycle("response.failed", .failed, error: error)
  }

  // MARK: Pieces

  private mutating func message(_ text: String, _ logprobs: [JSONValue]) -> String {
    if text.isEmpty, logprobs.isEmpty { return "" }
    let start = item?.kind == .message ? "" : begin(.message)
    item?.text += text
    item?.logprobs += logprobs
    return start
      + itemEvent(
        "response.output_text.delta", ["content_index": 0, "delta": .string(text), "logprobs": .array(logprobs)])
  }

  private mutating func reasoning(_ text: String) -> String {
    if text.isEmpty { return "" }
    let start = item?.kind == .reasoning ? "" : begin(.reasoning)
    item?.text += text
    return start + itemEvent("response.reasoning_text.delta", ["content_index": 0, "delta": .string(text)])
  }

  private mutating func arguments(_ text: String) -> String {
    if text.isEmpty { return "" }
    item?.text += text
    return itemEvent("response.function_call_arguments.delta", ["delta": .string(text)])
  }

  // MARK: Items

  private mutating func begin(_ kind: OpenAIResponses.Item.Kind) -> String {
    guard let start else { return "" }
    var result = finishItem(.completed)
    let item = OpenAIResponses.Item(kind, of: start, index: output.count)
    self.item = item
    result += event(
      "response.output_item.added", ["output_index": .int(output.count), "item": item.encoded(.inProgress)])
    if let part = item.part {
      result += itemEvent("response.content_part.added", ["content_index": 0, "part": part])
    }
    return result
  }

  private mutating func finishItem(_ status: OpenAIResponses.Status) -> String {
    guard let item else { return "" }
    var result =
      switch item.kind {
      case .reasoning:
        itemEvent("response.reasoning_text.done", ["content_index": 0, "text": .string(item.text)])
      case .message:
        itemEvent(
          "response.output_text.done",
          ["content_index": 0, "text": .string(item.text), "logprobs": .array(item.logprobs)])
      case .call(_, let name):
        itemEvent(
          "response.function_call_arguments.done", ["name": .string(name), "arguments": .string(item.text)])
      }
    if let part = item.part { result += itemEvent("response.content_part.done", ["content_index": 0, "part": part]) }
    let encoded = item.encoded(status)
    result += event("response.output_item.done", ["output_index": .int(output.count), "item": encoded])
    output.append(encoded)
    self.item = nil
    return result
  }

  // MARK: Events

  private mutating func lifecycle(
    _ type: String, _ status: OpenAIResponses.Status, usage: AnswerUsage? = nil, error: APIError? = nil
  ) -> String {
    guard let start else { return "" }
    let response = OpenAIResponses.response(
      start, status, reason: status == .incomplete ? OpenAIResponses.reason(end) : nil, output: output, usage: usage,
      error: error, settings: settings)
    return event(type, ["response": response])
  }

  /// An event about the open item.
  private mutating func itemEvent(_ type: String, _ members: JSONObject) -> String {
    var object: JSONObject = ["item_id": JSONValue(item?.id), "output_index": .int(output.count)]
    for (key, value) in members { object[key] = value }
    return event(type, object)
  }

  private mutating func event(_ type: String, _ members: JSONObject) -> String {
    var object: JSONObject = ["type": .string(type), "sequence_number": .int(eventCount)]
    for (key, value) in members { object[key] = value }
    eventCount += 1
    return ServerSentEvents.event(type, .object(object))
  }
}
