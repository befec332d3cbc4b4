package import StoaGrammar
import StoaFormats

/// Where a grammar takes over in an answer that may call tools or not.
package struct CallTrigger: Sendable {
  /// After any of these the rest of the answer follows the grammar.
  package var marks: [String]
  /// Whether a mark counts only where the content of the answer begins.
  package var isOnlyAtStart: Bool
  package var grammar: Grammar
}

extension DialogueFormat {
  /// What an answer has to follow under a choice; nil when nothing has to be forced.
  ///
  /// A forced answer is one call, or several when `parallel` and the format has them, with arguments by each tool's
  /// schema. Reasoning may come first, and does when the prompt has opened it; `opening` is what the prompt has written of
  /// the answer. Throws when a schema cannot be compiled,
  /// or when there is no tool to be called.
  package func grammar(
    for tools: [ToolDefinition], choice: ToolChoice, parallel: Bool, startsInReasoning: Bool = false,
    opening: String = ""
  ) throws(GrammarError) -> Grammar? {
    let callable: [ToolDefinition]
    switch choice {
    case .auto, .none: return nil
    case .required: callable = tools
    case .named(let name): callable = tools.filter { $0.name == name }
    }
    guard !callable.isEmpty else {
      throw .schema(
        pointer: "tool_choice", keyword: "function", problem: "there is no such tool\nname one of the tools")
    }
    let calls = try CallGrammar(calls).grammar(callable, parallel: parallel, after: opening.isEmpty ? nil : opening)
    guard let reasoning else { return calls }
    let rest = afterReasoning(reasoning)
    return startsInReasoning
      ? .sequence([rest, calls])
      : .sequence([.optional(.sequence([.text(reasoning.open), rest])), calls])
  }

  /// What an answer follows whose content is of a grammar: reasoning comes first if the prompt has opened it, or if the
  /// content has a frame, in which case it may.
  package func grammar(content: Grammar, startsInReasoning: Bool, opening: String = "") -> Grammar {
    if !opening.isEmpty, let frame = frames.first(where: { $0.hasPrefix(opening) }) {
      return .sequence([.text(String(frame.dropFirst(opening.count))), content])
    }
    guard let reasoning else { return content }
    let framed = reasoning.frames.first.map { Grammar.sequence([.text($0), content]) } ?? content
    if startsInReasoning { return .sequence([afterReasoning(reasoning), framed]) }
    guard !reasoning.frames.isEmpty else { return content }
    return .sequence([.optional(.sequence([.text(reasoning.open), afterReasoning(reasoning)])), framed])
  }

  /// The end of reasoning and what leads from there to the next message.
  private func afterReasoning(_ reasoning: ReasoningMarks) -> Grammar {
    .sequence([
      .through(reasoning.close), .any(.choice([.text("\n"), .text(" ")])),
      .text(reasoning.frames.dropFirst().first ?? ""),
    ])
  }

  /// For an answer that may be a call: from where on it has to follow which grammar; nil without tools.
  package func trigger(for tools: [ToolDefinition], parallel: Bool) throws(GrammarError) -> CallTrigger? {
    guard !tools.isEmpty else { return nil }
    let writer = CallGrammar(calls)
    let mark = writer.layout.mark ?? CallGrammar.bareMark
    let marks = writer.layout.isBare ? [mark] + calls.layouts.compactMap(\.mark).map { $0 + mark } : [mark]
    var grammar = try writer.grammar(tools, parallel: parallel, after: mark)
    // Where content begins with the same mark as calls, it may follow as well.
    if let frame = frames.first(where: { $0.hasPrefix(mark) }) {
      let content = Grammar.sequence([.text(String(frame.dropFirst(mark.count))), try Grammar(regex: #"[\s\S]*"#)])
      grammar = .choice([grammar, content])
    }
    return CallTrigger(marks: marks, isOnlyAtStart: writer.layout.isBare, grammar: grammar)
  }
}

/// Writes a layout as a grammar.
private struct CallGrammar {
  let layout: CallLayout
  private let allowsSeveral: Bool

  /// What a bare call begins with in all likelihood.
  static let bareMark = "{\"name\":"

  init(_ format: CallFormat) {
    layout = format.layouts[0]
    allowsSeveral = format.allowsSeveralCalls
  }

  /// Calls of any of the tools; without the mark when that is already there.
  func grammar(_ tools: [ToolDefinition], parallel: Bool, after mark: String?) throws(GrammarError) -> Grammar {
    // What all calls begin with stands before the list, so that the rules of the arguments are needed once.
    let head = Array(layout.call.prefix { $0.isFixed })
    let open = Self.text(layout.open + head)
    var calls: [Grammar] = []
    // Tools with the same parameters share the rules for them; free objects take many.
    for group in Dictionary(grouping: tools, by: { $0.parameters?.text() ?? "" }).sorted(by: { $0.key < $1.key }) {
      let texts = group.value.map { tool in
        var texts = layout.call.dropFirst(head.count).texts(around: tool.name)
        if layout.isBare, let mark { texts[0] = Self.removing(mark, from: texts[0]) }
        return texts
      }
      let arguments = try arguments(of: group.value[0])
      calls.append(.sequence([.choice(texts.map { .text($0[0]) }), arguments, .text(texts[0][1])]))
    }
    return .sequence([
      .text(layout.isBare ? open : Self.removing(mark ?? "", from: open)),
      .list(.choice(calls), separator: Self.text(layout.separator + head), several: parallel && allowsSeveral),
      .text(Self.text(layout.close)),
    ])
  }

  private static func text(_ parts: [CallLayout.Part]) -> String { parts[...].texts(around: "").joined() }

  private static func removing(_ mark: String, from text: String) -> String {
    String(text.unicodeScalars.dropFirst(mark.unicodeScalars.count))
  }

  /// The arguments that a tool takes: always an object.
  private func arguments(of tool: ToolDefinition) throws(GrammarError) -> Grammar {
    var schema = tool.parameters?.objectValue ?? [:]
    if let type = schema["type"]?.stringValue, type != "object" {
      throw .schema(
        pointer: "", keyword: "type", problem: "\(type) as the parameters of \(tool.name)\nthey must be an object")
    }
    if let marks = layout.parameterMarks { return try marks.grammar(of: tool) }
    if let notation = layout.notation { return try notation.grammar(of: tool) }
    if schema.isEmpty { return try .jsonObject() }
    if schema["type"] == nil, schema["$ref"] == nil { schema["type"] = "object" }
    return try Grammar(jsonSchema: .object(schema))
  }
}
