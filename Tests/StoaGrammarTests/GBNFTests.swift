import Testing

@testable import StoaGrammar

@Suite struct GBNFTests {
  @Test(arguments: [
    (#"root ::= "yes" | "no""#, ["yes", "no"], ["", "ye", "yesno", "maybe"]),
    (#"root ::= [a-c]+ "-"? [^a-z]{2}"#, ["a-12", "abcX1", "b中é"], ["-12", "a1", "a-123", "a-1z"]),
    (#"root ::= "a"{2,3} "b"{2} "c"{1,}"#, ["aabbc", "aaabbccc"], ["abbc", "aaaabbc", "aabb"]),
    ("root ::= (\n  \"a\" |\n  \"b\"\n) # a comment\n  \n", ["a", "b"], ["ab"]),
    ("# first\nroot ::= pair (\",\" pair)*\npair ::= key \":\" [0-9]\nkey ::= [a-z]", ["a:1", "a:1,b:2"], ["a:1,"]),
    (#"root ::= "\x41\u00e9\U0001F600\n\t\"\\" . [\]\-]"#, ["Aé😀\n\t\"\\x]", "Aé😀\n\t\"\\中-"], ["A"]),
    ("root ::= \"(\" root? \")\"", ["()", "((()))"], ["(", "(()", "())"]),
    ("root ::=\n  \"a\" |\n  \"b\"\nother-rule_2 ::= root", ["a", "b"], ["c"]),
    ("root ::= [-a] \"\"", ["-", "a"], [""]),
  ])
  func matches(_ source: String, _ good: [String], _ bad: [String]) throws {
    let grammar = try Grammar(gbnf: source)
    for text in good { #expect(try GrammarFixture.accepts(grammar, text), "\(text)") }
    for text in bad { #expect(try !GrammarFixture.accepts(grammar, text), "\(text)") }
  }

  @Test(arguments: [
    ("", 1, 1), ("a ::= \"b\"", 1, 10), ("root ::= \"a", 1, 12), ("root ::= x", 1, 10), ("root = \"a\"", 1, 6),
    ("root ::= \"a\"\nroot ::= \"b\"", 2, 1), ("root ::= [a", 1, 12), ("root ::= (\"a\"", 1, 14),
    ("root ::= \"a\"{3,1}", 1, 18), ("root ::= \"\\q\"", 1, 12), ("root ::= [z-a]", 1, 14),
    ("root ::= \"a\" )", 1, 14), ("root ::= <think>", 1, 10), ("root ::= \"a\"{9999999}", 1, 20),
  ])
  func saysWhere(_ source: String, _ line: Int, _ column: Int) throws {
    let error = #expect(throws: GrammarError.self) { try Grammar(gbnf: source) }
    guard case .gbnf(let foundLine, let foundColumn, _) = try #require(error) else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(foundLine == line && foundColumn == column, "\(source): \(foundLine):\(foundColumn)")
  }

  @Test func refusesWhatCannotRun() {
    #expect(throws: GrammarError.leftRecursion(rule: "root")) {
      try CompiledGrammar(Grammar(gbnf: "root ::= root \"a\" | \"b\""))
    }
    #expect(throws: GrammarError.leftRecursion(rule: "a")) {
      try CompiledGrammar(Grammar(gbnf: "root ::= a\na ::= b\nb ::= [ ]* a \"x\" | \"y\""))
    }
    #expect(throws: GrammarError.matchesNothing) { try CompiledGrammar(Grammar(gbnf: "root ::= \"a\" root")) }
  }

  @Test("Hostile grammars are refused or compiled, quickly and in little memory")
  func hostile() throws {
    let nested = "root ::= " + String(repeating: "(", count: 100_000)
    #expect(throws: GrammarError.self) { try Grammar(gbnf: nested) }
    var chain = "root ::= r0\n"
    for index in 0..<15_000 { chain += "r\(index) ::= r\(index + 1)\n" }
    #expect(try GrammarFixture.accepts(Grammar(gbnf: chain + "r15000 ::= \"a\""), "a"))
    let powers = "root ::= a{1000}\na ::= b{1000}\nb ::= c{1000}\nc ::= \"x\"{1000}"
    var state = try GrammarState(CompiledGrammar(Grammar(gbnf: powers)))
    #expect(try state.advance([UInt8](repeating: 0x78, count: 5_000)))
    let exponential = try CompiledGrammar(
      Grammar(gbnf: "root ::= a \"b\" | b \"c\" | \"x\"\na ::= \"x\" root\nb ::= \"x\" root"))
    #expect(throws: GrammarError.tooAmbiguous) {
      var state = try GrammarState(exponential)
      _ = try state.advance([UInt8](repeating: 0x78, count: 64))
    }
    let subsets = "root ::= [ab]* \"a\"" + String(repeating: " [ab]", count: 40)
    #expect(throws: GrammarError.self) { try CompiledGrammar(Grammar(gbnf: subsets)) }
  }

  @Test("Right recursion needs no stack, deep nesting little")
  func deepTexts() throws {
    var list = try GrammarState(CompiledGrammar(Grammar(gbnf: "root ::= \"a\" root | \"b\"")))
    #expect(try list.advance([UInt8](repeating: 0x61, count: 100_000)))
    #expect(list.recognizer.arena.frames.isEmpty)
    var nested = try GrammarState(CompiledGrammar(Grammar(gbnf: "root ::= \"(\" root \")\" | \"x\"")))
    #expect(try nested.advance([UInt8](repeating: 0x28, count: 10_000)))
    #expect(try nested.advance("x".utf8))
    #expect(try nested.advance([UInt8](repeating: 0x29, count: 10_000)))
    #expect(nested.isComplete)
  }
}
