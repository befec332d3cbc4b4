import StoaLedger

/// Who asks.
struct Caller: Sendable, Equatable {
  /// Nil when no key is needed.
  var key: APIKey?

  /// The key's identifier.
  var keyID: String? { key?.id }
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

/// The right to be answered once.
struct AdmissionToken: Sendable {
  /// What counts towards the limits of a key.
  var reservation: RateLimiter.Reservation?
}
