import StoaFormats
import StoaGrammar

extension ParameterMarks {
  /// The arguments that a tool takes, in the order of its schema.
  ///
  /// Numbers, lists and so on follow their schemas. A text is free, but for a choice of given ones: bounds on its length
  /// and patterns are for the quoted form.
  func grammar(of tool: ToolDefinition) throws(GrammarError) -> Grammar {
    guard let schema = tool.parameters?.objectValue, let properties = schema["properties"]?.objectValue else {
      let key = try Grammar(regex: "[A-Za-z0-9_.-]{1,64}")
      return .any(
        .sequence([
          .text(keyOpen), key, .text(String(opening("").dropFirst(keyOpen.count))), .through(valueClose),
          .text(Self.separator),
        ]))
    }
    let required = Set(schema["required"]?.arrayValue?.compactMap(\.stringValue) ?? [])
    var items: [Grammar] = []
    for (key, property) in properties {
      let value = try value(of: key, property, tool)
      let item = Grammar.sequence([.text(opening(key)), value, .text(Self.separator)])
      items.append(required.contains(key) ? item : .optional(item))
    }
    return .sequence(items)
  }

  private func value(of key: String, _ property: JSONValue, _ tool: ToolDefinition) throws(GrammarError) -> Grammar {
    let end = Grammar.text(padding + valueClose)
    if let options = property["enum"]?.arrayValue ?? property["const"].map({ [$0] }) {
      return .sequence([.choice(options.map { .text($0.stringValue ?? $0.text()) }), end])
    }
    if ArgumentTypes(of: key, tool).allowsText { return .through(valueClose) }
    // What the schema refers to lies beside the properties.
    var schema = property.objectValue ?? [:]
    for key in ["$defs", "definitions"] { schema[key] = schema[key] ?? tool.parameters?[key] }
    return .sequence([try Grammar(jsonSchema: .object(schema)), end])
  }
}
