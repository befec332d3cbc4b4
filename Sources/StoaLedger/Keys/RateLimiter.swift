package import Foundation

/// Decides whether a key may make a request now. It has no clock of its own: the same calls give the same decisions.
///
/// The tokens of an answer are known only at its end. Admission reserves an estimate; ``settle(_:tokens:cost:now:)``
/// puts the true number in its place, and what was used beyond the limit has to be waited for.
package struct RateLimiter: Sendable {
  package enum Limit: String, Sendable, CaseIterable {
    case concurrency, requestsPerMinute, tokensPerMinute, tokensPerDay, moneyPerDay
  }

  /// A request that runs; it must be settled, however it ends.
  package struct Reservation: Sendable, Hashable {
    package let keyID: String
    package let tokens: Int
    fileprivate let number: Int
    fileprivate let day: Int
  }

  package enum Decision: Sendable, Equatable {
    case admitted(Reservation)
    /// The limit that takes longest to allow the request, and when to ask again.
    case refused(limit: Limit, retryAfterSeconds: Int)
  }

  fileprivate struct Usage {
    var requests: TokenBucket?
    var tokens: TokenBucket?
    var running: [Int: Reservation] = [:]
    var day: Int
    var spent: DailySpend

    /// Estimates of this day's requests that still run.
    var reservedToday: Int { running.values.reduce(0) { $1.day == day ? $0 + $1.tokens : $0 } }
  }

  private var usages: [String: Usage] = [:]
  private var lastNumber = 0

  package init() {}

  /// Whether what the key has used of this day is yet to be read from the ledger.
  package func needsSeed(_ keyID: String, now: Date) -> Bool { usages[keyID]?.day != UnixTime.day(now) }

  /// Begins a key's day with what the ledger says that it has used.
  package mutating func seed(_ keyID: String, with spent: DailySpend, now: Date) {
    usages[keyID, default: Usage(day: 0, spent: spent)].spent = spent
    usages[keyID]?.day = UnixTime.day(now)
  }

  /// Admits a request and counts it, or says which limit is in its way; a refused one costs nothing.
  package mutating func admit(_ key: APIKey, tokens estimate: Int, now: Date) -> Decision {
    let time = UnixTime.microseconds(now)
    let estimate = min(max(0, estimate), APIKey.largestLimit)
    var usage = usages[key.id] ?? Usage(day: UnixTime.day(now), spent: DailySpend(tokens: 0, money: .zero))
    usage.beginDay(UnixTime.day(now))
    usage.refill(key.limits, now: time)
    defer { usages[key.id] = usage }
    if let (limit, wait) = usage.obstacle(key.limits, estimate, now: now) {
      return .refused(limit: limit, retryAfterSeconds: (wait + 999_999) / 1_000_000)
    }
    lastNumber += 1
    let reservation = Reservation(keyID: key.id, tokens: estimate, number: lastNumber, day: usage.day)
    usage.running[lastNumber] = reservation
    usage.requests?.take(1)
    usage.tokens?.take(estimate)
    return .admitted(reservation)
  }

  /// Ends a request: the tokens and the money that it really took. A second time does nothing.
  package mutating func settle(_ reservation: Reservation, tokens: Int, cost: Money, now: Date) {
    guard var usage = usages[reservation.keyID], usage.running.removeValue(forKey: reservation.number) != nil else {
      return
    }
    let tokens = min(max(0, tokens), APIKey.largestLimit)
    usage.beginDay(UnixTime.day(now))
    usage.tokens?.take(tokens - reservation.tokens)
    // As in the ledger, a request counts for the day that it began on.
    if reservation.day == usage.day {
      usage.spent.tokens += tokens
      usage.spent.money += cost
    }
    usages[reservation.keyID] = usage
  }

  /// Requests of a key that run.
  package func running(_ keyID: String) -> Int { usages[keyID]?.running.count ?? 0 }
}

extension RateLimiter.Usage {
  fileprivate mutating func beginDay(_ today: Int) {
    if day == today { return }
    day = today
    spent = DailySpend(tokens: 0, money: .zero)
  }

  fileprivate mutating func refill(_ limits: KeyLimits, now: Int) {
    Self.refill(&requests, limits.requestsPerMinute, now)
    Self.refill(&tokens, limits.tokensPerMinute, now)
  }

  private static func refill(_ bucket: inout TokenBucket?, _ limit: Int?, _ now: Int) {
    guard let limit = limit.map(RateLimiter.bounded) else {
      bucket = nil
      return
    }
    if bucket == nil { bucket = TokenBucket(perMinute: limit, now: now) }
    bucket?.refill(perMinute: limit, now: now)
  }

  /// The limit in the way of a request that takes longest to go away, and how many microseconds that takes.
  fileprivate func obstacle(_ limits: KeyLimits, _ estimate: Int, now: Date) -> (RateLimiter.Limit, wait: Int)? {
    var waits: [(RateLimiter.Limit, wait: Int)] = []
    if let limit = limits.concurrency, running.count >= limit {
      // Nobody knows when one of them ends.
      waits.append((.concurrency, 1_000_000))
    }
    if let requests, let limit = limits.requestsPerMinute {
      waits.append((.requestsPerMinute, requests.wait(for: 1, perMinute: RateLimiter.bounded(limit))))
    }
    if let tokens, let limit = limits.tokensPerMinute {
      waits.append((.tokensPerMinute, tokens.wait(for: estimate, perMinute: RateLimiter.bounded(limit))))
    }
    if let limit = limits.tokensPerDay, spent.tokens + reservedToday + estimate > limit {
      waits.append((.tokensPerDay, UnixTime.restOfDay(now)))
    }
    if let limit = limits.moneyPerDay, spent.money >= limit { waits.append((.moneyPerDay, UnixTime.restOfDay(now))) }
    return waits.filter { $0.wait > 0 }.max { $0.wait < $1.wait }
  }
}

extension RateLimiter {
  /// A limit that can be computed with, whatever the database says.
  fileprivate static func bounded(_ limit: Int) -> Int { min(max(1, limit), APIKey.largestLimit) }
}
