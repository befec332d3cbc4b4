import Crypto
import Foundation
import SwiftASN1

/// The answer of an authority that says when something was there (RFC 3161, TimeStampResp): a statement about a hash and a
/// time, signed as CMS has it (RFC 5652). Read strictly, nothing of it is trusted.
package struct TimestampResponse: Hashable, Sendable {
  /// The time that is stated, fractions of a second left out.
  let time: Date
  /// The hash of what was there.
  let imprint: Digest
  let signer: Signer
  /// The hash of the signer's certificate, which is signed too (RFC 5816).
  let signerHash: Digest
  /// Certificates that came with it; those of kinds that cannot be read are left out.
  let certificates: [X509Certificate]
  let signed: SignedBytes

  /// How the signer's certificate is named.
  enum Signer: Hashable, Sendable {
    case serial(issuer: DistinguishedName, [UInt8])
    case key([UInt8])
  }

  /// A hash and what it was made by.
  struct Digest: Hashable, Sendable {
    let algorithm: SignatureDigest
    let bytes: [UInt8]

    func isOf(_ content: some DataProtocol) -> Bool { algorithm.hash(content) == bytes }
  }

  static let limit = 262_144

  /// Reads the DER of a response that grants a timestamp.
  package init(der: some Collection<UInt8>) throws(PKIError) {
    let place = "the timestamp"
    var outer = try DERFields(DERReading.root(der, place, limit: Self.limit), place)
    var status = try DERFields(outer.next("status"), "the status of \(place)")
    let number = try status.next("number").number("the status of \(place)", through: 255)
    guard number <= 1 else {
      throw PKIError(.profile, "the authority gave no timestamp: its status is \(number) (RFC 3161, 2.4.2)")
    }
    var info = try DERFields(outer.next("token"), place)
    try outer.end()
    guard try info.next("type").objectIdentifier("the type of \(place)") == StandardOIDs.signedData,
      let content = try info.explicit(0)
    else { throw PKIError(.profile, "\(place) is no signed data of CMS") }
    try info.end()

    var data = try DERFields(content, place)
    _ = try data.next("version").number("the version of \(place)", through: 5)
    _ = try data.next("digests")
    let token = try Self.content(data.next("content"))
    certificates =
      try data.next(if: .context(0)).map { (node) throws(PKIError) in
        var list = try DERFields(node, "the certificates of \(place)", as: .context(0))
        return try list.rest(limit: 16) { (node) throws(PKIError) in try? X509Certificate(der: node.encodedBytes) }
          .compactMap { $0 }
      } ?? []
    _ = data.next(if: .context(1))
    var signers = try DERFields(data.next("signers"), "the signers of \(place)", as: .set)
    let entry = try SignerEntry(signers.next("signer"))
    // RFC 3161, 2.4.2: the authority's signature and no other.
    try signers.end()
    try data.end()
    guard entry.contentDigest.isOf(token) else {
      throw PKIError(.signature, "the hash in the signature of \(place) is not that of its content")
    }
    (signer, signerHash, signed) = (entry.signer, entry.signerHash, entry.signed)
    (time, imprint) = try Self.statement(token)
  }

  /// The bytes of the statement.
  private static func content(_ node: ASN1Node) throws(PKIError) -> ArraySlice<UInt8> {
    var fields = try DERFields(node, "the content of the timestamp")
    guard try fields.next("type").objectIdentifier("the type of the content") == StandardOIDs.timestampInfo,
      let octets = try fields.explicit(0)
    else { throw PKIError(.profile, "what is signed is no timestamp") }
    try fields.end()
    return try octets.octets("the content of the timestamp")
  }

  /// TSTInfo: the time, and the hash of what was there.
  private static func statement(_ bytes: ArraySlice<UInt8>) throws(PKIError) -> (Date, Digest) {
    let place = "the timestamp's statement"
    var fields = try DERFields(DERReading.root(bytes, place, limit: limit), place)
    guard try fields.next("version").number("the version of \(place)", through: 255) == 1 else {
      throw PKIError(.profile, "\(place) is not of version 1")
    }
    _ = try fields.next("policy").objectIdentifier("the policy of \(place)")
    var imprint = try DERFields(fields.next("imprint"), "the imprint of \(place)")
    let algorithm = try SignatureDigest(imprint.next("algorithm"), "the imprint of \(place)")
    let digest = Digest(algorithm: algorithm, bytes: Array(try imprint.next("hash").octets("the imprint of \(place)")))
    try imprint.end()
    _ = try fields.next("serial number").integerOctets("the serial number of \(place)")
    let time = try fields.next("time").generalizedTime("the time of \(place)", allowsFractions: true)
    // Accuracy, ordering, nonce and the authority's name change nothing about when it was at the latest.
    _ = fields.next(if: .sequence)
    _ = fields.next(if: .boolean)
    _ = fields.next(if: .integer)
    _ = fields.next(if: .context(0))
    if let extensions = fields.next(if: .context(1)) {
      var list = try DERFields(extensions, "the extensions of \(place)", as: .context(1))
      for entry in try list.rest(limit: 16, { (node) throws(PKIError) in try CertificateExtensions.Entry(node) })
      where entry.isCritical {
        throw PKIError(.profile, "\(place) has a critical extension \(entry.type) that is not supported")
      }
    }
    try fields.end()
    return (time, digest)
  }

  /// Whether that is the certificate of the signer.
  func isSigned(by certificate: X509Certificate) -> Bool {
    let isNamed =
      switch signer {
      case .serial(let issuer, let serial): certificate.issuer == issuer && certificate.serial == serial
      case .key(let identifier): certificate.extensions.subjectKeyIdentifier == identifier
      }
    return isNamed && signerHash.isOf(certificate.der)
  }
}

/// SignerInfo: who signed, and what besides the content.
private struct SignerEntry {
  let signer: TimestampResponse.Signer
  let contentDigest: TimestampResponse.Digest
  let signerHash: TimestampResponse.Digest
  let signed: SignedBytes

  private static let place = "the signature of the timestamp"

  init(_ node: ASN1Node) throws(PKIError) {
    let place = Self.place
    var fields = try DERFields(node, place)
    _ = try fields.next("version").number("the version of \(place)", through: 3)
    signer = try Self.signer(fields.next("signer"))
    let digest = try SignatureDigest(fields.next("digest"), "the digest of \(place)")
    guard let attributes = fields.next(if: .context(0)) else {
      throw PKIError(.profile, "\(place) has no signed attributes, which RFC 3161 demands")
    }
    let scheme = try SignatureScheme(cms: fields.next("algorithm"), digest: digest, "the algorithm of \(place)")
    let signature = Array(try fields.next("signature").octets(place))
    _ = fields.next(if: .context(1))
    try fields.end()
    // Signed is their encoding as the set that they are (RFC 5652, 5.4).
    signed = SignedBytes(
      body: [0x31] + attributes.encodedBytes.dropFirst(), scheme: scheme, signature: signature)

    let values = try Self.attributes(attributes)
    guard try values[StandardOIDs.contentType]?.objectIdentifier("the content type") == StandardOIDs.timestampInfo,
      let message = values[StandardOIDs.messageDigest]
    else { throw PKIError(.profile, "\(place) does not say what it is over") }
    contentDigest = TimestampResponse.Digest(algorithm: digest, bytes: Array(try message.octets("the message digest")))
    guard let certificate = values[StandardOIDs.signingCertificateV2] else {
      throw PKIError(
        .profile, "\(place) does not name its certificate by ESSCertIDv2",
        advice: "the older attribute with SHA-1 (RFC 2634) is not supported")
    }
    signerHash = try Self.certificateHash(certificate)
  }

  private static func signer(_ node: ASN1Node) throws(PKIError) -> TimestampResponse.Signer {
    if node.identifier == .context(0) {
      return .key(Array(try node.octets("the signer's key identifier", as: .context(0))))
    }
    var fields = try DERFields(node, "the signer")
    let issuer = try DistinguishedName(fields.next("issuer"), "the issuer of the signer")
    let serial = try PKISerial.read(fields.next("serial number"))
    try fields.end()
    return .serial(issuer: issuer, serial)
  }

  /// The values by their types; each may be there once and have one value.
  private static func attributes(_ node: ASN1Node) throws(PKIError) -> [ObjectIdentifier: ASN1Node] {
    var list = try DERFields(node, "the signed attributes", as: .context(0))
    var values: [ObjectIdentifier: ASN1Node] = [:]
    for attribute in try list.rest(limit: 32, { (node) throws(PKIError) in node }) {
      var fields = try DERFields(attribute, "a signed attribute")
      let type = try fields.next("type").objectIdentifier("the type of a signed attribute")
      var content = try DERFields(fields.next("values"), "the signed attribute \(type)", as: .set)
      let value = try content.next("value")
      try content.end()
      try fields.end()
      guard values.updateValue(value, forKey: type) == nil else {
        throw PKIError(.profile, "the signed attribute \(type) is there twice")
      }
    }
    return values
  }

  /// The first ESSCertIDv2 of a SigningCertificateV2 is the signer's (RFC 5035, section 3).
  private static func certificateHash(_ node: ASN1Node) throws(PKIError) -> TimestampResponse.Digest {
    let place = "the certificate's name in the timestamp"
    var fields = try DERFields(node, place)
    var list = try DERFields(fields.next("certificates"), place)
    var first = try DERFields(list.next("certificate"), place)
    // An algorithm that is left out is SHA-256.
    let algorithm = try first.next(if: .sequence).map { (node) throws(PKIError) in try SignatureDigest(node, place) }
    let hash = try first.next("hash").octets(place)
    return TimestampResponse.Digest(algorithm: algorithm ?? .sha256, bytes: Array(hash))
  }
}

extension SignatureDigest {
  /// Reads an AlgorithmIdentifier of a hash.
  fileprivate init(_ node: ASN1Node, _ place: String) throws(PKIError) {
    var fields = try DERFields(node, place)
    let identifier = try fields.next("algorithm").objectIdentifier(place)
    _ = fields.next(if: .null)
    try fields.end()
    let known: [ObjectIdentifier: SignatureDigest] = [
      StandardOIDs.sha256: .sha256, StandardOIDs.sha384: .sha384, StandardOIDs.sha512: .sha512,
    ]
    guard let digest = known[identifier] else {
      throw PKIError(
        .signature, "\(place) is by \(identifier), which is not supported", advice: "use SHA-256, SHA-384 or SHA-512")
    }
    self = digest
  }

  fileprivate func hash(_ content: some DataProtocol) -> [UInt8] {
    switch self {
    case .sha256: Array(SHA256.hash(data: content))
    case .sha384: Array(SHA384.hash(data: content))
    case .sha512: Array(SHA512.hash(data: content))
    }
  }
}

extension SignatureScheme {
  /// Reads the algorithm of a signature of CMS, which for RSA may leave the hash to the digest (RFC 3370, 3.2).
  fileprivate init(cms node: ASN1Node, digest: SignatureDigest, _ place: String) throws(PKIError) {
    var fields = try DERFields(node, place)
    guard try fields.next("algorithm").objectIdentifier(place) == StandardOIDs.rsaEncryption else {
      self = try SignatureScheme(node, place)
      return
    }
    _ = fields.next(if: .null)
    try fields.end()
    switch digest {
    case .sha256: self = .rsaWithSHA256
    case .sha384: self = .rsaWithSHA384
    case .sha512: self = .rsaWithSHA512
    }
  }
}
