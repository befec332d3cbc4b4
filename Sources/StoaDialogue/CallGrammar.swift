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
  /// schema. Reasoning may come first, and does when the prompt has opened it. Throws when a schema cannot be compiled,
  /// or when there is no tool to be called.
  package func grammar(
    for tools: [ToolDefinition], choice: ToolChoice, parallel: Bool, startsInReasoning: Bool = false
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
    let calls = try CallGrammar(calls).grammar(callable, parallel: parallel, after: nil)
    guard let reasoning else { return calls }
    let rest = Grammar.sequence([.through(reasoning.close), .any(.choice([.text("\n"), .text(" ")]))])
    return startsInReasoning
      ? .sequence([rest, calls])
      : .sequence([.optional(.sequence([.text(reasoning.open), rest])), calls])
  }

  /// For an answer that may be a call: from where on it has to follow which grammar; nil without tools.
  package func trigger(for tools: [ToolDefinition], parallel: Bool) throws(GrammarError) -> CallTrigger? {
    guard !tools.isEmpty else { return nil }
    let writer = CallGrammar(calls)
    let mark = writer.layout.mark ?? CallGrammar.bareMark
    let marks = writer.layout.isBare ? [mark] + calls.layouts.compactMap(\.mark).map { $0 + mark } : [mark]
    let grammar = try writer.grammar(tools, parallel: parallel, after: mark)
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
    var first: [Grammar] = []
    var further: [Grammar] = []
    for tool in tools {
      let arguments = try Self.arguments(of: tool)
      first.append(Self.grammar(layout.open + layout.call, tool, arguments, after: mark ?? ""))
      further.append(Self.grammar(layout.separator + layout.call, tool, arguments))
    }
    var parts = [Grammar.choice(first)]
    if parallel, allowsSeveral { parts.append(.any(.choice(further))) }
    parts.append(.text(layout.close.texts(around: "").joined()))
    return .sequence(parts)
  }

  private static func grammar(
    _ parts: [CallLayout.Part], _ tool: ToolDefinition, _ arguments: Grammar, after mark: String = ""
  ) -> Grammar {
    var texts = parts.texts(around: tool.name)
    texts[0] = String(texts[0].unicodeScalars.dropFirst(mark.unicodeScalars.count))
    return .sequence([.text(texts[0])] + texts.dropFirst().flatMap { [arguments, .text($0)] })
  }

  /// The arguments that a tool takes: always an object.
  private static func arguments(of tool: ToolDefinition) throws(GrammarError) -> Grammar {
    guard var schema = tool.parameters?.objectValue, !schema.isEmpty else { return try .jsonObject() }
    if schema["type"] == nil, schema["$ref"] == nil { schema["type"] = "object" }
    if let type = schema["type"]?.stringValue, type != "object" {
      throw .schema(
        pointer: "", keyword: "type", problem: "\(type) as the parameters of \(tool.name)\nthey must be an object")
    }
    return try Grammar(jsonSchema: .object(schema))
  }
}
