import Crypto
import Foundation

/// What a signature under a note is made of: the byte before the public key (C2SP signed-note, "Signature types").
public enum NoteSignatureType: UInt8, Sendable {
  /// Ed25519 over the text of the note.
  case ed25519 = 0x01
  /// A witness's Ed25519 over the text and a time (C2SP tlog-cosignature).
  case cosignature = 0x04
}

/// A public key by whose name notes are signed: `NAME+ID+BASE64`.
public struct NoteVerifier: Sendable, Equatable {
  /// The name, usually an address without a scheme.
  public let name: String
  /// The first four bytes of a hash over name, type and key.
  public let id: UInt32
  /// What its signatures are made of.
  public let type: NoteSignatureType
  /// The 32 bytes of the public key.
  public let publicKey: [UInt8]

  init(name: String, type: NoteSignatureType, publicKey: [UInt8]) throws(LogError) {
    guard Self.isName(name) else {
      throw .invalidKey(problem: "a key's name must not be empty or have spaces or plus signs")
    }
    guard (try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey)) != nil else {
      throw .invalidKey(problem: "\(publicKey.count) bytes are not an Ed25519 key")
    }
    self.name = name
    self.type = type
    self.publicKey = publicKey
    id = Self.id(name: name, type: type, publicKey: publicKey)
  }

  /// Reads `NAME+ID+BASE64`, where the identifier has eight hexadecimal digits and the rest is the type and the key.
  public init(_ text: String) throws(LogError) {
    let parts = text.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, parts[1].utf8.count == 8, let id = Hex.decode(String(parts[1])),
      let key = Base64.strict(parts[2]), let first = key.first
    else { throw .invalidKey(problem: "a verifier key has the form NAME+ID+BASE64") }
    guard let type = NoteSignatureType(rawValue: first) else {
      throw .invalidKey(problem: "the signature type 0x\(Hex.encode([first])) is not supported")
    }
    try self.init(name: String(parts[0]), type: type, publicKey: Array(key.dropFirst()))
    guard Self.number(id) == self.id else {
      throw .invalidKey(problem: "its identifier is not that of its name and key")
    }
  }

  /// `NAME+ID+BASE64`.
  public var text: String { "\(name)+\(Self.hex(id))+\(Base64.encode([type.rawValue] + publicKey))" }

  static func id(name: String, type: NoteSignatureType, publicKey: [UInt8]) -> UInt32 {
    let hash = SHA256.hash(data: Array(name.utf8) + [0x0A, type.rawValue] + publicKey)
    return number(hash.prefix(4))
  }

  static func number(_ bytes: some Sequence<UInt8>) -> UInt32 { bytes.reduce(0) { $0 << 8 | UInt32($1) } }

  static func bytes(_ id: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: id >> (24 - 8 * $0)) } }

  static func hex(_ id: UInt32) -> String { Hex.encode(bytes(id)) }

  static func isName(_ name: some StringProtocol) -> Bool {
    !name.isEmpty
      && !name.unicodeScalars.contains {
        $0 == "+" || $0.properties.isWhitespace || $0.value < 0x20 || $0.value == 0x7F
      }
  }

  /// Whether `signature` is this key's over `message`.
  func isValid(_ signature: [UInt8], over message: [UInt8]) -> Bool {
    guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey) else { return false }
    return key.isValidSignature(signature, for: message)
  }
}

/// A private key that signs notes: `PRIVATE+KEY+NAME+ID+BASE64`, as Go's `sumdb/note` writes it.
public struct NoteSigner: Sendable {
  private let key: Curve25519.Signing.PrivateKey
  /// The key that checks its signatures.
  public let verifier: NoteVerifier

  /// A new key.
  public init(name: String, type: NoteSignatureType = .ed25519) throws(LogError) {
    try self.init(name: name, type: type, key: Curve25519.Signing.PrivateKey())
  }

  private init(name: String, type: NoteSignatureType, key: Curve25519.Signing.PrivateKey) throws(LogError) {
    self.key = key
    verifier = try NoteVerifier(name: name, type: type, publicKey: Array(key.publicKey.rawRepresentation))
  }

  private static let prefix = "PRIVATE+KEY+"

  /// Reads the text of a private key.
  public init(_ text: String) throws(LogError) {
    guard text.hasPrefix(Self.prefix) else {
      throw .invalidKey(problem: "a signer's key has the form PRIVATE+KEY+NAME+ID+BASE64")
    }
    let parts = text.dropFirst(Self.prefix.count).split(
      separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, let bytes = Base64.strict(parts[2]), let first = bytes.first,
      let type = NoteSignatureType(rawValue: first),
      let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: bytes.dropFirst())
    else {
      throw .invalidKey(problem: "a signer's key has the form PRIVATE+KEY+NAME+ID+BASE64 and holds an Ed25519 key")
    }
    try self.init(name: String(parts[0]), type: type, key: key)
    guard parts[1] == NoteVerifier.hex(verifier.id) else {
      throw .invalidKey(problem: "its identifier is not that of its name and key")
    }
  }

  /// The text to keep secret.
  public var secret: String {
    let bytes = [verifier.type.rawValue] + Array(key.rawRepresentation)
    return "\(Self.prefix)\(verifier.name)+\(NoteVerifier.hex(verifier.id))+\(Base64.encode(bytes))"
  }

  func signature(over message: [UInt8]) throws(LogError) -> [UInt8] {
    do {
      return Array(try key.signature(for: message))
    } catch {
      throw .invalidKey(problem: "signing failed: \(error)")
    }
  }
}
