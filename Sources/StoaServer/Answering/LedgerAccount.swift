import Foundation
import StoaLedger

/// Keys, their limits, prices and the ledger behind a server.
struct LedgerAccount: AnswerAccount, AccessControl {
  private let ledger: any LedgerStorage
  private let keys: KeyStore
  private let limits: AccessLimits
  private let prices: PriceTable
  /// Whether those without a key are let in.
  private let isOpen: Bool

  init(ledger: any LedgerStorage, prices: PriceTable, isOpen: Bool) {
    self.ledger = ledger
    keys = KeyStore(storage: ledger)
    limits = AccessLimits(storage: ledger)
    self.prices = prices
    self.isOpen = isOpen
  }

  // MARK: Who asks

  func caller(secret: String?, scope: AccessScope) async throws(APIError) -> Caller {
    // Clients that must send some key send any to a server that needs none.
    if isOpen, secret?.hasPrefix("sk-stoa-") != true { return Caller() }
    guard let secret else {
      throw APIError(
        .unauthenticated, "a key is needed: send it as 'Authorization: Bearer sk-stoa-…'", code: "missing_key")
    }
    let key: APIKey?
    do {
      key = try await keys.authenticate(secret)
    } catch let refusal as KeyRefusal {
      throw APIError(.unauthenticated, refusal.description, code: "invalid_api_key")
    } catch {
      throw APIError(.overloaded, "keys cannot be checked: \(error)", code: "ledger_unavailable", retryAfterSeconds: 5)
    }
    guard let key else { throw APIError(.unauthenticated, "there is no such key", code: "invalid_api_key") }
    guard let needed = KeyScope(rawValue: scope.rawValue), key.allows(needed) else {
      throw APIError(.forbidden, "the key \(key.id) is not for \(scope.rawValue)", code: "insufficient_scope")
    }
    return Caller(key: key)
  }

  // MARK: Limits and what was used

  func admit(_ caller: Caller, promptTokens: Int) async throws -> AdmissionToken {
    guard let key = caller.key else { return AdmissionToken() }
    switch try await limits.admit(key, tokens: promptTokens) {
    case .admitted(let reservation): return AdmissionToken(reservation, of: limits)
    case .refused(let limit, let seconds):
      throw APIError(
        .rateLimited, "the key \(key.id) has reached its limit of \(Self.words(limit)); try again in \(seconds) s",
        code: "rate_limit_exceeded", retryAfterSeconds: seconds)
    }
  }

  private static func words(_ limit: RateLimiter.Limit) -> String {
    switch limit {
    case .concurrency: "requests at the same time"
    case .requestsPerMinute: "requests per minute"
    case .tokensPerMinute: "tokens per minute"
    case .tokensPerDay: "tokens per day"
    case .moneyPerDay: "money per day"
    }
  }

  func settle(_ token: AdmissionToken, _ report: AnswerReport) async throws -> AnswerCost? {
    let usage = report.usage
    let cost = prices.price(
      model: report.model, promptTokens: usage.promptTokens, cachedTokens: usage.cachedTokens,
      completionTokens: usage.completionTokens, computeSeconds: usage.promptSeconds + usage.generateSeconds)
    token.settle(tokens: usage.promptTokens + usage.completionTokens, cost: cost.amount)
    try await ledger.record(
      UsageRow(
        requestID: report.id, startedAt: Date(timeIntervalSinceNow: -usage.totalSeconds), keyID: report.caller.keyID,
        api: report.api, model: report.model, modelDigest: report.modelDigest, promptTokens: usage.promptTokens,
        cachedTokens: usage.cachedTokens,
        completionTokens: usage.completionTokens, isEstimated: usage.isEstimated, queueSeconds: usage.queueSeconds,
        promptSeconds: usage.promptSeconds,
        generateSeconds: usage.generateSeconds, status: report.status, finish: report.finish, cost: cost))
    guard let currency = cost.currency else { return nil }
    return AnswerCost(
      currency: currency, amount: Double(cost.amount.micros) / 1e6,
      elsewhere: cost.comparisons.map { ($0.name, Double($0.amount.micros) / 1e6) })
  }
}
