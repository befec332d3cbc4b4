import StoaFormats
import StoaTemplates

/// The messages of one chat.
struct Conversation: Equatable {
  var system: String?
  private(set) var turns: [ChatMessage] = []

  /// All messages, the system message first.
  var messages: [ChatMessage] { (system.map { [ChatMessage(role: "system", content: $0)] } ?? []) + turns }

  mutating func add(user text: String) { turns.append(ChatMessage(role: "user", content: text)) }

  mutating func add(assistant text: String) { turns.append(ChatMessage(role: "assistant", content: text)) }

  /// Forgets everything but the system message.
  mutating func clear() { turns = [] }

  /// Takes back the last message of the user and what followed it; returns its text.
  mutating func removeLastExchange() -> String? {
    guard let index = turns.lastIndex(where: { $0.role == "user" }) else { return nil }
    let text = turns[index].text
    turns.removeSubrange(index...)
    return text
  }

  /// Forgets the oldest message of the user and the answers to it; false if only one message of the user is left.
  mutating func removeOldestExchange() -> Bool {
    guard let next = turns.indices.dropFirst().first(where: { turns[$0].role == "user" }) else { return false }
    turns.removeSubrange(..<next)
    return true
  }

  /// The conversation with other turns, such as those that a model may see.
  func with(turns: [ChatMessage]) -> Conversation {
    var copy = self
    copy.turns = turns
    return copy
  }

  /// Replaces the text of the last message.
  mutating func replaceLast(with text: String) {
    guard let last = turns.popLast() else { return }
    turns.append(ChatMessage(role: last.role, content: text))
  }

  /// The conversation for people.
  func markdown(model: String) -> String {
    var text = "# Conversation with \(model)\n"
    for message in messages { text += "\n## \(message.role)\n\n\(message.text)\n" }
    return text
  }

  /// The conversation for programs: the messages as chat APIs take them.
  func json(model: String) -> JSONValue {
    let list = messages.map { message -> JSONValue in
      ["role": .string(message.role), "content": .string(message.text)]
    }
    return ["model": .string(model), "messages": .array(list)]
  }
}
