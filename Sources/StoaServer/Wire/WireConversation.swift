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
    guard let last = messages.last, last.role == message.role, message.role != "tool" else {
      messages.append(message)
      return
    }
    var turn = last
    turn.toolCalls += message.toolCalls
    turn.reasoning = Self.joined(last.reasoning, message.reasoning)
    let text = Self.joined(last.text, message.text) ?? (turn.toolCalls.isEmpty ? "" : nil)
    turn.content = text.map { .text($0) }
    messages[messages.count - 1] = turn
  }

  /// Texts that stood apart, as one text; nil when there is none.
  static func joined(_ texts: String?...) -> String? { joined(texts.compactMap(\.self)) }

  /// Texts that stood apart, as one text; nil when there is none.
  static func joined(_ texts: [String]) -> String? {
    let texts = texts.filter { !$0.isEmpty }
    return texts.isEmpty ? nil : texts.joined(separator: "\n\n")
  }
}
