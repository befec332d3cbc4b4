import StoaTestSupport
import Testing

@testable import StoaLedger

/// Price tables with random damage: what the fuzz target `prices` asks.
@Suite struct DamagedPricesTests {
  private static let table = """
    currency: EUR
    machine: {per_hour: 0.36}
    models:
      charged: &a {input: 1, output: 2.5}
      "org/cached": {input: 1, cached_input: 0.1, output: 2}
      other: *a
    compare:
      - {name: "one API", input: 2.5, cached_input: 1.25, output: 10}
      - name: another
        input: 0.000001
        output: 0

    """
  private static let fragments = [
    "- ", ": ", "\n  ", "{", "}", "[", "]", "&a ", "*a", "!!int ", "|\n", ">", "? ", "---\n", "...", "%YAML 1.2\n",
    "'", "\"", "#", "1e999", "-1", ".inf", ".nan", "0x10", "~", "null", "<<: *a", "\t", "\u{0}", "é", "currency: USD\n",
  ]

  @Test func areReadOrRefusedWithWords() {
    var generator = SeededGenerator(state: 41)
    var (read, refused) = (0, 0)
    for _ in 0..<3000 {
      let bytes = generator.damaged(Array(Self.table.utf8), fragments: Self.fragments)
      do throws(PriceTableError) {
        let table = try PriceTable(yaml: String(decoding: bytes, as: UTF8.self), path: "prices.yaml")
        let cost = table.price(
          model: "charged", promptTokens: .max, cachedTokens: 7, completionTokens: .max, computeSeconds: 1e300)
        #expect(cost.amount >= .zero)
        read += 1
      } catch {
        #expect(!error.problem.isEmpty && error.path == "prices.yaml")
        refused += 1
      }
    }
    #expect(read > 10 && refused > 100)
  }
}
