import StoaDialogue
import StoaFormats
import StoaTemplates
import Testing

@testable import StoaServer

@Suite struct AnthropicTests {
  private static func chat(_ json: String) throws -> ChatPrompt {
    let request = try AnthropicMessages.decodeForCounting(WireFixture.object(json))
    guard case .chat(let prompt) = request.prompt else { throw APIError(.internal, "no chat") }
    return prompt
  }

  @Test func readsSettings() throws {
    let (request, streams) = try AnthropicMessages.decode(
      WireFixture.object(
        #"""
        {"model":"m","max_tokens":64,"messages":[{"role":"user","content":"Hi"}],"stream":true,"temperature":0.5,
         "top_k":7,"top_p":0.25,"stop_sequences":["END","\n"],"seed":3,"metadata":{"user_id":"u"},"service_tier":"auto",
         "output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}},"unknown":[1]}
        """#))
    #expect(streams)
    #expect(request.model == "m")
    #expect(request.maxTokens == 64)
    #expect(request.stop == ["END", "\n"])
    var sampling = SamplingFields()
    sampling.temperature = 0.5
    sampling.topK = 7
    sampling.topP = 0.25
    sampling.seed = 3
    #expect(request.sampling == sampling)
    #expect(request.shape == .jsonSchema(["type": "object"]))
  }

  @Test func joinsTurnsAndNamesResults() throws {
    let prompt = try Self.chat(
      #"""
      {"model":"m","system":[{"type":"text","text":"A","cache_control":{"type":"ephemeral"}},{"type":"text","text":"B"}],
       "messages":[{"role":"user","content":"one"},{"role":"user","content":[{"type":"text","text":"two"}]},
        {"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"s"},{"type":"text","text":"ok"},
          {"type":"tool_use","id":"t1","name":"look","input":{"key":[1,null]}},
          {"type":"tool_use","id":"t2","name":"list","input":{}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"found"},
          {"type":"tool_result","tool_use_id":"t2","is_error":true,"content":[{"type":"text","text":"no"}]},
          {"type":"text","text":"three"}]}],
       "tools":[{"name":"look","description":"d","input_schema":{"type":"object"}},
        {"type":"custom","name":"list","input_schema":{}}],
       "tool_choice":{"type":"tool","name":"list","disable_parallel_tool_use":true},
       "thinking":{"type":"enabled","budget_tokens":1024}}
      """#)
    #expect(
      prompt.messages == [
        ChatMessage(role: "system", content: "A\n\nB"), ChatMessage(role: "user", content: "one\n\ntwo"),
        ChatMessage(
          role: "assistant", content: "ok",
          toolCalls: [
            .init(id: "t1", name: "look", arguments: ["key": [1, nil]]), .init(id: "t2", name: "list", arguments: [:]),
          ], reasoning: "hm"),
        ChatMessage(role: "tool", content: "found", name: "look", toolCallID: "t1"),
        ChatMessage(role: "tool", content: "Error: no", name: "list", toolCallID: "t2"),
        ChatMessage(role: "user", content: "three"),
      ])
    #expect(
      prompt.tools == [
        ToolDefinition(name: "look", description: "d", parameters: ["type": "object"]),
        ToolDefinition(name: "list", parameters: [:]),
      ])
    #expect(prompt.toolChoice == .named("list"))
    #expect(!prompt.parallelToolCalls)
    #expect(prompt.thinks == true)
    #expect(!prompt.continuesLastMessage)
  }

  @Test func aLastAssistantMessageIsTheBeginningOfTheAnswer() throws {
    let prompt = try Self.chat(
      #"{"model":"m","messages":[{"role":"user","content":"a"},{"role":"assistant","content":"Once "}]}"#)
    #expect(prompt.continuesLastMessage)
    #expect(prompt.messages.last == ChatMessage(role: "assistant", content: "Once "))
  }

  @Test(arguments: [
    ("auto", ToolChoice.auto), ("any", .required), ("none", .none),
  ])
  func readsToolChoice(_ word: String, _ choice: ToolChoice) throws {
    let prompt = try Self.chat(
      #"""
      {"model":"m","messages":[{"role":"user","content":"a"}],"tools":[{"name":"t","input_schema":{}}],
       "tool_choice":{"type":"\#(word)"}}
      """#)
    #expect(prompt.toolChoice == choice)
    #expect(prompt.parallelToolCalls)
  }

  static let refused: [RefusedBody] = [
    RefusedBody(#"{"max_tokens":1,"messages":[{"role":"user","content":"a"}]}"#, "model"),
    RefusedBody(#"{"model":"m","messages":[{"role":"user","content":"a"}]}"#, "max_tokens"),
    RefusedBody(#"{"model":"m","max_tokens":1}"#, "messages"),
    RefusedBody(#"{"model":"m","max_tokens":1,"messages":[]}"#, "messages"),
    RefusedBody(#"{"model":"m","max_tokens":1,"messages":[{"role":"robot","content":"a"}]}"#, "messages[0].role"),
    RefusedBody(#"{"model":"m","max_tokens":1,"messages":[{"role":"user"}]}"#, "messages[0].content"),
    RefusedBody(#"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":7}]}"#, "messages[0].content"),
    RefusedBody(
      #"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":[{"type":"image","source":{}}]}]}"#,
      "messages[0].content[0].type"),
    RefusedBody(
      #"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":[{"type":"text"}]}]}"#,
      "messages[0].content[0].text"),
    RefusedBody(
      #"""
      {"model":"m","max_tokens":1,"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"x"}]}]}
      """#, "messages[0].content[0].tool_use_id"),
    RefusedBody(
      #"""
      {"model":"m","max_tokens":1,"messages":[{"role":"user","content":"a"},
       {"role":"assistant","content":[{"type":"tool_use","id":"t","name":"n","input":{}}]}]}
      """#, "messages[1]"),
    RefusedBody(
      #"""
      {"model":"m","max_tokens":1,"messages":[{"role":"user","content":"a"},
       {"role":"assistant","content":[{"type":"tool_use","id":"t","name":"n","input":"{}"}]}]}
      """#, "messages[1].content[0].input"),
  ]

  /// Settings that make a good request a bad one.
  static let refusedSettings: [RefusedBody] = [
    RefusedBody(#""temperature":1.5"#, "temperature"), RefusedBody(#""top_p":-1"#, "top_p"),
    RefusedBody(#""top_k":-1"#, "top_k"), RefusedBody(#""stop_sequences":["a",1]"#, "stop_sequences[1]"),
    RefusedBody(#""stop_sequences":[""]"#, "stop_sequences"), RefusedBody(#""stream":"yes""#, "stream"),
    RefusedBody(#""tools":[{"name":"a"}]"#, "tools[0].input_schema"),
    RefusedBody(#""tools":[{"type":"web_search_20250305","name":"web_search"}]"#, "tools[0].type"),
    RefusedBody(#""tools":[{"name":"a","input_schema":{}},{"name":"a","input_schema":{}}]"#, "tools"),
    RefusedBody(#""tool_choice":{"type":"any"}"#, "tool_choice"),
    RefusedBody(#""tools":[{"name":"a","input_schema":{}}],"tool_choice":{"type":"tool","name":"b"}"#, "tool_choice"),
    RefusedBody(#""tool_choice":{"type":"some"}"#, "tool_choice.type"),
    RefusedBody(#""thinking":{"type":"much"}"#, "thinking.type"),
    RefusedBody(#""mcp_servers":[{"type":"url"}]"#, "mcp_servers"),
    RefusedBody(#""output_config":{"format":{"type":"json_schema"}}"#, "output_config.format.schema"),
    RefusedBody(#""system":[{"type":"image"}]"#, "system[0].type"),
  ]

  @Test(
    arguments: refused
      + refusedSettings.map {
        RefusedBody(#"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"a"}],\#($0.json)}"#, $0.field)
      })
  func refuses(_ body: RefusedBody) throws {
    let object = try WireFixture.object(body.json)
    let error = #expect(throws: APIError.self) { try AnthropicMessages.decode(object) }
    #expect(error?.field == body.field)
    #expect(error?.status == 400)
  }

  @Test func writesAWholeAnswer() {
    #expect(
      AnthropicMessages.encode(WireFixture.answer(WireFixture.full)).text()
        == #"{"id":"msg_abc","type":"message","role":"assistant","model":"primer","#
        + #""content":[{"type":"thinking","thinking":"Hm","signature":""},{"type":"text","text":"Hi you"},"#
        + #"{"type":"tool_use","id":"call_1","name":"look","input":{"key":7}}],"stop_reason":"tool_use","#
        + #""stop_sequence":null,"usage":{"input_tokens":7,"cache_creation_input_tokens":0,"#
        + #""cache_read_input_tokens":5,"output_tokens":9,"output_tokens_details":{"thinking_tokens":2}}}"#)
  }

  @Test(arguments: [
    (EndReason.stop, nil, "end_turn"), (.stop, "END", "stop_sequence"), (.length, nil, "max_tokens"),
    (.toolCalls, nil, "tool_use"),
  ])
  func saysWhyAnAnswerEnded(_ end: EndReason, _ stopSequence: String?, _ reason: String) {
    let events = WireFixture.events([.content(choice: 0, "a", [])], end: end, stopSequence: stopSequence)
    let message = AnthropicMessages.encode(WireFixture.answer(events))
    #expect(message["stop_reason"] == .string(reason))
    #expect(message["stop_sequence"] == stopSequence.map { .string($0) } ?? .null)
  }

  @Test func streamsInTheOrderOfTheAPI() {
    let usage =
      #"{"input_tokens":7,"cache_creation_input_tokens":0,"cache_read_input_tokens":5,"output_tokens":9,"#
      + #""output_tokens_details":{"thinking_tokens":2}}"#
    let expected: [(String, String)] = [
      (
        "message_start",
        #""message":{"id":"msg_abc","type":"message","role":"assistant","model":"primer","content":[],"#
          + #""stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":7,"cache_creation_input_tokens":0,"#
          + #""cache_read_input_tokens":5,"output_tokens":0,"output_tokens_details":{"thinking_tokens":0}}}"#
      ),
      ("ping", ""),
      (
        "content_block_start",
        #""index":0,"content_block":{"type":"thinking","thinking":"","signature":""}"#
      ),
      ("content_block_delta", #""index":0,"delta":{"type":"thinking_delta","thinking":"Hm"}"#),
      ("content_block_stop", #""index":0"#),
      ("content_block_start", #""index":1,"content_block":{"type":"text","text":""}"#),
      ("content_block_delta", #""index":1,"delta":{"type":"text_delta","text":"Hi"}"#),
      ("content_block_delta", #""index":1,"delta":{"type":"text_delta","text":" you"}"#),
      ("content_block_stop", #""index":1"#),
      (
        "content_block_start",
        #""index":2,"content_block":{"type":"tool_use","id":"call_1","name":"look","input":{}}"#
      ),
      ("content_block_delta", #""index":2,"delta":{"type":"input_json_delta","partial_json":"{\"key\":"}"#),
      ("content_block_delta", #""index":2,"delta":{"type":"input_json_delta","partial_json":"7}"}"#),
      ("content_block_stop", #""index":2"#),
      ("message_delta", #""delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":\#(usage)"#),
      ("message_stop", ""),
    ]
    let lines = expected.map { type, members in
      "event: \(type)\ndata: {\"type\":\"\(type)\"\(members.isEmpty ? "" : ",")\(members)}\n\n"
    }
    #expect(WireFixture.stream(WireFixture.full, AnthropicStream()) == lines.joined())
  }

  @Test(arguments: UInt64(0)..<200)
  func theStreamIsTheWholeAnswer(seed: UInt64) throws {
    let events = WireFixture.randomEvents(seed: seed)
    var text = ""
    var thinking = ""
    var calls: [(header: JSONValue, arguments: String)] = []
    var openIndex: Int?
    var blockCount = 0
    for event in try WireFixture.serverSentEvents(WireFixture.stream(events, AnthropicStream())) {
      let delta = event["delta"]
      switch event["type"]?.stringValue {
      case "content_block_start":
        #expect(openIndex == nil)
        #expect(event["index"]?.intValue == blockCount)
        openIndex = blockCount
        blockCount += 1
        if let block = event["content_block"], block["type"] == "tool_use" { calls.append((block, "")) }
      case "content_block_delta":
        #expect(event["index"]?.intValue == openIndex)
        text += delta?["text"]?.stringValue ?? ""
        thinking += delta?["thinking"]?.stringValue ?? ""
        if let piece = delta?["partial_json"]?.stringValue { calls[calls.count - 1].arguments += piece }
      case "content_block_stop":
        #expect(event["index"]?.intValue == openIndex)
        openIndex = nil
      default: #expect(openIndex == nil)
      }
    }
    let whole = AnthropicMessages.encode(WireFixture.answer(events))["content"]?.arrayValue ?? []
    func joined(_ key: String) -> String { whole.compactMap { $0[key]?.stringValue }.joined() }
    #expect(text == joined("text"))
    #expect(thinking == joined("thinking"))
    let wholeCalls = whole.filter { $0["type"] == "tool_use" }
    #expect(wholeCalls.map { $0["id"] } == calls.map { $0.header["id"] })
    #expect(wholeCalls.map { $0["name"] } == calls.map { $0.header["name"] })
    #expect(try wholeCalls.map { $0["input"] } == calls.map { try JSONValue(parsing: $0.arguments) })
  }

  @Test(arguments: [
    (APIError.Kind.invalidRequest, "invalid_request_error"), (.unauthenticated, "authentication_error"),
    (.forbidden, "permission_error"), (.notFound, "not_found_error"), (.tooLarge, "request_too_large"),
    (.rateLimited, "rate_limit_error"), (.overloaded, "overloaded_error"), (.internal, "api_error"),
  ])
  func writesErrors(_ kind: APIError.Kind, _ type: String) {
    let error = APIError(kind, "No.")
    let body = #"{"type":"error","error":{"type":"\#(type)","message":"No."},"request_id":"r1"}"#
    #expect(AnthropicMessages.encode(error, requestID: "r1").text() == body)
    var stream = AnthropicStream(requestID: "r1")
    #expect(stream.encode(error) == "event: error\ndata: \(body)\n\n")
  }

  @Test func argumentsThatWereCutOffAreEmpty() {
    let events = WireFixture.events(
      [
        .toolCall(choice: 0, index: 0, id: "c", name: "n"), .toolArguments(choice: 0, index: 0, #"{"a":"#),
      ], end: .length)
    let message = AnthropicMessages.encode(WireFixture.answer(events))
    #expect(message["content"]?[0]?["input"] == [:])
    #expect(message["stop_reason"] == "max_tokens")
  }
}
