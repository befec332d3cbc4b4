import Foundation
import StoaTestSupport
import Testing

@testable import StoaLedger

@Suite struct RateLimiterTests {
  private let noon = LedgerFixture.noon

  @Test func requestsPerMinute() throws {
    var limiter = RateLimiter()
    let key = LedgerFixture.key(KeyLimits(requestsPerMinute: 3))
    for _ in 0..<3 { _ = try limiter.admitted(key, now: noon) }
    #expect(limiter.admit(key, tokens: 0, now: noon) == .refused(limit: .requestsPerMinute, retryAfterSeconds: 20))
    #expect(
      limiter.admit(key, tokens: 0, now: noon + 19.5) == .refused(limit: .requestsPerMinute, retryAfterSeconds: 1))
    _ = try limiter.admitted(key, now: noon + 20)
    #expect(
      limiter.admit(key, tokens: 0, now: noon + 20) == .refused(limit: .requestsPerMinute, retryAfterSeconds: 20))
    for _ in 0..<3 { _ = try limiter.admitted(key, now: noon + 3600) }
    #expect(limiter.admit(key, tokens: 0, now: noon + 3600).isRefused)
  }

  @Test func tokensAreSettledWithTheTrueNumber() throws {
    var limiter = RateLimiter()
    let key = LedgerFixture.key(KeyLimits(tokensPerMinute: 60))
    let long = try limiter.admitted(key, tokens: 10, now: noon)
    // 50 are left, but the answer takes 100 more than was reserved: 50 are owed, a second each.
    limiter.settle(long, tokens: 110, cost: .zero, now: noon)
    #expect(limiter.admit(key, tokens: 1, now: noon) == .refused(limit: .tokensPerMinute, retryAfterSeconds: 51))
    // A request that took less than its estimate gives the rest back.
    let cheap = try limiter.admitted(key, tokens: 50, now: noon + 100)
    limiter.settle(cheap, tokens: 0, cost: .zero, now: noon + 100)
    _ = try limiter.admitted(key, tokens: 50, now: noon + 100)
  }

  @Test("A request above the limit gets its turn when the bucket is full, not never")
  func largeRequests() throws {
    var limiter = RateLimiter()
    let key = LedgerFixture.key(KeyLimits(tokensPerMinute: 60))
    _ = try limiter.admitted(key, tokens: 600, now: noon)
    #expect(limiter.admit(key, tokens: 600, now: noon) == .refused(limit: .tokensPerMinute, retryAfterSeconds: 600))
    _ = try limiter.admitted(key, tokens: 600, now: noon + 600)
  }

  @Test func concurrency() throws {
    var limiter = RateLimiter()
    let key = LedgerFixture.key(KeyLimits(concurrency: 2))
    let first = try limiter.admitted(key, now: noon)
    _ = try limiter.admitted(key, now: noon)
    #expect(limiter.admit(key, tokens: 0, now: noon) == .refused(limit: .concurrency, retryAfterSeconds: 1))
    limiter.settle(first, tokens: 0, cost: .zero, now: noon)
    limiter.settle(first, tokens: 0, cost: .zero, now: noon)
    #expect(limiter.running(key.id) == 1)
    _ = try limiter.admitted(key, now: noon)
    #expect(limiter.admit(key, tokens: 0, now: noon).isRefused)
    _ = try limiter.admitted(LedgerFixture.key(KeyLimits(concurrency: 1), id: "key_2"), now: noon)
  }

  @Test func aDayOfTokensBeginsWithTheLedgerAndEndsAtMidnight() throws {
    var limiter = RateLimiter()
    let key = LedgerFixture.key(KeyLimits(tokensPerDay: 100))
    #expect(limiter.needsSeed(key.id, now: noon))
    limiter.seed(key.id, with: DailySpend(tokens: 80, money: .zero), now: noon)
    #expect(!limiter.needsSeed(key.id, now: noon))
    let running = try limiter.admitted(key, tokens: 15, now: noon)
    #expect(limiter.admit(key, tokens: 6, now: noon) == .refused(limit: .tokensPerDay, retryAfterSeconds: 43_200))
    limiter.settle(running, tokens: 5, cost: .zero, now: noon)
    let late = try limiter.admitted(key, tokens: 15, now: noon)
    #expect(limiter.needsSeed(key.id, now: noon + 43_200))
    // It counts for the day that it began on.
    limiter.settle(late, tokens: 90, cost: .zero, now: noon + 43_200)
    _ = try limiter.admitted(key, tokens: 100, now: noon + 43_200)
    #expect(limiter.admit(key, tokens: 1, now: noon + 43_200).isRefused)
  }

  @Test func aDayOfMoney() throws {
    var limiter = RateLimiter()
    let key = LedgerFixture.key(KeyLimits(moneyPerDay: Money(micros: 100)))
    limiter.seed(key.id, with: DailySpend(tokens: 0, money: Money(micros: 99)), now: noon)
    let last = try limiter.admitted(key, now: noon)
    limiter.settle(last, tokens: 0, cost: Money(micros: 1), now: noon)
    #expect(
      limiter.admit(key, tokens: 0, now: noon + 43_199.5) == .refused(limit: .moneyPerDay, retryAfterSeconds: 1))
    _ = try limiter.admitted(key, now: noon + 43_200)
  }

  @Test("Random calls: never above a limit, a refusal costs nothing, its wait is enough and not a second too long")
  func laws() throws {
    var random = SeededGenerator(state: 11)
    for _ in 0..<200 {
      let limits = KeyLimits(
        requestsPerMinute: Bool.random(using: &random) ? Int.random(in: 1...50, using: &random) : nil,
        tokensPerMinute: Bool.random(using: &random) ? Int.random(in: 1...5000, using: &random) : nil)
      let key = LedgerFixture.key(limits)
      var limiter = RateLimiter()
      var time = noon
      var admissions: [(time: Date, tokens: Int)] = []
      for _ in 0..<100 {
        time += Double(Int.random(in: 0...3_000_000, using: &random)) / 1_000_000
        let tokens = Int.random(in: 0...300, using: &random)
        switch limiter.admit(key, tokens: tokens, now: time) {
        case .admitted(let reservation):
          admissions.append((time, tokens))
          limiter.settle(reservation, tokens: tokens, cost: .zero, now: time)
        case .refused(let limit, let seconds):
          var untouched = limiter
          #expect(untouched.admit(key, tokens: tokens, now: time) == .refused(limit: limit, retryAfterSeconds: seconds))
          var patient = limiter
          #expect(!patient.admit(key, tokens: tokens, now: time + Double(seconds)).isRefused)
          var hasty = limiter
          #expect(seconds == 1 || hasty.admit(key, tokens: tokens, now: time + Double(seconds - 1)).isRefused)
        }
      }
      Self.checkRates(admissions, limits)
    }
  }

  @Test("Random requests that overlap: as many run, and as much is spent of a day, as the limits say")
  func overlapping() throws {
    var random = SeededGenerator(state: 5)
    for _ in 0..<200 {
      let (most, daily) = (Int.random(in: 1...5, using: &random), Int.random(in: 100...2000, using: &random))
      let key = LedgerFixture.key(KeyLimits(concurrency: most, tokensPerDay: daily))
      var limiter = RateLimiter()
      let seed = Int.random(in: 0...daily, using: &random)
      limiter.seed(key.id, with: DailySpend(tokens: seed, money: .zero), now: noon)
      var running: [RateLimiter.Reservation] = []
      var spent = seed
      for _ in 0..<200 {
        if Bool.random(using: &random), let index = running.indices.randomElement(using: &random) {
          let reservation = running.remove(at: index)
          let used = Int.random(in: 0...reservation.tokens, using: &random)
          limiter.settle(reservation, tokens: used, cost: .zero, now: noon)
          spent += used
          continue
        }
        let tokens = Int.random(in: 0...200, using: &random)
        let reserved = running.reduce(0) { $0 + $1.tokens }
        let fits = running.count < most && spent + reserved + tokens <= daily
        switch limiter.admit(key, tokens: tokens, now: noon) {
        case .admitted(let reservation):
          #expect(fits)
          running.append(reservation)
        case .refused: #expect(!fits)
        }
        #expect(limiter.running(key.id) == running.count)
      }
    }
  }

  /// In any span, a bucket lets through what it held and what came in: at most a minute's worth more than the rate;
  /// a request larger than the bucket exceeds that by itself only.
  private static func checkRates(_ admissions: [(time: Date, tokens: Int)], _ limits: KeyLimits) {
    for first in admissions.indices {
      for last in first..<admissions.count {
        let minutes = admissions[last].time.timeIntervalSince(admissions[first].time) / 60 + 1 + 1e-6
        let span = admissions[first...last]
        if let limit = limits.requestsPerMinute { #expect(Double(span.count) <= minutes * Double(limit)) }
        if let limit = limits.tokensPerMinute {
          let tokens = span.dropLast().reduce(0) { $0 + $1.tokens }
          #expect(Double(tokens + min(limit, admissions[last].tokens)) <= minutes * Double(limit) + 300)
        }
      }
    }
  }

  @Test("Extreme numbers and a clock that jumps neither crash nor lock a key out for ever")
  func hostile() throws {
    let limits = [1, APIKey.largestLimit, .max, 0, -5]
    var limiter = RateLimiter()
    for (index, limit) in limits.enumerated() {
      let key = LedgerFixture.key(
        KeyLimits(requestsPerMinute: limit, tokensPerMinute: limit), id: "key_\(index)")
      for time in [noon, .distantPast, .distantFuture, noon - 1, noon] {
        for tokens in [0, 1, .max, .min] {
          if case .admitted(let reservation) = limiter.admit(key, tokens: tokens, now: time) {
            limiter.settle(reservation, tokens: .max, cost: Money(micros: .max), now: .distantPast)
          }
        }
      }
    }
    let key = LedgerFixture.key(KeyLimits(requestsPerMinute: 1), id: "key_0")
    _ = try limiter.admitted(key, now: noon + 3600)
  }

  @Test func limitsOfAServerBeginWithTheLedger() async throws {
    let fixture = LedgerFixture()
    let ledger = try fixture.open()
    try await ledger.record(LedgerFixture.row(at: noon - 60, key: "key_1", prompt: 60, completion: 30))
    let limits = AccessLimits(storage: ledger)
    let key = LedgerFixture.key(KeyLimits(tokensPerDay: 100))
    guard case .admitted(let reservation) = try await limits.admit(key, tokens: 10, now: noon) else {
      Issue.record("refused")
      return
    }
    #expect(try await limits.admit(key, tokens: 1, now: noon).isRefused)
    #expect(limits.running(key.id) == 1)
    limits.settle(reservation, tokens: 9, cost: .zero, now: noon)
    #expect(try await !limits.admit(key, tokens: 1, now: noon).isRefused)
  }
}

extension RateLimiter {
  fileprivate mutating func admitted(_ key: APIKey, tokens: Int = 0, now: Date) throws -> Reservation {
    guard case .admitted(let reservation) = admit(key, tokens: tokens, now: now) else { throw Refused() }
    return reservation
  }
}

private struct Refused: Error {}

extension RateLimiter.Decision {
  fileprivate var isRefused: Bool { if case .refused = self { true } else { false } }
}
