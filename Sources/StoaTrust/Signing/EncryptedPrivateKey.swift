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
  private let initialisationVector: [UInt8]
  private let ciphertext: [UInt8]

  /// PBKDF2-params (RFC 8018, appendix A.2).
  private struct Derivation {
    let salt: [UInt8]
    let rounds: Int
    let keyLength: Int?
    let hash: KDF.Insecure.PBKDF2.HashFunction
  }

  private enum OID {
    static let pbes2 = ModelOIDs.known("1.2.840.113549.1.5.13")
    static let pbkdf2 = ModelOIDs.known("1.2.840.113549.1.5.12")
    static let hmacSHA1 = ModelOIDs.known("1.2.840.113549.2.7")
    static let hmacSHA256 = ModelOIDs.known("1.2.840.113549.2.9")
    static let hmacSHA384 = ModelOIDs.known("1.2.840.113549.2.10")
    static let hmacSHA512 = ModelOIDs.known("1.2.840.113549.2.11")
    static let aes128 = ModelOIDs.known("2.16.840.1.101.3.4.1.2")
    static let aes192 = ModelOIDs.known("2.16.840.1.101.3.4.1.22")
    static let aes256 = ModelOIDs.known("2.16.840.1.101.3.4.1.42")
  }

  /// No key has a longer form.
  private static let byteLimit = 65_536
  /// A file that asks for more rounds would keep the program busy for minutes.
  private static let maximumRounds = 10_000_000
  /// Rounds of new files: the recommendation for HMAC-SHA-256 in OWASP's password storage cheat sheet.
  private static let rounds = 600_000
  private static let blockSize = 16

  /// Reads the DER form.
  init(der: [UInt8], source: String) throws(TrustError) {
    do throws(PKIError) {
      try self.init(reading: der, source: source)
    } catch {
      throw .key(source: source, problem: "the encrypted private key: \(error.message)", advice: error.advice)
    }
  }

  private init(reading der: [UInt8], source: String) throws(PKIError) {
    self.source = source
    var info = try DERFields(DERReading.root(der, "the key", limit: Self.byteLimit), "the key")
    var algorithm = try DERFields(info.next("algorithm"), "the algorithm")
    try Self.demand(OID.pbes2, algorithm.next("scheme"))
    var parameters = try DERFields(algorithm.next("parameters"), "the parameters")
    try algorithm.end()
    var function = try DERFields(parameters.next("derivation"), "the derivation")
    try Self.demand(OID.pbkdf2, function.next("function"))
    derivation = try Self.derivation(function.next("parameters"))
    try function.end()
    var cipher = try DERFields(parameters.next("cipher"), "the cipher")
    try parameters.end()
    let identifier = try cipher.next("algorithm").objectIdentifier("the cipher")
    switch identifier {
    case OID.aes128: keyLength = 16
    case OID.aes192: keyLength = 24
    case OID.aes256: keyLength = 32
    default: throw Self.unsupported(identifier)
    }
    initialisationVector = Array(try cipher.next("vector").octets("the initialisation vector"))
    try cipher.end()
    ciphertext = Array(try info.next("contents").octets("the contents"))
    try info.end()
    guard derivation.keyLength ?? keyLength == keyLength, initialisationVector.count == Self.blockSize,
      !ciphertext.isEmpty, ciphertext.count % Self.blockSize == 0
    else { throw PKIError(.encoding, "its lengths do not fit") }
  }

  private static func derivation(_ node: ASN1Node) throws(PKIError) -> Derivation {
    var fields = try DERFields(node, "the derivation")
    let salt = Array(try fields.next("salt").octets("the salt"))
    let rounds = try fields.next("rounds").number("the number of rounds", through: maximumRounds)
    let keyLength = try fields.next(if: .integer).map { (node) throws(PKIError) in
      try node.number("the length of the key", through: byteLimit)
    }
    guard rounds > 0 else { throw PKIError(.encoding, "the password is derived in no rounds") }
    var hash = KDF.Insecure.PBKDF2.HashFunction.insecureSHA1
    if let node = fields.next() {
      // Its parameters are NULL.
      var algorithm = try DERFields(node, "the hash of the derivation")
      let identifier = try algorithm.next("algorithm").objectIdentifier("the hash of the derivation")
      switch identifier {
      case OID.hmacSHA1: hash = .insecureSHA1
      case OID.hmacSHA256: hash = .sha256
      case OID.hmacSHA384: hash = .sha384
      case OID.hmacSHA512: hash = .sha512
      default: throw unsupported(identifier)
      }
    }
    try fields.end()
    return Derivation(salt: salt, rounds: rounds, keyLength: keyLength, hash: hash)
  }

  private static func demand(_ wanted: ObjectIdentifier, _ node: ASN1Node) throws(PKIError) {
    let identifier = try node.objectIdentifier("the algorithm")
    guard identifier == wanted else { throw unsupported(identifier) }
  }

  private static func unsupported(_ algorithm: ObjectIdentifier) -> PKIError {
    PKIError(
      .signature, "the algorithm \(algorithm) is not supported",
      advice: "openssl pkcs8 -topk8 -v2 aes-256-cbc -in KEY -out KEY2 encrypts it by PBKDF2 and AES")
  }

  /// The PrivateKeyInfo inside, in DER.
  func decrypted(password: String) throws(TrustError) -> [UInt8] {
    do {
      let key = try KDF.Insecure.PBKDF2.deriveKey(
        from: Array(password.utf8), salt: derivation.salt, using: derivation.hash, outputByteCount: keyLength,
        unsafeUncheckedRounds: derivation.rounds)
      let plain = Array(try AES._CBC.decrypt(ciphertext, using: key, iv: AES._CBC.IV(ivBytes: initialisationVector)))
      // A wrong password passes the check of the padding once in 256 times; what comes out is no DER then.
      _ = try DER.parse(plain)
      return plain
    } catch {
      throw .key(source: source, problem: "the password is wrong, or the file is damaged")
    }
  }

  /// The DER form of `key`, a PrivateKeyInfo, encrypted with PBKDF2-HMAC-SHA-256 and AES-256-CBC.
  static func encrypting(_ key: [UInt8], password: String) throws(TrustError) -> [UInt8] {
    let (salt, vector) = (randomBytes(blockSize), randomBytes(blockSize))
    let ciphertext: Data
    do {
      let derived = try KDF.Insecure.PBKDF2.deriveKey(
        from: Array(password.utf8), salt: salt, using: .sha256, outputByteCount: 32, rounds: rounds)
      ciphertext = try AES._CBC.encrypt(key, using: derived, iv: AES._CBC.IV(ivBytes: vector))
    } catch {
      throw .key(source: "the private key", problem: "it cannot be encrypted: \(error)")
    }
    var coder = DER.Serializer()
    coder.write { info in
      info.write { algorithm in
        algorithm.write(OID.pbes2)
        algorithm.write { parameters in
          parameters.write { function in
            function.write(OID.pbkdf2)
            function.write { derivation in
              derivation.write(octets: salt)
              derivation.write(number: rounds)
              derivation.write { hash in
                hash.write(OID.hmacSHA256)
                hash.appendPrimitiveNode(identifier: .null) { _ in }
              }
            }
          }
          parameters.write { cipher in
            cipher.write(OID.aes256)
            cipher.write(octets: vector)
          }
        }
      }
      info.write(octets: ciphertext)
    }
    return coder.serializedBytes
  }

  private static func randomBytes(_ count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in UInt8.random(in: 0 ... .max, using: &generator) }
  }
}
