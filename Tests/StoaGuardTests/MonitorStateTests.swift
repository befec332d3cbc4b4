import StoaTestSupport
import Testing

@testable import StoaGuard

/// What is counted of events, against the plain list of them.
struct MonitorStateTests {
  private static let start = 1_800_000_000.0

  private func hit(_ hazard: String, _ action: GuardAction = .flag) -> RailHit {
    let hit = GuardHit(
      rail: "r", hazard: hazard, label: "L", pattern: "p", action: action, range: 0..<1, score: 1)
    return RailHit(GuardEvent(hit: hit, stage: .input, pack: "p", digest: "d", text: nil))
  }

  private func finished(
    _ time: Double, _ request: String, status: Int = 200, tokens: Int = 0, key: String? = nil
  ) -> MonitorEvent {
    var outcome = RequestOutcome(status: status)
    outcome.completionTokens = tokens
    return MonitorEvent(
      time: time, origin: MonitorOrigin(request: request, model: "m", key: key, api: "a"), kind: .finished(outcome))
  }

  private func found(_ time: Double, _ request: String, _ hit: RailHit) -> MonitorEvent {
    MonitorEvent(
      time: time, origin: MonitorOrigin(request: request, model: "m", key: nil, api: "a"), kind: hit.kind)
  }

  private func randomEvents(_ count: Int, _ generator: inout SeededGenerator) -> [MonitorEvent] {
    var time = Self.start
    return (0..<count).map { index in
      time += Double.random(in: 0..<40, using: &generator) * (Int.random(in: 0..<4, using: &generator) == 0 ? 1 : 0.01)
      switch Int.random(in: 0..<4, using: &generator) {
      case 0: return found(time, "\(index)", hit("A", .redact))
      case 1: return found(time, "\(index)", hit("B", .refuse))
      default:
        return finished(
          time, "\(index)", status: index % 5 == 0 ? 500 : 200, tokens: index % 7, key: ["x", "y", nil][index % 3])
      }
    }
  }

  @Test(
    "The windows hold what a list of the events in their seconds or minutes holds", arguments: 0..<20 as Range<UInt64>)
  func windows(seed: UInt64) {
    var generator = SeededGenerator(state: seed)
    let events = randomEvents(600, &generator)
    var state = MonitorState(started: Self.start)
    for (index, event) in events.enumerated() {
      state.apply(event)
      guard index % 97 == 0 else { continue }
      for (within, width) in [(1, 1), (10, 1), (60, 1), (300, 60), (3600, 60)] {
        let latest = Int(event.time) / width
        let inside = events[...index].filter { latest - Int($0.time) / width < (within + width - 1) / width }
        let counts = state.counts(last: within)
        let ends = inside.compactMap { event in if case .finished(let end) = event.kind { end } else { nil } }
        #expect(counts.requests == ends.count)
        #expect(counts.errors == ends.count { $0.status == 500 })
        #expect(counts.completionTokens == ends.reduce(0) { $0 + $1.completionTokens })
        let refusals = inside.count { event in if case .refusal = event.kind { true } else { false } }
        #expect(counts.refusals == refusals)
        #expect(counts.hits(hazard: "B", action: nil) == refusals)
        #expect(counts.hits(hazard: nil, action: nil) == inside.count - ends.count)
        #expect(counts.hits(hazard: "A", action: .refuse) == 0)
        #expect(counts.keys.values.reduce(0) { $0 + $1.requests } == inside.count { $0.origin?.key != nil })
      }
    }
  }

  @Test("Events of one second may come in any order", arguments: 0..<10 as Range<UInt64>)
  func order(seed: UInt64) {
    var generator = SeededGenerator(state: seed)
    let events = randomEvents(60, &generator).map { event in
      var event = event
      event.time = Self.start + 0.5
      return event
    }
    var (one, other) = (MonitorState(started: Self.start), MonitorState(started: Self.start))
    for event in events { one.apply(event) }
    for event in events.shuffled(using: &generator) { other.apply(event) }
    for seconds in [1, 60, 3600] { #expect(one.counts(last: seconds) == other.counts(last: seconds)) }
    #expect(one.requests == other.requests)
  }

  @Test("A clock that is set back neither loses events nor brings old ones back")
  func clock() {
    var state = MonitorState(started: Self.start)
    state.apply(finished(Self.start + 100, "a"))
    state.apply(finished(Self.start + 40, "b"))
    #expect(state.counts(last: 1).requests == 2)
    #expect(state.now == Self.start + 100)
    for time in [Double.nan, .infinity, -1] { state.apply(finished(time, "c")) }
    #expect(state.counts(last: 60).requests == 5 && state.now == Self.start + 100)
  }

  @Test("A request counts once for each class, whatever was found in it how often")
  func drift() throws {
    var plan = DriftPlan()
    plan.classes["A"] = DriftSettings(baseline: 0.01)
    var state = MonitorState(started: Self.start, drift: plan)
    for index in 0..<50 {
      let time = Self.start + Double(index)
      if index % 2 == 0 {
        for _ in 0..<3 { state.apply(found(time, "\(index)", hit("A"))) }
        state.apply(found(time, "\(index)", hit("B")))
      }
      state.apply(finished(time, "\(index)"))
    }
    let named = try #require(state.drifts["A"])
    #expect((named.requests, named.hits) == (50, 25))
    #expect(named.alarms > 0 && state.driftAlarms["A"] != nil)
    // The other has no rule; its baseline is still being learnt.
    let other = try #require(state.drifts["B"])
    #expect((other.requests, other.hits, other.alarms) == (50, 25, 0))
    #expect(other.baseline == nil)
  }

  @Test("A class that is first found late has learnt from the requests before")
  func lateClass() throws {
    var state = MonitorState(started: Self.start)
    for index in 0..<2000 { state.apply(finished(Self.start, "\(index)")) }
    state.apply(found(Self.start + 1, "x", hit("A")))
    state.apply(finished(Self.start + 1, "x"))
    let drift = try #require(state.drifts["A"])
    #expect((drift.requests, drift.hits) == (2001, 1))
    #expect(drift.baseline != nil)
  }

  @Test("Tokens are counted while they are generated, and a model that was loaded anew counts from zero")
  func loads() {
    var state = MonitorState(started: Self.start, queueLengths: [5])
    func load(_ tokens: Int, waiting: Int = 0) -> ModelLoad {
      ModelLoad(model: "m", running: 1, waiting: waiting, cacheUse: 0.5, generatedTokens: tokens)
    }
    state.update([load(100)], at: Self.start + 1)
    state.update([load(150)], at: Self.start + 2)
    state.update([load(20)], at: Self.start + 3)
    #expect(state.counts(last: 60).generatedTokens == 170)
    #expect(state.counts(last: 2).generatedTokens == 70)
    state.update([load(20, waiting: 5)], at: Self.start + 4)
    state.update([load(20, waiting: 9)], at: Self.start + 9)
    #expect(state.queuedSince[5] == Self.start + 4)
    state.update([load(20, waiting: 4)], at: Self.start + 10)
    #expect(state.queuedSince[5] == nil)
  }

  @Test("Quantiles of durations are within 2.5 % of the true ones")
  func quantiles() throws {
    var generator = SeededGenerator(state: 5)
    var values = (0..<2000).map { _ in Double.random(in: 0..<1, using: &generator) * 3 + 0.001 }
    var (one, other) = (LatencySketch(), LatencySketch())
    for (index, value) in values.enumerated() { if index % 3 == 0 { one.add(value) } else { other.add(value) } }
    one.add(other)
    values.sort()
    for share in [0.01, 0.5, 0.95, 1] {
      let truth = values[max(0, Int((Double(values.count) * share).rounded(.up)) - 1)]
      let found = try #require(one.quantile(share))
      #expect(abs(found - truth) <= truth * 0.0251)
    }
    #expect(LatencySketch().quantile(0.5) == nil)
  }

  @Test("Names without end are counted together")
  func manyNames() {
    var state = MonitorState(started: Self.start)
    for index in 0..<700 {
      state.apply(found(Self.start, "\(index)", hit("C\(index)")))
      state.apply(finished(Self.start, "\(index)", key: "k\(index)"))
    }
    let counts = state.counts(last: 60)
    #expect(counts.keys.count <= 257 && counts.hits.count <= 257 && state.drifts.count <= 256)
    #expect(counts.keys.values.reduce(0) { $0 + $1.requests } == 700)
    #expect(counts.hits(hazard: nil, action: nil) == 700)
  }
}
