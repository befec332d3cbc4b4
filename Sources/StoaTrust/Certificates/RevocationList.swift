public import Foundation
import SwiftASN1

/// A certificate revocation list of version 2 (RFC 5280, section 5): complete and direct, all reasons.
public struct RevocationList: Hashable, Sendable {
  /// The whole DER encoding.
  public let der: [UInt8]
  /// The authority that withdrew the certificates.
  public let issuer: DistinguishedName
  /// When it was made.
  public let thisUpdate: Date
  /// When the next one comes at the latest.
  public let nextUpdate: Date
  /// The octets of its number, which grows from list to list.
  public let number: [UInt8]
  /// The withdrawn certificates by serial number.
  let entries: [[UInt8]: Revocation]
  let signed: SignedBytes

  /// Two mebibytes hold some fifty thousand certificates.
  static let limit = 2 << 20

  /// Reads DER.
  public init(der: some Collection<UInt8>) throws(PKIError) {
    let place = "the revocation list"
    let root = try DERReading.root(der, place, limit: Self.limit)
    var outer = try DERFields(root, place)
    let body = try outer.next("body")
    let scheme = try SignatureScheme(outer.next("signature algorithm"), "the signature algorithm of \(place)")
    let signature = try outer.next("signature").wholeBits("the signature of \(place)")
    try outer.end()
    self.der = Array(root.encodedBytes)
    signed = SignedBytes(body: Array(body.encodedBytes), scheme: scheme, signature: signature)

    var fields = try DERFields(body, place)
    guard try fields.next("version").number("the version of \(place)", through: 9) == 1 else {
      throw PKIError(.profile, "\(place) is not of version 2")
    }
    guard try SignatureScheme(fields.next("signature algorithm"), "the inner signature algorithm") == scheme else {
      throw PKIError(.profile, "\(place) names two different signature algorithms")
    }
    issuer = try DistinguishedName(fields.next("issuer"), "the issuer of \(place)")
    thisUpdate = try fields.next("this update").time("this update")
    guard let next = fields.next(if: .utcTime) ?? fields.next(if: .generalizedTime) else {
      throw PKIError(.profile, "\(place) does not say when the next one comes (RFC 5280, 5.1.2.5)")
    }
    nextUpdate = try next.time("next update")
    entries = try fields.next(if: .sequence).map { (node) throws(PKIError) in try Self.entries(node) } ?? [:]
    number = try Self.number(fields.explicit(0))
    try fields.end()
  }

  private static func entries(_ node: ASN1Node) throws(PKIError) -> [[UInt8]: Revocation] {
    var list = try DERFields(node, "the revoked certificates")
    var entries: [[UInt8]: Revocation] = [:]
    let pairs = try list.rest(limit: limit) { (node) throws(PKIError) in
      var fields = try DERFields(node, "a revoked certificate")
      let serial = try PKISerial.read(fields.next("serial number"))
      let time = try fields.next("revocation date").time("a revocation date")
      let reason = try fields.next(if: .sequence).map { (node) throws(PKIError) in try Self.reason(node) } ?? nil
      try fields.end()
      return (serial, Revocation(time: time, reason: reason))
    }
    guard !pairs.isEmpty else { throw PKIError(.encoding, "the revoked certificates are an empty list") }
    for (serial, revocation) in pairs {
      guard entries.updateValue(revocation, forKey: serial) == nil else {
        throw PKIError(.profile, "the certificate \(PKISerial.text(serial)) is revoked twice")
      }
    }
    return entries
  }

  private static func reason(_ node: ASN1Node) throws(PKIError) -> RevocationReason? {
    var list = try DERFields(node, "the extensions of an entry")
    var reason: RevocationReason?
    for entry in try list.rest(limit: 16, { (node) throws(PKIError) in try CertificateExtensions.Entry(node) }) {
      if entry.type == StandardOIDs.reasonCode {
        reason = try RevocationReason(entry.root("the reason"))
      } else if entry.isCritical {
        throw PKIError(.profile, "an entry has a critical extension \(entry.type) that is not supported")
      }
    }
    return reason
  }

  private static func number(_ node: ASN1Node?) throws(PKIError) -> [UInt8] {
    var number: [UInt8]?
    if let node {
      var list = try DERFields(node, "the extensions of the revocation list")
      for entry in try list.rest(limit: 32, { (node) throws(PKIError) in try CertificateExtensions.Entry(node) }) {
        if entry.type == StandardOIDs.crlNumber {
          let octets = try entry.root("the list's number").integerOctets("the list's number")
          guard number == nil, octets.count <= 20, octets.first.map({ $0 & 0x80 == 0 }) == true else {
            throw PKIError(.profile, "the list's number is negative, longer than 20 bytes, or there twice")
          }
          number = Array(octets.drop { $0 == 0 })
        } else if entry.isCritical {
          // Deltas, lists of other authorities and lists of some reasons say so in critical extensions.
          throw PKIError(
            .profile, "the revocation list has a critical extension \(entry.type) that is not supported",
            advice: "use a complete list of the authority itself")
        }
      }
    }
    guard let number else { throw PKIError(.profile, "the revocation list has no number (RFC 5280, 5.2.3)") }
    return number
  }

  /// Reads the lists of a PEM text, other blocks left out, or of one DER file.
  public static func lists(pemOrDER bytes: [UInt8]) throws(PKIError) -> [RevocationList] {
    var lists: [RevocationList] = []
    for block in try PKIFile.blocks(bytes, label: "X509 CRL") { lists.append(try RevocationList(der: block)) }
    return lists
  }

  /// Reads the lists in a file, PEM or DER.
  public static func lists(path: String) throws(TrustError) -> [RevocationList] {
    let bytes = try readBytes(path)
    do {
      return try lists(pemOrDER: bytes)
    } catch {
      throw TrustError(error, source: path)
    }
  }

  /// How many certificates it withdraws.
  public var count: Int { entries.count }

  /// The list as PEM.
  public var pem: String { PKIFile.pem("X509 CRL", der) }
}

/// That a certificate was withdrawn.
public struct Revocation: Hashable, Sendable {
  /// When.
  public let time: Date
  /// Why, if that is said.
  public let reason: RevocationReason?
}

extension Revocation: CustomStringConvertible {
  /// The time and the reason.
  public var description: String { "revoked on \(PKITime.text(time))" + (reason.map { ": \($0.name)" } ?? "") }
}

/// CRLReason of RFC 5280, 5.3.1.
public enum RevocationReason: Int, Sendable, CaseIterable {
  /// No reason is said.
  case unspecified = 0
  /// The private key may be known to others.
  case keyCompromise = 1
  /// The authority's private key may be known to others.
  case caCompromise = 2
  /// The subject has another name or publisher.
  case affiliationChanged = 3
  /// Another certificate takes its place.
  case superseded = 4
  /// The model is no longer published.
  case cessationOfOperation = 5
  /// On hold; it may come back.
  case certificateHold = 6
  /// No longer on hold; in deltas only.
  case removeFromCRL = 8
  /// What it attested does not hold any more.
  case privilegeWithdrawn = 9
  /// The attribute authority was compromised.
  case aaCompromise = 10

  init(_ node: ASN1Node) throws(PKIError) {
    let number = try node.number("the reason", through: 255, as: .enumerated)
    guard let reason = Self(rawValue: number) else { throw PKIError(.profile, "the reason \(number) has no meaning") }
    self = reason
  }

  /// Its name in RFC 5280.
  public var name: String { "\(self)" }
}
