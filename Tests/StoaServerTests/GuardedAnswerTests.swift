import Foundation
import StoaEngine
import StoaFormats
import StoaGuard
import StoaTemplates
import Testing

@testable import StoaServer

/// Rails on the way of whole requests, with the bundled model.
@Suite struct GuardedAnswerTests {
  @Test("What a rail refuses to read is answered without the model, and written down")
  func refusesInput() async throws {
    let fixture = try GuardFixture(GuardFixture.ban("harbour", on: "input", "refuse"))
    defer { fixture.remove() }
    let account = RecordingAccount()
    let answerer = try fixture.answerer(account)
    let answer = try await GuardFixture.answer(GuardFixture.story(about: "Ada", choices: 2), by: answerer)
    for choice in answer.choices {
      #expect(choice.content == "Not here.")
      #expect(choice.end == .refused)
    }
    #expect(answer.usage.completionTokens == 0)
    #expect(answer.usage.promptTokens > 0)
    let scheduler = try #require(await answerer.models.residents().first?.model.scheduler)
    #expect(scheduler.load.steps == 0)
    let reports = account.reports
    #expect(reports.map(\.finish) == ["content_filter"])
    #expect(reports.map(\.status) == [200])
  }

  @Test("An answer ends where a rail ends it, its generation with it, and others notice nothing")
  func refusesOutput() async throws {
    let fixture = try GuardFixture(GuardFixture.ban("harbour", on: "output", "refuse"))
    defer { fixture.remove() }
    let account = RecordingAccount()
    let answerer = try fixture.answerer(account)
    let open = try fixture.answerer(isGuarded: false)
    let free = try await GuardFixture.answer(GuardFixture.story(about: "Ada"), by: open).choices[0].content
    let place = try #require(free.range(of: "harbour"))
    // The neighbour's story is as it would be alone.
    let neighbour = AnswerRequest(model: "primer", prompt: .text("Bo was a bear. He"))
    var longer = neighbour
    longer.sampling.seed = 1
    longer.maxTokens = 40
    let alone = try await GuardFixture.answer(longer, by: open).choices[0].content
    try #require(!alone.contains("harbour"))

    let beside = longer
    async let other = GuardFixture.answer(beside, by: answerer)
    var long = GuardFixture.story(about: "Ada", tokens: 900)
    long.ignoresEnd = true
    let answer = try await GuardFixture.answer(long, by: answerer)
    #expect(answer.choices[0].content == String(free[..<place.lowerBound]) + "Not here.")
    #expect(answer.choices[0].end == .refused)
    #expect(answer.usage.completionTokens < 60)
    #expect(answer.usage.completionTokens > 0)
    #expect(try await other.choices[0].content == alone)

    let scheduler = try #require(await answerer.models.residents().first?.model.scheduler)
    while scheduler.load.running > 0 { try await Task.sleep(for: .milliseconds(1)) }
    #expect(scheduler.load.generatedTokens < 900)
    #expect(account.reports.map(\.finish).contains("content_filter"))
  }

  @Test("Of several choices each ends by itself")
  func refusesChoices() async throws {
    let fixture = try GuardFixture(GuardFixture.ban("harbour", on: "output", "stop"))
    defer { fixture.remove() }
    let open = try fixture.answerer(isGuarded: false)
    let free = try await GuardFixture.answer(GuardFixture.story(about: "Ada", choices: 3), by: open)
    let answer = try await GuardFixture.answer(
      GuardFixture.story(about: "Ada", choices: 3), by: try fixture.answerer())
    for (choice, other) in zip(answer.choices, free.choices) {
      let place = other.content.range(of: "harbour")
      #expect(choice.content == String(other.content[..<(place?.lowerBound ?? other.content.endIndex)]))
      #expect((choice.end == .refused) == (place != nil))
    }
  }

  @Test("An edited answer is the edited text of the free one")
  func edits() async throws {
    let fixture = try GuardFixture(GuardFixture.ban("harbour, fox", on: "output", "redact"))
    defer { fixture.remove() }
    let metrics = ServerMetrics()
    let open = try fixture.answerer(isGuarded: false)
    let free = try await GuardFixture.answer(GuardFixture.story(about: "Ada"), by: open).choices[0].content
    var request = GuardFixture.story(about: "Ada")
    request.topLogprobs = 3
    let answer = try await GuardFixture.answer(request, by: try fixture.answerer(metrics: metrics)).choices[0]
    let whole = try fixture.rails().programs.output.check(Array(free.utf8))
    #expect(whole.verdict.hits.count >= 2)
    #expect(answer.content == whole.text)
    #expect(answer.end == .length)
    // No entry shows what was taken away, and those that are left stand in the text in their order.
    var rest = answer.content[...]
    for entry in answer.contentLogprobs {
      let text = TokenEntry.text(entry.bytes)
      #expect(!text.contains("fox") && !text.contains("harbour"))
      let place = try #require(rest.range(of: text))
      rest = rest[place.upperBound...]
    }
    #expect(answer.contentLogprobs.count > 30)
    let page = metrics.text(models: [])
    #expect(page.contains(#"stoa_guard_hits_total{action="redact",class="S5",rail="words"}"#))
  }

  @Test("The model sees a placeholder for what was masked")
  func masksInput() async throws {
    let fixture = try GuardFixture(GuardFixture.mask)
    defer { fixture.remove() }
    let answerer = try fixture.answerer()
    let open = try fixture.answerer(isGuarded: false)
    let masked = try await GuardFixture.answer(GuardFixture.story(about: "jane.roe@example.org"), by: answerer)
    let free = try await GuardFixture.answer(GuardFixture.story(about: "<EMAIL_1>"), by: open)
    #expect(masked.usage.promptTokens == free.usage.promptTokens)
    #expect(
      masked.choices[0].content
        == free.choices[0].content.replacing("<EMAIL_1>", with: "jane.roe@example.org"))
  }
}
