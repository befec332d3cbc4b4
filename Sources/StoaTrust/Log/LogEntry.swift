public import StoaFormats

/// What Stoa writes into a log: canonical JSON, so that whoever has the parts can make the same bytes.
public enum LogEntry {
  /// The digest of a statement and what it is about.
  public struct EvidenceDigest: Sendable, Equatable {
    /// The type of the statement's predicate.
    public let predicateType: String
    /// SHA-256 of the statement's bytes, without its envelope.
    public let sha256: MerkleHash

    /// A digest of a statement.
    public init(predicateType: String, sha256: MerkleHash) {
      self.predicateType = predicateType
      self.sha256 = sha256
    }
  }

  /// That a certificate was issued on the strength of evidence, which keeps its order.
  public static func certificate(der: [UInt8], evidence: [EvidenceDigest]) throws(CanonicalJSONError) -> [UInt8] {
    let evidence: [JSONValue] = evidence.map {
      ["predicateType": .string($0.predicateType), "sha256": .string($0.sha256.hex)]
    }
    return try CanonicalJSON.encode([
      "type": "certificate", "certificate": .string(Base64.encode(der)), "evidence": .array(evidence),
    ])
  }

  /// That a journal had a head: the digest of what was signed about it.
  public static func journalHead(journal: String, sequence: Int, hash: MerkleHash) throws(CanonicalJSONError) -> [UInt8]
  {
    try CanonicalJSON.encode([
      "type": "journal-head", "journal": .string(journal), "sequence": .int(sequence), "hash": .string(hash.hex),
    ])
  }

  /// The fields of an entry; nil when it is not one of Stoa's.
  public static func fields(_ entry: [UInt8]) -> JSONObject? { CanonicalJSON.decode(entry)?.objectValue }
}
