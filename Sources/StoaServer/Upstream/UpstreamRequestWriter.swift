import StoaDialogue
import StoaFormats
import StoaTemplates

/// Writes requests as an OpenAI-compatible server reads them.
///
/// Source: OpenAI API reference, "Create chat completion" and "Create completion"; `top_k`, `min_p`, `repetition_penalty`,
/// `ignore_eos`, `continue_final_message` and `chat_template_kwargs` as vLLM has them, `repeat_penalty`, `typical_p` and
/// `repeat_last_n` as llama.cpp's server does.
struct UpstreamRequestWriter {
  let upstream: Upstream

  /// A path below the base of the upstream, and the body to send there.
  struct Written {
    var path: String
    var body: JSONObject
  }

  /// - Throws: When the request asks for what only models of this server can do; the error names the field.
  func write(_ request: AnswerRequest) throws(APIError) -> Written {
    try check(request)
    var body: JSONObject = ["model": .string(upstream.remoteModel)]
    let path: String
    switch request.prompt {
    case .chat(let chat):
      path = "/chat/completions"
      body["messages"] = .array(UpstreamMessages.encode(chat.messages))
      write(chat, into: &body)
      if let top = request.topLogprobs {
        body["logprobs"] = true
        body["top_logprobs"] = .int(top)
      }
    case .text(let text):
      path = "/completions"
      body["prompt"] = .string(text)
      body["logprobs"] = request.topLogprobs.map { .int($0) }
    case .tokens: throw refusal("prompt", "token ids mean something to models of this server alone; send text")
    }
    body["max_tokens"] = request.maxTokens.map { .int($0) }
    if upstream.isOpenAI, path == "/chat/completions", let limit = body["max_tokens"] {
      body["max_tokens"] = nil
      body["max_completion_tokens"] = limit
    }
    body["response_format"] = try format(request.shape)
    write(request, into: &body)
    body["stream"] = true
    body["stream_options"] = ["include_usage": true]
    return Written(path: path, body: body)
  }

  private func refusal(_ field: String, _ problem: String) -> APIError {
    .invalid(
      field, "'\(upstream.name)' is answered by another server: \(problem)", code: "unsupported_parameter")
  }

  private func check(_ request: AnswerRequest) throws(APIError) {
    if request.echoesPrompt, request.topLogprobs != nil {
      throw refusal("echo", "log probabilities of the prompt cannot be had")
    }
    if request.maxTokens == 0 { throw refusal("max_tokens", "at least one token has to be generated") }
  }

  // MARK: Parts

  private func write(_ request: AnswerRequest, into body: inout JSONObject) {
    let sampling = request.sampling
    func set(_ key: String, _ value: Double?) { if let value { body[key] = .double(value) } }
    set("temperature", sampling.temperature)
    set("top_p", sampling.topP)
    set("min_p", sampling.minP)
    set("typical_p", sampling.typicalP)
    set("presence_penalty", sampling.presencePenalty)
    set("frequency_penalty", sampling.frequencyPenalty)
    // The servers do not agree on the name, and each passes over the other's.
    set("repetition_penalty", sampling.repetitionPenalty)
    set("repeat_penalty", sampling.repetitionPenalty)
    if let topK = sampling.topK { body["top_k"] = .int(topK) }
    if let window = sampling.penaltyWindow { body["repeat_last_n"] = .int(window == .max ? -1 : window) }
    if let seed = sampling.seed { body["seed"] = .int(Int(truncatingIfNeeded: seed)) }
    if !sampling.logitBias.isEmpty {
      // At the end of the range a token is banned.
      let biases = sampling.logitBias.sorted { $0.key < $1.key }
      body["logit_bias"] = .object(
        JSONObject(biases.map { ("\($0.key)", .double($0.value.isFinite ? Double($0.value) : -100)) }))
    }
    if !request.stop.isEmpty { body["stop"] = .array(request.stop.map { .string($0) }) }
    if request.choices > 1 { body["n"] = .int(request.choices) }
    if request.ignoresEnd { body["ignore_eos"] = true }
    if request.truncatesPrompt { body["truncate_prompt_tokens"] = -1 }
  }

  private func format(_ shape: AnswerShape) throws(APIError) -> JSONValue? {
    switch shape {
    case .anything: nil
    case .jsonObject: ["type": "json_object"]
    case .jsonSchema(let schema):
      ["type": "json_schema", "json_schema": ["name": "answer", "schema": schema, "strict": true]]
    case .regex:
      throw refusal("guided_regex", "regular expressions are not understood everywhere; send a JSON Schema")
    case .grammar:
      throw refusal("guided_grammar", "grammars are not understood everywhere; send a JSON Schema")
    }
  }

  private func write(_ chat: ChatPrompt, into body: inout JSONObject) {
    if !chat.tools.isEmpty {
      body["tools"] = .array(chat.tools.map { JSONValue(template: $0.templateValue) })
      switch chat.toolChoice {
      case .auto: break
      case .none: body["tool_choice"] = "none"
      case .required: body["tool_choice"] = "required"
      case .named(let name): body["tool_choice"] = ["type": "function", "function": ["name": .string(name)]]
      }
      if !chat.parallelToolCalls { body["parallel_tool_calls"] = false }
    }
    if chat.continuesLastMessage {
      body["continue_final_message"] = true
      body["add_generation_prompt"] = false
    }
    var variables = chat.variables
    if let effort = variables.removeValue(forKey: "reasoning_effort") {
      body["reasoning_effort"] = JSONValue(template: effort)
    }
    if let thinks = chat.thinks {
      variables["enable_thinking"] = .bool(thinks)
      variables["thinking"] = .bool(thinks)
    }
    guard !variables.isEmpty else { return }
    let members = variables.sorted { $0.key < $1.key }.map { ($0.key, JSONValue(template: $0.value)) }
    body["chat_template_kwargs"] = .object(JSONObject(members))
  }
}

/// Conversations as OpenAI's API has them.
enum UpstreamMessages {
  /// Calls get identifiers where a client's API has none, and each result that of its call.
  static func encode(_ messages: [ChatMessage]) -> [JSONValue] {
    var calls: [(id: String, name: String)] = []
    var count = 0
    return messages.map { message in
      var object: JSONObject = ["role": .string(message.role)]
      object["content"] = content(message.content)
      switch message.role {
      case "assistant" where !message.toolCalls.isEmpty:
        object["tool_calls"] = .array(
          message.toolCalls.map { call in
            count += 1
            let id = call.id ?? "call_\(count)"
            calls.append((id, call.name))
            return [
              "id": .string(id), "type": "function",
              "function": ["name": .string(call.name), "arguments": .string(arguments(call.arguments))],
            ]
          })
      case "tool":
        let place =
          message.toolCallID.map { id in calls.firstIndex { $0.id == id } }
          ?? calls.firstIndex { $0.name == message.name } ?? calls.indices.first
        let call = place.map { calls.remove(at: $0) }
        object["tool_call_id"] = .string(message.toolCallID ?? call?.id ?? "call_0")
      default: object["name"] = message.name.map { .string($0) }
      }
      return .object(object)
    }
  }

  private static func content(_ content: ChatMessage.Content?) -> JSONValue {
    switch content {
    case nil: .null
    case .text(let text): .string(text)
    case .parts(let parts): .array(parts.map { JSONValue(template: $0) })
    }
  }

  /// JSON text; what a client sent that was none goes on as it is.
  private static func arguments(_ value: TemplateValue) -> String {
    if case .string(let text) = value { text } else { JSONValue(template: value).text() }
  }
}

extension JSONValue {
  /// Data that a template reads, as JSON.
  fileprivate init(template value: TemplateValue) {
    switch value {
    case .none: self = .null
    case .bool(let value): self = .bool(value)
    case .int(let value): self = .int(value)
    case .double(let value): self = .double(value)
    case .string(let text): self = .string(text)
    case .list(let items): self = .array(items.map { JSONValue(template: $0) })
    case .dict(let members):
      self = .object(JSONObject(members.entries.map { ($0.key, JSONValue(template: $0.value)) }))
    }
  }
}
