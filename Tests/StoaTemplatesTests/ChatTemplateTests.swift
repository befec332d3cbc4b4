import StoaTestSupport
import Testing

@testable import StoaTemplates

@Suite struct ChatTemplateTests {
  /// ChatML with tools, calls, results and reasoning.
  static let rich = """
    {%- if tools %}{{ '<|tools|>' ~ tools|tojson ~ '\n' }}{% endif %}
    {%- for m in messages %}
    {{- '<|im_start|>' ~ m.role ~ '\n' }}
    {%- if m.reasoning_content %}{{ '<think>' ~ m.reasoning_content ~ '</think>' }}{% endif %}
    {%- if m.content is string %}{{ m.content }}
    {%- elif m.content %}{% for part in m.content %}{{ part.text }}{% endfor %}{% endif %}
    {%- for call in m.tool_calls or [] %}{{ '<call>' ~ call.function|tojson ~ '</call>' }}{% endfor %}
    {{- '<|im_end|>\n' }}
    {%- endfor %}
    {%- if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}
    """
  /// Refuses the system role, as Gemma's first templates did.
  static let strict = """
    {{ bos_token }}{% for m in messages %}
    {%- if m.role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}
    {%- if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Roles must alternate') }}{% endif %}
    {{- '<' ~ m.role ~ '>' ~ m.content|trim ~ eos_token }}{% endfor %}
    """

  static func template(_ source: String) throws -> ChatTemplate {
    try ChatTemplate(source: source, bosToken: "<s>", eosToken: "</s>")
  }

  @Test func probesCapabilities() throws {
    let rich = try Self.template(Self.rich).capabilities
    #expect(rich.supportsSystemRole && rich.supportsTools && rich.supportsToolCalls && rich.supportsToolResults)
    #expect(rich.supportsTypedContent && !rich.requiresTypedContent && rich.supportsReasoning && !rich.usesDate)
    let strict = try Self.template(Self.strict).capabilities
    #expect(strict == ChatTemplate.Capabilities())
    let parts = try Self.template(
      "{% for m in messages %}{% for part in m.content %}{{ part.text }}{% endfor %}{% endfor %}{{ strftime_now('%Y') }}"
    )
    #expect(parts.capabilities.requiresTypedContent && parts.capabilities.usesDate)
    #expect(parts.capabilities.supportsSystemRole)
  }

  @Test func rendersConversation() throws {
    let text = try Self.template(Self.rich).render(
      messages: [
        ChatMessage(role: "system", content: "Be brief."), ChatMessage(role: "user", content: "Hi"),
        ChatMessage(
          role: "assistant", content: nil,
          toolCalls: [.init(id: "1", name: "f", arguments: ["b": 1, "a": [true, nil]])],
          reasoning: "hm"),
        ChatMessage(role: "tool", content: "42", name: "f", toolCallID: "1"),
      ], tools: [["name": "f"]])
    #expect(
      text == """
        <|tools|>[{"name": "f"}]
        <|im_start|>system
        Be brief.<|im_end|>
        <|im_start|>user
        Hi<|im_end|>
        <|im_start|>assistant
        <think>hm</think><call>{"name": "f", "arguments": {"b": 1, "a": [true, null]}}</call><|im_end|>
        <|im_start|>tool
        42<|im_end|>
        <|im_start|>assistant

        """)
  }

  @Test func foldsSystemTextIntoFirstUserMessage() throws {
    let template = try Self.template(Self.strict)
    let messages = [ChatMessage(role: "system", content: "Rules."), ChatMessage(role: "user", content: "Hi")]
    #expect(try template.render(messages: messages) == "<s><user>Rules.\n\nHi</s>")
    #expect(throws: TemplateError.self) { try template.render(messages: .list(messages.map(\.templateValue))) }
  }

  @Test func convertsContentToWhatTheTemplateReads() throws {
    let parts = ChatMessage(role: "user", parts: [["type": "text", "text": "a"], ["type": "text", "text": "b"]])
    #expect(try Self.template(Self.strict).render(messages: [parts]) == "<s><user>ab</s>")
    let typed = try Self.template(
      "{% for m in messages %}{% for part in m.content %}{{ part.text }};{% endfor %}{% endfor %}")
    #expect(try typed.render(messages: [ChatMessage(role: "user", content: "x")]) == "x;")
  }

  @Test func fillsInToolListAndTextArguments() throws {
    let needsList = try Self.template("{% for t in tools %}{{ t.name }};{% endfor %}{{ messages[-1].content }}")
    #expect(needsList.capabilities.requiresToolList)
    #expect(try needsList.render(messages: [ChatMessage(role: "user", content: "x")]) == "x")
    let needsText = try Self.template(
      "{% for m in messages %}{{ m.content }}{% for c in m.tool_calls or [] %}{{ '!' + c.function.arguments }}{% endfor %}{% endfor %}"
    )
    #expect(needsText.capabilities.requiresTextArguments && needsText.capabilities.supportsToolResults)
    let call = ChatMessage(
      role: "assistant", content: "", toolCalls: [.init(name: "f", arguments: ["b": [1, 2.5], "a": "é\n"])])
    #expect(try needsText.render(messages: [call]) == #"!{"b": [1, 2.5], "a": "é\n"}"#)
  }

  @Test func passesExtraVariables() throws {
    let template = try Self.template(
      "{{ enable_thinking }}{{ add_generation_prompt }}{{ bos_token }}{{ messages[0].x }}")
    let message = ChatMessage(role: "user", content: "", extra: ["x": "y"])
    let text = try template.render(
      messages: [message], addGenerationPrompt: false, extra: ["enable_thinking": false, "bos_token": "!"])
    #expect(text == "FalseFalse!y")
  }

  @Test func refusalCarriesTheTemplatesWords() throws {
    let template = try Self.template(Self.strict)
    let user = ChatMessage(role: "user", content: "a")
    #expect(throws: TemplateError(.raised, "Roles must alternate", line: 3)) {
      try template.render(messages: [user, user])
    }
  }

  @Test func dateComesFromTheCaller() throws {
    let template = try Template(source: "{{ strftime_now('%d %B %Y') if strftime_now is defined else 'no date' }}")
    #expect(try template.render() == "no date")
    #expect(try template.render(now: TemplateDate(year: 2024, month: 2, day: 29)) == "29 February 2024")
  }

  /// Every published template can be asked, and gives its users' words back.
  @Test(.oracle(PublishedTemplateTests.folder)) func publishedTemplatesShowTheConversation() throws {
    for (name, source) in PublishedTemplateTests.templates() {
      let template = try Self.template(source)
      let text = try template.render(
        messages: [
          ChatMessage(role: "system", content: "Speak plainly."), ChatMessage(role: "user", content: "First?"),
          ChatMessage(role: "assistant", content: "Indeed."), ChatMessage(role: "user", content: "Second?"),
        ], now: TemplateDate(year: 2025, month: 1, day: 2))
      for word in ["Speak plainly.", "First?", "Indeed.", "Second?"] {
        #expect(text.contains(word), "\(name): \(word)")
      }
    }
  }
}
