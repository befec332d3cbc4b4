public import Foundation

/// What is known about whether a certificate was withdrawn.
public enum RevocationStatus: Hashable, Sendable {
  /// Not withdrawn, by information that is current until then.
  case good(until: Date)
  /// Withdrawn.
  case revoked(Revocation, subject: String)
  /// Not withdrawn as far as was known then; what there is, is older, or there is nothing and the issue of the
  /// certificate counts. The reason says which.
  case stale(since: Date, reason: String)
}

/// Revocation lists and status responses, none of them trusted before its signature is checked.
public struct RevocationEvidence: Sendable {
  /// Lists, of whatever authorities.
  public var lists: [RevocationList]
  /// Stapled responses.
  public var responses: [StatusResponse]

  /// What was found beside the model and in the trust store's folder.
  public init(lists: [RevocationList] = [], responses: [StatusResponse] = []) {
    self.lists = lists
    self.responses = responses
  }

  /// How far a clock may be behind that of the authority, in seconds.
  private static let skew: TimeInterval = 300

  /// The status along a chain, its leaf first and its anchor last: revoked if any certificate below the anchor is,
  /// otherwise the stalest.
  ///
  /// - Parameter leafOnly: leaves the issuing authorities out, as `openssl verify -crl_check` does.
  public func status(of chain: [X509Certificate], at time: Date, leafOnly: Bool = false) -> RevocationStatus {
    let statuses = zip(chain, chain.dropFirst()).prefix(leafOnly ? 1 : .max).map { certificate, issuer in
      status(of: certificate, issuer: issuer, at: time)
    }
    guard let first = statuses.first else {
      return .stale(since: chain.first?.notBefore ?? time, reason: "the issuer of the certificate is not known")
    }
    return statuses.dropFirst().reduce(first, Self.worse)
  }

  private static func worse(_ left: RevocationStatus, _ right: RevocationStatus) -> RevocationStatus {
    switch (left, right) {
    case (.revoked, _): left
    case (_, .revoked): right
    case (.stale(let since, _), .stale(let other, _)): other < since ? right : left
    case (.stale, .good): left
    case (.good, .stale): right
    case (.good(let until), .good(let other)): other < until ? right : left
    }
  }

  private func status(of certificate: X509Certificate, issuer: X509Certificate, at time: Date) -> RevocationStatus {
    var problems: [String] = []
    var known: [(thisUpdate: Date, nextUpdate: Date, revocation: Revocation?)] = []
    let valid = lists.filter { $0.issuer == certificate.issuer }.filter { list in
      guard let problem = Self.problem(list, issuer: issuer, time: time) else { return true }
      problems.append(problem)
      return false
    }
    // A later list replaces an earlier one; of the same second, that of the larger number does. Numbers alone may begin
    // again with a new key.
    if let latest = valid.max(by: { $0.order < $1.order }) {
      known.append((latest.thisUpdate, latest.nextUpdate, latest.entries[certificate.serial]))
    }
    for response in responses {
      for entry in response.entries where entry.certificate.means(certificate, of: issuer) {
        if let problem = response.signatureProblem(issuer: issuer, time: time, lists: valid) {
          problems.append(problem)
          continue
        }
        guard entry.thisUpdate <= time + Self.skew else {
          problems.append("the status response is of the future")
          continue
        }
        let end = entry.nextUpdate ?? entry.thisUpdate
        switch entry.status {
        case .good: known.append((entry.thisUpdate, end, nil))
        case .revoked(let revocation): known.append((entry.thisUpdate, end, revocation))
        case .unknown: problems.append("the responder does not know the certificate")
        }
      }
    }
    return Self.conclude(known, problems, certificate, time)
  }

  private static func conclude(
    _ known: [(thisUpdate: Date, nextUpdate: Date, revocation: Revocation?)], _ problems: [String],
    _ certificate: X509Certificate, _ time: Date
  ) -> RevocationStatus {
    // Whoever says that it was withdrawn is believed, but for a hold that later information lifts.
    let latest = known.map(\.thisUpdate).max()
    let subject = certificate.subject.description
    for fact in known {
      if let revocation = fact.revocation, revocation.reason != .certificateHold || fact.thisUpdate == latest {
        return .revoked(revocation, subject: subject)
      }
    }
    guard let until = known.map(\.nextUpdate).max() else {
      let reason = problems.first ?? "there is no revocation list or status response for \(subject)"
      return .stale(since: certificate.notBefore, reason: reason)
    }
    if time <= until { return .good(until: until) }
    return .stale(since: until, reason: "the newest status of \(subject) was good until \(PKITime.text(until))")
  }

  private static func problem(_ list: RevocationList, issuer: X509Certificate, time: Date) -> String? {
    guard issuer.extensions.keyUsage?.contains(.cRLSign) ?? true else {
      return "\(issuer.subject) may not sign revocation lists"
    }
    guard issuer.key.verifies(list.signed) else {
      return "the signature of the revocation list does not fit the key of \(issuer.subject)"
    }
    return list.thisUpdate <= time + skew ? nil : "the revocation list is of the future"
  }
}

extension RevocationList {
  /// What the newest list has the most of: its time, then its number, which has no leading zeros.
  fileprivate var order: (Date, Int, String) { (thisUpdate, number.count, Hex.encode(number)) }
}
