import StoaFormats
import Testing

@testable import StoaGuard
@testable import StoaServer

@Suite struct ServerMonitorTests {
  private func report(_ id: String, status: Int = 200) -> AnswerReport {
    var usage = AnswerUsage()
    usage.promptTokens = 5
    usage.completionTokens = 3
    usage.firstTokenSeconds = 0.75
    usage.generateSeconds = 1.5
    return AnswerReport(
      id: id, caller: Caller(), api: "openai.chat", model: "m", modelDigest: nil, usage: usage, status: status,
      finish: "stop")
  }

  private let origin = MonitorOrigin(request: "q", model: "m", key: "k", api: "a")

  private func event(_ action: GuardAction = .flag, text: String? = nil) -> GuardEvent {
    let hit = GuardHit(rail: "r", hazard: "S1", label: "L", pattern: "p", action: action, range: 0..<1, score: 1)
    return GuardEvent(hit: hit, stage: .input, pack: "p", digest: "d", text: text)
  }

  @Test("A snapshot has what happened")
  func snapshot() {
    let monitor = ServerMonitor()
    monitor.observe(event(.refuse), of: origin)
    monitor.ended(report("a"))
    monitor.ended(report("b", status: 503))
    monitor.changed(ModelChange(model: "m", change: .loaded, states: ["unsigned"]))
    let (state, incidents) = monitor.current
    let json = JSONValue.object(state.json(incidents: incidents))
    #expect(json["minute"]?["requests"] == 2 && json["minute"]?["errors"] == 1 && json["minute"]?["refusals"] == 1)
    #expect(json["minute"]?["hits"] == ["S1": 1] && json["minute"]?["actions"] == ["refuse": 1])
    let first = json["minute"]?["ttft_ms"]?["p50"]?.doubleValue ?? 0
    #expect(abs(first - 750) < 750 * 0.026)
    #expect(json["models"]?[0]?["states"] == ["unsigned"])
    let (events, number, next) = monitor.latest(10)
    #expect((events.count, number, next) == (4, 0, 4))
    let end = events[1].json(number: 1)
    #expect(end["kind"] == "finished" && end["request"] == "a" && end["key"] == .null)
    #expect(end["tokens_per_s"]?.doubleValue == 2)
    #expect(events[0].json(number: 0)["kind"] == "refusal")
  }

  @Test("A reader that is too slow is told how much it missed, and no event has two numbers")
  func slowReader() {
    let monitor = ServerMonitor()
    var number = 0
    var (seen, missed) = (0, 0)
    for round in 0..<20 {
      for index in 0..<(round == 10 ? 9000 : 100) { monitor.ended(report("\(round)-\(index)")) }
      let (events, first, next) = monitor.events(from: number)
      missed += first - number
      seen += events.count
      #expect(first + events.count == next)
      number = next
    }
    #expect(seen + missed == 19 * 100 + 9000)
    #expect(missed > 0 && number == seen + missed)
  }

  @Test("What is written into the journal is taken once; without a journal nothing is kept for it")
  func unwritten() {
    let journalled = ServerMonitor(isJournalled: true)
    for _ in 0..<5000 { journalled.observe(event(), of: origin) }
    journalled.ended(report("a"))
    let (events, lost) = journalled.takeUnwritten()
    #expect((events.count, lost) == (4096, 904))
    #expect(journalled.takeUnwritten().events.isEmpty)
    let plain = ServerMonitor()
    plain.observe(event(), of: origin)
    #expect(plain.takeUnwritten().events.isEmpty)
  }

  @Test("A feed gives a snapshot at once, then events as they come")
  func feed() {
    let monitor = ServerMonitor()
    monitor.ended(report("before"))
    var feed = MonitorFeed(monitor)
    let first = feed.next()
    #expect(first.hasPrefix("event: snapshot\n"))
    monitor.ended(report("after"))
    let text = feed.next()
    #expect(text.hasPrefix("event: event\ndata: {") && text.contains("\"after\"") && !text.contains("\"before\""))
    let nothing = feed.next()
    #expect(nothing.isEmpty)
    for index in 0..<700 { monitor.ended(report("\(index)")) }
    let many = feed.next()
    #expect(many.hasPrefix("event: missed\ndata: {\"events\":200}"))
  }
}
