/// What is wrong with a certificate, a revocation list, a status response or a folder of an authority.
public struct PKIError: Error, Equatable, Sendable {
  /// The kind of the problem; programs decide by it.
  public enum Code: String, Sendable {
    /// The bytes are not the structure they should be.
    case encoding
    /// The structure has a value that its profile forbids.
    case profile
    /// A larger object than is read.
    case size
    /// A signature does not fit, or its algorithm is not supported.
    case signature
    /// A file or folder of the authority.
    case storage
    /// What is asked for is not allowed.
    case refused
  }

  /// The kind.
  public let code: Code
  /// What is wrong and where.
  public let message: String
  /// What to do about it.
  public let advice: String?

  init(_ code: Code, _ message: String, advice: String? = nil) {
    self.code = code
    self.message = message
    self.advice = advice
  }

  /// The same error, saying of what it speaks.
  func within(_ place: String) -> PKIError { PKIError(code, "\(place): \(message)", advice: advice) }
}

extension PKIError: CustomStringConvertible {
  /// The message, then the advice on a line of its own.
  public var description: String { advice.map { "\(message)\n\($0)" } ?? message }
}

extension TrustError {
  /// What is wrong with the certificates, lists or responses in `source`.
  init(_ error: PKIError, source: String) {
    self = .malformed(source: source, problem: error.message, advice: error.advice)
  }
}
