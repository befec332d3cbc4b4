import Synchronization

/// A progress line on standard error, for work that takes longer than a second.
///
/// It is shown only on a terminal, only after one second, at most ten times a second, and clears itself at the end, so
/// that what remains on the screen is the result. Safe to call from any thread.
public final class ProgressBar: Sendable {
  private struct State {
    let start: ContinuousClock.Instant
    var lastDrawn: ContinuousClock.Instant?
    var finished = false
  }

  private let title: String
  private let unit: ProgressLine.Unit
  private let visible: Bool
  private let style: Style
  private let state: Mutex<State>

  /// Starts the clock; nothing is shown yet.
  public init(_ title: String, unit: ProgressLine.Unit = .bytes, terminal: Terminal = .current()) {
    self.title = title
    self.unit = unit
    visible = terminal.errorIsTerminal
    style = terminal.style(for: .error)
    state = Mutex(State(start: .now))
  }

  deinit { finish() }

  /// Says how far the work has come, in bytes or things; a total of zero means that it is unknown. What was there
  /// `initially` counts for the bar and not for the rate.
  public func update(_ completed: Int, of total: Int, initially: Int = 0) {
    guard visible else { return }
    let now = ContinuousClock.now
    state.withLock { state in
      guard !state.finished, now - state.start >= .seconds(1) else { return }
      if let last = state.lastDrawn, now - last < .milliseconds(100) { return }
      state.lastDrawn = now
      let line = ProgressLine.text(
        title: title, completed: completed, total: total, initially: initially,
        seconds: (now - state.start).inSeconds, unit: unit, width: Terminal.size(of: .error).columns)
      Output.note("\r\u{1B}[K" + style.dim(line))
    }
  }

  /// Says how far the work has come as a fraction of one.
  public func update(fraction: Double) {
    let clamped = fraction.isNaN ? 0 : min(max(fraction, 0), 1)
    update(Int(clamped * 10_000), of: 10_000)
  }

  /// Clears the line; later updates show nothing.
  public func finish() {
    state.withLock { state in
      if state.lastDrawn != nil && !state.finished { Output.note("\r\u{1B}[K") }
      state.finished = true
    }
  }
}

/// The text of a progress line, apart from where and when it is drawn.
public enum ProgressLine {
  /// What is counted.
  public enum Unit: Sendable {
    /// Bytes: shows amount, rate and time left.
    case bytes
    /// A fraction: shows percent and time left.
    case fraction
    /// Things of some kind: shows count, rate and time left.
    case items(String)
  }

  /// One line that fits in `width` columns: title, bar, percent, amounts, rate, time left; what does not fit is left out.
  public static func text(
    title: String, completed: Int, total: Int, initially: Int = 0, seconds: Double, unit: Unit, width: Int
  ) -> String {
    let completed = max(0, total > 0 ? min(completed, total) : completed)
    let rate = seconds > 0 ? Double(max(0, completed - initially)) / seconds : 0
    var parts: [String] = []
    if total > 0 { parts.append("\(Int(Double(completed) / Double(total) * 100)) %") }
    switch unit {
    case .bytes:
      parts.append(Format.bytes(completed) + (total > 0 ? " of " + Format.bytes(total) : ""))
      parts.append(Format.rate(rate))
    case .fraction:
      break
    case .items(let noun):
      parts.append(Format.grouped(completed) + (total > 0 ? " of " + Format.grouped(total) : "") + " " + noun)
      parts.append(Format.perSecond(rate) + "/s")
    }
    if total > 0 && rate > 0 && completed < total {
      parts.append(Format.duration((Double(total - completed) / rate).rounded(.up)) + " left")
    }
    // Leave the last column free: writing to it makes some terminals wrap.
    let room = max(0, width - 1)
    while parts.count > 1 && columns(title, parts) > room { parts.removeLast() }
    var line = title.isEmpty ? "" : title + "  "
    let barWidth = min(24, room - columns(title, parts) - 2)
    if total > 0 && barWidth >= 8 { line += bar(completed, total, barWidth) + "  " }
    line += parts.joined(separator: " · ")
    while DisplayWidth.of(line) > room { line.removeLast() }
    return line
  }

  private static func columns(_ title: String, _ parts: [String]) -> Int {
    DisplayWidth.of(title) + 2 + DisplayWidth.of(parts.joined(separator: " · "))
  }

  private static func bar(_ completed: Int, _ total: Int, _ width: Int) -> String {
    let filled = Int(Double(completed) / Double(total) * Double(width))
    return String(repeating: "━", count: filled) + String(repeating: "─", count: width - filled)
  }
}

extension Duration {
  /// This duration in seconds.
  fileprivate var inSeconds: Double {
    let (seconds, attoseconds) = components
    return Double(seconds) + Double(attoseconds) * 1e-18
  }
}
