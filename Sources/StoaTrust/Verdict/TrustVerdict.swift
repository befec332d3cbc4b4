public import Foundation

/// One thing that was asked about a model, and the answer.
public struct VerdictCheck: Hashable, Sendable {
  /// What was asked.
  public enum Name: String, Sendable, CaseIterable {
    case signature, files, issuer, validity, usage, certificate, revocation, log, level, threshold, jurisdiction,
      lineage
  }

  /// What was asked.
  public let name: Name
  /// Why it is so.
  public let why: String
  /// What is wrong; nil when nothing is.
  public let state: TrustState?
  /// The waiver that sets it aside, if one does.
  public let waiver: TrustWaiver?

  /// Whether nothing is wrong.
  public var isOK: Bool { state == nil }

  /// What a mode does about it; a waiver turns a refusal into an alert.
  public func decision(_ mode: TrustMode) -> TrustDecision {
    let decision = state?.decision(mode) ?? .load
    return waiver == nil ? decision : min(decision, .alert)
  }
}

/// What is made of the facts about a model by a policy: every check, why, and what happens.
public struct TrustVerdict: Sendable {
  /// What a model is.
  public enum Status: String, Sendable, CaseIterable {
    /// A certificate for models holds, with all that belongs to it.
    case certified
    /// A signature holds.
    case signed
    /// No signature counts.
    case unsigned
    /// It is not loaded.
    case refused
  }

  /// The model for people.
  public let model: String
  /// What the model is.
  public let status: Status
  /// What happens to it.
  public let decision: TrustDecision
  /// All checks, in the order in which they matter.
  public let checks: [VerdictCheck]
  /// The mode that decided.
  public let mode: TrustMode
  /// The certificate behind it.
  public let certificate: CertificateFacts?
  /// Who signed, for people.
  public let signer: String?
  /// When it was reached.
  public let time: Date

  /// Judges the facts at a time.
  public init(_ facts: TrustFacts, policy: TrustPolicy, time: Date) {
    var checker = VerdictChecker(policy: policy, time: time)
    checker.run(facts)
    model = facts.model
    checks = checker.checks
    mode = policy.mode
    self.time = time
    decision = checker.checks.map { $0.decision(policy.mode) }.max() ?? .load
    status = decision == .refuse ? .refused : Self.status(facts, checker.checks)
    if case .certificate(let facts) = facts.signature { certificate = facts } else { certificate = nil }
    signer = Self.signer(facts.signature)
  }

  /// The status of a model that is loaded: what there is that holds, whatever more a policy demands.
  private static func status(_ facts: TrustFacts, _ checks: [VerdictCheck]) -> Status {
    let wrong = Set(checks.compactMap(\.state))
    switch facts.signature {
    case .none, .bad, .unknownKey: return .unsigned
    case .key, .identity: return wrong.contains(.digestMismatch) ? .unsigned : .signed
    case .certificate(let certificate):
      if wrong.contains(.digestMismatch) || wrong.contains(.badSignature) { return .unsigned }
      let broken: Set<TrustState> = [
        .certificateMismatch, .revoked, .expired, .unknownIssuer, .wrongUsage, .noLogProof, .overdueStatus,
      ]
      return certificate.level != nil && wrong.isDisjoint(with: broken) ? .certified : .signed
    }
  }

  private static func signer(_ signature: TrustFacts.Signature) -> String? {
    switch signature {
    case .none, .bad, .unknownKey: nil
    case .key(let name), .identity(let name): name
    case .certificate(let facts): facts.leaf.subject.description
    }
  }

  /// The level of the certificate, if the model is certified.
  public var level: AssuranceLevel? { status == .certified ? certificate?.level : nil }

  /// What is wrong, the worst first.
  public var problems: [VerdictCheck] {
    let wrong = checks.filter { !$0.isOK }
    // Stable: of two that are equally bad the earlier check comes first.
    return wrong.enumerated().sorted { left, right in
      let (first, second) = (left.element.decision(mode), right.element.decision(mode))
      return first == second ? left.offset < right.offset : first > second
    }.map(\.element)
  }

  /// Waivers that were used; the journal keeps them.
  public var waivers: [TrustWaiver] { checks.compactMap(\.waiver) }

  /// One line for people.
  public var line: String {
    let worst = problems.first.map { ": \($0.why)" } ?? ""
    let more = problems.count > 1 ? " (and \(problems.count - 1) more)" : ""
    let who = signer.map { " by \($0)" } ?? ""
    switch status {
    case .certified: return "certified \(level?.name ?? "")\(who)\(worst)\(more)"
    case .signed: return "signed\(who)\(worst)\(more)"
    case .unsigned: return "unsigned\(worst)\(more)"
    case .refused: return "refused\(worst)\(more)"
    }
  }
}
