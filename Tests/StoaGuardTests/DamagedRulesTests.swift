import StoaTestSupport
import Testing

@testable import StoaGuard

/// Alert rules with random damage: what the fuzz target `alert-rules` asks.
@Suite struct DamagedRulesTests {
  private static let fragments = [
    "- ", ": ", "\n  ", "{", "}", "[", "]", "&a ", "*a", "|\n", "? ", "---\n", "'", "\"", "#", "1e999", "-1", ".nan",
    "9223372036854775807", "0", "~", "null", "\u{0}", "é", "drift: any", "hits: 1", "to: log", "quiet: 0", "within: ",
  ]

  @Test func areReadOrRefusedWithPlaces() {
    var generator = SeededGenerator(state: 43)
    var (read, refused) = (0, 0)
    for _ in 0..<3000 {
      let bytes = generator.damaged(Array(AlertRulesTests.everyKind.utf8), fragments: Self.fragments)
      do throws(PackError) {
        let rules = try AlertRules(
          yaml: String(decoding: bytes, as: UTF8.self), file: "a.yaml", certificateStates: ["expired", "revoked"])
        var engine = AlertEngine(rules: rules.rules)
        _ = engine.evaluate(MonitorState(started: 0, drift: rules.drift), recent: [] as [MonitorEvent])
        read += 1
      } catch {
        #expect(!error.problems.isEmpty)
        #expect(error.problems.allSatisfy { $0.line >= 1 && $0.column >= 1 && !$0.hint.isEmpty }, "\(error)")
        refused += 1
      }
    }
    #expect(read > 10 && refused > 100)
  }
}
