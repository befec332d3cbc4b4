import StoaDialogue
import StoaFormats
import StoaTemplates

extension RequestFields {
  /// Texts that end an answer.
  func stopStrings(_ key: String) throws(APIError) -> [String] {
    let texts = try strings(key) ?? []
    if texts.count > 64 { throw .invalid(path(of: key), "has \(texts.count) texts, but at most 64 are allowed") }
    if texts.contains("") { throw .invalid(path(of: key), "must not hold an empty text, which would end every answer") }
    return texts
  }

  /// A share of probability; zero, which some clients send for the most likely token alone, becomes next to nothing.
  func share(_ key: String) throws(APIError) -> Double? {
    try double(key, in: 0...1).map { max($0, 1e-9) }
  }

  /// A seed, in any range that a client may use.
  func seed(_ key: String) throws(APIError) -> UInt64? {
    try int(key, in: Int.min...Int.max).map { UInt64(bitPattern: Int64($0)) }
  }

  /// A name that must be there and not empty.
  func name(_ key: String) throws(APIError) -> String {
    let name = try required(key, string(key))
    if name.isEmpty { throw .invalid(path(of: key), "must not be empty") }
    return name
  }

  /// A tool whose name, description and schema are members of this object.
  func tool(schema key: String) throws(APIError) -> ToolDefinition {
    ToolDefinition(
      name: try name("name"), description: try string("description"),
      parameters: try object(key).map { .object($0.object) })
  }

  /// A member that Stoa cannot honour: an error when it asks for something.
  func refuse(_ key: String, _ reason: String) throws(APIError) {
    switch value(key) {
    case nil, .bool(false)?, .string("")?: return
    case .array(let items)? where items.isEmpty: return
    default: throw .invalid(path(of: key), reason, code: "unsupported_parameter")
    }
  }
}

extension ChatPrompt {
  /// Checks that tools have different names and that the choice of a tool can be met; `path` is where it was made.
  func checkTools(choiceAt path: String) throws(APIError) {
    var names: Set<String> = []
    for tool in tools where !names.insert(tool.name).inserted {
      throw .invalid("tools", "has two tools named \"\(tool.name.prefix(80))\"; give each its own name")
    }
    switch toolChoice {
    case .required where tools.isEmpty: throw .invalid(path, "asks for a call of a tool, but there are no tools")
    case .named(let name) where !names.contains(name):
      throw .invalid(path, "names the tool \"\(name.prefix(80))\", which is not among the tools")
    default: break
    }
  }

  /// Says how much the model shall think, in the three levels that templates know.
  mutating func setEffort(_ word: String) {
    let level: TemplateValue =
      switch word {
      case "minimal", "low": "low"
      case "medium": "medium"
      default: "high"
      }
    variables["reasoning_effort"] = level
  }
}
