/// An allowance per minute that fills up evenly and never above one minute's worth.
///
/// Whole numbers throughout: after the wait that it names, what was refused is let in exactly.
struct TokenBucket: Sendable, Equatable {
  /// A token is this many parts, so that each microsecond adds as many parts as there are tokens a minute.
  private static let parts = 60_000_000

  /// Parts; below zero after more was used than had been asked for.
  private(set) var level: Int
  private var refilledAt: Int

  /// A full one.
  init(perMinute: Int, now: Int) {
    level = perMinute * Self.parts
    refilledAt = now
  }

  /// Adds what has come in since the last time; a clock that was set back adds nothing.
  mutating func refill(perMinute: Int, now: Int) {
    let full = perMinute * Self.parts
    let elapsed = max(0, now - refilledAt)
    level = elapsed >= wait(for: perMinute, perMinute: perMinute) ? full : level + elapsed * perMinute
    refilledAt = now
  }

  /// Microseconds until an amount is there. More than fits asks for a full bucket: it must get its turn some time.
  func wait(for amount: Int, perMinute: Int) -> Int {
    let missing = min(amount, perMinute) * Self.parts - level
    return missing <= 0 ? 0 : (missing - 1) / perMinute + 1
  }

  /// Takes an amount, or gives back a negative one; the debt has a bound.
  mutating func take(_ amount: Int) {
    let bound = APIKey.largestLimit
    level = max(level - min(max(amount, -bound), bound) * Self.parts, -bound * Self.parts)
  }
}
