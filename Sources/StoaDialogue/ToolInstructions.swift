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
    let call = (name: "NAME_OF_THE_TOOL", arguments: #"{"ARGUMENT": "VALUE"}"#)
    let layout = calls.layouts[0]
    let several =
      parallel && calls.allowsSeveralCalls ? "\n\nSeveral calls look like this:\n\(layout.text(of: [call, call]))" : ""
    return """
      You can call these tools, each described by a JSON schema:
      <tools>
      \(list)
      </tools>

      \(demand) A call has exactly this form, with the arguments as a JSON object:
      \(layout.text(of: [call]))\(several)
      """
  }
}
