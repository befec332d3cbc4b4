import StoaFormats
import StoaTestSupport
import Testing

@testable import StoaGrammar

@Suite struct MaskTests {
  /// Walks at random through the texts of a grammar and compares every mask with matching each token on its own.
  private func compare(_ grammar: Grammar, _ texts: [String], seed: UInt64, steps: Int = 24) throws {
    let (vocabulary, tokens) = GrammarFixture.vocabulary(texts)
    let end = Int32(tokens.count - 1)
    let masker = try TokenMasker(CompiledGrammar(grammar), vocabulary)
    var random = SeededGenerator(state: seed)
    for _ in 0..<3 {
      var state = try GrammarState(masker.grammar)
      var text: [UInt8] = []
      for _ in 0..<steps {
        let mask = try masker.mask(state)
        var expected: [Int32] = []
        for (token, bytes) in tokens.enumerated() where Int32(token) != end {
          if NaiveMatcher.match(grammar, text + bytes).isPrefix { expected.append(Int32(token)) }
        }
        if NaiveMatcher.match(grammar, text).isWhole { expected.append(end) }
        #expect(mask.tokens == expected, "after \(String(decoding: text, as: UTF8.self)) of \(grammar.rules)")
        #expect(!mask.isEmpty)
        // Longer tokens are rarer, and more is to be learned from them.
        let long = mask.tokens.filter { tokens[Int($0)].count > 1 }
        let choices = long.isEmpty || Int.random(in: 0..<3, using: &random) == 0 ? mask.tokens : long
        guard let token = choices.randomElement(using: &random), token != end else { break }
        text += tokens[Int(token)]
        #expect(try state.advance(tokens[Int(token)]))
      }
    }
  }

  private static let pieces = [
    "ab", "ba", "aab", "abab", "aaaa", "bbbbbb", "a,", ",b", "a,b", "b]", "[a", "[[", "]]", "],", "é", "aé", "éa",
    "ééb",
    "\u{4e2d}", "a\u{4e2d}b", "\u{1f600}",
  ]

  @Test("Masks equal trying each token, for random grammars", arguments: 0..<150)
  func randomGrammars(_ seed: Int) throws {
    var random = SeededGenerator(state: UInt64(seed))
    var grammar = Grammar()
    for index in 0..<3 { _ = grammar.add("r\(index)") }
    for index in 0..<3 {
      grammar.rules[index].body = RandomExpression.make(&random, depth: 3, rules: index + 1..<3, selfRule: index)
    }
    do {
      try compare(grammar, Self.pieces, seed: UInt64(seed))
    } catch GrammarError.tooAmbiguous {
      // A few of them are beyond what a grammar may ask for, and are refused as they should be.
    }
  }

  @Test(
    "Masks equal trying each token, for counted repetitions",
    arguments: [
      #"[ab]{3,50}"#, #"([ab]{2,40},){0,12}b"#, #"\[[^\],]{1,60}(,[^\],]{1,60}){2,50}\]"#, #"(a|ab|b){5,45}"#,
      #"[aé中]{40}"#, #"(a{1,50}b){1,40}"#, #"[ab]{33,}é"#, #"x?[ab]{0,64}\]"#, #"(a?b?){2,40}"#,
    ])
  func counts(_ pattern: String) throws {
    try compare(Grammar(regex: pattern), Self.pieces, seed: 7, steps: 40)
  }

  @Test(
    "Masks equal trying each token, for schemas",
    arguments: [
      #"{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"integer"}},"required":["a"]}"#,
      #"{"type":"array","items":{"type":"string","maxLength":40},"minItems":2,"maxItems":40}"#,
      #"{"type":"object","properties":{"ab":{}},"additionalProperties":{"enum":["ab","aé"]}}"#,
      #"{"type":"string","minLength":2,"maxLength":33}"#,
    ])
  func schemas(_ schema: String) throws {
    let grammar = try Grammar(jsonSchema: JSONValue(parsing: schema))
    let pieces =
      Self.pieces + ["{\"", "\":", "\": ", "\",", "\"}", "[\"", "\"]", "\\u", "\\\"", "a\"", "12", "\n  ", "{}"]
    try compare(grammar, pieces, seed: 3, steps: 30)
  }

  @Test("Closing tokens lead to an end in the fewest bytes")
  func closing() throws {
    let (vocabulary, tokens) = GrammarFixture.vocabulary(["\"}", "\"", "}", "x\"}", "]}"])
    let schema: JSONValue = [
      "type": "object", "properties": ["a": ["type": "array", "items": ["type": "string"], "minItems": 2]],
      "required": ["a"],
    ]
    let masker = try TokenMasker(CompiledGrammar(Grammar(jsonSchema: schema)), vocabulary)
    var state = try GrammarState(masker.grammar)
    var text = ""
    #expect(try state.advance("{\"a\": [\"on and on".utf8))
    while !state.canEnd {
      let mask = try #require(try masker.closingMask(state))
      // All of them are as near to the end as their bytes are long.
      let token = try #require(mask.tokens.last)
      text += String(decoding: tokens[Int(token)], as: UTF8.self)
      #expect(try state.advance(tokens[Int(token)]))
    }
    #expect(text == "\",\"\"]}")
    #expect(try masker.closingMask(state)?.tokens == [Int32(tokens.count - 1)])
  }

  @Test("A plan is a shortest completion in the fewest tokens, wherever a text stands", arguments: 0..<24)
  func plans(_ seed: Int) throws {
    var random = SeededGenerator(state: UInt64(seed))
    let pattern = [
      #"\[[^\],]{1,60}(,[^\],]{3,60}){2,50}\]"#, #"(a{4,50}b){3,40}"#, #"(ab|ba,|\[a{5}\]){3,9}"#, #"x?[ab]{7,64}\]"#,
    ][seed % 4]
    let (vocabulary, tokens) = GrammarFixture.vocabulary(Self.pieces)
    let masker = try TokenMasker(CompiledGrammar(Grammar(regex: pattern)), vocabulary)
    var state = try GrammarState(masker.grammar)
    var earlier: ClosingPlan?
    for _ in 0..<30 {
      var plan = try #require(masker.closingPlan(state, limit: 1000))
      #expect(masker.closingPlan(state, limit: 1000, sharing: earlier)?.tokenCount == plan.tokenCount)
      #expect(plan.tokenCount == 0 || masker.closingPlan(state, limit: plan.tokenCount - 1) == nil)
      earlier = plan
      var (end, text) = (state, [UInt8]())
      let count = plan.tokenCount
      var taken = 0
      while let token = plan.removeFirst() {
        text += tokens[Int(token)]
        #expect(try end.advance(tokens[Int(token)]))
        taken += 1
        #expect(plan.tokenCount == count - taken)
      }
      #expect(end.canEnd && text.count == state.distance)
      #expect(count == Self.fewestTokens(text, tokens))
      guard let token = try masker.mask(state).tokens.randomElement(using: &random), !tokens[Int(token)].isEmpty else {
        break
      }
      #expect(try state.advance(tokens[Int(token)]))
    }
  }

  /// The fewest tokens that a text can be cut into, tried from the front.
  private static func fewestTokens(_ text: [UInt8], _ tokens: [[UInt8]]) -> Int {
    var counts = [0] + [Int](repeating: Int.max / 2, count: text.count)
    for start in text.indices {
      for token in tokens where !token.isEmpty && text[start...].starts(with: token) {
        counts[start + token.count] = min(counts[start + token.count], counts[start] + 1)
      }
    }
    return counts[text.count]
  }

  @Test("End tokens are allowed exactly where the text may end")
  func endTokens() throws {
    let (vocabulary, tokens) = GrammarFixture.vocabulary(["ab"])
    let end = Int32(tokens.count - 1)
    let masker = try TokenMasker(CompiledGrammar(Grammar(regex: "ab?")), vocabulary)
    var state = try GrammarState(masker.grammar)
    #expect(try masker.mask(state).tokens == [0x61, 256])
    #expect(try state.advance("a".utf8))
    #expect(try masker.mask(state).tokens == [0x62, end])
    #expect(!state.isComplete)
    #expect(try !state.advance("c".utf8))
    #expect(try state.advance("b".utf8))
    #expect(state.isComplete)
    #expect(try masker.mask(state).tokens == [end])
  }
}

/// Random expressions whose rules refer to later ones, or to themselves after something else.
private enum RandomExpression {
  static func make(
    _ random: inout SeededGenerator, depth: Int, rules: Range<Int>, selfRule: Int
  ) -> Expression {
    func part(_ random: inout SeededGenerator) -> Expression {
      make(&random, depth: depth - 1, rules: rules, selfRule: selfRule)
    }
    switch Int.random(in: 0..<(depth == 0 ? 3 : 9), using: &random) {
    case 0: return .text(["a", "b", "ab", ",", "é", ""].randomElement(using: &random) ?? "a")
    case 1, 2:
      let sets = [
        ScalarSet("ab"), ScalarSet([0x61...0x4FFF]), ScalarSet(",]"), ScalarSet("éa"), ScalarSet("b").inverted,
      ]
      return .scalar(sets.randomElement(using: &random) ?? .all)
    case 3, 4: return .sequence((0..<Int.random(in: 1...3, using: &random)).map { _ in part(&random) })
    case 5: return .choice((0..<Int.random(in: 1...3, using: &random)).map { _ in part(&random) })
    case 6:
      let minimum = Int.random(in: 0...3, using: &random)
      let maximum = [nil, minimum + 1, minimum + 40].randomElement(using: &random) ?? nil
      let body = Expression.sequence([.scalar(ScalarSet("ab,")), part(&random)])
      return .repetition(body, minimum: minimum, maximum: maximum)
    case 7:
      guard let rule = rules.randomElement(using: &random) else { return .text("b") }
      return .rule(rule)
    default: return .optional(.sequence([.text("["), .optional(.rule(selfRule)), .text("]")]))
    }
  }
}
