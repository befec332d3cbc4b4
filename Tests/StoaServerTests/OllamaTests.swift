import StoaDialogue
import StoaFormats
import StoaTemplates
import Testing

@testable import StoaServer

@Suite struct OllamaTests {
  private static func answer(
    _ json: String, _ endpoint: OllamaEndpoint
  ) throws -> (request: AnswerRequest, streams: Bool) {
    let request = try OllamaRequest.decode(WireFixture.object(json), for: endpoint)
    guard case .answer(let answer, let streams) = request else { throw APIError(.internal, "no answer: \(request)") }
    return (answer, streams)
  }

  private static func chat(_ json: String, _ endpoint: OllamaEndpoint = .chat) throws -> ChatPrompt {
    guard case .chat(let prompt) = try answer(json, endpoint).request.prompt else {
      throw APIError(.internal, "no chat")
    }
    return prompt
  }

  // MARK: Requests

  @Test func readsOptions() throws {
    let (request, streams) = try Self.answer(
      #"""
      {"model":"m","messages":[{"role":"user","content":"Hi"}],"stream":false,"keep_alive":"1h30m","format":"json",
       "options":{"temperature":0.5,"top_k":-1,"top_p":0.25,"min_p":0.125,"typical_p":0.75,"repeat_penalty":1.5,
        "repeat_last_n":64,"presence_penalty":0.1,"frequency_penalty":-0.2,"seed":42,"num_predict":9,"num_ctx":2048,
        "stop":["END"],"num_gpu":1,"mirostat":0},"truncate":true,"logprobs":true,"top_logprobs":3}
      """#, .chat)
    #expect(!streams)
    #expect(request.model == "m")
    #expect(request.keepAlive == .seconds(5400))
    #expect(request.shape == .jsonObject)
    #expect(request.maxTokens == 9)
    #expect(request.stop == ["END"])
    #expect(request.truncatesPrompt)
    #expect(request.topLogprobs == 3)
    var sampling = SamplingFields()
    sampling.temperature = 0.5
    sampling.topK = 0
    sampling.topP = 0.25
    sampling.minP = 0.125
    sampling.typicalP = 0.75
    sampling.repetitionPenalty = 1.5
    sampling.penaltyWindow = 64
    sampling.presencePenalty = 0.1
    sampling.frequencyPenalty = -0.2
    sampling.seed = 42
    #expect(request.sampling == sampling)
  }

  @Test(arguments: ["-1", "-2", "0"]) func noLimitOfTokens(number: String) throws {
    let (request, streams) = try Self.answer(
      #"{"model":"m","prompt":"a","options":{"num_predict":\#(number),"seed":-1,"repeat_last_n":-1}}"#, .generate)
    #expect(request.maxTokens == nil)
    #expect(request.sampling.seed == nil)
    #expect(request.sampling.penaltyWindow == .max)
    #expect(streams)
  }

  @Test func givesCallsTheIdentifiersThatTemplatesNeed() throws {
    let prompt = try Self.chat(
      #"""
      {"model":"m","messages":[{"role":"system","content":"S"},{"role":"user","content":"Q"},
        {"role":"assistant","thinking":"hm","tool_calls":[{"function":{"name":"look","arguments":{"key":1}}},
          {"function":{"name":"list"}},{"id":"own","function":{"name":"look","arguments":{"key":2}}}]},
        {"role":"tool","tool_name":"list","content":"L"},{"role":"tool","content":"1"},
        {"role":"tool","tool_call_id":"own","content":"2"}],
       "tools":[{"type":"function","function":{"name":"look","description":"d","parameters":{"type":"object"}}}]}
      """#)
    #expect(
      prompt.messages == [
        ChatMessage(role: "system", content: "S"), ChatMessage(role: "user", content: "Q"),
        ChatMessage(
          role: "assistant", content: nil,
          toolCalls: [
            .init(id: "c00000001", name: "look", arguments: ["key": 1]),
            .init(id: "c00000002", name: "list", arguments: [:]), .init(id: "own", name: "look", arguments: ["key": 2]),
          ], reasoning: "hm"),
        ChatMessage(role: "tool", content: "L", name: "list", toolCallID: "c00000002"),
        ChatMessage(role: "tool", content: "1", name: "look", toolCallID: "c00000001"),
        ChatMessage(role: "tool", content: "2", name: "look", toolCallID: "own"),
      ])
    #expect(
      prompt.tools == [ToolDefinition(name: "look", description: "d", parameters: ["type": "object"])])
  }

  @Test(
    arguments: [
      ("true", true, nil), ("false", false, nil), (#""high""#, true, "high"), (#""low""#, true, "low"),
      ("null", nil, nil),
    ] as [(String, Bool?, TemplateValue?)])
  func readsThinking(_ json: String, _ thinks: Bool?, _ effort: TemplateValue?) throws {
    for (endpoint, prompt) in [
      (OllamaEndpoint.chat, #""messages":[{"role":"user","content":"a"}]"#), (.generate, #""prompt":"a""#),
    ] {
      let prompt = try Self.chat(#"{"model":"m",\#(prompt),"think":\#(json)}"#, endpoint)
      #expect(prompt.thinks == thinks)
      #expect(prompt.variables["reasoning_effort"] == effort)
    }
  }

  @Test func generatesFromAPromptOrRawText() throws {
    let prompt = try Self.chat(#"{"model":"m","system":"S","prompt":"P","context":[],"suffix":""}"#, .generate)
    #expect(prompt.messages == [ChatMessage(role: "system", content: "S"), ChatMessage(role: "user", content: "P")])
    let raw = try Self.answer(
      #"{"model":"m","prompt":"P","raw":true,"format":{"type":"object"}}"#, .generate
    ).request
    guard case .text("P") = raw.prompt else {
      Issue.record("not the text: \(raw.prompt)")
      return
    }
    #expect(raw.shape == .jsonSchema(["type": "object"]))
  }

  @Test(arguments: OllamaEndpoint.allCases) func withoutAPromptLoadsOrUnloads(_ endpoint: OllamaEndpoint) throws {
    guard case .load("m", nil) = try OllamaRequest.decode(["model": "m"], for: endpoint) else {
      Issue.record("does not load")
      return
    }
    let forever = try OllamaRequest.decode(["model": "m", "keep_alive": -1, "messages": []], for: endpoint)
    guard case .load("m", .forever) = forever else {
      Issue.record("does not load for ever")
      return
    }
    guard case .unload("m") = try OllamaRequest.decode(["model": "m", "keep_alive": "0s"], for: endpoint) else {
      Issue.record("does not unload")
      return
    }
  }

  @Test(
    arguments: [
      ("300", .seconds(300)), ("0.5", .seconds(0.5)), (#""5m""#, .seconds(300)), (#""1h30m""#, .seconds(5400)),
      (#""1.5h""#, .seconds(5400)), (#""300""#, .seconds(300)), (#""1m0.5s""#, .seconds(60.5)),
      (#""250ms""#, .seconds(0.25)), ("-1", .forever), (#""-1""#, .forever), (#""-1s""#, .forever), ("0", .seconds(0)),
      (#""+2s""#, .seconds(2)), ("null", nil),
    ] as [(String, KeepAlive?)])
  func readsKeepAlive(_ json: String, _ expected: KeepAlive?) throws {
    let fields = RequestFields(try WireFixture.object(#"{"keep_alive":\#(json)}"#))
    #expect(try fields.keepAlive("keep_alive") == expected)
  }

  @Test(arguments: [
    "true", #""""#, #""m""#, #""5 m""#, #""5x""#, #""1m5""#, #""1..5s""#, #""inf""#, #""0x1s""#, #""-""#, "[]",
    #""1s 2s""#, #""\#(String(repeating: "1s", count: 100))""#,
  ])
  func refusesKeepAlive(_ json: String) throws {
    let fields = RequestFields(try WireFixture.object(#"{"keep_alive":\#(json)}"#))
    let error = #expect(throws: APIError.self) { try fields.keepAlive("keep_alive") }
    #expect(error?.field == "keep_alive")
  }

  static let refusedChats: [RefusedBody] = [
    RefusedBody(#"{"messages":[{"role":"user","content":"a"}]}"#, "model"),
    RefusedBody(#"{"model":"","messages":[{"role":"user","content":"a"}]}"#, "model"),
    RefusedBody(#"{"model":"m","messages":{}}"#, "messages"),
    RefusedBody(#"{"model":"m","messages":["a"]}"#, "messages[0]"),
    RefusedBody(#"{"model":"m","messages":[{"content":"a"}]}"#, "messages[0].role"),
    RefusedBody(#"{"model":"m","messages":[{"role":"user","content":["a"]}]}"#, "messages[0].content"),
    RefusedBody(#"{"model":"m","messages":[{"role":"user","content":"a","images":["x"]}]}"#, "messages[0].images"),
    RefusedBody(
      #"{"model":"m","messages":[{"role":"assistant","tool_calls":[{"function":{"name":"a","arguments":"{}"}}]}]}"#,
      "messages[0].tool_calls[0].function.arguments"),
    RefusedBody(
      #"{"model":"m","messages":[{"role":"assistant","tool_calls":[{"function":{"name":"a"}}]}]}"#, "messages[0]"),
    RefusedBody(#"{"model":"m","messages":[{"role":"user","content":"a"}],"tools":[{}]}"#, "tools[0].function"),
    RefusedBody(#"{"model":"m","messages":[{"role":"user","content":"a"}],"format":"xml"}"#, "format"),
    RefusedBody(#"{"model":"m","messages":[{"role":"user","content":"a"}],"format":7}"#, "format"),
    RefusedBody(#"{"model":"m","messages":[{"role":"user","content":"a"}],"think":"much"}"#, "think"),
    RefusedBody(#"{"model":"m","messages":[{"role":"user","content":"a"}],"think":1}"#, "think"),
    RefusedBody(
      #"{"model":"m","messages":[{"role":"user","content":"a"}],"options":{"temperature":-1}}"#, "options.temperature"),
    RefusedBody(
      #"{"model":"m","messages":[{"role":"user","content":"a"}],"options":{"num_predict":-3}}"#, "options.num_predict"),
    RefusedBody(#"{"model":"m","messages":[{"role":"user","content":"a"}],"options":{"stop":7}}"#, "options.stop"),
    RefusedBody(#"{"model":"m","messages":[{"role":"user","content":"a"}],"options":[]}"#, "options"),
  ]

  static let refusedGenerations: [RefusedBody] = [
    RefusedBody(#"{"model":"m","prompt":["a"]}"#, "prompt"),
    RefusedBody(#"{"model":"m","prompt":"a","suffix":"b"}"#, "suffix"),
    RefusedBody(#"{"model":"m","prompt":"a","template":"{{ .Prompt }}"}"#, "template"),
    RefusedBody(#"{"model":"m","prompt":"a","context":[1,2]}"#, "context"),
    RefusedBody(#"{"model":"m","prompt":"a","images":["x"]}"#, "images"),
    RefusedBody(#"{"model":"m","prompt":"a","raw":1}"#, "raw"),
  ]

  @Test(arguments: refusedChats) func refusesChat(_ body: RefusedBody) throws {
    let object = try WireFixture.object(body.json)
    let error = #expect(throws: APIError.self) { try OllamaRequest.decode(object, for: .chat) }
    #expect(error?.field == body.field)
  }

  @Test(arguments: refusedGenerations) func refusesGeneration(_ body: RefusedBody) throws {
    let object = try WireFixture.object(body.json)
    let error = #expect(throws: APIError.self) { try OllamaRequest.decode(object, for: .generate) }
    #expect(error?.field == body.field)
  }

  // MARK: Answers

  private static let end =
    #""total_duration":2500000000,"load_duration":500000000,"prompt_eval_count":12,"prompt_eval_duration":250000000,"#
    + #""eval_count":9,"eval_duration":1500000000}"#

  @Test func streamsChatLines() {
    let head = #"{"model":"primer","created_at":"2025-11-25T15:39:25.000000000Z","message":{"role":"assistant","#
    let lines = [
      head + #""content":"","thinking":"Hm"},"done":false}"#, head + #""content":"Hi"},"done":false}"#,
      head + #""content":" you"},"done":false}"#,
      head + #""content":"","tool_calls":[{"id":"call_1","function":{"name":"look","arguments":{"key":7}}}]},"#
        + #""done":false}"#,
      #"{"model":"primer","created_at":"2025-11-25T15:39:27.500000000Z","message":{"role":"assistant","content":""},"#
        + #""done":true,"done_reason":"stop",\#(Self.end)"#,
    ]
    #expect(WireFixture.stream(WireFixture.full, OllamaStream(endpoint: .chat)) == lines.map { $0 + "\n" }.joined())
  }

  @Test func streamsGeneratedLines() {
    let head = #"{"model":"primer","created_at":"2025-11-25T15:39:25.000000000Z","response":"#
    let events = WireFixture.events([.reasoning(choice: 0, "Hm", []), .content(choice: 0, "Hi", [])], end: .length)
    let lines = [
      head + #""","thinking":"Hm","done":false}"#, head + #""Hi","done":false}"#,
      #"{"model":"primer","created_at":"2025-11-25T15:39:27.500000000Z","response":"","done":true,"#
        + #""done_reason":"length",\#(Self.end)"#,
    ]
    #expect(WireFixture.stream(events, OllamaStream(endpoint: .generate)) == lines.map { $0 + "\n" }.joined())
  }

  @Test func writesAWholeAnswer() {
    let head = #"{"model":"primer","created_at":"2025-11-25T15:39:27.500000000Z","#
    let answer = WireFixture.answer(WireFixture.full)
    #expect(
      OllamaAnswer.encode(answer, for: .chat).text() == head
        + #""message":{"role":"assistant","content":"Hi you","thinking":"Hm","tool_calls":[{"id":"call_1","#
        + #""function":{"name":"look","arguments":{"key":7}}}]},"done":true,"done_reason":"stop",\#(Self.end)"#)
    #expect(
      OllamaAnswer.encode(answer, for: .generate).text() == head
        + #""response":"Hi you","thinking":"Hm","done":true,"done_reason":"stop",\#(Self.end)"#)
  }

  @Test func writesLogProbabilities() {
    let entry = TokenEntry(
      token: 3, bytes: [0x48, 0x69], logprob: -0.5, top: [.init(token: 4, bytes: [0x48], logprob: -1.5)])
    let events = WireFixture.events([.content(choice: 0, "Hi", [entry])])
    let expected: JSONValue = [
      [
        "token": "Hi", "logprob": -0.5, "bytes": [0x48, 0x69],
        "top_logprobs": [["token": "H", "logprob": -1.5, "bytes": [0x48]]],
      ]
    ]
    #expect(OllamaAnswer.encode(WireFixture.answer(events), for: .chat)["logprobs"] == expected)
  }

  @Test func aProbabilityOfZeroIsANumber() throws {
    let entry = TokenEntry(token: 3, bytes: [0x48], logprob: -.infinity, top: [])
    let events = WireFixture.events([.content(choice: 0, "H", [entry])])
    let logprobs = OllamaAnswer.encode(WireFixture.answer(events), for: .chat)["logprobs"]
    #expect(logprobs?[0]?["logprob"]?.doubleValue?.isFinite == true)
  }

  @Test func writesThatAModelIsLoaded() {
    #expect(
      OllamaAnswer.encode(model: "m", at: 0, isLoaded: true, loadSeconds: 1, for: .chat).text()
        == #"{"model":"m","created_at":"1970-01-01T00:00:00.000000000Z","message":{"role":"assistant","content":""},"#
        + #""done":true,"done_reason":"load","total_duration":1000000000,"load_duration":1000000000}"#)
    let unloaded = OllamaAnswer.encode(model: "m", at: 0, isLoaded: false, for: .generate)
    #expect(unloaded["done_reason"] == "unload")
    #expect(unloaded["response"] == "")
  }

  @Test func writesErrors() {
    var stream = OllamaStream(endpoint: .chat)
    #expect(stream.encode(APIError(.notFound, "model \"x\" not found")) == #"{"error":"model \"x\" not found"}"# + "\n")
  }

  @Test(arguments: UInt64(0)..<200)
  func theStreamIsTheWholeAnswer(seed: UInt64) throws {
    let events = WireFixture.randomEvents(seed: seed)
    let stream = WireFixture.stream(events, OllamaStream(endpoint: .chat))
    let lines = try stream.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
    let whole = OllamaAnswer.encode(WireFixture.answer(events), for: .chat)
    func joined(_ key: String) -> String { lines.compactMap { $0["message"]?[key]?.stringValue }.joined() }
    #expect(joined("content") == whole["message"]?["content"]?.stringValue)
    #expect(joined("thinking") == whole["message"]?["thinking"]?.stringValue ?? "")
    let calls = lines.flatMap { $0["message"]?["tool_calls"]?.arrayValue ?? [] }
    #expect(calls == whole["message"]?["tool_calls"]?.arrayValue ?? [])
    #expect(lines.map { $0["done"] } == Array(repeating: false, count: lines.count - 1) + [true])
  }
}
