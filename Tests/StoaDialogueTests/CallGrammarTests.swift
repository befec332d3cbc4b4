import StoaFormats
import StoaGrammar
import Testing

@testable import StoaDialogue

@Suite struct CallGrammarTests {
  static let tools = AnswerParserTests.tools
  static let weather = (name: "get_weather", arguments: #"{"city": "Łódź", "days": 2}"#)
  static let now = (name: "now", arguments: #"{"zone": ["UTC",{"a":null}]}"#)

  static func compiled(
    _ format: DialogueFormat, _ choice: ToolChoice, parallel: Bool, startsInReasoning: Bool = false
  ) throws -> CompiledGrammar {
    let grammar = try format.grammar(
      for: tools, choice: choice, parallel: parallel, startsInReasoning: startsInReasoning)
    return try CompiledGrammar(#require(grammar))
  }

  static func accepts(_ grammar: CompiledGrammar, _ text: String) throws -> Bool {
    var state = try GrammarState(grammar)
    return try state.advance(text.utf8) && state.canEnd
  }

  @Test("What a grammar forces is read as these calls", arguments: CallFormat.allCases)
  func forces(_ calls: CallFormat) throws {
    let format = DialogueFormat(calls: calls)
    let layout = calls.layouts[0]
    let several = [Self.weather, Self.now, Self.weather]
    let one = try Self.compiled(format, .required, parallel: false)
    let many = try Self.compiled(format, .required, parallel: true)
    let named = try Self.compiled(format, .named("now"), parallel: true)
    for call in [Self.weather, Self.now] {
      let text = layout.text(of: [call])
      #expect(try Self.accepts(one, text) && Self.accepts(many, text), "\(text)")
      #expect(try Self.accepts(named, text) == (call.name == "now"))
      #expect(AnswerParserTests.parse([text], format).calls == [call.name + call.arguments])
      for cut in [text.utf8.count - 1, 1] {
        #expect(try !Self.accepts(many, String(decoding: text.utf8.prefix(cut), as: UTF8.self)))
      }
      #expect(try !Self.accepts(many, text + "x"))
    }
    let text = layout.text(of: several)
    #expect(try !Self.accepts(one, text))
    #expect(try Self.accepts(many, text) == calls.allowsSeveralCalls)
    if calls.allowsSeveralCalls {
      #expect(AnswerParserTests.parse([text], format).calls == several.map { $0.name + $0.arguments })
    }
    // Without quotes any text is one, and what is no object cannot be written at all.
    for (name, arguments) in [
      ("get_weather", "{}"), ("get_weather", #"{"city": 1}"#), ("get_weather", #"{"city": "x", "days": "y"}"#),
      ("other", "{}"), ("now", "[]"), ("now", "1"),
    ] where layout.parameterMarks == nil && calls != .minimaxM3 || !["[]", "1", #"{"city": 1}"#].contains(arguments) {
      #expect(try !Self.accepts(many, layout.text(of: [(name, arguments)])), "\(name) \(arguments)")
    }
  }

  @Test("After its mark an answer follows the grammar", arguments: CallFormat.allCases)
  func triggers(_ calls: CallFormat) throws {
    let format = DialogueFormat(calls: calls)
    let trigger = try #require(try format.trigger(for: Self.tools, parallel: true))
    let text = calls.layouts[0].text(of: [Self.weather])
    let mark = trigger.marks[0]
    #expect(text.hasPrefix(mark))
    let grammar = try CompiledGrammar(trigger.grammar)
    #expect(try Self.accepts(grammar, String(text.unicodeScalars.dropFirst(mark.unicodeScalars.count))))
    #expect(try !Self.accepts(grammar, text))
    #expect(trigger.isOnlyAtStart == calls.layouts[0].isBare)
    for mark in trigger.marks where !trigger.isOnlyAtStart { #expect(format.visibleMarks.contains(mark)) }
    #expect(try format.trigger(for: [], parallel: true) == nil)
  }

  @Test func choices() throws {
    let format = DialogueFormat(calls: .hermes)
    #expect(try format.grammar(for: Self.tools, choice: .auto, parallel: true) == nil)
    #expect(try format.grammar(for: Self.tools, choice: .none, parallel: true) == nil)
    #expect(throws: GrammarError.self) { try format.grammar(for: [], choice: .required, parallel: true) }
    #expect(throws: GrammarError.self) {
      try format.grammar(for: Self.tools, choice: .named("other"), parallel: true)
    }
    let broken = ToolDefinition(name: "f", parameters: ["type": "object", "properties": ["a": ["type": "what"]]])
    let text = ToolDefinition(name: "f", parameters: ["type": "string"])
    for tool in [broken, text] {
      #expect(throws: GrammarError.self) { try format.grammar(for: [tool], choice: .required, parallel: true) }
      #expect(throws: GrammarError.self) { try format.trigger(for: [tool], parallel: true) }
    }
  }

  @Test("Reasoning comes before a forced call")
  func reasoning() throws {
    let format = DialogueFormat(calls: .hermes, reasoning: ReasoningMarks(open: "<think>", close: "</think>"))
    let call = CallFormat.hermes.layouts[0].text(of: [Self.now])
    let open = try Self.compiled(format, .required, parallel: false, startsInReasoning: true)
    let closed = try Self.compiled(format, .required, parallel: false)
    func accepts(_ text: String, opened: Bool) throws -> Bool { try Self.accepts(opened ? open : closed, text) }
    #expect(try accepts(call, opened: false))
    #expect(try !accepts(call, opened: true))
    for thought in ["", "a < b </ <</thin 中", "\n"] {
      for space in ["", "\n\n"] {
        #expect(try accepts("<think>\(thought)</think>\(space)\(call)", opened: false), "\(thought)")
        #expect(try accepts("\(thought)</think>\(space)\(call)", opened: true))
        #expect(try !accepts("<think>\(thought)\(call)", opened: false))
      }
    }
    #expect(try !accepts("a</think>b</think>\(call)", opened: true))
  }

  @Test("Names may have any characters, and begin with each other", arguments: CallFormat.allCases)
  func names(_ calls: CallFormat) throws {
    let format = DialogueFormat(calls: calls)
    let tools = ["a", "a b", "a/x:é", "aé\"<"].map { ToolDefinition(name: $0, parameters: ["properties": [:]]) }
    let grammar = try CompiledGrammar(#require(try format.grammar(for: tools, choice: .required, parallel: false)))
    for tool in tools {
      let text = calls.layouts[0].text(of: [(tool.name, "{}")])
      #expect(try Self.accepts(grammar, text), "\(text)")
      #expect(AnswerParserTests.parse([text], format, tools: tools).calls == [tool.name + "{}"], "\(text)")
    }
    let unknown = calls.layouts[0].text(of: [("a/x", "{}")])
    #expect(AnswerParserTests.parse([unknown], format, tools: tools).content == unknown)
  }

  @Test("Many tools without parameters share their rules")
  func manyTools() throws {
    let tools = (0..<300).map { ToolDefinition(name: "tool_\($0)") }
    let format = DialogueFormat(calls: .hermes)
    let grammar = try CompiledGrammar(#require(try format.grammar(for: tools, choice: .required, parallel: true)))
    let text = CallFormat.hermes.layouts[0].text(of: [("tool_299", "{}"), ("tool_0", #"{"a": [1]}"#)])
    #expect(try Self.accepts(grammar, text))
    #expect(try !Self.accepts(grammar, CallFormat.hermes.layouts[0].text(of: [("tool_300", "{}")])))
  }
}
