/// Whom a user trusts and what they demand: one YAML file.
public struct TrustStore: Sendable {
  /// A root that is trusted.
  public struct Root: Sendable, Hashable {
    /// What the user calls it.
    public var name: String
    /// Its certificate.
    public var certificate: X509Certificate
    /// The levels that it may vouch for; nil for all.
    public var levels: Set<AssuranceLevel>?
  }

  /// A key whose signatures are trusted.
  public struct Key: Sendable, Hashable {
    /// What the user calls it.
    public var name: String
    /// The key.
    public var key: VerificationKey
  }

  /// A rule for one model.
  public struct Rule: Sendable, Hashable {
    /// The name of the model, or `sha256:` and D in hexadecimal.
    public var model: String
    /// What is done about it; nil for what the store says.
    public var mode: TrustMode?
    /// The least that it must have; nil for what the store says.
    public var required: RequiredTrust?
    /// Thresholds besides those of the store.
    public var thresholds: [TrustThreshold]
    /// Regions besides those of the store.
    public var jurisdictions: [String]
  }

  /// A waiver for one model.
  public struct Waiver: Sendable, Hashable {
    /// The name of the model, or `sha256:` and D in hexadecimal.
    public var model: String
    /// What is set aside, why, until when.
    public var waiver: TrustWaiver
  }

  /// Which certificates may have been revoked.
  public enum RevocationCheck: String, Sendable, CaseIterable {
    /// Every one below the root.
    case chain
    /// The model's only.
    case leaf
    /// None.
    case off
  }

  /// The file that it was read from; its folder is where other paths begin.
  public let path: String
  /// What is done about a model that is not as demanded; nil leaves that to the command.
  public var mode: TrustMode?
  /// The least that every model must have.
  public var required: RequiredTrust = .selfVouched
  /// Roots of certificates.
  public var roots: [Root] = []
  /// Keys.
  public var keys: [Key] = []
  /// Logs and how many witnesses they need; empty asks for no proof.
  public var logs: [LogPolicy] = []
  /// Whether a model without a proof is tolerated although logs are known.
  public var isLogProofOptional = false
  /// Which certificates may have been revoked.
  public var revocation = RevocationCheck.chain
  /// Files with revocation lists, besides those beside models.
  public var listPaths: [String] = []
  /// Values that every model must reach.
  public var thresholds: [TrustThreshold] = []
  /// Regions that every model must be good for.
  public var jurisdictions: [String] = []
  /// Rules for single models.
  public var rules: [Rule] = []
  /// Rules that are set aside.
  public var waivers: [Waiver] = []

  init(emptyAt path: String) { self.path = path }

  /// A store of keys and roots that were named for once: a signature by one of them is enough. Revocation counts only
  /// where something is known about it.
  public init(keys: [VerificationKey], roots: [X509Certificate]) {
    path = ""
    required = .signed
    self.keys = keys.map { Key(name: $0.fingerprint, key: $0) }
    self.roots = roots.map { Root(name: $0.subject.description, certificate: $0, levels: nil) }
    revocation = .off
  }

  /// What one model must fulfil.
  ///
  /// - Parameters:
  ///   - names: What the model is called: in the library, by its file or folder.
  ///   - digest: D, when it is known; 32 bytes.
  ///   - fallback: The mode when the store says none.
  public func policy(for names: [String], digest: [UInt8]?, fallback: TrustMode) -> TrustPolicy {
    func means(_ model: String) -> Bool {
      if model.hasPrefix(Self.digestPrefix) {
        return digest.map { Self.digestPrefix + Hex.encode($0) == model.lowercased() } ?? false
      }
      return names.contains(model)
    }
    var policy = TrustPolicy(mode: mode ?? fallback)
    policy.required = required
    policy.thresholds = thresholds
    policy.jurisdictions = jurisdictions
    policy.requiresLogProof = !logs.isEmpty && !isLogProofOptional
    policy.checksRevocation = revocation != .off
    for rule in rules where means(rule.model) {
      policy.mode = rule.mode ?? policy.mode
      policy.required = rule.required ?? policy.required
      policy.thresholds += rule.thresholds
      policy.jurisdictions += rule.jurisdictions
    }
    policy.waivers = waivers.filter { means($0.model) }.map(\.waiver)
    return policy
  }

  static let digestPrefix = "sha256:"
}
