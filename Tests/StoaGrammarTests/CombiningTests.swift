import StoaFormats
import StoaTestSupport
import Testing

@testable import StoaGrammar

@Suite struct CombiningTests {
  @Test func combines() throws {
    let letter = try Grammar(gbnf: "root ::= a | \"(\" root \")\"\na ::= [a-c]")
    let digit = try Grammar(regex: "[0-9]+")
    let object = try Grammar(jsonSchema: ["type": "object", "properties": ["x": ["type": "null"]]])
    let cases: [(Grammar, good: [String], bad: [String])] = [
      (.text("yes"), ["yes"], ["", "ye", "yess"]), (.text(""), [""], ["a"]),
      (.sequence([letter, digit, letter]), ["a1b", "(a)12((c))"], ["a1", "ab", "1", "(a1b)"]),
      (.sequence([]), [""], ["a"]),
      (.choice([letter, digit, .text("no")]), ["a", "42", "no", "((b))"], ["", "a4", "n"]),
      (.any(.sequence([digit, .text(";")])), ["", "1;", "1;22;"], ["1", ";"]),
      (.optional(letter), ["", "a"], ["aa"]),
      (.list(digit, separator: ", ", several: true), ["1", "1, 23, 4"], ["", "1, ", "1,2"]),
      (.list(digit, separator: ", ", several: false), ["12"], ["", "1, 23"]),
      (.sequence([.any(letter), object, .any(.text("!"))]), ["ab{\"x\": null}!!", "{}"], ["!", "a{\"x\": 1}"]),
    ]
    for (grammar, good, bad) in cases {
      for text in good { #expect(try GrammarFixture.accepts(grammar, text), "\(text)") }
      for text in bad { #expect(try !GrammarFixture.accepts(grammar, text), "\(text)") }
    }
    #expect(throws: GrammarError.matchesNothing) { try CompiledGrammar(.choice([])) }
  }

  @Test("A text ends with the first occurrence of the mark", arguments: ["</think>", "aab", "aaa", "x", "é中é"])
  func through(_ mark: String) throws {
    let grammar = try CompiledGrammar(.through(mark))
    let letters = Array(Set(mark.unicodeScalars)).sorted() + ["z"]
    var generator = SeededGenerator(state: 5)
    for length in 0..<200 {
      var text = ""
      for _ in 0..<(length % 12) {
        text.unicodeScalars.append(letters[Int(generator.next() % UInt64(letters.count))])
      }
      for text in [text, text + mark, mark + text] {
        var state = try GrammarState(grammar)
        let isRead = try state.advance(text.utf8) && state.canEnd
        // The mark occurs once, at the end, and not overlapping an earlier occurrence.
        let scalars = Array(text.unicodeScalars)
        let pattern = Array(mark.unicodeScalars)
        let first = scalars.indices.first { scalars[$0...].starts(with: pattern) }
        #expect(isRead == (first.map { $0 + pattern.count } == scalars.count), "\(text)")
      }
    }
  }
}
