import Crypto
import StoaFormats
import SwiftASN1
package import X509

/// A private key that signs: P-256, P-384 or Ed25519, from a PEM file or behind a command of the user's.
public struct SigningKey: Sendable {
  /// The same key for certificates.
  package let certificateKey: Certificate.PrivateKey
  /// The public half.
  public let publicKey: VerificationKey

  /// The key of a kind that is made here: P-256, P-384 or Ed25519.
  public enum Kind: String, Sendable, CaseIterable {
    case p256 = "P-256"
    case p384 = "P-384"
    case ed25519 = "Ed25519"
  }

  /// A new key.
  public init(generating kind: Kind) {
    switch kind {
    case .p256: self.init(Certificate.PrivateKey(P256.Signing.PrivateKey(compactRepresentable: false)))
    case .p384: self.init(Certificate.PrivateKey(P384.Signing.PrivateKey(compactRepresentable: false)))
    case .ed25519: self.init(Certificate.PrivateKey(Curve25519.Signing.PrivateKey()))
    }
  }

  /// The key in a PEM file.
  ///
  /// - Parameter password: Asked only when the key is encrypted; nil when nobody knows it.
  public init(
    pemFile path: String, password: () throws(TrustError) -> String? = { () throws(TrustError) in nil }
  ) throws(TrustError) {
    try self.init(pem: readText(path), source: path, password: password)
  }

  /// The key in PEM text: `PRIVATE KEY` (PKCS #8, RFC 5958), `EC PRIVATE KEY` (RFC 5915) or `ENCRYPTED PRIVATE KEY`
  /// (RFC 8018).
  public init(
    pem: String, source: String, password: () throws(TrustError) -> String? = { () throws(TrustError) in nil }
  ) throws(TrustError) {
    for document in try pemDocuments(pem, source: source) {
      switch document.discriminator {
      case "PRIVATE KEY", "EC PRIVATE KEY":
        try self.init(document: document, source: source)
        return
      case "ENCRYPTED PRIVATE KEY":
        guard let password = try password() else {
          throw .key(
            source: source, problem: "the key is encrypted and no password was given",
            advice: "put the password into STOA_KEY_PASSWORD, or give --password-file")
        }
        let der = try EncryptedPrivateKey(der: document.derBytes, source: source).decrypted(password: password)
        try self.init(document: PEMDocument(type: "PRIVATE KEY", derBytes: der), source: source)
        return
      default: continue
      }
    }
    if pem.contains("Proc-Type: 4,ENCRYPTED") {
      throw .unsupported(
        source: source, problem: "the key is encrypted in the old form of PEM, with a weak derivation",
        advice: "openssl pkcs8 -topk8 -in KEY -out KEY2 gives it the present one")
    }
    throw .key(
      source: source, problem: "there is no private key in this file",
      advice: "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out KEY makes one")
  }

  /// A key that only a command can use, such as one in a hardware module.
  ///
  /// - Parameters:
  ///   - command: Run by `/bin/sh -c` for each signature. It reads the bytes to sign from its input and writes the
  ///     signature (DER for ECDSA) to its output, as `openssl dgst -sha256 -sign KEY` does.
  ///   - publicKey: The public half; every signature is checked with it before it is used.
  public init(command: String, publicKey: VerificationKey) {
    certificateKey = Certificate.PrivateKey(CommandKey(command: command, publicKey: publicKey.certificateKey))
    self.publicKey = publicKey
  }

  package init(_ key: Certificate.PrivateKey) {
    certificateKey = key
    publicKey = VerificationKey(key.publicKey)
  }

  private init(document: PEMDocument, source: String) throws(TrustError) {
    do {
      self.init(try Certificate.PrivateKey(pemDocument: document))
    } catch {
      throw .key(
        source: source, problem: "the private key cannot be used: \(error)",
        advice: "supported are P-256, P-384 and Ed25519")
    }
    guard publicKey.kind != .rsa else {
      throw .unsupported(
        source: source, problem: "this is an RSA key", advice: "sign with P-256, P-384 or Ed25519")
    }
  }

  /// The signature of `message`: DER for ECDSA with the digest of the curve's size, 64 bytes for Ed25519.
  public func sign(_ message: [UInt8]) throws(TrustError) -> [UInt8] {
    do {
      return try certificateKey.sign(bytes: message, signatureAlgorithm: publicKey.signatureAlgorithm).rawRepresentation
    } catch let error as TrustError {
      throw error
    } catch {
      throw .key(source: "the private key", problem: "signing failed: \(error)")
    }
  }

  /// The key as PKCS #8 in PEM, encrypted when there is a password; a key behind a command has no such form.
  public func pem(password: String? = nil) throws(TrustError) -> String {
    let document: PEMDocument
    do {
      document = try certificateKey.serializeAsPEM()
    } catch {
      throw .key(source: "the private key", problem: "it cannot be written: \(error)")
    }
    guard let password else { return document.pemString + "\n" }
    let encrypted = try EncryptedPrivateKey.encrypting(document.derBytes, password: password)
    return PEMDocument(type: "ENCRYPTED PRIVATE KEY", derBytes: encrypted).pemString + "\n"
  }
}
