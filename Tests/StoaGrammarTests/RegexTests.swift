import Testing

@testable import StoaGrammar

@Suite struct RegexTests {
  @Test(arguments: [
    (#"^\d{3}-\d{4}$"#, ["555-1234"], ["5551234", "555-12345", "٥٥٥-1234"]),
    (#"(?:a|bc)+d?"#, ["a", "bca", "abcd"], ["", "d", "bd"]),
    (#"[^\W\d_]+"#, ["abc", "Z"], ["a1", "_"]),
    (#"\u00e9\x41[\u{1F600}-\u{1F602}]\."#, ["éA😁."], ["éA😁x", "eA😁."]),
    (#"a{2}b{0,}c{1,2}{x"#, ["aac{x", "aabbcc{x"], ["ac{x"]),
    (#"\p{Lu}\p{L}*"#, ["Éa", "Z", "Ωω"], ["éa", "1"]),
    (#"(?<year>[0-9]{4})|x*?"#, ["1999", "", "xxx"], ["199"]),
    (#"\S+\s\S+"#, ["a b", "é\u{3000}中"], ["a", "a  b", "a\u{85}b c"]),
    (#"[]a]"#, [], ["]", "a"]),
    (#"[a\]\-b-d]"#, ["]", "-", "c"], ["e", "\\"]),
  ])
  func matches(_ pattern: String, _ good: [String], _ bad: [String]) throws {
    let grammar = try? CompiledGrammar(Grammar(regex: pattern))
    for (text, expected) in good.map({ ($0, true) }) + bad.map({ ($0, false) }) {
      guard let grammar else {
        // `[]` is a class of nothing.
        #expect(!expected)
        continue
      }
      var state = try GrammarState(grammar)
      #expect(try (state.advance(text.utf8) && state.canEnd) == expected, "\(pattern) \(text)")
    }
  }

  @Test(arguments: [
    "(?=a)", "(?!a)b", "(?<=a)b", "(?<!a)b", #"(a)\1"#, #"\ba"#, "a++", "(?>a)", "(?i)a", "(a", "a)", "*a", "[a", "a**",
    #"\"#, "[z-a]", "a{3,1}", #"\p{Klingon}"#, "a^b", "(a$)b", #"\q"#, "a{2000000}", "^*",
  ])
  func refuses(_ pattern: String) {
    let error = #expect(throws: GrammarError.self) { try Grammar(regex: pattern) }
    guard case .regex(pattern, _, _)? = error else {
      Issue.record("\(pattern): \(String(describing: error))")
      return
    }
  }

  @Test("UTF-8 ranges hold the members and nothing else")
  func utf8() {
    for range: ClosedRange<UInt32> in [
      0...0x10FFFF, 0x7F...0x80, 0x7FF...0x800, 0xFFFF...0x10000, 0x41...0x20AC, 0xD700...0xE001,
    ] {
      let sequences = ScalarSet([range]).byteSequences
      for value in stride(from: UInt32(0), through: 0x10FFFF, by: 37) {
        guard let scalar = Unicode.Scalar(value) else { continue }
        let bytes = Array(String(Character(scalar)).utf8)
        let matching = sequences.filter { $0.count == bytes.count && zip($0, bytes).allSatisfy { $0.contains($1) } }
        #expect(matching.count == (range.contains(value) ? 1 : 0))
      }
    }
  }
}
