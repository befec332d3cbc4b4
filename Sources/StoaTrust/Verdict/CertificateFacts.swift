public import Foundation

/// What a signer's certificate comes to: its chain, its profile, and whether it was withdrawn.
public struct CertificateFacts: Sendable {
  /// The leaf.
  public let leaf: X509Certificate
  /// The chain and what is wrong with it.
  public let path: CertificatePath
  /// What kind of certificate it is.
  public let profile: Profile
  /// Whether it was withdrawn.
  public let revocation: RevocationStatus

  /// What kind of certificate it is.
  public enum Profile: Hashable, Sendable {
    /// One for models, with its level and what it says.
    case model(AssuranceLevel, AISafetyInfo)
    /// One for something else: its key may sign, but it says nothing about the model.
    case other
    /// It has the extension or a policy of certificates for models, but is not for signing them; why.
    case wrongUsage(String)
    /// It is one for other bytes, or contradicts itself; why.
    case mismatch(String)
  }

  /// Examines a leaf at a time.
  ///
  /// - Parameters:
  ///   - rootDigest: D of the statement that it signed.
  ///   - statementDigest: M, the SHA-256 of that statement's bytes.
  ///   - path: Its chain as `PathValidator` judged it without demanding a policy or usage.
  ///   - leafOnly: Whether the authorities above it may have been revoked without anybody knowing.
  public init(
    path: CertificatePath, rootDigest: [UInt8], statementDigest: [UInt8], evidence: RevocationEvidence,
    time: Date, leafOnly: Bool = false
  ) {
    leaf = path.chain[0]
    self.path = path
    profile = Self.profile(path, rootDigest, statementDigest)
    revocation = evidence.status(of: path.chain, at: time, leafOnly: leafOnly)
  }

  init(path: CertificatePath, profile: Profile, revocation: RevocationStatus) {
    leaf = path.chain[0]
    self.path = path
    self.profile = profile
    self.revocation = revocation
  }

  private static func profile(_ path: CertificatePath, _ rootDigest: [UInt8], _ statementDigest: [UInt8]) -> Profile {
    let extensions = path.chain[0].extensions
    let claimed = (extensions.policies ?? []).compactMap(AssuranceLevel.init(policy:))
    let isForModels = extensions.extendedKeyUsages?.contains(ModelOIDs.modelSigning) == true
    guard isForModels || !claimed.isEmpty || extensions.safetyInfo != nil else { return .other }
    guard isForModels else {
      return .wrongUsage("the certificate describes a model, but its key is not for signing them")
    }
    guard let der = extensions.safetyInfo else { return .mismatch("the certificate does not describe a model") }
    let info: AISafetyInfo
    do {
      info = try AISafetyInfo(der: der)
    } catch {
      return .mismatch(error.message)
    }
    guard info.omsRoot == rootDigest, extensions.uris.compactMap(ModelURI.digest) == [rootDigest] else {
      return .mismatch(
        "the certificate is for the model \(Hex.encode(info.omsRoot)), not for \(Hex.encode(rootDigest))")
    }
    guard info.omsManifest == statementDigest else {
      return .mismatch("the certificate is for another statement about the same digest: names or options differ")
    }
    // A level counts only if the whole chain is for it, as the policies that hold along it say.
    let held = claimed.filter { path.policies?.contains($0.policy) ?? true }
    guard let level = held.max() else {
      let names = claimed.map(\.name).joined(separator: ", ")
      return .mismatch(
        claimed.isEmpty
          ? "the certificate names no level" : "its issuer may not certify the level \(names)")
    }
    guard (info.assurance == .publisher) == (level == .selfVouched),
      info.assurance != .reproduced || level == .reproduced
    else { return .mismatch("the level \(level.name) contradicts what the certificate says of its assessor") }
    return .model(level, info)
  }

  /// The level, if it is a certificate for models.
  public var level: AssuranceLevel? {
    if case .model(let level, _) = profile { level } else { nil }
  }
}
