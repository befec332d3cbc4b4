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
      let value = try value([:], isTextOnly: false)
      return .any(.sequence([.text(keyOpen), key, .text(keyClose), value, .text(Self.separator)]))
    }
    let required = Set(schema["required"]?.arrayValue?.compactMap(\.stringValue) ?? [])
    var items: [Grammar] = []
    for (key, property) in properties {
      let value = try value(of: key, property, tool)
      let item = Grammar.sequence([.text(keyOpen + key + keyClose), value, .text(Self.separator)])
      items.append(required.contains(key) ? item : .optional(item))
    }
    return .sequence(items)
  }

  private func value(of key: String, _ property: JSONValue, _ tool: ToolDefinition) throws(GrammarError) -> Grammar {
    let end = Grammar.text(padding + valueClose)
    if let options = property["enum"]?.arrayValue ?? property["const"].map({ [$0] }) {
      let texts = options.map { opening(isText: $0.stringValue != nil) + ($0.stringValue ?? $0.text()) }
      return .sequence([.choice(texts.map { .text($0) }), end])
    }
    let types = ArgumentTypes(of: key, tool)
    // What the schema refers to lies beside the properties.
    var schema = property.objectValue ?? [:]
    for key in ["$defs", "definitions"] { schema[key] = schema[key] ?? tool.parameters?[key] }
    // What allows every type may be a schema that refers to nothing but itself.
    if types.allowsText { return try value(types.names == nil ? [:] : schema, isTextOnly: types.names == ["string"]) }
    return .sequence([.text(opening(isText: false)), try Grammar(jsonSchema: .object(schema)), end])
  }

  /// A text, or also JSON of a schema where a mark tells them apart.
  private func value(_ schema: JSONObject, isTextOnly: Bool) throws(GrammarError) -> Grammar {
    let text = Grammar.sequence([.text(opening(isText: true)), .through(valueClose)])
    guard !isTextOnly, kinds != nil else { return text }
    let data = Grammar.sequence([
      .text(opening(isText: false)), try Grammar(jsonSchema: .object(schema)), .text(padding + valueClose),
    ])
    return .choice([text, data])
  }
}
