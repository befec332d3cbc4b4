import Foundation

/// How the share of requests that a class of hazard is found in is watched.
package struct DriftSettings: Equatable, Sendable {
  /// The share that is usual; nil to learn it from the first requests.
  package var baseline: Double?
  /// How many requests it is learnt from.
  package var learningRequests = 1000
  /// How many requests there are on average before one false alarm, at least.
  package var requestsPerFalseAlarm = 10_000_000.0

  package init(baseline: Double? = nil, learningRequests: Int = 1000, requestsPerFalseAlarm: Double = 10_000_000) {
    self.baseline = baseline
    self.learningRequests = learningRequests
    self.requestsPerFalseAlarm = requestsPerFalseAlarm
  }

  /// What baselines can be. Below the least, waiting for the first hit would take longer than finding a change.
  package static let baselines = 0.0001...0.5
  package static let falseAlarms = 100_000.0...1e12
  package static let learning = 100.0...1_000_000.0
}

/// A sequential test for a rise of the share of requests that have a hit.
///
/// It is a Shiryaev-Roberts statistic mixed over several sizes of the rise: after each request every part becomes
/// `(1 + R) · L`, where L is the ratio of the likelihoods of what was seen under a risen and under the usual share, and
/// their mean is compared with A, the number of requests per false alarm. While the chance of a hit, given all before,
/// is at most the baseline, the mean less the number of requests is a supermartingale. So there are A requests on
/// average before a false alarm, at least, and the chance of one within n requests is n / A at most, whatever the
/// true share below the baseline is and however requests depend on each other.
///
/// Sources: Shiryaev 1963; Roberts, Technometrics 8, 1966; Pollak, Annals of Statistics 13, 1985; for the mixture and
/// without independence: Shin, Ramdas and Rinaldo, "E-detectors", New England Journal of Statistics in Data Science 2,
/// 2024.
package struct HitRateDrift: Equatable, Sendable {
  /// The factors of a part of the mixture: after a request with a hit, and after one without.
  private struct Alternative: Equatable, Sendable {
    var hit: Double
    var quiet: Double
  }

  package let settings: DriftSettings
  /// The share that counts as usual; nil while it is being learnt.
  package private(set) var baseline: Double?
  /// What has been seen, in all.
  package private(set) var requests = 0
  package private(set) var hits = 0
  package private(set) var alarms = 0
  private var alternatives: [Alternative] = []
  private var statistics: [Double] = []

  /// The odds of a hit after a rise, in multiples of the usual odds. They lie closer where a change is hard to see.
  private static let rises = [2.0, 4, 8, 16, 64, 256]
  /// With this chance a learnt baseline is too low.
  package static let learningRisk = 0.01

  package init(_ settings: DriftSettings) {
    self.settings = settings
    if let baseline = settings.baseline { start(baseline) }
  }

  /// Takes a request; true when that raises the alarm, after which the test begins anew.
  package mutating func observe(hit: Bool) -> Bool {
    requests += 1
    if hit { hits += 1 }
    guard baseline != nil else {
      learn()
      return false
    }
    for (index, alternative) in alternatives.enumerated() {
      statistics[index] = (1 + statistics[index]) * (hit ? alternative.hit : alternative.quiet)
    }
    guard mean >= settings.requestsPerFalseAlarm else { return false }
    alarms += 1
    for index in statistics.indices { statistics[index] = 0 }
    return true
  }

  /// Takes requests without a hit: the same as one after the other, but in one step.
  package mutating func observe(quiet count: Int) {
    var count = max(0, count)
    if baseline == nil {
      let learning = min(count, max(0, settings.learningRequests - requests))
      requests += learning
      learn()
      count -= learning
    }
    guard count > 0 else { return }
    requests += count
    for (index, alternative) in alternatives.enumerated() {
      // Iterating R ← (1 + R)·q ends at a geometric series. It stays below q / (1 - q) or falls, hence below the threshold.
      let power = pow(alternative.quiet, Double(count))
      let series = alternative.quiet * (1 - power) / (1 - alternative.quiet)
      statistics[index] = power * statistics[index] + series
    }
  }

  private var mean: Double { statistics.isEmpty ? 0 : statistics.reduce(0, +) / Double(statistics.count) }

  /// How far the evidence has come on a logarithmic scale: an alarm is raised at 1.
  package var level: Double { min(1, log(1 + mean) / log(1 + settings.requestsPerFalseAlarm)) }

  private mutating func learn() {
    guard requests >= settings.learningRequests else { return }
    start(Self.upperBound(hits: hits, of: requests))
  }

  private mutating func start(_ share: Double) {
    let share = min(max(share, DriftSettings.baselines.lowerBound), DriftSettings.baselines.upperBound)
    baseline = share
    alternatives = Self.rises.map { rise in
      let risen = rise * share / (1 - share + rise * share)
      return Alternative(hit: risen / share, quiet: (1 - risen) / (1 - share))
    }
    statistics = Array(repeating: 0, count: alternatives.count)
  }

  /// A share that the true one exceeds with a chance of at most `learningRisk`, by Chernoff's bound: the one whose
  /// divergence from what was seen is log(1 / risk) / n.
  static func upperBound(hits: Int, of requests: Int) -> Double {
    guard requests > 0, hits < requests else { return 1 }
    let seen = Double(hits) / Double(requests)
    let limit = log(1 / learningRisk) / Double(requests)
    var (low, high) = (seen, 1.0)
    for _ in 0..<60 {
      let middle = (low + high) / 2
      let divergence =
        (seen > 0 ? seen * log(seen / middle) : 0) + (1 - seen) * log((1 - seen) / (1 - middle))
      if divergence < limit { low = middle } else { high = middle }
    }
    return high
  }
}
