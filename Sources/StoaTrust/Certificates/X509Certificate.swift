public import Foundation
import SwiftASN1

/// An X.509 certificate of version 3 (RFC 5280), read strictly.
///
/// Not `X509.Certificate`: that type cannot hold object identifiers with components of 128 bits.
public struct X509Certificate: Hashable, Sendable {
  /// The whole DER encoding.
  public let der: [UInt8]
  /// The serial number: the octets of a positive INTEGER, leading zeros removed.
  public let serial: [UInt8]
  /// Who signed it.
  public let issuer: DistinguishedName
  /// Whose key it names.
  public let subject: DistinguishedName
  /// The first moment it is valid.
  public let notBefore: Date
  /// The last moment it is valid, inclusive.
  public let notAfter: Date
  let key: SubjectKey
  let signed: SignedBytes
  let extensions: CertificateExtensions

  /// Reads DER.
  public init(der: some Collection<UInt8>) throws(PKIError) {
    let root = try DERReading.root(der, "the certificate", limit: Self.limit)
    var outer = try DERFields(root, "the certificate")
    let body = try outer.next("body")
    let scheme = try SignatureScheme(outer.next("signature algorithm"), "the signature algorithm of the certificate")
    let signature = try outer.next("signature").wholeBits("the signature of the certificate")
    try outer.end()
    self.der = Array(root.encodedBytes)
    signed = SignedBytes(body: Array(body.encodedBytes), scheme: scheme, signature: signature)

    var fields = try DERFields(body, "the certificate's body")
    let version = try fields.explicit(0)
    guard let version, try version.number("the version", through: 2) == 2 else {
      throw PKIError(.profile, "the certificate is not of version 3, so it cannot have extensions")
    }
    serial = try PKISerial.read(fields.next("serial number"))
    guard try SignatureScheme(fields.next("signature algorithm"), "the inner signature algorithm") == scheme else {
      throw PKIError(.profile, "the certificate names two different signature algorithms")
    }
    issuer = try DistinguishedName(fields.next("issuer"), "the issuer")
    var validity = try DERFields(fields.next("validity"), "the validity")
    notBefore = try validity.next("start").time("the start of validity")
    notAfter = try validity.next("end").time("the end of validity")
    try validity.end()
    subject = try DistinguishedName(fields.next("subject"), "the subject")
    key = try SubjectKey(fields.next("public key"), "the public key")
    for tag in [UInt(1), 2] where fields.next(if: .context(tag)) != nil {
      throw PKIError(.profile, "the certificate has unique identifiers, which RFC 5280 forbids")
    }
    extensions = try CertificateExtensions(fields.explicit(3))
    try fields.end()
  }

  /// More than any certificate that was meant to be one.
  static let limit = 131_072

  /// The key that it names.
  public var publicKey: VerificationKey { key.key }

  /// SHA-256 of the whole encoding.
  public var fingerprint: [UInt8] { sha256(der) }

  /// Whether issuer and subject are the same.
  var isSelfIssued: Bool { issuer == subject }

  /// Whether the key of `issuer` made the signature.
  func isSigned(by issuer: X509Certificate) -> Bool { issuer.key.verifies(signed) }

  /// Equal when the encodings are.
  public static func == (left: Self, right: Self) -> Bool { left.der == right.der }

  /// By the encoding.
  public func hash(into hasher: inout Hasher) { hasher.combine(der) }
}

extension X509Certificate {
  /// Reads the certificates of a PEM text, other blocks left out, or of one DER file; none is an error.
  public static func certificates(
    pemOrDER bytes: [UInt8], limit: Int = 64
  ) throws(PKIError) -> [X509Certificate] {
    let blocks = try PKIFile.blocks(bytes, label: "CERTIFICATE")
    guard !blocks.isEmpty else {
      throw PKIError(
        .encoding, "there is no certificate in this file",
        advice: "a certificate begins with -----BEGIN CERTIFICATE-----")
    }
    guard blocks.count <= limit else { throw PKIError(.size, "there are more than \(limit) certificates") }
    var certificates: [X509Certificate] = []
    for (index, block) in blocks.enumerated() {
      do {
        certificates.append(try X509Certificate(der: block))
      } catch {
        throw blocks.count == 1 ? error : error.within("certificate \(index + 1)")
      }
    }
    return certificates
  }

  /// Reads the certificates in a file, PEM or DER.
  public static func certificates(path: String) throws(TrustError) -> [X509Certificate] {
    let bytes = try readBytes(path)
    do {
      return try certificates(pemOrDER: bytes)
    } catch {
      throw TrustError(error, source: path)
    }
  }

  /// The serial number in capital hexadecimal digits, as `openssl x509 -serial` shows it.
  public var serialText: String { PKISerial.text(serial) }

  /// What it says about a model; nil when it is not the certificate of one.
  public var safetyInfo: AISafetyInfo? { extensions.safetyInfo.flatMap { try? AISafetyInfo(der: $0) } }

  /// Why it cannot be a root at a time; nil when it can.
  public func rootProblem(at time: Date) -> String? {
    guard isSelfIssued, isSigned(by: self) else { return "it is signed by \(issuer)" }
    guard extensions.basicConstraints?.isAuthority == true, extensions.keyUsage?.contains(.keyCertSign) ?? true else {
      return "it is not an authority"
    }
    guard time < notAfter + 1 else { return "it expired on \(PKITime.text(notAfter))" }
    return extensions.unknownCritical.first.map { "its critical extension \($0) is not supported" }
  }

  /// The certificate as PEM.
  public var pem: String { PKIFile.pem("CERTIFICATE", der) }
}

/// Files that hold DER, bare or as blocks of PEM (RFC 7468).
enum PKIFile {
  /// The blocks with that label; bytes that begin with a sequence's tag are one object of DER.
  static func blocks(_ bytes: [UInt8], label: String) throws(PKIError) -> [[UInt8]] {
    if bytes.first == 0x30 { return [bytes] }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw PKIError(.encoding, "this is neither PEM nor DER")
    }
    do {
      return try PEMDocument.parseMultiple(pemString: text).filter { $0.discriminator == label }.map(\.derBytes)
    } catch {
      throw PKIError(.encoding, "this is no valid PEM text: \(DERReading.reason(error))")
    }
  }

  static func pem(_ label: String, _ der: [UInt8]) -> String {
    PEMDocument(type: label, derBytes: der).pemString + "\n"
  }
}

/// Serial numbers (RFC 5280, 4.1.2.2).
enum PKISerial {
  /// Reads a positive INTEGER of at most 20 octets.
  static func read(_ node: ASN1Node) throws(PKIError) -> [UInt8] {
    let octets = try node.integerOctets("the serial number")
    guard octets.count <= 20, let first = octets.first, first & 0x80 == 0 else {
      throw PKIError(.profile, "the serial number is negative or longer than 20 bytes")
    }
    return Array(octets.drop { $0 == 0 })
  }

  /// A random one of 159 bits, the first of them set so that all have 20 octets.
  static func random() -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    var octets = (0..<20).map { _ in UInt8.random(in: 0...255, using: &generator) }
    octets[0] = octets[0] & 0x7F | 0x40
    return octets
  }

  /// Hexadecimal, as `openssl x509 -serial` shows it.
  static func text(_ serial: [UInt8]) -> String { serial.isEmpty ? "00" : Hex.encode(serial).uppercased() }
}
