import Foundation
import Synchronization
import Testing

@testable import StoaLedger

@Suite struct KeyStoreTests {
  private let fixture = LedgerFixture()
  private let now = LedgerFixture.noon

  @Test func aKeyComesBackAsItWasMade() async throws {
    let limits = KeyLimits(
      requestsPerMinute: 1, tokensPerMinute: 2, concurrency: 3, tokensPerDay: 4, moneyPerDay: Money(micros: 5))
    let made = try await KeyStore(storage: fixture.open()).create(
      name: "Ada's laptop", scopes: [.metrics, .inference], limits: limits, allowedModels: ["primer", "org/model 2"],
      expiresAt: now + 60, now: now)
    #expect(made.key.prefix == made.secret.prefix(16))
    #expect(made.key.id.hasPrefix("key_"))
    let store = try KeyStore(storage: fixture.open())
    #expect(try await store.list() == [made.key])
    #expect(try await store.authenticate(made.secret, now: now) == made.key)
    #expect(made.key.allows(.metrics) && !made.key.allows(.admin))
    #expect(made.key.allows(model: "primer") && !made.key.allows(model: "other"))
  }

  @Test("Secrets have 256 bits and are not in the file")
  func secrets() async throws {
    let ledger = try fixture.open()
    let store = KeyStore(storage: ledger)
    var secrets: Set<String> = []
    for index in 0..<20 { secrets.insert(try await store.create(name: "k\(index)", now: now).secret) }
    #expect(secrets.count == 20)
    try await ledger.close()
    let file = try Data(contentsOf: URL(fileURLWithPath: fixture.path))
    for secret in secrets {
      #expect(secret.hasPrefix("sk-stoa-") && secret.utf8.count == 8 + 64)
      #expect(file.range(of: Data(secret.dropFirst(8).utf8)) == nil)
    }
  }

  @Test func othersAreUnknown() async throws {
    let store = try KeyStore(storage: fixture.open())
    #expect(try await store.authenticate("sk-stoa-" + String(repeating: "0", count: 64), now: now) == nil)
    let secret = try await store.create(name: "a", now: now).secret
    for wrong in ["", "sk-stoa-", String(secret.dropLast()), secret + "0", secret.uppercased(), " " + secret] {
      #expect(try await store.authenticate(wrong, now: now) == nil, "\(wrong)")
    }
    #expect(try await store.authenticate(String(repeating: "x", count: 1 << 20), now: now) == nil)
  }

  @Test func revokedAndExpiredKeysAreToldApart() async throws {
    let store = try KeyStore(storage: fixture.open())
    let (secret, key) = try await store.create(name: "a", now: now)
    let (short, shortKey) = try await store.create(name: "b", expiresAt: now + 10, now: now)
    #expect(try await store.authenticate(short, now: now + 9.9) == shortKey)
    await #expect(throws: KeyRefusal.expired(id: shortKey.id)) { try await store.authenticate(short, now: now + 10) }
    let revoked = try await store.revoke("a", now: now)
    #expect(revoked.revokedAt == now)
    await #expect(throws: KeyRefusal.revoked(id: key.id)) { try await store.authenticate(secret, now: now) }
    await #expect(throws: LedgerError.alreadyRevoked(name: key.id)) { try await store.revoke(key.id, now: now) }
    await #expect(throws: LedgerError.alreadyRevoked(name: "a")) { try await store.revoke("a", now: now) }
    await #expect(throws: LedgerError.unknownKey(name: "c")) { try await store.revoke("c", now: now) }
  }

  @Test("Another process's keys and revocations are seen when the time to live is over")
  func otherProcesses() async throws {
    let server = try KeyStore(storage: fixture.open())
    let command = try KeyStore(storage: fixture.open())
    #expect(try await server.list().isEmpty)
    #expect(try await server.authenticate("nothing", now: now) == nil)
    let (secret, key) = try await command.create(name: "a", now: now)
    #expect(try await server.authenticate(secret, now: now + KeyStore.timeToLive) == key)
    _ = try await command.revoke(key.id, now: now)
    #expect(try await server.authenticate(secret, now: now + 1.4 * KeyStore.timeToLive) == key)
    await #expect(throws: KeyRefusal.revoked(id: key.id)) {
      try await server.authenticate(secret, now: now + 2 * KeyStore.timeToLive)
    }
    // A clock that was set back must not keep a revoked key alive.
    let (later, laterKey) = try await command.create(name: "b", now: now)
    #expect(try await server.authenticate(later, now: now - 3600) == laterKey)
  }

  @Test("A reading of the keys that began before a revocation does not bring the key back")
  func lateReadings() async throws {
    let storage = SlowStorage(ledger: try fixture.open())
    let store = KeyStore(storage: storage)
    let (secret, key) = try await store.create(name: "a", now: now)
    storage.holdNextReading()
    let early = Task { [now] in try await store.authenticate(secret, now: now + 1) }
    await storage.readingIsHeld()
    _ = try await store.revoke("a", now: now + 1)
    storage.release()
    _ = try? await early.value
    await #expect(throws: KeyRefusal.revoked(id: key.id)) { try await store.authenticate(secret, now: now + 1) }
  }

  @Test func aServerAsksWhetherAnyKeyIsUsable() async throws {
    let store = try KeyStore(storage: fixture.open())
    #expect(try await !store.hasUsableKey(now: now))
    _ = try await store.create(name: "short", expiresAt: now + 10, now: now)
    #expect(try await store.hasUsableKey(now: now))
    #expect(try await !store.hasUsableKey(now: now + 10))
    _ = try await store.create(name: "a", now: now)
    #expect(try await store.hasUsableKey(now: now + 10))
    _ = try await store.revoke("a", now: now)
    #expect(try await !store.hasUsableKey(now: now + 10))
  }

  @Test func namesAreFreeAgainAfterRevocation() async throws {
    let store = try KeyStore(storage: fixture.open())
    let first = try await store.create(name: "a", now: now).key
    await #expect(throws: LedgerError.keyNameTaken(name: "a")) { try await store.create(name: "a", now: now) }
    _ = try await store.revoke("a", now: now)
    let second = try await store.create(name: "a", now: now).key
    #expect(try await fixture.open().key("a") == second)
    #expect(try await store.revoke("a", now: now).id == second.id)
    #expect(try await fixture.open().key(first.id)?.id == first.id)
    #expect(try await fixture.open().key("a") == nil)
  }

  @Test func usageOfANameCoversItsKeys() async throws {
    let ledger = try fixture.open()
    let key = try await KeyStore(storage: ledger).create(name: "a", now: now).key
    try await ledger.record(LedgerFixture.row(key: key.id))
    try await ledger.record(LedgerFixture.row(key: "key_other"))
    let sums = try await ledger.usage(UsageQuery(by: .key, key: "a"))
    #expect(sums.map(\.group) == [key.id] && sums.map(\.name) == ["a"])
  }

  @Test(
    arguments: [
      ("", KeyLimits(), nil), ("a\nb", KeyLimits(), nil), ("a\u{1B}[2J", KeyLimits(), nil),
      (String(repeating: "x", count: 201), KeyLimits(), nil), ("key_1", KeyLimits(), nil),
      ("sk-stoa-1", KeyLimits(), nil),
      ("a", KeyLimits(requestsPerMinute: 0), nil), ("a", KeyLimits(tokensPerMinute: -1), nil),
      ("a", KeyLimits(concurrency: .max), nil), ("a", KeyLimits(tokensPerDay: 0), nil),
      ("a", KeyLimits(moneyPerDay: .zero), nil), ("a", KeyLimits(), []), ("a", KeyLimits(), ["a\nb"]),
    ] as [(String, KeyLimits, [String]?)])
  func refusesOddKeys(_ name: String, _ limits: KeyLimits, _ models: [String]?) async throws {
    let store = try KeyStore(storage: fixture.open())
    await #expect(throws: LedgerError.self) {
      try await store.create(name: name, limits: limits, allowedModels: models, now: now)
    }
    #expect(try await store.list().isEmpty)
  }

  @Test func refusesKeysThatAllowNothing() async throws {
    let store = try KeyStore(storage: fixture.open())
    await #expect(throws: LedgerError.self) { try await store.create(name: "a", scopes: [], now: now) }
    await #expect(throws: LedgerError.self) { try await store.create(name: "a", expiresAt: now, now: now) }
  }
}

/// A ledger whose reading of the keys can be held up after it has read them.
private final class SlowStorage: LedgerStorage {
  private let ledger: SQLiteLedger
  private let hold = Mutex(false)
  private let held = AsyncStream<Void>.makeStream()
  private let released = AsyncStream<Void>.makeStream()

  init(ledger: SQLiteLedger) { self.ledger = ledger }

  func holdNextReading() { hold.withLock { $0 = true } }
  func readingIsHeld() async { for await _ in held.stream { break } }
  func release() { released.continuation.yield() }

  func keys() async throws -> [StoredKey] {
    let keys = try await ledger.keys()
    let isHeld = hold.withLock { hold in
      defer { hold = false }
      return hold
    }
    if isHeld {
      held.continuation.yield()
      for await _ in released.stream { break }
    }
    return keys
  }

  func record(_ row: UsageRow) async throws { try await ledger.record(row) }
  func usage(_ query: UsageQuery) async throws -> [UsageSummary] { try await ledger.usage(query) }
  func spent(key: String, onDayOf moment: Date) async throws -> DailySpend {
    try await ledger.spent(key: key, onDayOf: moment)
  }
  func insert(_ key: StoredKey) async throws { try await ledger.insert(key) }
  func key(_ idOrName: String) async throws -> APIKey? { try await ledger.key(idOrName) }
  func revoke(_ idOrName: String, at moment: Date) async throws -> APIKey {
    try await ledger.revoke(idOrName, at: moment)
  }
  func close() async throws { try await ledger.close() }
}
