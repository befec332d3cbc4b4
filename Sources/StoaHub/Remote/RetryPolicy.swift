import Foundation

/// How often and how late something is tried again.
package struct RetryPolicy: Sendable {
  /// How many times in a row a request may fail without any progress.
  package var attempts = 6
  /// The wait after the first failure; it doubles with every further one.
  package var firstDelay = 0.5
  /// The longest wait of our own.
  package var longestDelay = 20.0
  /// The longest wait that a server may ask for; beyond it, the user hears of it instead.
  package var longestAskedDelay = 120
  /// Uniform in 0..<1; spreads the clients that a server turned away together.
  package var jitter: @Sendable () -> Double = { Double.random(in: 0..<1) }
  /// Waits; throws when the task is cancelled.
  package var sleep: @Sendable (Double) async throws -> Void = { try await Task.sleep(for: .seconds($0)) }

  package init() {}

  /// The same for a question that someone waits for at a terminal: who is offline should hear of it soon.
  var forQuestions: RetryPolicy {
    var policy = self
    policy.attempts = min(attempts, 4)
    return policy
  }

  /// The wait before the next attempt in seconds; nil when there is none.
  ///
  /// - Parameter failures: Failures in a row, this one included.
  func delay(after error: RemoteError, failures: Int) -> Double? {
    guard error.isTransient, failures < attempts else { return nil }
    var exponential = firstDelay
    for _ in 1..<max(1, min(failures, 30)) { exponential *= 2 }
    let own = min(exponential, longestDelay) * (0.5 + 0.5 * jitter())
    guard case .rateLimited(_, let seconds?, _) = error else { return own }
    guard seconds <= longestAskedDelay else { return nil }
    return max(Double(seconds) + jitter() * min(Double(seconds), 1), own)
  }

  /// How many seconds a server asks to wait in `Retry-After`: a number, or a time (RFC 9110, 10.2.3).
  ///
  /// A time is compared with the server's own `Date` where it gives one, since clocks differ.
  static func askedDelay(_ headers: HubHeaders, now: Date = Date()) -> Int? {
    guard let text = headers["Retry-After"] else { return nil }
    if let seconds = HubClient.byteCount(text) { return seconds }
    guard let time = time(text) else { return nil }
    let start = headers["Date"].flatMap(Self.time) ?? now
    return max(0, Int(time.timeIntervalSince(start).rounded(.up)))
  }

  /// A time as `Sun, 06 Nov 1994 08:49:37 GMT`, which always has this length.
  private static func time(_ text: String) -> Date? {
    guard text.utf8.count == 29 else { return nil }
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = TimeZone(secondsFromGMT: 0)
    formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
    return formatter.date(from: text)
  }

  /// Runs `work` until it succeeds or fails for good; `note` hears of every wait.
  func run<Value>(
    note: (RemoteError, Double) -> Void = { _, _ in }, _ work: () async throws(RemoteError) -> Value
  ) async throws(RemoteError) -> Value {
    var failures = 0
    while true {
      let error: RemoteError
      do { return try await work() } catch let failure { error = failure }
      failures += 1
      guard let delay = delay(after: error, failures: failures) else { throw error }
      note(error, delay)
      try await wait(delay)
    }
  }

  /// Waits some seconds.
  func wait(_ seconds: Double) async throws(RemoteError) {
    do { try await sleep(seconds) } catch { throw .local(.cancelled) }
  }
}
