public import Foundation
import StoaFormats

/// Decides about a model before it is loaded: looks at its signature, its files and all that lies beside it, and asks
/// the policy of a trust store.
public struct ModelTrust: Sendable {
  /// Whom the user trusts and what they demand.
  public var store: TrustStore
  /// Whom sigstore trusts, when its signatures count.
  public var sigstore: SigstoreRoot?
  /// Who may have signed by sigstore.
  public var identities: [SignatureVerifier.Identity] = []
  /// Paths inside models that do not matter.
  public var ignoredPaths: [String] = []
  /// What is done about a model that is not as demanded, where the store says nothing.
  public var mode: TrustMode

  /// Decides by a store.
  public init(store: TrustStore, mode: TrustMode) {
    self.store = store
    self.mode = mode
  }

  /// A decision with what it rests on.
  public struct Outcome: Sendable {
    /// What happens, and every reason.
    public let verdict: TrustVerdict
    /// What was found.
    public let findings: ModelFindings
  }

  /// Decides about the model at `folder`.
  ///
  /// - Parameters:
  ///   - names: What else the model is called, for the rules of the store.
  ///   - path: The signature; by default where `stoa sign` puts it.
  ///   - time: The moment that counts as now.
  /// - Throws: When the model or something beside it cannot be read.
  public func judge(
    _ folder: ModelFolder, names: [String] = [], signature path: String? = nil, hasher: ModelHasher, time: Date
  ) throws(TrustError) -> Outcome {
    var signatures = SignatureVerifier(store: store, time: time)
    signatures.sigstore = sigstore
    signatures.identities = identities
    signatures.revocation = try revocation(folder)
    var verifier = ModelVerifier(signatures: signatures, hasher: hasher)
    verifier.ignoredPaths = ignoredPaths
    var findings = try verifier.examine(folder, signature: path)
    let sidecars = ModelSidecars(folder: folder, store: store)
    if case .certificate(let certificate) = findings.facts.signature, case .model(_, let info) = certificate.profile {
      findings.facts.log = try sidecars.logState(certificate.leaf, info)
      findings.facts.measurements = try sidecars.measurements(info)
      findings.facts.lineage = try sidecars.lineage(info, revocation: signatures.revocation, time: time)
    }
    var policy = store.policy(for: [folder.name] + names, digest: findings.rootDigest, fallback: mode)
    // What lies beside the model counts even for a store that asks for nothing.
    let knowsRevocation = !signatures.revocation.lists.isEmpty || !signatures.revocation.responses.isEmpty
    policy.checksRevocation = policy.checksRevocation || knowsRevocation
    let verdict = TrustVerdict(findings.facts, policy: policy, time: time)
    return Outcome(verdict: verdict, findings: findings)
  }

  /// The revocation list and the stapled response beside the model.
  private func revocation(_ folder: ModelFolder) throws(TrustError) -> RevocationEvidence {
    var evidence = RevocationEvidence()
    let (list, response) = (folder.sidecar("crl"), folder.sidecar("ocsp"))
    if exists(list) { evidence.lists += try RevocationList.lists(path: list) }
    if exists(response) {
      let bytes = try readBytes(response)
      do {
        evidence.responses.append(try StatusResponse(der: bytes))
      } catch {
        throw TrustError(error, source: response)
      }
    }
    return evidence
  }
}
