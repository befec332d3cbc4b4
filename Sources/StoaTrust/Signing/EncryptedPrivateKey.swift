import CryptoExtras
import Foundation
import StoaFormats
import SwiftASN1

/// A private key encrypted with a password: EncryptedPrivateKeyInfo (RFC 5958, section 3) by PBES2 (RFC 8018) with
/// PBKDF2 and AES in CBC mode, what `openssl pkcs8 -topk8` and Python's `cryptography` write.
struct EncryptedPrivateKey {
  private let source: String
  private let derivation: Derivation
  private let keyLength: Int
  private let initialisationVector: ArraySlice<UInt8>
  private let ciphertext: ArraySlice<UInt8>

  private struct Derivation {
    let salt: ArraySlice<UInt8>
    let rounds: Int
    let keyLength: Int?
    let hash: KDF.Insecure.PBKDF2.HashFunction
  }

  private enum OID {
    static let pbes2: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 5, 13]
    static let pbkdf2: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 5, 12]
    static let hmacSHA1: ASN1ObjectIdentifier = [1, 2, 840, 113549, 2, 7]
    static let hmacSHA256: ASN1ObjectIdentifier = [1, 2, 840, 113549, 2, 9]
    static let hmacSHA384: ASN1ObjectIdentifier = [1, 2, 840, 113549, 2, 10]
    static let hmacSHA512: ASN1ObjectIdentifier = [1, 2, 840, 113549, 2, 11]
    static let aes128: ASN1ObjectIdentifier = [2, 16, 840, 1, 101, 3, 4, 1, 2]
    static let aes192: ASN1ObjectIdentifier = [2, 16, 840, 1, 101, 3, 4, 1, 22]
    static let aes256: ASN1ObjectIdentifier = [2, 16, 840, 1, 101, 3, 4, 1, 42]
  }

  /// A file that asks for more rounds would keep the program busy for minutes.
  private static let maximumRounds = 10_000_000
  /// Rounds of new files: the recommendation for HMAC-SHA-256 in OWASP's password storage cheat sheet.
  private static let rounds = 600_000
  private static let blockSize = 16

  /// Reads the DER form.
  init(der: [UInt8], source: String) throws(TrustError) {
    do {
      self = try DER.sequence(DER.parse(der), identifier: .sequence) { nodes in
        let (derivation, keyLength, vector) = try Self.scheme(&nodes, source: source)
        let ciphertext = try ASN1OctetString(derEncoded: &nodes).bytes
        return Self(
          source: source, derivation: derivation, keyLength: keyLength, initialisationVector: vector,
          ciphertext: ciphertext)
      }
    } catch let error as TrustError {
      throw error
    } catch {
      throw .malformed(source: source, problem: "the encrypted private key cannot be read: \(error)")
    }
  }

  private init(
    source: String, derivation: Derivation, keyLength: Int, initialisationVector: ArraySlice<UInt8>,
    ciphertext: ArraySlice<UInt8>
  ) {
    self.source = source
    self.derivation = derivation
    self.keyLength = keyLength
    self.initialisationVector = initialisationVector
    self.ciphertext = ciphertext
  }

  /// PBES2-params: how the key is derived and what it decrypts with.
  private static func scheme(
    _ nodes: inout ASN1NodeCollection.Iterator, source: String
  ) throws -> (Derivation, keyLength: Int, vector: ArraySlice<UInt8>) {
    try DER.sequence(&nodes, identifier: .sequence) { nodes in
      let algorithm = try ASN1ObjectIdentifier(derEncoded: &nodes)
      guard algorithm == OID.pbes2 else { throw unsupported(algorithm, source) }
      return try DER.sequence(&nodes, identifier: .sequence) { nodes in
        let derivation = try DER.sequence(&nodes, identifier: .sequence) { nodes in
          let function = try ASN1ObjectIdentifier(derEncoded: &nodes)
          guard function == OID.pbkdf2 else { throw unsupported(function, source) }
          return try DER.sequence(&nodes, identifier: .sequence) { try Self.derivation(&$0, source: source) }
        }
        return try DER.sequence(&nodes, identifier: .sequence) { nodes in
          let cipher = try ASN1ObjectIdentifier(derEncoded: &nodes)
          let keyLength: Int
          switch cipher {
          case OID.aes128: keyLength = 16
          case OID.aes192: keyLength = 24
          case OID.aes256: keyLength = 32
          default: throw unsupported(cipher, source)
          }
          return (derivation, keyLength, try ASN1OctetString(derEncoded: &nodes).bytes)
        }
      }
    }
  }

  /// PBKDF2-params (RFC 8018, appendix A.2).
  private static func derivation(
    _ nodes: inout ASN1NodeCollection.Iterator, source: String
  ) throws -> Derivation {
    let salt = try ASN1OctetString(derEncoded: &nodes).bytes
    let rounds = try Int(derEncoded: &nodes)
    var (keyLength, hash) = (Int?.none, KDF.Insecure.PBKDF2.HashFunction.insecureSHA1)
    if let node = nodes.next() {
      var algorithm = Optional(node)
      if node.identifier == .integer {
        keyLength = try Int(derEncoded: node)
        algorithm = nodes.next()
      }
      if let algorithm {
        hash = try DER.sequence(algorithm, identifier: .sequence) { nodes in
          let function = try ASN1ObjectIdentifier(derEncoded: &nodes)
          // The parameters are NULL.
          while nodes.next() != nil {}
          switch function {
          case OID.hmacSHA1: return .insecureSHA1
          case OID.hmacSHA256: return .sha256
          case OID.hmacSHA384: return .sha384
          case OID.hmacSHA512: return .sha512
          default: throw unsupported(function, source)
          }
        }
      }
    }
    guard (1...maximumRounds).contains(rounds) else {
      throw TrustError.unsupported(
        source: source,
        problem: "the password's derivation asks for \(rounds) rounds; at most \(maximumRounds) are done")
    }
    return Derivation(salt: salt, rounds: rounds, keyLength: keyLength, hash: hash)
  }

  private static func unsupported(_ algorithm: ASN1ObjectIdentifier, _ source: String) -> TrustError {
    .unsupported(
      source: source, problem: "the private key is encrypted by the algorithm \(algorithm)",
      advice: "openssl pkcs8 -topk8 -v2 aes-256-cbc -in KEY -out KEY2 encrypts it by PBKDF2 and AES")
  }

  /// The PrivateKeyInfo inside, in DER.
  func decrypted(password: String) throws(TrustError) -> [UInt8] {
    let wrong = TrustError.key(source: source, problem: "the password is wrong, or the file is damaged")
    guard derivation.keyLength ?? keyLength == keyLength, initialisationVector.count == Self.blockSize,
      !ciphertext.isEmpty, ciphertext.count % Self.blockSize == 0
    else { throw .malformed(source: source, problem: "the lengths in the encrypted private key do not fit") }
    do {
      let key = try KDF.Insecure.PBKDF2.deriveKey(
        from: Array(password.utf8), salt: derivation.salt, using: derivation.hash, outputByteCount: keyLength,
        unsafeUncheckedRounds: derivation.rounds)
      let plain = Array(try AES._CBC.decrypt(ciphertext, using: key, iv: AES._CBC.IV(ivBytes: initialisationVector)))
      // A wrong password passes the check of the padding once in 256 times; what comes out is no DER then.
      _ = try DER.parse(plain)
      return plain
    } catch {
      throw wrong
    }
  }

  /// The DER form of `key`, a PrivateKeyInfo, encrypted with PBKDF2-HMAC-SHA-256 and AES-256-CBC.
  static func encrypting(_ key: [UInt8], password: String) throws(TrustError) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    let salt = (0..<16).map { _ in UInt8.random(in: 0 ... .max, using: &generator) }
    let vector = (0..<blockSize).map { _ in UInt8.random(in: 0 ... .max, using: &generator) }
    do {
      let derived = try KDF.Insecure.PBKDF2.deriveKey(
        from: Array(password.utf8), salt: salt, using: .sha256, outputByteCount: 32, rounds: rounds)
      let ciphertext = try AES._CBC.encrypt(key, using: derived, iv: AES._CBC.IV(ivBytes: vector))
      var serializer = DER.Serializer()
      try serializer.appendConstructedNode(identifier: .sequence) { info in
        try info.appendConstructedNode(identifier: .sequence) { algorithm in
          try algorithm.serialize(OID.pbes2)
          try algorithm.appendConstructedNode(identifier: .sequence) { parameters in
            try parameters.appendConstructedNode(identifier: .sequence) { function in
              try function.serialize(OID.pbkdf2)
              try function.appendConstructedNode(identifier: .sequence) { parameters in
                try parameters.serialize(ASN1OctetString(contentBytes: salt[...]))
                try parameters.serialize(rounds)
                try parameters.appendConstructedNode(identifier: .sequence) { hash in
                  try hash.serialize(OID.hmacSHA256)
                  try hash.serialize(ASN1Null())
                }
              }
            }
            try parameters.appendConstructedNode(identifier: .sequence) { cipher in
              try cipher.serialize(OID.aes256)
              try cipher.serialize(ASN1OctetString(contentBytes: vector[...]))
            }
          }
        }
        try info.serialize(ASN1OctetString(contentBytes: Array(ciphertext)[...]))
      }
      return serializer.serializedBytes
    } catch {
      throw .key(source: "the private key", problem: "it cannot be encrypted: \(error)")
    }
  }
}
