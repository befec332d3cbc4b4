import StoaFormats
import StoaTrust

// The readers of what logs, assessors and servers hand out.

private let logKey = try? NoteVerifier("example.com/log+d455c521+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4")

/// A note, a checkpoint, a proof, and keys.
func readNote(_ bytes: [UInt8]) -> CInt {
  if let note = try? SignedNote(parsing: bytes) {
    // What was read is written as it was.
    precondition(Array(note.encoded.utf8) == bytes)
    _ = try? Checkpoint(parsing: note.text)
    if let logKey { _ = try? VerifiedCheckpoint(parsing: bytes, policy: LogPolicy(log: logKey)) }
  }
  if let proof = try? LogProof(parsing: bytes) {
    precondition(Array(proof.encoded.utf8) == bytes)
    if let logKey { _ = try? proof.verify(entry: [], policy: LogPolicy(log: logKey)) }
  }
  let text = String(decoding: bytes, as: UTF8.self)
  _ = try? NoteVerifier(text)
  _ = try? NoteSigner(text)
  return 0
}

/// Hashes and entries; the first byte says of which width.
func readTile(_ bytes: [UInt8]) -> CInt {
  guard let first = bytes.first else { return 0 }
  let (width, rest) = (Int(first) + 1, Array(bytes.dropFirst()))
  if let hashes = try? TileContents.hashes(rest, width: width, path: "tile") {
    precondition(hashes.count == width)
    _ = MerkleTree.root(hashes)
    _ = MerkleTree.root(leaf: hashes[0], index: Int(first), size: 1 << 40, proof: hashes)
    _ = MerkleTree.isConsistent(
      oldSize: Int(first), oldRoot: hashes[0], newSize: 1 << 40, newRoot: hashes[0], proof: hashes)
  }
  if let entries = try? TileContents.entries(rest, width: width, path: "tile") { precondition(entries.count == width) }
  return 0
}

/// A statement or envelope with each predicate, a receipt, an entry of the journal, results of a harness.
func readEvidence(_ bytes: [UInt8]) -> CInt {
  if let file = try? EvidenceFile(parsing: bytes, path: "statement") {
    _ = (try? Lineage([file.statement]))?.ancestry(of: "00")
  }
  if let value = try? JSONValue(parsing: bytes.span) {
    for type in PredicateType.allCases { try? type.check(value, source: "predicate") }
    if let canonical = try? CanonicalJSON.encode(value) { precondition(CanonicalJSON.decode(canonical) != nil) }
  }
  _ = try? SignedReceipt(parsing: bytes, source: "receipt")
  _ = JournalEntry(parsing: bytes)
  return 0
}
