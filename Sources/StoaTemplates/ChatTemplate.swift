/// A model's chat template: turns a conversation into the text that the model was trained to continue.
public struct ChatTemplate: Sendable {
  /// What a template can express, found by rendering small conversations with it.
  public struct Capabilities: Sendable, Equatable {
    /// A system message is shown to the model.
    public var supportsSystemRole = false
    /// Descriptions of tools are shown to the model.
    public var supportsTools = false
    /// An assistant's tool calls are shown to the model.
    public var supportsToolCalls = false
    /// Messages of the role `tool` are shown to the model.
    public var supportsToolResults = false
    /// Content may be a list of typed parts.
    public var supportsTypedContent = false
    /// Content must be a list of typed parts; plain text is not shown.
    public var requiresTypedContent = false
    /// The arguments of tool calls must be JSON text; as data they are refused.
    public var requiresTextArguments = false
    /// The list of tools must be there, if empty; without one the template fails.
    public var requiresToolList = false
    /// An assistant's reasoning is shown, at least in the last turn.
    public var supportsReasoning = false
    /// The template asks for the date.
    public var usesDate = false
  }

  /// What the template can express.
  public let capabilities: Capabilities
  /// The source of the template.
  public let source: String
  private let template: Template
  private let tokens: [String: TemplateValue]

  /// Parses a template and probes what it can express.
  ///
  /// `bosToken` and `eosToken` are the texts of the model's special tokens, empty when it has none. Throws
  /// `TemplateError` when the source is not a template; probing never throws.
  public init(
    source: String, bosToken: String, eosToken: String, limits: TemplateLimits = .standard
  ) throws(TemplateError) {
    self.source = source
    template = try Template(source: source, limits: limits)
    tokens = ["bos_token": .string(bosToken), "eos_token": .string(eosToken)]
    capabilities = ChatTemplate.probe(template.bounded(steps: 1_000_000), tokens)
  }

  /// Renders a conversation.
  ///
  /// `tools` is a list of JSON schemas; `extra` adds or replaces variables, such as `enable_thinking`; `now` is the
  /// date that the template may show. Gaps of the template are filled: a system message that the template rejects or
  /// drops is put before the text of the first user message; content is given as text or as parts, and the arguments
  /// of tool calls as data or as JSON text, whichever the template reads. Throws `TemplateError`; of kind `.raised`
  /// when the template refuses the conversation.
  public func render(
    messages: [ChatMessage], tools: TemplateValue? = nil, addGenerationPrompt: Bool = true,
    extra: [String: TemplateValue] = [:], now: TemplateDate? = nil
  ) throws(TemplateError) -> String {
    let adapted = adapt(messages).map(\.templateValue)
    return try render(
      messages: .list(adapted), tools: tools ?? (capabilities.requiresToolList ? [] : nil),
      addGenerationPrompt: addGenerationPrompt, extra: extra, now: now)
  }

  /// Renders a conversation given as data, exactly as it is, without filling gaps of the template.
  public func render(
    messages: TemplateValue, tools: TemplateValue? = nil, addGenerationPrompt: Bool = true,
    extra: [String: TemplateValue] = [:], now: TemplateDate? = nil
  ) throws(TemplateError) -> String {
    var context = tokens
    context["messages"] = messages
    context["tools"] = tools ?? TemplateValue.none
    context["documents"] = TemplateValue.none
    context["add_generation_prompt"] = .bool(addGenerationPrompt)
    context.merge(extra) { $1 }
    return try template.render(context, now: now)
  }

  // MARK: Filling gaps

  private func adapt(_ messages: [ChatMessage]) -> [ChatMessage] {
    var result = messages
    if !capabilities.supportsSystemRole, let first = result.first, ["system", "developer"].contains(first.role),
      let user = result.firstIndex(where: { $0.role == "user" })
    {
      result[user].prepend(first.text)
      result.removeFirst()
    }
    for i in result.indices {
      if capabilities.requiresTextArguments {
        for call in result[i].toolCalls.indices {
          if case .string = result[i].toolCalls[call].arguments { continue }
          result[i].toolCalls[call].arguments = .string(result[i].toolCalls[call].arguments.json)
        }
      }
      switch result[i].content {
      case .text(let text)? where capabilities.requiresTypedContent:
        result[i].content = .parts([["type": "text", "text": .string(text)]])
      case .parts(let parts)? where !capabilities.supportsTypedContent:
        if parts.allSatisfy({ $0["text"] != nil }) { result[i].content = .text(result[i].text) }
      default: break
      }
    }
    return result
  }
}

extension ChatMessage {
  fileprivate mutating func prepend(_ text: String) {
    switch content {
    case nil: content = .text(text)
    case .text(let own)?: content = .text(text + "\n\n" + own)
    case .parts(let parts)?: content = .parts([["type": "text", "text": .string(text + "\n\n")]] + parts)
    }
  }
}

// MARK: - Probing

extension ChatTemplate {
  /// Words that no template contains, so that finding them in the output proves that they were shown.
  private enum Mark {
    static let system = "q7systemq7"
    static let user = "q7userq7"
    static let tool = "q7toolq7"
    static let call = "q7callq7"
    static let argument = "q7argumentq7"
    static let result = "q7resultq7"
    static let reasoning = "q7reasoningq7"
  }

  private static func probe(_ template: Template, _ tokens: [String: TemplateValue]) -> Capabilities {
    var result = Capabilities()
    func shows(_ mark: String, _ messages: [ChatMessage], tools: TemplateValue? = nil) -> Bool {
      var context = tokens
      context["messages"] = .list(messages.map(\.templateValue))
      context["tools"] = tools ?? (result.requiresToolList ? [] : TemplateValue.none)
      context["documents"] = TemplateValue.none
      context["add_generation_prompt"] = true
      let date = TemplateDate(year: 2000, month: 1, day: 1)
      guard let text = try? template.render(context, now: date) else { return false }
      return text.contains(mark)
    }
    let user = ChatMessage(role: "user", content: Mark.user)
    let typedUser = ChatMessage(role: "user", parts: [["type": "text", "text": .string(Mark.user)]])
    result.requiresToolList =
      !shows(Mark.user, [user]) && !shows(Mark.user, [typedUser])
      && (shows(Mark.user, [user], tools: []) || shows(Mark.user, [typedUser], tools: []))
    result.requiresTypedContent = !shows(Mark.user, [user]) && shows(Mark.user, [typedUser])
    result.supportsTypedContent = shows(Mark.user, [typedUser]) && !shows("'text'", [typedUser])

    func message(_ role: String, _ text: String) -> ChatMessage {
      result.requiresTypedContent
        ? ChatMessage(role: role, parts: [["type": "text", "text": .string(text)]])
        : ChatMessage(role: role, content: text)
    }
    let question = message("user", Mark.user)
    result.supportsSystemRole = shows(Mark.system, [message("system", Mark.system), question])
    let tool: TemplateValue = [
      "type": "function",
      "function": [
        "name": .string(Mark.tool), "description": "Looks something up.",
        "parameters": [
          "type": "object", "properties": ["key": ["type": "string", "description": "What."]], "required": ["key"],
        ],
      ],
    ]
    result.supportsTools = shows(Mark.tool, [question], tools: [tool])
    var answer = message("tool", Mark.result)
    answer.name = Mark.call
    answer.toolCallID = "abcdefghi"
    func showsCalls(_ arguments: TemplateValue) -> Bool {
      var call = ChatMessage(
        role: "assistant", content: "", toolCalls: [.init(id: "abcdefghi", name: Mark.call, arguments: arguments)])
      if result.requiresTypedContent { call.content = .parts([]) }
      result.supportsToolResults = shows(Mark.result, [question, call, answer], tools: [tool])
      return [Mark.call, Mark.argument].contains { shows($0, [question, call, answer], tools: [tool]) }
    }
    let arguments: TemplateValue = ["key": .string(Mark.argument)]
    result.supportsToolCalls = showsCalls(arguments)
    if !result.supportsToolCalls, !result.supportsToolResults, showsCalls(.string(arguments.json)) {
      result.supportsToolCalls = true
      result.requiresTextArguments = true
    }
    var thought = message("assistant", "yes")
    thought.reasoning = Mark.reasoning
    result.supportsReasoning = shows(Mark.reasoning, [question, thought])
    result.usesDate = template.mentions("strftime_now")
    return result
  }
}
