/// Why a chain of certificates is not accepted.
public struct PathProblem: Hashable, Sendable {
  /// The kind of the problem.
  public enum Kind: String, Sendable, CaseIterable {
    /// No certificate of the issuer is trusted or given.
    case unknownIssuer
    /// The signature of a certificate does not fit its issuer's key.
    case signature
    /// A certificate has expired.
    case expired
    /// A certificate is not valid yet.
    case notYetValid
    /// An issuer is not an authority, or may not sign certificates.
    case notAnAuthority
    /// There are more authorities below one than it allows.
    case pathTooLong
    /// The key may not make signatures.
    case keyUsage
    /// The key is for another purpose.
    case extendedKeyUsage
    /// No demanded policy holds along the chain.
    case policy
    /// A critical extension is not understood.
    case criticalExtension
  }

  /// The kind.
  public let kind: Kind
  /// The subject of the certificate that has it.
  public let subject: String
  /// What is wrong.
  public let reason: String
}

extension PathProblem: CustomStringConvertible {
  /// The reason and the certificate.
  public var description: String { "\(reason) (\(subject))" }
}

/// A chain from a leaf to a trust anchor, as far as one was found, and what is wrong with it.
public struct CertificatePath: Hashable, Sendable {
  /// The leaf first, the anchor last; without an anchor when the issuer is unknown.
  public let chain: [X509Certificate]
  /// Empty when the chain is accepted.
  public let problems: [PathProblem]
  /// The policies that hold along the whole chain; nil when any would.
  public let policies: Set<ObjectIdentifier>?

  /// Whether it is accepted.
  public var isValid: Bool { problems.isEmpty }
}
