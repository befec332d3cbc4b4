/// Why a request was not answered, in the terms that all APIs share; each writes it in its own shape.
struct APIError: Error, Equatable, Sendable {
  /// What kind of failure it is; decides the HTTP status and the names that clients know.
  enum Kind: Sendable, CaseIterable {
    /// The request is wrong; sending it again does not help.
    case invalidRequest
    case unauthenticated
    case forbidden
    case notFound
    case methodNotAllowed
    case timeout
    case tooLarge
    /// The caller has used up a limit of its key.
    case rateLimited
    /// The server has too much to do, or is stopping.
    case overloaded
    /// Another server, which this one asks, failed.
    case badGateway
    /// Another server, which this one asks, was not done in time.
    case gatewayTimeout
    /// A defect of the server or of the model's file.
    case `internal`
  }

  var kind: Kind
  /// What is wrong and what to do, for people.
  var message: String
  /// The field of the request that is wrong: `messages[0].role`.
  var field: String?
  /// A word for programs, as OpenAI's clients know it: `context_length_exceeded`.
  var code: String?
  /// When it makes sense to ask again.
  var retryAfterSeconds: Int?
  /// Why a model is not loaded, by the name of its state: `digest-mismatch`.
  var refusal: String?

  init(
    _ kind: Kind, _ message: String, field: String? = nil, code: String? = nil, retryAfterSeconds: Int? = nil
  ) {
    self.kind = kind
    self.message = message
    self.field = field
    self.code = code
    self.retryAfterSeconds = retryAfterSeconds
  }

  /// A field that is missing or has a wrong value.
  static func invalid(_ field: String, _ problem: String, code: String? = nil) -> APIError {
    APIError(.invalidRequest, "\(field): \(problem)", field: field, code: code)
  }

  /// The HTTP status.
  var status: Int {
    switch kind {
    case .invalidRequest: 400
    case .unauthenticated: 401
    case .forbidden: 403
    case .notFound: 404
    case .methodNotAllowed: 405
    case .timeout: 408
    case .tooLarge: 413
    case .rateLimited: 429
    case .internal: 500
    case .badGateway: 502
    case .overloaded: 503
    case .gatewayTimeout: 504
    }
  }
}
