public import Foundation

/// What is done about a model that is not as demanded.
public enum TrustMode: String, Sendable, CaseIterable {
  /// Nothing is looked at.
  case off
  /// Loads, and says what is wrong; only bytes that are not those that were signed are refused.
  case warn
  /// Refuses.
  case enforce
}

/// The least that a model must have.
public enum RequiredTrust: Int, Sendable, CaseIterable, Comparable {
  /// Nothing.
  case unsigned = 0
  /// A signature by somebody who is trusted.
  case signed = 1
  /// A certificate of that level or a higher one.
  case selfVouched = 2
  case thirdParty = 3
  case reproduced = 4

  /// Its name in files and options.
  public var name: String {
    switch self {
    case .unsigned: "unsigned"
    case .signed: "signed"
    case .selfVouched: "self-vouched"
    case .thirdParty: "third-party"
    case .reproduced: "reproduced"
    }
  }

  /// The one of that name.
  public init?(name: String) {
    guard let value = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = value
  }

  /// What a certificate of that level gives.
  public init(_ level: AssuranceLevel) {
    switch level {
    case .selfVouched: self = .selfVouched
    case .thirdParty: self = .thirdParty
    case .reproduced: self = .reproduced
    }
  }

  /// By strictness.
  public static func < (left: RequiredTrust, right: RequiredTrust) -> Bool { left.rawValue < right.rawValue }
}

/// A measured value that a model must reach.
public struct TrustThreshold: Hashable, Sendable {
  /// The name of the task; nil for any.
  public var task: String?
  /// The name of the metric.
  public var metric: String
  /// How the value must lie to the bound.
  public var comparator: EvaluationResult.Comparator
  /// The bound.
  public var bound: Double

  /// A bound for a metric.
  public init(task: String? = nil, metric: String, comparator: EvaluationResult.Comparator, bound: Double) {
    self.task = task
    self.metric = metric
    self.comparator = comparator
    self.bound = bound
  }
}

extension TrustThreshold: CustomStringConvertible {
  /// `task metric >= bound`.
  public var description: String { "\(task.map { $0 + " " } ?? "")\(metric) \(comparator.rawValue) \(bound)" }
}

/// A rule that is set aside for a model until a day.
public struct TrustWaiver: Hashable, Sendable {
  /// The state that is tolerated; only those of `TrustState.isWaivable`.
  public var state: TrustState
  /// Why, for whoever reads the journal.
  public var reason: String
  /// When it ends.
  public var expires: Date

  /// A waiver.
  public init(_ state: TrustState, reason: String, expires: Date) {
    self.state = state
    self.reason = reason
    self.expires = expires
  }
}

/// What one model must fulfil: the rules of a trust store for it.
public struct TrustPolicy: Hashable, Sendable {
  /// What is done when it does not.
  public var mode: TrustMode
  /// The least that it must have.
  public var required: RequiredTrust = .unsigned
  /// Values that it must reach.
  public var thresholds: [TrustThreshold] = []
  /// Regions whose guard packs it must have passed.
  public var jurisdictions: [String] = []
  /// Whether a proof that it is in a log is demanded.
  public var requiresLogProof = false
  /// Whether it matters that certificates may have been revoked.
  public var checksRevocation = true
  /// Rules that are set aside.
  public var waivers: [TrustWaiver] = []

  /// A policy that demands nothing but that what is signed is as it was signed.
  public init(mode: TrustMode) { self.mode = mode }

  /// For how long after it ended old information about revocation is still good enough, in seconds: 7 days.
  public static let staleness: TimeInterval = 7 * 86_400
}
