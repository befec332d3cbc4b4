import ArgumentParser
import Foundation
import StoaHub
import StoaLedger

/// The ledger, for commands beside a server that may be running on it.
enum LedgerAccess {
  /// The file that `$STOA_LEDGER` names, as for `stoa serve`, else the one in the home.
  static var path: String {
    if let path = StoaHome.environment[ServeKey.ledger.variable], !path.isEmpty { return path }
    return StoaHome.standard().path + "/ledger.sqlite"
  }

  /// Runs work on the ledger and closes it; nil when there is none and none is to be made.
  static func run<Value: Sendable>(
    making: Bool, _ work: @escaping @Sendable (SQLiteLedger) async throws -> Value
  ) throws -> Value? {
    guard making || FileManager.default.fileExists(atPath: path) else { return nil }
    let ledger = try SQLiteLedger(path: path)
    return try Waiting.run { () async throws -> Value in
      let result: Result<Value, any Error>
      do { result = .success(try await work(ledger)) } catch { result = .failure(error) }
      try await ledger.close()
      return try result.get()
    }
  }
}

/// Dates on the command line: a UTC day, or a moment as RFC 3339 writes it.
enum DateArgument {
  /// The first moment of the date.
  static func start(_ text: String) throws -> Date { try bounds(text).start }

  /// The first moment after the date: a day is meant to its end.
  static func end(_ text: String) throws -> Date { try bounds(text).end }

  private static func bounds(_ text: String) throws -> (start: Date, end: Date) {
    let day = String(text.prefix(10))
    // The parser takes November 31st for December 1st, and 25 o'clock for the next day.
    let isTime = text.dropFirst(10).wholeMatch(of: /T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](Z|[+-][0-9]{2}:[0-9]{2})/)
    if let start = try? Date(day + "T00:00:00Z", strategy: .iso8601), start.rfc3339.hasPrefix(day) {
      if text == day { return (start, start + 86_400) }
      if isTime != nil, let moment = try? Date(text, strategy: .iso8601) { return (moment, moment) }
    }
    throw ValidationError("'\(text)' is no date: write 2026-12-31, or 2026-12-31T18:00:00Z")
  }
}

extension Date {
  /// As RFC 3339 writes it, in UTC.
  var rfc3339: String { formatted(.iso8601) }
}
