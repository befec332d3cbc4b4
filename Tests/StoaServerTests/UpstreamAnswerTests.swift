import StoaFormats
import StoaHub
import StoaTemplates
import Testing

@testable import StoaServer

/// Whole requests that another server answers, with that server in memory.
@Suite struct UpstreamAnswerTests {
  @Test func answersAndWritesDown() async throws {
    let fixture = try UpstreamFixture(.answer(FakeUpstream.stream("Hi", " you")))
    let answer = try await fixture.answer()
    #expect(answer.choices[0].content == "Hi you")
    #expect(answer.choices[0].end == .stop)
    #expect(answer.start.model == "near")
    let report = try #require(fixture.account.reports.first)
    #expect(fixture.account.reports.count == 1)
    #expect(report.usage.promptTokens == 11)
    #expect(report.usage.cachedTokens == 4)
    #expect(report.usage.completionTokens == 7)
    #expect(!report.usage.isEstimated)
    #expect(report.status == 200)
    #expect(report.model == "near")
    let request = try #require(fixture.upstream.requests.first)
    #expect(request.url.description == "http://other.example:8000/v1/chat/completions")
    #expect(request.key?.secret == "sk-secret")
    let body = try JSONValue(parsing: request.body.span)
    #expect(body["model"] == "far")
    #expect(body["stream"] == true)
    #expect(body["stream_options"]?["include_usage"] == true)
    #expect(body["messages"] == [["role": "user", "content": "hello"]])
  }

  @Test("Without a count the tokens are estimated, and marked")
  func estimates() async throws {
    let pieces = ["a", "b", "c d e f g h"].map(FakeUpstream.text) + [FakeUpstream.stop, FakeUpstream.done]
    let fixture = try UpstreamFixture(.answer(pieces))
    _ = try await fixture.answer()
    let usage = try #require(fixture.account.reports.first?.usage)
    #expect(usage.isEstimated)
    #expect(usage.completionTokens == 4)
    #expect(usage.promptTokens == (fixture.upstream.sent.utf8.count + 3) / 4)
  }

  @Test("A server that does not stream answers all the same")
  func wholeObject() async throws {
    let object = #"{"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}],"usage":{"completion_tokens":1}}"#
    let fixture = try UpstreamFixture(.answer(type: "application/json", [object]))
    #expect(try await fixture.answer().choices[0].content == "Hi")
    #expect(fixture.account.reports.first?.usage.completionTokens == 1)
  }

  // MARK: Rails

  @Test("A rail that refuses in the middle ends the exchange at once")
  func refusesOutput() async throws {
    let rails = try GuardFixture(GuardFixture.ban("harbour", on: "output", "refuse"))
    defer { rails.remove() }
    let pieces = ["At the ", "har", "bour", " there was"].map(FakeUpstream.text)
    let fixture = try UpstreamFixture(.answer(pieces, ends: false), rails: rails)
    let answer = try await fixture.answer()
    #expect(answer.choices[0].content == "At the Not here.")
    #expect(answer.choices[0].end == .refused)
    // How long that takes is measured by Tests/Oracles/test_upstream.py.
    #expect(fixture.upstream.endings == 1)
    let report = try #require(fixture.account.reports.first)
    #expect(fixture.account.reports.count == 1)
    #expect(report.finish == "content_filter")
    #expect(report.usage.isEstimated)
    // Estimated by what had come: from the word's last piece on, how much of it is a matter of chance.
    #expect((1...6).contains(report.usage.completionTokens))
  }

  @Test("What a rail refuses to read never leaves this server")
  func refusesInput() async throws {
    let rails = try GuardFixture(GuardFixture.ban("voldemort", on: "input", "refuse"))
    defer { rails.remove() }
    let fixture = try UpstreamFixture(.answer(FakeUpstream.stream("Hi")), rails: rails)
    let answer = try await fixture.answer(UpstreamFixture.request("about Voldemort"))
    #expect(answer.choices[0].content == "Not here.")
    #expect(answer.choices[0].end == .refused)
    #expect(fixture.upstream.requests.isEmpty)
    #expect(fixture.account.reports.map(\.finish) == ["content_filter"])
    #expect(fixture.account.reports.first?.usage.promptTokens == 0)
  }

  @Test("The other server sees a placeholder, and the client its own words, wherever the stream is cut")
  func masks() async throws {
    let rails = try GuardFixture(GuardFixture.mask)
    defer { rails.remove() }
    for cut in 0...9 {
      let mark = "<EMAIL_1>"
      let pieces = FakeUpstream.stream("I wrote to " + mark.prefix(cut), mark.dropFirst(cut) + " today")
      let fixture = try UpstreamFixture(.answer(pieces), rails: rails)
      let answer = try await fixture.answer(UpstreamFixture.request("write to jane.roe@example.org"))
      #expect(answer.choices[0].content == "I wrote to jane.roe@example.org today")
      #expect(!fixture.upstream.sent.contains("jane"))
      #expect(fixture.upstream.sent.contains(mark))
    }
  }

  @Test("Of several choices each passes the rails by itself")
  func severalChoices() async throws {
    let rails = try GuardFixture(GuardFixture.ban("harbour", on: "output", "refuse"))
    defer { rails.remove() }
    let pieces = [
      #"{"choices":[{"index":0,"delta":{"content":"the harbour "}}]}"#,
      #"{"choices":[{"index":1,"delta":{"content":"the fox"}}]}"#,
      #"{"choices":[{"index":0,"delta":{"content":"was cold"}}]}"#,
      #"{"choices":[{"index":1,"delta":{},"finish_reason":"length"}]}"#,
    ].map(FakeUpstream.event)
    let fixture = try UpstreamFixture(.answer(pieces, ends: false), rails: rails)
    let answer = try await fixture.answer(UpstreamFixture.request(choices: 2))
    #expect(answer.choices.map(\.content) == ["the Not here.", "the fox"])
    #expect(answer.choices.map(\.end) == [.refused, .length])
    #expect(fixture.upstream.endings == 1)
    #expect(fixture.account.reports.first?.finish == "content_filter")
  }

  // MARK: Failures

  @Test("A connection that fails is tried again, for nothing was sent; what was sent is not sent twice")
  func retries() async throws {
    let refused = FakeUpstream.Act.fail(.notConnected("connection refused"))
    let fixture = try UpstreamFixture(refused, .answer(FakeUpstream.stream("Hi")))
    #expect(try await fixture.answer().choices[0].content == "Hi")
    let never = try UpstreamFixture(refused)
    let error = try await never.failure()
    #expect(error.status == 502)
    #expect(error.code == "upstream_unreachable")
    #expect(never.upstream.requests.count == 3)
    #expect(never.account.reports.map(\.status) == [502])
    let broken = try UpstreamFixture(.fail(.broken("the connection broke off")), .answer(FakeUpstream.stream("Hi")))
    #expect(try await broken.failure().code == "upstream_broken")
    #expect(broken.upstream.requests.count == 1)
  }

  @Test(
    arguments: [
      (400, #"{"error":{"message":"too\nlong"}}"#, 400, "refuses the request: too long"),
      (422, #"{"detail":[{"msg":"n is wrong"}]}"#, 400, "refuses the request: n is wrong"),
      (401, #"{"error":{"message":"sk-s****et is wrong"}}"#, 502, "does not let this server in (401)"),
      (404, #"{"error":"no model"}"#, 502, "has no model 'far' or no such path: no model"),
      (429, #"{"error":{"message":"slowly"}}"#, 503, "has too much to do (429): slowly"),
      (500, "<html>", 502, "failed with status 500"),
      (500, #"{"message":"sk-secret leaked"}"#, 502, "failed with status 500: … leaked"),
      (503, "", 503, "has too much to do (503)"), (504, "", 504, "was not done in time (504)"),
      (302, "", 502, "failed with status 302"),
    ])
  func statuses(_ status: Int, _ body: String, _ ours: Int, _ message: String) async throws {
    let fixture = try UpstreamFixture(.answer(status: status, type: "application/json", [body]))
    let error = try await fixture.failure()
    #expect(error.status == ours)
    #expect(error.message == "the upstream of 'near' " + message)
    #expect(fixture.account.reports.map(\.status) == [ours])
    #expect(fixture.account.reports.first?.usage.promptTokens == 0)
  }

  @Test func longErrorsAreShortened() async throws {
    let text = String(repeating: "long ", count: 2000)
    let fixture = try UpstreamFixture(.answer(status: 400, type: "application/json", [#"{"error":"\#(text)"}"#]))
    let message = try await fixture.failure().message
    #expect(message.count < 400)
    #expect(message.hasSuffix("…"))
  }

  @Test("A stream that breaks off, is none, or says that it failed, is an error")
  func brokenStreams() async throws {
    for (act, code) in [
      (.answer([FakeUpstream.text("a")]), "upstream_broken"),
      (.answer([FakeUpstream.text("a"), "data: {\n\n"]), "upstream_malformed"),
      (.answer([FakeUpstream.event(#"{"error":{"message":"out of memory"}}"#)]), "upstream_failed"),
      (.answer(type: "text/html", ["<html>"]), "upstream_malformed"),
      (.answer(type: "application/json", ["{}"]), "upstream_broken"),
    ] as [(FakeUpstream.Act, String)] {
      let fixture = try UpstreamFixture(act)
      #expect(try await fixture.failure().code == code)
      #expect(fixture.account.reports.map(\.status) == [502])
    }
    // All was there but the count of tokens.
    let late = try UpstreamFixture(.answer([FakeUpstream.text("a"), FakeUpstream.stop, "data: {\n\n"]))
    #expect(try await late.answer().choices[0].content == "a")
    #expect(late.account.reports.map(\.status) == [200])
  }

  @Test("Silence ends with the time that a request has, before and in the middle of an answer")
  func silence() async throws {
    for act in [.ignore, .answer([FakeUpstream.text("a")], ends: false)] as [FakeUpstream.Act] {
      let fixture = try UpstreamFixture(act, timeout: 0.05)
      let error = try await fixture.failure()
      #expect(error.status == 504)
      #expect(error.code == "upstream_timeout")
      #expect(fixture.account.reports.map(\.status) == [504])
    }
  }

  @Test("A client that leaves ends the exchange, and is written down")
  func cancellation() async throws {
    let waiting = try UpstreamFixture(.ignore)
    let early = Task { try await waiting.answer() }
    while waiting.upstream.requests.isEmpty { try await Task.sleep(for: .milliseconds(1)) }
    early.cancel()
    await #expect(throws: CancellationError.self) { try await early.value }
    #expect(waiting.account.reports.map(\.status) == [499])

    let fixture = try UpstreamFixture(.answer([FakeUpstream.text("a")], ends: false))
    let prepared = try await fixture.prepare(UpstreamFixture.request())
    let (texts, continuation) = AsyncStream<String>.makeStream()
    let late = Task {
      try await prepared.run { if case .content(_, let text, _) = $0 { continuation.yield(text) } }
    }
    for await text in texts where text == "a" { break }
    late.cancel()
    await #expect(throws: CancellationError.self) { try await late.value }
    #expect(fixture.upstream.endings == 1)
    #expect(fixture.account.reports.map(\.status) == [499])
    #expect(fixture.account.reports.first?.usage.completionTokens == 1)
  }

  @Test("An answer that nobody reads ends its exchange")
  func dropping() async throws {
    let fixture = try UpstreamFixture(.answer([FakeUpstream.text("a")], ends: false))
    _ = try await fixture.prepare(UpstreamFixture.request())
    #expect(fixture.upstream.endings == 1)
    #expect(fixture.answerer.upstreams?.running.map(\.running) == [0])
  }

  // MARK: What cannot be had

  @Test("What only models of this server can do is refused with the name of the field")
  func refusals() async throws {
    let fixture = try UpstreamFixture(.answer(FakeUpstream.stream("Hi")))
    func field(_ change: (inout AnswerRequest) -> Void, wantsReceipt: Bool = false) async throws -> String? {
      var request = UpstreamFixture.request()
      change(&request)
      let changed = request
      let error = await #expect(throws: APIError.self) {
        _ = try await fixture.prepare(changed, wantsReceipt: wantsReceipt)
      }
      #expect(error?.status == 400)
      return error?.field
    }
    #expect(try await field { $0.prompt = .tokens([1, 2]) } == "prompt")
    #expect(try await field { $0.shape = .regex("a") } == "guided_regex")
    #expect(try await field { $0.shape = .grammar("root ::= \"a\"") } == "guided_grammar")
    #expect(try await field { $0.maxTokens = 0 } == "max_tokens")
    #expect(
      try await field {
        $0.echoesPrompt = true
        $0.topLogprobs = 1
      } == "echo")
    let receipts = try await #require(
      #expect(throws: APIError.self) {
        _ = try await fixture.prepare(UpstreamFixture.request(), wantsReceipt: true)
      })
    #expect(receipts.field == "receipt")
    await #expect(throws: APIError.self) { _ = try await fixture.answerer.models.find("near") }
    #expect(fixture.upstream.requests.isEmpty)
  }

  @Test func findsTheOnlyModel() async throws {
    let fixture = try UpstreamFixture(.answer(FakeUpstream.stream("Hi")))
    for name in ["", "near:latest"] {
      var request = UpstreamFixture.request()
      request.model = name
      #expect(try await fixture.answer(request).start.model == "near")
    }
    var unknown = UpstreamFixture.request()
    unknown.model = "far"
    let error = try await fixture.failure(unknown)
    #expect(error.status == 404)
    #expect(error.message.contains("there is near"))
  }

  @Test func embeds() async throws {
    let object = """
      {"data":[{"index":1,"embedding":[3,4]},{"index":0,"embedding":[0.5,1e-3]}],"usage":{"prompt_tokens":5}}
      """
    let fixture = try UpstreamFixture(.answer(type: "application/json", [object]))
    func embed(_ inputs: [Prompt]) async throws -> Embeddings {
      try await fixture.answerer.embeddings(
        inputs, model: "near", for: Caller(), api: "openai.embeddings", id: "abc")
    }
    let found = try await embed([.text("a"), .text("b")])
    #expect(found.vectors == [[0.5, 0.001], [3, 4]])
    #expect(found.usage.promptTokens == 5)
    #expect(fixture.account.reports.map(\.usage.promptTokens) == [5])
    #expect(fixture.upstream.requests.first?.url.description == "http://other.example:8000/v1/embeddings")
    await #expect(throws: APIError.self) { _ = try await embed([.text("a")]) }
    #expect(fixture.account.reports.map(\.status) == [200, 502])
    let tokens = await #expect(throws: APIError.self) { _ = try await embed([.tokens([1])]) }
    #expect(tokens?.field == "input")
  }
}
