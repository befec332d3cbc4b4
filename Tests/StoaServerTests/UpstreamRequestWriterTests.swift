import StoaDialogue
import StoaFormats
import StoaHub
import StoaTemplates
import Testing

@testable import StoaServer

/// Requests of all our APIs as another server gets them, in the names of OpenAI's API reference and common extensions.
@Suite struct UpstreamRequestWriterTests {
  private static func write(_ request: AnswerRequest, to url: String = "http://h/v1") throws -> JSONValue {
    let upstream = try #require(Upstream("near=\(url)#far"))
    return .object(try UpstreamRequestWriter(upstream: upstream).write(request).body)
  }

  private static func openAI(_ json: String) throws -> JSONValue {
    try write(try OpenAIChat.decode(WireFixture.object(json)).request)
  }

  @Test func sampling() throws {
    let body = try Self.openAI(
      """
      {"model":"near","messages":[{"role":"user","content":"a"}],"temperature":0.5,"top_p":0.9,"top_k":40,"min_p":0.05,
      "presence_penalty":1,"frequency_penalty":2,"repetition_penalty":1.5,"seed":-3,"stop":["x","y"],"n":2,
      "max_completion_tokens":7,"logprobs":true,"top_logprobs":4,"logit_bias":{"5":-100,"6":1},
      "response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"}}}}
      """)
    let expected: JSONObject = [
      "temperature": 0.5, "top_p": 0.9, "top_k": 40, "min_p": 0.05, "presence_penalty": 1.0, "frequency_penalty": 2.0,
      "repetition_penalty": 1.5, "repeat_penalty": 1.5, "seed": -3, "stop": ["x", "y"], "n": 2, "max_tokens": 7,
      "logprobs": true, "top_logprobs": 4, "logit_bias": ["5": -100.0, "6": 1.0],
      "response_format": [
        "type": "json_schema", "json_schema": ["name": "answer", "schema": ["type": "object"], "strict": true],
      ],
    ]
    for (key, value) in expected { #expect(body[key] == value, "\(key)") }
  }

  @Test("What a request does not set is not sent")
  func nothingElse() throws {
    let body = try Self.openAI(#"{"model":"near","messages":[{"role":"user","content":"a"}]}"#)
    #expect(body.objectValue?.keys.sorted() == ["messages", "model", "stream", "stream_options"])
  }

  @Test func newerNamesWhereTheyAreNeeded() throws {
    var request = AnswerRequest(
      model: "", prompt: .chat(ChatPrompt(messages: [ChatMessage(role: "user", content: "a")])))
    request.maxTokens = 3
    let body = try Self.write(request, to: "https://api.openai.com/v1")
    #expect(body["max_completion_tokens"] == 3)
    #expect(body["max_tokens"] == nil)
    request.prompt = .text("Once")
    let text = try Self.write(request, to: "https://api.openai.com/v1")
    #expect(text["prompt"] == "Once")
    #expect(text["max_tokens"] == 3)
  }

  @Test func tools() throws {
    let body = try Self.openAI(
      """
      {"model":"near","messages":[{"role":"user","content":"a"},
      {"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\\"k\\": 1}"}}]},
      {"role":"tool","tool_call_id":"c1","content":"2"}],
      "tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"}}}],
      "tool_choice":{"type":"function","function":{"name":"f"}},"parallel_tool_calls":false}
      """)
    #expect(
      body["messages"]?[1]
        == [
          "role": "assistant", "content": nil,
          "tool_calls": [["id": "c1", "type": "function", "function": ["name": "f", "arguments": #"{"k":1}"#]]],
        ])
    #expect(body["messages"]?[2] == ["role": "tool", "content": "2", "tool_call_id": "c1"])
    #expect(
      body["tools"]
        == [["type": "function", "function": ["name": "f", "description": "d", "parameters": ["type": "object"]]]])
    #expect(body["tool_choice"] == ["type": "function", "function": ["name": "f"]])
    #expect(body["parallel_tool_calls"] == false)
  }

  @Test("Calls without identifiers get some, and results those of their calls")
  func identifiers() throws {
    var call = ChatMessage(role: "assistant", content: nil)
    call.toolCalls = ["f", "g", "f"].map { ChatMessage.ToolCall(name: $0, arguments: .dict([:])) }
    func result(_ name: String?) -> ChatMessage { ChatMessage(role: "tool", content: "r", name: name) }
    let written = UpstreamMessages.encode([call, result("g"), result("f"), result(nil), result(nil)])
    let calls = try #require(written[0]["tool_calls"]?.arrayValue).map { $0["id"]?.stringValue }
    #expect(Set(calls).count == 3)
    #expect(written[1]["tool_call_id"]?.stringValue == calls[1])
    #expect(written[2]["tool_call_id"]?.stringValue == calls[0])
    #expect(written[3]["tool_call_id"]?.stringValue == calls[2])
    #expect(written[4]["tool_call_id"]?.stringValue != nil)
  }

  @Test func theOtherAPIs() throws {
    let anthropic = try Self.write(
      try AnthropicMessages.decode(
        WireFixture.object(
          """
          {"model":"near","max_tokens":5,"system":"Be brief.","stop_sequences":["x"],
          "messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}
          """)
      ).0)
    #expect(
      anthropic["messages"]
        == [
          ["role": "system", "content": "Be brief."], ["role": "user", "content": "a"],
          ["role": "assistant", "content": "b"],
        ])
    #expect(anthropic["continue_final_message"] == true)
    #expect(anthropic["add_generation_prompt"] == false)
    #expect(anthropic["max_tokens"] == 5)
    let ollama = try OllamaRequest.decode(
      WireFixture.object(
        """
        {"model":"near","messages":[{"role":"user","content":"a"}],"think":"low","format":"json",
        "options":{"num_predict":9,"repeat_penalty":1.5,"repeat_last_n":-1}}
        """), for: .chat)
    guard case .answer(let request, _) = ollama else { throw APIError(.internal, "no request") }
    let body = try Self.write(request)
    #expect(body["max_tokens"] == 9)
    #expect(body["repeat_penalty"] == 1.5)
    #expect(body["repeat_last_n"] == -1)
    #expect(body["reasoning_effort"] == "low")
    #expect(body["chat_template_kwargs"]?["enable_thinking"] == true)
    #expect(body["response_format"] == ["type": "json_object"])
  }

  @Test(
    arguments: [
      ("a=http://h", "a", "http://h/v1", "a"), ("a=https://h:1/", "a", "https://h:1/v1", "a"),
      ("a/b=http://h/x/y/#m/n:q", "a/b", "http://h/x/y", "m/n:q"),
    ])
  func addresses(_ text: String, _ name: String, _ base: String, _ model: String) throws {
    let upstream = try #require(Upstream(text))
    #expect(upstream.name == name)
    #expect(upstream.base.description == base)
    #expect(upstream.remoteModel == model)
  }

  @Test(
    arguments: [
      "", "a", "=http://h", "a=", "a=h:80", "a=ftp://h", "a=http://u:p@h", "a=http://h?k=v", "a=http://h#",
      "a b=http://h",
      "a=http://h#m n", "a\n=http://h", "a=http://",
    ])
  func noAddresses(_ text: String) {
    #expect(Upstream(text) == nil)
  }

  @Test func keysDoNotShow() {
    let key = UpstreamKey("sk-1")
    #expect(!"\(String(describing: key)) \(String(reflecting: key))".contains("sk-1"))
    var text = ""
    dump(key, to: &text)
    #expect(!text.contains("sk-1"))
    for bad in ["", "a b", "a\r\nx: y", "é", String(repeating: "a", count: 5000)] { #expect(UpstreamKey(bad) == nil) }
  }
}
