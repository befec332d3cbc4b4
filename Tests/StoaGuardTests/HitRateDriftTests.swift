import Foundation
import StoaTestSupport
import Testing

@testable import StoaGuard

/// The test for a rise of hits: how often it raises a false alarm, and how soon a true one.
struct HitRateDriftTests {
  /// Requests until the next hit, by the inverse of the geometric distribution.
  private func gap(_ share: Double, _ generator: inout SeededGenerator) -> Int {
    if share >= 1 { return 0 }
    return Int(log(1 - Double.random(in: 0..<1, using: &generator)) / log(1 - share))
  }

  /// Gives requests with a share of hits; the number of the first that raised the alarm.
  private func firstAlarm(
    _ drift: inout HitRateDrift, share: Double, requests: Int, _ generator: inout SeededGenerator
  ) -> Int? {
    var seen = 0
    while true {
      let quiet = gap(share, &generator)
      guard seen + quiet < requests else {
        drift.observe(quiet: requests - seen)
        return nil
      }
      drift.observe(quiet: quiet)
      seen += quiet + 1
      if drift.observe(hit: true) { return seen }
    }
  }

  @Test("On quiet days of 86,400 requests alarms are as rare as is stated", arguments: [0.0002, 0.002])
  func quietDays(share: Double) {
    var generator = SeededGenerator(state: 7)
    let days = 1000
    let settings = DriftSettings(baseline: share)
    var loud = 0
    for _ in 0..<days {
      var drift = HitRateDrift(settings)
      if firstAlarm(&drift, share: share, requests: 86_400, &generator) != nil { loud += 1 }
    }
    // The bound is n / A a day; more than three deviations above it would refute it.
    let bound = Double(days) * 86_400 / settings.requestsPerFalseAlarm
    #expect(Double(loud) <= bound + 3 * bound.squareRoot(), "\(loud) of \(days) days")
  }

  @Test("Between false alarms lie as many requests as is stated, at least")
  func averageRun() {
    var generator = SeededGenerator(state: 3)
    var drift = HitRateDrift(DriftSettings(baseline: 0.01, requestsPerFalseAlarm: 100_000))
    var seen = 0
    for _ in 0..<40 {
      seen += firstAlarm(&drift, share: 0.01, requests: .max / 4, &generator) ?? 0
    }
    // Runs are about exponential, so the mean of 40 deviates by a sixth.
    #expect(Double(seen) / 40 > 100_000 * 0.6)
    #expect(drift.alarms == 40)
  }

  @Test(
    "A burst is found within so many requests",
    arguments: [(0.0002, 1.0, 3), (0.002, 1.0, 4), (0.002, 0.3, 60), (0.002, 0.1, 200), (0.02, 0.1, 600)])
  func bursts(usual: Double, share: Double, limit: Int) {
    for seed in 0..<50 {
      var generator = SeededGenerator(state: UInt64(seed))
      var drift = HitRateDrift(DriftSettings(baseline: usual))
      _ = firstAlarm(&drift, share: usual, requests: 5000, &generator)
      let found = firstAlarm(&drift, share: share, requests: 100_000, &generator)
      #expect(found.map { $0 <= limit } == true, "seed \(seed): \(found ?? -1)")
    }
  }

  @Test("Quiet requests one after the other and in one step come to the same", arguments: [0.0001, 0.003, 0.5])
  func quietInOneStep(share: Double) {
    var one = HitRateDrift(DriftSettings(baseline: share))
    var other = one
    for (quiet, hits) in [(1, 1), (250, 2), (0, 1), (3000, 1), (77, 0)] {
      for _ in 0..<quiet {
        let alarm = one.observe(hit: false)
        #expect(!alarm)
      }
      other.observe(quiet: quiet)
      for _ in 0..<hits {
        let alarms = [one.observe(hit: true), other.observe(hit: true)]
        #expect(alarms[0] == alarms[1])
      }
      #expect(abs(one.level - other.level) < 1e-9)
      #expect((one.requests, one.hits, one.alarms) == (other.requests, other.hits, other.alarms))
    }
  }

  @Test("The statistic is that of Shiryaev and Roberts, mixed")
  func statistic() {
    // By hand for a usual share of 1/2: odds of 2, 4 … make shares of 2/3, 4/5, 8/9, 16/17, 64/65, 256/257. A hit gives
    // each part the ratio 2p, a quiet request 2(1 - p).
    let risen: [Double] = [2.0, 4, 8, 16, 64, 256].map { $0 / (1 + $0) }
    let parts = risen.map { (p: Double) -> Double in
      let afterHit = 2 * p
      let afterQuiet = (1 + afterHit) * 2 * (1 - p)
      return (1 + afterQuiet) * 2 * p
    }
    let mean = parts.reduce(0, +) / 6
    var drift = HitRateDrift(DriftSettings(baseline: 0.5))
    for hit in [true, false, true] { _ = drift.observe(hit: hit) }
    #expect(abs(drift.level - log(1 + mean) / log(1 + 10_000_000)) < 1e-12)
  }

  @Test("A learnt baseline is too low as seldom as is stated, and close for many requests")
  func learning() {
    // Without hits the exact bound is 1 - risk^(1/n). Otherwise Clopper and Pearson's (scipy: 0.0200) lies below Chernoff's.
    #expect((0.0045...0.0047).contains(HitRateDrift.upperBound(hits: 0, of: 1000)))
    #expect((0.0198...0.0250).contains(HitRateDrift.upperBound(hits: 10, of: 1000)))
    #expect(HitRateDrift.upperBound(hits: 5, of: 5) == 1)
    var generator = SeededGenerator(state: 11)
    var low = 0
    for _ in 0..<1000 {
      var hits = 0
      var seen = gap(0.01, &generator) + 1
      while seen <= 1000 {
        hits += 1
        seen += gap(0.01, &generator) + 1
      }
      if HitRateDrift.upperBound(hits: hits, of: 1000) < 0.01 { low += 1 }
    }
    #expect(low <= 19)
    var drift = HitRateDrift(DriftSettings(learningRequests: 1000))
    drift.observe(quiet: 400)
    _ = drift.observe(hit: true)
    #expect(drift.baseline == nil && drift.level == 0)
    drift.observe(quiet: 5000)
    #expect(drift.baseline.map { $0 > 0.001 && $0 < 0.01 } == true)
    #expect((drift.requests, drift.hits) == (5401, 1))
  }
}
