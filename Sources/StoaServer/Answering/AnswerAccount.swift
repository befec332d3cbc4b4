import StoaLedger
import Synchronization

/// Who asks.
struct Caller: Sendable, Equatable {
  /// Nil when no key is needed.
  var key: APIKey?

  /// The key's identifier.
  var keyID: String? { key?.id }
  /// The name that its owner gave it.
  var keyName: String? { key?.name }
  /// The models that the key may use; nil for all.
  var allowedModels: [String]? { key?.allowedModels }

  /// Those who share a turn when requests wait.
  var owner: String { keyID ?? "" }
}

/// What is written down about a request, whatever became of it.
struct AnswerReport: Sendable {
  var id: String
  var caller: Caller
  var api: String
  var model: String
  /// The digest of its files, if it is known.
  var modelDigest: String?
  var usage: AnswerUsage
  /// The HTTP status, 499 when the client left.
  var status: Int
  var finish: String?
}

/// Admits requests, prices them and writes them down.
protocol AnswerAccount: Sendable {
  /// Throws when the caller has used up a limit; what it returns has to be settled.
  func admit(_ caller: Caller, promptTokens: Int) async throws -> AdmissionToken
  /// Writes a finished request down and gives its cost; returns when it is durable.
  func settle(_ token: AdmissionToken, _ report: AnswerReport) async throws -> AnswerCost?
}

/// The right to be answered once. One that is dropped before it was settled, because its client left before the answer
/// began, does not count towards the limits of its key.
final class AdmissionToken: Sendable {
  private let limits: AccessLimits?
  private let reservation: Mutex<RateLimiter.Reservation?>

  /// A right without limits.
  init() {
    limits = nil
    reservation = Mutex(nil)
  }

  /// The right to use what was reserved.
  init(_ reservation: RateLimiter.Reservation, of limits: AccessLimits) {
    self.limits = limits
    self.reservation = Mutex(reservation)
  }

  deinit { settle(tokens: 0, cost: .zero) }

  /// Says what it was used for; only the first time counts.
  func settle(tokens: Int, cost: Money) {
    let held = reservation.withLock { reservation in
      defer { reservation = nil }
      return reservation
    }
    if let held { limits?.settle(held, tokens: tokens, cost: cost) }
  }
}
