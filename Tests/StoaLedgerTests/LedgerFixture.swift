import Foundation
import StoaTestSupport

@testable import StoaLedger

/// A folder with the ledger of a test; it goes away with the value.
final class LedgerFixture {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("stoa-ledger-\(UUID().uuidString)")
  var path: String { folder.appendingPathComponent("home/ledger.sqlite").path }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func open() throws -> SQLiteLedger { try SQLiteLedger(path: path) }

  /// Noon of 2026-11-25, UTC.
  static let noon = Date(timeIntervalSince1970: 1_795_608_000)

  static func row(
    _ id: String = "r", at time: Date = noon, key: String? = nil, model: String = "primer", prompt: Int = 10,
    cached: Int = 0, completion: Int = 5, status: Int = 200, cost: Cost = .none
  ) -> UsageRow {
    UsageRow(
      requestID: id, startedAt: time, keyID: key, api: "openai.chat", model: model, modelDigest: "sha256:00",
      promptTokens: prompt, cachedTokens: cached, completionTokens: completion, queueSeconds: 0.5, promptSeconds: 0.25,
      generateSeconds: 1.5, status: status, finish: "stop", cost: cost)
  }

  static func key(_ limits: KeyLimits, id: String = "key_1") -> APIKey {
    APIKey(id: id, name: "test", prefix: "sk-stoa-00000000", scopes: [.inference], limits: limits, createdAt: noon)
  }
}
