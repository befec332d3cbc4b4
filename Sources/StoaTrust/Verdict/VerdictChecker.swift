import Foundation

/// Asks what a policy demands of the facts, one check after the other.
struct VerdictChecker {
  let policy: TrustPolicy
  let time: Date
  private(set) var checks: [VerdictCheck] = []

  init(policy: TrustPolicy, time: Date) {
    self.policy = policy
    self.time = time
  }

  private mutating func add(_ name: VerdictCheck.Name, _ state: TrustState?, _ why: String) {
    let waiver = state.flatMap { state in
      state.isWaivable ? policy.waivers.first { $0.state == state && time < $0.expires } : nil
    }
    let note = waiver.map { " (waived until \(PKITime.text($0.expires)): \($0.reason))" } ?? ""
    checks.append(VerdictCheck(name: name, why: why + note, state: state, waiver: waiver))
  }

  mutating func run(_ facts: TrustFacts) {
    guard checkSignature(facts) else { return }
    switch facts.files {
    case .unknown: add(.files, .digestMismatch, "the files were not compared with what was signed")
    case .asSigned(let why): add(.files, nil, why)
    case .differ(let why): add(.files, .digestMismatch, why)
    }
    if case .certificate(let certificate) = facts.signature { check(certificate) }
    checkLog(facts)
    checkLevel(facts.signature)
    checkThresholds(facts)
    checkJurisdictions(facts.signature)
    checkLineage(facts.lineage)
  }

  /// False when nothing that follows has a meaning.
  private mutating func checkSignature(_ facts: TrustFacts) -> Bool {
    switch facts.signature {
    case .none(let why):
      add(.signature, policy.required > .unsigned ? .unsigned : nil, why)
      // What has no signature has nothing else that could be looked at, but for what it was made from.
      checkLineage(facts.lineage)
      return false
    case .bad(let why):
      add(.signature, .badSignature, why)
      return false
    case .unknownKey(let why):
      add(.signature, .unknownIssuer, why)
      return false
    case .key(let signer): add(.signature, nil, "it holds, by the trusted key \(signer)")
    case .identity(let signer): add(.signature, nil, "it holds, by \(signer)")
    case .certificate(let facts): add(.signature, nil, "it holds, by the key of \(facts.leaf.subject)")
    }
    return true
  }

  private mutating func check(_ certificate: CertificateFacts) {
    let problems = certificate.path.problems
    func reasons(_ kinds: Set<PathProblem.Kind>) -> String? {
      let found = problems.filter { kinds.contains($0.kind) }.map(\.description)
      return found.isEmpty ? nil : found.joined(separator: "; ")
    }
    let root = certificate.path.chain.last?.subject.description ?? ""
    let chain = reasons([
      .unknownIssuer, .signature, .notAnAuthority, .pathTooLong, .policy, .criticalExtension,
    ])
    add(.issuer, chain == nil ? nil : .unknownIssuer, chain ?? "the chain leads to the trusted root \(root)")
    let validity = reasons([.expired, .notYetValid])
    add(
      .validity, validity == nil ? nil : .expired,
      validity ?? "valid until \(PKITime.text(certificate.leaf.notAfter))")
    checkUsage(certificate, reasons([.keyUsage, .extendedKeyUsage]))
    if policy.checksRevocation { checkRevocation(certificate.revocation) }
  }

  private mutating func checkUsage(_ certificate: CertificateFacts, _ problem: String?) {
    if let problem { return add(.usage, .wrongUsage, problem) }
    switch certificate.profile {
    case .model(let level, _): add(.usage, nil, "for signing models, level \(level.name)")
    case .mismatch(let why): add(.certificate, .certificateMismatch, why)
    case .wrongUsage(let why): add(.usage, .wrongUsage, why)
    case .other where policy.required > .signed:
      add(.usage, .wrongUsage, "the key is not for signing models, which the level \(policy.required.name) demands")
    case .other: add(.usage, nil, "the key is for other signatures: it counts as a signature only")
    }
  }

  private mutating func checkRevocation(_ status: RevocationStatus) {
    switch status {
    case .good(let until): add(.revocation, nil, "not revoked, known until \(PKITime.text(until))")
    case .revoked(let revocation, let subject): add(.revocation, .revoked, "\(subject) was \(revocation)")
    case .stale(let since, let reason):
      let isOverdue = time.timeIntervalSince(since) > TrustPolicy.staleness
      add(.revocation, isOverdue ? .overdueStatus : .staleStatus, reason)
    }
  }

  private mutating func checkLog(_ facts: TrustFacts) {
    guard policy.requiresLogProof else { return }
    switch facts.log {
    case .missing: add(.log, .noLogProof, "there is no proof that it is in a log")
    case .invalid(let why): add(.log, .noLogProof, why)
    case .proved(let log, let witnesses):
      add(.log, nil, "it is in the log \(log), seen by \(witnesses) \(witnesses == 1 ? "witness" : "witnesses")")
    }
  }

  private mutating func checkLevel(_ signature: TrustFacts.Signature) {
    var given = RequiredTrust.signed
    if case .certificate(let facts) = signature, let level = facts.level { given = RequiredTrust(level) }
    let isEnough = given >= policy.required
    let demand = policy.required == .unsigned ? "nothing is demanded" : "\(policy.required.name) is demanded"
    add(.level, isEnough ? nil : .belowLevel, "it is \(given.name), and \(demand)")
  }

  private mutating func checkThresholds(_ facts: TrustFacts) {
    for threshold in policy.thresholds {
      let found = facts.measurements.filter {
        $0.metric == threshold.metric && (threshold.task == nil || $0.task == threshold.task)
      }
      // Every measurement that was vouched for must pass; none is no pass.
      guard let worst = found.first(where: { !threshold.comparator.holds($0.value, threshold.bound) }) ?? found.first
      else {
        add(.threshold, .belowThreshold, "\(threshold) is demanded, and nobody measured it")
        continue
      }
      let holds = threshold.comparator.holds(worst.value, threshold.bound)
      add(.threshold, holds ? nil : .belowThreshold, "\(threshold) is demanded, and \(worst.task) gave \(worst.value)")
    }
  }

  private mutating func checkJurisdictions(_ signature: TrustFacts.Signature) {
    for region in policy.jurisdictions {
      guard case .certificate(let facts) = signature, case .model(_, let info) = facts.profile else {
        add(.jurisdiction, .jurisdiction, "nothing says that it may be used in \(region)")
        continue
      }
      let found = info.jurisdictions.filter { $0.region == region }
      if let bad = found.first(where: { $0.verdict != .met }) {
        add(.jurisdiction, .jurisdiction, "the rules of \(region) are not kept: \(bad.packID) says \(bad.verdict)")
      } else if let good = found.first {
        add(.jurisdiction, nil, "the rules of \(region) are kept: \(good.packID)")
      } else {
        add(.jurisdiction, .jurisdiction, "the certificate says nothing about \(region)")
      }
    }
  }

  private mutating func checkLineage(_ lineage: TrustFacts.LineageState) {
    switch lineage {
    case .unknown: break
    case .clean(let why): add(.lineage, nil, why)
    case .tainted(let why): add(.lineage, .taintedLineage, why)
    }
  }
}
