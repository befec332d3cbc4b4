/// One message of a conversation, in the form that chat templates read.
public struct ChatMessage: Sendable, Equatable {
  /// What a message says.
  public enum Content: Sendable, Equatable {
    /// Plain text.
    case text(String)
    /// Typed parts, such as `{"type": "text", "text": "…"}` or `{"type": "image"}`.
    case parts([TemplateValue])
  }

  /// A call of a tool that the model asked for.
  public struct ToolCall: Sendable, Equatable {
    /// The identifier that the tool's answer refers to.
    public var id: String?
    /// The function's name.
    public var name: String
    /// The arguments as data; templates that want text write them with `tojson`.
    public var arguments: TemplateValue

    /// Makes a call of a function.
    public init(id: String? = nil, name: String, arguments: TemplateValue) {
      self.id = id
      self.name = name
      self.arguments = arguments
    }

    var templateValue: TemplateValue {
      var value: TemplateDictionary = [
        "type": "function", "function": ["name": .string(name), "arguments": arguments],
      ]
      if let id { value["id"] = .string(id) }
      return .dict(value)
    }
  }

  /// Who speaks: `system`, `developer`, `user`, `assistant`, `tool`, or what else the template knows.
  public var role: String
  /// What is said; nil is given to the template as `None`.
  public var content: Content?
  /// The speaker's or tool's name.
  public var name: String?
  /// The tools that an assistant's message calls.
  public var toolCalls: [ToolCall]
  /// The call that a tool's message answers.
  public var toolCallID: String?
  /// What the assistant thought before it answered.
  public var reasoning: String?
  /// Any further fields, which go to the template as they are.
  public var extra: TemplateDictionary

  /// Makes a message of text.
  public init(
    role: String, content: String?, name: String? = nil, toolCalls: [ToolCall] = [], toolCallID: String? = nil,
    reasoning: String? = nil, extra: TemplateDictionary = [:]
  ) {
    self.role = role
    self.content = content.map { .text($0) }
    self.name = name
    self.toolCalls = toolCalls
    self.toolCallID = toolCallID
    self.reasoning = reasoning
    self.extra = extra
  }

  /// Makes a message of typed parts.
  public init(role: String, parts: [TemplateValue]) {
    self.init(role: role, content: nil)
    content = .parts(parts)
  }

  /// All text of the message, with its parts joined.
  public var text: String {
    switch content {
    case nil: ""
    case .text(let text): text
    case .parts(let parts):
      parts.compactMap { if case .string(let text)? = $0["text"] { text } else { nil } }.joined()
    }
  }

  /// The message as the dictionary that templates read.
  ///
  /// Reasoning is passed under the names in use: `reasoning_content`, and `thinking` as gpt-oss has it
  /// (`transformers/utils/chat_template_utils.py`, `_alias_reasoning_fields`).
  public var templateValue: TemplateValue {
    var value: TemplateDictionary = ["role": .string(role)]
    switch content {
    case nil: value["content"] = TemplateValue.none
    case .text(let text): value["content"] = .string(text)
    case .parts(let parts): value["content"] = .list(parts)
    }
    if let name { value["name"] = .string(name) }
    if !toolCalls.isEmpty { value["tool_calls"] = .list(toolCalls.map(\.templateValue)) }
    if let toolCallID { value["tool_call_id"] = .string(toolCallID) }
    if let reasoning {
      value["reasoning_content"] = .string(reasoning)
      value["thinking"] = .string(reasoning)
    }
    for (key, field) in extra.entries { value[key] = field }
    return .dict(value)
  }
}
