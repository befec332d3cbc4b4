import Foundation
import GRDB
import Synchronization
import Testing

@testable import StoaLedger

@Suite struct SQLiteLedgerTests {
  private let fixture = LedgerFixture()

  @Test func rowsAreThereAfterReopening() async throws {
    let ledger = try fixture.open()
    let cost = Cost(
      currency: "EUR", amount: Money(micros: 97), comparisons: [Cost.Comparison(name: "a", amount: Money(micros: 3))])
    try await ledger.record(LedgerFixture.row("one", key: "key_1", cached: 4, cost: cost))
    try await ledger.record(LedgerFixture.row("two", status: 429))
    try await ledger.close()
    let sums = try await fixture.open().usage(UsageQuery(by: .key))
    #expect(sums.map(\.group) == [nil, "key_1"])
    #expect(sums.map(\.errors) == [1, 0])
    #expect(sums[1].costs == ["EUR": Money(micros: 97)])
    #expect(sums[1].cachedTokens == 4)
    #expect(sums[1].comparisons == [.init(name: "a", currency: "EUR", amount: Money(micros: 3))])
  }

  @Test func onlyItsOwnerMayReadIt() throws {
    let ledger = try fixture.open()
    for suffix in ["", "-wal", "-shm"] {
      let attributes = try FileManager.default.attributesOfItem(atPath: ledger.path + suffix)
      #expect(attributes[.posixPermissions] as? Int == 0o600, "\(suffix)")
    }
    let folder = try FileManager.default.attributesOfItem(atPath: fixture.folder.appendingPathComponent("home").path)
    #expect(folder[.posixPermissions] as? Int == 0o700)
  }

  @Test("Processes that make the ledger at the same time all get it", .serialized, arguments: 1...5)
  func opensTogether(_ round: Int) async throws {
    let path = fixture.path
    try await withThrowingTaskGroup { group in
      for index in 0..<6 {
        group.addTask {
          let ledger = try SQLiteLedger(path: path)
          try await ledger.record(LedgerFixture.row("r\(index)"))
          try await ledger.close()
        }
      }
      try await group.waitForAll()
    }
    #expect(try await fixture.open().usage(UsageQuery(by: .model)).map(\.requests) == [6])
  }

  @Test func everyCommitReachesTheDisk() async throws {
    let ledger = try fixture.open()
    let (mode, synchronous) = try await ledger.pool.writeWithoutTransaction { db in
      (try String.fetchOne(db, sql: "PRAGMA journal_mode"), try Int.fetchOne(db, sql: "PRAGMA synchronous"))
    }
    #expect(mode == "wal")
    #expect(synchronous == 2, "FULL")
  }

  @Test("A thousand requests at once share transactions")
  func sharesTransactions() async throws {
    let ledger = try fixture.open()
    let counter = CommitCounter()
    ledger.pool.add(transactionObserver: counter, extent: .databaseLifetime)
    try await withThrowingTaskGroup { group in
      for index in 0..<1000 {
        group.addTask { try await ledger.record(LedgerFixture.row("r\(index)", key: "key_\(index % 7)")) }
      }
      try await group.waitForAll()
    }
    #expect(counter.commits.withLock { $0 } < 500)
    let sums = try await ledger.usage(UsageQuery(by: .key))
    #expect(sums.map(\.requests) == [143, 143, 143, 143, 143, 143, 142])
  }

  @Test("What was acknowledged is in a copy of the files as a kill would leave them")
  func survivesAKill() async throws {
    let ledger = try fixture.open()
    for round in 1...5 {
      for index in 0..<20 { try await ledger.record(LedgerFixture.row("r\(round)-\(index)")) }
      let copy = fixture.folder.appendingPathComponent("copy\(round)")
      try FileManager.default.createDirectory(at: copy, withIntermediateDirectories: true)
      for name in ["ledger.sqlite", "ledger.sqlite-wal"] {
        try FileManager.default.copyItem(
          at: fixture.folder.appendingPathComponent("home/\(name)"), to: copy.appendingPathComponent(name))
      }
      let copied = try SQLiteLedger(path: copy.appendingPathComponent("ledger.sqlite").path)
      #expect(try await copied.usage(UsageQuery(by: .model)).map(\.requests) == [20 * round])
      #expect(try await copied.read { try String.fetchOne($0, sql: "PRAGMA integrity_check") } == "ok")
      try await copied.close()
    }
  }

  @Test("A row that cannot be fails alone")
  func badRowsFailAlone() async throws {
    let ledger = try fixture.open()
    let failures = await withTaskGroup { group in
      for index in 0..<200 {
        group.addTask {
          do {
            try await ledger.record(LedgerFixture.row("r\(index)", prompt: index % 10 == 3 ? -1 : 1))
            return index % 10 == 3
          } catch LedgerError.refusedRow {
            return index % 10 != 3
          } catch {
            return true
          }
        }
      }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(failures == 0)
    #expect(try await ledger.usage(UsageQuery(by: .model)).map(\.requests) == [180])
  }

  @Test("When the transaction fails its callers hear of it, and the next one goes on")
  func failedTransactions() async throws {
    let ledger = try fixture.open()
    try await ledger.pool.write { try $0.execute(sql: "ALTER TABLE usage RENAME TO elsewhere") }
    await #expect(throws: LedgerError.self) { try await ledger.record(LedgerFixture.row("lost")) }
    try await ledger.pool.write { try $0.execute(sql: "ALTER TABLE elsewhere RENAME TO usage") }
    try await ledger.record(LedgerFixture.row("kept"))
    #expect(try await ledger.usage(UsageQuery(by: .model)).map(\.requests) == [1])
  }

  @Test("A client who leaves takes no row along")
  func cancellation() async throws {
    let ledger = try fixture.open()
    let left = Task { try await ledger.record(LedgerFixture.row("left")) }
    left.cancel()
    try await left.value
    #expect(try await ledger.usage(UsageQuery(by: .model)).map(\.requests) == [1])
  }

  @Test func closingWritesWhatWaits() async throws {
    let ledger = try fixture.open()
    let acknowledged = try await withThrowingTaskGroup { group in
      for index in 0..<200 {
        group.addTask {
          do {
            try await ledger.record(LedgerFixture.row("r\(index)"))
            return 1
          } catch LedgerError.closed {
            return 0
          }
        }
      }
      group.addTask {
        try await ledger.close()
        return 0
      }
      return try await group.reduce(0, +)
    }
    await #expect(throws: LedgerError.closed) { try await ledger.record(LedgerFixture.row()) }
    await #expect(throws: LedgerError.closed) { try await ledger.keys() }
    let written = try await fixture.open().usage(UsageQuery(by: .model)).first?.requests ?? 0
    #expect(written == acknowledged)
  }
}

private final class CommitCounter: TransactionObserver, Sendable {
  let commits = Mutex(0)
  func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { true }
  func databaseDidChange(with event: DatabaseEvent) {}
  func databaseDidCommit(_ db: Database) { commits.withLock { $0 += 1 } }
  func databaseDidRollback(_ db: Database) {}
}
