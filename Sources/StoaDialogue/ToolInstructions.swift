import StoaTemplates

extension DialogueFormat {
  /// The text for a system message that describes the tools when the template itself cannot show them; nil when it can,
  /// or when no tool may be called.
  package func instructions(for tools: [ToolDefinition], choice: ToolChoice, parallel: Bool = true) -> String? {
    guard !templateShowsTools, !tools.isEmpty, choice != .none else { return nil }
    let list = tools.map(\.templateValue.json).joined(separator: "\n")
    let demand =
      switch choice {
      case .auto, .none: "When a tool helps, call it; otherwise answer in plain words."
      case .required: "Call \(parallel ? "one or more tools" : "one tool"); do not answer in plain words."
      case .named(let name): "Call the tool \(name); do not answer in plain words."
      }
    return """
      You can call these tools, each described by a JSON schema:
      <tools>
      \(list)
      </tools>
      \(demand) Write a call exactly like this, with the arguments as a JSON object:
      <tool_call>
      {"name": "NAME OF THE TOOL", "arguments": {"ARGUMENT": "VALUE"}}
      </tool_call>\(parallel ? "\nFor several calls write several such blocks." : "")
      What a tool returned comes between <tool_response> and </tool_response>.
      """
  }
}
