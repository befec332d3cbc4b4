public import Foundation

extension TrustStore {
  /// Judges a signer's chain by the roots of the store: path, profile, and whether anything of it was revoked.
  ///
  /// - Parameters:
  ///   - chain: The leaf first, then what the signature says lies above it.
  ///   - rootDigest: D of the statement that was signed.
  ///   - statementDigest: M, the SHA-256 of that statement's bytes.
  ///   - evidence: Lists and responses from beside the model; those of the store come on top.
  ///   - time: When the chain must be valid.
  public func certificateFacts(
    chain: [X509Certificate], rootDigest: [UInt8], statementDigest: [UInt8], evidence: RevocationEvidence, time: Date
  ) throws(TrustError) -> CertificateFacts {
    guard let leaf = chain.first else {
      throw .malformed(source: "the signature", problem: "its chain of certificates is empty")
    }
    let validator = PathValidator(
      anchors: roots.map(\.certificate), intermediates: Array(chain.dropFirst()), time: time)
    var path = validator.validate(leaf)
    let anchor = roots.first { $0.certificate == path.chain.last }
    if let levels = anchor?.levels { path = path.limited(to: Set(levels.map(\.policy))) }
    var evidence = evidence
    for path in listPaths { evidence.lists += try RevocationList.lists(path: path) }
    return CertificateFacts(
      path: path, rootDigest: rootDigest, statementDigest: statementDigest, evidence: evidence, time: time,
      leafOnly: revocation == .leaf)
  }
}

extension CertificatePath {
  /// The same path, of whose policies only some are believed.
  fileprivate func limited(to allowed: Set<ObjectIdentifier>) -> CertificatePath {
    CertificatePath(chain: chain, problems: problems, policies: policies?.intersection(allowed) ?? allowed)
  }
}
