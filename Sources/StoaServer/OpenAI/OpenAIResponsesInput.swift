import StoaDialogue
import StoaFormats
import StoaTemplates

/// The input of OpenAI's `POST /v1/responses`: a text of the user, or messages, calls, their outputs and reasoning.
///
/// The messages come as the items do; `WireConversation` joins those of one turn.
enum OpenAIResponsesInput {
  static func decode(_ fields: RequestFields) throws(APIError) -> [ChatMessage] {
    guard let input = fields.value("input") else { return [] }
    if let text = input.stringValue { return [ChatMessage(role: "user", content: text)] }
    guard let items = input.arrayValue else {
      throw .invalid("input", "must be a string or an array of items, not \(input.kindName)")
    }
    var messages: [ChatMessage] = []
    for item in try RequestFields.objects(items, path: "input") { messages.append(try message(item)) }
    return messages
  }

  private static func message(_ item: RequestFields) throws(APIError) -> ChatMessage {
    switch try item.string("type") ?? "message" {
    case "message":
      let roles = ["user", "assistant", "system", "developer"]
      let role = try item.required("role", item.word("role", of: roles))
      // Most templates know the developer under the older name alone.
      return ChatMessage(role: role == "developer" ? "system" : role, content: try requiredText(item, "content"))
    case "function_call":
      let arguments = try item.string("arguments") ?? ""
      let call = ChatMessage.ToolCall(
        id: try item.name("call_id"), name: try item.name("name"),
        arguments: arguments.isEmpty ? .dict([:]) : TemplateValue(arguments: arguments))
      return ChatMessage(role: "assistant", content: nil, toolCalls: [call])
    case "function_call_output":
      return ChatMessage(
        role: "tool", content: try requiredText(item, "output"), toolCallID: try item.name("call_id"))
    case "reasoning":
      let thoughts = try [text(item, "summary"), text(item, "content")].compactMap(\.self)
      return ChatMessage(role: "assistant", content: "", reasoning: WireConversation.joined(thoughts))
    case "item_reference":
      throw .invalid(item.path(of: "type"), "items are not kept one by one; send the item itself")
    case let type:
      throw .invalid(item.path(of: "type"), "\"\(type.prefix(80))\" items are not supported here")
    }
  }

  private static func requiredText(_ item: RequestFields, _ key: String) throws(APIError) -> String {
    try item.required(key, text(item, key))
  }

  /// The text of a member that is a string or parts with text; nil when it is absent or empty parts.
  private static func text(_ item: RequestFields, _ key: String) throws(APIError) -> String? {
    if let text = item.value(key)?.stringValue { return text }
    guard let parts = try item.objects(key) else { return nil }
    var texts: [String] = []
    for part in parts {
      switch try part.required("type", part.string("type")) {
      case "input_text", "output_text", "reasoning_text", "summary_text", "text":
        texts.append(try part.required("text", part.string("text")))
      case "refusal": texts.append(try part.required("refusal", part.string("refusal")))
      case let type:
        throw .invalid(
          part.path(of: "type"), "\"\(type.prefix(80))\" parts are not supported; the models here read text only")
      }
    }
    return texts.joined()
  }
}
