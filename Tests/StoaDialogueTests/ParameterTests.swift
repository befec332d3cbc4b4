import StoaFormats
import StoaGrammar
import Testing

@testable import StoaDialogue

@Suite struct ParameterTests {
  static let tool = ToolDefinition(
    name: "f",
    parameters: [
      "type": "object",
      "properties": [
        "text": ["type": "string"], "count": ["type": "integer"], "flag": ["type": "boolean"],
        "maybe": ["type": ["string", "null"]], "list": ["type": "array", "items": ["$ref": "#/$defs/item"]],
        "either": ["anyOf": [["type": "integer"], ["$ref": "#/$defs/name"]]], "kind": ["enum": ["a", "b c"]],
        "any": ["description": "Anything."], "loop": ["$ref": "#/$defs/loop"],
        "bush": ["$ref": "#/$defs/bush"],
      ],
      "required": ["text"],
      "$defs": [
        "item": ["type": "number"], "name": ["type": "string"], "loop": ["$ref": "#/$defs/loop"],
        "bush": ["anyOf": [["$ref": "#/$defs/bush"], ["$ref": "#/$defs/bush"], ["type": "null"]]],
      ],
    ])

  /// What an argument is as JSON when it is written without quotes.
  @Test(arguments: [
    ("text", "12", #""12""#), ("text", "true", #""true""#), ("text", " a \"b\"\n", #"" a \"b\"\n""#),
    ("text", "", #""""#),
    ("count", "12", "12"), ("count", " 12", "12"), ("count", "many", #""many""#), ("flag", "true", "true"),
    ("flag", "True", "true"), ("maybe", "null", "null"), ("maybe", "None", "null"), ("maybe", "1", #""1""#),
    ("list", "[1, 2.5]", "[1, 2.5]"), ("list", "[1, ", #""[1, ""#), ("either", "7", "7"),
    ("either", "seven", #""seven""#),
    ("either", "[7]", #""[7]""#), ("kind", "b c", #""b c""#), ("any", #"{"a": 1}"#, #"{"a": 1}"#),
    ("any", "True", #""True""#),
    ("any", #""quoted""#, #""\"quoted\"""#), ("loop", "1", "1"), ("unknown", "x", #""x""#),
    ("bush", "1", "1"),
  ])
  func values(_ key: String, _ text: String, _ json: String) {
    #expect(ArgumentTypes(of: key, Self.tool).json(text) == json)
    #expect((try? JSONValue(parsing: json)) != nil)
  }

  @Test(
    "A forced call has the arguments that the schema demands",
    arguments: [CallFormat.qwenCoder, .seed, .glm, .hunyuan, .muse, .deepseekV4])
  func forced(_ calls: CallFormat) throws {
    let format = DialogueFormat(calls: calls)
    let grammar = try CompiledGrammar(
      #require(try format.grammar(for: [Self.tool], choice: .required, parallel: false)))
    for (arguments, isGood) in [
      (#"{"text": "a </b> <parameter \n</parameter"}"#, true),
      (#"{"text": "", "count": 3, "flag": false, "list": [1.5, 2], "either": "x", "kind": "b c"}"#, true),
      ("{}", false), (#"{"count": 3, "text": "order"}"#, false), (#"{"text": "", "count": "x"}"#, false),
      (#"{"text": "", "list": ["x"]}"#, false), (#"{"text": "", "kind": "c"}"#, false),
      (#"{"text": "", "what": 1}"#, false),
    ] {
      let text = calls.layouts[0].text(of: [("f", arguments)])
      #expect(try CallGrammarTests.accepts(grammar, text) == isGood, "\(text)")
      let read = AnswerParserTests.parse([text], format, tools: [Self.tool]).calls
      #expect(try read.map { try JSONValue(parsing: String($0.dropFirst())) } == [JSONValue(parsing: arguments)])
    }
  }
}
