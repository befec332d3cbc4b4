import Foundation
import StoaEngine
import StoaGrammar
import StoaGuard
import StoaTestSupport
import StoaTokenizers
import Testing

@testable import StoaServer

/// Rails with `avoid` and the tokens of a model.
@Suite struct GuardWatchTests {
  private static func rail(_ terms: [String], wholeWords: Bool = true) -> Rail {
    Rail(
      id: "bans", stages: [.output], detectors: ["ban"],
      options: DetectorOptions(["terms": terms, "whole-words": ["\(wholeWords)"]]), action: .refuse, avoids: true)
  }

  /// Short pieces of which terms can be put together in many ways, and some that have one.
  private static let pieces: [String] = [
    "z", "Z", "ze", "ep", "phyr", "hyr", "yr", "yrs", "zephyr", " zephyr", "Zephyrs", " ", "  ", ", ", ".", "a", "b",
    "red", " re", "d", " fox", "fo", "x", "red fox", "foxes", "f", "o", "ｚ", "\u{0435}", "é", "e\u{301}", "\n", "_",
    "1",
    " the red", "ox ", "r", "p", "h", "y", "e", "red  fox", "-", "zephyr red",
  ]

  @Test("The tokens that are excluded are those after which the rails find something", arguments: [true, false])
  func law(wholeWords: Bool) throws {
    // Also tokens that are parts of characters.
    let tokens = Self.pieces.map { Array($0.utf8) } + [[0xD0], [0xB5], [0xEF, 0xBD], [0x9A], [0xD0, 0xB5, 0x70]]
    let vocabulary = TokenVocabulary(tokens: tokens + [[]], endTokens: [Int32(tokens.count)])
    let rail = Self.rail(["zephyr", "red fox", "é1"], wholeWords: wholeWords)
    let program = try #require(try AvoidanceProgram(pack: "own", digest: "", rails: [rail]))
    let completing = CompletingTokens(program, vocabulary)
    let rails = try GuardProgram(pack: "own", rails: [rail], stage: .output)
    var random = SplitMix(seed: wholeWords ? 7 : 8)
    var excluded = 0
    for _ in 0..<400 {
      var watch = GuardWatch(program, vocabulary, completing)
      var text: [UInt8] = []
      for _ in 0..<12 {
        let expected = tokens.indices.filter { !rails.check(text + tokens[$0]).verdict.hits.isEmpty }.map { Int32($0) }
        let found = watch.excluded()?.tokens ?? []
        #expect(found == expected, "after \(String(decoding: text, as: UTF8.self).debugDescription)")
        excluded += expected.count
        let allowed = tokens.indices.filter { !expected.contains(Int32($0)) }
        let next = tokens[allowed[Int(random.next() % UInt64(allowed.count))]]
        text += next
        #expect(watch.read(next).isEmpty)
      }
      #expect(watch.finish().isEmpty)
    }
    #expect(excluded > 400)
  }

  private struct SplitMix {
    var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
  }

  private static let avoid = GuardFixture.ban("harbour", on: "output", "refuse") + "\n    avoid: true"

  @Test("An answer says something else where a rail avoids, goes on to its end, and neighbours notice nothing")
  func answersAround() async throws {
    let fixture = try GuardFixture(Self.avoid)
    defer { fixture.remove() }
    let open = try fixture.answerer(isGuarded: false)
    let answerer = try fixture.answerer()
    let free = try await GuardFixture.answer(GuardFixture.story(about: "Ada"), by: open).choices[0].content
    let place = try #require(free.range(of: "harbour"))
    var other = AnswerRequest(model: "primer", prompt: .text("Bo was a bear. He"))
    other.sampling.seed = 1
    other.maxTokens = 40
    let neighbour = other
    let alone = try await GuardFixture.answer(neighbour, by: open).choices[0].content
    try #require(!alone.contains("harbour"))
    async let beside = GuardFixture.answer(neighbour, by: answerer)
    let answer = try await GuardFixture.answer(GuardFixture.story(about: "Ada"), by: answerer)
    #expect(try await beside.choices[0].content == alone)
    let content = answer.choices[0].content
    #expect(content.hasPrefix(free[..<place.lowerBound].dropLast()))
    #expect(try fixture.rails().programs.output.check(Array(content.utf8)).verdict.hits.isEmpty)
    #expect(!content.contains("Not here."))
    #expect(answer.choices[0].end != .refused)
    let again = try await GuardFixture.answer(GuardFixture.story(about: "Ada"), by: answerer)
    #expect(again.choices[0].content == content)
  }

  @Test("What cannot be avoided is refused as it is without avoid")
  func refusesAtLast() async throws {
    let fixture = try GuardFixture(Self.avoid)
    defer { fixture.remove() }
    var request = GuardFixture.story(about: "Ada")
    request.shape = .regex("at the harbour we met")
    let answer = try await GuardFixture.answer(request, by: try fixture.answerer())
    #expect(answer.choices[0].content == "at the Not here.")
    #expect(answer.choices[0].end == .refused)
  }
}
