import GRDB
import Synchronization

/// Commits together the rows that arrive while a transaction is being written: many requests share one flush of the disk.
///
/// The writer's queue of the pool does the work, so that a client who leaves cannot take its neighbours' rows with it.
final class GroupCommit: Sendable {
  private struct Waiting: Sendable {
    let row: UsageRow
    let committed: CheckedContinuation<Void, any Error>
  }

  private struct State {
    var waiting: [Waiting] = []
    /// Whether a transaction is being written, or is about to be.
    var isWriting = false
    var isClosed = false
  }

  private enum Arrival { case first, later, tooLate }

  private let state = Mutex(State())
  private let pool: DatabasePool
  private let path: String

  init(pool: DatabasePool, path: String) {
    self.pool = pool
    self.path = path
  }

  /// Returns once the row is on the disk.
  func record(_ row: UsageRow) async throws {
    try await withCheckedThrowingContinuation { continuation in
      let arrival = state.withLock { state -> Arrival in
        if state.isClosed { return .tooLate }
        state.waiting.append(Waiting(row: row, committed: continuation))
        if state.isWriting { return .later }
        state.isWriting = true
        return .first
      }
      switch arrival {
      case .first: writeNext()
      case .later: break
      case .tooLate: continuation.resume(throwing: LedgerError.closed)
      }
    }
  }

  /// Takes no more rows, and returns when those that wait are written.
  func close() async {
    state.withLock { $0.isClosed = true }
    while state.withLock({ $0.isWriting }) {
      await withCheckedContinuation { continuation in
        pool.asyncWriteWithoutTransaction { _ in continuation.resume() }
      }
    }
  }

  /// One transaction at a time: other writers of the pool get their turn between two.
  private func writeNext() {
    pool.asyncWriteWithoutTransaction { [self] db in
      let batch = state.withLock { state in
        defer { state.waiting = [] }
        return state.waiting
      }
      commit(batch, db)
      let isDone = state.withLock { state in
        state.isWriting = !state.waiting.isEmpty
        return !state.isWriting
      }
      if !isDone { writeNext() }
    }
  }

  private func commit(_ batch: [Waiting], _ db: Database) {
    var refused: [Int: LedgerError] = [:]
    do {
      try db.inTransaction(.immediate) {
        for (index, waiting) in batch.enumerated() {
          do {
            try db.insert(waiting.row)
          } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
            // Only this row is wrong, and SQLite has undone only its statement.
            refused[index] = .refusedRow(problem: error.message ?? "a constraint")
          }
        }
        return .commit
      }
    } catch {
      for waiting in batch { waiting.committed.resume(throwing: LedgerError(error, path: path)) }
      return
    }
    for (index, waiting) in batch.enumerated() {
      waiting.committed.resume(with: refused[index].map(Result.failure) ?? .success(()))
    }
  }
}
