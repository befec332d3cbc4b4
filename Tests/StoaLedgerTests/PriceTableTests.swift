import Foundation
import StoaTestSupport
import Testing

@testable import StoaLedger

@Suite struct PriceTableTests {
  private static let whole = """
    currency: EUR
    machine: {per_hour: 0.36}
    models:
      charged: {input: 1, output: 2.5}
      "org/cached": {input: 1, cached_input: 0.1, output: 2}
    compare:
      - {name: "one API", input: 2.5, cached_input: 1.25, output: 10}
      - name: another
        input: 0.000001
        output: 0
    """

  private func price(
    _ model: String, _ prompt: Int, _ cached: Int, _ completion: Int, seconds: Double = 0
  ) throws -> Cost {
    try PriceTable(yaml: Self.whole, path: "p").price(
      model: model, promptTokens: prompt, cachedTokens: cached, completionTokens: completion, computeSeconds: seconds)
  }

  @Test(arguments: [
    ("any", 100, 0, 10, 1.0, 100), ("any", 0, 0, 0, 3600, 360_000), ("any", 0, 0, 0, 0.004, 0),
    ("any", 0, 0, 0, 0.005, 1), ("any", 1, 1, 1, -1, 0), ("any", 1, 1, 1, .nan, 0),
    ("charged", 1_000_000, 0, 0, 100, 1_000_000), ("charged", 1_000_000, 500_000, 2, 100, 1_000_005),
    ("charged", 0, 0, 1, 100, 3), ("org/cached", 1_000_000, 500_000, 0, 1, 550_000),
    ("org/cached", 100, 1000, 0, 1, 10), ("org/cached", -5, 0, -5, 1, 0),
  ])
  func costs(_ model: String, _ prompt: Int, _ cached: Int, _ completion: Int, _ seconds: Double, _ micros: Int) throws
  {
    let cost = try price(model, prompt, cached, completion, seconds: seconds)
    #expect(cost.amount == Money(micros: micros))
    #expect(cost.currency == "EUR")
  }

  @Test func saysWhatItWouldHaveCostElsewhere() throws {
    let cost = try price("any", 1000, 400, 200)
    // (600 × 2.5 + 400 × 1.25 + 200 × 10) millionths.
    #expect(cost.comparisons.map(\.name) == ["one API", "another"])
    #expect(cost.comparisons.map(\.amount) == [Money(micros: 4000), .zero])
  }

  @Test func hugeCountsStayNumbers() throws {
    let cost = try price("charged", .max, 0, .max, seconds: .infinity)
    #expect(cost.amount == Money(micros: .max))
    #expect(cost.comparisons[0].amount == Money(micros: .max))
    #expect(try price("any", 0, 0, 0, seconds: .infinity).amount > .zero)
  }

  @Test("The price of two answers is that of one with the sums, but for the rounding")
  func additive() throws {
    var random = SeededGenerator(state: 3)
    let table = try PriceTable(yaml: Self.whole, path: "p")
    for _ in 0..<500 {
      let (a, b) = (Int.random(in: 0...100_000, using: &random), Int.random(in: 0...100_000, using: &random))
      func amount(_ tokens: Int) -> Int {
        table.price(
          model: "charged", promptTokens: tokens, cachedTokens: 0, completionTokens: tokens, computeSeconds: 0
        ).amount.micros
      }
      #expect(abs(amount(a) + amount(b) - amount(a + b)) <= 1)
    }
  }

  @Test(arguments: ["", "# nothing\n", "{}", "currency: EUR"])
  func withoutPricesNothingCosts(_ yaml: String) throws {
    let cost = try PriceTable(yaml: yaml, path: "p").price(
      model: "m", promptTokens: 1000, cachedTokens: 0, completionTokens: 1000, computeSeconds: 1000)
    #expect(cost.amount == .zero && cost.comparisons.isEmpty)
    #expect(
      PriceTable.none.price(
        model: "m", promptTokens: 1, cachedTokens: 0, completionTokens: 1, computeSeconds: 1) == .none)
  }

  @Test(
    arguments: [
      ("currency: EUR\nmachin: {}", 2, "machin"), ("currency: EUR\nmachine: {per_hour: -1}", 2, "machine.per_hour"),
      ("currency: EUR\nmachine: {per_hour: cheap}", 2, "machine.per_hour"),
      ("currency: EUR\nmachine: {per_hour: \"1\"}", 2, "machine.per_hour"),
      ("currency: EUR\nmachine: {per_hour: [1]}", 2, "machine.per_hour"),
      ("currency: EUR\nmachine: {per_hour: .inf}", 2, "machine.per_hour"),
      ("currency: EUR\nmachine: {per_hour: 1000001}", 2, "machine.per_hour"),
      ("currency: EUR\nmachine: {per_hour: 0.0000001}", 2, "machine.per_hour"),
      ("currency: EUR\nmachine: 1", 2, "machine"), ("currency: EUR\nmachine: {}", 2, "machine.per_hour"),
      ("currency: EUR\nmachine:\n  per_day: 1", 3, "per_day"), ("currency: euro", 1, "currency"),
      ("currency: [EUR]", 1, "currency"), ("machine: {per_hour: 1}", 1, "currency"), ("- 1", 1, "price table"),
      ("currency: EUR\nmodels:\n  a: {input: 1}", 3, "models.a.output"),
      ("currency: EUR\nmodels:\n  a: {input: 1, output: 1, outpt: 1}", 3, "outpt"),
      ("currency: EUR\nmodels:\n  a:\n    input: 1\n    output: -2", 5, "models.a.output"),
      ("currency: EUR\ncompare: {a: 1}", 2, "compare"), ("currency: EUR\ncompare: [1]", 2, "compare[0]"),
      ("currency: EUR\ncompare:\n  - {input: 1, output: 1}", 3, "compare[0].name"),
      (
        "currency: EUR\ncompare:\n  - {name: a, input: 1, output: 1}\n  - {name: a, input: 1, output: 1}", 4,
        "compare[1]"
      ),
      ("currency: EUR\nmachine: {per_hour: 1", 3, "YAML"), ("a: b: c", 1, "YAML"),
      ("currency: EUR\ncurrency: USD", nil, "twice"), ("currency: EUR\n---\ncurrency: EUR", 2, "YAML"),
      ("? [a]\n: 1", 1, "no text"), ("a: *nowhere", 1, "YAML"),
    ] as [(String, Int?, String)])
  func saysWhere(_ yaml: String, _ line: Int?, _ part: String) throws {
    let error = try #require(#expect(throws: PriceTableError.self) { try PriceTable(yaml: yaml, path: "prices.yaml") })
    if let line { #expect(error.line == line, "\(error)") }
    #expect(error.problem.contains(part), "\(error)")
    #expect(error.description.hasPrefix("prices.yaml"))
  }

  @Test(arguments: [
    String(repeating: "[", count: 100_000), String(repeating: "{a: ", count: 100_000),
    String(repeating: "- ", count: 100_000), "a: &a [*a]", "\u{0}", "\u{FEFF}currency: euro", "%YAML 9.9\n---\na: 1",
    "a: &a [x,x,x,x]\nb: &b [*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c]",
  ])
  func hostileTextIsRefused(_ yaml: String) {
    #expect(throws: PriceTableError.self) { try PriceTable(yaml: yaml, path: "p") }
  }

  @Test func aliasesOfAliasesDoNotHang() throws {
    var yaml = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
    for level in 1...12 {
      yaml += "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ",") + "]\n"
    }
    #expect(throws: PriceTableError.self) { try PriceTable(yaml: yaml + "? *a12\n: 1", path: "p") }
    let few = "currency: EUR\nmodels:\n  a: &a {input: 1, output: 2}\n  b: *a\n# ***** not an alias\n"
    let table = try PriceTable(yaml: few, path: "p")
    #expect(table.models["b"] == table.models["a"] && table.models.count == 2)
  }

  @Test func filesThatCannotBeRead() throws {
    let fixture = LedgerFixture()
    try FileManager.default.createDirectory(at: fixture.folder, withIntermediateDirectories: true)
    let path = fixture.folder.appendingPathComponent("prices.yaml").path
    #expect(throws: PriceTableError.self) { try PriceTable(path: path) }
    try Data([0xFF, 0xFE, 0x00]).write(to: URL(fileURLWithPath: path))
    #expect(throws: PriceTableError.self) { try PriceTable(path: path) }
    try Data(repeating: 0x20, count: 2 << 20).write(to: URL(fileURLWithPath: path))
    #expect(throws: PriceTableError.self) { try PriceTable(path: path) }
    try Data(Self.whole.utf8).write(to: URL(fileURLWithPath: path))
    #expect(try PriceTable(path: path) == PriceTable(yaml: Self.whole, path: "p"))
  }
}
