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
  private var identifierCount = 0
  private var calls = OpenCalls()

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
    calls.add(call)
    return call
  }

  /// Nine letters and digits, as the strictest templates (Mistral's) want them.
  private mutating func newIdentifier() -> String {
    identifierCount += 1
    let digits = String(identifierCount)
    return "c" + String(repeating: "0", count: max(8 - digits.count, 0)) + digits
  }

  private mutating func answer(_ fields: RequestFields, _ message: inout ChatMessage) throws(APIError) {
    let id = try fields.string("tool_call_id")
    // Clients before `tool_name` wrote the name as `name`, or none.
    let earlierName = try fields.string("name")
    let name = try fields.string("tool_name") ?? earlierName
    let call = calls.take(id: id, name: name)
    message.toolCallID = id ?? call?.id
    message.name = name ?? call?.name
  }
}

/// Calls of tools that have no result yet; finding one takes constant time however many there are.
private struct OpenCalls {
  private var calls: [ChatMessage.ToolCall] = []
  private var isTaken: [Bool] = []
  private var places: ArraySlice<Int> = []
  private var placesByName: [String: ArraySlice<Int>] = [:]
  private var placesByID: [String: ArraySlice<Int>] = [:]

  mutating func add(_ call: ChatMessage.ToolCall) {
    let place = calls.count
    calls.append(call)
    isTaken.append(false)
    places.append(place)
    placesByName[call.name, default: []].append(place)
    if let id = call.id { placesByID[id, default: []].append(place) }
  }

  /// The earliest call with the identifier, or else of the tool, or else of any tool.
  mutating func take(id: String?, name: String?) -> ChatMessage.ToolCall? {
    let place =
      id.flatMap { Self.next(&placesByID[$0, default: []], isTaken) }
      ?? name.flatMap { Self.next(&placesByName[$0, default: []], isTaken) }
      ?? Self.next(&places, isTaken)
    guard let place else { return nil }
    isTaken[place] = true
    return calls[place]
  }

  private static func next(_ places: inout ArraySlice<Int>, _ isTaken: [Bool]) -> Int? {
    while let place = places.popFirst() { if !isTaken[place] { return place } }
    return nil
  }
}
