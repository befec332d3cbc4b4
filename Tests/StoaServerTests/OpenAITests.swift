import StoaDialogue
import StoaFormats
import StoaTemplates
import Testing

@testable import StoaServer

@Suite struct OpenAITests {
  private static func chat(_ json: String) throws -> ChatPrompt {
    let decoded = try OpenAIChat.decode(WireFixture.object(json))
    guard case .chat(let prompt) = decoded.request.prompt else { throw APIError(.internal, "no chat") }
    return prompt
  }

  @Test func readsMessages() throws {
    let prompt = try Self.chat(
      #"""
      {"messages":[{"role":"developer","content":"be brief"},
        {"role":"user","content":[{"type":"text","text":"one "},{"type":"text","text":"two"}]},
        {"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function",
          "function":{"name":"look","arguments":"{\"key\":[1,null]}"}}]},
        {"role":"tool","tool_call_id":"c1","content":"found"}],
       "tools":[{"type":"function","function":{"name":"look","parameters":{"type":"object"}}}],
       "tool_choice":"required","parallel_tool_calls":false,"reasoning_effort":"none"}
      """#)
    #expect(prompt.messages.map(\.role) == ["system", "user", "assistant", "tool"])
    #expect(prompt.messages[1].text == "one two")
    let call = try #require(prompt.messages[2].toolCalls.first)
    #expect(call == ChatMessage.ToolCall(id: "c1", name: "look", arguments: ["key": [1, .none]]))
    #expect(prompt.messages[3].toolCallID == "c1")
    #expect(prompt.tools.map(\.name) == ["look"])
    #expect(prompt.toolChoice == .required)
    #expect(!prompt.parallelToolCalls)
    #expect(prompt.thinks == false)
  }

  @Test(
    "Wrong requests are refused with the field's name",
    arguments: [
      (#"{"model":"m"}"#, "messages"), (#"{"messages":[]}"#, "messages"), (#"{"messages":[5]}"#, "messages[0]"),
      (#"{"messages":[{"role":"king","content":"x"}]}"#, "messages[0].role"),
      (#"{"messages":[{"role":"user"}]}"#, "messages[0].content"),
      (
        #"{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{}}]}]}"#,
        "messages[0].content[0].type"
      ),
      (#"{"messages":[{"role":"user","content":"x"}],"temperature":-1}"#, "temperature"),
      (#"{"messages":[{"role":"user","content":"x"}],"n":0}"#, "n"),
      (#"{"messages":[{"role":"user","content":"x"}],"n":1e9}"#, "n"),
      (#"{"messages":[{"role":"user","content":"x"}],"max_tokens":"5"}"#, "max_tokens"),
      (#"{"messages":[{"role":"user","content":"x"}],"top_logprobs":3}"#, "top_logprobs"),
      (#"{"messages":[{"role":"user","content":"x"}],"tool_choice":"required"}"#, "tool_choice"),
      (#"{"messages":[{"role":"user","content":"x"}],"logit_bias":{"a":1}}"#, "logit_bias.a"),
      (
        #"{"messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_schema"}}"#,
        "response_format.json_schema"
      ),
      (#"{"messages":[{"role":"user","content":"x"}],"stop":""}"#, "stop"),
    ])
  func refuses(body: String, field: String) throws {
    let error = #expect(throws: APIError.self) { try OpenAIChat.decode(WireFixture.object(body)) }
    #expect(error?.field == field)
    #expect(error?.status == 400)
  }

  @Test func readsPromptsOfAllForms() throws {
    func prompts(_ json: String) throws -> [String] {
      try OpenAICompletions.decode(WireFixture.object(json)).requests.map { request in
        switch request.prompt {
        case .text(let text): text
        case .tokens(let tokens): "\(tokens)"
        case .chat: "chat"
        }
      }
    }
    #expect(try prompts(#"{"prompt":"a"}"#) == ["a"])
    #expect(try prompts(#"{"prompt":["a","b"]}"#) == ["a", "b"])
    #expect(try prompts(#"{"prompt":[1,2]}"#) == ["[1, 2]"])
    #expect(try prompts(#"{"prompt":[[1],[2,3]]}"#) == ["[1]", "[2, 3]"])
    for (body, field) in [
      (#"{"prompt":[]}"#, "prompt"), (#"{"prompt":[[]]}"#, "prompt[0]"), (#"{"prompt":[1,"a"]}"#, "prompt[1]"),
      (#"{"prompt":[-1]}"#, "prompt[0]"), (#"{"prompt":"a","suffix":"b"}"#, "suffix"),
    ] {
      let error = #expect(throws: APIError.self) { try OpenAICompletions.decode(WireFixture.object(body)) }
      #expect(error?.field == field)
    }
  }

  private static let start = AnswerStart(id: "1", created: 5, model: "m", promptTokens: 3, cachedTokens: 0)

  @Test func streamsAsClientsReadIt() throws {
    var encoder = OpenAIChatStream(choices: 1, wantsLogprobs: false, includesUsage: true)
    var usage = AnswerUsage()
    usage.promptTokens = 3
    usage.completionTokens = 2
    let text = [
      AnswerEvent.started(Self.start), .content(choice: 0, "Hi", []),
      .toolCall(choice: 0, index: 0, id: "c", name: "f"), .toolArguments(choice: 0, index: 0, "{}"),
      .choiceEnded(choice: 0, .toolCalls, stopSequence: nil), .ended(usage),
    ].map { encoder.encode($0) }.joined()
    let lines = text.split(separator: "\n").map(String.init)
    #expect(lines.allSatisfy { $0.hasPrefix("data: ") })
    #expect(lines.last == "data: [DONE]")
    let chunks = try lines.dropLast().map { try JSONValue(parsing: String($0.dropFirst(6))) }
    #expect(chunks.allSatisfy { $0["id"] == "chatcmpl-1" && $0["created"] == 5 })
    #expect(chunks.allSatisfy { $0["object"] == "chat.completion.chunk" })
    #expect(chunks[0]["choices"]?[0]?["delta"]?["role"] == "assistant")
    #expect(chunks.dropLast(2).allSatisfy { $0["choices"]?[0]?["finish_reason"] == .null })
    #expect(chunks[chunks.count - 2]["choices"]?[0]?["finish_reason"] == "tool_calls")
    #expect(chunks[chunks.count - 1]["choices"] == [])
    #expect(chunks[chunks.count - 1]["usage"]?["total_tokens"] == 5)
    #expect(chunks[2]["choices"]?[0]?["delta"]?["tool_calls"]?[0]?["index"] == 0)
  }

  @Test func tellsOffsetsAndLogprobs() throws {
    var answer = Answer(start: Self.start, choices: 1)
    answer.add(
      .content(
        choice: 0, "éa",
        [
          TokenEntry(token: 1, bytes: Array("é".utf8), logprob: nil, top: []),
          TokenEntry(
            token: 2, bytes: Array("a".utf8), logprob: -0.5,
            top: [.init(token: 2, bytes: Array("a".utf8), logprob: -0.5), .init(token: 3, bytes: [0x61], logprob: -9)]),
        ]))
    let logprobs = OpenAICompletionsAnswer.encode([answer], wantsLogprobs: true)["choices"]?[0]?["logprobs"]
    #expect(logprobs?["tokens"] == ["é", "a"])
    #expect(logprobs?["token_logprobs"] == [nil, -0.5])
    #expect(logprobs?["text_offset"] == [0, 1])
    #expect(logprobs?["top_logprobs"] == [nil, ["a": -0.5]])
  }
}
