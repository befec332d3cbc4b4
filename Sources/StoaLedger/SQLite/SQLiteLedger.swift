import Foundation
import GRDB

/// The ledger in one SQLite file: several processes may use it at once, and it survives being killed.
package final class SQLiteLedger: LedgerStorage {
  package let path: String
  let pool: DatabasePool
  let commits: GroupCommit

  /// Opens the file; makes it, readable to its owner only, if it is not there.
  package init(path: String) throws(LedgerError) {
    self.path = path
    do {
      try Self.makeFile(path)
      pool = try DatabasePool(path: path, configuration: Self.configuration(path))
      try LedgerSchema.bringUpToDate(pool, path)
      // GRDB sets NORMAL with WAL, which may lose the last commits in a power cut.
      try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
    } catch {
      throw LedgerError(error, path: path)
    }
    commits = GroupCommit(pool: pool, path: path)
  }

  package func record(_ row: UsageRow) async throws { try await commits.run { try $0.insert(row) } }

  package func close() async throws {
    await commits.close()
    // One file is easier to copy than two. When another process reads, the rows stay in the log, as safe as before.
    try? await pool.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
    do { try pool.close() } catch { throw LedgerError(error, path: path) }
  }

  private static func configuration(_ path: String) -> Configuration {
    var configuration = Configuration()
    configuration.label = "ledger"
    configuration.busyMode = .timeout(10)
    configuration.prepareDatabase { db in
      // Before anything is written: another program's database must not even change its journal mode.
      // In this order, for another process may be making the ledger: it marks the file before it adds tables.
      let tables = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master")
      let id = try Int.fetchOne(db, sql: "PRAGMA application_id")
      if id == LedgerSchema.applicationID { return }
      guard id == 0, tables == 0 else { throw LedgerError.notALedger(path: path) }
      try db.execute(sql: "PRAGMA application_id = \(LedgerSchema.applicationID)")
    }
    return configuration
  }

  private static func makeFile(_ path: String) throws {
    let files = FileManager.default
    if files.fileExists(atPath: path) { return }
    let folder = (path as NSString).deletingLastPathComponent
    do {
      try files.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw LedgerError.system(path: folder, operation: "make the folder", problem: LedgerError.reason(error))
    }
    // SQLite gives its -wal and -shm files the mode of the database. Never truncates what another process has just made.
    let descriptor = unsafe open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw LedgerError.system(path: path, operation: "make", problem: unsafe String(cString: strerror(errno)))
    }
    Foundation.close(descriptor)
  }

  // The database's errors come out in the ledger's words.
  func read<Value: Sendable>(_ work: @Sendable (Database) throws -> Value) async throws -> Value {
    do { return try await pool.read(work) } catch { throw LedgerError.translated(error, path: path) }
  }

  func write<Value: Sendable>(_ work: @Sendable (Database) throws -> Value) async throws -> Value {
    do { return try await pool.write(work) } catch { throw LedgerError.translated(error, path: path) }
  }
}
