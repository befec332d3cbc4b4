package import Foundation
import Synchronization

/// The limits of all keys of a running server, begun with what the ledger says about the day.
package final class AccessLimits: Sendable {
  private let storage: any LedgerStorage
  private let limiter = Mutex(RateLimiter())

  package init(storage: any LedgerStorage) { self.storage = storage }

  /// Admits a request of a key, with an estimate of its tokens, or says which limit is in its way.
  package func admit(_ key: APIKey, tokens estimate: Int, now: Date = Date()) async throws -> RateLimiter.Decision {
    let hasDailyLimit = key.limits.tokensPerDay != nil || key.limits.moneyPerDay != nil
    if hasDailyLimit, limiter.withLock({ $0.needsSeed(key.id, now: now) }) {
      let spent = try await storage.spent(key: key.id, onDayOf: now)
      limiter.withLock { limiter in
        // Another request of the key may have been quicker, and what it has settled since is not in this sum.
        if limiter.needsSeed(key.id, now: now) { limiter.seed(key.id, with: spent, now: now) }
      }
    }
    return limiter.withLock { $0.admit(key, tokens: estimate, now: now) }
  }

  /// Ends an admitted request; every one needs it, also those that fail.
  package func settle(_ reservation: RateLimiter.Reservation, tokens: Int, cost: Money, now: Date = Date()) {
    limiter.withLock { $0.settle(reservation, tokens: tokens, cost: cost, now: now) }
  }

  /// Requests of a key that run.
  package func running(_ keyID: String) -> Int { limiter.withLock { $0.running(keyID) } }
}
