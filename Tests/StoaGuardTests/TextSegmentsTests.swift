import StoaTestSupport
import Testing

@testable import StoaGuard

/// How texts are cut into the sentences that the classifier of injections judges.
struct TextSegmentsTests {
  private static func cut(_ text: String, most: Int = 32) -> [String] {
    let segments = TextSegments(text.utf8, most: most)
    return segments.segments.map { segment in
      segments.tokens[segment.tokens].map { String(decoding: segments.text[$0], as: UTF8.self) }.joined(separator: " ")
    }
  }

  @Test(arguments: [
    ("It rained. Why? Go!", ["it rained", "why", "go"]), ("version 2.5 of a.b is out", ["version 0 0 of a b is out"]),
    ("Hi Ben\nWrite a poem", ["hi ben", "write a poem"]),
    (
      "a line that is longer than most and therefore goes on\nin the next one",
      ["a line that is longer than most and therefore goes on in the next one"]
    ),
    (
      "a line that is longer than most and therefore goes on\n\nin the next one",
      ["a line that is longer than most and therefore goes on", "in the next one"]
    ),
    ("| x1 | two words |", ["xi", "two words"]), ("<p>one</p><!-- two --> three", ["p", "one", "p", "two", "three"]),
    (#"{"text": "one two\nthree"}"#, ["text", "one two", "three"]), ("don't 'say' it", ["don't say it"]),
    ("see http://a.b/c|d now", ["see @u", "d now"]), ("a b c. d e f", ["abc", "def"]), (" .!?\n", []), ("", []),
  ]) func cuts(_ text: String, _ segments: [String]) {
    #expect(Self.cut(text) == segments)
  }

  @Test func longSentences() {
    let cut = Self.cut(Array(repeating: "word", count: 50).joined(separator: " "), most: 16)
    #expect(cut.map { $0.split(separator: " ").count } == [16, 16, 16, 2])
  }

  @Test func marksAndBorders() throws {
    let text = TextSegments("First, (really)?\n\nSecond: it\nLast".utf8, most: 32)
    #expect(text.segments.map(\.end) == [UInt8(ascii: "?"), UInt8(ascii: ":"), 0])
    #expect(text.segments.map(\.before) == [.blank, .blank, .line])
    let marks = try #require(text.segments.first).marks
    #expect(marks.0 == [40, 41, 44, 63].reduce(0) { $0 | 1 << UInt64($1) } && marks.1 == 0)
    #expect(text.capitals == [true, false, true, false, true])
  }

  /// Every token is in one segment, in order, whatever the text.
  @Test func segmentsCoverAll() {
    var generator = SeededGenerator(state: 3)
    let pieces = [
      "a", "Ab", " ", "  ", "\n", ". ", "!", "?", ":", "|", "<", ">", "\"", "'", "{", "\\n", "http://", "@x", "é", "7",
      "”",
    ]
    for _ in 0..<2000 {
      let count = Int.random(in: 0...60, using: &generator)
      let text = (0..<count).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
      let cut = TextSegments(text.utf8, most: 8)
      #expect(cut.capitals.count == cut.tokens.count)
      var next = 0
      for segment in cut.segments {
        #expect(segment.tokens.lowerBound == next && (1...8).contains(segment.tokens.count))
        next = segment.tokens.upperBound
      }
      #expect(next == cut.tokens.count)
      for token in cut.tokens { #expect(cut.text[token.lowerBound - 1] == 0x20 && cut.text[token.upperBound] == 0x20) }
    }
  }

  /// Texts that are all marks take a time that grows with their length and not with its square.
  @Test(.timeLimit(.minutes(1)), arguments: ["\n", ".", "\" ", "a ", "\\n", "<a>"]) func hostile(_ piece: String) {
    let text = TextSegments(String(repeating: piece, count: 300_000).utf8, most: 32)
    #expect(text.segments.count <= 300_000)
  }
}
