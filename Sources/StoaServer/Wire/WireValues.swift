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

extension TokenEntry {
  /// The token and its alternatives as Ollama's and OpenAI's newer APIs show them.
  var encoded: JSONValue {
    var object = Self.members(bytes, logprob ?? 0)
    object["top_logprobs"] = .array(top.map { .object(Self.members($0.bytes, $0.logprob)) })
    return .object(object)
  }

  private static func members(_ bytes: [UInt8], _ logprob: Double) -> JSONObject {
    // JSON has no infinity for the logarithm of zero.
    [
      "token": .string(text(bytes)), "logprob": .double(max(logprob, -9999)),
      "bytes": .array(bytes.map { .int(Int($0)) }),
    ]
  }
}

extension Answer.ToolCall {
  /// The call as a message of a conversation has it.
  var message: ChatMessage.ToolCall { .init(id: id, name: name, arguments: TemplateValue(arguments: arguments)) }
}
