import StoaDialogue
import StoaFormats
import StoaTemplates

/// `POST /v1/chat/completions`: the request.
///
/// Source: OpenAI API reference, "Create chat completion".
enum OpenAIChat {
  /// A request, and how its answer is to be sent.
  struct Decoded {
    var request: AnswerRequest
    var streams: Bool
    var includesUsage: Bool
  }

  static func decode(_ body: JSONObject) throws(APIError) -> Decoded {
    let fields = RequestFields(body)
    let items = try fields.required("messages", fields.objects("messages"))
    guard !items.isEmpty else { throw .invalid("messages", "is empty") }
    var messages: [ChatMessage] = []
    for item in items { messages.append(try message(item)) }
    var chat = ChatPrompt(messages: messages)
    chat.tools = try tools(fields)
    chat.toolChoice = try toolChoice(fields)
    try chat.checkTools(choiceAt: "tool_choice")
    chat.parallelToolCalls = try fields.bool("parallel_tool_calls") ?? true
    let isPrefix = try items.last?.bool("prefix") ?? false
    chat.continuesLastMessage = try fields.bool("continue_final_message") ?? isPrefix
    if let variables = try fields.object("chat_template_kwargs") {
      for (key, value) in variables.object { chat.variables[key] = TemplateValue(value) }
    }
    if let effort = try fields.string("reasoning_effort") {
      chat.variables["reasoning_effort"] = .string(effort)
      chat.thinks = effort != "none"
    }
    var request = AnswerRequest(model: try fields.string("model") ?? "", prompt: .chat(chat))
    try OpenAISampling.read(fields, into: &request)
    request.maxTokens = try fields.int(fields.key("max_completion_tokens", "max_tokens"), in: 1...Int.max)
    request.shape = try OpenAISampling.shape(fields)
    if try fields.bool("logprobs") ?? false {
      request.topLogprobs = try fields.int("top_logprobs", in: 0...20) ?? 0
    } else if fields.has("top_logprobs") {
      throw .invalid("top_logprobs", "needs logprobs to be true")
    }
    for modality in try fields.strings("modalities") ?? [] where modality != "text" {
      throw .invalid("modalities", "only text is generated")
    }
    if fields.has("audio") { throw .invalid("audio", "only text is generated") }
    let streams = try fields.bool("stream") ?? false
    let options = try fields.object("stream_options")
    return Decoded(
      request: request, streams: streams, includesUsage: try options?.bool("include_usage") ?? false)
  }

  // MARK: Messages

  private static func message(_ fields: RequestFields) throws(APIError) -> ChatMessage {
    let role = try fields.required(
      "role", fields.word("role", of: ["system", "developer", "user", "assistant", "tool", "function"]))
    var message = ChatMessage(role: role == "function" ? "tool" : role == "developer" ? "system" : role, content: nil)
    message.content = try content(fields)
    message.name = try fields.string("name")
    message.toolCallID = try fields.string("tool_call_id")
    message.reasoning = try fields.string(fields.key("reasoning_content", "reasoning"))
    if let calls = try fields.objects("tool_calls") {
      for call in calls { message.toolCalls.append(try toolCall(call)) }
    } else if let call = try fields.object("function_call") {
      message.toolCalls = [try function(call, id: nil)]
    }
    if message.content == nil, message.toolCalls.isEmpty, role != "assistant" {
      throw .invalid(fields.path(of: "content"), "is missing", code: "missing_required_parameter")
    }
    return message
  }

  private static func content(_ fields: RequestFields) throws(APIError) -> ChatMessage.Content? {
    guard let value = fields.value("content") else { return nil }
    if let text = value.stringValue { return .text(text) }
    guard let parts = value.arrayValue else {
      throw .invalid(fields.path(of: "content"), "must be a string or an array of parts, not \(value.kindName)")
    }
    var text = ""
    for (index, part) in parts.enumerated() {
      let path = "\(fields.path(of: "content"))[\(index)]"
      if let piece = part.stringValue {
        text += piece
        continue
      }
      guard let object = part.objectValue else { throw .invalid(path, "must be an object, not \(part.kindName)") }
      let part = RequestFields(object, path: path)
      switch try part.required("type", part.string("type")) {
      case "text", "input_text", "output_text": text += try part.required("text", part.string("text"))
      case "refusal": text += try part.required("refusal", part.string("refusal"))
      case let type: throw .invalid(part.path(of: "type"), "\"\(type.prefix(40))\" is not supported; only text is read")
      }
    }
    return .text(text)
  }

  private static func toolCall(_ fields: RequestFields) throws(APIError) -> ChatMessage.ToolCall {
    try function(try fields.required("function", fields.object("function")), id: try fields.string("id"))
  }

  private static func function(_ fields: RequestFields, id: String?) throws(APIError) -> ChatMessage.ToolCall {
    let name = try fields.required("name", fields.string("name"))
    var arguments = TemplateValue.dict([:])
    switch fields.value("arguments") {
    case nil: break
    case .string(let text)? where text.isEmpty: break
    case .string(let text)?: arguments = TemplateValue(arguments: text)
    case let value?: arguments = TemplateValue(value)
    }
    return ChatMessage.ToolCall(id: id, name: name, arguments: arguments)
  }

  // MARK: Tools

  static func tools(_ fields: RequestFields) throws(APIError) -> [ToolDefinition] {
    var tools: [ToolDefinition] = []
    for item in try fields.objects("tools") ?? [] {
      let type = try item.string("type") ?? "function"
      guard type == "function" else {
        throw .invalid(item.path(of: "type"), "\"\(type.prefix(40))\" is not supported; only functions are")
      }
      tools.append(try item.required("function", item.object("function")).tool(schema: "parameters"))
    }
    for item in try fields.objects("functions") ?? [] { tools.append(try item.tool(schema: "parameters")) }
    return tools
  }

  private static func toolChoice(_ fields: RequestFields) throws(APIError) -> ToolChoice {
    guard let value = fields.value("tool_choice") ?? fields.value("function_call") else { return .auto }
    if let word = value.stringValue {
      switch word {
      case "auto": return .auto
      case "none": return .none
      case "required", "any": return .required
      default: throw .invalid("tool_choice", "must be \"auto\", \"none\", \"required\" or name a function")
      }
    }
    guard let object = value.objectValue else {
      throw .invalid("tool_choice", "must be a string or an object, not \(value.kindName)")
    }
    let named = RequestFields(object, path: "tool_choice")
    let function = try named.object("function") ?? named
    return .named(try function.required("name", function.string("name")))
  }
}
