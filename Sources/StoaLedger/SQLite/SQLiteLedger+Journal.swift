import Foundation
import GRDB
import StoaFormats
package import StoaTrust

/// A signed head as it is stored.
package struct StoredJournalHead: Sendable, Equatable {
  package var sequence: Int
  package var envelope: DSSEEnvelope

  package init(sequence: Int, envelope: DSSEEnvelope) {
    self.sequence = sequence
    self.envelope = envelope
  }
}

/// A journal whose heads can be signed.
package protocol JournalStorage: JournalSink {
  /// The last entry; nil when there is none.
  func lastJournalEntry() async throws -> JournalEntry?
  /// Keeps a signed head beside the entries. It must also lie elsewhere: who can delete entries can delete this.
  func insert(_ head: StoredJournalHead) async throws
}

extension SQLiteLedger: JournalStorage {
  @discardableResult
  package func append(_ event: JournalEvent) async throws -> JournalEntry {
    try await commits.run { db in try db.append(event) }
  }

  package func append(_ events: [JournalEvent]) async throws {
    try await commits.run { db in for event in events { _ = try db.append(event) } }
  }

  /// The journal's identifier; nil while it has no entries.
  package func journalID() async throws -> String? { try await read { try $0.journalID() } }

  package func lastJournalEntry() async throws -> JournalEntry? {
    try await read { db in
      try Row.fetchOne(db, sql: "SELECT entry FROM journal ORDER BY sequence DESC LIMIT 1")
        .flatMap { JournalEntry(parsing: Array(($0[0] as String).utf8)) }
    }
  }

  /// The latest entries, newest first.
  package func journalEntries(kind: String?, limit: Int) async throws -> [JournalEntry] {
    try await read { db in
      var entries: [JournalEntry] = []
      let rows = try Row.fetchCursor(db, sql: "SELECT entry FROM journal ORDER BY sequence DESC")
      while entries.count < limit, let row = try rows.next() {
        guard let entry = JournalEntry(parsing: Array((row[0] as String).utf8)) else { continue }
        if kind == nil || kind == entry.event.kind.rawValue { entries.append(entry) }
      }
      return entries
    }
  }

  package func insert(_ head: StoredJournalHead) async throws {
    let text = head.envelope.json.text()
    try await write { db in
      try db.execute(
        sql: "INSERT INTO journal_head (sequence, envelope) VALUES (?, ?)", arguments: [head.sequence, text])
    }
  }

  /// The signed heads, oldest first.
  package func journalHeads() async throws -> [StoredJournalHead] {
    let path = path
    return try await read { db in
      try Row.fetchAll(db, sql: "SELECT sequence, envelope FROM journal_head ORDER BY sequence, rowid").map { row in
        let text: String = row["envelope"]
        let envelope = try DSSEEnvelope(parsing: Array(text.utf8), source: "a head of the journal in \(path)")
        return StoredJournalHead(sequence: row["sequence"], envelope: envelope)
      }
    }
  }

  /// Checks all entries, in one state of the database; nil when there is no journal.
  ///
  /// - Parameter journal: The identifier that entries must have, where one is known from outside.
  package func verifyJournal(heads: [JournalHead], journal: String? = nil) async throws -> JournalReport? {
    try await read { db in
      guard let journal = try journal ?? db.journalID() else { return nil }
      var verifier = JournalVerifier(journal: journal, heads: heads)
      let rows = try Row.fetchCursor(db, sql: "SELECT sequence, hash, entry FROM journal ORDER BY sequence")
      while let row = try rows.next() {
        let (hash, entry): (Data, String) = (row["hash"], row["entry"])
        verifier.take(
          StoredJournalEntry(sequence: row["sequence"], hash: Array(hash), bytes: Array(entry.utf8)))
      }
      return verifier.finish()
    }
  }
}

extension Database {
  fileprivate func journalID() throws -> String? { try String.fetchOne(self, sql: "SELECT id FROM journal_identity") }

  /// Appends an entry, within a transaction that no other writer can share.
  func append(_ event: JournalEvent) throws -> JournalEntry {
    let journal: String
    if let known = try journalID() {
      journal = known
    } else {
      journal = Hex.encode((0..<16).map { _ in UInt8.random(in: .min ... .max) })
      try execute(sql: "INSERT INTO journal_identity (id) VALUES (?)", arguments: [journal])
    }
    let last = try Row.fetchOne(self, sql: "SELECT sequence, hash FROM journal ORDER BY sequence DESC LIMIT 1")
    let hash: Data? = last?["hash"]
    let entry = try JournalEntry(
      event, journal: journal, sequence: (last?["sequence"] ?? 0) + 1,
      previous: hash.flatMap { MerkleHash($0) } ?? JournalEntry.origin(of: journal), at: Date())
    try cachedStatement(sql: "INSERT INTO journal (sequence, hash, entry) VALUES (?, ?, ?)")
      .execute(arguments: [entry.sequence, Data(entry.hash.bytes), String(decoding: entry.bytes, as: UTF8.self)])
    return entry
  }
}
