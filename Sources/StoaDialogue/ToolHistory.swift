package import StoaTemplates

extension DialogueFormat {
  /// A conversation as the template can show it: where it knows no calls, or writes them in another form than this
  /// format, calls become text of the assistant, and results text of the user.
  package func adapted(_ messages: [ChatMessage], for capabilities: ChatTemplate.Capabilities) -> [ChatMessage] {
    let showsCalls = calls != .generic && capabilities.supportsToolCalls
    let showsResults = calls != .generic && capabilities.supportsToolResults
    var result: [ChatMessage] = []
    /// Whether the last message holds results, to which more may be added: many templates want turns to alternate.
    var endsInResults = false
    for message in messages {
      if message.role == "tool", !showsResults {
        let text = "<tool_response>\n\(message.text)\n</tool_response>"
        result.add(ChatMessage(role: "user", content: text), toLast: endsInResults, separator: "\n")
        endsInResults = true
      } else {
        result.add(
          showsCalls ? message : writingCalls(of: message), toLast: endsInResults && message.role == "user",
          separator: "\n\n")
        endsInResults = false
      }
    }
    return result
  }

  private func writingCalls(of message: ChatMessage) -> ChatMessage {
    guard !message.toolCalls.isEmpty else { return message }
    var message = message
    let text = calls.layouts[0].text(
      of: message.toolCalls.map { call in
        // Arguments are data, or JSON text already.
        if case .string(let text) = call.arguments { (call.name, text) } else { (call.name, call.arguments.json) }
      })
    message.content = .text(message.text.isEmpty ? text : message.text + "\n" + text)
    message.toolCalls = []
    return message
  }
}

extension [ChatMessage] {
  /// Appends a message, or its text to the last one.
  fileprivate mutating func add(_ message: ChatMessage, toLast: Bool, separator: String) {
    if toLast, let last = indices.last {
      self[last].content = .text(self[last].text + separator + message.text)
    } else {
      append(message)
    }
  }
}
