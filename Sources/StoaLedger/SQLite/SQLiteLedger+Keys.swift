package import Foundation
import GRDB
import StoaFormats
import StoaTrust

extension SQLiteLedger {
  package func insert(_ stored: StoredKey) async throws {
    let key = stored.key
    let values: StatementArguments = [
      key.id, key.name, key.prefix, Data(stored.sha256), key.scopes.map(\.rawValue).sorted().joined(separator: " "),
      key.limits.requestsPerMinute, key.limits.tokensPerMinute, key.limits.concurrency, key.limits.tokensPerDay,
      key.limits.moneyPerDay?.micros, key.allowedModels?.joined(separator: "\n"),
      UnixTime.microseconds(key.createdAt), key.revokedAt.map(UnixTime.microseconds),
      key.expiresAt.map(UnixTime.microseconds),
    ]
    try await write { db in
      if try Bool.fetchOne(
        db, sql: "SELECT TRUE FROM api_key WHERE name = ? AND revoked_at IS NULL", arguments: [key.name]) == true
      {
        throw LedgerError.keyNameTaken(name: key.name)
      }
      try db.execute(
        sql: """
          INSERT INTO api_key (
            id, name, prefix, sha256, scopes, requests_per_minute, tokens_per_minute, concurrency, tokens_per_day,
            money_per_day, allowed_models, created_at, revoked_at, expires_at
          ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          """, arguments: values)
      _ = try db.append(.key("created", key.journalled))
    }
  }

  package func keys() async throws -> [StoredKey] {
    try await read { db in
      try Row.fetchAll(db, sql: "SELECT * FROM api_key ORDER BY created_at, id").map(StoredKey.init)
    }
  }

  package func key(_ idOrName: String) async throws -> APIKey? {
    try await read { try $0.key(idOrName) }
  }

  package func revoke(_ idOrName: String, at moment: Date) async throws -> APIKey {
    try await write { db in
      guard let key = try db.key(idOrName) else {
        let wasRevoked =
          try Bool.fetchOne(db, sql: "SELECT TRUE FROM api_key WHERE name = ?", arguments: [idOrName]) ?? false
        throw wasRevoked ? LedgerError.alreadyRevoked(name: idOrName) : .unknownKey(name: idOrName)
      }
      if key.revokedAt != nil { throw LedgerError.alreadyRevoked(name: idOrName) }
      try db.execute(
        sql: "UPDATE api_key SET revoked_at = ? WHERE id = ?", arguments: [UnixTime.microseconds(moment), key.id])
      _ = try db.append(.key("revoked", key.journalled))
      return try db.key(key.id) ?? key
    }
  }
}

extension Database {
  /// An id goes before a name: nobody can hide a key by naming another one like its id.
  fileprivate func key(_ idOrName: String) throws -> APIKey? {
    try Row.fetchOne(
      self,
      sql: """
        SELECT * FROM api_key WHERE id = ?1 OR (name = ?1 AND revoked_at IS NULL) ORDER BY id = ?1 DESC LIMIT 1
        """, arguments: [idOrName]
    ).map { StoredKey($0).key }
  }
}

extension APIKey {
  /// What the journal keeps of a key: never anything of its secret.
  fileprivate var journalled: JSONObject {
    [
      "id": .string(id), "name": .string(name),
      "scopes": .array(scopes.map(\.rawValue).sorted().map { .string($0) }),
    ]
  }
}

extension StoredKey {
  fileprivate init(_ row: Row) {
    func date(_ column: String) -> Date? { (row[column] as Int?).map(UnixTime.date) }
    let scopes: String = row["scopes"]
    let models: String? = row["allowed_models"]
    let digest: Data = row["sha256"]
    let limits = KeyLimits(
      requestsPerMinute: row["requests_per_minute"], tokensPerMinute: row["tokens_per_minute"],
      concurrency: row["concurrency"], tokensPerDay: row["tokens_per_day"],
      moneyPerDay: (row["money_per_day"] as Int?).map(Money.init(micros:)))
    let key = APIKey(
      id: row["id"], name: row["name"], prefix: row["prefix"],
      scopes: Set(scopes.split(separator: " ").compactMap { KeyScope(rawValue: String($0)) }), limits: limits,
      allowedModels: models.map { $0.split(separator: "\n").map(String.init) },
      createdAt: UnixTime.date(microseconds: row["created_at"]), revokedAt: date("revoked_at"),
      expiresAt: date("expires_at"))
    self.init(key: key, sha256: Array(digest))
  }
}
