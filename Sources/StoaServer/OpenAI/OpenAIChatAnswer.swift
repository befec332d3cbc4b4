import StoaFormats

/// `POST /v1/chat/completions`: the answer, whole or in chunks.
struct OpenAIChatAnswer {
  /// The answer as one object.
  static func encode(_ answer: Answer, wantsLogprobs: Bool) -> JSONValue {
    let choices = answer.choices.enumerated().map { index, choice -> JSONValue in
      var message: JSONObject = [
        "role": "assistant",
        "content": choice.content.isEmpty && !choice.toolCalls.isEmpty ? .null : .string(choice.content),
        "refusal": nil,
      ]
      if !choice.reasoning.isEmpty { message["reasoning_content"] = .string(choice.reasoning) }
      if !choice.toolCalls.isEmpty {
        message["tool_calls"] = .array(
          choice.toolCalls.map { call in
            [
              "id": .string(call.id), "type": "function",
              "function": ["name": .string(call.name), "arguments": .string(call.arguments)],
            ]
          })
      }
      return [
        "index": .int(index), "message": .object(message),
        "logprobs": wantsLogprobs ? logprobs(choice.contentLogprobs) : .null,
        "finish_reason": .string(OpenAI.word(choice.end)),
      ]
    }
    var object = OpenAI.head(answer.start, object: "chat.completion", prefix: "chatcmpl-")
    object["choices"] = .array(choices)
    object["usage"] = OpenAI.usage(answer.usage)
    object["stoa"] = OpenAI.extras(answer.usage)
    return .object(object)
  }

  fileprivate static func logprobs(_ entries: [TokenEntry]) -> JSONValue {
    func token(_ bytes: [UInt8], _ logprob: Double?) -> JSONObject {
      [
        "token": .string(TokenEntry.text(bytes)), "logprob": OpenAI.logprob(logprob),
        "bytes": .array(bytes.map { .int(Int($0)) }),
      ]
    }
    let content = entries.map { entry -> JSONValue in
      var object = token(entry.bytes, entry.logprob)
      object["top_logprobs"] = .array(entry.top.map { .object(token($0.bytes, $0.logprob)) })
      return .object(object)
    }
    return ["content": .array(content), "refusal": nil]
  }
}

/// The chunks of a streamed chat completion.
struct OpenAIChatStream: AnswerStreamEncoder {
  let choices: Int
  let wantsLogprobs: Bool
  let includesUsage: Bool
  private var start: AnswerStart?

  init(choices: Int, wantsLogprobs: Bool, includesUsage: Bool) {
    self.choices = choices
    self.wantsLogprobs = wantsLogprobs
    self.includesUsage = includesUsage
  }

  mutating func encode(_ event: AnswerEvent) -> String {
    switch event {
    case .started(let start):
      self.start = start
      return (0..<choices).map { chunk($0, ["role": "assistant", "content": "", "refusal": nil]) }.joined()
    case .content(let choice, let text, let entries): return chunk(choice, ["content": .string(text)], entries)
    case .reasoning(let choice, let text, _): return chunk(choice, ["reasoning_content": .string(text)])
    case .toolCall(let choice, let index, let id, let name):
      return toolCalls(
        choice,
        [
          "index": .int(index), "id": .string(id), "type": "function",
          "function": ["name": .string(name), "arguments": ""],
        ])
    case .toolArguments(let choice, let index, let text):
      return toolCalls(choice, ["index": .int(index), "function": ["arguments": .string(text)]])
    case .choiceEnded(let choice, let end, _): return chunk(choice, [:], end: end)
    case .ended(let usage): return OpenAI.streamEnd(usage, head: head(), includesUsage: includesUsage)
    }
  }

  mutating func encode(_ error: APIError) -> String { OpenAI.streamEnd(error) }

  private func head() -> JSONObject {
    start.map { OpenAI.head($0, object: "chat.completion.chunk", prefix: "chatcmpl-") } ?? [:]
  }

  private func toolCalls(_ choice: Int, _ call: JSONValue) -> String { chunk(choice, ["tool_calls": [call]]) }

  private func chunk(
    _ choice: Int, _ delta: JSONObject, _ entries: [TokenEntry] = [], end: EndReason? = nil
  ) -> String {
    var object = head()
    let logprobs = wantsLogprobs && !entries.isEmpty ? OpenAIChatAnswer.logprobs(entries) : .null
    object["choices"] = [
      [
        "index": .int(choice), "delta": .object(delta), "logprobs": logprobs,
        "finish_reason": end.map { .string(OpenAI.word($0)) } ?? .null,
      ]
    ]
    if includesUsage { object["usage"] = .null }
    return ServerSentEvents.data(.object(object))
  }
}
