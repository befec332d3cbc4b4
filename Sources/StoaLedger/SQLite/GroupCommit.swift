import GRDB
import Synchronization

/// Commits together the work that arrives while a transaction is being written: many requests share one flush of the disk.
///
/// The writer's queue of the pool does the work, so that a client who leaves cannot take its neighbours' rows with it.
final class GroupCommit: Sendable {
  private struct Waiting: Sendable {
    /// Writes within the transaction, and gives what to call when it is committed.
    let write: @Sendable (Database) throws -> @Sendable () -> Void
    let failed: @Sendable (any Error) -> Void
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

  /// Returns once what `work` wrote is on the disk. What fails on its own, and not with the database, leaves nothing.
  func run<Value: Sendable>(_ work: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      let waiting = Waiting(
        write: { db in
          let value = try work(db)
          return { continuation.resume(returning: value) }
        }, failed: { continuation.resume(throwing: $0) })
      let arrival = state.withLock { state -> Arrival in
        if state.isClosed { return .tooLate }
        state.waiting.append(waiting)
        if state.isWriting { return .later }
        state.isWriting = true
        return .first
      }
      switch arrival {
      case .first: writeNext()
      case .later: break
      case .tooLate: waiting.failed(LedgerError.closed)
      }
    }
  }

  /// Takes no more work, and returns when what waits is written.
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
    var done: [@Sendable () -> Void] = []
    do {
      try db.inTransaction(.immediate) {
        for waiting in batch {
          do {
            try db.inSavepoint {
              let committed = try waiting.write(db)
              done.append(committed)
              return .commit
            }
          } catch let error as DatabaseError where error.resultCode != .SQLITE_CONSTRAINT {
            throw error
          } catch {
            // Only this work is wrong, and what it wrote is undone.
            done.append { waiting.failed(Self.refusal(error)) }
          }
        }
        return .commit
      }
    } catch {
      for waiting in batch { waiting.failed(LedgerError(error, path: path)) }
      return
    }
    for end in done { end() }
  }

  private static func refusal(_ error: any Error) -> any Error {
    guard let error = error as? DatabaseError else { return error }
    return LedgerError.refusedRow(problem: error.message ?? "a constraint")
  }
}
