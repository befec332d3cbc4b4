/// The size and root hash of a log, as it signs them (C2SP tlog-checkpoint).
public struct Checkpoint: Sendable, Equatable {
  /// The name of the log.
  public let origin: String
  /// The number of entries.
  public let size: Int
  /// The root of the tree over them.
  public let root: MerkleHash
  /// Further lines, of which nothing is believed.
  public let extensions: [String]

  /// A checkpoint without further lines.
  public init(origin: String, size: Int, root: MerkleHash) {
    self.origin = origin
    self.size = size
    self.root = root
    extensions = []
  }

  /// Reads the text of a note.
  public init(parsing text: String) throws(LogError) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.count >= 4, lines.last == "", !lines.dropLast().contains("") else {
      throw Self.malformed("it must have three or more lines and no empty one")
    }
    guard let size = Self.number(lines[1]) else { throw Self.malformed("line 2 is not the number of entries") }
    guard let root = MerkleHash(base64: String(lines[2])) else {
      throw Self.malformed("line 3 is not the base64 of a SHA-256 hash")
    }
    origin = String(lines[0])
    self.size = size
    self.root = root
    extensions = lines[3..<(lines.count - 1)].map(String.init)
    if size == 0, root != .emptyRoot { throw Self.malformed("an empty log has another root hash") }
  }

  /// A decimal number without superfluous zeros.
  static func number(_ text: Substring) -> Int? {
    guard let number = Int(text), number >= 0, String(number) == text else { return nil }
    return number
  }

  private static func malformed(_ problem: String) -> LogError { .malformed(what: "the checkpoint", problem: problem) }

  /// The text that is signed.
  public var text: String { ([origin, String(size), root.base64] + extensions).joined(separator: "\n") + "\n" }
}

/// Whom to believe about a log: its key, and how many of which witnesses.
public struct LogPolicy: Sendable, Equatable {
  /// The key that signs the log's checkpoints.
  public var log: NoteVerifier
  /// The name that its checkpoints begin with; by default the key's.
  public var origin: String
  /// The witnesses that are known.
  public var witnesses: [NoteVerifier]
  /// How many of them must have cosigned.
  public var quorum: Int

  /// A policy; a quorum of 0 asks for no witness.
  public init(log: NoteVerifier, origin: String? = nil, witnesses: [NoteVerifier] = [], quorum: Int = 0) {
    self.log = log
    self.origin = origin ?? log.name
    self.witnesses = witnesses
    self.quorum = quorum
  }
}

/// A checkpoint whose signatures a policy accepts.
public struct VerifiedCheckpoint: Sendable, Equatable {
  /// What was signed.
  public let checkpoint: Checkpoint
  /// The witnesses that cosigned it.
  public let cosignatures: [SignedNote.Cosignature]
  /// The note as it came.
  public let note: SignedNote

  /// Reads and checks a signed checkpoint.
  public init(parsing bytes: [UInt8], policy: LogPolicy) throws(LogError) {
    try self.init(SignedNote(parsing: bytes), policy: policy)
  }

  init(_ note: SignedNote, policy: LogPolicy) throws(LogError) {
    try note.verify(policy.log)
    let checkpoint = try Checkpoint(parsing: note.text)
    guard checkpoint.origin == policy.origin else {
      throw .malformed(
        what: "the checkpoint", problem: "it is of the log \(checkpoint.origin), not of \(policy.origin)")
    }
    let cosignatures = try note.cosignatures(of: policy.witnesses)
    // A witness may have several keys; it counts once.
    guard Set(cosignatures.map(\.name)).count >= policy.quorum else {
      throw .tooFewWitnesses(found: cosignatures.count, needed: policy.quorum)
    }
    self.checkpoint = checkpoint
    self.cosignatures = cosignatures
    self.note = note
  }
}
