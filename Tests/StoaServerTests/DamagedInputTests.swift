import StoaFormats
import StoaTestSupport
import Testing

@testable import StoaServer

/// Requests and other servers' answers with random damage: what the fuzz targets `request` and `upstream` ask.
@Suite struct DamagedInputTests {
  private static let fragments = [
    "null", "true", "-1", "0", "1e300", "9223372036854775807", "9223372036854775808", "\"\"", "\"x\"", "[]", "{}", ",",
    ":", "[[", "\"type\":", "\"content\":", "\"tools\":", "\u{0}", "\\u0000", "\\ud800", "é", "\"model\":\"m\"",
    "\"index\":7", "\"id\":", "data: ", "\n\n", "\r", "[DONE]", "error: ", "event: x\n", "\u{FEFF}",
  ]

  @Test("A damaged request is answered, or refused with the name of a field", arguments: OddBodiesTests.API.allCases)
  func requests(_ api: OddBodiesTests.API) {
    var generator = SeededGenerator(state: 17)
    let bytes = Array(api.body.utf8)
    var (answered, refused) = (0, 0)
    for _ in 0..<3000 {
      let damaged = generator.damaged(bytes, fragments: Self.fragments)
      guard let object = (try? JSONValue(parsing: damaged.span))?.objectValue else { continue }
      do throws(APIError) {
        try api.decode(object)
        answered += 1
      } catch {
        refused += 1
        #expect(error.status == 400 && error.field != nil, "\(error): \(String(decoding: damaged, as: UTF8.self))")
      }
    }
    #expect(answered > 0 && refused > 0)
  }

  private static let streams = [
    #"""
    data: {"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}

    data: {"choices":[{"index":0,"delta":{"reasoning_content":"Hm"}}]}

    data: {"choices":[{"index":0,"delta":{"content":"Hé"},"logprobs":{"content":[{"token":"Hé","logprob":-0.5,
    data: "bytes":[72,195,169],"top_logprobs":[{"token":"a","logprob":-1,"bytes":null}]}]}}]}

    data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"i","function":{"name":"f","arguments":""}}]}}]}

    data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"function":{"name":"g","arguments":{"k":1}}}]}}]}

    data: {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":9}}

    data: [DONE]


    """#,
    #"""
    : hello
    data: {"choices":[{"text":"ab","index":1,"logprobs":{"tokens":["a","b"],"token_logprobs":[null,-1],
    data: "top_logprobs":[null,{"b":-1}]},"finish_reason":"stop","stop_reason":"x"}]}

    data: {"choices":[{"index":0,"message":{"content":[{"type":"text","text":"x"}],"refusal":"no"},"finish_reason":"length"}]}

    data: [DONE]
    """#,
  ]

  private static func events(_ pieces: [[UInt8]]) throws -> [EventStreamDecoder.Event] {
    var decoder = EventStreamDecoder()
    var events: [EventStreamDecoder.Event] = []
    for piece in pieces { events += try decoder.feed(piece) }
    if let last = try decoder.finish() { events.append(last) }
    return events
  }

  @Test(
    "A damaged stream is the same however it is cut, and becomes an answer or a failure", arguments: streams.indices)
  func answers(_ index: Int) throws {
    var generator = SeededGenerator(state: 23)
    let upstream = try #require(Upstream("there=http://127.0.0.1:1/v1#model"))
    var (whole, broken) = (0, 0)
    for round in 0..<3000 {
      let bytes =
        round == 0
        ? Array(Self.streams[index].utf8)
        : generator.damaged(
          Array(Self.streams[index].utf8), fragments: Self.fragments)
      let events = try Self.events([bytes])
      let cut = Int.random(in: 0...bytes.count, using: &generator)
      #expect(try Self.events([Array(bytes[..<cut]), Array(bytes[cut...])]) == events)
      if round % 50 == 0 { #expect(try Self.events(bytes.map { [$0] }) == events) }
      var decoder = UpstreamDecoder(choices: 2, id: "abc")
      var told: [AnswerEvent] = []
      do throws(UpstreamFailure) {
        for event in events { told += try decoder.read(event) }
        told += try decoder.finish()
        whole += 1
      } catch {
        broken += 1
        #expect(upstream.error(error).message.count < 1000)
      }
      var answer = Answer(start: WireFixture.start, choices: 2)
      for event in told { answer.add(event) }
      for form in [
        OpenAIChatAnswer.encode(answer, wantsLogprobs: true), AnthropicMessages.encode(answer),
        OpenAIResponses.encode(answer, settings: [:]), OllamaAnswer.encode(answer, for: .chat),
      ] {
        #expect((try? JSONValue(parsing: form.text())) != nil)
      }
    }
    #expect(whole > 0 && broken > 0)
  }
}
