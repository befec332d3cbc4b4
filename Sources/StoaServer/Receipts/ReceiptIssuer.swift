import Foundation
package import StoaLedger
package import StoaTrust

/// How a server gives receipts.
package struct ReceiptSettings: Sendable {
  /// What signs them.
  package var key: SigningKey
  /// Whether every answer has one, and not only those whose request asks for it.
  package var areForAll: Bool
  /// Whether they hold the tokens, and not salted hashes of them.
  package var showTokens: Bool
  /// The program's version.
  package var version: String
  package var storage: any ReceiptStorage & JournalStorage

  package init(
    key: SigningKey, areForAll: Bool = false, showTokens: Bool = false, version: String,
    storage: any ReceiptStorage & JournalStorage
  ) {
    self.key = key
    self.areForAll = areForAll
    self.showTokens = showTokens
    self.version = version
    self.storage = storage
  }
}

extension ReceiptSettings {
  /// The path below which receipts are fetched.
  static let path = "/v1/receipts/"

  /// Signs the receipt of an answer and keeps it; returns when it and its entry in the journal are durable.
  func issue(_ record: AnswerRecord, by loaded: LoadedModel, to caller: Caller) async throws {
    let now = Date()
    let receipt = record.receipt(by: loaded.model, version: version, showsTokens: showTokens, at: now)
    let signed = try await BackgroundWork.run { [key] in try SignedReceipt(receipt, by: key) }
    try await storage.insertReceipt(
      id: record.id, keyID: caller.keyID, at: now, envelope: signed.envelope, event: signed.event)
  }
}
