public import Foundation
import StoaFormats
import X509

/// Checks whose signature a bundle holds and what it says, without looking at the model's files.
public struct SignatureVerifier: Sendable {
  /// Who must have signed by a certificate of sigstore.
  public struct Identity: Equatable, Sendable {
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

  /// Keys that are trusted.
  public var keys: [VerificationKey] = []
  /// Roots of certificates that are trusted.
  public var roots: [X509Certificate] = []
  /// Whom sigstore trusts; nil trusts none of its certificates and clocks.
  public var sigstore: SigstoreRoot?
  /// Who must have signed by sigstore; its authorities vouch for everybody, so nil accepts nobody.
  public var identity: Identity?
  /// When certificates must be valid, if nothing shows when the signature was made.
  public var time: Date

  /// A verifier that trusts nobody yet.
  public init(time: Date = Date()) { self.time = time }

  /// How it came out.
  public struct Result: Sendable {
    /// What was looked at.
    public var checks: [TrustCheck] = []
    /// What the signature says about the model; nil when it cannot be believed.
    public var manifest: ModelManifest?
    /// M: SHA-256 of the statement's bytes.
    public var statementDigest: [UInt8]?
    /// The chain of certificates, when there is one.
    public var path: CertificatePath?
    /// The signer for people: a key's fingerprint, a certificate's subject, a mail address.
    public var signer: String?
    /// When a log or clock saw the signature.
    public var signedAt: Date?

    /// Whether nothing is wrong.
    public var isGood: Bool { checks.allSatisfy(\.isGood) }

    mutating func add(_ kind: TrustCheck.Kind, _ isGood: Bool, _ why: String) {
      checks.append(TrustCheck(kind, isGood, why))
    }
  }

  /// Checks a bundle; `source` names it in messages.
  public func verify(_ bundle: SigstoreBundle, source: String) -> Result {
    var result = Result()
    let key: VerificationKey?
    switch bundle.signer {
    case .key(let hint): key = verifyKey(hint, bundle.envelope, &result)
    case .chain(let chain): key = verifyChain(chain, bundle, &result)
    case .sigstore(let certificate): key = verifySigstore(certificate, bundle, &result)
    }
    guard let key else { return result }
    guard bundle.envelope.isSigned(by: key) else {
      result.add(.signature, false, "the signature was not made by the \(key.kind.rawValue) key over this statement")
      return result
    }
    result.add(.signature, true, "made by the \(key.kind.rawValue) key \(key.fingerprint.prefix(16))…")
    do {
      let statement = try InTotoStatement(bundle.envelope, source: source)
      let manifest = try ModelManifest(statement, source: source)
      result.statementDigest = sha256(bundle.envelope.payload)
      result.add(.statement, true, "\(manifest.resources.count) files of \(quoted(manifest.modelName))")
      result.manifest = manifest
    } catch {
      result.add(.statement, false, error.description)
    }
    return result
  }

  // MARK: A key

  private func verifyKey(_ hint: String?, _ envelope: DSSEEnvelope, _ result: inout Result) -> VerificationKey? {
    guard !keys.isEmpty else {
      result.add(.key, false, "the model is signed by a key, and no key to check it with was given")
      return nil
    }
    let named = hint.map { hint in keys.filter { $0.hint == hint } } ?? keys
    guard !named.isEmpty else {
      result.add(.key, false, "the model is signed by the key \(hint?.prefix(16) ?? "")…, which is not a given one")
      return nil
    }
    // A bundle without a hint may be by any of the keys.
    let key = named.first { envelope.isSigned(by: $0) } ?? named[0]
    result.signer = "key \(key.fingerprint)"
    result.add(.key, true, "the key \(key.fingerprint.prefix(16))… is a given one")
    return key
  }

  // MARK: A chain

  private func verifyChain(_ chain: [[UInt8]], _ bundle: SigstoreBundle, _ result: inout Result) -> VerificationKey? {
    guard let certificates = read(chain, &result), let leaf = certificates.first else { return nil }
    result.signer = leaf.subject.description
    let clock = clockTime(bundle, chain[0], &result)
    result.signedAt = clock
    validate(leaf, Array(certificates.dropFirst()), anchors: roots, at: clock ?? time, &result)
    return key(of: leaf, &result)
  }

  private func read(_ chain: [[UInt8]], _ result: inout Result) -> [X509Certificate]? {
    var certificates: [X509Certificate] = []
    for der in chain {
      do {
        certificates.append(try X509Certificate(der: der))
      } catch {
        result.add(.chain, false, error.message)
        return nil
      }
    }
    return certificates
  }

  private func key(of leaf: X509Certificate, _ result: inout Result) -> VerificationKey? {
    do {
      return try VerificationKey(der: leaf.key.der, source: "the certificate")
    } catch {
      result.add(.key, false, error.description)
      return nil
    }
  }

  private func validate(
    _ leaf: X509Certificate, _ intermediates: [X509Certificate], anchors: [X509Certificate], at time: Date,
    usage: ObjectIdentifier? = nil, _ result: inout Result
  ) {
    let path = PathValidator(anchors: anchors, intermediates: intermediates, time: time, usage: usage).validate(leaf)
    result.path = path
    var groups: [TrustCheck.Kind: [String]] = [:]
    for problem in path.problems { groups[Self.check(problem.kind), default: []].append(problem.description) }
    let root = path.chain.last?.subject.description ?? ""
    result.add(
      .chain, groups[.chain] == nil,
      groups[.chain]?.joined(separator: "; ") ?? "\(path.chain.count) certificates up to \(root)")
    result.add(
      .validity, groups[.validity] == nil,
      groups[.validity]?.joined(separator: "; ") ?? "valid at \(time.formatted(.iso8601))")
    if let reasons = groups[.usage] { result.add(.usage, false, reasons.joined(separator: "; ")) }
  }

  private static func check(_ problem: PathProblem.Kind) -> TrustCheck.Kind {
    switch problem {
    case .expired, .notYetValid: .validity
    case .keyUsage, .extendedKeyUsage: .usage
    default: .chain
    }
  }

  /// When a log that sigstore trusts took the signature, for a chain that has an entry there.
  private func clockTime(_ bundle: SigstoreBundle, _ certificate: [UInt8], _ result: inout Result) -> Date? {
    guard let sigstore, !bundle.logEntries.isEmpty else { return nil }
    return logTime(bundle, certificate, sigstore, &result)
  }

  // MARK: sigstore

  private func verifySigstore(
    _ certificate: [UInt8], _ bundle: SigstoreBundle, _ result: inout Result
  ) -> VerificationKey? {
    guard let sigstore else {
      result.add(.chain, false, "the model is signed by sigstore, and no trusted root of sigstore was given")
      return nil
    }
    guard let leaf = read([certificate], &result)?.first else { return nil }
    guard let time = logTime(bundle, certificate, sigstore, &result) else {
      if !result.checks.contains(where: { $0.kind == .log && !$0.isGood }) {
        result.add(
          .log, false,
          "nothing in the bundle shows when the signature was made, and such certificates are valid for minutes")
      }
      return nil
    }
    result.signedAt = time
    let authorities = sigstore.authorities.filter { $0.validity.contains(time) }
    validate(
      leaf, authorities.flatMap { $0.chain.dropLast() }, anchors: authorities.compactMap(\.chain.last), at: time,
      usage: StandardOIDs.codeSigning, &result)
    verifyIdentity(certificate, &result)
    return key(of: leaf, &result)
  }

  private func logTime(
    _ bundle: SigstoreBundle, _ certificate: [UInt8], _ root: SigstoreRoot, _ result: inout Result
  ) -> Date? {
    guard !bundle.logEntries.isEmpty else {
      result.add(.log, false, "the bundle has no entry of a transparency log")
      return nil
    }
    var time: Date?
    for entry in bundle.logEntries {
      do throws(SigstoreLogVerifier.Failure) {
        let evidence = try SigstoreLogVerifier(root: root).verify(
          entry, envelope: bundle.envelope, certificate: certificate)
        let seen = evidence.time.map { " at \($0.formatted(.iso8601))" } ?? ""
        result.add(.log, true, "the log has the signature as number \(evidence.index)\(seen)")
        time = time ?? evidence.time
      } catch {
        result.add(.log, false, error.why)
        return nil
      }
    }
    return time
  }

  private func verifyIdentity(_ certificate: [UInt8], _ result: inout Result) {
    guard let found = SigstoreIdentity(certificate: certificate) else {
      result.add(.identity, false, "the certificate names nobody")
      return
    }
    result.signer = found.subject
    let text = "\(quoted(found.subject)) by \(quoted(found.issuer))"
    guard let identity else {
      result.add(.identity, false, "the signer is \(text); sigstore vouches for everybody, so say who it must be")
      return
    }
    let isGood = found.subjects.contains(identity.subject) && found.issuer == identity.issuer
    result.add(
      .identity, isGood,
      isGood ? text : "the signer is \(text), not \(quoted(identity.subject)) by \(quoted(identity.issuer))")
  }
}
