public import StoaFormats

/// A signed payload: the Dead Simple Signing Envelope (secure-systems-lab/dsse, protocol and envelope 1.0).
public struct DSSEEnvelope: Equatable, Sendable {
  /// A signature and, when its maker gave one, the name of its key: a hint, never a proof.
  public struct Signature: Equatable, Sendable {
    /// The name of the key; nil when there is none.
    public var keyID: String?
    /// The signature, in DER for ECDSA.
    public var bytes: [UInt8]

    /// A signature.
    public init(keyID: String?, bytes: [UInt8]) {
      self.keyID = keyID
      self.bytes = bytes
    }
  }

  /// The media type of the payload.
  public var payloadType: String
  /// What is signed, to the byte.
  public var payload: [UInt8]
  /// Its signatures.
  public var signatures: [Signature]

  /// More signatures than this are not read: each costs a check.
  private static let maximumSignatures = 64

  /// An envelope.
  public init(payloadType: String, payload: [UInt8], signatures: [Signature]) {
    self.payloadType = payloadType
    self.payload = payload
    self.signatures = signatures
  }

  /// `payload` signed by `key`.
  public init(
    signing payload: [UInt8], type payloadType: String, with key: SigningKey, keyID: String? = nil
  ) throws(TrustError) {
    self.init(payloadType: payloadType, payload: payload, signatures: [])
    signatures.append(Signature(keyID: keyID, bytes: try key.sign(preAuthenticationEncoding)))
  }

  /// The bytes that are signed (PAE): payload and type with their lengths, so that neither can pass for the other.
  public var preAuthenticationEncoding: [UInt8] {
    Array("DSSEv1 \(payloadType.utf8.count) \(payloadType) \(payload.count) ".utf8) + payload
  }

  /// Whether one of the signatures was made by `key`.
  public func isSigned(by key: VerificationKey) -> Bool {
    let message = preAuthenticationEncoding
    return signatures.contains { key.isValidSignature($0.bytes, for: message) }
  }

  // MARK: JSON

  /// Reads the JSON form; `source` names it in messages.
  public init(json: JSONValue, source: String) throws(TrustError) {
    try self.init(JSONFields(json, source: source))
  }

  package init(_ fields: JSONFields) throws(TrustError) {
    payloadType = try fields.string("payloadType")
    payload = try fields.bytes("payload")
    signatures = []
    let entries = try fields.objects("signatures")
    guard (1...Self.maximumSignatures).contains(entries.count) else {
      throw fields.malformed(
        "signatures", "has \(entries.count) entries; there must be from 1 to \(Self.maximumSignatures)")
    }
    for entry in entries {
      let keyID = try entry.optionalString("keyid")
      signatures.append(Signature(keyID: keyID?.isEmpty == false ? keyID : nil, bytes: try entry.bytes("sig")))
    }
  }

  /// The envelope in the bytes of a JSON document.
  public init(parsing bytes: [UInt8], source: String) throws(TrustError) {
    try self.init(json: JSONValue(parsing: bytes, source: source), source: source)
  }

  /// The JSON form.
  public var json: JSONValue {
    [
      "payload": .string(Base64.encode(payload)),
      "payloadType": .string(payloadType),
      "signatures": .array(
        signatures.map { ["sig": .string(Base64.encode($0.bytes)), "keyid": .string($0.keyID ?? "")] }),
    ]
  }
}
