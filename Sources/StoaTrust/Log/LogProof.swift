import StoaFormats

/// The proof, to lie beside a model, that an entry is in a log: nothing has to be fetched to check it
/// (C2SP tlog-proof).
public struct LogProof: Sendable, Equatable {
  /// The number of the entry.
  public let index: Int
  /// The hashes beside the path from the entry to the root, from below.
  public let hashes: [MerkleHash]
  /// What goes with it, on which nobody has signed: here the entry itself.
  public let extra: [UInt8]?
  /// The signed size and root.
  public let checkpoint: SignedNote

  private static let header = "c2sp.org/tlog-proof@v1"

  init(index: Int, hashes: [MerkleHash], extra: [UInt8]?, checkpoint: SignedNote) {
    self.index = index
    self.hashes = hashes
    self.extra = extra
    self.checkpoint = checkpoint
  }

  /// Reads a proof.
  public init(parsing bytes: [UInt8]) throws(LogError) {
    guard bytes.count <= SignedNote.maximumByteCount, let text = String(validating: bytes, as: UTF8.self) else {
      throw Self.malformed("it is not UTF-8, or larger than \(SignedNote.maximumByteCount) bytes")
    }
    var rest = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
    guard rest.popFirst().map(String.init) == Self.header else {
      throw Self.malformed("its first line is not \(Self.header)")
    }
    if let line = rest.first, line.hasPrefix("extra ") {
      guard let extra = Base64.strict(line.dropFirst(6)) else { throw Self.malformed("line 2 is not base64") }
      self.extra = extra
      rest.removeFirst()
    } else {
      extra = nil
    }
    guard let line = rest.popFirst(), line.hasPrefix("index "), let index = Checkpoint.number(line.dropFirst(6)) else {
      throw Self.malformed("the line with the number of the entry is missing")
    }
    self.index = index
    var hashes: [MerkleHash] = []
    while let line = rest.popFirst(), !line.isEmpty {
      // A tree of 2^63 entries has no longer proofs.
      guard hashes.count < 63, let hash = MerkleHash(base64: String(line)) else {
        throw Self.malformed("hash \(hashes.count + 1) is not the base64 of a SHA-256 hash, or one too many")
      }
      hashes.append(hash)
    }
    self.hashes = hashes
    checkpoint = try SignedNote(parsing: Array(rest.joined(separator: "\n").utf8))
  }

  private static func malformed(_ problem: String) -> LogError { .malformed(what: "the log proof", problem: problem) }

  /// The proof as it is stored.
  public var encoded: String {
    var lines = [Self.header]
    if let extra { lines.append("extra " + Base64.encode(extra)) }
    lines.append("index \(index)")
    lines += hashes.map(\.base64)
    return lines.joined(separator: "\n") + "\n\n" + checkpoint.encoded
  }

  /// Throws unless the proof shows that `entry` is in a log that the policy accepts.
  @discardableResult
  public func verify(entry: [UInt8], policy: LogPolicy) throws(LogError) -> VerifiedCheckpoint {
    let verified = try VerifiedCheckpoint(checkpoint, policy: policy)
    try check(leaf: .leaf(entry), verified.checkpoint)
    return verified
  }

  /// Throws unless the proof shows that the certificate (in DER) is in a log that the policy accepts: the entry, which the
  /// proof brings along, has to be about it.
  @discardableResult
  public func verify(certificate: [UInt8], policy: LogPolicy) throws(LogError) -> VerifiedCheckpoint {
    guard let extra else { throw Self.malformed("it does not hold the entry") }
    let fields = LogEntry.fields(extra)
    guard fields?["type"]?.stringValue == "certificate",
      fields?["certificate"]?.stringValue == Base64.encode(certificate)
    else { throw Self.malformed("its entry is about another certificate") }
    return try verify(entry: extra, policy: policy)
  }

  func check(leaf: MerkleHash, _ checkpoint: Checkpoint) throws(LogError) {
    let root = MerkleTree.root(leaf: leaf, index: index, size: checkpoint.size, proof: hashes)
    guard root == checkpoint.root else { throw .notIncluded(index: index, size: checkpoint.size) }
  }
}
