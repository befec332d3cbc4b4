import StoaFormats
import StoaGrammar

extension ArgumentNotation {
  /// The arguments that a tool takes, in the order of its schema.
  ///
  /// Numbers and choices of given values follow their schemas, as do lists and objects of them; texts are free, and so is
  /// what a schema says in more than one way.
  func grammar(of tool: ToolDefinition) throws(GrammarError) -> Grammar {
    let root = tool.parameters ?? .null
    var writer = NotationGrammar(notation: self, definitions: root)
    let members = try writer.members(ArgumentTypes(root, root), depth: 0)
    return switch self {
    case .braces: .sequence([.text("{"), members, .text("}")])
    case .keywords: .sequence([.text("("), members, .text(")")])
    case .elements: members
    }
  }
}

/// Writes schemas as grammars of a notation.
private struct NotationGrammar {
  let notation: ArgumentNotation
  /// The schema in which references are looked up.
  let definitions: JSONValue
  /// How many more values are written by their schemas; those after them may be anything, as may be deeper ones. So
  /// schemas that refer to themselves come to an end.
  var budget = 400

  private static let deepest = 6
  private static let anyKey = "[A-Za-z0-9_.-]{1,64}"

  // MARK: Objects

  /// The members of an object, without what stands around them.
  mutating func members(_ types: ArgumentTypes, depth: Int) throws(GrammarError) -> Grammar {
    guard let properties = types.schema["properties"]?.objectValue else { return try anyMembers(anyValue()) }
    let required = Set(types.schema["required"]?.arrayValue?.compactMap(\.stringValue) ?? [])
    var items: [(grammar: Grammar, isRequired: Bool)] = []
    for key in properties.keys {
      let value = try value(types.inner(key), key: key, depth: depth + 1)
      items.append((.sequence([.text(opening(key)), value]), required.contains(key)))
    }
    return items.isEmpty ? .text("") : .members(items, separator: separator)
  }

  /// Any number of members with any keys.
  private func anyMembers(_ value: Grammar) throws(GrammarError) -> Grammar {
    let key = try Grammar(regex: Self.anyKey)
    switch notation {
    case .elements: return .any(value)
    case .braces: return .optional(.list(.sequence([key, .text(":"), value]), separator: separator, several: true))
    case .keywords: return .optional(.list(.sequence([key, .text("="), value]), separator: separator, several: true))
    }
  }

  /// What stands before a value.
  private func opening(_ key: String) -> String {
    switch notation {
    case .braces: key + ":"
    case .keywords: key + "="
    case .elements: ArgumentNotation.tag(key)
    }
  }

  private var separator: String {
    switch notation {
    case .braces: ","
    case .keywords: ", "
    case .elements: ""
    }
  }

  // MARK: Values

  /// A value of a schema; in elements with the end of the element.
  private mutating func value(_ types: ArgumentTypes, key: String, depth: Int) throws(GrammarError) -> Grammar {
    budget -= 1
    let end: Grammar = .text(notation == .elements ? ArgumentNotation.endTag(key) : "")
    if let options = types.schema["enum"]?.arrayValue ?? types.schema["const"].map({ [$0] }) {
      return .sequence([.choice(options.map { .text(notation.written($0)) }), end])
    }
    guard let names = types.names, budget > 0, depth < Self.deepest else {
      return notation == .elements ? text(until: key) : try anyValue()
    }
    // A text in an element may be anything.
    if notation == .elements, names.contains("string") { return text(until: key) }
    var choices: [Grammar] = []
    for name in names.sorted() {
      switch name {
      case "string": choices.append(text(until: key))
      case "object": choices.append(.sequence([try object(types, depth: depth), end]))
      case "array": choices.append(.sequence([try list(types, depth: depth), end]))
      case "boolean" where notation == .keywords: choices.append(.choice([.text("True"), .text("False")]))
      case "null" where notation == .keywords: choices.append(.text("None"))
      default: choices.append(.sequence([try scalar(name, types, isOnly: names.count == 1), end]))
      }
    }
    return .choice(choices)
  }

  /// A number, a truth value or null, as JSON has them.
  private func scalar(_ name: String, _ types: ArgumentTypes, isOnly: Bool) throws(GrammarError) -> Grammar {
    guard isOnly, var schema = types.schema.objectValue else { return try Grammar(jsonSchema: ["type": .string(name)]) }
    for key in ["$defs", "definitions"] { schema[key] = schema[key] ?? definitions[key] }
    return try Grammar(jsonSchema: .object(schema))
  }

  private mutating func object(_ types: ArgumentTypes, depth: Int) throws(GrammarError) -> Grammar {
    switch notation {
    case .braces: return .sequence([.text("{"), try members(types, depth: depth), .text("}")])
    case .elements: return try members(types, depth: depth)
    case .keywords:
      // Objects in the arguments are JSON.
      guard types.schema["properties"] != nil, var object = types.schema.objectValue else { return try .jsonObject() }
      for key in ["$defs", "definitions"] { object[key] = object[key] ?? definitions[key] }
      object["type"] = "object"
      return try Grammar(jsonSchema: .object(object))
    }
  }

  private mutating func list(_ types: ArgumentTypes, depth: Int) throws(GrammarError) -> Grammar {
    let inner = types.inner(nil)
    let item = try value(inner, key: ArgumentNotation.item, depth: depth + 1)
    let isRequired = types.schema["minItems"]?.intValue ?? 0 > 0
    if notation == .elements {
      let element = Grammar.sequence([.text(ArgumentNotation.tag(ArgumentNotation.item)), item])
      return isRequired ? .sequence([element, .any(element)]) : .any(element)
    }
    let items = Grammar.list(item, separator: separator, several: true)
    return .sequence([.text("["), isRequired ? items : .optional(items), .text("]")])
  }

  /// Any text, with its quotation marks or the end of its element.
  private func text(until key: String) -> Grammar {
    switch notation {
    case .braces: .sequence([.text(ArgumentNotation.quote), .through(ArgumentNotation.quote)])
    case .keywords: quotedText
    case .elements: .through(ArgumentNotation.endTag(key))
    }
  }

  /// A text as JSON has it, or in single quotation marks.
  private var quotedText: Grammar {
    // Both expressions are written here, so that they compile; without them no text could be forced.
    let single = try? Grammar(regex: #"'([^'\\]|\\['"\\nrt])*'"#)
    let double = try? Grammar(jsonSchema: ["type": "string"])
    return .choice([double, single].compactMap { $0 })
  }

  /// A value without a schema; an element with its tags.
  private func anyValue() throws(GrammarError) -> Grammar {
    if notation == .elements {
      let key = try Grammar(regex: Self.anyKey)
      let endTag = ArgumentNotation.tagMark + "</"
      return .recursive { itself in
        .sequence([
          .text(ArgumentNotation.tagMark + "<"), key, .text(">"),
          .choice([.through(endTag), .sequence([.any(itself), .text(endTag)])]), key, .text(">"),
        ])
      }
    }
    var scalars = [text(until: ""), try Grammar(jsonSchema: ["type": "number"])]
    let words = notation == .keywords ? ["True", "False", "None"] : ["true", "false", "null"]
    scalars += words.map { .text($0) }
    if notation == .keywords { scalars.append(try .jsonObject()) }
    return try .recursive { (itself) throws(GrammarError) in
      let list = Grammar.sequence([
        .text("["), .optional(.list(itself, separator: separator, several: true)), .text("]"),
      ])
      guard notation == .braces else { return .choice(scalars + [list]) }
      return .choice(scalars + [list, .sequence([.text("{"), try anyMembers(itself), .text("}")])])
    }
  }
}
