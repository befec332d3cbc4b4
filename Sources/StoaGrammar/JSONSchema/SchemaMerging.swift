import StoaFormats

/// Makes one schema of several that all have to hold.
extension SchemaCompiler {
  /// The most branches that `anyOf` within `allOf` may multiply to.
  private static let mostBranches = 256

  /// A schema with `$ref` and `allOf` merged into it, and `oneOf` as `anyOf`.
  mutating func flattened(
    _ schema: JSONObject, _ pointer: String, depth: Int = 0
  ) throws(GrammarError) -> JSONObject {
    guard depth <= Self.deepest else {
      throw .schema(
        pointer: pointer, keyword: "allOf", problem: "more than \(Self.deepest) schemas that require each other")
    }
    var result = JSONObject()
    for (key, value) in schema where SchemaKeyword.isAssertion(key) && !["$ref", "allOf", "oneOf"].contains(key) {
      result[key] = value
    }
    if let branches = schema["oneOf"] { result = try merged(result, ["anyOf": branches], pointer) }
    if let target = schema["$ref"] {
      let (value, place) = try resolve(target, pointer)
      result = try merged(result, try flattened(part: value, place, depth), pointer)
    }
    guard let parts = schema["allOf"] else { return result }
    guard let parts = parts.arrayValue else {
      throw .schema(pointer: pointer, keyword: "allOf", problem: "must be a list of schemas")
    }
    for (index, part) in parts.enumerated() {
      let place = "\(pointer)/allOf/\(index)"
      result = try merged(result, try flattened(part: part, place, depth), place)
    }
    return result
  }

  private mutating func flattened(
    part: JSONValue, _ pointer: String, _ depth: Int
  ) throws(GrammarError) -> JSONObject {
    if let isAllowed = part.boolValue { return isAllowed ? [:] : ["enum": []] }
    guard let object = part.objectValue else {
      throw .schema(pointer: pointer, keyword: "allOf", problem: "a schema is an object or a truth value")
    }
    return try flattened(object, pointer, depth: depth + 1)
  }

  /// A schema that holds when both do; neither has `$ref` or `allOf`.
  private func merged(
    _ left: JSONObject, _ right: JSONObject, _ pointer: String
  ) throws(GrammarError) -> JSONObject {
    var result = left
    for (key, value) in right where !SchemaKeyword.ofType[.object, default: []].contains(key) {
      guard let other = left[key] else {
        result[key] = value
        continue
      }
      result[key] = try merged(key, other, value, pointer)
    }
    try refuseMixedItems(left, right, pointer)
    return try mergeObjects(left, right, into: result, pointer)
  }

  private func merged(
    _ key: String, _ left: JSONValue, _ right: JSONValue, _ pointer: String
  ) throws(GrammarError) -> JSONValue {
    if left == right { return left }
    switch key {
    case "type":
      let (left, right) = (left.arrayValue ?? [left], right.arrayValue ?? [right])
      func allows(_ types: [JSONValue], _ type: JSONValue) -> Bool {
        types.contains(type) || type == "integer" && types.contains("number")
      }
      let both = left.filter { allows(right, $0) } + right.filter { allows(left, $0) && !left.contains($0) }
      return .array(both)
    case "enum":
      let right = right.arrayValue ?? []
      return .array((left.arrayValue ?? []).filter { right.contains($0) })
    case "minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties":
      if let first = left.doubleValue, let second = right.doubleValue { return first >= second ? left : right }
    case "maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties":
      if let first = left.doubleValue, let second = right.doubleValue { return first <= second ? left : right }
    case "multipleOf":
      if let first = left.intValue, let second = right.intValue, first > 0, second > 0 {
        if first % second == 0 { return left }
        if second % first == 0 { return right }
      }
    case "items", "propertyNames": return ["allOf": [left, right]]
    case "uniqueItems", "nullable":
      if let first = left.boolValue, let second = right.boolValue {
        return .bool(key == "nullable" ? first && second : first || second)
      }
    case "anyOf":
      let (left, right) = (left.arrayValue ?? [], right.arrayValue ?? [])
      guard left.count * right.count <= Self.mostBranches else {
        throw .schema(
          pointer: pointer, keyword: key, problem: "more than \(Self.mostBranches) combinations of branches")
      }
      return .array(left.flatMap { first in right.map { second -> JSONValue in ["allOf": [first, second]] } })
    default: break
    }
    throw .schema(pointer: pointer, keyword: key, problem: "cannot be combined with another one by allOf or $ref")
  }

  private func refuseMixedItems(
    _ left: JSONObject, _ right: JSONObject, _ pointer: String
  ) throws(GrammarError) {
    for (first, second) in [(left, right), (right, left)] where first["prefixItems"] != nil {
      guard second["items"] == nil || first["items"] == second["items"] else {
        throw .schema(
          pointer: pointer, keyword: "prefixItems", problem: "cannot be combined with items by allOf or $ref")
      }
    }
  }

  /// Merges the keywords of objects: what one schema says of further properties holds for those of the other.
  private func mergeObjects(
    _ left: JSONObject, _ right: JSONObject, into merged: JSONObject, _ pointer: String
  ) throws(GrammarError) -> JSONObject {
    var result = merged
    for key in ["minProperties", "maxProperties", "propertyNames"] {
      guard let value = right[key] else { continue }
      if let other = left[key] {
        result[key] = try self.merged(key, other, value, pointer)
      } else {
        result[key] = value
      }
    }
    if let required = right["required"]?.arrayValue {
      let before = left["required"]?.arrayValue ?? []
      result["required"] = .array(before + required.filter { !before.contains($0) })
    }
    func further(_ schema: JSONObject) -> JSONValue? {
      schema["additionalProperties"] ?? schema["unevaluatedProperties"]
    }
    func both(_ first: JSONValue?, _ second: JSONValue?) -> JSONValue? {
      guard let first, let second else { return first ?? second }
      return first == second ? first : ["allOf": [first, second]]
    }
    let (first, second) = (left["properties"]?.objectValue ?? [:], right["properties"]?.objectValue ?? [:])
    var properties = JSONObject()
    for (name, schema) in first { properties[name] = both(schema, second[name] ?? further(right)) }
    for (name, schema) in second where first[name] == nil { properties[name] = both(further(left), schema) }
    if !properties.isEmpty { result["properties"] = .object(properties) }
    result["unevaluatedProperties"] = nil
    result["additionalProperties"] = both(further(left), further(right))
    return result
  }
}
