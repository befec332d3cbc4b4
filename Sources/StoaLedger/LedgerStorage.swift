package import Foundation

/// Where usage and keys are kept.
package protocol LedgerStorage: Sendable {
  /// Writes a row down; returns once it would survive a power cut.
  func record(_ row: UsageRow) async throws
  /// Sums of rows, ordered by group.
  func usage(_ query: UsageQuery) async throws -> [UsageSummary]
  /// What a key has used of the UTC day of a moment.
  func spent(key: String, onDayOf moment: Date) async throws -> DailySpend

  /// Adds a key; a name may be in use by one key at a time.
  func insert(_ key: StoredKey) async throws
  /// All keys, revoked ones too, oldest first.
  func keys() async throws -> [StoredKey]
  /// The key of an id or, among keys that are not revoked, of a name.
  func key(_ idOrName: String) async throws -> APIKey?
  /// Revokes the key of an id or a name for good; returns it as it is now.
  func revoke(_ idOrName: String, at moment: Date) async throws -> APIKey

  /// Writes what is still waiting, and closes.
  func close() async throws
}

extension LedgerStorage {
  /// What a key has used of today.
  package func spentToday(key: String) async throws -> DailySpend { try await spent(key: key, onDayOf: Date()) }
}
