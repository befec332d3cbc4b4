import StoaTestSupport
import Testing

@testable import StoaTokenizers

/// The engine for expressions that no scanner knows; what it finds is checked against Oniguruma in `PreTokenizerTests`.
@Suite struct RegexTests {
  private func matches(_ expression: String, _ text: String, _ dialect: RegexDialect = .oniguruma) throws -> [String] {
    let bytes = Array(text.utf8)
    var matcher = RegexMatcher(try RegexProgram(expression, dialect), bytes.span, 0..<bytes.count)
    var found: [String] = []
    while let match = matcher.next() { found.append(String(decoding: bytes[match], as: UTF8.self)) }
    return found
  }

  /// Expectations are those of Python's `re` for the same expressions.
  @Test(arguments: [
    ("a|ab", "abab", ["a", "a"]), ("(?:a|ab)(?:c|bcd)", "abcd abc", ["abcd", "abc"]), ("a*?b", "aab", ["aab"]),
    ("a{2,3}", "aaaaa", ["aaa", "aa"]), ("a{2,3}?", "aaaaa", ["aa", "aa"]), ("(?:ab){2}", "ababab", ["abab"]),
    ("x*y|x", "xxxz", ["x", "x", "x"]), ("[^a-c]+", "abcdef", ["def"]), ("[]a]+", "]a]", ["]a]"]),
    ("a(?=b)", "abac", ["a"]), ("a(?!b)", "abac", ["a"]), ("(?<=b)a", "abaa", ["a"]), ("(?<!b)a", "abaa", ["a", "a"]),
    (#"\bfoo\b"#, "foo food foo", ["foo", "foo"]), ("{a}", "{a}", ["{a}"]), ("a{,2}b", "aaab", ["aab"]),
  ])
  func findsMatches(_ expression: String, _ text: String, _ expected: [String]) throws {
    #expect(try matches(expression, text) == expected, "\(expression)")
  }

  @Test func dialectsDiffer() throws {
    #expect(try matches("a$", "a\na", .oniguruma) == ["a", "a"])
    #expect(try matches("a$", "a\na", .rust) == ["a"])
    #expect(try matches(#"\d"#, "1٣", .oniguruma) == ["1", "٣"])
    #expect(try matches(#"\d"#, "1٣", .llamaCpp) == ["1"])
    #expect(try matches(#"[\p{Lu}]"#, "aB", .llamaCpp) == ["a", "B"])
    #expect(try matches("[\u{3000}-\u{3002}]", "\u{3000}\u{3001}", .llamaCpp) == ["\u{3001}"])
    #expect(try matches("(?i:k)", "kK\u{212A}", .rust) == ["k", "K", "\u{212A}"])
  }

  @Test(arguments: [
    "(", ")", "a)", "[a", "[b-a]", "*a", "a{3,2}", "a{99999}", "\\", #"\p{Nonsense}"#, #"\p{L"#, #"(a)\1"#, "(?<=ab)c",
    "(?:ab)++", "(?P<n", #"\x{110000}"#, #"\q"#, "[[:nonsense:]]", "(?", "(?i", #"[a-\w]"#, "(?>a)",
  ])
  func namesWhatIsWrong(_ expression: String) {
    #expect(throws: RegexError.self) { try RegexProgram(expression, .oniguruma) }
  }

  @Test func hostileExpressionsEnd() throws {
    let nested = String(repeating: "(", count: 5000) + String(repeating: ")", count: 5000)
    #expect(throws: RegexError.self) { try RegexProgram(nested, .rust) }
    #expect(throws: RegexError.self) { try RegexProgram("(?:(?:(?:a{1,4096}b){4096}c){4096}d)", .rust) }
    #expect(throws: RegexError.self) { try RegexProgram(String(repeating: "a", count: 70_000), .rust) }
    // Bytes at random never crash.
    var random = SeededGenerator(state: 7)
    let pieces = [
      "(", ")", "[", "]", "a", "\\", "p{L}", "|", "*", "+", "?", "{1,3}", "^", "&&", "-", "(?=", "(?!", "$", "s",
      "(?i:",
    ]
    for _ in 0..<3000 {
      let expression = (0..<Int.random(in: 0...9, using: &random))
        .map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
      guard let program = try? RegexProgram(expression, .oniguruma) else { continue }
      let text = random.text(count: 12)
      var matcher = RegexMatcher(program, text.span, 0..<text.count)
      var (end, count) = (0, 0)
      while let match = matcher.next() {
        #expect(match.lowerBound >= end)
        end = match.upperBound
        count += 1
        #expect(count <= text.count + 1)
        if count > text.count + 1 { break }
      }
    }
  }

  /// Each is exponential or quadratic for an engine that only backtracks.
  @Test(arguments: [
    ("(?:a+)+b", "a"), ("(?:a|aa)+b", "a"), ("(?:a*)*b", "a"), ("a*a*a*a*b", "a"), ("a+b|a", "a"), (#"\s+$x|\s"#, " "),
    (#"(?:\w+\s?)+!"#, "ab "), (#"a(?=(?:a|b)*c)|a"#, "a"), (#"(?:a?){20}b"#, "a"), ("a++b|a", "a"),
    (#"a(?!(?:aa)*b)"#, "a"),
  ])
  func takesLinearTime(_ expression: String, _ unit: String) throws {
    let text = Array(String(repeating: unit, count: 100_000).utf8)
    var matcher = RegexMatcher(try RegexProgram(expression, .rust), text.span, 0..<text.count)
    var end = 0
    while let match = matcher.next() { end = match.upperBound }
    #expect(end <= text.count)
  }

  /// Remembering failures changes no match: the same with a text so short that nothing is remembered.
  @Test func memoryChangesNothing() throws {
    for expression in ["(?:a|ab)*(?:c|bd)|b+a?", "a+b|a", "(?:ab|a)+?b", "a*(?=b)|b"] {
      let unit = "aababbac"
      let expected = try matches(expression, unit)
      // A text on which the engine has long begun to remember, and a line break that nothing crosses.
      let long = String(repeating: "a", count: 3000) + "\n" + unit
      let found = try matches(expression, long)
      #expect(found.suffix(expected.count) == expected[...], "\(expression)")
    }
  }
}
