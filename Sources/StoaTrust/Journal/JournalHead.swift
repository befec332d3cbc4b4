public import StoaFormats

/// What a journal was at some moment: signed by a key outside the database, it fixes all entries up to it.
public struct JournalHead: Sendable, Equatable {
  /// The journal's identifier.
  public let journal: String
  /// The number of its last entry.
  public let sequence: Int
  /// The hash of that entry.
  public let hash: MerkleHash

  /// The media type of heads in an envelope.
  public static let payloadType = "application/vnd.stoa.journal-head+json"

  /// The head after an entry.
  public init(journal: String, sequence: Int, hash: MerkleHash) {
    self.journal = journal
    self.sequence = sequence
    self.hash = hash
  }

  /// The head after an entry.
  public init(_ entry: JournalEntry) { self.init(journal: entry.journal, sequence: entry.sequence, hash: entry.hash) }

  /// The signed form.
  public func signed(by key: SigningKey) throws(TrustError) -> DSSEEnvelope {
    // Two short texts and a small number always have a canonical form.
    let bytes = (try? CanonicalJSON.encode(json)) ?? []
    return try DSSEEnvelope(signing: bytes, type: Self.payloadType, with: key, keyID: key.publicKey.fingerprint)
  }

  /// The head in an envelope that `key` has signed; `source` names it in messages.
  public init(_ envelope: DSSEEnvelope, signedBy key: VerificationKey, source: String) throws(JournalError) {
    guard envelope.payloadType == Self.payloadType else {
      throw .malformedHead(source: source, problem: "it holds \(quoted(envelope.payloadType))")
    }
    guard envelope.isSigned(by: key) else { throw .notSigned(source: source) }
    guard let fields = CanonicalJSON.decode(envelope.payload)?.objectValue,
      let journal = fields["journal"]?.stringValue, let sequence = fields["sequence"]?.intValue, sequence > 0,
      let hash = fields["hash"]?.stringValue.flatMap({ MerkleHash(hex: $0) })
    else { throw .malformedHead(source: source, problem: "its fields are not those of a head") }
    self.init(journal: journal, sequence: sequence, hash: hash)
  }

  /// The head that an entry of a log speaks of; nil when it speaks of something else.
  public init?(logEntry: [UInt8]) {
    guard let fields = LogEntry.fields(logEntry), fields["type"]?.stringValue == "journal-head",
      let journal = fields["journal"]?.stringValue, let sequence = fields["sequence"]?.intValue, sequence > 0,
      let hash = fields["hash"]?.stringValue.flatMap({ MerkleHash(hex: $0) })
    else { return nil }
    self.init(journal: journal, sequence: sequence, hash: hash)
  }

  /// The fields.
  public var json: JSONValue {
    ["hash": .string(hash.hex), "journal": .string(journal), "sequence": .int(sequence)]
  }
}
