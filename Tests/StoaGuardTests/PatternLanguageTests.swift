import Foundation
import StoaTestSupport
import Testing

@testable import StoaGuard

/// The pattern language against ICU's regular expressions, and its errors.
struct PatternLanguageTests {
  static func hits(_ expression: String, _ text: [UInt8], pieces: Int = .max, foldsCase: Bool = false) throws -> [Range<
    Int
  >] {
    let pattern = Pattern("p", expression, label: "X", foldsCase: foldsCase)
    return try PatternSet([PatternSet.Entry(rail: 0, pattern: pattern)]).hits(in: text, pieces: pieces).map(\.range)
  }

  /// Expressions whose longest match is also the first one that backtracking finds, so that ICU can be the oracle.
  static let expressions = [
    #"\bab{1,3}\b"#, #"[a-c]{2,4}"#, #"a(b|c){0,3}d"#, #"\d{2,3}-\d{2}"#, #"x?y{2}"#, #"(ab|ba){1,3}"#, #"[^a]{2}"#,
    #"\w{3} \w{2}"#, #"\Ba\d"#,
    #"a.c"#, #"c\b"#, #"(a{1,2}b){1,2}"#,
  ]

  @Test("Longest matches without overlap are those of ICU, in any pieces", arguments: expressions)
  func matches(expression: String) throws {
    let regex = try NSRegularExpression(pattern: expression)
    var generator = SeededGenerator(state: 7)
    for _ in 0..<200 {
      let text = String(
        (0..<Int.random(in: 0...30, using: &generator)).map { _ in
          "aabbccddxyy11223-  ".randomElement(using: &generator) ?? "a"
        })
      let expected = regex.matches(in: text, range: NSRange(location: 0, length: text.utf16.count)).map {
        $0.range.location..<$0.range.location + $0.range.length
      }
      for pieces in [1, 3, .max] {
        #expect(try Self.hits(expression, Array(text.utf8), pieces: pieces) == expected, "\(expression) in \(text)")
      }
    }
  }

  @Test("Scalars above ASCII are matched by their UTF-8, in both cases if asked")
  func scalars() throws {
    let text = Array("Grüße GRÜSSE \u{10FFFF}\u{800}".utf8)
    #expect(try Self.hits("(?i)gr[ü]", text) == [0..<4, 8..<12])
    #expect(try Self.hits("[\\u{7FF}-\\u{FFFF}]", text) == [20..<23])
    #expect(try Self.hits("[\\u{10000}-\\u{10FFFF}]", text) == [16..<20])
    #expect(try Self.hits("[^\\u{0}-\\u{FF}]", text) == [16..<20, 20..<23])
  }

  @Test(
    "What cannot be used is an error with its place",
    arguments: [
      ("a*", 1), ("a+", 1), ("a{2,}", 4), ("a{3,2}", 1), ("a{2", 3), ("(ab", 0), ("ab)", 2), ("[ab", 0), ("[b-a]", 0),
      ("\\q", 0), ("\\x4", 0),
      ("\\u{110000}", 0), ("?a", 0), ("(?=a)", 0), ("ab\\", 2), ("[\\b]", 1), ("a{9999}", 1),
    ])
  func errors(expression: String, offset: Int) throws {
    let error = #expect(throws: PatternError.self) { try PatternParser.parse(expression) }
    #expect(error?.offset == offset)
    #expect(error?.hint.isEmpty == false)
  }

  @Test("Patterns that match nothing or too much are refused", arguments: ["a{0,3}", "\\b", "(a{1,200}){1,200}"])
  func useless(expression: String) throws {
    #expect(throws: PatternError.self) { try PatternSet.syntax(of: Pattern("p", expression, label: "X")) }
  }

  @Test("A table that is full changes speed and nothing else")
  func fullTable() throws {
    // The counters of overlapping repetitions need more states than there is room for.
    let expression = #"[ab]{1,40}a[ab]{14}c"#
    var generator = SeededGenerator(state: 3)
    let text =
      (0..<60_000).map { _ in "ab".utf8.randomElement(using: &generator) ?? 0x61 } + Array("abababababababababac".utf8)
    let whole = try Self.hits(expression, text)
    #expect(try Self.hits(expression, text, pieces: 1000) == whole)
    #expect(whole.last?.upperBound == text.count)
  }

  @Test("Patterns that are apart by a byte they need find what they find together", arguments: [1, 7, .max])
  func rareBytes(pieces: Int) throws {
    let expressions = [
      #"\<\w{1,5}@\w{1,5}\>"#, #"[a-z ]{0,9}\d{1,3}[a-z]?"#, #"\<[a-zé]{1,4}é[a-z]{0,3}"#,
      #"(?:[a-z]{1,6}|é)[~#][a-z]?"#,
      #"\<[a-z]{2,3}\>"#, #"(?:[a-z]@|[a-z]{2}@@)[a-z]"#,
    ]
    let entries = expressions.map { PatternSet.Entry(rail: 0, pattern: Pattern($0, $0, label: "X")) }
    let sets = try PatternSet.grouped(entries)
    #expect(sets.count == 4)
    func key(_ hit: PatternHit, _ set: PatternSet) -> String { "\(hit.range) \(set.entries[hit.entry].pattern.name)" }
    var generator = SeededGenerator(state: 11)
    for round in 0..<150 {
      let rare = round % 3 == 0 ? 0.3 : 0.02
      let text = Array(
        (0..<Int.random(in: 0...400, using: &generator)).map { _ in
          let letters = Double.random(in: 0..<1, using: &generator) < rare ? "@1~#é\n" : "abz  "
          return String(letters.randomElement(using: &generator) ?? "a")
        }.joined().utf8)
      let apart = sets.flatMap { set in set.hits(in: text, pieces: pieces).map { key($0, set) } }
      let together = try PatternSet(entries)
      #expect(apart.sorted() == together.hits(in: text).map { key($0, together) }.sorted())
    }
  }

  @Test("No start of a match is ruled out", arguments: expressions)
  func startFilter(expression: String) throws {
    let pattern = Pattern("p", expression, label: "X")
    let set = try PatternSet([PatternSet.Entry(rail: 0, pattern: pattern)])
    let regex = try NSRegularExpression(pattern: expression)
    var generator = SeededGenerator(state: 5)
    let text = String((0..<300).map { _ in "aabbccddxyy11223-  ".randomElement(using: &generator) ?? "a" })
    let symbols = text.utf8.map { set.symbols[Int($0)] }
    var list = [UInt16](repeating: 0, count: StartFilter.blockSize)
    let count = set.filter.positions(symbols, symbols.count, in: 0..<symbols.count, before: .edge, into: &list)
    let kept = Set(list[..<count].map(Int.init))
    for start in symbols.indices where !kept.contains(start) {
      let range = NSRange(location: start, length: symbols.count - start)
      let options: NSRegularExpression.MatchingOptions = [.withTransparentBounds, .anchored]
      #expect(regex.firstMatch(in: text, options: options, range: range) == nil, "\(expression) at \(start)")
    }
    #expect(kept.count < symbols.count)
  }
}
