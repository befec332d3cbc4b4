import StoaDialogue
import StoaFormats
import StoaTemplates
import Testing

@testable import StoaServer

@Suite struct OpenAIResponsesTests {
  private static func decode(_ json: String) throws -> OpenAIResponsesRequest {
    try OpenAIResponsesRequest.decode(WireFixture.object(json))
  }

  private static func chat(_ json: String, after earlier: [ChatMessage] = []) throws -> ChatPrompt {
    guard case .chat(let prompt) = try decode(json).answerRequest(after: earlier).prompt else {
      throw APIError(.internal, "no chat")
    }
    return prompt
  }

  // MARK: Requests

  @Test func readsSettings() throws {
    let decoded = try Self.decode(
      #"""
      {"model":"m","input":"Hi","max_output_tokens":64,"temperature":1.5,"top_p":0.5,"stream":true,"store":true,
       "previous_response_id":"resp_1","truncation":"auto","seed":-1,"include":["message.output_text.logprobs"],
       "top_logprobs":2,"reasoning":{"effort":"low"},"parallel_tool_calls":false,"service_tier":"auto","unknown":1,
       "text":{"format":{"type":"json_schema","name":"n","schema":{"type":"object"},"strict":true}}}
      """#)
    #expect(decoded.streams)
    #expect(decoded.stores)
    #expect(decoded.previousResponseID == "resp_1")
    let request = try decoded.answerRequest(after: [])
    #expect(request.model == "m")
    #expect(request.maxTokens == 64)
    #expect(request.truncatesPrompt)
    #expect(request.topLogprobs == 2)
    #expect(request.shape == .jsonSchema(["type": "object"]))
    var sampling = SamplingFields()
    sampling.temperature = 1.5
    sampling.topP = 0.5
    sampling.seed = .max
    #expect(request.sampling == sampling)
    guard case .chat(let prompt) = request.prompt else {
      Issue.record("no chat")
      return
    }
    #expect(prompt.messages == [ChatMessage(role: "user", content: "Hi")])
    #expect(prompt.thinks == true)
    #expect(prompt.variables["reasoning_effort"] == "low")
    #expect(!prompt.parallelToolCalls)
  }

  @Test func whatIsNotAskedForIsOff() throws {
    let decoded = try Self.decode(#"{"model":"m","input":"Hi","reasoning":{"effort":"none"}}"#)
    #expect(!decoded.streams)
    #expect(!decoded.stores)
    #expect(decoded.previousResponseID == nil)
    let request = try decoded.answerRequest(after: [])
    #expect(request.topLogprobs == nil)
    #expect(request.shape == .anything)
    guard case .chat(let prompt) = request.prompt else {
      Issue.record("no chat")
      return
    }
    #expect(prompt.thinks == false)
    #expect(prompt.toolChoice == .auto)
  }

  private static let items = #"""
    {"model":"m","instructions":"S","input":[
      {"role":"developer","content":"D"},
      {"type":"message","role":"user","content":[{"type":"input_text","text":"a"},{"type":"input_text","text":"b"}]},
      {"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"hm"}]},
      {"type":"message","role":"assistant","content":[{"type":"output_text","text":"c","annotations":[]}]},
      {"type":"function_call","call_id":"c1","name":"look","arguments":"{\"key\":1}"},
      {"type":"function_call","call_id":"c2","name":"list","arguments":""},
      {"type":"function_call_output","call_id":"c1","output":"one"},
      {"type":"function_call_output","call_id":"c2","output":[{"type":"input_text","text":"two"}]}],
     "tools":[{"type":"function","name":"look","description":"d","parameters":{"type":"object"},"strict":true}],
     "tool_choice":{"type":"function","name":"look"}}
    """#

  @Test func joinsItemsToTurns() throws {
    let prompt = try Self.chat(Self.items)
    #expect(
      prompt.messages == [
        ChatMessage(role: "system", content: "S\n\nD"), ChatMessage(role: "user", content: "ab"),
        ChatMessage(
          role: "assistant", content: "c",
          toolCalls: [
            .init(id: "c1", name: "look", arguments: ["key": 1]), .init(id: "c2", name: "list", arguments: [:]),
          ], reasoning: "hm"),
        ChatMessage(role: "tool", content: "one", name: "look", toolCallID: "c1"),
        ChatMessage(role: "tool", content: "two", name: "list", toolCallID: "c2"),
      ])
    #expect(prompt.tools == [ToolDefinition(name: "look", description: "d", parameters: ["type": "object"])])
    #expect(prompt.toolChoice == .named("look"))
  }

  @Test func goesOnFromAnEarlierResponse() throws {
    let first = try Self.decode(#"{"model":"m","instructions":"first","input":"Q"}"#)
    let conversation = first.conversation(after: [], with: WireFixture.answer(WireFixture.full))
    let prompt = try Self.chat(
      #"""
      {"model":"m","instructions":"second","input":[
        {"type":"function_call_output","call_id":"call_1","output":"R"},{"role":"user","content":"N"}]}
      """#, after: conversation)
    #expect(
      prompt.messages == [
        ChatMessage(role: "system", content: "second"), ChatMessage(role: "user", content: "Q"),
        ChatMessage(
          role: "assistant", content: "Hi you",
          toolCalls: [.init(id: "call_1", name: "look", arguments: ["key": 7])], reasoning: "Hm"),
        ChatMessage(role: "tool", content: "R", name: "look", toolCallID: "call_1"),
        ChatMessage(role: "user", content: "N"),
      ])
  }

  static let refused: [RefusedBody] = [
    RefusedBody(#"{"model":"m"}"#, "input"), RefusedBody(#"{"model":"m","input":[]}"#, "input"),
    RefusedBody(#"{"model":"m","input":7}"#, "input"), RefusedBody(#"{"model":"m","input":["a"]}"#, "input[0]"),
    RefusedBody(#"{"model":7,"input":"a"}"#, "model"),
    RefusedBody(#"{"model":"m","input":[{"role":"robot","content":"a"}]}"#, "input[0].role"),
    RefusedBody(#"{"model":"m","input":[{"role":"user"}]}"#, "input[0].content"),
    RefusedBody(
      #"{"model":"m","input":[{"role":"user","content":[{"type":"input_image","image_url":"u"}]}]}"#,
      "input[0].content[0].type"),
    RefusedBody(
      #"{"model":"m","input":[{"role":"user","content":[{"type":"input_text"}]}]}"#, "input[0].content[0].text"),
    RefusedBody(#"{"model":"m","input":[{"type":"item_reference","id":"x"}]}"#, "input[0].type"),
    RefusedBody(#"{"model":"m","input":[{"type":"computer_call"}]}"#, "input[0].type"),
    RefusedBody(#"{"model":"m","input":[{"type":"function_call","name":"a","arguments":"{}"}]}"#, "input[0].call_id"),
    RefusedBody(#"{"model":"m","input":[{"type":"function_call_output","call_id":"x","output":"a"}]}"#, "input"),
    RefusedBody(#"{"model":"m","input":"a","max_output_tokens":0}"#, "max_output_tokens"),
    RefusedBody(#"{"model":"m","input":"a","temperature":2.5}"#, "temperature"),
    RefusedBody(#"{"model":"m","input":"a","top_logprobs":21}"#, "top_logprobs"),
    RefusedBody(#"{"model":"m","input":"a","store":"yes"}"#, "store"),
    RefusedBody(#"{"model":"m","input":"a","background":true}"#, "background"),
    RefusedBody(#"{"model":"m","input":"a","conversation":"conv_1"}"#, "conversation"),
    RefusedBody(#"{"model":"m","input":"a","prompt":{"id":"p"}}"#, "prompt"),
    RefusedBody(#"{"model":"m","input":"a","tools":[{"type":"web_search"}]}"#, "tools[0].type"),
    RefusedBody(#"{"model":"m","input":"a","tools":[{"type":"function"}]}"#, "tools[0].name"),
    RefusedBody(#"{"model":"m","input":"a","tool_choice":"required"}"#, "tool_choice"),
    RefusedBody(#"{"model":"m","input":"a","tool_choice":"some"}"#, "tool_choice"),
    RefusedBody(#"{"model":"m","input":"a","tool_choice":{"type":"file_search"}}"#, "tool_choice.type"),
    RefusedBody(#"{"model":"m","input":"a","text":{"format":{"type":"xml"}}}"#, "text.format.type"),
    RefusedBody(
      #"{"model":"m","input":"a","text":{"format":{"type":"json_schema","name":"n"}}}"#, "text.format.schema"),
    RefusedBody(#"{"model":"m","input":"a","truncation":"yes"}"#, "truncation"),
    RefusedBody(#"{"model":"m","input":"a","reasoning":{"effort":"some"}}"#, "reasoning.effort"),
    RefusedBody(#"{"model":"m","input":"a","metadata":{"k":1}}"#, "metadata.k"),
  ]

  @Test(arguments: refused) func refuses(_ body: RefusedBody) throws {
    let object = try WireFixture.object(body.json)
    let error = #expect(throws: APIError.self) {
      try OpenAIResponsesRequest.decode(object).answerRequest(after: [])
    }
    #expect(error?.field == body.field)
  }

  // MARK: Answers

  private static let usage =
    #"{"input_tokens":12,"input_tokens_details":{"cached_tokens":5,"cache_write_tokens":0},"output_tokens":9,"#
    + #""output_tokens_details":{"reasoning_tokens":2},"total_tokens":21}"#
  private static let reasoning =
    #"{"id":"rs_abc_0","type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"Hm"}],"#
    + #""status":"completed"}"#
  private static let message =
    #"{"id":"msg_abc_1","type":"message","role":"assistant","content":[{"type":"output_text","text":"Hi you","#
    + #""annotations":[],"logprobs":[]}],"status":"completed"}"#
  private static let call =
    #"{"id":"fc_abc_2","type":"function_call","call_id":"call_1","name":"look","arguments":"{\"key\":7}","#
    + #""status":"completed"}"#

  private static func response(
    _ status: String, output: String, usage: String = "null", error: String = "null", incomplete: String = "null"
  ) -> String {
    #"{"id":"resp_abc","object":"response","created_at":1764085165,"status":"\#(status)","background":false,"#
      + #""error":\#(error),"incomplete_details":\#(incomplete),"model":"primer","output":[\#(output)],"#
      + #""service_tier":"default","usage":\#(usage),"store":false}"#
  }

  @Test func writesAWholeAnswer() {
    #expect(
      OpenAIResponses.encode(WireFixture.answer(WireFixture.full), settings: ["store": false]).text()
        == Self.response(
          "completed", output: [Self.reasoning, Self.message, Self.call].joined(separator: ","), usage: Self.usage))
  }

  @Test func repeatsTheSettings() throws {
    let decoded = try Self.decode(Self.items)
    let response = OpenAIResponses.encode(WireFixture.answer(WireFixture.full), settings: decoded.settings)
    #expect(response["instructions"] == "S")
    #expect(response["tool_choice"] == ["type": "function", "name": "look"])
    #expect(
      response["tools"] == [
        [
          "type": "function", "name": "look", "description": "d", "parameters": ["type": "object"], "strict": true,
        ]
      ])
    #expect(response["text"] == ["format": ["type": "text"]])
    #expect(response["truncation"] == "disabled")
    #expect(response["metadata"] == [:])
    #expect(response["temperature"] == .null)
    #expect(response["parallel_tool_calls"] == true)
  }

  @Test func streamsInTheOrderOfTheAPI() {
    let begun = Self.response("in_progress", output: "")
    let complete = Self.response(
      "completed", output: [Self.reasoning, Self.message, Self.call].joined(separator: ","), usage: Self.usage)
    func about(_ index: Int) -> String {
      #""item_id":"\#(["rs", "msg", "fc"][index])_abc_\#(index)","output_index":\#(index),"#
    }
    func thought(_ text: String) -> String { #"{"type":"reasoning_text","text":"\#(text)"}"# }
    func said(_ text: String) -> String { #"{"type":"output_text","text":"\#(text)","annotations":[],"logprobs":[]}"# }
    let expected: [(String, String)] = [
      ("response.created", #""response":\#(begun)"#), ("response.in_progress", #""response":\#(begun)"#),
      (
        "response.output_item.added",
        #""output_index":0,"item":{"id":"rs_abc_0","type":"reasoning","summary":[],"content":[],"#
          + #""status":"in_progress"}"#
      ),
      ("response.content_part.added", about(0) + #""content_index":0,"part":\#(thought(""))"#),
      ("response.reasoning_text.delta", about(0) + #""content_index":0,"delta":"Hm""#),
      ("response.reasoning_text.done", about(0) + #""content_index":0,"text":"Hm""#),
      ("response.content_part.done", about(0) + #""content_index":0,"part":\#(thought("Hm"))"#),
      ("response.output_item.done", #""output_index":0,"item":\#(Self.reasoning)"#),
      (
        "response.output_item.added",
        #""output_index":1,"item":{"id":"msg_abc_1","type":"message","role":"assistant","content":[],"#
          + #""status":"in_progress"}"#
      ),
      ("response.content_part.added", about(1) + #""content_index":0,"part":\#(said(""))"#),
      ("response.output_text.delta", about(1) + #""content_index":0,"delta":"Hi","logprobs":[]"#),
      ("response.output_text.delta", about(1) + #""content_index":0,"delta":" you","logprobs":[]"#),
      ("response.output_text.done", about(1) + #""content_index":0,"text":"Hi you","logprobs":[]"#),
      ("response.content_part.done", about(1) + #""content_index":0,"part":\#(said("Hi you"))"#),
      ("response.output_item.done", #""output_index":1,"item":\#(Self.message)"#),
      (
        "response.output_item.added",
        #""output_index":2,"item":{"id":"fc_abc_2","type":"function_call","call_id":"call_1","name":"look","#
          + #""arguments":"","status":"in_progress"}"#
      ),
      ("response.function_call_arguments.delta", about(2) + #""delta":"{\"key\":""#),
      ("response.function_call_arguments.delta", about(2) + #""delta":"7}""#),
      ("response.function_call_arguments.done", about(2) + #""name":"look","arguments":"{\"key\":7}""#),
      ("response.output_item.done", #""output_index":2,"item":\#(Self.call)"#),
      ("response.completed", #""response":\#(complete)"#),
    ]
    let lines = expected.enumerated().map { number, event in
      "event: \(event.0)\ndata: {\"type\":\"\(event.0)\",\"sequence_number\":\(number),\(event.1)}\n\n"
    }
    #expect(
      WireFixture.stream(WireFixture.full, OpenAIResponsesStream(settings: ["store": false])) == lines.joined())
  }

  @Test func anAnswerAtItsLimitIsIncomplete() throws {
    let events = WireFixture.events([.content(choice: 0, "a", [])], end: .length)
    let whole = OpenAIResponses.encode(WireFixture.answer(events), settings: [:])
    #expect(whole["status"] == "incomplete")
    #expect(whole["incomplete_details"] == ["reason": "max_output_tokens"])
    #expect(whole["output"]?[0]?["status"] == "incomplete")
    let stream = try WireFixture.serverSentEvents(WireFixture.stream(events, OpenAIResponsesStream(settings: [:])))
    #expect(stream.last?["type"] == "response.incomplete")
    #expect(stream.last?["response"] == whole)
  }

  @Test func aFailureEndsTheResponse() throws {
    var stream = OpenAIResponsesStream(settings: [:])
    var text = stream.encode(.started(WireFixture.start)) + stream.encode(.content(choice: 0, "a", []))
    text += stream.encode(APIError(.internal, "No."))
    let last = try WireFixture.serverSentEvents(text).last
    #expect(last?["type"] == "response.failed")
    #expect(last?["response"]?["status"] == "failed")
    #expect(last?["response"]?["error"] == ["code": "server_error", "message": "No."])
    #expect(last?["response"]?["output"]?[0]?["status"] == "incomplete")
    var fresh = OpenAIResponsesStream(settings: [:])
    #expect(
      fresh.encode(APIError.invalid("input", "is bad"))
        == "event: error\ndata: "
        + #"{"type":"error","sequence_number":0,"code":null,"message":"input: is bad","param":"input"}"# + "\n\n")
  }

  @Test func writesLogProbabilities() throws {
    let entry = TokenEntry(
      token: 3, bytes: [0x48, 0x69], logprob: -0.5, top: [.init(token: 4, bytes: [0x48], logprob: -1.5)])
    let expected: JSONValue = [
      [
        "token": "Hi", "logprob": -0.5, "bytes": [0x48, 0x69],
        "top_logprobs": [["token": "H", "logprob": -1.5, "bytes": [0x48]]],
      ]
    ]
    let events = WireFixture.events([.content(choice: 0, "Hi", [entry])])
    let whole = OpenAIResponses.encode(WireFixture.answer(events), settings: [:])
    #expect(whole["output"]?[0]?["content"]?[0]?["logprobs"] == expected)
    let stream = try WireFixture.serverSentEvents(WireFixture.stream(events, OpenAIResponsesStream(settings: [:])))
    #expect(stream.first { $0["type"] == "response.output_text.delta" }?["logprobs"] == expected)
  }

  @Test(arguments: UInt64(0)..<200)
  func theStreamIsTheWholeAnswer(seed: UInt64) throws {
    let events = WireFixture.randomEvents(seed: seed)
    let stream = try WireFixture.serverSentEvents(WireFixture.stream(events, OpenAIResponsesStream(settings: [:])))
    #expect(stream.map { $0["sequence_number"] } == stream.indices.map { .int($0) })
    var items: [JSONValue] = []
    var collected: [String] = []
    for event in stream {
      switch event["type"]?.stringValue {
      case "response.output_item.added":
        #expect(event["output_index"]?.intValue == collected.count)
        collected.append("")
      case "response.output_item.done": items.append(event["item"] ?? .null)
      default:
        if let delta = event["delta"]?.stringValue, let index = event["output_index"]?.intValue {
          #expect(index == collected.count - 1)
          collected[index] += delta
        }
      }
    }
    func text(_ item: JSONValue) -> String {
      item["arguments"]?.stringValue ?? item["content"]?[0]?["text"]?.stringValue ?? ""
    }
    #expect(items.map(text) == collected)
    #expect(stream.last?["response"]?["output"] == .array(items))

    let whole = OpenAIResponses.encode(WireFixture.answer(events), settings: [:])["output"]?.arrayValue ?? []
    for type: JSONValue in ["reasoning", "message"] {
      func joined(_ items: [JSONValue]) -> String { items.filter { $0["type"] == type }.map(text).joined() }
      #expect(joined(items) == joined(whole))
    }
    func calls(_ items: [JSONValue]) -> [[JSONValue?]] {
      items.filter { $0["type"] == "function_call" }.map { [$0["call_id"], $0["name"], $0["arguments"]] }
    }
    #expect(calls(items) == calls(whole))
  }
}
