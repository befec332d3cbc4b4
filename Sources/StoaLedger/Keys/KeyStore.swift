import Crypto
package import Foundation

/// Makes, lists and revokes keys, and recognizes their secrets without asking the disk for each request.
package actor KeyStore {
  /// How long a key may go on after another process revoked it.
  package static let timeToLive: TimeInterval = 0.5

  private let storage: any LedgerStorage
  /// By the first bytes of the digest. A client cannot choose a digest, so finding the place tells it nothing.
  private var known: [UInt64: [StoredKey]] = [:]
  private var loadedAt: Date?
  private var lastLoad = 0
  private var appliedLoad = 0

  /// Keys of a ledger.
  package init(storage: any LedgerStorage) { self.storage = storage }

  /// Makes a key; its secret is in the answer and nowhere else, ever.
  package func create(
    name: String, scopes: Set<KeyScope> = [.inference], limits: KeyLimits = KeyLimits(),
    allowedModels: [String]? = nil, expiresAt: Date? = nil, now: Date = Date()
  ) async throws -> (secret: String, key: APIKey) {
    let secret = KeySecret.make()
    let key = APIKey(
      id: KeyID.make(), name: name, prefix: String(secret.prefix(KeySecret.prefixLength)), scopes: scopes,
      limits: limits, allowedModels: allowedModels, createdAt: now, expiresAt: expiresAt)
    try key.check(now: now)
    try await storage.insert(StoredKey(key: key, sha256: Array(KeySecret.digest(secret))))
    try await load(now)
    return (secret, key)
  }

  /// All keys, revoked ones too, oldest first.
  package func list() async throws -> [APIKey] { try await storage.keys().map(\.key) }

  /// Whether anybody could be let in with a key now.
  package func hasUsableKey(now: Date = Date()) async throws -> Bool {
    try await list().contains { $0.revokedAt == nil && $0.expiresAt.map { $0 > now } ?? true }
  }

  /// Revokes the key of an id or a name; here at once, in other processes within a second.
  package func revoke(_ idOrName: String, now: Date = Date()) async throws -> APIKey {
    let key = try await storage.revoke(idOrName, at: now)
    try await load(now)
    return key
  }

  /// The key of a secret, nil if there is none; throws ``KeyRefusal`` when it is no longer good.
  package func authenticate(_ secret: String, now: Date = Date()) async throws -> APIKey? {
    if loadedAt == nil {
      try await load(now)
    } else if let loadedAt, abs(now.timeIntervalSince(loadedAt)) >= Self.timeToLive {
      // Set before the wait: the other requests go on with the old keys meanwhile.
      self.loadedAt = now
      do { try await load(now) } catch {
        self.loadedAt = .distantPast
        throw error
      }
    }
    // What is longer cannot be one of ours, and is not worth hashing.
    guard secret.utf8.count <= 256 else { return nil }
    let digest = KeySecret.digest(secret)
    // The comparison of digests takes the same time wherever they differ.
    guard let key = known[Self.place(digest)]?.first(where: { digest == $0.sha256 })?.key else { return nil }
    if key.revokedAt != nil { throw KeyRefusal.revoked(id: key.id) }
    if let expiresAt = key.expiresAt, expiresAt <= now { throw KeyRefusal.expired(id: key.id) }
    return key
  }

  private func load(_ now: Date) async throws {
    lastLoad += 1
    let number = lastLoad
    let keys = try await storage.keys()
    // One that began later may be done already, and knows better.
    guard number > appliedLoad else { return }
    appliedLoad = number
    known = Dictionary(grouping: keys) { Self.place($0.sha256) }
    loadedAt = now
  }

  private static func place(_ digest: some Sequence<UInt8>) -> UInt64 {
    digest.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }
}

extension APIKey {
  /// The largest limit of a minute, and the most tokens that one request can be charged.
  package static let largestLimit = 1_000_000_000

  fileprivate func check(now: Date) throws(LedgerError) {
    func printable(_ text: String) -> Bool {
      !text.isEmpty && text.utf8.count <= 200
        && text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control && $0 != "\u{2028}" }
    }
    guard printable(name) else {
      throw .invalidKey(field: "name", problem: "must be 1 to 200 bytes of printable text")
    }
    if name.hasPrefix("key_") || name.hasPrefix(KeySecret.start) {
      throw .invalidKey(field: "name", problem: "must not look like an id or a secret")
    }
    if scopes.isEmpty {
      throw .invalidKey(field: "scopes", problem: "are empty\ngive at least one of inference, admin, metrics")
    }
    let counts: [(String, Int?, largest: Int)] = [
      ("requests per minute", limits.requestsPerMinute, Self.largestLimit),
      ("tokens per minute", limits.tokensPerMinute, Self.largestLimit),
      ("concurrency", limits.concurrency, Self.largestLimit),
      ("tokens per day", limits.tokensPerDay, 1000 * Self.largestLimit),
    ]
    for case (let field, let limit?, let largest) in counts where !(1...largest).contains(limit) {
      throw .invalidKey(field: field, problem: "must be from 1 to \(largest)")
    }
    if let money = limits.moneyPerDay, money <= .zero {
      throw .invalidKey(field: "money per day", problem: "must be more than nothing")
    }
    if let allowedModels, allowedModels.isEmpty || !allowedModels.allSatisfy(printable) {
      throw .invalidKey(field: "models", problem: "must be names of models")
    }
    if let expiresAt, expiresAt <= now { throw .invalidKey(field: "expiry", problem: "is in the past") }
  }
}
