import StoaFormats
import StoaTestSupport
import Testing

@testable import StoaDialogue

@Suite struct AnswerParserTests {
  static let tools = [
    ToolDefinition(
      name: "get_weather", description: "Looks up the weather.",
      parameters: [
        "type": "object", "properties": ["city": ["type": "string"], "days": ["type": "integer"]], "required": ["city"],
      ]),
    ToolDefinition(name: "now"),
  ]

  /// What an answer comes to: content, reasoning and calls as `name(arguments)`.
  struct Outcome: Equatable {
    var content = ""
    var reasoning = ""
    var calls: [String] = []
  }

  /// The outcome of an answer that comes in some pieces; checks the order of the parts.
  static func parse(
    _ pieces: [String], _ format: DialogueFormat, tools: [ToolDefinition] = tools, startsInReasoning: Bool = false
  ) -> Outcome {
    var parser = AnswerParser(
      format: format, tools: tools, startsInReasoning: startsInReasoning, ids: CallIDs(seed: 1, format: format.calls))
    var outcome = Outcome()
    var isOpen = false
    for part in pieces.flatMap({ parser.append($0) }) + parser.finish() {
      switch part {
      case .content(let text):
        #expect(!isOpen && !text.isEmpty)
        outcome.content += text
      case .reasoning(let text):
        #expect(!isOpen && !text.isEmpty && outcome.content.isEmpty)
        outcome.reasoning += text
      case .toolCall(let index, let id, let name):
        #expect(!isOpen && index == outcome.calls.count && !id.isEmpty)
        isOpen = true
        outcome.calls.append(name)
      case .toolArguments(let index, let text):
        #expect(isOpen && index == outcome.calls.count - 1)
        outcome.calls[index] += text
      case .toolCallEnd(let index):
        #expect(isOpen && index == outcome.calls.count - 1)
        isOpen = false
      }
    }
    #expect(!isOpen)
    return outcome
  }

  static let one = #"get_weather{"city": "Łódź", "days": 2}"#
  static let two = #"now{}"#

  /// Answers with a call of the weather in Łódź and, where there is `two`, of the time.
  static let good: [(format: CallFormat, text: String, content: String, calls: [String])] = [
    (.llama3, #"{"name": "get_weather", "parameters": {"city": "Łódź", "days": 2}}"#, "", [one]),
    (.llama3, " {\"name\": \"get_weather\", \"arguments\": {\"city\": \"Łódź\", \"days\": 2}}\n", "", [one]),
    (.llama3, #"<|python_tag|>{"type": "function", "name": "now", "parameters": {}}"#, "", [two]),
    (
      .mistralList,
      #"[TOOL_CALLS][{"name": "get_weather", "arguments": {"city": "Łódź", "days": 2}}, {"name": "now", "arguments": {}}]"#,
      "", [one, two]
    ),
    (.mistralList, #"[TOOL_CALLS] [{"arguments": {}, "name": "now", "id": "abcdefghi"}]"#, "", [two]),
    (.mistralList, #"So: [TOOL_CALLS]now[ARGS]{}"#, "So:", [two]),
    (
      .mistralNamed, #"[TOOL_CALLS]get_weather[ARGS]{"city": "Łódź", "days": 2}[TOOL_CALLS]now[CALL_ID]a1[ARGS]{}"#, "",
      [one, two]
    ),
    (
      .hermes,
      "I look.\n<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Łódź\", \"days\": 2}}\n</tool_call>\n"
        + "<tool_call>{\"name\": \"now\", \"arguments\": \"{}\"}</tool_call>\n", "I look.", [one, two]
    ),
    (.generic, "<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>", "", [two]),
    (
      .deepseekV3,
      "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_weather\n```json\n{\"city\": \"Łódź\", \"days\": 2}\n"
        + "```<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>now\n```json\n{}\n```<｜tool▁call▁end｜>"
        + "<｜tool▁calls▁end｜>", "", [one, two]
    ),
    (
      .deepseekV31,
      "Yes.\n\n<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>get_weather<｜tool▁sep｜>{\"city\": \"Łódź\", \"days\": 2}"
        + "<｜tool▁call▁end｜><｜tool▁call▁begin｜>now<｜tool▁sep｜>{}<｜tool▁call▁end｜><｜tool▁calls▁end｜>", "Yes.",
      [one, two]
    ),
    (
      .kimi,
      "<|tool_calls_section_begin|><|tool_call_begin|>functions.get_weather:0<|tool_call_argument_begin|>"
        + "{\"city\": \"Łódź\", \"days\": 2}<|tool_call_end|><|tool_call_begin|>functions.now:1"
        + "<|tool_call_argument_begin|>{}<|tool_call_end|><|tool_calls_section_end|>", "", [one, two]
    ),
    (
      .functionary, "<function=get_weather>{\"city\": \"Łódź\", \"days\": 2}</function><function=now>{}</function>", "",
      [one, two]
    ),
    (.granite, #"<|tool_call|>[{"name": "now", "arguments": {}}]"#, "", [two]),
    (
      .command,
      "<|START_ACTION|>[\n    {\"tool_call_id\": \"0\", \"tool_name\": \"now\", \"parameters\": {}}\n]<|END_ACTION|>",
      "",
      [two]
    ),
    (
      .nemotron,
      #"<TOOLCALL>[{"name": "get_weather", "arguments": {"city": "Łódź", "days": 2}}, {"name": "now", "arguments": {}}]</TOOLCALL>"#,
      "", [one, two]
    ),
    (.apriel, "Well\n<tool_calls>[{\"name\": \"now\", \"arguments\": {}}]</tool_calls>", "Well", [two]),
    (
      .minimax,
      "<tool_calls>\n{\"name\": \"now\", \"arguments\": {}}\n{\"name\": \"now\", \"arguments\": {}}\n</tool_calls>", "",
      [two, two]
    ),
    (
      .apertus, #"<|tools_prefix|>[{"get_weather": {"city": "Łódź", "days": 2}}, {"now": {}}]<|tools_suffix|>"#, "",
      [one, two]
    ),
  ]

  @Test(arguments: good.indices)
  func findsCalls(_ index: Int) {
    let (format, text, content, calls) = Self.good[index]
    let outcome = Self.parse([text], DialogueFormat(calls: format))
    #expect(outcome == Outcome(content: content, calls: calls), "\(text)")
  }
}
