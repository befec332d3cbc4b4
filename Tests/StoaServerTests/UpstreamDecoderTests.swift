import StoaFormats
import StoaTestSupport
import Testing

@testable import StoaServer

/// The answers of OpenAI-compatible servers, in the shapes of OpenAI's API reference and of vLLM's and llama.cpp's servers.
@Suite struct UpstreamDecoderTests {
  private struct Read {
    var events: [String] = []
    var answer: Answer
    var usage: UpstreamUsage?
  }

  private static func read(_ pieces: [[UInt8]], choices: Int = 1) throws -> Read {
    var stream = EventStreamDecoder()
    var decoder = UpstreamDecoder(choices: choices, id: "abc")
    var read = Read(answer: Answer(start: WireFixture.start, choices: choices))
    var events: [AnswerEvent] = []
    for piece in pieces { for event in try stream.feed(piece) { events += try decoder.read(event) } }
    if let last = try stream.finish() { events += try decoder.read(last) }
    events += try decoder.finish()
    for event in events { read.answer.add(event) }
    read.events = events.map { "\($0)" }
    read.usage = decoder.usage
    return read
  }

  private static func read(_ items: String..., choices: Int = 1) throws -> Read {
    try read([Array((items.map(FakeUpstream.event) + [FakeUpstream.done]).joined().utf8)], choices: choices)
  }

  private static func delta(_ delta: String, end: String? = nil) -> String {
    let reason = end.map { "\"\($0)\"" } ?? "null"
    return #"{"choices":[{"index":0,"delta":\#(delta),"finish_reason":\#(reason)}]}"#
  }

  private static func failure(_ items: String...) throws -> UpstreamFailure? {
    #expect(throws: UpstreamFailure.self) { try read([Array(items.map(FakeUpstream.event).joined().utf8)]) }
  }

  @Test func readsTextAndReasoning() throws {
    let read = try Self.read(
      Self.delta(#"{"role":"assistant","content":""}"#), Self.delta(#"{"reasoning_content":"Hm","reasoning":"Hm"}"#),
      Self.delta(#"{"reasoning":"m."}"#), Self.delta(#"{"content":"Hi"}"#), Self.delta(#"{"content":" you"}"#),
      Self.delta("{}", end: "length"),
      #"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4,"completion_tokens_details":{"reasoning_tokens":2}}}"#
    )
    #expect(read.answer.choices[0].reasoning == "Hmm.")
    #expect(read.answer.choices[0].content == "Hi you")
    #expect(read.answer.choices[0].end == .length)
    #expect(read.usage?.promptTokens == 9)
    #expect(read.usage?.completionTokens == 4)
    #expect(read.usage?.reasoningTokens == 2)
  }

  @Test func readsOneObject() throws {
    let read = try Self.read(
      """
      {"object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"Hi",\
      "tool_calls":[{"id":"c1","type":"function","function":{"name":"look","arguments":"{}"}}]},\
      "finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}
      """)
    #expect(read.answer.choices[0].content == "Hi")
    #expect(read.answer.choices[0].toolCalls == [Answer.ToolCall(id: "c1", name: "look", arguments: "{}")])
    #expect(read.answer.choices[0].end == .toolCalls)
  }

  @Test("Calls come one after the other, however they were mixed")
  func ordersCalls() throws {
    func call(_ index: Int, _ rest: String) -> String { Self.delta(#"{"tool_calls":[{"index":\#(index),\#(rest)}]}"#) }
    let read = try Self.read(
      Self.delta(#"{"content":"Let me see."}"#),
      call(3, #""id":"a","function":{"name":"look","arguments":""}"#),
      call(7, #""function":{"name":"find","arguments":"{\"k\""}"#), call(3, #""function":{"arguments":"{\"q\":"}"#),
      call(7, #""function":{"arguments":":2}"}"#), call(3, #""function":{"name":"look","arguments":"1}"}"#),
      Self.delta("{}", end: "tool_calls"))
    let calls = read.answer.choices[0].toolCalls
    #expect(calls.map(\.name) == ["look", "find"])
    #expect(calls.map(\.arguments) == [#"{"q":1}"#, #"{"k":2}"#])
    #expect(calls.map(\.id) == ["a", "call_abc0_1"])
    let second = try #require(read.events.firstIndex { $0.contains("find") })
    #expect(!read.events[second...].contains { $0.contains(#"{\"q\""#) })
  }

  @Test func readsRefusals() throws {
    let refused = try Self.read(Self.delta(#"{"refusal":"No."}"#), Self.delta("{}", end: "stop"))
    #expect(refused.answer.choices[0].content == "No.")
    #expect(refused.answer.choices[0].end == .refused)
    #expect(try Self.read(Self.delta(#"{"content":"a"}"#, end: "content_filter")).answer.choices[0].end == .refused)
  }

  @Test func readsLogProbabilities() throws {
    let chat = try Self.read(
      """
      {"choices":[{"index":0,"delta":{"content":"é"},"logprobs":{"content":[{"token":"\\\\xc3","bytes":[195],\
      "logprob":-0.5,"top_logprobs":[{"token":"a","logprob":-0.25,"bytes":null}]},\
      {"token":"\\\\xa9","bytes":[169],"logprob":-1,"top_logprobs":[]}]},"finish_reason":"stop"}]}
      """)
    #expect(chat.answer.choices[0].contentLogprobs.map(\.bytes) == [[195], [169]])
    #expect(chat.answer.choices[0].contentLogprobs.map(\.logprob) == [-0.5, -1])
    #expect(chat.answer.choices[0].contentLogprobs[0].top.map(\.bytes) == [[97]])
    let text = try Self.read(
      """
      {"choices":[{"index":0,"text":"ab","logprobs":{"tokens":["a","b"],"token_logprobs":[null,-2],\
      "top_logprobs":[null,{"b":-2,"c":-3}],"text_offset":[0,1]},"finish_reason":"stop","stop_reason":"c"}]}
      """)
    #expect(text.answer.choices[0].content == "ab")
    #expect(text.answer.choices[0].contentLogprobs.map(\.logprob) == [nil, -2])
    #expect(text.answer.choices[0].contentLogprobs[1].top.map(\.logprob) == [-2, -3])
    #expect(text.answer.choices[0].stopSequence == "c")
  }

  @Test("Any cut gives the same events")
  func cuts() throws {
    let text = Array(
      ([
        Self.delta(#"{"content":"ä😀"}"#), Self.delta(#"{"reasoning":"x"}"#),
        Self.delta(#"{"tool_calls":[{"index":0,"id":"i","function":{"name":"f","arguments":"{}"}}]}"#),
        Self.delta("{}", end: "tool_calls"),
      ].map(FakeUpstream.event) + [FakeUpstream.usage, FakeUpstream.done]).joined().utf8)
    let whole = try Self.read([text])
    for cut in 0...text.count {
      let cutRead = try Self.read([Array(text[..<cut]), Array(text[cut...])])
      #expect(cutRead.events == whole.events, "cut at \(cut)")
      #expect(cutRead.usage == whole.usage)
    }
  }

  @Test("Several choices, each with its end, and one that is not told of when the stream is done")
  func severalChoices() throws {
    let read = try Self.read(
      #"{"choices":[{"index":1,"delta":{"content":"b"}},{"index":0,"delta":{"content":"a"}}]}"#,
      #"{"choices":[{"index":1,"delta":{},"finish_reason":"length"}]}"#,
      // After its end a choice says no more.
      #"{"choices":[{"index":1,"delta":{"content":"more"}}]}"#, choices: 2)
    #expect(read.answer.choices.map(\.content) == ["a", "b"])
    #expect(read.answer.choices.map(\.end) == [.stop, .length])
  }

  @Test func hostileAnswersAreErrors() throws {
    #expect(try Self.failure("{").map { "\($0)" }?.contains("not JSON") == true)
    #expect(try Self.failure("[1]") == .malformed("a piece of its answer is an array"))
    #expect(try Self.failure(#"{"choices":[{"index":5,"delta":{}}]}"#) == .malformed("it answers with a choice 5"))
    #expect(try Self.failure(#"{"choices":[{"index":-1,"delta":{}}]}"#) == .malformed("it answers with a choice -1"))
    #expect(try Self.failure(#"{"choices":[4]}"#) == .malformed("a choice of its answer is a number"))
    #expect(try Self.failure(#"{"error":{"message":"out of memory"}}"#) == .reported("out of memory"))
    #expect(try Self.failure(#"{"error":"gone"}"#) == .reported("gone"))
    #expect(try Self.failure(Self.delta(#"{"content":"a"}"#)) == .broken("the stream ended before the answer did"))
    #expect(
      try Self.failure(
        Self.delta(#"{"tool_calls":[{"index":0,"function":{"name":"f","arguments":"{"}}]}"#),
        Self.delta(#"{"content":"and"}"#), Self.delta(#"{"tool_calls":[{"index":0,"function":{"arguments":"}"}}]}"#))
        == .malformed("it goes on with a call of a tool after other text"))
    #expect(
      try Self.failure(
        Self.delta(#"{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}"#), Self.delta("{}", end: "stop"))
        == .malformed("it calls a tool without a name"))
    var error = EventStreamDecoder()
    var decoder = UpstreamDecoder(choices: 1, id: "")
    let event = try #require(try error.feed(Array("error: {\"message\":\"full\"}\n\n".utf8)).first)
    #expect(throws: UpstreamFailure.reported("full")) { try decoder.read(event) }
  }

  @Test("Bytes by chance never end the program, and counts that cannot be are brought into range")
  func anyBytes() throws {
    var random = SeededGenerator(state: 7)
    let words = [
      "data: ", "\n\n", "{", "}", "[", "]", "\"choices\":", "\"index\":", "\"delta\":", "9999999999999999999", "-1",
      "null",
      ",", "\"tool_calls\":", "\"function\":", "\"usage\":", "[DONE]", "\u{0}", "é", "\"content\":\"a\"", "\r",
      "error: ",
    ]
    for _ in 0..<2000 {
      let text = (0..<Int.random(in: 0...30, using: &random)).map { _ in words.randomElement(using: &random) ?? "" }
      do { _ = try Self.read([Array(text.joined().utf8)], choices: 2) } catch is UpstreamFailure {}
    }
    let usage = UpstreamUsage([
      "prompt_tokens": -5, "completion_tokens": .double(1e30),
      "prompt_tokens_details": ["cached_tokens": 9_223_372_036_854_775_807],
    ])
    #expect(usage.promptTokens == 0)
    #expect(usage.completionTokens == 0)
    #expect(usage.cachedTokens == 0)
  }
}
