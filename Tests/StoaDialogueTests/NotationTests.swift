import StoaFormats
import StoaGrammar
import StoaTestSupport
import Testing

@testable import StoaDialogue

/// Calls whose arguments are neither JSON nor marked one by one: Gemma 4, LFM2, MiniMax M3; and the messages of
/// Functionary 3.2 and GigaChat 3.
@Suite struct NotationTests {
  typealias Outcome = AnswerParserTests.Outcome

  static let notations: [CallFormat] = [.gemma4, .lfm2, .minimaxM3]
  static let weather = #"get_weather{"city": "Łódź", "days": 2}"#
  static let m = ArgumentNotation.tagMark

  /// Answers as the templates show them, with what stands around the calls.
  static let good: [(format: CallFormat, text: String, content: String, calls: [String])] = [
    (
      .gemma4,
      #"I look.<|tool_call>call:get_weather{city:<|"|>Łódź<|"|>,days:2}<tool_call|><|tool_call>call:now{}<tool_call|>"#,
      "I look.", [weather, "now{}"]
    ),
    (
      .gemma4, #"<|tool_call>call:now{a:[1,None,true,<|"|>}, <|"|>],b:{c:{<|"|>d e<|"|>:-1.50e3}},f:null}<tool_call|>"#,
      "", [#"now{"a": [1,null,true,"}, "], "b": {"c":{"d e":-1.50e3}}, "f": null}"#]
    ),
    (
      .lfm2, #"<|tool_call_start|>[get_weather(city="Łódź", days=2), now()]<|tool_call_end|>Wait."#, "Wait.",
      [weather, "now{}"]
    ),
    (
      .lfm2,
      #"<|tool_call_start|>[now(a='it\'s "so"', b=[True, None, 1.5], c={"k": {'l': false}}, d=(1, 2,))]<|tool_call_end|>"#,
      "", [#"now{"a": "it's \"so\"", "b": [true,null,1.5], "c": {"k":{"l":false}}, "d": [1,2]}"#]
    ),
    (
      .lfm2, #"<|tool_call_start|> [ now( a = "\n\t\x41\u00e9\ud83d\ude00\q" , ) ] <|tool_call_end|>"#, "",
      [#"now{"a": "\n\tAé😀\\q"}"#]
    ),
    (
      .minimaxM3,
      "Yes.\(m)<tool_call>\n\(m)<invoke name=\"get_weather\">\(m)<city>Łódź\(m)</city>\(m)<days>2\(m)</days>\(m)</invoke>\n"
        + "\(m)<invoke name=\"now\">\(m)</invoke>\n\(m)</tool_call>", "Yes.", [weather, "now{}"]
    ),
    (
      .minimaxM3,
      "\(m)<tool_call>\n\(m)<invoke name=\"now\">\(m)<a>\n\(m)<item>1\(m)</item>\(m)<item>\(m)<b>x < y\(m)</b>\(m)</item>"
        + "\(m)</a>\(m)<c>true\(m)</c>\(m)</invoke>\(m)</tool_call>", "", [#"now{"a": [1,{"b":"x < y"}], "c": true}"#]
    ),
    (
      .functionaryV32, ">>>get_weather\n{\"city\": \"Łódź\", \"days\": 2}>>>now\n{}", "", [weather, "now{}"]
    ),
    (
      .gigaChat3, "function call<|role_sep|>\n{\"name\": \"now\", \"arguments\": {}}", "", ["now{}"]
    ),
  ]

  @Test("Calls are read however the answer is cut", arguments: good.indices)
  func reads(_ index: Int) {
    let (calls, text, content, expected) = Self.good[index]
    let format = DialogueFormat(calls: calls)
    let outcome = Outcome(content: content, calls: expected)
    #expect(AnswerParserTests.parse([text], format) == outcome, "\(text)")
    #expect(AnswerParserTests.parse(text.unicodeScalars.map { String($0) }, format) == outcome)
    for call in expected {
      #expect((try? JSONValue(parsing: String(call.drop { $0 != "{" }))) != nil)
    }
    #expect(AnswerParserTests.parse([text], format, tools: []) == Outcome(content: text))
  }

  /// Texts that look like calls and are none.
  static let bad: [(format: CallFormat, text: String)] = [
    (.gemma4, "<|tool_call>call:now{a:1}"), (.gemma4, "<|tool_call>call:other{}<tool_call|>"),
    (.gemma4, "<|tool_call>call:now{a:word}<tool_call|>"), (.gemma4, "<|tool_call>call:now{a:1,a:2}<tool_call|>"),
    (.gemma4, "<|tool_call>call:now{a:\"x\"}<tool_call|>"), (.gemma4, "<|tool_call>call:now{a:[1}]<tool_call|>"),
    (.gemma4, #"<|tool_call>call:now{a:<|"|>x}<tool_call|>"#), (.gemma4, "<|tool_call>call:now(a=1)<tool_call|>"),
    (.gemma4, "<|tool_call>call:now{,}<tool_call|>"), (.gemma4, "The mark is <|tool_call>."),
    (.lfm2, "<|tool_call_start|>[now(1)]<|tool_call_end|>"), (.lfm2, "<|tool_call_start|>[other()]<|tool_call_end|>"),
    (.lfm2, "<|tool_call_start|>[now(a=b)]<|tool_call_end|>"), (.lfm2, "<|tool_call_start|>[now(a='x)]"),
    (.lfm2, "<|tool_call_start|>[now(a=1, a=2)]<|tool_call_end|>"), (.lfm2, "<|tool_call_start|>now()"),
    (.lfm2, "<|tool_call_start|>[now(a=[1)]<|tool_call_end|>"), (.lfm2, "<|tool_call_start|>[now(a={1: 2})]"),
    (.lfm2, "<|tool_call_start|>[now(a=01)]"), (.lfm2, "<|tool_call_start|>[]<|tool_call_end|>"),
    (.minimaxM3, "\(m)<tool_call>\n\(m)<invoke name=\"other\">\(m)</invoke>\n\(m)</tool_call>"),
    (.minimaxM3, "\(m)<tool_call>\n\(m)<invoke name=\"now\">\(m)<a>1\(m)</b>\(m)</invoke>"),
    (.minimaxM3, "\(m)<tool_call>\n\(m)<invoke name=\"now\">\(m)<a>1\(m)</a>\(m)<a>2\(m)</a>\(m)</invoke>"),
    (.minimaxM3, "\(m)<tool_call>\n\(m)<invoke name=\"now\">1\(m)</invoke>"),
    (.minimaxM3, "\(m)<tool_call>\n\(m)<invoke name=\"now\">\(m)<a>x\(m)<b>1\(m)</b>\(m)</a>\(m)</invoke>"),
    (.minimaxM3, "\(m)<tool_call>\n\(m)<invoke name=\"now\">\(m)<>1\(m)</>\(m)</invoke>"),
    (.minimaxM3, "\(m)<tool_call>\n\(m)<invoke name=\"now\">\(m)<a>1\(m)</a>"), (.minimaxM3, "<tool_call>"),
    (.functionaryV32, ">>>other\n{}"), (.functionaryV32, ">>>now\n[]"),
    (.functionaryV32, ">>> 1 + 1\n2"), (.functionaryV32, ">>"),
    (.gigaChat3, "function call<|role_sep|>\n{\"name\": \"other\", \"arguments\": {}}"),
    (.gigaChat3, "A function call is dear."),
  ]

  @Test("What only looks like a call is content to the letter", arguments: bad.indices)
  func givesBackWhatIsNoCall(_ index: Int) {
    let (calls, text) = Self.bad[index]
    let format = DialogueFormat(calls: calls)
    #expect(AnswerParserTests.parse([text], format) == Outcome(content: text))
    #expect(AnswerParserTests.parse(text.unicodeScalars.map { String($0) }, format) == Outcome(content: text))
  }

  static let tool = ToolDefinition(
    name: "f",
    parameters: [
      "type": "object",
      "properties": [
        "text": ["type": "string"], "count": ["type": "integer", "minimum": 1], "flag": ["type": "boolean"],
        "maybe": ["type": ["string", "null"]],
        "list": ["type": "array", "items": ["$ref": "#/$defs/item"], "minItems": 1],
        "kind": ["enum": ["a", "b c", 3]], "any": ["description": "Anything."], "tree": ["$ref": "#/$defs/tree"],
        "place": [
          "type": "object",
          "properties": ["name": ["type": "string"], "at": ["type": "array", "items": ["type": "number"]]],
          "required": ["name"],
        ],
      ],
      "required": ["text"],
      "$defs": [
        "item": ["type": "number"],
        "tree": [
          "type": "object",
          "properties": [
            "left": ["$ref": "#/$defs/tree"], "right": ["$ref": "#/$defs/tree"], "leaf": ["type": "integer"],
          ],
        ],
      ],
    ])

  @Test("A forced call has the arguments that the schema demands", arguments: notations)
  func forced(_ calls: CallFormat) throws {
    let format = DialogueFormat(calls: calls)
    let grammar = try CompiledGrammar(
      #require(try format.grammar(for: [Self.tool], choice: .required, parallel: false)))
    for (arguments, isGood) in [
      (#"{"text": "a </b> {} 'x' \\ \n"}"#, true),
      (#"{"text": "", "count": 3, "flag": false, "maybe": "x", "list": [1.5, 2], "kind": "b c"}"#, true),
      (#"{"text": "t", "kind": 3, "any": ["x", {"y": [true, null]}, 7]}"#, true),
      (#"{"text": "t", "tree": {"left": {"leaf": 1}, "leaf": 2}}"#, true),
      (#"{"text": "t", "place": {"name": "n", "at": [1, 2.5]}}"#, true),
      ("{}", false), (#"{"count": 3, "text": "order"}"#, false), (#"{"text": "", "count": "x"}"#, false),
      (#"{"text": "", "count": 0}"#, false), (#"{"text": "", "list": ["x"]}"#, false),
      (#"{"text": "", "list": []}"#, false), (#"{"text": "", "kind": "c"}"#, false),
      (#"{"text": "", "what": 1}"#, false), (#"{"text": "", "place": {"at": []}}"#, false),
      (#"{"text": "", "tree": {"stem": 1}}"#, false),
    ] {
      let text = calls.layouts[0].text(of: [("f", arguments)])
      #expect(try CallGrammarTests.accepts(grammar, text) == isGood, "\(text)")
      guard isGood else { continue }
      let read = AnswerParserTests.parse([text], format, tools: [Self.tool]).calls
      #expect(
        try read.map { try JSONValue(parsing: String($0.dropFirst())) } == [JSONValue(parsing: arguments)], "\(text)")
    }
  }

  @Test("A schema that refers to itself many times is no work without end", arguments: notations)
  func recursiveSchemas(_ calls: CallFormat) throws {
    let names = (0..<12).map { "k\($0)" }
    let node: JSONValue = [
      "type": "object",
      "properties": .object(JSONObject(names.map { ($0, ["$ref": "#/$defs/node"]) })),
    ]
    let tool = ToolDefinition(name: "f", parameters: ["$ref": "#/$defs/node", "$defs": ["node": node]])
    let grammar = try? DialogueFormat(calls: calls).grammar(for: [tool], choice: .required, parallel: false)
    #expect(grammar != nil)
  }

  @Test("An element is what the schema says that it is")
  func elements() {
    let tool = ToolDefinition(
      name: "f",
      parameters: [
        "type": "object",
        "properties": [
          "text": ["type": "string"], "list": ["type": "array", "items": ["type": "string"]], "map": ["type": "object"],
          "bag": ["type": "object", "properties": ["item": ["type": "integer"]]], "word": ["type": "integer"],
        ],
      ])
    func element(_ key: String, _ text: String) -> String {
      ArgumentNotation.tag(key) + text + ArgumentNotation.endTag(key)
    }
    func call(_ text: String) -> [String] {
      let whole = "\(Self.m)<tool_call>\(Self.m)<invoke name=\"f\">\(text)\(Self.m)</invoke>\(Self.m)</tool_call>"
      return AnswerParserTests.parse([whole], DialogueFormat(calls: .minimaxM3), tools: [tool]).calls
    }
    #expect(call(element("text", "12")) == [#"f{"text": "12"}"#])
    #expect(call(element("word", "12")) == [#"f{"word": 12}"#])
    #expect(call(element("list", "")) == [#"f{"list": []}"#])
    #expect(call(element("map", "")) == [#"f{"map": {}}"#])
    #expect(call(element("list", element("item", "1") + element("item", "true"))) == [#"f{"list": ["1","true"]}"#])
    #expect(call(element("bag", element("item", "1"))) == [#"f{"bag": {"item":1}}"#])
    #expect(call(element("list", "[\"a\"]")) == [#"f{"list": ["a"]}"#])
  }

  // MARK: Messages of Functionary 3.2 and GigaChat 3

  private static func parse(_ pieces: [String], _ format: DialogueFormat, opening: String, tools: [ToolDefinition])
    -> Outcome
  {
    var parser = AnswerParser(
      format: format, tools: tools, startsInReasoning: false, opening: opening, ids: CallIDs(seed: 1, format: .generic))
    var outcome = Outcome()
    for part in pieces.flatMap({ parser.append($0) }) + parser.finish() {
      switch part {
      case .content(let text): outcome.content += text
      case .toolCall(_, _, let name): outcome.calls.append(name)
      case .toolArguments(let index, let text): outcome.calls[index] += text
      case .reasoning, .toolCallEnd: break
      }
    }
    return outcome
  }

  static let answers: [(text: String, outcome: Outcome)] = [
    ("all\nHello.", Outcome(content: "Hello.")), ("all\n", Outcome()), ("", Outcome()),
    ("get_weather\n{\"city\": \"Łódź\", \"days\": 2}", Outcome(calls: [weather])),
    ("all\nI look. >>>now\n{}>>>now\n{}", Outcome(content: "I look.", calls: ["now{}", "now{}"])),
    ("now\n{}>>>all\nDone.", Outcome(content: "Done.", calls: ["now{}"])),
    ("Hello.", Outcome(content: "Hello.")), ("al", Outcome(content: "al")),
    ("other\n{}", Outcome(content: "other\n{}")), ("now\n{", Outcome(content: "now\n{")),
    ("all\n>>> 1 + 1", Outcome(content: ">>> 1 + 1")),
  ]

  @Test("The prompt of Functionary has written the first mark of the answer", arguments: answers.indices)
  func recipients(_ index: Int) {
    let (text, outcome) = Self.answers[index]
    var format = DialogueFormat(calls: .functionaryV32)
    format.frames = CallFormat.functionaryV32.frames
    let opening = format.opening(prompt: "assistant\n\n>>>")
    #expect(opening == ">>>" && format.opening(prompt: "x") == "")
    #expect(DialogueFormat(calls: .hermes).opening(prompt: "<tool_call>") == "")
    let tools = AnswerParserTests.tools
    #expect(Self.parse([text], format, opening: opening, tools: tools) == outcome)
    #expect(Self.parse(text.unicodeScalars.map { String($0) }, format, opening: opening, tools: tools) == outcome)
    // Without tools all is content, but for the recipient.
    let content = text.hasPrefix("all\n") ? String(text.dropFirst(4)) : text
    if !content.contains(">>>all") {
      #expect(Self.parse([text], format, opening: opening, tools: []) == Outcome(content: content))
    }
    #expect(AnswerParserTests.parse([">>>" + text], format).calls == outcome.calls)
  }

  @Test("What follows the mark of Functionary is a call or content")
  func recipientGrammars() throws {
    var format = DialogueFormat(calls: .functionaryV32)
    format.frames = CallFormat.functionaryV32.frames
    let tools = AnswerParserTests.tools
    func accepts(_ grammar: Grammar?, _ text: String) throws -> Bool {
      try CallGrammarTests.accepts(CompiledGrammar(#require(grammar)), text)
    }
    let trigger = try format.trigger(for: tools, parallel: true)
    #expect(trigger?.marks == [">>>"])
    for (text, isGood) in [
      ("all\nHi {}", true), ("now\n{}", true), ("now\n{}>>>now\n{}", true), ("Hi", false), ("other\n{}", false),
      ("get_weather\n{}", false),
    ] {
      #expect(try accepts(trigger?.grammar, text) == isGood, "\(text)")
      let forced = try format.grammar(for: tools, choice: .required, parallel: true, opening: ">>>")
      #expect(try accepts(forced, text) == (isGood && !text.hasPrefix("all")), "\(text)")
    }
    let forced = try format.grammar(for: tools, choice: .required, parallel: true)
    #expect(try accepts(forced, ">>>now\n{}") && !accepts(forced, "now\n{}"))
    let shaped = format.grammar(content: try Grammar(regex: "yes|no"), startsInReasoning: false, opening: ">>>")
    #expect(try accepts(shaped, "all\nyes") && !accepts(shaped, "yes"))
    let plain = format.grammar(content: try Grammar(regex: "yes|no"), startsInReasoning: false)
    #expect(try accepts(plain, "yes"))
  }

  @Test func messagesOfGigaChat() {
    var format = DialogueFormat(calls: .gigaChat3)
    format.frames = CallFormat.gigaChat3.frames
    let text =
      "I look.<|message_sep|>\n\nfunction call<|role_sep|>\n{\"name\": \"now\", \"arguments\": {}}<|message_sep|>\n\n"
    let outcome = Outcome(content: "I look.", calls: ["now{}"])
    #expect(AnswerParserTests.parse([text], format) == outcome)
    #expect(AnswerParserTests.parse(text.unicodeScalars.map { String($0) }, format) == outcome)
    #expect(AnswerParserTests.parse(["Hi.<|message_sep|>"], format) == Outcome(content: "Hi."))
  }

  @Test func thoughtsOfGemma() {
    let format = DialogueFormat(
      calls: .gemma4, reasoning: ReasoningMarks(template: "'<|channel>thought\\n' '<channel|>'"))
    let text = "<|channel>thought\nHm.\n<channel|>\n<|tool_call>call:now{}<tool_call|>"
    let outcome = Outcome(reasoning: "Hm.", calls: ["now{}"])
    #expect(AnswerParserTests.parse([text], format) == outcome)
    #expect(AnswerParserTests.parse(text.unicodeScalars.map { String($0) }, format) == outcome)
    #expect(!format.startsInReasoning(prompt: "<|turn>model\n<|channel>thought\n<channel|>"))
    #expect(format.visibleMarks.contains("<|channel>") && format.visibleMarks.contains("<|\"|>"))
  }
}
