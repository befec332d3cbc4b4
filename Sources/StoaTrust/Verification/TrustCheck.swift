/// One thing that was looked at, and how it came out.
public struct TrustCheck: Equatable, Sendable {
  /// What is looked at, in the order in which it matters.
  public enum Kind: String, Sendable, CaseIterable {
    /// There is a signature.
    case present
    /// The signature's file can be read.
    case bundle
    /// The verifier knows the key.
    case key
    /// The certificate leads to a root that the verifier trusts.
    case chain
    /// The certificate was valid when it counts.
    case validity
    /// The certificate is for signing models.
    case usage
    /// A log has the signature.
    case log
    /// The signer is the one that is expected.
    case identity
    /// The signature is by the key over the statement.
    case signature
    /// The statement is one about a model.
    case statement
    /// The model's files are those that were signed.
    case files
  }

  /// What was looked at.
  public var kind: Kind
  /// Whether it is as it should be.
  public var isGood: Bool
  /// Why, in a sentence for people.
  public var why: String

  /// A check that was made.
  public init(_ kind: Kind, _ isGood: Bool, _ why: String) {
    self.kind = kind
    self.isGood = isGood
    self.why = why
  }
}
