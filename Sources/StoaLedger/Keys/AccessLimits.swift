package import Foundation

/// The limits of all keys of a running server, begun with what the ledger says about the day.
package actor AccessLimits {
  private let storage: any LedgerStorage
  private var limiter = RateLimiter()

  package init(storage: any LedgerStorage) { self.storage = storage }

  /// Admits a request of a key, with an estimate of its tokens, or says which limit is in its way.
  package func admit(_ key: APIKey, tokens estimate: Int, now: Date = Date()) async throws -> RateLimiter.Decision {
    let hasDailyLimit = key.limits.tokensPerDay != nil || key.limits.moneyPerDay != nil
    if hasDailyLimit, limiter.needsSeed(key.id, now: now) {
      let spent = try await storage.spent(key: key.id, onDayOf: now)
      // Another request of the key may have been quicker, and what it has settled since is not in this sum.
      if limiter.needsSeed(key.id, now: now) { limiter.seed(key.id, with: spent, now: now) }
    }
    return limiter.admit(key, tokens: estimate, now: now)
  }

  /// Ends an admitted request; every one needs it, also those that fail.
  package func settle(_ reservation: RateLimiter.Reservation, tokens: Int, cost: Money, now: Date = Date()) {
    limiter.settle(reservation, tokens: tokens, cost: cost, now: now)
  }

  /// Requests of a key that run.
  package func running(_ keyID: String) -> Int { limiter.running(keyID) }
}
