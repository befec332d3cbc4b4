import Foundation
import GRDB
import StoaFormats
import StoaTestSupport
import StoaTrust
import Testing

@testable import StoaLedger

struct JournalTests {
  @Test func entriesAreChainedAcrossOpenings() async throws {
    let fixture = LedgerFixture()
    var ledger = try fixture.open()
    #expect(try await ledger.journalID() == nil)
    #expect(try await ledger.verifyJournal(heads: []) == nil)
    let first = try await ledger.append(JournalEvent(.load, ["model": "primer"]))
    try await ledger.close()
    ledger = try fixture.open()
    let second = try await ledger.append(JournalEvent(.waiver, ["reason": "é\n"]))
    #expect(second.previous == first.hash)
    #expect(second.sequence == 2)
    #expect(try await ledger.lastJournalEntry() == second)
    #expect(try await ledger.journalEntries(kind: "load", limit: 5) == [first])
    let report = try #require(try await ledger.verifyJournal(heads: [JournalHead(second)]))
    #expect(report.isIntact && report.protected == 2 && report.entries == 2)
    try await ledger.close()
  }

  @Test func manyWritersMakeOneChain() async throws {
    let fixture = LedgerFixture()
    let (one, other) = (try fixture.open(), try fixture.open())
    try await withThrowingTaskGroup { group in
      for number in 0..<100 {
        group.addTask { try await (number % 2 == 0 ? one : other).append(JournalEvent(.note, ["n": .int(number)])) }
      }
      try await group.waitForAll()
    }
    let report = try #require(try await one.verifyJournal(heads: []))
    #expect(report.isIntact && report.entries == 100)
    try await one.close()
    try await other.close()
  }

  /// One event that no entry can hold fails alone, and leaves no gap.
  @Test func aRefusedEventLeavesNoTrace() async throws {
    let fixture = LedgerFixture()
    let ledger = try fixture.open()
    try await withThrowingTaskGroup { group in
      for number in 0..<20 {
        group.addTask {
          if number == 7 {
            await #expect(throws: JournalError.self) {
              try await ledger.append(JournalEvent(.note, ["n": .double(.infinity)]))
            }
          } else {
            try await ledger.append(JournalEvent(.note, [:]))
          }
        }
      }
      try await group.waitForAll()
    }
    let report = try #require(try await ledger.verifyJournal(heads: []))
    #expect(report.isIntact && report.entries == 19)
    try await ledger.close()
  }

  @Test func theDatabaseKeepsEntries() async throws {
    let fixture = LedgerFixture()
    let ledger = try fixture.open()
    let entry = try await ledger.append(JournalEvent(.note, [:]))
    for sql in ["DELETE FROM journal", "UPDATE journal SET entry = '{}'"] {
      await #expect(throws: LedgerError.self) { try await ledger.write { try $0.execute(sql: sql) } }
    }
    // Who means harm drops the triggers first; the head shows it.
    try await ledger.write { try $0.execute(sql: "DROP TRIGGER journal_keeps_entries; DELETE FROM journal") }
    let report = try #require(try await ledger.verifyJournal(heads: [JournalHead(entry)]))
    #expect(report.problems.map(\.kind) == [.missing])
    try await ledger.close()
  }

  @Test func headsAndReceiptsAreKept() async throws {
    let fixture = LedgerFixture()
    let ledger = try fixture.open()
    let key = SigningKey(generating: .ed25519)
    let entry = try await ledger.append(JournalEvent(.note, [:]))
    let head = StoredJournalHead(sequence: 1, envelope: try JournalHead(entry).signed(by: key))
    try await ledger.insert(head)
    #expect(try await ledger.journalHeads() == [head])
    let envelope = DSSEEnvelope(payloadType: "x", payload: [1], signatures: [.init(keyID: nil, bytes: [2])])
    let chained = try await ledger.insertReceipt(
      id: "r", keyID: "key_1", at: LedgerFixture.noon, envelope: envelope, event: JournalEvent(.receipt, ["id": "r"]))
    #expect(chained.previous == entry.hash)
    #expect(try await ledger.receipt(id: "r", keyID: "key_1") == envelope)
    #expect(try await ledger.receipt(id: "r", keyID: nil) == nil)
    // A second receipt of the name is refused, with its entry.
    await #expect(throws: LedgerError.self) {
      try await ledger.insertReceipt(
        id: "r", keyID: nil, at: LedgerFixture.noon, envelope: envelope, event: JournalEvent(.receipt, [:]))
    }
    #expect(try await ledger.lastJournalEntry() == chained)
    try await ledger.close()
  }
}
