import StoaFormats
import Testing

@testable import StoaGrammar

@Suite struct SchemaTests {
  /// A schema, and texts that its grammar takes and that it does not.
  struct Case: CustomTestStringConvertible, Sendable {
    let schema: String
    let good: [String]
    let bad: [String]
    var testDescription: String { schema }

    init(_ schema: String, _ good: [String], _ bad: [String]) {
      self.schema = schema
      self.good = good
      self.bad = bad
    }
  }

  static let cases = [
    Case(#"{"type":"null"}"#, ["null"], ["", " null", "nul"]),
    Case(
      #"{"type":["integer","boolean"]}"#, ["1", "-0", "true", "1234567890123456"], ["1.0", "01", "12345678901234567"]),
    Case(#"{"type":"number"}"#, ["0", "-1.5", "2e10", "3.25E-7"], ["1.", ".5", "1e100", "+1", "NaN"]),
    Case(
      #"{"type":"string"}"#, [#""""#, #""é😀\n\u00e9\ud83d\ude00\/""#],
      [#"""#, "\"\n\"", #""\x""#, #""\ud83d""#, #""\ud83dx""#, #""\ude00""#]),
    Case(#"{"minLength":2,"maxLength":3}"#, [#""ab""#, #""\n😀\u00e9""#], [#""a""#, #""abcd""#]),
    Case(#"{"pattern":"^[a-z]+$","maxLength":3}"#, [#""a""#, #""abc""#], [#""""#, #""abcd""#, #""A""#]),
    Case(#"{"pattern":"b\"\\n"}"#, [#""b\"\n""#, #""ab\"\nc""#], [#""b""#]),
    Case(
      #"{"type":"integer","minimum":-5,"maximum":120}"#, ["-5", "0", "7", "99", "120"],
      ["-6", "121", "1000", "-0", "007"]),
    Case(#"{"type":"integer","exclusiveMinimum":9}"#, ["10", "99999"], ["9", "-10", "5"]),
    Case(#"{"type":"integer","minimum":1.5,"maximum":3.5}"#, ["2", "3"], ["1", "4"]),
    Case(
      #"{"type":"number","minimum":-0.5,"exclusiveMaximum":2.25}"#,
      ["-0.5", "-0.49", "0", "2.2", "2.249999", "1.99"], ["-0.51", "2.25", "2.250", "2.3", "3", "-1"]),
    Case(#"{"type":"number","exclusiveMinimum":0}"#, ["0.001", "1", "12.5"], ["0", "0.0", "-1", "-0.1"]),
    Case(#"{"type":"number","maximum":-3}"#, ["-3", "-3.0", "-4.5", "-100"], ["-2.9", "3", "0"]),
    Case(#"{"type":"integer","multipleOf":7}"#, ["0", "7", "-14", "700"], ["1", "6", "71"]),
    Case(#"{"type":"integer","multipleOf":5,"minimum":3,"maximum":22}"#, ["5", "20"], ["0", "25", "7"]),
    Case(#"{"enum":["a",1,null,{"b":[1,2]}]}"#, [#""a""#, "1", "null", #"{"b": [1, 2]}"#], [#""b""#, "2"]),
    Case(#"{"enum":["a","abc",3],"type":"string","minLength":2}"#, [#""abc""#], [#""a""#, "3"]),
    Case(#"{"const":"x/\"y"}"#, [#""x/\"y""#], [#""x""#]),
    Case(
      #"{"type":"object","properties":{"a":{"type":"null"},"b":{"type":"null"},"c":{"type":"null"}},"required":["b"]}"#,
      [
        #"{"b":null}"#, #"{"a": null, "b": null}"#, "{\n  \"b\": null,\n  \"c\": null\n}",
        #"{ "a":null,"b":null,"c":null }"#,
      ],
      [
        "{}", #"{"a":null}"#, #"{"b":null,"a":null}"#, #"{"b":null,}"#, #"{,"b":null}"#, #"{"b" :null}"#,
        #"{"b":null,"d":1}"#,
      ]),
    Case(
      #"{"type":"object","properties":{"ab":{"type":"null"}},"additionalProperties":{"type":"integer"}}"#,
      ["{}", #"{"ab":null}"#, #"{"ab":null,"x":1,"y":2}"#, #"{"a":1}"#, #"{"abc":1}"#],
      [#"{"ab":1}"#, #"{"x":null}"#, #"{"":1}"#, #"{"\u0061b":1}"#]),
    Case(
      #"{"type":"object","additionalProperties":{"type":"integer"},"propertyNames":{"pattern":"^x"},"minProperties":1,"maxProperties":2}"#,
      [#"{"x":1}"#, #"{"x":1,"xy":2}"#], ["{}", #"{"y":1}"#, #"{"x":1,"xa":1,"xb":1}"#]),
    Case(#"{"type":"object","required":["k"]}"#, [#"{"k":[{}]}"#], ["{}", #"{"k":1,"l":2}"#]),
    Case(
      #"{"type":"array","items":{"type":"integer"},"minItems":1,"maxItems":3}"#, ["[1]", "[1, 2,3]", "[\n  1\n]"],
      ["[]", "[1,2,3,4]", "[1 ,2]", "[,1]"]),
    Case(
      #"{"prefixItems":[{"type":"null"},{"type":"boolean"}],"items":{"type":"integer"},"minItems":1}"#,
      ["[null]", "[null,true]", "[null,true,1,2]"], ["[]", "[true]", "[null,1]"]),
    Case(#"{"items":[{"type":"null"}],"additionalItems":false}"#, ["[]", "[null]"], ["[null,null]"]),
    Case(
      #"{"allOf":[{"properties":{"a":{"minimum":3}},"required":["a"]},{"properties":{"a":{"type":"integer","maximum":5}}}],"type":"object"}"#,
      [#"{"a":3}"#, #"{"a":5}"#], [#"{"a":2}"#, #"{"a":6}"#, "{}"]),
    Case(
      #"{"anyOf":[{"type":"string"},{"type":"object","properties":{"a":{}}}],"minLength":2}"#, [#""ab""#, #"{"a":1}"#],
      [#""a""#]),
    Case(
      ##"{"$defs":{"n":{"type":"object","properties":{"v":{"type":"integer"},"next":{"anyOf":[{"$ref":"#/$defs/n"},{"type":"null"}]}},"required":["v","next"]}},"$ref":"#/$defs/n"}"##,
      [#"{"v":1,"next":null}"#, #"{"v":1,"next":{"v":2,"next":{"v":3,"next":null}}}"#], [#"{"v":1}"#]),
    Case(##"{"type":"array","items":{"$ref":"#"}}"##, ["[]", "[[],[[]]]"], ["[1]", "[[]"]),
    Case("true", ["1", #"{"a":[null,"x"]}"#, "[]"], ["", "{a:1}"]),
    Case(
      #"{"type":"string","format":"date"}"#,
      [#""2024-02-29""#, #""2000-02-29""#, #""1999-12-31""#],
      [#""2023-02-29""#, #""1900-02-29""#, #""2024-04-31""#, #""0000-01-01""#]),
    Case(
      #"{"type":"string","format":"ipv4"}"#, [#""192.168.0.1""#, #""255.255.255.255""#], [#""256.1.1.1""#, #""1.2.3""#]),
    Case(
      #"{"type":"string","format":"date-time"}"#, [#""2024-01-31T23:59:59.5Z""#, #""2024-01-31T00:00:00+01:00""#],
      [#""2024-01-31""#]),
    Case(#"{"type":"string","nullable":true}"#, ["null", #""a""#], ["1"]),
    Case(
      #"{"type":"object","properties":{"never":false,"a":{"type":"null"}}}"#, ["{}", #"{"a":null}"#], [#"{"never":1}"#]),
  ]

  @Test(arguments: cases) func takesWhatSatisfies(_ example: Case) throws {
    let compiled = try CompiledGrammar(Grammar(jsonSchema: JSONValue(parsing: example.schema)))
    for (text, expected) in example.good.map({ ($0, true) }) + example.bad.map({ ($0, false) }) {
      var state = try GrammarState(compiled)
      #expect(try (state.advance(text.utf8) && state.canEnd) == expected, "\(text)")
    }
  }

  @Test(arguments: [
    (#"{"properties":{"a/b":{"not":{}}}}"#, "/properties/a~1b", "not"),
    (#"{"type":"array","items":{"uniqueItems":true,"type":"array"}}"#, "/items", "uniqueItems"),
    (#"{"type":"strin"}"#, "", "type"), (#"{"pattern":"(?=a)"}"#, "", "pattern"),
    (##"{"$ref":"#/$defs/x"}"##, "", "$ref"), (#"{"$ref":"http://example.com"}"#, "", "$ref"),
    (#"{"type":"number","multipleOf":0.1}"#, "", "multipleOf"), (#"{"minItems":-1}"#, "", "minItems"),
    (#"{"patternProperties":{"^a":{}}}"#, "", "patternProperties"), (#"{"if":{}}"#, "", "if"),
    (#"{"pattern":"a*b*","maxLength":3}"#, "", "maxLength"), (#"{"required":[1]}"#, "", "required"),
    (#"{"anyOf":[{"pattern":"a"}],"pattern":"b"}"#, "/anyOf/0/allOf/1", "pattern"),
    (#"{"type":"object","minProperties":3}"#, "", "minProperties"), ("3", "", "none"),
  ])
  func namesPointerAndKeyword(_ schema: String, _ pointer: String, _ keyword: String) throws {
    let value = try JSONValue(parsing: schema)
    let error = #expect(throws: GrammarError.self) { try Grammar(jsonSchema: value) }
    guard case .schema(let foundPointer, let foundKeyword, _) = try #require(error) else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(foundPointer == pointer && foundKeyword == keyword)
  }

  @Test("Contradictions and endless schemas are refused")
  func impossible() throws {
    for schema in [
      "false", #"{"type":"integer","minimum":3,"maximum":2}"#, #"{"enum":[]}"#, #"{"minLength":3,"maxLength":2}"#,
      ##"{"type":"object","properties":{"a":{"$ref":"#"}},"required":["a"]}"##,
      #"{"allOf":[{"type":"string"},{"type":"null"}]}"#,
    ] {
      let value = try JSONValue(parsing: schema)
      #expect(throws: GrammarError.matchesNothing, "\(schema)") { try CompiledGrammar(Grammar(jsonSchema: value)) }
    }
    for schema in [##"{"$ref":"#"}"##, ##"{"allOf":[{"$ref":"#"}]}"##, ##"{"anyOf":[{"$ref":"#"},{"type":"null"}]}"##] {
      let value = try JSONValue(parsing: schema)
      #expect(throws: GrammarError.self, "\(schema)") { try CompiledGrammar(Grammar(jsonSchema: value)) }
    }
  }

  @Test("Large schemas compile, hostile ones are refused")
  func sizes() throws {
    var properties = JSONObject()
    for index in 0..<300 { properties["property number \(index)"] = ["type": "string", "maxLength": 100_000] }
    let wide: JSONValue = ["type": "object", "properties": .object(properties)]
    #expect(
      try GrammarFixture.accepts(Grammar(jsonSchema: wide), #"{"property number 7":"","property number 299":"x"}"#))
    var deep: JSONValue = ["type": "null"]
    for _ in 0..<200 { deep = ["type": "array", "items": deep] }
    let hostile = deep
    #expect(throws: GrammarError.self) { try Grammar(jsonSchema: hostile) }
    // Each definition is two of the next: 2^60 branches if they were written out.
    var definitions = JSONObject()
    for index in 0..<60 {
      let next: JSONValue = ["$ref": .string("#/$defs/d\(index + 1)")]
      definitions["d\(index)"] = ["allOf": [["anyOf": [next, next]], ["anyOf": [next, next]]]]
    }
    definitions["d60"] = ["type": "null"]
    let powers: JSONValue = ["$defs": .object(definitions), "$ref": "#/$defs/d0"]
    #expect(throws: GrammarError.self) { try Grammar(jsonSchema: powers) }
  }
}
