import StoaDialogue
import StoaFormats
import StoaTemplates

/// The messages of Ollama's `POST /api/chat`.
///
/// Calls of tools have no identifiers there, but many templates need them: calls get one each, and a result belongs
/// to the earliest call of its tool that has none yet.
struct OllamaMessages {
  static let imageRefusal = "images are not supported; the models here read text only"

  private var messages: [ChatMessage] = []
  private var callCount = 0
  private var openCalls: [(id: String, name: String)] = []

  static func decode(_ messages: [RequestFields]) throws(APIError) -> [ChatMessage] {
    var result = OllamaMessages()
    for message in messages { try result.add(message) }
    return result.messages
  }

  private mutating func add(_ fields: RequestFields) throws(APIError) {
    try fields.refuse("images", Self.imageRefusal)
    let roles = ["system", "user", "assistant", "tool"]
    let role = try fields.required("role", fields.word("role", of: roles))
    let content = try fields.string("content")
    var message = ChatMessage(role: role, content: content, reasoning: try fields.string("thinking"))
    for call in try fields.objects("tool_calls") ?? [] { message.toolCalls.append(try self.call(call)) }
    if message.toolCalls.isEmpty, content == nil { message.content = .text("") }
    if role == "tool" { try answer(fields, &message) }
    messages.append(message)
  }

  private mutating func call(_ fields: RequestFields) throws(APIError) -> ChatMessage.ToolCall {
    let function = try fields.required("function", fields.object("function"))
    let arguments = try function.object("arguments")?.object ?? [:]
    let given = try fields.string("id")
    let call = ChatMessage.ToolCall(
      id: given ?? newIdentifier(), name: try function.name("name"), arguments: TemplateValue(.object(arguments)))
    if let id = call.id { openCalls.append((id, call.name)) }
    return call
  }

  /// Nine letters and digits, as the strictest templates (Mistral's) want them.
  private mutating func newIdentifier() -> String {
    callCount += 1
    let digits = String(callCount)
    return "c" + String(repeating: "0", count: max(8 - digits.count, 0)) + digits
  }

  private mutating func answer(_ fields: RequestFields, _ message: inout ChatMessage) throws(APIError) {
    let id = try fields.string("tool_call_id")
    // Clients before `tool_name` wrote the name as `name`, or none.
    let earlierName = try fields.string("name")
    let name = try fields.string("tool_name") ?? earlierName
    let place =
      openCalls.firstIndex { id != nil && $0.id == id }
      ?? openCalls.firstIndex { name != nil && $0.name == name }
      ?? (openCalls.isEmpty ? nil : 0)
    let call = place.map { openCalls.remove(at: $0) }
    message.toolCallID = id ?? call?.id
    message.name = name ?? call?.name
  }
}
