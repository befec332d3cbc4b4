public import StoaFormats

/// A signature with all that is needed to check it: a sigstore bundle (sigstore/protobuf-specs, `sigstore_bundle.proto`,
/// versions 0.1 to 0.3) that holds a DSSE envelope.
public struct SigstoreBundle: Equatable, Sendable {
  /// Whose signature it says it is.
  public enum Signer: Equatable, Sendable {
    /// A key that the verifier knows; `hint` is SHA-256 of its PEM text in hexadecimal, nil in older bundles.
    case key(hint: String?)
    /// A certificate with the authorities above it, each in DER, the leaf first.
    case chain([[UInt8]])
    /// A short-lived certificate of a sigstore authority, in DER.
    case sigstore(certificate: [UInt8])
  }

  /// Version and encoding.
  public var mediaType: String
  /// Whose signature it says it is.
  public var signer: Signer
  /// Where the signature was entered into a transparency log.
  public var logEntries: [SigstoreLogEntry]
  /// RFC 3161 responses in DER that say when the signature was there.
  public var timestamps: [[UInt8]]
  /// What is signed.
  public var envelope: DSSEEnvelope

  /// What is written.
  public static let mediaType = "application/vnd.dev.sigstore.bundle.v0.3+json"
  private static let readMediaTypes: Set = [
    mediaType, "application/vnd.dev.sigstore.bundle+json;version=0.1",
    "application/vnd.dev.sigstore.bundle+json;version=0.2",
    "application/vnd.dev.sigstore.bundle+json;version=0.3",
  ]
  /// More entries, timestamps or certificates than this are not read: each costs checks.
  private static let maximumItems = 16

  /// A bundle of the present version.
  public init(signer: Signer, envelope: DSSEEnvelope) {
    mediaType = Self.mediaType
    self.signer = signer
    logEntries = []
    timestamps = []
    self.envelope = envelope
  }

  /// Reads the bytes of a bundle; `source` names them in messages.
  public init(parsing bytes: [UInt8], source: String) throws(TrustError) {
    let fields = try JSONFields(JSONValue(parsing: bytes, source: source), source: source)
    mediaType = try fields.string("mediaType")
    guard Self.readMediaTypes.contains(mediaType) else {
      throw .unsupported(
        source: source, problem: "this is a document of type \(quoted(mediaType))",
        advice: "a signature is a sigstore bundle of version 0.1 to 0.3")
    }
    guard let envelope = try fields.optionalFields("dsseEnvelope") else {
      throw .unsupported(
        source: source, problem: "the bundle has no DSSE envelope",
        advice: "a model is signed by a bundle with dsseEnvelope, not messageSignature")
    }
    self.envelope = try DSSEEnvelope(envelope)
    let material = try fields.fields("verificationMaterial")
    signer = try Self.signer(material)
    logEntries = []
    for entry in try Self.few(material, "tlogEntries") { logEntries.append(try SigstoreLogEntry(entry)) }
    timestamps = []
    if let data = try material.optionalFields("timestampVerificationData") {
      for entry in try Self.few(data, "rfc3161Timestamps") { timestamps.append(try entry.bytes("signedTimestamp")) }
    }
  }

  /// Reads a bundle's file.
  public init(path: String) throws(TrustError) { try self.init(parsing: readBytes(path), source: path) }

  private static func signer(_ material: JSONFields) throws(TrustError) -> Signer {
    if let certificate = try material.optionalFields("certificate") {
      return .sigstore(certificate: try certificate.bytes("rawBytes"))
    }
    if let chain = try material.optionalFields("x509CertificateChain") {
      var certificates: [[UInt8]] = []
      for certificate in try few(chain, "certificates") { certificates.append(try certificate.bytes("rawBytes")) }
      guard !certificates.isEmpty else { throw chain.malformed("certificates", "is empty") }
      return .chain(certificates)
    }
    guard let key = try material.optionalFields("publicKey") else {
      throw material.malformed("publicKey", "is missing, and so are certificate and x509CertificateChain")
    }
    // Before version 1.1 `model-signing` wrote the whole key instead of its hint. It is the verifier who must know the
    // key, so nothing is lost by leaving it aside.
    return .key(hint: try key.optionalString("hint"))
  }

  private static func few(_ fields: JSONFields, _ key: String) throws(TrustError) -> [JSONFields] {
    let objects = try fields.objects(key)
    guard objects.count <= maximumItems else {
      throw fields.malformed(key, "has \(objects.count) entries; at most \(maximumItems) are read")
    }
    return objects
  }

  /// The JSON form, without log entries and timestamps, which only others can make.
  public var json: JSONValue {
    let material: JSONObject
    switch signer {
    case .key(let hint):
      material = JSONObject([("publicKey", .object(JSONObject(hint.map { [("hint", .string($0))] } ?? [])))])
    case .chain(let certificates):
      let list = certificates.map { certificate -> JSONValue in ["rawBytes": .string(Base64.encode(certificate))] }
      material = JSONObject([("x509CertificateChain", ["certificates": .array(list)])])
    case .sigstore(let certificate):
      material = JSONObject([("certificate", ["rawBytes": .string(Base64.encode(certificate))])])
    }
    return [
      "mediaType": .string(mediaType),
      "verificationMaterial": .object(JSONObject(material.map { ($0.key, $0.value) } + [("tlogEntries", [])])),
      "dsseEnvelope": envelope.json,
    ]
  }
}

/// An entry of a sigstore transparency log (`sigstore_rekor.proto`, TransparencyLogEntry).
public struct SigstoreLogEntry: Equatable, Sendable {
  /// That the entry is in the tree that a checkpoint signs.
  struct InclusionProof: Equatable, Sendable {
    let index: Int
    let treeSize: Int
    let root: [UInt8]
    let hashes: [[UInt8]]
    /// A signed note.
    let checkpoint: String
  }

  let index: Int
  /// Which log.
  let logID: [UInt8]
  let kind: String
  let version: String
  /// Seconds since 1970; nil when the log does not say.
  let integratedTime: Int?
  /// The log's signature over index, time and body.
  let signedEntryTimestamp: [UInt8]?
  let proof: InclusionProof?
  /// What was entered, to the byte.
  let body: [UInt8]

  private static let maximumHashes = 64

  init(_ fields: JSONFields) throws(TrustError) {
    index = try fields.integer("logIndex")
    logID = try fields.fields("logId").bytes("keyId")
    let kindVersion = try fields.fields("kindVersion")
    kind = try kindVersion.string("kind")
    version = try kindVersion.string("version")
    let time = fields.value("integratedTime") == nil ? 0 : try fields.integer("integratedTime")
    integratedTime = time > 0 ? time : nil
    signedEntryTimestamp = try fields.optionalFields("inclusionPromise").map { (promise) throws(TrustError) in
      try promise.bytes("signedEntryTimestamp")
    }
    proof = try fields.optionalFields("inclusionProof").map { (proof) throws(TrustError) in
      var hashes: [[UInt8]] = []
      for hash in try proof.strings("hashes") {
        guard let bytes = Base64.decode(hash), bytes.count == MerkleHash.byteCount,
          hashes.count < Self.maximumHashes
        else { throw proof.malformed("hashes", "holds what is no SHA-256, or too many of them") }
        hashes.append(bytes)
      }
      return InclusionProof(
        index: try proof.value("logIndex") == nil ? 0 : proof.integer("logIndex"),
        treeSize: try proof.integer("treeSize"),
        root: try proof.bytes("rootHash"), hashes: hashes,
        checkpoint: try proof.fields("checkpoint").string("envelope"))
    }
    body = try fields.bytes("canonicalizedBody")
  }
}
