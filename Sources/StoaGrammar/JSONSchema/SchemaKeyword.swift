import StoaFormats

/// What the keywords of JSON Schema are to the compiler.
enum SchemaKeyword {
  /// Keywords that restrict values in a way that no grammar is made of; ignoring them would let wrong values through.
  static let unsupported: Set<String> = [
    "not", "if", "patternProperties", "dependentRequired", "dependentSchemas", "dependencies", "contains",
    "unevaluatedItems", "$dynamicRef", "$recursiveRef",
  ]

  /// Keywords that restrict values and are taken, by the type of value that they are about.
  static let ofType: [SchemaType: Set<String>] = [
    .object: [
      "properties", "required", "additionalProperties", "unevaluatedProperties", "propertyNames",
      "minProperties", "maxProperties",
    ],
    .array: ["items", "prefixItems", "additionalItems", "minItems", "maxItems", "uniqueItems"],
    .string: ["pattern", "format", "minLength", "maxLength"],
    .number: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
  ]

  private static let assertions: Set<String> = ofType.values.reduce(unsupported) { $0.union($1) }.union([
    "type", "enum", "const", "anyOf", "oneOf", "allOf", "$ref", "nullable",
  ])

  /// Whether a keyword restricts values; all others, unknown ones included, are remarks.
  static func isAssertion(_ keyword: String) -> Bool { assertions.contains(keyword) }
}

/// The types of JSON Schema.
enum SchemaType: String, CaseIterable {
  case null, boolean, integer, number, string, array, object

  /// The types that a schema allows; without `type` those that its other keywords are about, or none if it has no such.
  static func types(of schema: JSONObject, _ pointer: String) throws(GrammarError) -> [SchemaType] {
    guard let value = schema["type"] else {
      return allCases.filter { type in
        SchemaKeyword.ofType[type]?.contains { schema[$0] != nil } ?? false
      }
    }
    var types: [SchemaType] = []
    for name in value.arrayValue ?? [value] {
      guard let type = name.stringValue.flatMap(SchemaType.init(rawValue:)) else {
        throw .schema(
          pointer: pointer, keyword: "type",
          problem: "must be one of \(allCases.map(\.rawValue).joined(separator: ", ")), or a list of them")
      }
      if !types.contains(type) { types.append(type) }
    }
    if schema["nullable"]?.boolValue == true, !types.contains(.null) { types.append(.null) }
    if types.contains(.number) { types.removeAll { $0 == .integer } }
    return types
  }

  /// Whether a value is of the type.
  func includes(_ value: JSONValue) -> Bool {
    switch value {
    case .null: self == .null
    case .bool: self == .boolean
    case .int: self == .integer || self == .number
    case .double(let number): self == .number || self == .integer && number == number.rounded()
    case .string: self == .string
    case .array: self == .array
    case .object: self == .object
    }
  }
}
