import StoaFormats

/// The JSON types that a tool's schema allows for an argument; nil for all.
struct ArgumentTypes: Sendable {
  private(set) var names: Set<String>?
  /// The schema, references followed; null where there is none.
  private(set) var schema = JSONValue.null
  private let root: JSONValue

  /// Schemas that are looked at, so that those which refer to themselves come to an end.
  private static let mostSchemas = 256

  init(of key: String, _ tool: ToolDefinition) {
    let root = tool.parameters ?? .null
    self.init(root["properties"]?[key], root)
  }

  /// The types of a schema; references in it are those of `root`.
  init(_ schema: JSONValue?, _ root: JSONValue) {
    self.root = root
    var budget = Self.mostSchemas
    names = schema.flatMap { types($0, &budget) }
    self.schema = schema.map { resolved($0, &budget) } ?? .null
  }

  /// The types of a member of an object, or of an item of a list if there is no key.
  func inner(_ key: String?) -> ArgumentTypes {
    let branches = [schema] + ((schema["anyOf"] ?? schema["oneOf"])?.arrayValue ?? [])
    var budget = Self.mostSchemas
    for branch in branches.map({ resolved($0, &budget) }) {
      if let key, let schema = branch["properties"]?[key] { return ArgumentTypes(schema, root) }
      if key == nil, let schema = branch["items"], schema.objectValue != nil { return ArgumentTypes(schema, root) }
    }
    return ArgumentTypes(nil, root)
  }

  /// Whether a text may stand for itself.
  var allowsText: Bool { names?.contains("string") ?? true }

  /// The JSON text of an argument that was written without quotes.
  func json(_ text: String) -> String {
    let trimmed = text.drop { $0.isWhitespace }
    // Jinja writes these as Python does, and so models learn them.
    let words = names == nil ? [:] : ["True": "true", "False": "false", "None": "null"]
    let candidate = words[text] ?? String(trimmed)
    if let value = try? JSONValue(parsing: candidate), allows(value) { return candidate }
    return JSONValue.string(text).text()
  }

  private func allows(_ value: JSONValue) -> Bool {
    guard let names, names.contains("string") else { return value.stringValue == nil }
    return switch value {
    case .null: names.contains("null")
    case .bool: names.contains("boolean")
    case .int: names.contains("integer") || names.contains("number")
    case .double: names.contains("number")
    case .string: false
    case .array: names.contains("array")
    case .object: names.contains("object")
    }
  }

  private func types(_ schema: JSONValue, _ budget: inout Int) -> Set<String>? {
    budget -= 1
    guard budget > 0 else { return nil }
    if let name = schema["type"]?.stringValue { return [name] }
    if let list = schema["type"]?.arrayValue { return Set(list.compactMap(\.stringValue)) }
    if let options = schema["enum"]?.arrayValue { return Set(options.map(Self.type)) }
    if let value = schema["const"] { return [Self.type(value)] }
    if let target = target(of: schema) { return types(target, &budget) }
    guard let branches = (schema["anyOf"] ?? schema["oneOf"])?.arrayValue else { return nil }
    var union: Set<String> = []
    for branch in branches {
      guard let names = types(branch, &budget) else { return nil }
      union.formUnion(names)
    }
    return union
  }

  /// What a schema refers to; nil when it refers to nothing that is there.
  private func target(of schema: JSONValue) -> JSONValue? {
    guard let reference = schema["$ref"]?.stringValue, reference.hasPrefix("#/") else { return nil }
    return reference.dropFirst(2).split(separator: "/").reduce(JSONValue?.some(root)) { $0?[String($1)] }
  }

  private func resolved(_ schema: JSONValue, _ budget: inout Int) -> JSONValue {
    var schema = schema
    while budget > 0, let target = target(of: schema) {
      budget -= 1
      schema = target
    }
    return schema
  }

  private static func type(_ value: JSONValue) -> String {
    switch value {
    case .null: "null"
    case .bool: "boolean"
    case .int: "integer"
    case .double: "number"
    case .string: "string"
    case .array: "array"
    case .object: "object"
    }
  }
}
