import StoaTestSupport
import Testing

@testable import StoaGuard

/// Alert rules: what a file says, where its mistakes are, and that an incident is told once.
struct AlertRulesTests {
  /// A rule of each kind.
  static let everyKind = """
    text: true
    rules:
      - {id: injections, when: {drift: LLM01, baseline: 0.002, requests-per-false-alarm: 1000000}, to: log, quiet: 60}
      - {id: other, when: {drift: any, learn: 500}, to: [log], remind: never}
      - id: refused
        when: {hits: 20, action: refuse, class: S1, within: 120}
        to: [{webhook: "https://hooks.example.com/x"}, {command: [/usr/bin/logger, -t, stoa]}]
      - {id: errors, when: {error-rate: 0.1, within: 300, requests: 50}, to: log, remind: 600}
      - {id: queue, when: {queue: 100, for: 30}, to: log}
      - {id: refusals, when: {refusals: 7}, to: log}
      - {id: trust, when: {certificate: [expired, refused]}, to: log}
    """

  private func rules(_ yaml: String) throws(PackError) -> AlertRules {
    try AlertRules(yaml: yaml, file: "a.yaml", certificateStates: ["expired", "revoked"])
  }

  @Test("A file says when, whom, and how long it has to be quiet")
  func reads() throws {
    let rules = try rules(Self.everyKind)
    #expect(rules.showsText)
    #expect(
      rules.rules.map(\.condition) == [
        .drift(hazard: "LLM01", DriftSettings(baseline: 0.002, requestsPerFalseAlarm: 1_000_000)),
        .drift(hazard: nil, DriftSettings(learningRequests: 500)),
        .hits(count: 20, hazard: "S1", action: .refuse, within: 120), .errors(share: 0.1, requests: 50, within: 300),
        .queue(length: 100, seconds: 30), .refusals(count: 7, within: 60), .certificate(["expired", "refused"]),
      ])
    #expect(rules.rules.map(\.reminder) == [3600, nil, 3600, 600, 3600, 3600, 3600])
    #expect(rules.rules.map(\.quiet) == [60, 300, 300, 300, 300, 300, 300])
    #expect(
      rules.rules[2].targets == [.webhook("https://hooks.example.com/x"), .command(["/usr/bin/logger", "-t", "stoa"])])
    #expect(rules.drift.classes["LLM01"]?.baseline == 0.002 && rules.drift.standard.learningRequests == 500)
    #expect(rules.queueLengths == [100])
  }

  @Test(
    "Mistakes are told by line and column, with what to write instead",
    arguments: [
      ("", "a.yaml:1:1: the file is empty", "begin with rules:"),
      ("rules: [\n", "a.yaml:2:", "check indentation"),
      ("rule: []\n", "a.yaml:1:1: the file has no key rule", "did you mean rules?"),
      ("rules: x\n", "a.yaml:1:8: rules is not a list", "- item"),
      ("rules:\n  - {when: {refusals: 1}, to: log}\n", "a.yaml:2:5: the rule has no id", "add id"),
      ("rules:\n  - {id: a, to: log}\n", "a.yaml:2:5: the rule has no when", "add when"),
      ("rules:\n  - {id: a, when: {refusals: 1}}\n", "a.yaml:2:5: the rule has no to", "add to"),
      (
        "rules:\n  - {id: a, when: {refusal: 1}, to: log}\n", "a.yaml:2:20: when has no key refusal",
        "did you mean refusals?"
      ),
      ("rules:\n  - {id: a, when: {within: 5}, to: log}\n", "a.yaml:2:19: when does not say", "give one of drift"),
      (
        "rules:\n  - {id: a, when: {queue: 5, refusals: 2}, to: log}\n", "a.yaml:2:19: when has more than one",
        "give one of drift"
      ),
      (
        "rules:\n  - {id: a, when: {queue: 5, within: 2}, to: log}\n", "a.yaml:2:30: within does not go with queue",
        "with queue go for"
      ),
      ("rules:\n  - {id: a, when: {refusals: 0}, to: log}\n", "a.yaml:2:30: refusals is no whole number", "60"),
      ("rules:\n  - {id: a, when: {refusals: 1.5}, to: log}\n", "a.yaml:2:30: refusals is no whole number", "60"),
      (
        "rules:\n  - {id: a, when: {hits: 1, action: refuze}, to: log}\n", "a.yaml:2:37: the action is not one",
        "did you mean refuse?"
      ),
      (
        "rules:\n  - {id: a, when: {drift: S1, baseline: 0.9}, to: log}\n", "a.yaml:2:41: baseline is no number from",
        "0.5"
      ),
      (
        "rules:\n  - {id: a, when: {drift: S1}, to: log}\n  - {id: b, when: {drift: S1}, to: log}\n",
        "a.yaml:3:27: there is a rule about the drift of S1 at line 2", "more targets"
      ),
      (
        "rules:\n  - {id: a, when: {certificate: expird}, to: log}\n", "a.yaml:2:33: expird is no state",
        "did you mean expired?"
      ),
      (
        "rules:\n  - {id: a, when: {refusals: 1}, to: mail}\n", "a.yaml:2:38: this is nowhere to send", "{webhook: URL}"
      ),
      (
        "rules:\n  - {id: a, when: {refusals: 1}, to: {webhook: ftp://x/y}}\n", "a.yaml:2:48: webhook is no address",
        "https://"
      ),
      (
        "rules:\n  - {id: a, when: {refusals: 1}, to: {command: [rm, x]}}\n",
        "a.yaml:2:48: command does not begin with the path", "no shell"
      ),
      (
        "rules:\n  - {id: a, when: {refusals: 1}, to: log}\n  - {id: a, when: {queue: 1}, to: log}\n",
        "a.yaml:3:5: the rule a is given twice", "rename"
      ),
      ("rules:\n  - {id: a, when: {refusals: 1}, to: log, remind: 5}\n", "a.yaml:2:51: remind is no number", "60.0"),
    ])
  func mistakes(yaml: String, place: String, hint: String) throws {
    let error = #expect(throws: PackError.self) { try rules(yaml) }
    let first = try #require(error?.problems.first)
    #expect(first.description.hasPrefix(place), "\(first)")
    #expect(first.hint.contains(hint), "\(first)")
  }

  // MARK: Incidents

  private static let start = 1_800_000_000.0

  private func refusal(_ time: Double, _ request: String) -> MonitorEvent {
    let hit = GuardHit(rail: "r", hazard: "S1", label: "L", pattern: "p", action: .refuse, range: 0..<1, score: 1)
    return MonitorEvent(
      time: time, origin: MonitorOrigin(request: request, model: "m", key: nil, api: "a"),
      kind: RailHit(GuardEvent(hit: hit, stage: .input, pack: "p", digest: "d", text: nil)).kind)
  }

  @Test("An incident is told when it begins, now and then, and when it has been quiet; then a new one can begin")
  func onceAnIncident() throws {
    var rule = AlertRule(id: "r", condition: .refusals(count: 3, within: 10), targets: [.log])
    rule.quiet = 100
    rule.reminder = 250
    var engine = AlertEngine(rules: [rule])
    var state = MonitorState(started: Self.start)
    var events: [MonitorEvent] = []
    var told: [(second: Int, state: AlertNotice.State)] = []
    // Refusals at 50 to 400, once a second, and again at 1,000.
    for second in 0..<1300 {
      let time = Self.start + Double(second)
      if (50...400).contains(second) || (1000...1010).contains(second) {
        events.append(refusal(time, "q\(second)"))
        state.apply(refusal(time, "q\(second)"))
      }
      state.update([], at: time)
      for notice in engine.evaluate(state, recent: events.suffix(100)) { told.append((second, notice.state)) }
    }
    // The window of ten seconds holds three from 52 to 408, and from 1,002 to 1,017.
    let expected: [(Int, AlertNotice.State)] = [
      (52, .opened), (302, .reminder), (507, .closed), (1002, .opened), (1117, .closed),
    ]
    #expect(told.count == expected.count, "\(told)")
    for (one, other) in zip(told, expected) {
      #expect(abs(one.second - other.0) <= 1 && one.state == other.1, "\(told)")
    }
    let incidents = engine.incidents
    #expect(incidents.count == 2 && Set(incidents.map(\.id)).count == 2)
    #expect(incidents.allSatisfy { $0.closed != nil })
    let first = try #require(incidents.last)
    #expect(first.requests == ["q52", "q51", "q50"])
    #expect(first.peak == 10 && first.notices == 3)
  }

  @Test("A burst of attacks is one alert, and a quiet day none")
  func burstAndQuietDay() {
    var generator = SeededGenerator(state: 21)
    let rule = AlertRule(
      id: "d", condition: .drift(hazard: "S1", DriftSettings(baseline: 0.002)), targets: [.log])
    var rules = AlertRules()
    rules.rules = [rule]
    func finished(_ time: Double, _ request: String) -> MonitorEvent {
      MonitorEvent(
        time: time, origin: MonitorOrigin(request: request, model: "m", key: nil, api: "a"),
        kind: .finished(RequestOutcome(status: 200)))
    }
    var state = MonitorState(started: Self.start, drift: rules.drift)
    var engine = AlertEngine(rules: rules.rules)
    var told: [(second: Int, state: AlertNotice.State)] = []
    // A request a second over six hours at half the usual share of hits; then two minutes in which a third are attacks.
    let quiet = 21_600
    for second in 0..<(quiet + 1000) {
      let time = Self.start + Double(second)
      let share = (quiet..<(quiet + 120)).contains(second) ? 0.33 : 0.001
      if Double.random(in: 0..<1, using: &generator) < share { state.apply(refusal(time, "q\(second)")) }
      state.apply(finished(time, "q\(second)"))
      for notice in engine.evaluate(state, recent: [] as [MonitorEvent]) { told.append((second, notice.state)) }
    }
    #expect(told.map(\.state) == [.opened, .closed], "\(told)")
    #expect(told.first.map { (quiet..<(quiet + 60)).contains($0.second) } == true, "\(told)")
  }
}
