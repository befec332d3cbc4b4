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
    _ pieces: [String], _ format: DialogueFormat, tools: [ToolDefinition] = tools, startsInReasoning: Bool = false,
    streamsArguments: Bool = false
  ) -> Outcome {
    var parser = AnswerParser(
      format: format, tools: tools, startsInReasoning: startsInReasoning, ids: CallIDs(seed: 1, format: format.calls))
    parser.streamsArguments = streamsArguments
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
      .qwenCoder,
      "I look.\n<tool_call>\n<function=get_weather>\n<parameter=city>\nŁódź\n</parameter>\n<parameter=days>\n2\n"
        + "</parameter>\n</function>\n</tool_call>\n<tool_call><function=now></function></tool_call>", "I look.",
      [one, two]
    ),
    (
      .seed,
      "<seed:tool_call>\n<function=get_weather>\n<parameter=city>Łódź</parameter>\n<parameter=days>2</parameter>\n"
        + "</function>\n</seed:tool_call>", "", [one]
    ),
    (
      .glm,
      "<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>Łódź</arg_value>\n<arg_key>days</arg_key>"
        + "<arg_value>2</arg_value>\n</tool_call>\n<tool_call>now</tool_call>", "", [one, two]
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
    let streamed = Self.parse(text.map { String($0) }, DialogueFormat(calls: format), streamsArguments: true)
    #expect(streamed == outcome, "\(text)")
  }
}

extension AnswerParserTests {
  private static let thinking = ReasoningMarks(open: "<think>", close: "</think>")

  /// Answers that hold no call, whatever they look like.
  static let bad: [(format: CallFormat, text: String)] = [
    (.hermes, "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Łódź\"}\n</tool_call>"),
    (.hermes, "<tool_call>\n{\"name\": \"other\", \"arguments\": {}}\n</tool_call> and\n more  "),
    (.hermes, "<tool_call>\n{\"name\": \"now\", \"arguments\": {}}"),
    (.hermes, "<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_cal"),
    (.hermes, "<tool_call>\n{\"name\": \"now\", \"arguments\": [1]}\n</tool_call>"),
    (.hermes, "<tool_call>\n{\"name\": \"now\"}\n</tool_call>"),
    (.hermes, "<tool_call>\n{\"name\": \"now\", \"arguments\": {\"a\": 1, \"a\": 2}}\n</tool_call>"),
    (.hermes, "<tool_call>\n{\"name\": \"now\", \"arguments\": {\"a\": 01}}\n</tool_call>"),
    (.hermes, "<tool_call>\n{\"name\": \"now\", \"arguments\": {\"a\": \"\\ud800\"}}\n</tool_call>"),
    (.hermes, "<tool_call>"), (.hermes, "The mark is `<tool_call>`, its end </tool_call>."),
    (.hermes, "a <tool <tool_"),
    (.hermes, "<tool_call>" + String(repeating: "{\"a\":", count: 300)),
    (.hermes, "<tool_call><tool_call>{\"name\": \"now\", \"arguments\": {<tool_call>"),
    (.llama3, #"{"name": "other", "parameters": {}}"#), (.llama3, #"{"name": "now", "parameters": {}} is it"#),
    (.llama3, #"So: {"name": "now", "parameters": {}}"#), (.llama3, #"{"answer": 42}"#), (.llama3, "{}"),
    (.llama3, #"{"name": "now", "parameters": {}"#), (.llama3, "  { curly }"), (.llama3, #"[{"name": "now"}]"#),
    (.llama3, "<|python_tag|>print(1)"),
    (.mistralList, #"[TOOL_CALLS][]"#), (.mistralList, #"[TOOL_CALLS]{"name": "now", "arguments": {}}"#),
    (.mistralList, #"[TOOL_CALLS][{"name": "now", "arguments": {}"#), (.mistralNamed, "[TOOL_CALLS]other[ARGS]{}"),
    (.mistralNamed, "[TOOL_CALLS]now[ARGS]"), (.mistralNamed, "[TOOL_CALLS]now {}"), (.mistralNamed, "[TOOL_CALLS]"),
    (.deepseekV31, "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>now<｜tool▁sep｜>{}<｜tool▁calls▁end｜>"),
    (.deepseekV3, "<｜tool▁calls▁begin｜>\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>now\n```json\n{}\n<｜tool▁call▁end｜>"),
    (.kimi, "<|tool_calls_section_begin|><|tool_call_begin|>now<|tool_call_argument_begin|>{}<|tool_call_end|>"),
    (.apertus, #"<|tools_prefix|>[{"now": {}, "get_weather": {}}]<|tools_suffix|>"#),
    (.qwenCoder, "<tool_call>\n<function=now>\n<parameter=a>\n1\n</parameter>\n</tool_call>"),
    (
      .qwenCoder,
      "<tool_call>\n<function=now>\n<parameter=a>1</parameter><parameter=a>2</parameter></function></tool_call>"
    ),
    (.qwenCoder, "<tool_call>\n<function=other>\n</function>\n</tool_call>"), (.seed, "<seed:tool_call><function=now>"),
    (.glm, "<tool_call>now\n<arg_key>a</arg_key>\n</tool_call>"), (.glm, "<tool_call>no</tool_call>"),
  ]

  @Test(arguments: bad.indices)
  func givesBackWhatIsNoCall(_ index: Int) {
    let (format, text) = Self.bad[index]
    #expect(Self.parse([text], DialogueFormat(calls: format)) == Outcome(content: text))
  }

  /// Answers of gpt-oss as OpenAI's description of the Harmony format shows them, with what they come to.
  static let harmony: [(text: String, outcome: Outcome)] = [
    ("<|channel|>final<|message|>2 + 2 = 4.", Outcome(content: "2 + 2 = 4.")),
    (
      "<|channel|>analysis<|message|>User asks: \"What is 2 + 2?\" Simple.<|end|><|start|>assistant<|channel|>final"
        + "<|message|>2 + 2 = 4.<|return|>",
      Outcome(content: "2 + 2 = 4.", reasoning: "User asks: \"What is 2 + 2?\" Simple.")
    ),
    (
      "<|channel|>analysis<|message|>Need to use function get_weather.<|end|><|start|>assistant<|channel|>commentary "
        + "to=functions.get_weather <|constrain|>json<|message|>{\"city\": \"Łódź\", \"days\": 2}<|call|>",
      Outcome(reasoning: "Need to use function get_weather.", calls: [one])
    ),
    (
      " to=functions.get_weather<|channel|>commentary json<|message|>{\"city\": \"Łódź\", \"days\": 2}",
      Outcome(calls: [one])
    ),
    ("<|channel|>commentary to=functions.now<|message|>{}", Outcome(calls: [two])),
    (
      "<|channel|>analysis<|message|>Plan.<|end|><|start|>assistant<|channel|>commentary<|message|>**Plan**: look."
        + "<|end|><|start|>assistant<|channel|>commentary to=functions.now <|constrain|>json<|message|>{}",
      Outcome(content: "**Plan**: look.", reasoning: "Plan.", calls: [two])
    ),
    (
      "<|channel|>commentary to=functions.other<|message|>{}",
      Outcome(content: "<|channel|>commentary to=functions.other<|message|>{}")
    ),
    ("<|channel|>analysis<|message|>Cut o", Outcome(reasoning: "Cut o")),
  ]

  @Test("The channels of gpt-oss are told apart, however the answer is cut", arguments: harmony.indices)
  func harmonyChannels(_ index: Int) throws {
    let (text, outcome) = Self.harmony[index]
    let format = DialogueFormat(
      calls: .harmony, reasoning: ReasoningMarks(template: Self.harmony[1].text + "<|channel|>commentary<|message|>"))
    #expect(format.reasoning?.open == "<|channel|>analysis<|message|>")
    for length in [1, 2, 7, 1000] {
      var scalars = text.unicodeScalars[...]
      var pieces: [String] = []
      while !scalars.isEmpty {
        pieces.append(String(scalars.prefix(length)))
        scalars = scalars.dropFirst(length)
      }
      #expect(Self.parse(pieces, format) == outcome, "\(text)")
    }
  }

  @Test func findsCallsBesideBrokenOnes() {
    let good = "<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>"
    let hermes = DialogueFormat(calls: .hermes)
    #expect(
      Self.parse(["<tool_call>\n{oops}\n</tool_call>\n" + good + "\nDone. "], hermes)
        == Outcome(content: "<tool_call>\n{oops}\n</tool_call>Done. ", calls: [Self.two]))
    #expect(Self.parse(["<tool_call>" + good], hermes) == Outcome(content: "<tool_call>", calls: [Self.two]))
    #expect(
      Self.parse([#"[TOOL_CALLS][{"name": "now", "arguments": {}}, {"name": 1}]"#], DialogueFormat(calls: .mistralList))
        == Outcome(content: #", {"name": 1}]"#, calls: [Self.two]))
  }

  @Test("Without tools nothing is a call", arguments: good.indices)
  func withoutTools(_ index: Int) {
    let (format, text, _, _) = Self.good[index]
    #expect(Self.parse([text], DialogueFormat(calls: format), tools: []) == Outcome(content: text))
  }

  static let reasoned: [(text: String, startsInReasoning: Bool, outcome: Outcome)] = [
    ("<think>\nHm,\n so.\n</think>\n\nYes.\n", false, Outcome(content: "Yes.\n", reasoning: "Hm,\n so.")),
    ("Hm.</think>Yes.", true, Outcome(content: "Yes.", reasoning: "Hm.")),
    ("<think>Hm.</think>Yes.", true, Outcome(content: "Yes.", reasoning: "Hm.")),
    ("\n<think>\n\n</think>\n\nYes.", false, Outcome(content: "Yes.")),
    ("<think>Hm, <tool_call> </thin", false, Outcome(reasoning: "Hm, <tool_call> </thin")),
    ("\n\nNo <think>x</think>", false, Outcome(content: "\n\nNo <think>x</think>")),
    ("<thi", false, Outcome(content: "<thi")),
    ("<think>  ", false, Outcome()), ("  ", false, Outcome(content: "  ")), ("", true, Outcome()),
    (
      "a</think>\n<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>", true,
      Outcome(reasoning: "a", calls: [two])
    ),
  ]

  @Test(arguments: reasoned.indices)
  func separatesReasoning(_ index: Int) {
    let (text, startsInReasoning, outcome) = Self.reasoned[index]
    let format = DialogueFormat(calls: .hermes, reasoning: Self.thinking)
    #expect(Self.parse([text], format, startsInReasoning: startsInReasoning) == outcome)
    if !startsInReasoning {
      let bare = DialogueFormat(calls: .llama3, reasoning: Self.thinking)
      let call = #"{"name": "now", "parameters": {}}"#
      #expect(Self.parse(["<think>x</think> " + call], bare) == Outcome(reasoning: "x", calls: [Self.two]))
    }
  }

  @Test("Where the stream is cut does not matter", arguments: 0..<40)
  func cuts(_ seed: Int) {
    var generator = SeededGenerator(state: UInt64(seed))
    let texts = Self.good.map { ($0.format, $0.text) } + Self.bad.map { ($0.format, $0.text) }
    for (format, text) in texts {
      // A random mixture of two answers in the same format, with reasoning before it or not.
      let other = texts.filter { $0.0 == format }.randomElement(using: &generator)?.1 ?? ""
      let begin = ["", " ", "<think> a", "<think>\nb\n</think>\n"].randomElement(using: &generator) ?? ""
      let end = String(
        other.unicodeScalars.dropFirst(Int.random(in: 0...other.unicodeScalars.count, using: &generator)))
      let whole = begin + text + [" ", "\n", ""].randomElement(using: &generator)! + end
      let format = DialogueFormat(calls: format, reasoning: Self.thinking)
      let startsInReasoning = Bool.random(using: &generator)
      let streamsArguments = Bool.random(using: &generator)
      let expected = Self.parse(
        [whole], format, startsInReasoning: startsInReasoning, streamsArguments: streamsArguments)
      var pieces = [""]
      for scalar in whole.unicodeScalars {
        if Int.random(in: 0..<3, using: &generator) == 0 || seed == 0 { pieces.append("") }
        pieces[pieces.count - 1].unicodeScalars.append(scalar)
      }
      let outcome = Self.parse(
        pieces, format, startsInReasoning: startsInReasoning, streamsArguments: streamsArguments)
      #expect(outcome == expected, "\(pieces)")
    }
  }

  @Test(
    "Any mixture of marks is parsed, and is content to the letter when no call is in it", arguments: CallFormat.allCases
  )
  func mixtures(_ calls: CallFormat) {
    var generator = SeededGenerator(state: 11)
    let format = DialogueFormat(calls: calls)
    let fragments =
      format.visibleMarks + ["{", "}", "[", "]", "{}", ", ", "\n", " ", "now", "x", "中", "\"", "\\", ":", "<", "。"]
      + [
        #"{"name": "now", "arguments": {}}"#, #""name": "now""#, #""parameters": "#, #"{"now": {}}"#, "```json",
        "functions.",
      ]
    let call = calls.layouts[0].text(of: [("now", "{}")])
    var found = 0
    for _ in 0..<500 {
      let pieces = (0..<Int.random(in: 1...14, using: &generator)).map { _ in
        (fragments + [call]).randomElement(using: &generator)!
      }
      let text = pieces.joined()
      let outcome = Self.parse([text], format)
      #expect(Self.parse(pieces, format) == outcome, "\(text)")
      #expect(!outcome.calls.isEmpty || outcome.content == text, "\(text)")
      found += outcome.calls.count
      let streamed = Self.parse([text], format, streamsArguments: true)
      #expect(Self.parse(text.unicodeScalars.map { String($0) }, format, streamsArguments: true) == streamed, "\(text)")
      #expect(!streamed.content.contains("\u{FFFD}"))
    }
    #expect(found > 0)
  }

  @Test("Nothing is held back that cannot become a mark")
  func streams() {
    let format = DialogueFormat(calls: .hermes, reasoning: Self.thinking)
    var parser = AnswerParser(
      format: format, tools: Self.tools, startsInReasoning: false, ids: CallIDs(seed: 1, format: .hermes))
    let steps: [(String, [AnswerPart])] = [
      ("<th", []), ("ink>Hm", [.reasoning("Hm")]), (" so\n", [.reasoning(" so")]), ("</think>", []), ("\n\n", []),
      ("Yes", [.content("Yes")]), (" <", []), ("b>", [.content(" <b>")]), ("\n<tool_call", []), (">\n{\"name\"", []),
      (": \"now\", \"arguments\": {}}\n</tool_call", []),
      (
        ">",
        [
          .toolCall(index: 0, id: CallIDs(seed: 1, format: .hermes).id(0), name: "now"),
          .toolArguments(index: 0, "{}"), .toolCallEnd(index: 0),
        ]
      ),
      ("\n", []), ("<tool_call>{]", [.content("<tool_call>{]")]),
    ]
    for (text, parts) in steps { #expect(parser.append(text) == parts, "\(text)") }
    #expect(parser.finish().isEmpty)
  }

  @Test func longAnswers() {
    let hermes = DialogueFormat(calls: .hermes, reasoning: Self.thinking)
    let count = 3_000
    for piece in [" ", "\n", "<", "<tool_call>", "<tool_call>{\"a", "{", "x"] {
      let outcome = Self.parse(Array(repeating: piece, count: count), hermes)
      #expect(outcome.content == String(repeating: piece, count: count))
    }
    let long = String(repeating: "ab ", count: count)
    let call = ["<tool_call>{\"name\": \"now\", \"arguments\": {\"a\": \""] + Array(repeating: "ab ", count: count)
    #expect(Self.parse(call + ["\"}}</tool_call>"], hermes).calls == ["now{\"a\": \"\(long)\"}"])
    #expect(Self.parse(call, hermes).content == call.joined())
  }

  @Test func identifiers() {
    for format in CallFormat.allCases {
      let ids = (0..<1000).map { CallIDs(seed: 7, format: format).id($0) }
      #expect(Set(ids).count == ids.count)
      #expect(ids == (0..<1000).map { CallIDs(seed: 7, format: format).id($0) })
      #expect(ids[0] != CallIDs(seed: 8, format: format).id(0))
      for id in ids { #expect(id.utf8.allSatisfy { $0 < 0x80 }) }
    }
    let short = CallIDs(seed: 7, format: .mistralList).id(3)
    #expect(short.count == 9 && short.allSatisfy { $0.isLetter || $0.isNumber })
  }

  @Test("Forced calls come out piece by piece, and end with what is there")
  func streamsArguments() {
    func parts(_ pieces: [String]) -> [AnswerPart] {
      var parser = AnswerParser(
        format: DialogueFormat(calls: .hermes), tools: Self.tools, startsInReasoning: false,
        ids: CallIDs(seed: 1, format: .hermes))
      parser.streamsArguments = true
      return pieces.flatMap { parser.append($0) } + parser.finish()
    }
    let begin = "<tool_call>\n{\"name\": \"now\", \"arguments\": "
    let call = AnswerPart.toolCall(index: 0, id: CallIDs(seed: 1, format: .hermes).id(0), name: "now")
    let end = AnswerPart.toolCallEnd(index: 0)
    func arguments(_ text: String) -> AnswerPart { .toolArguments(index: 0, text) }
    #expect(
      parts([begin, "{\"a", "\": {}", "}}\n</tool", "_call>"]) == [
        call, arguments("{\"a"), arguments("\": {}"), arguments("}"), end,
      ])
    #expect(parts([begin, "{\"a\": \"x"]) == [call, arguments("{\"a\": \"x"), end])
    #expect(parts([begin + "{}}\n</tool"]) == [call, arguments("{}"), end])
    let deepseek = "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>now<｜tool▁sep｜>{}<"
    #expect(
      Self.parse([deepseek, "。"], DialogueFormat(calls: .deepseekV31), streamsArguments: true)
        == Outcome(content: "。", calls: [Self.two]))
    #expect(parts([begin + "{]} x"]) == [call, arguments("{"), end, .content("]} x")])
  }
}
