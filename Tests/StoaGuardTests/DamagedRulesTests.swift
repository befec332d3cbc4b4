import StoaTestSupport
import Testing

@testable import StoaGuard

/// Alert rules with random damage: what the fuzz target `alert-rules` asks.
@Suite struct DamagedRulesTests {
  private static let rules = """
    text: true
    rules:
      - {id: injections, when: {drift: LLM01, baseline: 0.002, requests-per-false-alarm: 1000000}, to: log, quiet: 60}
      - {id: other, when: {drift: any, learn: 500}, to: [log], remind: never}
      - id: refused
        when: {hits: 20, action: refuse, class: S1, within: 120}
        to: [{webhook: "https://hooks.example.com/x"}, {command: [/usr/bin/logger, -t, stoa]}]
      - {id: errors, when: {error-rate: 0.1, within: 300, requests: 50}, to: log, remind: 600}
      - {id: queue, when: {queue: 100, for: 30}, to: log}
      - {id: trust, when: {certificate: [expired, refused]}, to: log}

    """
  private static let fragments = [
    "- ", ": ", "\n  ", "{", "}", "[", "]", "&a ", "*a", "|\n", "? ", "---\n", "'", "\"", "#", "1e999", "-1", ".nan",
    "9223372036854775807", "0", "~", "null", "\u{0}", "é", "drift: any", "hits: 1", "to: log", "quiet: 0", "within: ",
  ]

  @Test func areReadOrRefusedWithPlaces() {
    var generator = SeededGenerator(state: 43)
    var (read, refused) = (0, 0)
    for _ in 0..<3000 {
      let bytes = generator.damaged(Array(Self.rules.utf8), fragments: Self.fragments)
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
