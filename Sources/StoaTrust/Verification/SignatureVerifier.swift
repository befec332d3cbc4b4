public import Foundation
import StoaFormats

/// Finds out whose signature a bundle holds and what it says, without looking at the model's files.
///
/// What is made of that is for `TrustPolicy`. Nothing is fetched.
public struct SignatureVerifier: Sendable {
  /// Who must have signed by a certificate of sigstore.
  public struct Identity: Hashable, Sendable {
    /// The signer's mail address or URI.
    public var subject: String
    /// Who vouched for that, such as `https://accounts.google.com`.
    public var issuer: String

    /// A signer as a provider of identities knows it.
    public init(subject: String, issuer: String) {
      self.subject = subject
      self.issuer = issuer
    }
  }

  /// The keys and roots that are trusted.
  public var store: TrustStore
  /// Whom sigstore trusts; nil trusts none of its certificates and clocks.
  public var sigstore: SigstoreRoot?
  /// Who may have signed by sigstore; its authorities vouch for everybody, so none accepts nobody.
  public var identities: [Identity] = []
  /// Revocation lists and responses from beside the model.
  public var revocation = RevocationEvidence()
  /// When certificates must be valid, if nothing shows when the signature was made.
  public var time: Date

  /// A verifier that trusts whom a store trusts.
  public init(store: TrustStore, time: Date) {
    self.store = store
    self.time = time
  }

  /// What was found.
  public struct Result: Sendable {
    /// Whose signature it is.
    public var signature: TrustFacts.Signature
    /// What the signature says about the model; nil when it says nothing that can be believed.
    public var manifest: ModelManifest?
    /// M: SHA-256 of the statement's bytes.
    public var statementDigest: [UInt8]?
    /// When a log or an authority for timestamps that is trusted took the signature.
    public var signedAt: Date?
  }

  /// Examines a bundle; `source` names it in messages.
  public func verify(_ bundle: SigstoreBundle, source: String) -> Result {
    switch bundle.signer {
    case .key(let hint): verifyKey(hint, bundle, source)
    case .chain(let chain): verifyCertificate(chain, isFromSigstore: false, bundle, source)
    case .sigstore(let certificate): verifyCertificate([certificate], isFromSigstore: true, bundle, source)
    }
  }

  // MARK: The statement

  private struct Statement {
    let manifest: ModelManifest
    let digest: [UInt8]
  }

  /// The statement that `key` signed.
  private func statement(
    _ bundle: SigstoreBundle, by key: VerificationKey, _ source: String
  ) throws(TrustError) -> Statement {
    guard bundle.envelope.isSigned(by: key) else {
      throw .malformed(
        source: source,
        problem:
          "the signature was not made by the \(key.kind.rawValue) key \(key.fingerprint.prefix(16))… over this statement"
      )
    }
    let statement = try InTotoStatement(bundle.envelope, source: source)
    return Statement(manifest: try ModelManifest(statement, source: source), digest: sha256(bundle.envelope.payload))
  }

  private static func bad(_ why: String) -> Result { Result(signature: .bad(why)) }

  // MARK: Keys

  private func verifyKey(_ hint: String?, _ bundle: SigstoreBundle, _ source: String) -> Result {
    let keys = store.keys
    guard !keys.isEmpty else {
      return Result(signature: .unknownKey("it is signed by a key, and no key to check it with is trusted"))
    }
    let named = hint.map { hint in keys.filter { $0.key.hint == hint } } ?? keys
    // A bundle without a hint may be by any of the keys.
    guard let key = named.first(where: { bundle.envelope.isSigned(by: $0.key) }) ?? named.first else {
      return Result(signature: .unknownKey("it is signed by the key \(hint?.prefix(16) ?? "")…, which is not trusted"))
    }
    do {
      let statement = try statement(bundle, by: key.key, source)
      return Result(signature: .key(key.name), manifest: statement.manifest, statementDigest: statement.digest)
    } catch {
      return Self.bad(error.description)
    }
  }

  // MARK: Certificates

  private func verifyCertificate(
    _ chain: [[UInt8]], isFromSigstore: Bool, _ bundle: SigstoreBundle, _ source: String
  ) -> Result {
    do throws(TrustError) {
      var certificates: [X509Certificate] = []
      for der in chain { certificates.append(try Self.certificate(der, source)) }
      guard let leaf = certificates.first else { return Self.bad("\(source): there is no certificate") }
      let statement = try statement(bundle, by: leaf.publicKey, source)
      let signedAt = try signingTime(bundle, leaf, source)
      let (root, whole) = (statement.manifest.rootDigest, statement.digest)
      let facts =
        isFromSigstore
        ? CertificateFacts(
          path: sigstoreValidator(at: signedAt ?? time).validate(leaf), rootDigest: root, statementDigest: whole,
          evidence: revocation, time: time)
        : try store.certificateFacts(
          chain: certificates, rootDigest: root, statementDigest: whole, evidence: revocation, time: signedAt ?? time)
      return Result(
        signature: isFromSigstore ? identify(leaf, facts) : .certificate(facts), manifest: statement.manifest,
        statementDigest: whole, signedAt: signedAt)
    } catch {
      return Self.bad(error.description)
    }
  }

  private static func certificate(_ der: [UInt8], _ source: String) throws(TrustError) -> X509Certificate {
    do {
      return try X509Certificate(der: der)
    } catch {
      throw .malformed(source: source, problem: error.message)
    }
  }

  // MARK: sigstore

  /// When a log that is trusted took the signature, or an authority for timestamps saw it; nil when none did. A wrong entry
  /// is an error.
  private func signingTime(
    _ bundle: SigstoreBundle, _ leaf: X509Certificate, _ source: String
  ) throws(TrustError) -> Date? {
    guard let sigstore else { return nil }
    var times: [Date] = []
    for entry in bundle.logEntries {
      do {
        let evidence = try SigstoreLogVerifier(root: sigstore).verify(
          entry, envelope: bundle.envelope, certificate: leaf.der)
        if let time = evidence.time { times.append(time) }
      } catch {
        throw .malformed(source: source, problem: "the log entry does not hold: \(error.why)")
      }
    }
    var stranger: TimestampVerifier.Failure?
    for timestamp in bundle.timestamps {
      do {
        times.append(try TimestampVerifier(root: sigstore).verify(timestamp, over: Self.onlySignature(bundle)))
      } catch {
        guard error.isOfStranger else {
          throw .malformed(source: source, problem: "the timestamp does not hold: \(error.why)")
        }
        stranger = error
      }
    }
    if times.isEmpty, let stranger {
      throw .malformed(source: source, problem: "the timestamp counts for nothing: \(stranger.why)")
    }
    return times.min()
  }

  /// What timestamps are of.
  private static func onlySignature(_ bundle: SigstoreBundle) throws(TimestampVerifier.Failure) -> [UInt8] {
    guard bundle.envelope.signatures.count == 1, let signature = bundle.envelope.signatures.first else {
      throw TimestampVerifier.Failure(why: "the envelope has not one signature that it could be of")
    }
    return signature.bytes
  }

  /// Authorities that were in use at a time; their certificates must be for signing code.
  private func sigstoreValidator(at time: Date) -> PathValidator {
    let authorities = (sigstore?.authorities ?? []).filter { $0.validity.contains(time) }
    return PathValidator(
      anchors: authorities.compactMap(\.chain.last), intermediates: authorities.flatMap { $0.chain.dropLast() },
      time: time, usage: StandardOIDs.codeSigning)
  }

  private func identify(_ leaf: X509Certificate, _ facts: CertificateFacts) -> TrustFacts.Signature {
    guard let sigstore else {
      return .unknownKey("it is signed by sigstore, and no trusted root of sigstore is given")
    }
    guard facts.path.isValid, facts.path.chain.count > 1 else { return .certificate(facts) }
    if let problem = CertificateTimestamps(root: sigstore).problem(leaf, issuer: facts.path.chain[1]) {
      return .bad(problem)
    }
    guard let found = SigstoreIdentity(certificate: leaf.der) else {
      return .unknownKey("the certificate names nobody")
    }
    let name = "\(found.subject) (\(found.issuer))"
    let isWanted = identities.contains { found.subjects.contains($0.subject) && found.issuer == $0.issuer }
    guard isWanted else {
      return .unknownKey("it is signed by sigstore's \(name), who is not among those that are trusted")
    }
    return .identity(name)
  }
}
