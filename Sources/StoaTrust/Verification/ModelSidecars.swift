import Foundation
import StoaFormats

/// What lies beside a model whose certificate names it: the proof that it was logged, statements, certificates of what
/// it was made from.
struct ModelSidecars {
  let folder: ModelFolder
  let store: TrustStore

  /// Whether the certificate and its evidence are in a log that the store knows.
  func logState(_ leaf: X509Certificate, _ info: AISafetyInfo) throws(TrustError) -> TrustFacts.LogProofState {
    let path = folder.sidecar("tlog-proof")
    guard !store.logs.isEmpty, exists(path) else { return .missing }
    let bytes = try readBytes(path)
    var digests: [LogEntry.EvidenceDigest] = []
    for evidence in info.evidence {
      guard let hash = MerkleHash(evidence.sha256) else {
        return .invalid("the certificate names evidence by no SHA-256")
      }
      digests.append(.init(predicateType: evidence.predicateType, sha256: hash))
    }
    guard let entry = try? LogEntry.certificate(der: leaf.der, evidence: digests) else {
      return .invalid("the certificate cannot be an entry of a log")
    }
    var why = ""
    for log in store.logs {
      do {
        let checkpoint = try LogProof(parsing: bytes).verify(entry: entry, policy: log)
        return .proved(log: log.origin, witnesses: checkpoint.cosignatures.count)
      } catch {
        why = error.description
      }
    }
    return .invalid(why)
  }

  /// The results among the statements beside the model that the certificate names by their hashes, so that its issuer
  /// vouches for them.
  func measurements(_ info: AISafetyInfo) throws(TrustError) -> [EvaluationResult] {
    let wanted = Set(info.evidence.map(\.sha256))
    let digest = Hex.encode(info.omsRoot)
    var results: [EvaluationResult] = []
    for path in EvidenceFile.paths(besides: folder) {
      // Others may lie there and be of any kind: only what the certificate names has to be readable.
      guard let file = try? EvidenceFile(path: path), wanted.contains(file.sha256.bytes),
        PredicateType(uri: file.statement.predicateType) == .evaluation,
        file.statement.subjects.contains(where: { $0.digests["sha256"] == digest })
      else { continue }
      results.append(try EvaluationResult(json: file.statement.predicate, source: path))
    }
    return results
  }

  // MARK: Lineage

  /// More certificates beside a model than this are not looked at.
  private static let maximumBases = 64

  /// Whether a certificate of something that the model was made from was withdrawn.
  ///
  /// `model.bases.pem` holds the certificates of the bases, each found by the hash that the certificate of what was made
  /// from it names. A base whose certificate is not there is not known to be withdrawn.
  func lineage(_ info: AISafetyInfo, revocation: RevocationEvidence, time: Date) throws(TrustError)
    -> TrustFacts.LineageState
  {
    guard !info.lineage.isEmpty else { return .unknown }
    let path = folder.sidecar("bases.pem")
    let known = exists(path) ? try X509Certificate.certificates(path: path) : []
    var revocation = revocation
    for path in store.listPaths { revocation.lists += try RevocationList.lists(path: path) }
    var pending = info.lineage.map { ($0, "") }
    var seen: Set<[UInt8]> = []
    var names: [String] = []
    while let (base, way) = pending.popLast(), seen.count < Self.maximumBases {
      guard let hash = base.baseCertificateSHA256, seen.insert(hash).inserted,
        let certificate = known.first(where: { $0.fingerprint == hash })
      else {
        names.append("\(base.relation) of \(Hex.encode(base.baseRoot.prefix(8)))…")
        continue
      }
      let chain = PathValidator(anchors: store.roots.map(\.certificate), intermediates: known, time: time)
        .validate(certificate).chain
      let name = "\(base.relation) of \(certificate.subject)"
      if case .revoked(let withdrawal, _) = revocation.status(of: chain, at: time) {
        return .tainted("it is a \(way)\(name), whose certificate was \(withdrawal)")
      }
      names.append(name)
      if let der = certificate.extensions.safetyInfo, let info = try? AISafetyInfo(der: der) {
        pending += info.lineage.map { ($0, "\(way)\(name), a ") }
      }
    }
    return .clean("\(names.joined(separator: ", ")): nothing of it is known to be withdrawn")
  }
}
