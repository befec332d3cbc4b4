public import Foundation

/// Path validation of RFC 5280, section 6, for one leaf: signatures, names, validity, authorities, path length, usages
/// and policies at a given time.
///
/// Not supported, and refused where a certificate makes it critical: name constraints and policy mappings.
/// Revocation is looked at apart, by `RevocationEvidence`.
public struct PathValidator: Sendable {
  /// Whom the verifier trusts.
  public var anchors: [X509Certificate]
  /// Certificates that may lie between; they are not trusted.
  public var intermediates: [X509Certificate]
  /// The time the chain must be valid at.
  public var time: Date
  /// One of these must hold along the chain; empty demands none.
  public var policies: Set<ObjectIdentifier>
  /// The extended key usage that the leaf must name; nil demands none.
  public var usage: ObjectIdentifier?

  /// Demands nothing beyond a valid chain to an anchor.
  public init(
    anchors: [X509Certificate], intermediates: [X509Certificate], time: Date,
    policies: Set<ObjectIdentifier> = [], usage: ObjectIdentifier? = nil
  ) {
    self.anchors = anchors
    self.intermediates = intermediates
    self.time = time
    self.policies = policies
    self.usage = usage
  }

  /// The longest chain that is tried, the leaf and the anchor included.
  private static let longest = 8
  /// How many signatures are checked at most, whatever the certificates say about each other.
  private static let signatures = 64

  /// The first accepted chain; if none is, the one with the fewest problems.
  public func validate(_ leaf: X509Certificate) -> CertificatePath {
    var search = Search(budget: Self.signatures)
    extend([leaf], broken: [], &search)
    return search.best ?? judge([leaf], broken: [], anchored: false)
  }

  private struct Search {
    var budget: Int
    var best: CertificatePath?
    var isDone: Bool { best?.isValid == true }

    mutating func offer(_ path: CertificatePath) {
      if path.problems.count < best?.problems.count ?? .max { best = path }
    }
  }

  /// Tries all issuers of the last certificate. `broken` holds the places whose signature does not fit the next one.
  private func extend(_ chain: [X509Certificate], broken: Set<Int>, _ search: inout Search) {
    guard let last = chain.last, !search.isDone else { return }
    if anchors.contains(last), chain.count > 1 {
      search.offer(judge(chain, broken: broken, anchored: true))
      return
    }
    let issuers = candidates(for: last).filter { !chain.contains($0) }
    guard chain.count < Self.longest, !issuers.isEmpty else {
      search.offer(judge(chain, broken: broken, anchored: false))
      return
    }
    for issuer in issuers where !search.isDone {
      guard search.budget > 0 else { break }
      search.budget -= 1
      let fits = last.isSigned(by: issuer)
      extend(chain + [issuer], broken: fits ? broken : broken.union([chain.count - 1]), &search)
    }
  }

  /// Certificates with the name of the issuer, anchors and those with the right key identifier first.
  private func candidates(for certificate: X509Certificate) -> [X509Certificate] {
    let wanted = certificate.extensions.authorityKeyIdentifier
    let named = (anchors + intermediates).filter { $0.subject == certificate.issuer }
    let fitting = named.filter { wanted != nil && $0.extensions.subjectKeyIdentifier == wanted }
    return fitting + named.filter { !fitting.contains($0) }
  }

  /// Examines a chain; `anchored` says that its last certificate is an anchor.
  private func judge(_ chain: [X509Certificate], broken: Set<Int>, anchored: Bool) -> CertificatePath {
    var problems: [PathProblem] = []
    func report(_ kind: PathProblem.Kind, _ index: Int, _ reason: String) {
      problems.append(PathProblem(kind: kind, subject: chain[index].subject.description, reason: reason))
    }
    if !anchored, let last = chain.indices.last {
      report(.unknownIssuer, last, "its issuer \(chain[last].issuer) is not trusted")
    }
    for (index, certificate) in chain.enumerated() {
      if broken.contains(index) { report(.signature, index, "its signature does not fit the key of its issuer") }
      if time < certificate.notBefore {
        report(.notYetValid, index, "it is not valid before \(PKITime.text(certificate.notBefore))")
      }
      if time >= certificate.notAfter + 1 {
        report(.expired, index, "it expired on \(PKITime.text(certificate.notAfter))")
      }
      if let unknown = certificate.extensions.unknownCritical.first {
        report(.criticalExtension, index, "its critical extension \(unknown) is not supported")
      }
      if index > 0, let reason = Self.authorityProblem(certificate) { report(.notAnAuthority, index, reason) }
    }
    if let (index, reason) = Self.pathLengthProblem(chain) { report(.pathTooLong, index, reason) }
    let extensions = chain[0].extensions
    if let keyUsage = extensions.keyUsage, !keyUsage.contains(.digitalSignature) {
      report(.keyUsage, 0, "its key may not make digital signatures")
    }
    if let usage, let reason = Self.usageProblem(extensions.extendedKeyUsages, usage) {
      report(.extendedKeyUsage, 0, reason)
    }
    var processing = PolicyProcessing(demanded: policies)
    let held = processing.run(anchored ? chain.dropLast() : chain[...])
    if let reason = processing.problem { report(.policy, 0, reason) }
    return CertificatePath(chain: chain, problems: problems, policies: held)
  }

  private static func authorityProblem(_ certificate: X509Certificate) -> String? {
    guard certificate.extensions.basicConstraints?.isAuthority == true else { return "it is not an authority" }
    guard certificate.extensions.keyUsage?.contains(.keyCertSign) ?? true else { return "it may not sign certificates" }
    return nil
  }

  /// 6.1.4 (l) and (m): authorities below one, those that are self-issued not counted.
  private static func pathLengthProblem(_ chain: [X509Certificate]) -> (Int, String)? {
    var below = 0
    for (index, certificate) in chain.enumerated().dropFirst() {
      if let limit = certificate.extensions.basicConstraints?.pathLength, below > limit {
        return (index, "it allows \(limit) authorities below it, and there \(below == 1 ? "is 1" : "are \(below)")")
      }
      if !certificate.isSelfIssued { below += 1 }
    }
    return nil
  }

  private static func usageProblem(_ usages: [ObjectIdentifier]?, _ wanted: ObjectIdentifier) -> String? {
    // anyExtendedKeyUsage names no purpose, so it does not stand for ours (RFC 5280, 4.2.1.12).
    guard let usages else { return "it names no extended key usage, and \(wanted) is demanded" }
    return usages.contains(wanted)
      ? nil : "its extended key usage is \(usages.map(\.description).joined(separator: ", ")), not \(wanted)"
  }
}

/// Times as people read them.
package enum PKITime {
  /// RFC 3339 in UTC, to the second.
  package static func text(_ time: Date) -> String { time.formatted(.iso8601) }
}
