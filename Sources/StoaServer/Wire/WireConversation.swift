import StoaTemplates

/// Puts the turns of a conversation together as chat templates need them: one message a turn, and results of tools
/// with the name of the tool.
struct WireConversation {
  private(set) var messages: [ChatMessage] = []
  private var toolNames: [String: String] = [:]

  /// Whether a tool was called with this identifier.
  func hasCall(_ id: String) -> Bool { toolNames[id] != nil }

  /// Adds what comes next; a turn of the same speaker goes on.
  mutating func add(_ message: ChatMessage) {
    for call in message.toolCalls { if let id = call.id { toolNames[id] = call.name } }
    var message = message
    if let id = message.toolCallID, message.name == nil { message.name = toolNames[id] }
    let last = messages.count - 1
    guard last >= 0, messages[last].role == message.role, message.role != "tool" else {
      messages.append(message)
      return
    }
    // The texts grow in place, since a request may bring very many short messages.
    var text: String? = messages[last].text
    messages[last].content = nil
    Self.append(message.text, to: &text)
    Self.append(message.reasoning, to: &messages[last].reasoning)
    messages[last].toolCalls += message.toolCalls
    if text?.isEmpty == false || messages[last].toolCalls.isEmpty { messages[last].content = .text(text ?? "") }
  }

  private static func append(_ addition: String?, to text: inout String?) {
    guard let addition, !addition.isEmpty else { return }
    if text?.isEmpty ?? true {
      text = addition
    } else {
      text?.append("\n\n")
      text?.append(addition)
    }
  }

  /// Texts that stood apart, as one text; nil when there is none.
  static func joined(_ texts: [String]) -> String? {
    let texts = texts.filter { !$0.isEmpty }
    return texts.isEmpty ? nil : texts.joined(separator: "\n\n")
  }
}
