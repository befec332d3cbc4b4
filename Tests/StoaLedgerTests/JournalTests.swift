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

  /// All of a group or none: a load is not told without its verdict.
  @Test func eventsOfAGroupStandTogether() async throws {
    let fixture = LedgerFixture()
    let ledger = try fixture.open()
    let bad = JournalEvent(.note, ["n": .double(.infinity)])
    await #expect(throws: JournalError.self) { try await ledger.append([JournalEvent(.verdict, [:]), bad]) }
    #expect(try await ledger.lastJournalEntry() == nil)
    try await ledger.append([JournalEvent(.verdict, [:]), JournalEvent(.waiver, [:]), JournalEvent(.load, [:])])
    let kinds = try await ledger.journalEntries(kind: nil, limit: 9).map(\.event.kind)
    #expect(kinds == [.load, .waiver, .verdict])
    try await ledger.close()
  }

  /// What happens to a key is in the journal with it, or neither is.
  @Test func keysAreJournalled() async throws {
    let fixture = LedgerFixture()
    let ledger = try fixture.open()
    let keys = KeyStore(storage: ledger)
    let (secret, key) = try await keys.create(name: "laptop", scopes: [.metrics, .inference])
    await #expect(throws: LedgerError.self) { try await keys.create(name: "laptop") }
    _ = try await keys.revoke("laptop")
    await #expect(throws: LedgerError.self) { try await keys.revoke("laptop") }
    let entries = try await ledger.journalEntries(kind: "key", limit: 9).reversed()
    #expect(entries.map { $0.event.body["action"]?.stringValue } == ["created", "revoked"])
    for entry in entries {
      #expect(entry.event.body["id"]?.stringValue == key.id)
      #expect(entry.event.body["name"]?.stringValue == "laptop")
      #expect(entry.event.body["scopes"] == ["inference", "metrics"])
      #expect(!String(decoding: entry.bytes, as: UTF8.self).contains(secret.dropFirst(8)))
    }
    #expect(try #require(try await ledger.verifyJournal(heads: [])).isIntact)
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
