import StoaTemplates
import StoaTestSupport
import Testing

@testable import StoaDialogue

@Suite struct ToolHistoryTests {
  static let messages: [ChatMessage] = [
    ChatMessage(role: "user", content: "Weather?"),
    ChatMessage(
      role: "assistant", content: "Wait.",
      toolCalls: [
        .init(id: "abcdefghi", name: "get_weather", arguments: ["city": "Łódź"]),
        .init(id: "abcdefghj", name: "now", arguments: "{}"),
      ]),
    ChatMessage(role: "tool", content: "rain", name: "get_weather", toolCallID: "abcdefghi"),
    ChatMessage(role: "tool", content: "noon", name: "now", toolCallID: "abcdefghj"),
    ChatMessage(role: "user", content: "And?"),
  ]

  static func capabilities(_ source: String) throws -> ChatTemplate.Capabilities {
    try ChatTemplate(source: source, bosToken: "", eosToken: "").capabilities
  }

  @Test func writesCallsAndResultsAsText() throws {
    let generic = DialogueFormat(template: nil)
    let capabilities = try Self.capabilities("{% for m in messages %}{{ m.content }}{% endfor %}")
    let adapted = generic.adapted(Self.messages, for: capabilities)
    let call = """
      Wait.
      <tool_call>
      {"name": "get_weather", "arguments": {"city": "Łódź"}}
      </tool_call>
      <tool_call>
      {"name": "now", "arguments": {}}
      </tool_call>
      """
    let results = "<tool_response>\nrain\n</tool_response>\n<tool_response>\nnoon\n</tool_response>\n\nAnd?"
    #expect(
      adapted == [
        Self.messages[0], ChatMessage(role: "assistant", content: call), ChatMessage(role: "user", content: results),
      ])
    #expect(
      AnswerParserTests.parse([call], generic)
        == .init(content: "Wait.", calls: [#"get_weather{"city": "Łódź"}"#, "now{}"]))
  }

  @Test func leavesWhatTheTemplateShows() throws {
    let capabilities = try Self.capabilities(
      "{% for m in messages %}{{ m.content }}{{ m.tool_calls | default([]) | tojson }}{% endfor %}")
    let hermes = DialogueFormat(calls: .hermes)
    #expect(hermes.adapted(Self.messages, for: capabilities) == Self.messages)
    #expect(DialogueFormat(calls: .generic).adapted(Self.messages, for: capabilities) != Self.messages)
  }

  @Test(
    "Every published template shows tools, calls and results, or is given them as text", .oracle(DetectionTests.folder))
  func shown() throws {
    let tools = AnswerParserTests.tools
    for (name, source) in DetectionTests.templates() {
      let template = try ChatTemplate(source: source, bosToken: "", eosToken: "")
      let format = DialogueFormat(template)
      let instructions = format.instructions(for: tools, choice: .auto)
      #expect((instructions == nil) == format.templateShowsTools, "\(name)")
      var messages = Self.messages
      // Few templates take arguments as text.
      messages[1].toolCalls[1].arguments = [:]
      if !format.calls.allowsSeveralCalls {
        messages[1].toolCalls.removeLast()
        messages.remove(at: 3)
      }
      messages[messages.count - 1] = ChatMessage(role: "assistant", content: "Rain.")
      messages.append(ChatMessage(role: "user", content: "Thanks."))
      if let instructions { messages.insert(ChatMessage(role: "system", content: instructions), at: 0) }
      let text = try template.render(
        messages: format.adapted(messages, for: template.capabilities),
        tools: format.templateShowsTools ? .list(tools.map(\.templateValue)) : nil,
        now: TemplateDate(year: 2025, month: 7, day: 4))
      for word in ["get_weather", "Looks up the weather.", "Łódź", "rain"] {
        #expect(text.contains(word), "\(name): \(word)\n\(text)")
      }
    }
  }
}
