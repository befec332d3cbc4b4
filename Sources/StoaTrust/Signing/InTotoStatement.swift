public import StoaFormats

/// What is said about which things: an in-toto attestation statement, version 1 (in-toto/attestation, spec/v1).
public struct InTotoStatement: Equatable, Sendable {
  /// A thing that is spoken of, known by its digests.
  public struct Subject: Equatable, Sendable {
    /// A name for people.
    public var name: String
    /// Digests in hexadecimal by their algorithm, such as `sha256`.
    public var digests: [String: String]

    /// A thing with its digests.
    public init(name: String, digests: [String: String]) {
      self.name = name
      self.digests = digests
    }
  }

  /// The media type of statements in an envelope.
  public static let payloadType = "application/vnd.in-toto+json"
  private static let type = "https://in-toto.io/Statement/v1"
  private static let maximumSubjects = 100_000

  /// The things that are spoken of.
  public var subjects: [Subject]
  /// A URI for what kind of thing is said.
  public var predicateType: String
  /// What is said.
  public var predicate: JSONValue

  /// A statement.
  public init(subjects: [Subject], predicateType: String, predicate: JSONValue) {
    self.subjects = subjects
    self.predicateType = predicateType
    self.predicate = predicate
  }

  /// Reads the bytes of a statement; `source` names them in messages.
  public init(parsing bytes: [UInt8], source: String) throws(TrustError) {
    let fields = try JSONFields(JSONValue(parsing: bytes, source: source), source: source)
    let type = try fields.string("_type")
    guard type == Self.type else {
      throw .unsupported(
        source: source, problem: "this is a statement of type \(quoted(type))",
        advice: "version 1 of in-toto statements is read: \(Self.type)")
    }
    predicateType = try fields.string("predicateType")
    predicate = try fields.required("predicate")
    subjects = []
    let entries = try fields.objects("subject")
    guard (1...Self.maximumSubjects).contains(entries.count) else {
      throw fields.malformed("subject", "has \(entries.count) entries; there must be from 1 to \(Self.maximumSubjects)")
    }
    for entry in entries {
      let digest = try entry.fields("digest")
      var digests: [String: String] = [:]
      for algorithm in digest.object.keys {
        _ = try digest.hexBytes(algorithm)
        digests[algorithm] = try digest.string(algorithm).lowercased()
      }
      subjects.append(Subject(name: try entry.optionalString("name") ?? "", digests: digests))
    }
  }

  /// The statement in an envelope, whose signatures are checked elsewhere.
  public init(_ envelope: DSSEEnvelope, source: String) throws(TrustError) {
    guard envelope.payloadType == Self.payloadType else {
      throw .unsupported(
        source: source, problem: "the envelope holds \(quoted(envelope.payloadType))",
        advice: "a statement has the type \(Self.payloadType)")
    }
    try self.init(parsing: envelope.payload, source: source)
  }

  /// The JSON form, digests in the order of their algorithms.
  public var json: JSONValue {
    let subjects = subjects.map { subject -> JSONValue in
      let digests = subject.digests.sorted { $0.key < $1.key }.map { ($0.key, JSONValue.string($0.value)) }
      return ["name": .string(subject.name), "digest": .object(JSONObject(digests))]
    }
    return [
      "_type": .string(Self.type),
      "subject": .array(subjects),
      "predicateType": .string(predicateType),
      "predicate": predicate,
    ]
  }

  /// The bytes to sign.
  public var bytes: [UInt8] { Array(json.text().utf8) }
}
