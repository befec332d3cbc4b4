import Crypto
public import Foundation
import SwiftASN1

/// A response of an OCSP responder (RFC 6960) that lies beside a model, so that its status is known without a network.
public struct StatusResponse: Hashable, Sendable {
  /// The whole DER encoding.
  public let der: [UInt8]
  let responder: Responder
  /// When it was signed.
  public let producedAt: Date
  let entries: [Entry]
  let signed: SignedBytes
  /// The certificates that came with it.
  let certificates: [X509Certificate]

  enum Responder: Hashable, Sendable {
    case name([UInt8])
    /// SHA-1 of the key's bits.
    case keyHash([UInt8])
  }

  /// The status of one certificate.
  struct Entry: Hashable, Sendable {
    let certificate: CertificateID
    let status: Status
    let thisUpdate: Date
    let nextUpdate: Date?

    enum Status: Hashable, Sendable {
      case good, unknown
      case revoked(Revocation)
    }
  }

  /// Which certificate is meant: hashes of its issuer's name and key, and its serial number.
  struct CertificateID: Hashable, Sendable {
    let hash: Hash
    let issuerName: [UInt8]
    let issuerKey: [UInt8]
    let serial: [UInt8]

    enum Hash: Hashable, Sendable { case sha1, sha256, sha384 }

    func means(_ certificate: X509Certificate, of issuer: X509Certificate) -> Bool {
      serial == certificate.serial && issuerName == digest(certificate.issuer.der)
        && issuerKey == digest(issuer.key.bits)
    }

    private func digest(_ bytes: [UInt8]) -> [UInt8] {
      switch hash {
      case .sha1: Array(Insecure.SHA1.hash(data: bytes))
      case .sha256: Array(SHA256.hash(data: bytes))
      case .sha384: Array(SHA384.hash(data: bytes))
      }
    }
  }

  static let limit = 262_144

  /// Reads the DER of an OCSPResponse that was successful and of the basic type.
  public init(der: some Collection<UInt8>) throws(PKIError) {
    let place = "the status response"
    let root = try DERReading.root(der, place, limit: Self.limit)
    self.der = Array(root.encodedBytes)
    var outer = try DERFields(root, place)
    let status = try outer.next("status").number("the status of the response", through: 255, as: .enumerated)
    guard status == 0 else {
      throw PKIError(.profile, "the responder did not answer: its status is \(status), not 0 (RFC 6960, 4.2.1)")
    }
    guard let bytes = try outer.explicit(0) else { throw PKIError(.encoding, "\(place) is empty") }
    try outer.end()
    var typed = try DERFields(bytes, place)
    guard try typed.next("type").objectIdentifier("the type of \(place)") == StandardOIDs.ocspBasic else {
      throw PKIError(.profile, "\(place) is not a basic OCSP response")
    }
    let content = try typed.next("response").octets("the response")
    try typed.end()

    var basic = try DERFields(DERReading.root(content, place, limit: Self.limit), place)
    let data = try basic.next("data")
    let scheme = try SignatureScheme(basic.next("signature algorithm"), "the signature algorithm of \(place)")
    let signature = try basic.next("signature").wholeBits("the signature of \(place)")
    certificates =
      try basic.explicit(0).map { (node) throws(PKIError) in
        var list = try DERFields(node, "the responder's certificates")
        return try list.rest(limit: 8) { (node) throws(PKIError) in try X509Certificate(der: node.encodedBytes) }
      } ?? []
    try basic.end()
    signed = SignedBytes(body: Array(data.encodedBytes), scheme: scheme, signature: signature)

    var fields = try DERFields(data, place)
    if let version = try fields.explicit(0) {
      // Version 1 is the default, which DER leaves out; it is the only one.
      _ = try version.number("the version of \(place)", through: 0)
    }
    responder = try Self.responder(fields.next("responder"))
    producedAt = try fields.next("time").generalizedTime("the time of \(place)")
    var list = try DERFields(fields.next("statuses"), "the statuses")
    entries = try list.rest(limit: 256) { (node) throws(PKIError) in try Entry(node) }
    try Self.refuseCritical(fields.explicit(1))
    try fields.end()
  }

  private static func responder(_ node: ASN1Node) throws(PKIError) -> Responder {
    for tag in [UInt(1), 2] where node.identifier == .context(tag) {
      var fields = try DERFields(node, "the responder", as: .context(tag))
      let content = try fields.next("identity")
      try fields.end()
      if tag == 1 { return .name(try DistinguishedName(content, "the responder").der) }
      return .keyHash(Array(try content.octets("the responder's key hash")))
    }
    throw PKIError(.encoding, "the responder is named neither by name nor by key")
  }

  fileprivate static func refuseCritical(_ node: ASN1Node?) throws(PKIError) {
    guard let node else { return }
    var list = try DERFields(node, "the extensions of the status response")
    for entry in try list.rest(limit: 16, { (node) throws(PKIError) in try CertificateExtensions.Entry(node) })
    where entry.isCritical {
      throw PKIError(.profile, "the status response has a critical extension \(entry.type) that is not supported")
    }
  }
}

extension StatusResponse.Entry {
  fileprivate init(_ node: ASN1Node) throws(PKIError) {
    var fields = try DERFields(node, "a status")
    certificate = try StatusResponse.CertificateID(fields.next("certificate"))
    let status = try fields.next("status")
    switch status.identifier {
    case .context(0), .context(2):
      guard case .primitive(let content) = status.content, content.isEmpty else {
        throw PKIError(.encoding, "a status is not empty")
      }
      self.status = status.identifier == .context(0) ? .good : .unknown
    case .context(1):
      var revoked = try DERFields(status, "a revocation", as: .context(1))
      let time = try revoked.next("time").generalizedTime("the time of a revocation")
      let reason = try revoked.explicit(0).map { (node) throws(PKIError) in try RevocationReason(node) }
      try revoked.end()
      self.status = .revoked(Revocation(time: time, reason: reason))
    default: throw PKIError(.encoding, "a status is neither good nor revoked nor unknown")
    }
    thisUpdate = try fields.next("this update").generalizedTime("this update")
    nextUpdate = try fields.explicit(0).map { (node) throws(PKIError) in try node.generalizedTime("next update") }
    try StatusResponse.refuseCritical(fields.explicit(1))
    try fields.end()
  }
}

extension StatusResponse.CertificateID {
  fileprivate init(_ node: ASN1Node) throws(PKIError) {
    var fields = try DERFields(node, "the certificate of a status")
    var algorithm = try DERFields(fields.next("hash"), "the hash of a status")
    let identifier = try algorithm.next("algorithm").objectIdentifier("the hash of a status")
    let hashes: [ObjectIdentifier: Hash] = [
      StandardOIDs.sha1: .sha1, StandardOIDs.sha256: .sha256, StandardOIDs.sha384: .sha384,
    ]
    guard let hash = hashes[identifier] else {
      throw PKIError(.profile, "a status names its certificate by the hash \(identifier), which is not supported")
    }
    self.hash = hash
    issuerName = Array(try fields.next("issuer's name").octets("the hash of the issuer's name"))
    issuerKey = Array(try fields.next("issuer's key").octets("the hash of the issuer's key"))
    serial = try PKISerial.read(fields.next("serial number"))
    try fields.end()
  }
}

extension StatusResponse {
  /// Whether the issuer itself signed it, or one to whom that issuer delegated this (RFC 6960, 4.2.2.2); otherwise why
  /// it counts for nothing.
  func signatureProblem(issuer: X509Certificate, time: Date, lists: [RevocationList]) -> String? {
    if isNamed(issuer) {
      return issuer.key.verifies(signed) ? nil : "the signature of the status response does not fit its issuer's key"
    }
    guard let delegate = certificates.first(where: isNamed) else {
      return "the status response is by a responder whose certificate is not there"
    }
    guard delegate.issuer == issuer.subject, delegate.isSigned(by: issuer) else {
      return "the responder \(delegate.subject) was not appointed by the issuer of the certificate"
    }
    guard delegate.extensions.extendedKeyUsages?.contains(StandardOIDs.ocspSigning) == true,
      delegate.extensions.keyUsage?.contains(.digitalSignature) ?? true,
      delegate.extensions.unknownCritical.isEmpty
    else { return "the responder \(delegate.subject) may not sign status responses" }
    guard delegate.notBefore <= time, time < delegate.notAfter + 1 else {
      return "the certificate of the responder \(delegate.subject) is not valid at this time"
    }
    let isRevoked = lists.contains { $0.issuer == issuer.subject && $0.entries[delegate.serial] != nil }
    guard !isRevoked else { return "the certificate of the responder \(delegate.subject) was revoked" }
    return delegate.key.verifies(signed)
      ? nil : "the signature of the status response does not fit its responder's key"
  }

  private func isNamed(_ certificate: X509Certificate) -> Bool {
    switch responder {
    case .name(let name): certificate.subject.der == name
    case .keyHash(let hash): certificate.key.identifier == hash
    }
  }
}
