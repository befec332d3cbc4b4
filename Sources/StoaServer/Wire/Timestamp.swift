/// A point in time as RFC 3339 writes it, in UTC with nanoseconds: `2026-11-25T15:39:25.000000000Z`.
struct Timestamp: Sendable, Equatable, CustomStringConvertible {
  private let seconds: Int
  private let nanoseconds: Int

  /// A number of seconds since 1970, of which a fraction may have passed; a time outside the years 1 to 9999 becomes
  /// the nearest one inside.
  init(seconds: Int, plus elapsed: Double = 0) {
    let elapsed = Self.nanoseconds(elapsed)
    let whole = min(max(seconds, -62_135_596_800), 253_402_300_799 - elapsed / 1_000_000_000)
    self.seconds = whole + elapsed / 1_000_000_000
    nanoseconds = elapsed % 1_000_000_000
  }

  /// A duration as whole nanoseconds; at most some 31 years, and none for what is no duration.
  static func nanoseconds(_ seconds: Double) -> Int {
    seconds > 0 ? Int(min(seconds, 1e9) * 1e9) : 0
  }

  var description: String {
    // Days are counted from 1 March of the year 0, so that a leap day is the last day of its year.
    let day = seconds.floorDivided(by: 86_400)
    let time = seconds - day * 86_400
    let sinceMarch = day + 719_468
    let era = sinceMarch.floorDivided(by: 146_097)
    let dayOfEra = sinceMarch - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let dayOfMonth = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    let year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
    func digits(_ number: Int, _ count: Int) -> String {
      let text = String(number)
      return String(repeating: "0", count: max(count - text.count, 0)) + text
    }
    let date = "\(digits(year, 4))-\(digits(month, 2))-\(digits(dayOfMonth, 2))"
    let clock = "\(digits(time / 3_600, 2)):\(digits(time / 60 % 60, 2)):\(digits(time % 60, 2))"
    return "\(date)T\(clock).\(digits(nanoseconds, 9))Z"
  }
}

extension Int {
  fileprivate func floorDivided(by divisor: Int) -> Int {
    let quotient = self / divisor
    return self % divisor < 0 ? quotient - 1 : quotient
  }
}
