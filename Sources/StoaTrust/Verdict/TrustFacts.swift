/// What was found out about a model, before any policy is asked.
public struct TrustFacts: Sendable {
  /// The model for people.
  public var model: String
  /// Whether the files are those that were signed.
  public var files: Files
  /// Whose signature there is.
  public var signature: Signature
  /// What logs say.
  public var log: LogProofState
  /// What it was made from.
  public var lineage: LineageState
  /// What assessors measured, from evidence that the certificate lists and whose signature holds.
  public var measurements: [EvaluationResult]

  /// The files beside what was signed.
  public enum Files: Hashable, Sendable {
    /// There is nothing to compare with.
    case unknown
    /// All are as they were signed.
    case asSigned(String)
    /// They differ; how.
    case differ(String)
  }

  /// A signature.
  public enum Signature: Sendable {
    /// There is none; where it was looked for.
    case none(String)
    /// The file, the signature or the statement is bad; why.
    case bad(String)
    /// It is by a key that nobody trusts, so it says nothing; which.
    case unknownKey(String)
    /// It is by a key that is trusted; which.
    case key(String)
    /// It is by somebody whom an outside authority, such as sigstore, vouches for; who.
    case identity(String)
    /// It is by the key of a certificate.
    case certificate(CertificateFacts)
  }

  /// A proof that the certificate is in a log.
  public enum LogProofState: Hashable, Sendable {
    /// There is none.
    case missing
    /// It proves nothing; why.
    case invalid(String)
    /// It holds; in which log and how many witnesses saw it.
    case proved(log: String, witnesses: Int)
  }

  /// What a model was made from.
  public enum LineageState: Hashable, Sendable {
    /// Nothing is known.
    case unknown
    /// Nothing of it was withdrawn; what it was made from.
    case clean(String)
    /// Something of it was withdrawn; the way to it.
    case tainted(String)
  }

  /// Facts with what is known of the signature and the files, and nothing else.
  public init(
    model: String, files: Files, signature: Signature, log: LogProofState = .missing,
    lineage: LineageState = .unknown, measurements: [EvaluationResult] = []
  ) {
    self.model = model
    self.files = files
    self.signature = signature
    self.log = log
    self.lineage = lineage
    self.measurements = measurements
  }
}
