/// What is wrong with a model: the rows of the load table, by the names that clients see.
public enum TrustState: String, Sendable, CaseIterable {
  /// The files are not those that were signed: changed, missing, or more of them.
  case digestMismatch = "digest-mismatch"
  /// The signature does not hold.
  case badSignature = "bad-signature"
  /// The certificate speaks of other bytes or is not what it claims to be.
  case certificateMismatch = "certificate-mismatch"
  /// A certificate of the chain was withdrawn.
  case revoked
  /// A certificate of the chain is not valid at this time.
  case expired
  /// Nobody who is trusted vouches.
  case unknownIssuer = "unknown-issuer"
  /// The key is not for signing models.
  case wrongUsage = "wrong-usage"
  /// There is no proof that it is in a log, or it proves nothing.
  case noLogProof = "no-log-proof"
  /// It is not known any more whether a certificate was withdrawn, since less than 7 days.
  case staleStatus = "stale-status"
  /// The same for longer.
  case overdueStatus = "overdue-status"
  /// There is no signature, and one is demanded.
  case unsigned
  /// The level of its certificate is too low.
  case belowLevel = "below-level"
  /// A measured value is too low, or was not measured.
  case belowThreshold = "below-threshold"
  /// It did not pass the guard pack of a region.
  case jurisdiction
  /// What it was made from was withdrawn.
  case taintedLineage = "tainted-lineage"
}

/// What happens to a model.
public enum TrustDecision: Int, Sendable, Comparable {
  /// It is loaded.
  case load = 0
  /// It is loaded, and whoever runs it is told what is wrong.
  case alert = 1
  /// It is not loaded.
  case refuse = 2

  /// By severity.
  public static func < (left: TrustDecision, right: TrustDecision) -> Bool { left.rawValue < right.rawValue }
}

extension TrustState {
  /// What a mode does about it: the table of the design, row by row.
  public func decision(_ mode: TrustMode) -> TrustDecision {
    switch (mode, self) {
    case (.off, _): .load
    // Bytes that are not what was signed never run.
    case (_, .digestMismatch), (_, .badSignature), (_, .certificateMismatch): .refuse
    case (.warn, _): .alert
    case (.enforce, .staleStatus): .alert
    case (.enforce, _): .refuse
    }
  }

  /// Whether a waiver may set it aside: what was demanded, never who signed or what.
  public var isWaivable: Bool {
    switch self {
    case .noLogProof, .overdueStatus, .belowLevel, .belowThreshold, .jurisdiction, .taintedLineage: true
    default: false
    }
  }
}
