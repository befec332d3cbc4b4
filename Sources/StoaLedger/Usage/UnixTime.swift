import Foundation

/// Times as the ledger counts them: whole microseconds since 1970, and UTC days.
enum UnixTime {
  static let microsecondsPerDay = 86_400_000_000

  static func microseconds(_ date: Date) -> Int {
    // Far beyond any date that is meant, and far below what an integer holds.
    let bound = 1e17
    return Int(min(max((date.timeIntervalSince1970 * 1_000_000).rounded(), -bound), bound))
  }

  static func date(microseconds: Int) -> Date { Date(timeIntervalSince1970: Double(microseconds) / 1_000_000) }

  /// The days since 1970-01-01, rounded down.
  static func day(_ date: Date) -> Int {
    let (days, rest) = microseconds(date).quotientAndRemainder(dividingBy: microsecondsPerDay)
    return rest < 0 ? days - 1 : days
  }

  /// The time from a moment to the end of its day, in microseconds.
  static func restOfDay(_ date: Date) -> Int { (day(date) + 1) * microsecondsPerDay - microseconds(date) }
}
