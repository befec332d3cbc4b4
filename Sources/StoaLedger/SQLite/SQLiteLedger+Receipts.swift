package import Foundation
import GRDB
import StoaFormats
package import StoaTrust

/// Where receipts are kept, each with its entry in the journal.
package protocol ReceiptStorage: Sendable {
  /// Writes a receipt and an entry of the journal down; returns once both would survive a power cut.
  @discardableResult
  func insertReceipt(
    id: String, keyID: String?, at moment: Date, envelope: DSSEEnvelope, event: JournalEvent
  ) async throws -> JournalEntry
  /// The receipt of an answer to a key, or to no key; nil when there is none.
  func receipt(id: String, keyID: String?) async throws -> DSSEEnvelope?
}

extension SQLiteLedger: ReceiptStorage {
  @discardableResult
  package func insertReceipt(
    id: String, keyID: String?, at moment: Date, envelope: DSSEEnvelope, event: JournalEvent
  ) async throws -> JournalEntry {
    let text = envelope.json.text()
    return try await commits.run { db in
      try db.cachedStatement(sql: "INSERT INTO receipt (id, key_id, created_at, envelope) VALUES (?, ?, ?, ?)")
        .execute(arguments: [id, keyID, UnixTime.microseconds(moment), text])
      return try db.append(event)
    }
  }

  package func receipt(id: String, keyID: String?) async throws -> DSSEEnvelope? {
    let path = path
    return try await read { db in
      try String.fetchOne(
        db, sql: "SELECT envelope FROM receipt WHERE id = ? AND key_id IS ?", arguments: [id, keyID]
      ).map { try DSSEEnvelope(parsing: Array($0.utf8), source: "receipt \(id) in \(path)") }
    }
  }
}
