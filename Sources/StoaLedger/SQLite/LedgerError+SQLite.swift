import Foundation
import GRDB

extension LedgerError {
  /// An error of the database in the ledger's words; a cancellation stays one.
  static func translated(_ error: any Error, path: String) -> any Error {
    error is CancellationError ? error : LedgerError(error, path: path)
  }

  init(_ error: any Error, path: String) {
    switch error {
    case let error as LedgerError: self = error
    case let error as DatabaseError: self.init(error, path: path)
    default: self = .system(path: path, operation: "open", problem: Self.reason(error))
    }
  }

  /// What a call of Foundation says.
  static func reason(_ error: any Error) -> String {
    (error as NSError).localizedFailureReason ?? (error as NSError).localizedDescription
  }

  private init(_ error: DatabaseError, path: String) {
    let problem = error.message ?? "SQLite error \(error.resultCode.rawValue)"
    switch error.resultCode {
    case .SQLITE_NOTADB: self = .notALedger(path: path)
    case .SQLITE_CORRUPT: self = .damaged(path: path, problem: problem)
    case .SQLITE_BUSY, .SQLITE_LOCKED: self = .busy(path: path)
    case .SQLITE_FULL: self = .full(path: path)
    case .SQLITE_MISUSE where error.message == "Connection is closed": self = .closed
    case .SQLITE_CANTOPEN: self = .system(path: path, operation: "open", problem: problem)
    default: self = .system(path: path, operation: "use", problem: problem)
    }
  }
}
