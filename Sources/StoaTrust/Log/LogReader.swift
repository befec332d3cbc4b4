/// A log as anyone can read it, in a folder or at a host, believed only as far as its key and hashes go.
public struct LogReader {
  let source: any TileSource
  /// Whom to believe.
  public let policy: LogPolicy

  /// The log of a source under a policy.
  public init(source: any TileSource, policy: LogPolicy) {
    self.source = source
    self.policy = policy
  }

  /// The checkpoint that the log shows now.
  public func latest() throws(LogError) -> VerifiedCheckpoint {
    guard let bytes = try source.read(TransparencyLog.checkpointPath, limit: SignedNote.maximumByteCount) else {
      throw .missing(path: TransparencyLog.checkpointPath)
    }
    return try VerifiedCheckpoint(parsing: bytes, policy: policy)
  }

  /// The proof that entry `index` is in the log of a checkpoint, checked.
  public func proof(of index: Int, in checkpoint: VerifiedCheckpoint, extra: [UInt8]? = nil) throws(LogError)
    -> LogProof
  {
    let size = checkpoint.checkpoint.size
    guard (0..<size).contains(index) else { throw .notIncluded(index: index, size: size) }
    var tree = TiledTree(source: source, size: size)
    let proof = LogProof(
      index: index, hashes: try tree.inclusionProof(index: index), extra: extra, checkpoint: checkpoint.note)
    try proof.check(leaf: tree.leaf(index), checkpoint.checkpoint)
    return proof
  }

  /// The number of the latest entry with these bytes; nil when there is none. Reads the hashes of all entries.
  public func index(of entry: [UInt8], in checkpoint: VerifiedCheckpoint) throws(LogError) -> Int? {
    let leaf = MerkleHash.leaf(entry)
    var tree = TiledTree(source: source, size: checkpoint.checkpoint.size)
    var end = checkpoint.checkpoint.size
    while end > 0 {
      let tile = TiledTree.tile(level: 0, containing: end - 1, size: checkpoint.checkpoint.size)
      let start = tile.index * TilePath.fullWidth
      if let place = try tree.hashes(tile).lastIndex(of: leaf) { return start + place }
      end = start
    }
    return nil
  }

  /// The hashes that show that the log of `newer` begins with that of `older`, checked.
  @discardableResult
  public func consistency(from older: Checkpoint, to newer: Checkpoint) throws(LogError) -> [MerkleHash] {
    guard older.size <= newer.size else {
      throw .inconsistent(oldSize: older.size, newSize: newer.size, problem: "it has become shorter")
    }
    var tree = TiledTree(source: source, size: newer.size)
    let proof = try tree.consistencyProof(oldSize: older.size)
    guard
      MerkleTree.isConsistent(
        oldSize: older.size, oldRoot: older.root, newSize: newer.size, newRoot: newer.root, proof: proof)
    else {
      throw .inconsistent(oldSize: older.size, newSize: newer.size, problem: "the hashes between them lead elsewhere")
    }
    return proof
  }

  /// Follows a log: checks that it grew from what it was and that every new entry is what its hashes say, and gives each
  /// to `body`, which has to bear in mind that only the return of this function confirms them.
  ///
  /// - Parameter older: The checkpoint seen last; nil to check the log from its beginning.
  public func follow(
    from older: Checkpoint?, to newer: VerifiedCheckpoint, _ body: (Int, [UInt8]) throws(LogError) -> Void
  ) throws(LogError) {
    let start = older?.size ?? 0
    let target = newer.checkpoint
    guard start <= target.size else {
      throw .inconsistent(oldSize: start, newSize: target.size, problem: "it has become shorter")
    }
    var peaks = MerklePeaks()
    if let older {
      var tree = TiledTree(source: source, size: target.size)
      peaks = try tree.peaks(0..<start)
      guard peaks.root == older.root else {
        throw .inconsistent(oldSize: start, newSize: target.size, problem: "its first entries have another root hash")
      }
    }
    var next = start
    while next < target.size {
      let index = next / TilePath.fullWidth
      let first = index * TilePath.fullWidth
      let tile = TilePath(.entries, index: index, width: min(TilePath.fullWidth, target.size - first))
      let (bytes, width) = try TiledTree.read(tile, from: source)
      let entries = try TileContents.entries(bytes, width: width, path: tile.path).prefix(tile.width)
      for entry in entries.dropFirst(next - first) {
        peaks.append(.leaf(entry))
        try body(next, entry)
        next += 1
      }
    }
    guard peaks.root == target.root else {
      throw .inconsistent(
        oldSize: start, newSize: target.size, problem: "its entries do not lead to the root it signed")
    }
  }
}
