import Foundation
import StoaFormats

/// What somebody asks an authority to certify, and the evidence for it.
public struct IssuanceRequest: Sendable {
  /// The level that is asked for.
  public var level: AssuranceLevel
  /// D: the root digest of the model's manifest.
  public var rootDigest: [UInt8]
  /// M: SHA-256 of the statement's bytes.
  public var statementDigest: [UInt8]
  /// The publisher's key, which signs the model.
  public var key: VerificationKey
  /// The publisher's organisation.
  public var organization: String
  /// The model's name.
  public var name: String
  /// SPDX licence expression when no evidence says it.
  public var licence: String?
  /// Signed statements about the model.
  public var evidence: [EvidenceFile]
  /// Whose statements count.
  public var assessors: [VerificationKey]
  /// Certificates of models that this one was derived from.
  public var bases: [X509Certificate]

  /// A request without evidence.
  public init(
    level: AssuranceLevel, rootDigest: [UInt8], statementDigest: [UInt8], key: VerificationKey, organization: String,
    name: String
  ) {
    self.level = level
    self.rootDigest = rootDigest
    self.statementDigest = statementDigest
    self.key = key
    self.organization = organization
    self.name = name
    licence = nil
    evidence = []
    assessors = []
    bases = []
  }
}

/// Holds a request against the rules of its level.
struct Issuance {
  let request: IssuanceRequest
  let rules: LevelRules.Level
  let time: Date

  /// A statement whose signature holds.
  private struct Statement {
    let type: PredicateType
    let file: EvidenceFile
    let assessor: VerificationKey
  }

  /// What the certificate will say; throws what is missing, all of it at once.
  func examine() throws(PKIError) -> AISafetyInfo {
    if let refusal = rules.refusal {
      throw PKIError(.refused, "nothing is certified as \(request.level.name): \(refusal)")
    }
    var problems: [String] = []
    let statements = accepted(&problems)
    for demand in rules.evidence { problems += missing(demand, statements) }
    guard problems.isEmpty else {
      throw PKIError(
        .refused, "\(request.name) cannot be certified as \(request.level.name)",
        advice: problems.joined(separator: "\n"))
    }
    return try info(statements)
  }

  /// The statements that count; the others say why they do not.
  private func accepted(_ problems: inout [String]) -> [Statement] {
    var statements: [Statement] = []
    let digest = Hex.encode(request.rootDigest)
    for file in request.evidence {
      let path = file.path
      guard let type = PredicateType(uri: file.statement.predicateType) else {
        problems.append("\(path): nothing is known about statements of type \(file.statement.predicateType)")
        continue
      }
      guard let envelope = file.envelope else {
        problems.append("\(path): nobody signed it; stoa attest does with --key")
        continue
      }
      guard file.statement.subjects.contains(where: { $0.digests["sha256"] == digest }) else {
        problems.append("\(path): it is about another model than \(digest)")
        continue
      }
      guard let assessor = (request.assessors + [request.key]).first(where: { envelope.isSigned(by: $0) }) else {
        problems.append("\(path): none of the assessors signed it; name theirs by --assessor")
        continue
      }
      statements.append(Statement(type: type, file: file, assessor: assessor))
    }
    return statements
  }

  private func missing(_ demand: LevelRules.Demand, _ statements: [Statement]) -> [String] {
    var reasons: [String] = []
    var count = 0
    let found = statements.filter { $0.type == demand.type }
    for statement in found {
      if let reason = shortfall(statement, demand) {
        reasons.append("\(statement.file.path): \(reason)")
      } else {
        count += 1
      }
    }
    if count < demand.count {
      let many = demand.count == 1 ? "a statement" : "\(demand.count) statements"
      reasons.append("missing: \(many) of type \(demand.type.rawValue)\(description(demand))")
    }
    for threshold in demand.thresholds where !reaches(threshold, found) {
      reasons.append("missing: an evaluation with \(threshold)")
    }
    return reasons
  }

  /// Why a statement of the right type does not do.
  private func shortfall(_ statement: Statement, _ demand: LevelRules.Demand) -> String? {
    if rules.isIndependent, statement.assessor == request.key {
      return "it is by the publisher's own key, and \(request.level.name) asks for somebody else's"
    }
    if let limit = demand.maximumAge {
      guard let day = statement.file.statement.assessed else {
        return "it does not say on which day it was made (assessed), and may not be older than \(limit) days"
      }
      // A day lasts until its end everywhere on earth.
      guard day <= time + 86_400 else { return "it was made on a day that has not come yet" }
      guard time.timeIntervalSince(day) <= Double(limit + 1) * 86_400 else {
        return "it is older than \(limit) days"
      }
    }
    guard demand.type == .evaluation else { return nil }
    guard let result = statement.file.statement.evaluation else { return "it is no evaluation" }
    if !result.passed { return "\(result.task) did not pass: \(result.metric) is \(result.value)" }
    return result.n < demand.minimumItems
      ? "it was measured on \(result.n) items, and \(demand.minimumItems) are the least" : nil
  }

  private func reaches(_ threshold: TrustThreshold, _ statements: [Statement]) -> Bool {
    statements.compactMap(\.file.statement.evaluation).contains {
      $0.metric == threshold.metric && (threshold.task == nil || $0.task == threshold.task)
        && threshold.comparator.holds($0.value, threshold.bound)
    }
  }

  private func description(_ demand: LevelRules.Demand) -> String {
    var parts: [String] = []
    if let age = demand.maximumAge { parts.append("at most \(age) days old") }
    if demand.minimumItems > 1 { parts.append("on at least \(demand.minimumItems) items") }
    if rules.isIndependent { parts.append("signed by an assessor that is not the publisher") }
    return parts.isEmpty ? "" : ", " + parts.joined(separator: ", ")
  }

  // MARK: What the certificate says

  private func info(_ statements: [Statement]) throws(PKIError) -> AISafetyInfo {
    var info = AISafetyInfo(
      omsRoot: request.rootDigest, omsManifest: request.statementDigest, evidence: [],
      assurance: request.level == .selfVouched ? .publisher : .thirdParty,
      openness: .init(framework: "none", openClass: 0, isOSAID: false), licence: request.licence ?? "NOASSERTION",
      jurisdictions: [], lineage: [])
    do throws(TrustError) {
      for statement in statements {
        let predicate = try JSONFields(statement.file.statement.predicate, source: statement.file.path)
        info.evidence.append(
          .init(predicateType: statement.type.uri, sha256: sha256(statement.file.envelope?.payload ?? [])))
        switch statement.type {
        case .licence: info.licence = try LicenceEvidence(predicate).expression
        case .openness:
          let openness = try OpennessEvidence(predicate)
          info.openness = .init(
            framework: openness.framework, openClass: openness.modelClass, isOSAID: openness.meetsOSAID)
        case .guardPack: info.jurisdictions += Self.jurisdictions(try GuardPackEvidence(predicate))
        case .derivation: info.lineage += lineage(try Provenance(predicate))
        case .evaluation, .dataDocumentation: break
        }
      }
    } catch {
      throw PKIError(.refused, error.description)
    }
    return info
  }

  private static func jurisdictions(_ pack: GuardPackEvidence) -> [AISafetyInfo.Jurisdiction] {
    pack.jurisdictions.map { found in
      let verdict: AISafetyInfo.Jurisdiction.Verdict =
        switch found.verdict {
        case .met: .met
        case .partly: .partly
        case .unmet: .unmet
        }
      return .init(
        region: found.region, packID: "\(pack.id) \(pack.version)", packSHA256: pack.digest.bytes, verdict: verdict)
    }
  }

  private func lineage(_ provenance: Provenance) -> [AISafetyInfo.Ancestor] {
    provenance.dependencies.compactMap { dependency in
      guard let digest = dependency.digests["sha256"].flatMap(Hex.decode), digest.count == 32 else { return nil }
      let base = request.bases.first { $0.extensions.uris.compactMap(ModelURI.digest).contains(digest) }
      return .init(
        relation: provenance.relation?.rawValue ?? provenance.buildType, baseRoot: digest,
        baseCertificateSHA256: base?.fingerprint)
    }
  }
}

extension InTotoStatement {
  /// The day on which a predicate says that it was made, its beginning in UTC.
  var assessed: Date? {
    guard let day = predicate["assessed"]?.stringValue, day.utf8.count == 10 else { return nil }
    return try? Date(day + "T00:00:00Z", strategy: .iso8601)
  }

  /// The result, if this is an evaluation.
  package var evaluation: EvaluationResult? {
    guard PredicateType(uri: predicateType) == .evaluation else { return nil }
    return try? EvaluationResult(json: predicate, source: "the evaluation")
  }
}
