import StoaDialogue
import StoaFormats
import StoaTemplates

extension TemplateValue {
  /// The arguments of a tool call that a client gives as JSON text; text that is not JSON stays text.
  init(arguments text: String) {
    if let json = try? JSONValue(parsing: text) { self.init(json) } else { self = .string(text) }
  }
}

extension JSONValue {
  /// The text, or null for none.
  init(_ text: String?) { self = text.map { .string($0) } ?? .null }

  /// The arguments of a tool call as an object; empty when the answer ended within them.
  init(arguments text: String) {
    let json = try? JSONValue(parsing: text)
    self = json?.objectValue.map { .object($0) } ?? [:]
  }
}

extension Answer.ToolCall {
  /// The call as a message of a conversation has it.
  var message: ChatMessage.ToolCall { .init(id: id, name: name, arguments: TemplateValue(arguments: arguments)) }
}

/// A server-sent event with a name.
func serverSentEvent(_ name: String, _ data: JSONValue) -> String { "event: \(name)\ndata: \(data.text())\n\n" }
