import Crypto
public import Foundation
import StoaFormats
import SwiftASN1
package import X509

/// A public key that checks signatures: ECDSA on P-256, P-384 or P-521, Ed25519, or RSA with PKCS #1 padding.
public struct VerificationKey: Hashable, Sendable {
  /// The same key for certificates.
  package let certificateKey: Certificate.PublicKey

  /// The key of a certificate.
  package init(_ key: Certificate.PublicKey) { certificateKey = key }

  /// The key in PEM text (`PUBLIC KEY`, RFC 7468, or a `CERTIFICATE`, whose key counts); `source` names it in messages.
  public init(pem: String, source: String) throws(TrustError) {
    for document in try pemDocuments(pem, source: source) {
      switch document.discriminator {
      case "PUBLIC KEY":
        try self.init(der: document.derBytes, source: source)
        return
      case "CERTIFICATE":
        do {
          self.init(try Certificate(derEncoded: document.derBytes).publicKey)
          return
        } catch {
          throw .malformed(source: source, problem: "the certificate cannot be read: \(error)")
        }
      default: continue
      }
    }
    throw .key(
      source: source, problem: "there is no public key in this file",
      advice: "a public key begins with -----BEGIN PUBLIC KEY-----; openssl pkey -in KEY -pubout makes it")
  }

  /// The key in a file of PEM text.
  public init(pemFile path: String) throws(TrustError) { try self.init(pem: readText(path), source: path) }

  /// The key in the DER form of a SubjectPublicKeyInfo (RFC 5280, section 4.1).
  public init(der: [UInt8], source: String) throws(TrustError) {
    do {
      certificateKey = try Certificate.PublicKey(derEncoded: der)
    } catch {
      throw .key(
        source: source, problem: "the public key cannot be used: \(error)",
        advice: "supported are P-256, P-384, P-521, Ed25519 and RSA")
    }
  }

  /// Whether `signature` (DER for ECDSA) was made over `message` by the private half.
  ///
  /// The digest is that of the curve's size, as the sigstore algorithm registry pairs them; `digest` names another one.
  public func isValidSignature(
    _ signature: [UInt8], for message: some DataProtocol, digest: SignatureDigest? = nil
  ) -> Bool {
    guard let algorithm = algorithm(digest) else { return false }
    return certificateKey.isValidSignature(signature, for: message, signatureAlgorithm: algorithm)
  }

  /// What a key signs with when nothing else is said.
  package var signatureAlgorithm: Certificate.SignatureAlgorithm { algorithm(nil) ?? .sha256WithRSAEncryption }

  private func algorithm(_ digest: SignatureDigest?) -> Certificate.SignatureAlgorithm? {
    switch kind {
    case .p256: (digest ?? .sha256).ecdsa
    case .p384: (digest ?? .sha384).ecdsa
    case .p521: (digest ?? .sha512).ecdsa
    case .rsa: (digest ?? .sha256).rsa
    case .ed25519: digest == nil ? .ed25519 : nil
    }
  }

  /// The kind of key.
  public enum Kind: String, Sendable {
    case p256 = "P-256"
    case p384 = "P-384"
    case p521 = "P-521"
    case ed25519 = "Ed25519"
    case rsa = "RSA"
  }

  /// The kind of key.
  public var kind: Kind {
    if P256.Signing.PublicKey(certificateKey) != nil { return .p256 }
    if P384.Signing.PublicKey(certificateKey) != nil { return .p384 }
    if P521.Signing.PublicKey(certificateKey) != nil { return .p521 }
    return Curve25519.Signing.PublicKey(certificateKey) == nil ? .rsa : .ed25519
  }

  /// The SubjectPublicKeyInfo in DER.
  public var der: [UInt8] {
    var serializer = DER.Serializer()
    // Writing into memory a key that was read cannot fail.
    try! serializer.serialize(certificateKey)
    return serializer.serializedBytes
  }

  /// The SubjectPublicKeyInfo in PEM: lines of 64 characters, each ended by a line feed.
  public var pem: String { PEMDocument(type: "PUBLIC KEY", derBytes: der).pemString + "\n" }

  /// How a bundle names a key: SHA-256 of its PEM text in hexadecimal, as `model-signing` has it.
  public var hint: String { Hex.encode(sha256(Array(pem.utf8))) }

  /// SHA-256 of the DER form in hexadecimal: what people compare.
  public var fingerprint: String { Hex.encode(sha256(der)) }
}

/// The digest inside a signature.
public enum SignatureDigest: Sendable {
  case sha256, sha384, sha512

  var ecdsa: Certificate.SignatureAlgorithm {
    switch self {
    case .sha256: .ecdsaWithSHA256
    case .sha384: .ecdsaWithSHA384
    case .sha512: .ecdsaWithSHA512
    }
  }

  var rsa: Certificate.SignatureAlgorithm {
    switch self {
    case .sha256: .sha256WithRSAEncryption
    case .sha384: .sha384WithRSAEncryption
    case .sha512: .sha512WithRSAEncryption
    }
  }
}
