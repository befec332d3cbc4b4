/// Why the ledger could not do what it was asked.
package enum LedgerError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file is not SQLite's, or another program's.
  case notALedger(path: String)
  case damaged(path: String, problem: String)
  /// A later version of Stoa changed its form.
  case newer(path: String)
  case system(path: String, operation: String, problem: String)
  /// Another process has kept it locked for too long.
  case busy(path: String)
  case full(path: String)
  /// The row holds what no row may hold.
  case refusedRow(problem: String)
  case closed
  case keyNameTaken(name: String)
  case unknownKey(name: String)
  case alreadyRevoked(name: String)
  case invalidKey(field: String, problem: String)

  /// What is wrong, and on a second line what to do.
  package var description: String {
    switch self {
    case .notALedger(let path):
      "\(path) is not a ledger of Stoa\nmove it away, or set STOA_HOME to another folder; it was not changed"
    case .damaged(let path, let problem):
      """
      the ledger \(path) is damaged: \(problem)
      stop the server and put back a copy, or save what is left with: sqlite3 \(path) .recover
      """
    case .newer(let path):
      "the ledger \(path) was made by a newer version of Stoa\nuse that version; it was not changed"
    case .system(let path, let operation, let problem):
      "cannot \(operation) \(path): \(problem)\ncheck that the folder is there and may be written"
    case .busy(let path):
      "the ledger \(path) is locked by another program\nend what keeps it open for writing, then try again"
    case .full(let path): "no room is left for the ledger \(path)\nmake room on its disk"
    case .refusedRow(let problem): "a row of usage cannot be recorded: \(problem)"
    case .closed: "the ledger is closed\nthe server is stopping; try again later"
    case .keyNameTaken(let name):
      "there is a key named \(name) already\nchoose another name, or revoke it first: stoa key revoke \(name)"
    case .unknownKey(let name): "there is no key \(name)\nstoa key list shows all"
    case .alreadyRevoked(let name): "the key \(name) is revoked already"
    case .invalidKey(let field, let problem): "the key's \(field) \(problem)"
    }
  }
}
