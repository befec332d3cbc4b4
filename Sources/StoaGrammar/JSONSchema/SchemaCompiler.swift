public import StoaFormats

extension Grammar {
  /// The JSON texts that satisfy a JSON Schema; `docs/STRUCTURED.md` says which keywords are taken.
  public init(jsonSchema schema: JSONValue) throws(GrammarError) {
    var compiler = SchemaCompiler(schema)
    self = try compiler.compile()
  }

  /// Any JSON object.
  public static func jsonObject() throws(GrammarError) -> Grammar { try Grammar(jsonSchema: ["type": "object"]) }
}

/// Turns a JSON Schema into a grammar.
struct SchemaCompiler {
  var grammar = Grammar()
  let document: JSONValue
  /// The rules of schemas that were referred to, by pointer.
  private var references: [String: Int] = [:]
  /// The rules that many schemas use, by what they match.
  private var shared: [String: Int] = [:]
  private var depth = 0
  private var schemas = 0

  static let deepest = 64
  static let mostSchemas = 50_000
  /// How deep values nest that no schema describes.
  static let freeDepth = 12

  init(_ document: JSONValue) { self.document = document }

  mutating func compile() throws(GrammarError) -> Grammar {
    let root = grammar.add("#")
    references[""] = root
    grammar.rules[root].body = try expression(document, "")
    grammar.root = root
    return grammar
  }

  /// The rule under a name, made when it is asked for first.
  mutating func rule(_ name: String, _ body: (inout SchemaCompiler) throws(GrammarError) -> Expression)
    throws(GrammarError) -> Expression
  {
    if let rule = shared[name] { return .rule(rule) }
    let rule = try newRule(name)
    shared[name] = rule
    grammar.rules[rule].body = try body(&self)
    return .rule(rule)
  }

  private mutating func newRule(_ name: String) throws(GrammarError) -> Int {
    guard grammar.rules.count < GrammarLimit.rules else { throw .tooLarge(what: "rules", limit: GrammarLimit.rules) }
    return grammar.add(name)
  }

  // MARK: Schemas

  /// What satisfies a schema.
  mutating func expression(_ schema: JSONValue, _ pointer: String) throws(GrammarError) -> Expression {
    depth += 1
    schemas += 1
    defer { depth -= 1 }
    guard depth <= Self.deepest else {
      throw .schema(pointer: pointer, keyword: "$ref", problem: "more than \(Self.deepest) schemas in each other")
    }
    guard schemas <= Self.mostSchemas else { throw .tooLarge(what: "schemas", limit: Self.mostSchemas) }
    if let isAllowed = schema.boolValue { return try isAllowed ? anyValue(Self.freeDepth) : .nothing }
    guard let object = schema.objectValue else {
      throw .schema(pointer: pointer, keyword: "none", problem: "a schema is an object or a truth value")
    }
    if let target = object["$ref"], !object.contains(where: { $0.key != "$ref" && SchemaKeyword.isAssertion($0.key) }) {
      return .rule(try reference(target, pointer))
    }
    return try expression(flat: try flattened(object, pointer), pointer)
  }

  /// What satisfies a schema without `$ref`, `allOf` and `oneOf`.
  private mutating func expression(flat: JSONObject, _ pointer: String) throws(GrammarError) -> Expression {
    try refuseUnsupported(flat, pointer)
    if let branches = flat["anyOf"]?.arrayValue {
      var rest = flat
      rest["anyOf"] = nil
      let hasRest = rest.contains { SchemaKeyword.isAssertion($0.key) }
      var choices: [Expression] = []
      for (index, branch) in branches.enumerated() {
        let merged: JSONValue = hasRest ? .object(["allOf": [.object(rest), branch]]) : branch
        choices.append(try expression(merged, "\(pointer)/anyOf/\(index)"))
      }
      return .choice(choices)
    }
    if flat["enum"] != nil || flat["const"] != nil { return try enumeration(flat, pointer) }
    let types = try SchemaType.types(of: flat, pointer)
    if types.isEmpty, flat["type"] == nil { return try anyValue(Self.freeDepth) }
    var choices: [Expression] = []
    for type in types { choices.append(try expression(type, flat, pointer)) }
    return choices.count == 1 ? choices[0] : .choice(choices)
  }

  private mutating func expression(
    _ type: SchemaType, _ schema: JSONObject, _ pointer: String
  ) throws(GrammarError) -> Expression {
    switch type {
    case .null: return .text("null")
    case .boolean: return .choice([.text("true"), .text("false")])
    case .string: return try string(schema, pointer)
    case .integer: return try number(schema, pointer, isInteger: true)
    case .number: return try number(schema, pointer, isInteger: false)
    case .object, .array:
      // A rule of its own, so that what repeats it does not copy it.
      let rule = try newRule(pointer.isEmpty ? "#" : pointer)
      grammar.rules[rule].body = type == .object ? try object(schema, pointer) : try array(schema, pointer)
      return .rule(rule)
    }
  }

  private func refuseUnsupported(_ schema: JSONObject, _ pointer: String) throws(GrammarError) {
    for (key, value) in schema where SchemaKeyword.unsupported.contains(key) {
      if key == "patternProperties", value.objectValue?.isEmpty == true { continue }
      throw .schema(pointer: pointer, keyword: key, problem: "is not supported")
    }
  }

  // MARK: References

  /// The rule of the schema that a `$ref` names.
  private mutating func reference(_ target: JSONValue, _ pointer: String) throws(GrammarError) -> Int {
    let (schema, place) = try resolve(target, pointer)
    if let rule = references[place] { return rule }
    let rule = try newRule("#" + place)
    references[place] = rule
    grammar.rules[rule].body = try expression(schema, place)
    return rule
  }

  /// The schema that a `$ref` names, and its JSON pointer (RFC 6901).
  func resolve(_ target: JSONValue, _ pointer: String) throws(GrammarError) -> (JSONValue, String) {
    func failure(_ problem: String) -> GrammarError {
      .schema(pointer: pointer, keyword: "$ref", problem: problem)
    }
    guard let text = target.stringValue else { throw failure("must be a string") }
    guard text == "#" || text.hasPrefix("#/") else {
      throw failure("\(text) is outside this schema; only # and #/… are supported")
    }
    var value = document
    let place = String(text.dropFirst())
    for part in place.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
      let key = Self.unescaped(part)
      guard let next = value[key] ?? Int(key).flatMap({ value[$0] }) else { throw failure("\(text) is not there") }
      value = next
    }
    return (value, place)
  }

  /// A part of a pointer without the escapes of URIs and of JSON pointers.
  private static func unescaped(_ part: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = Array(part.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
        bytes.append(code)
        rest = rest.dropFirst(2)
      } else if byte == UInt8(ascii: "~"), let next = rest.first, next == 0x30 || next == 0x31 {
        bytes.append(next == 0x30 ? UInt8(ascii: "~") : UInt8(ascii: "/"))
        rest = rest.dropFirst()
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
