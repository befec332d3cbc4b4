import StoaDialogue
import StoaFormats
import StoaTemplates

/// Requests of Anthropic's `POST /v1/messages` and `/v1/messages/count_tokens`.
///
/// What asks for nothing that changes an answer here is ignored: `metadata`, `service_tier`, `cache_control` and
/// fields that are not known. `seed` is an extension.
enum AnthropicMessages {
  /// Reads a request for an answer, and whether to stream it.
  static func decode(_ object: JSONObject) throws(APIError) -> (request: AnswerRequest, streams: Bool) {
    let fields = RequestFields(object)
    var request = try prompt(fields)
    request.maxTokens = try fields.required("max_tokens", fields.int("max_tokens", in: 1...Int.max))
    request.stop = try fields.stopStrings("stop_sequences")
    request.sampling.temperature = try fields.double("temperature", in: 0...1)
    request.sampling.topK = try fields.int("top_k", in: 0...Int.max)
    request.sampling.topP = try fields.share("top_p")
    request.sampling.seed = try fields.seed("seed")
    return (request, try fields.bool("stream") ?? false)
  }

  /// Reads a request to count the tokens of a prompt.
  static func decodeForCounting(_ object: JSONObject) throws(APIError) -> AnswerRequest {
    try prompt(RequestFields(object))
  }

  private static func prompt(_ fields: RequestFields) throws(APIError) -> AnswerRequest {
    try fields.refuse("mcp_servers", "cannot be used here; give the tools themselves in \"tools\"")
    try fields.refuse("container", "cannot be used here, where no code runs")
    let model = try fields.name("model")
    var conversation = WireConversation()
    if let system = try text(fields, "system") { conversation.add(ChatMessage(role: "system", content: system)) }
    let messages = try fields.required("messages", fields.objects("messages"))
    if messages.isEmpty { throw .invalid("messages", "must not be empty") }
    for message in messages { try add(message, to: &conversation) }

    var prompt = ChatPrompt(messages: conversation.messages)
    if let last = conversation.messages.last, last.role == "assistant" {
      guard last.toolCalls.isEmpty else {
        throw .invalid(
          "messages[\(messages.count - 1)]", "calls a tool; add a user message with the \"tool_result\" of each call")
      }
      prompt.continuesLastMessage = true
    }
    try readTools(fields, into: &prompt)
    try readThinking(fields, into: &prompt)
    var request = AnswerRequest(model: model, prompt: .chat(prompt))
    request.shape = try shape(fields)
    return request
  }

  // MARK: Messages

  private static func add(_ message: RequestFields, to conversation: inout WireConversation) throws(APIError) {
    let role = try message.required("role", message.word("role", of: ["user", "assistant", "system"]))
    let blocks = try message.required("content", blocks(message, "content"))
    switch role {
    case "user": try addUserTurn(blocks, to: &conversation)
    case "assistant": try addAssistantTurn(blocks, to: &conversation)
    default: conversation.add(ChatMessage(role: role, content: try text(blocks)))
    }
  }

  /// Results of tools become messages of their own, in their order among the texts.
  private static func addUserTurn(
    _ blocks: [RequestFields], to conversation: inout WireConversation
  ) throws(APIError) {
    var texts: [RequestFields] = []
    var hasResults = false
    for block in blocks {
      guard try type(of: block) == "tool_result" else {
        texts.append(block)
        continue
      }
      if !texts.isEmpty { conversation.add(ChatMessage(role: "user", content: try text(texts))) }
      texts = []
      hasResults = true
      let id = try block.name("tool_use_id")
      guard conversation.hasCall(id) else {
        throw .invalid(
          block.path(of: "tool_use_id"), "\"\(id.prefix(80))\" belongs to no \"tool_use\" block of an earlier message")
      }
      var result = try text(block, "content") ?? ""
      if try block.bool("is_error") ?? false, !result.lowercased().hasPrefix("error") {
        result = result.isEmpty ? "Error" : "Error: \(result)"
      }
      conversation.add(ChatMessage(role: "tool", content: result, toolCallID: id))
    }
    if !texts.isEmpty || !hasResults { conversation.add(ChatMessage(role: "user", content: try text(texts))) }
  }

  private static func addAssistantTurn(
    _ blocks: [RequestFields], to conversation: inout WireConversation
  ) throws(APIError) {
    var texts: [String] = []
    var thoughts: [String] = []
    var calls: [ChatMessage.ToolCall] = []
    for block in blocks {
      switch try type(of: block) {
      case "text": texts.append(try block.required("text", block.string("text")))
      case "thinking": thoughts.append(try block.required("thinking", block.string("thinking")))
      case "redacted_thinking": break
      case "tool_use":
        let input = try block.required("input", block.object("input"))
        calls.append(
          .init(id: try block.name("id"), name: try block.name("name"), arguments: TemplateValue(.object(input.object)))
        )
      case let other: throw refusal(block, other)
      }
    }
    conversation.add(
      ChatMessage(
        role: "assistant", content: WireConversation.joined(texts) ?? (calls.isEmpty ? "" : nil), toolCalls: calls,
        reasoning: WireConversation.joined(thoughts)))
  }

  /// The blocks of a member that may also be a string, which stands for one block of text.
  private static func blocks(_ fields: RequestFields, _ key: String) throws(APIError) -> [RequestFields]? {
    guard let text = fields.value(key)?.stringValue else { return try fields.objects(key) }
    return [RequestFields(["type": "text", "text": .string(text)], path: fields.path(of: key))]
  }

  /// The text of a member that is a string or blocks of text.
  private static func text(_ fields: RequestFields, _ key: String) throws(APIError) -> String? {
    guard let blocks = try blocks(fields, key) else { return nil }
    return try text(blocks)
  }

  private static func text(_ blocks: [RequestFields]) throws(APIError) -> String {
    var texts: [String] = []
    for block in blocks {
      let type = try type(of: block)
      guard type == "text" else { throw refusal(block, type) }
      texts.append(try block.required("text", block.string("text")))
    }
    return WireConversation.joined(texts) ?? ""
  }

  private static func type(of block: RequestFields) throws(APIError) -> String {
    try block.required("type", block.string("type"))
  }

  private static func refusal(_ block: RequestFields, _ type: String) -> APIError {
    let reason =
      switch type {
      case "image", "document": "the models here read text only; send the text of the \(type)"
      case "tool_use": "tools are called in assistant messages"
      case "tool_result": "results of tools belong in user messages"
      case "thinking", "redacted_thinking": "thinking belongs in assistant messages"
      default: "blocks of this type are not supported here; send their content as text"
      }
    return .invalid(block.path(of: "type"), "\"\(type.prefix(80))\": \(reason)")
  }

  // MARK: Tools and settings

  private static func readTools(_ fields: RequestFields, into prompt: inout ChatPrompt) throws(APIError) {
    for tool in try fields.objects("tools") ?? [] {
      if let type = try tool.string("type"), type != "custom" {
        throw .invalid(
          tool.path(of: "type"),
          "\"\(type.prefix(80))\" is a tool of Anthropic's that is not here; describe your own by \"input_schema\"")
      }
      _ = try tool.required("input_schema", tool.object("input_schema"))
      prompt.tools.append(try tool.tool(schema: "input_schema"))
    }
    guard let choice = try fields.object("tool_choice") else {
      try prompt.checkTools(choiceAt: "tools")
      return
    }
    switch try choice.required("type", choice.word("type", of: ["auto", "any", "tool", "none"])) {
    case "any": prompt.toolChoice = .required
    case "tool": prompt.toolChoice = .named(try choice.name("name"))
    case "none": prompt.toolChoice = .none
    default: prompt.toolChoice = .auto
    }
    prompt.parallelToolCalls = try !(choice.bool("disable_parallel_tool_use") ?? false)
    try prompt.checkTools(choiceAt: "tool_choice")
  }

  private static func readThinking(_ fields: RequestFields, into prompt: inout ChatPrompt) throws(APIError) {
    if let thinking = try fields.object("thinking") {
      let types = ["enabled", "disabled", "adaptive", "between_tools"]
      switch try thinking.required("type", thinking.word("type", of: types)) {
      case "enabled": prompt.thinks = true
      case "disabled": prompt.thinks = false
      default: break
      }
      _ = try thinking.int("budget_tokens", in: 1...Int.max)
    }
    let efforts = ["low", "medium", "high", "xhigh", "max"]
    if let effort = try fields.object("output_config")?.word("effort", of: efforts) { prompt.setEffort(effort) }
  }

  /// The schema of the answer: of `output_config.format`, or of `output_format` as it was called before.
  private static func shape(_ fields: RequestFields) throws(APIError) -> AnswerShape {
    let earlier = try fields.object("output_format")
    guard let format = try fields.object("output_config")?.object("format") ?? earlier else { return .anything }
    _ = try format.required("type", format.word("type", of: ["json_schema"]))
    let schema = try format.required("schema", format.object("schema"))
    return .jsonSchema(.object(schema.object))
  }
}
