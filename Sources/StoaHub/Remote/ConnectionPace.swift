import Synchronization

/// How many connections a download uses: one at first, and more as long as they raise the rate.
///
/// On a line that limits each connection many are many times as fast; on one that is full with a single connection more
/// only cost. The rate tells which it is.
struct ConnectionPace: Sendable {
  let limit: Int
  /// Connections to use now.
  private(set) var target = 1
  /// The number with which the rate was highest, and the rate in bytes per second.
  private var best: (connections: Int, rate: Double)?
  /// Seconds with the present number.
  private var seconds = 0.0
  private var bytes = 0

  init(limit: Int) { self.limit = max(1, limit) }

  /// The first moments with another number say little: connections are being opened.
  private static let settling = 0.1
  private static let interval = 0.2
  /// What another connection must bring to be worth it.
  private static let worthwhile = 1.15
  /// Lines change: after so long it is tried again.
  private static let retrial = 10.0

  private var isSettled: Bool { best.map { target == $0.connections } ?? false }

  /// Takes note of the bytes of the last moment.
  mutating func record(bytes: Int, seconds: Double) {
    self.seconds += seconds
    if self.seconds > Self.settling { self.bytes += bytes }
    guard self.seconds >= Self.settling + (isSettled ? Self.retrial : Self.interval) else { return }
    let rate = Double(self.bytes) / (self.seconds - Self.settling)
    if let best, !isSettled, rate < best.rate * Self.worthwhile {
      target = best.connections
    } else {
      best = (target, rate)
      target = min(limit, target * 2)
    }
    self.seconds = 0
    self.bytes = 0
  }
}

/// The pace that the connections of a download share.
final class SharedPace: Sendable {
  private let pace: Mutex<ConnectionPace>

  init(limit: Int) { pace = Mutex(ConnectionPace(limit: limit)) }

  var target: Int { pace.withLock { $0.target } }
  func record(bytes: Int, seconds: Double) { pace.withLock { $0.record(bytes: bytes, seconds: seconds) } }
}
