import Crypto
import SwiftASN1
import X509

/// The algorithms that signatures of certificates, lists and responses may have.
///
/// SHA-1, RSA-PSS and parameters where none belong are refused: RFC 5758, RFC 8410, and RFC 4055 for the NULL of RSA.
enum SignatureScheme: Sendable, CaseIterable {
  case ecdsaWithSHA256, ecdsaWithSHA384, ecdsaWithSHA512, rsaWithSHA256, rsaWithSHA384, rsaWithSHA512, ed25519

  private var identifier: ObjectIdentifier {
    switch self {
    case .ecdsaWithSHA256: StandardOIDs.ecdsaWithSHA256
    case .ecdsaWithSHA384: StandardOIDs.ecdsaWithSHA384
    case .ecdsaWithSHA512: StandardOIDs.ecdsaWithSHA512
    case .rsaWithSHA256: StandardOIDs.rsaWithSHA256
    case .rsaWithSHA384: StandardOIDs.rsaWithSHA384
    case .rsaWithSHA512: StandardOIDs.rsaWithSHA512
    case .ed25519: StandardOIDs.ed25519
    }
  }

  private var isRSA: Bool {
    switch self {
    case .rsaWithSHA256, .rsaWithSHA384, .rsaWithSHA512: true
    default: false
    }
  }

  /// Reads an AlgorithmIdentifier.
  init(_ node: ASN1Node, _ place: String) throws(PKIError) {
    var fields = try DERFields(node, place)
    let identifier = try fields.next("algorithm").objectIdentifier(place)
    let parameters = fields.next()
    try fields.end()
    guard let scheme = Self.allCases.first(where: { $0.identifier == identifier }) else {
      throw PKIError(
        .signature, "\(place) is \(identifier), which is not supported",
        advice: "use ECDSA with SHA-256 or SHA-384, Ed25519, or RSA (PKCS #1 v1.5) with SHA-256 or more")
    }
    guard parameters == nil || scheme.isRSA && parameters?.encodedBytes.elementsEqual([5, 0]) == true else {
      throw PKIError(.encoding, "\(place) has parameters that do not belong there")
    }
    self = scheme
  }

  func write(into coder: inout DER.Serializer) {
    coder.appendConstructedNode(identifier: .sequence) { coder in
      coder.write(identifier)
      if isRSA { coder.appendPrimitiveNode(identifier: .null) { _ in } }
    }
  }

  fileprivate var algorithm: Certificate.SignatureAlgorithm {
    switch self {
    case .ecdsaWithSHA256: .ecdsaWithSHA256
    case .ecdsaWithSHA384: .ecdsaWithSHA384
    case .ecdsaWithSHA512: .ecdsaWithSHA512
    case .rsaWithSHA256: .sha256WithRSAEncryption
    case .rsaWithSHA384: .sha384WithRSAEncryption
    case .rsaWithSHA512: .sha512WithRSAEncryption
    case .ed25519: .ed25519
    }
  }
}

/// Signed bytes with the algorithm and the signature as the structure carries them.
struct SignedBytes: Hashable, Sendable {
  let body: [UInt8]
  let scheme: SignatureScheme
  let signature: [UInt8]
}

/// The public key of a subject (SubjectPublicKeyInfo, RFC 5280, 4.1.2.7).
struct SubjectKey: Hashable, Sendable {
  /// The whole encoding.
  let der: [UInt8]
  /// The bits of the key itself: what key identifiers hash.
  let bits: [UInt8]
  let key: VerificationKey

  init(_ node: ASN1Node, _ place: String) throws(PKIError) {
    var fields = try DERFields(node, place)
    _ = try fields.next("algorithm")
    bits = try fields.next("key").wholeBits(place)
    try fields.end()
    der = Array(node.encodedBytes)
    do {
      key = try VerificationKey(der: der, source: place)
    } catch {
      throw PKIError(
        .signature, "\(place) is of a kind that is not supported", advice: "use P-256, P-384, P-521, Ed25519 or RSA")
    }
  }

  init(_ key: VerificationKey) throws(PKIError) {
    try self.init(DERReading.root(key.der, "the public key", limit: 16_384), "the public key")
  }

  /// The identifier of the key: SHA-1 of its bits (RFC 5280, 4.2.1.2), a name and no proof of anything.
  var identifier: [UInt8] { Array(Insecure.SHA1.hash(data: bits)) }

  func verifies(_ signed: SignedBytes) -> Bool {
    key.certificateKey.isValidSignature(
      signed.signature, for: signed.body, signatureAlgorithm: signed.scheme.algorithm)
  }
}
