import Foundation
import Logging
import StoaFormats
import StoaGuard
import StoaTemplates
import Synchronization
import Testing

@testable import StoaServer

/// The way of single texts through the rails, without a model.
@Suite struct RequestGuardTests {
  private func pieces(_ text: String, _ size: Int) -> [String] {
    var pieces: [String] = []
    var rest = text[...]
    while !rest.isEmpty {
      pieces.append(String(rest.prefix(size)))
      rest = rest.dropFirst(size)
    }
    return pieces
  }

  private func passed(_ rails: RequestGuard, _ events: [AnswerEvent], tokens: Bool = false) -> [AnswerEvent] {
    var choice = ChoiceGuard(choice: 0, rails, tracksTokens: tokens)
    return events.flatMap { choice.pass($0) } + choice.finish()
  }

  @Test("Masked values come back in content, reasoning and arguments, however the answer is cut", arguments: 1...9)
  func restores(_ size: Int) throws {
    let fixture = try GuardFixture(GuardFixture.mask)
    defer { fixture.remove() }
    let rails = try fixture.rails()
    let seen = try rails.judged([
      ChatMessage(role: "system", content: "I am root@example.org."),
      ChatMessage(role: "user", content: "I am jane.roe@example.org."),
      ChatMessage(role: "assistant", content: "Hello jane.roe@example.org!"),
      ChatMessage(role: "tool", content: "bill@example.org"),
    ])
    #expect(seen[0].text == "I am root@example.org.")
    #expect(seen[1].text == "I am <EMAIL_1>.")
    #expect(seen[2].text == "Hello <EMAIL_1>!")
    #expect(seen[3].text == "<EMAIL_2>")
    let events =
      pieces("I think of <EMAIL_1>.", size).map { AnswerEvent.reasoning(choice: 0, $0, []) }
      + pieces("Dear <EMAIL_1> <EMAIL_2>, <b> <EMAIL_3", size).map { .content(choice: 0, $0, []) }
      + [.toolCall(choice: 0, index: 0, id: "c", name: "mail")]
      + pieces(#"{"to":"<EMAIL_2>"}"#, size).map { .toolArguments(choice: 0, index: 0, $0) }
    var answer = Answer(start: WireFixture.start, choices: 1)
    for event in passed(rails, events) { answer.add(event) }
    #expect(answer.choices[0].reasoning == "I think of jane.roe@example.org.")
    #expect(answer.choices[0].content == "Dear jane.roe@example.org bill@example.org, <b> <EMAIL_3")
    #expect(answer.choices[0].toolCalls.map(\.arguments) == [#"{"to":"bill@example.org"}"#])
    #expect(rails.action == .mask)
  }

  @Test("What is restored into JSON is escaped")
  func escapes() throws {
    let fixture = try GuardFixture(
      """
        - id: quotes
          on: input
          detector: pattern
          options: {expressions: ['<<[^>]{1,20}>>'], label: QUOTE}
          action: mask
      """)
    defer { fixture.remove() }
    let rails = try fixture.rails()
    let value = "<<a\"b\\c\n>>"
    #expect(try rails.judged(value) == "<QUOTE_1>")
    let events: [AnswerEvent] = [
      .toolCall(choice: 0, index: 0, id: "c", name: "say"),
      .toolArguments(choice: 0, index: 0, #"{"x":"<QUOTE_1>"}"#),
    ]
    var answer = Answer(start: WireFixture.start, choices: 1)
    for event in passed(rails, events) { answer.add(event) }
    let arguments = try JSONValue(parsing: answer.choices[0].toolCalls[0].arguments)
    #expect(arguments["x"]?.stringValue == value)
  }

  @Test("A call that a rail refuses is not shown, nor what comes after it")
  func refusesCalls() throws {
    let fixture = try GuardFixture(GuardFixture.ban("rm -rf", on: "tool-call", "refuse"))
    defer { fixture.remove() }
    let events: [AnswerEvent] = [
      .content(choice: 0, "Well. ", []), .toolCall(choice: 0, index: 0, id: "a", name: "sh"),
      .toolArguments(choice: 0, index: 0, #"{"c":"ls"}"#), .toolCall(choice: 0, index: 1, id: "b", name: "sh"),
      .toolArguments(choice: 0, index: 1, #"{"c":"rm -"#), .toolArguments(choice: 0, index: 1, #"rf /"}"#),
      .content(choice: 0, "Done.", []),
    ]
    var answer = Answer(start: WireFixture.start, choices: 1)
    for event in passed(try fixture.rails(), events) { answer.add(event) }
    #expect(answer.choices[0].content == "Well. Not here.")
    #expect(answer.choices[0].toolCalls.map(\.id) == ["a"])
  }

  @Test("A refusal in the reasoning is said in the content, and what was allowed stays")
  func refusesReasoning() throws {
    let fixture = try GuardFixture(GuardFixture.ban("secret", on: "output", "refuse"))
    defer { fixture.remove() }
    let events: [AnswerEvent] = ["The se", "cret is", " 42"].map { .reasoning(choice: 0, $0, []) }
    var answer = Answer(start: WireFixture.start, choices: 1)
    for event in passed(try fixture.rails(), events + [.content(choice: 0, "42", [])]) { answer.add(event) }
    #expect(answer.choices[0].reasoning == "The ")
    #expect(answer.choices[0].content == "Not here.")
  }

  @Test("Log probabilities of tokens that a rail touched are gone, the others stay with their text")
  func dropsTokens() throws {
    let fixture = try GuardFixture(GuardFixture.ban("harbour", on: "output", "redact"))
    defer { fixture.remove() }
    let words = ["At", " the", " har", "bour", " of", " Oslo"]
    let events = words.map { word in
      let entry = TokenEntry(token: 1, bytes: Array(word.utf8), logprob: -1, top: [])
      return AnswerEvent.content(choice: 0, word, [entry])
    }
    var text = ""
    for case .content(_, let piece, let entries) in passed(try fixture.rails(), events, tokens: true) {
      text += piece
      for entry in entries { #expect(text.contains(TokenEntry.text(entry.bytes))) }
    }
    #expect(text == "At the [BANNED] of Oslo")
    let entries = passed(try fixture.rails(), events, tokens: true).flatMap { event -> [String] in
      if case .content(_, _, let entries) = event { entries.map { TokenEntry.text($0.bytes) } } else { [] }
    }
    #expect(entries == ["At", " the", " of", " Oslo"])
  }

  @Test("Every hit is told with its request and stage")
  func tellsHits() throws {
    let fixture = try GuardFixture(GuardFixture.ban("zephyr", on: "input, output", "flag"))
    defer { fixture.remove() }
    let observer = RecordingObserver()
    let rails = try fixture.rails(observer: observer)
    _ = try rails.judged("about zephyr")
    _ = passed(rails, [.content(choice: 0, "zephyr it is", [])])
    #expect(observer.events.map(\.stage) == [.input, .output])
    #expect(observer.events.map(\.request.request) == ["abc", "abc"])
    #expect(rails.action == .flag)
  }

  @Test("A request keeps the version of the pack that it began with; a broken one changes nothing")
  func reloads() async throws {
    let fixture = try GuardFixture(Self.version(1))
    defer { fixture.remove() }
    let policy = try GuardPolicy(fixture.path)
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let results = try await withThrowingTaskGroup(of: String.self) { group in
      for _ in 0..<4 {
        group.addTask {
          var seen = ""
          for _ in 0..<200 {
            let rails = try RequestGuard(policy.current, model: "m", systemPrompt: nil)
            var text = GuardedText(rails)
            var shown = try rails.judged("word ")
            for piece in ["wo", "rd ", "and w", "ord"] {
              shown += text.append(piece)
              await Task.yield()
            }
            seen += shown + text.finish() + "\n"
          }
          return seen
        }
      }
      for number in 2..<40 {
        try fixture.write(number % 3 == 0 ? "  - id: broken" : Self.version(number), version: number)
        policy.refresh(logger)
        try await Task.sleep(for: .milliseconds(1))
      }
      return try await group.reduce("", +)
    }
    for line in results.split(separator: "\n") {
      let numbers = Set(line.split { !$0.isNumber })
      #expect(numbers.count == 1, "\(line)")
      #expect(!line.contains("word"), "\(line)")
    }
    #expect(policy.current.pack.version == "38")
  }

  private static func version(_ number: Int) -> String {
    GuardFixture.ban("word", on: "input, output", "replace") + "\n    replacement: v\(number)"
  }

  @Test("The rails depend on model, key and route")
  func overrides() throws {
    let fixture = try GuardFixture(
      GuardFixture.ban("word", on: "input", "redact") + """

        overrides:
          - when: {model: "tiny*"}
            rails: [{id: words, off: true}]
          - when: {key: intern, route: "/v1/*"}
            rails: [{id: words, action: refuse}]
        """)
    defer { fixture.remove() }
    let guarding = Guarding(policy: try GuardPolicy(fixture.path), observer: nil)
    func text(_ model: String, _ key: String?, _ api: String) throws -> String {
      let request = MonitorOrigin(request: "", model: model, key: nil, api: api)
      let rails = try guarding.rails(
        for: request, keyName: key, systemPrompt: nil, metrics: ServerMetrics())
      do throws(RequestGuard.Refusal) { return try rails.judged("a word") } catch { return error.message }
    }
    #expect(try text("large", nil, "openai.chat") == "a [BANNED]")
    #expect(try text("tiny-2", nil, "openai.chat") == "a word")
    #expect(try text("large", "intern", "openai.chat") == "Not here.")
    #expect(try text("large", "intern", "ollama.chat") == "a [BANNED]")
  }

  @Test("Moderations speak in OpenAI's categories")
  func moderates() throws {
    let fixture = try GuardFixture(
      GuardFixture.ban("oaf", on: "input", "flag") + "\n" + GuardFixture.mask)
    defer { fixture.remove() }
    let moderator = Moderator(policy: try GuardPolicy(fixture.path)) { _ in nil }
    func judged(_ text: String) throws -> (flagged: Bool, isTrue: Set<String>) {
      let result = try moderator.judge(text, for: GuardContext())
      #expect(result.categories.count == 15)
      return (result.isFlagged, Set(result.categories.filter(\.isTrue).map(\.name)))
    }
    #expect(try judged("you oaf") == (true, ["harassment"]))
    #expect(try judged("write to a.b@example.org") == (false, ["privacy"]))
    #expect(try judged("hello") == (false, []))
    #expect(throws: APIError.self) { try moderator.version("/etc/passwd") }
    #expect(try moderator.version("strict").pack.name == "strict")
    #expect(try moderator.version("own").pack.name == "own")
  }
}

private final class RecordingObserver: GuardObserver {
  private let seen = Mutex<[(stage: GuardStage, request: MonitorOrigin)]>([])
  var events: [(stage: GuardStage, request: MonitorOrigin)] { seen.withLock { $0 } }
  func observe(_ event: GuardEvent, of request: MonitorOrigin) {
    seen.withLock { $0.append((event.stage, request)) }
  }
}
