import StoaEngine
import StoaFormats
import StoaGuard
import StoaHub
import StoaTemplates
import StoaTestSupport
import Synchronization
import Testing

@testable import StoaServer

/// Guard models on the way of whole requests.
@Suite struct GuardModelAnswerTests {
  /// A rail of its own window, asked of a script or of the bundled model.
  private static func rail(
    _ stages: String, _ action: String, _ more: String = "", model: String = "judge", context: Int = 0
  ) -> String {
    """
      - id: judged
        on: [\(stages)]
        detector: guard-model
        options: {model: \(model), window: 64, context: \(context)\(more)}
        action: \(action)
        class: S5
        message: Not here.
    """
  }

  private static func said(_ text: String) -> [GuardTurn] { [GuardTurn(.user, text)] }

  @Test("An answer ends before the window that a guard model refuses, and others notice nothing")
  func refusesOutput() async throws {
    // What stands across the border of two windows is seen with the second.
    let fixture = try GuardFixture(Self.rail("output", "refuse", context: 64))
    defer { fixture.remove() }
    let judge = ScriptedJudge { $0.turns.last?.text.contains("harbour") == true ? 0.9 : 0.1 }
    let account = RecordingAccount()
    let answerer = try fixture.answerer(account, judge: { _ in judge })
    let open = try fixture.answerer(isGuarded: false)
    let story = GuardFixture.story(about: "Ada", tokens: 150)
    let free = try await GuardFixture.answer(story, by: open).choices[0].content
    try #require(free.contains("harbour"))
    let prompt = "tell me a story about a fox named Ada at the harbour"
    let whole = try fixture.rails().programs.output.check(
      Array(free.utf8), dialogue: Self.said(prompt), judge: judge.now)
    try #require(whole.verdict.action == .refuse && whole.text.hasSuffix("Not here."))

    var neighbour = AnswerRequest(model: "primer", prompt: .text("Bo was a bear. He"))
    neighbour.sampling.seed = 1
    neighbour.maxTokens = 40
    let alone = try await GuardFixture.answer(neighbour, by: open).choices[0].content
    try #require(!alone.contains("harbour"))
    let beside = neighbour
    async let other = GuardFixture.answer(beside, by: answerer)
    let answer = try await GuardFixture.answer(story, by: answerer)
    #expect(answer.choices[0].content == whole.text)
    #expect(answer.choices[0].end == .refused)
    #expect(try await other.choices[0].content == alone)
    #expect(account.reports.map(\.finish).contains("content_filter"))
    // The model saw the conversation with the answer.
    #expect(judge.questions.contains { $0.turns.first == GuardTurn(.user, prompt) && $0.turns.count == 2 })
  }

  @Test("A request that a guard model refuses is answered without the model")
  func refusesInput() async throws {
    let fixture = try GuardFixture(Self.rail("input", "refuse"))
    defer { fixture.remove() }
    let judge = ScriptedJudge { $0.turns.last?.text.contains("fox") == true ? 0.9 : 0.1 }
    let answerer = try fixture.answerer(judge: { _ in judge })
    let answer = try await GuardFixture.answer(GuardFixture.story(about: "Ada"), by: answerer)
    #expect(answer.choices[0].content == "Not here." && answer.choices[0].end == .refused)
    #expect(answer.usage.completionTokens == 0)
    #expect(judge.questions.count == 1)
    var other = GuardFixture.story(about: "Ada")
    other.prompt = .text("Bo was a bear. He")
    #expect(try await GuardFixture.answer(other, by: answerer).choices[0].end != .refused)
  }

  @Test("A guard model that is missing refuses, unless the rail lets pass")
  func missing() async throws {
    let free = try await Self.answer(nil)
    for (more, isShown) in [("", false), (", missing: skip", true)] {
      let answer = try await Self.answer(Self.rail("input, output", "flag", more, model: "no-such-model"))
      #expect(answer.choices[0].content == (isShown ? free.choices[0].content : "Not here."))
      #expect((answer.choices[0].end == .refused) == !isShown)
    }
  }

  /// The answer to a story by the server's own way of asking.
  private static func answer(_ rail: String?) async throws -> Answer {
    let fixture = try GuardFixture(rail ?? GuardFixture.ban("zzz", on: "output", "stop"))
    defer { fixture.remove() }
    let answerer = try fixture.answerer(judge: { ServerGuardJudge(models: $0, timeout: 600) })
    return try await GuardFixture.answer(GuardFixture.story(about: "Ada", tokens: 30), by: answerer)
  }

  @Test("The server's scheduler gives the scores that a session of its own gives, beside an answer that stays the same")
  func sameScores() async throws {
    let fixture = try GuardFixture(GuardFixture.ban("zzz", on: "output", "stop"))
    defer { fixture.remove() }
    let answerer = try fixture.answerer()
    let story = GuardFixture.story(about: "Ada")
    let alone = try await GuardFixture.answer(story, by: answerer).choices[0].content
    let judge = ServerGuardJudge(models: answerer.models, timeout: 600)
    async let beside = GuardFixture.answer(story, by: answerer)
    let loaded = try await answerer.models.acquire("primer")
    let model = try loaded.model.answering().model
    for style in GuardModelStyle.allCases {
      let settings = GuardModelSettings(model: "primer", style: style, threshold: 0.3)
      let question = GuardQuestion(settings, [GuardTurn(.user, "Who are you?")])
      var exam = try GuardModelExam(question, model)
      let session = try model.makeSession()
      while let step = exam.next { try exam.take(session.generate(prompt: step.prompt, options: step.options)) }
      #expect(await judge.judge(question) == .success(exam.judgment), "\(style)")
    }
    #expect(try await beside.choices[0].content == alone)
  }

  @Test("A guard model is not on offer, and one that is on offer is loaded once")
  func store() async throws {
    let fixture = try GuardFixture(GuardFixture.ban("zzz", on: "output", "stop"))
    defer { fixture.remove() }
    let models = try fixture.answerer().models
    let path = OracleData.fixture("models/llama")
    let other = try await models.acquireGuard(path)
    #expect(other.model.name == "llama (guard 1)")
    await #expect(throws: APIError.self) { try await models.find("llama") }
    await #expect(throws: APIError.self) { try await models.find("llama (guard 1)") }
    let again = try await models.acquireGuard(path)
    #expect(again.model.scheduler === other.model.scheduler)
    let own = try await models.acquireGuard("primer")
    let offered = try await models.acquire("primer")
    #expect(own.model.scheduler === offered.model.scheduler)
    #expect(await models.residents().count == 2)
    await #expect(throws: HubError.self) { try await models.acquireGuard("no-such-model") }
  }

  @Test("Of an answer in parts all is shown in order, whenever the answers come", arguments: [1, 5, 1000])
  func order(_ size: Int) throws {
    let fixture = try GuardFixture(Self.rail("output, tool-call", "redact"))
    defer { fixture.remove() }
    let long = String(repeating: "calm sea and quiet wind. ", count: 6)
    let judge = ScriptedJudge { $0.turns.last?.text.contains("storm") == true ? 1 : 0 }
    func pieces(_ text: String) -> [String] {
      stride(from: 0, to: text.count, by: size).map { String(text.dropFirst($0).prefix(size)) }
    }
    func call(_ index: Int, _ id: String, _ arguments: String) -> [AnswerEvent] {
      [.toolCall(choice: 0, index: index, id: id, name: "sail")]
        + pieces(arguments).map { .toolArguments(choice: 0, index: index, $0) }
    }
    var events: [AnswerEvent] = pieces(long).map { .reasoning(choice: 0, $0, []) }
    events += pieces(long + "storm").map { .content(choice: 0, $0, []) }
    events += call(0, "a", #"{"to":"Oslo"}"#)
    events += call(1, "b", #"{"to":"storm"}"#)
    events += pieces("The end.").map { .content(choice: 0, $0, []) }
    let all = events
    func answer(asking late: Int) throws -> Answer {
      var choice = ChoiceGuard(choice: 0, try fixture.rails(), tracksTokens: false)
      var answer = Answer(start: WireFixture.start, choices: 1)
      func settle() {
        while let question = choice.question { for event in choice.answer(judge.now(question)) { answer.add(event) } }
      }
      for (number, event) in all.enumerated() {
        for shown in choice.pass(event) { answer.add(shown) }
        if number % late == 0 { settle() }
      }
      for shown in choice.finish() { answer.add(shown) }
      settle()
      return answer
    }
    for late in [1, 7, 100_000] {
      let shown = try answer(asking: late).choices[0]
      #expect(shown.reasoning == long)
      #expect(shown.content == String(long.prefix(128)) + "[UNSAFE]The end.")
      #expect(shown.toolCalls.map(\.id) == ["a", "b"])
      #expect(shown.toolCalls.map(\.arguments) == [#"{"to":"Oslo"}"#, "[UNSAFE]"])
    }
  }

  @Test("An answer of another server is judged too")
  func upstream() async throws {
    let fixture = try GuardFixture(Self.rail("output", "refuse"))
    defer { fixture.remove() }
    let judge = ScriptedJudge { $0.turns.last?.text.contains("storm") == true ? 1 : 0 }
    let calm = String(repeating: "c", count: 64)
    let upstream = try UpstreamFixture(
      .answer(FakeUpstream.stream(calm, calm, "a storm" + calm, "more")), rails: fixture, judge: judge)
    let answer = try await upstream.answer()
    #expect(answer.choices[0].content == calm + calm + "Not here.")
    #expect(answer.choices[0].end == .refused)
  }

  @Test("Conversations and moderations are judged as requests are")
  func moderates() async throws {
    let fixture = try GuardFixture(Self.rail("input", "refuse"))
    defer { fixture.remove() }
    let judge = ScriptedJudge { $0.turns.last?.text.contains("storm") == true ? 0.8 : 0.2 }
    let moderator = Moderator(policy: try GuardPolicy(fixture.path), judge: judge) { _ in nil }
    let program = try moderator.version(nil).programs(for: GuardContext()).input
    let texts = ["a storm", "calm"]
    let answers = await moderator.consult(texts.map { (program, $0, []) })
    let results = texts.map { moderator.judge($0, by: program, answers) }
    #expect(results.map(\.isFlagged) == [true, false])
    #expect(results[0].categories.first { $0.name == "harassment" }?.score == 0.8)
    // What was not asked is not let pass.
    #expect(moderator.judge("something else", by: program, answers).isFlagged)
  }
}

/// Judges by a rule, and remembers what it was asked.
private final class ScriptedJudge: GuardModelJudge {
  private let score: @Sendable (GuardQuestion) -> Double
  private let asked = Mutex<[GuardQuestion]>([])

  init(_ score: @escaping @Sendable (GuardQuestion) -> Double) { self.score = score }

  var questions: [GuardQuestion] { asked.withLock { $0 } }
  func now(_ question: GuardQuestion) -> GuardAnswer { .success(GuardJudgment(score: score(question))) }

  func judge(_ question: GuardQuestion) async -> GuardAnswer {
    asked.withLock { $0.append(question) }
    await Task.yield()
    return now(question)
  }
}
