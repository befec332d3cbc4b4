import Foundation

/// Counts of durations in buckets that each are 5 % wider than the one before, so that a quantile is within 2.5 % of the
/// true one whatever the durations are, and sketches can be added.
///
/// Source: Masson, Rim and Lee, "DDSketch", VLDB 2019.
package struct LatencySketch: Equatable, Sendable {
  private var buckets: [Int: Int] = [:]
  package private(set) var count = 0

  private static let growth = 1.05
  /// Durations are taken to lie between these seconds.
  private static let range = 1e-6...1e6

  package init() {}

  package mutating func add(_ seconds: Double) {
    guard seconds.isFinite else { return }
    let seconds = min(max(seconds, Self.range.lowerBound), Self.range.upperBound)
    let bucket = Int((log(seconds) / log(Self.growth)).rounded(.up))
    buckets[bucket, default: 0] += 1
    count += 1
  }

  package mutating func add(_ other: LatencySketch) {
    buckets.merge(other.buckets, uniquingKeysWith: +)
    count += other.count
  }

  /// The duration that a share of all are not longer than; nil without any.
  package func quantile(_ share: Double) -> Double? {
    guard count > 0 else { return nil }
    let rank = max(1, Int((Double(count) * min(max(share, 0), 1)).rounded(.up)))
    var seen = 0
    for (bucket, number) in buckets.sorted(by: { $0.key < $1.key }) {
      seen += number
      // The middle of a bucket in the sense of relative errors.
      if seen >= rank { return 2 * pow(Self.growth, Double(bucket)) / (1 + Self.growth) }
    }
    return nil
  }
}
