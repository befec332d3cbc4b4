import StoaFormats

/// Objects, arrays, and values that no schema describes.
extension SchemaCompiler {
  mutating func space() throws(GrammarError) -> Expression { try rule("space") { _ in JSONText.space } }

  private mutating func separator() throws(GrammarError) -> Expression { .sequence([.text(","), try space()]) }

  private mutating func bracketed(
    _ open: String, _ content: Expression, _ close: String
  ) throws(GrammarError) -> Expression {
    .sequence([.text(open), try space(), content, try space(), .text(close)])
  }

  /// A property: its name in quotes and its value.
  private func member(_ name: Expression, _ value: Expression) -> Expression {
    .sequence([name, .text(":"), .optional(.text(" ")), value])
  }

  // MARK: Objects

  mutating func object(_ schema: JSONObject, _ pointer: String) throws(GrammarError) -> Expression {
    let properties = schema["properties"]?.objectValue ?? [:]
    var required: [String] = []
    for name in schema["required"]?.arrayValue ?? [] {
      guard let name = name.stringValue else {
        throw .schema(pointer: pointer, keyword: "required", problem: "must be a list of names")
      }
      required.append(name)
    }
    var further = schema["additionalProperties"] ?? schema["unevaluatedProperties"]
    let undeclared = required.filter { properties[$0] == nil }
    let hasNames = !properties.isEmpty || !undeclared.isEmpty
    // What is required without a schema of its own follows that of further properties.
    let undeclaredSchema = further ?? true
    if further == nil { further = .bool(!hasNames) }
    if further?.boolValue == false { further = nil }

    let requiredNames = Set(required.map { Array($0.utf8) })
    var list = MemberList(separator: try separator())
    for (name, value) in properties {
      let value = try expression(value, "\(pointer)/properties/\(Self.escaped(name))")
      list.items.append(
        .init(
          expression: member(.literal(JSONText.string(name)), value),
          isRequired: requiredNames.contains(Array(name.utf8))))
    }
    for name in undeclared {
      let value = try expression(undeclaredSchema, "\(pointer)/additionalProperties")
      list.items.append(.init(expression: member(.literal(JSONText.string(name)), value), isRequired: true))
    }
    if let further {
      let key: Expression
      if let names = schema["propertyNames"] {
        guard !hasNames else {
          throw .schema(pointer: pointer, keyword: "propertyNames", problem: "beside properties is not supported")
        }
        key = try expression(["allOf": [["type": "string"], names]], "\(pointer)/propertyNames")
      } else {
        key = try freeKey(excluding: properties.keys + undeclared, pointer)
      }
      list.rest = member(key, try expression(further, "\(pointer)/additionalProperties"))
    } else if schema["propertyNames"] != nil {
      throw .schema(pointer: pointer, keyword: "propertyNames", problem: "beside properties is not supported")
    }
    try limitMembers(&list, schema, pointer)
    return try bracketed("{", .members(list), "}")
  }

  private func limitMembers(
    _ list: inout MemberList, _ schema: JSONObject, _ pointer: String
  ) throws(GrammarError) {
    let required = list.items.count { $0.isRequired }
    if let minimum = try count("minProperties", schema, pointer), minimum > required {
      // Two further properties might have the same name, so only one can be promised.
      guard list.rest != nil, minimum == required + 1 else {
        throw .schema(
          pointer: pointer, keyword: "minProperties",
          problem: "can ask for the required properties and one more, if additionalProperties allows it")
      }
      list.restMinimum = 1
    }
    if let maximum = try count("maxProperties", schema, pointer) {
      guard maximum >= list.items.count else {
        throw .schema(
          pointer: pointer, keyword: "maxProperties", problem: "must be at least the number of declared properties")
      }
      list.restMaximum = maximum - list.items.count
      guard list.restMinimum <= maximum - list.items.count else { throw .matchesNothing }
    }
  }

  /// A name, with its quotes, of 1 to 64 characters without escapes, that is none of those declared.
  private mutating func freeKey(excluding names: [String], _ pointer: String) throws(GrammarError) -> Expression {
    let characters = ScalarSet([0...0x1F, 0x22...0x22, 0x5C...0x5C]).inverted
    // The closing quote belongs here, for what ends a repetition is best known where it is.
    let tail = try rule("the rest of a name") { _ in
      .sequence([.repetition(.scalar(characters), minimum: 0, maximum: 63), .text("\"")])
    }
    let declared = names.map { $0.unicodeScalars.map(\.value) }.filter { $0.allSatisfy(characters.contains) }
    if let long = declared.first(where: { $0.count > 128 }) {
      throw .schema(
        pointer: pointer, keyword: "additionalProperties",
        problem: "beside a property name of \(long.count) characters is not supported; 128 are")
    }
    func rest(_ names: [ArraySlice<UInt32>], isFirst: Bool) -> Expression {
      if names.isEmpty, !isFirst { return tail }
      var branches: [UInt32: [ArraySlice<UInt32>]] = [:]
      for name in names { if let first = name.first { branches[first, default: []].append(name.dropFirst()) } }
      let other = characters.subtracting(ScalarSet(branches.keys.map { $0...$0 }))
      var choices: [Expression] = [.sequence([.scalar(other), tail])]
      for (scalar, names) in branches.sorted(by: { $0.key < $1.key }) {
        choices.append(.sequence([.scalar(ScalarSet([scalar...scalar])), rest(names, isFirst: false)]))
      }
      if !isFirst, names.allSatisfy({ !$0.isEmpty }) { choices.append(.text("\"")) }
      return .choice(choices)
    }
    return .sequence([.text("\""), rest(declared.map { $0[...] }, isFirst: true)])
  }

  /// A part of a JSON pointer.
  private static func escaped(_ name: String) -> String {
    name.split(separator: "~", omittingEmptySubsequences: false).joined(separator: "~0")
      .split(separator: "/", omittingEmptySubsequences: false).joined(separator: "~1")
  }

  // MARK: Arrays

  mutating func array(_ schema: JSONObject, _ pointer: String) throws(GrammarError) -> Expression {
    let minimum = try count("minItems", schema, pointer) ?? 0
    let maximum = try count("maxItems", schema, pointer)
    if schema["uniqueItems"]?.boolValue == true, maximum ?? 2 > 1 {
      throw .schema(pointer: pointer, keyword: "uniqueItems", problem: "is not supported for more than one item")
    }
    // Before 2020-12, `items` could be a list and `additionalItems` what followed it.
    let isOldTuple = schema["items"]?.arrayValue != nil
    let prefix = (isOldTuple ? schema["items"] : schema["prefixItems"])?.arrayValue ?? []
    let rest =
      (isOldTuple ? schema["additionalItems"] : schema["items"]) ?? .bool(prefix.isEmpty || minimum > prefix.count)

    var items: [Expression] = []
    for (index, item) in prefix.enumerated() where index < maximum ?? .max {
      items.append(try expression(item, "\(pointer)/\(isOldTuple ? "items" : "prefixItems")/\(index)"))
    }
    let separator = try separator()
    let most = maximum.map { max(0, $0 - items.count) }
    let least = max(0, minimum - items.count)
    var more: Expression = .empty
    if rest.boolValue != false, most != 0 {
      let item = try expression(rest, "\(pointer)/items")
      let next = Expression.sequence([separator, item])
      more =
        items.isEmpty
        ? .sequence([item, .repetition(next, minimum: max(0, least - 1), maximum: most.map { $0 - 1 })])
        : .repetition(next, minimum: least, maximum: most)
      if items.isEmpty, least == 0 { more = .optional(more) }
    }
    guard least <= (rest.boolValue == false ? 0 : most ?? .max) else { return .nothing }
    // From the last item of the prefix to the first: what follows an item is part of it.
    for (index, item) in items.enumerated().reversed() {
      let one = Expression.sequence([index == 0 ? .empty : separator, item, more])
      more = index < minimum ? one : .optional(one)
    }
    return try bracketed("[", more, "]")
  }

  // MARK: Any value

  /// Any JSON value whose brackets nest at most so deep.
  mutating func anyValue(_ depth: Int) throws(GrammarError) -> Expression {
    try rule("any value, \(depth) deep") { compiler throws(GrammarError) in
      var choices: [Expression] = [.text("null"), .text("true"), .text("false")]
      choices.append(try compiler.number([:], "", isInteger: false))
      choices.append(try compiler.string([:], ""))
      guard depth > 0 else { return .choice(choices) }
      let value = try compiler.anyValue(depth - 1)
      let separator = try compiler.separator()
      let member = compiler.member(try compiler.string([:], ""), value)
      for (open, item, close) in [("{", member, "}"), ("[", value, "]")] {
        let items = MemberList(rest: item, separator: separator)
        choices.append(try compiler.bracketed(open, .members(items), close))
      }
      return .choice(choices)
    }
  }
}
