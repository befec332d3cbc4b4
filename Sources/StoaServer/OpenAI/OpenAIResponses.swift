import StoaDialogue
import StoaFormats
import StoaTemplates

/// What a client asks of OpenAI's `POST /v1/responses`.
///
/// The conversation so far may be that of an earlier response, which the server looks up by `previousResponseID`;
/// then `answerRequest(after:)` is what the engine gets, and `conversation(after:with:)` is what a later response may
/// go on from. `seed` is an extension.
struct OpenAIResponsesRequest: Sendable {
  var previousResponseID: String?
  /// Whether the response is kept for later requests; false unless the client asks for it.
  var stores: Bool
  var streams: Bool
  /// The members of the request that its response repeats.
  var settings: JSONObject

  /// The request but for the messages.
  private var base: AnswerRequest
  private var prompt: ChatPrompt
  /// What holds for this response alone.
  private var instructions: String?
  private var input: [ChatMessage]

  static func decode(_ object: JSONObject) throws(APIError) -> OpenAIResponsesRequest {
    let fields = RequestFields(object)
    try refuseWhatIsMissing(fields)
    var prompt = ChatPrompt(messages: [])
    try readTools(fields, into: &prompt)
    let efforts = ["none", "minimal", "low", "medium", "high", "xhigh", "max"]
    if let effort = try fields.object("reasoning")?.word("effort", of: efforts) {
      prompt.thinks = effort != "none"
      if effort != "none" { prompt.setEffort(effort) }
    }

    var base = AnswerRequest(model: try fields.string("model") ?? "", prompt: .chat(prompt))
    base.maxTokens = try fields.int("max_output_tokens", in: 1...Int.max)
    base.sampling.temperature = try fields.double("temperature", in: 0...2)
    base.sampling.topP = try fields.share("top_p")
    base.sampling.seed = try fields.seed("seed")
    base.shape = try shape(fields)
    base.truncatesPrompt = try fields.word("truncation", of: ["auto", "disabled"]) == "auto"
    let topLogprobs = try fields.int("top_logprobs", in: 0...20)
    let include = try fields.strings("include") ?? []
    if include.contains("message.output_text.logprobs") || topLogprobs ?? 0 > 0 { base.topLogprobs = topLogprobs ?? 0 }

    return OpenAIResponsesRequest(
      previousResponseID: try fields.string("previous_response_id"), stores: try fields.bool("store") ?? false,
      streams: try fields.bool("stream") ?? false, settings: try settings(fields, prompt), base: base, prompt: prompt,
      instructions: try fields.string("instructions"), input: try OpenAIResponsesInput.decode(fields))
  }

  /// What the engine has to answer, where `earlier` is the conversation of the earlier response.
  func answerRequest(after earlier: [ChatMessage]) throws(APIError) -> AnswerRequest {
    var conversation = WireConversation()
    if let instructions, !instructions.isEmpty {
      conversation.add(ChatMessage(role: "system", content: instructions))
    }
    for message in earlier + input {
      if let id = message.toolCallID, !conversation.hasCall(id) {
        throw .invalid("input", "has the output of the call \"\(id.prefix(80))\", but no \"function_call\" before it")
      }
      conversation.add(message)
    }
    if conversation.messages.isEmpty { throw .invalid("input", "is missing", code: "missing_required_parameter") }
    var request = base
    var prompt = prompt
    prompt.messages = conversation.messages
    request.prompt = .chat(prompt)
    return request
  }

  /// The conversation with the answer, without the instructions, which hold for one response.
  func conversation(after earlier: [ChatMessage], with answer: Answer) -> [ChatMessage] {
    let choice = answer.choices[0]
    let reply = ChatMessage(
      role: "assistant", content: choice.content.isEmpty && !choice.toolCalls.isEmpty ? nil : choice.content,
      toolCalls: choice.toolCalls.map(\.message), reasoning: choice.reasoning.isEmpty ? nil : choice.reasoning)
    return earlier + input + [reply]
  }

  // MARK: Settings

  private static func refuseWhatIsMissing(_ fields: RequestFields) throws(APIError) {
    try fields.refuse("background", "is not supported; stream the response instead")
    try fields.refuse("conversation", "is not supported; use \"previous_response_id\" or send the whole input")
    try fields.refuse("prompt", "stored prompts are not supported; send \"instructions\" and \"input\"")
  }

  private static func readTools(_ fields: RequestFields, into prompt: inout ChatPrompt) throws(APIError) {
    for tool in try fields.objects("tools") ?? [] {
      let type = try tool.name("type")
      guard type == "function" else {
        throw .invalid(
          tool.path(of: "type"), "\"\(type.prefix(80))\" is a tool that is not here; only \"function\" tools are",
          code: "unsupported_parameter")
      }
      prompt.tools.append(try tool.tool(schema: "parameters"))
    }
    prompt.parallelToolCalls = try fields.bool("parallel_tool_calls") ?? true
    prompt.toolChoice = try toolChoice(fields)
    try prompt.checkTools(choiceAt: "tool_choice")
  }

  private static func toolChoice(_ fields: RequestFields) throws(APIError) -> ToolChoice {
    if case .object? = fields.value("tool_choice"), let choice = try fields.object("tool_choice") {
      _ = try choice.required("type", choice.word("type", of: ["function"]))
      return .named(try choice.name("name"))
    }
    return switch try fields.word("tool_choice", of: ["auto", "none", "required"]) {
    case "none": .none
    case "required": .required
    default: .auto
    }
  }

  private static func shape(_ fields: RequestFields) throws(APIError) -> AnswerShape {
    guard let format = try fields.object("text")?.object("format") else { return .anything }
    switch try format.required("type", format.word("type", of: ["text", "json_object", "json_schema"])) {
    case "json_object": return .jsonObject
    case "json_schema":
      _ = try format.name("name")
      return .jsonSchema(.object(try format.required("schema", format.object("schema")).object))
    default: return .anything
    }
  }

  private static func settings(_ fields: RequestFields, _ prompt: ChatPrompt) throws(APIError) -> JSONObject {
    let metadata = try fields.object("metadata")?.object ?? [:]
    for (key, value) in metadata where value.stringValue == nil {
      throw .invalid("metadata.\(key.prefix(80))", "must be a string, not \(value.kindName)")
    }
    var settings: JSONObject = [:]
    for key in [
      "instructions", "max_output_tokens", "previous_response_id", "temperature", "top_p", "top_logprobs",
    ] {
      settings[key] = fields.value(key) ?? .null
    }
    let reasoning = try fields.object("reasoning")
    var text = try fields.object("text")?.object ?? [:]
    if text["format"] == nil { text["format"] = ["type": "text"] }
    var strict: [JSONValue] = []
    for tool in try fields.objects("tools") ?? [] { strict.append(try tool.bool("strict").map { .bool($0) } ?? .null) }
    settings["metadata"] = .object(metadata)
    settings["parallel_tool_calls"] = .bool(prompt.parallelToolCalls)
    settings["reasoning"] = ["effort": reasoning?.value("effort") ?? .null, "summary": .null]
    settings["store"] = .bool(try fields.bool("store") ?? false)
    settings["text"] = .object(text)
    settings["tool_choice"] = fields.value("tool_choice") ?? "auto"
    settings["tools"] = .array(zip(prompt.tools, strict).map(encode))
    settings["truncation"] = fields.value("truncation") ?? "disabled"
    settings["user"] = JSONValue(try fields.string("user"))
    return settings
  }

  private static func encode(_ tool: ToolDefinition, strict: JSONValue) -> JSONValue {
    [
      "type": "function", "name": .string(tool.name), "description": JSONValue(tool.description),
      "parameters": tool.parameters ?? .null, "strict": strict,
    ]
  }
}
