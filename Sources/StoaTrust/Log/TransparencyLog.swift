import Glibc
import StoaFormats

/// A log in a folder, for the one who keeps it (C2SP tlog-tiles). Any host of static files can show the folder.
///
/// Entries and tiles are durable before the checkpoint that counts them, and each file appears whole: whatever ends an
/// append, the log is what it was before or what it is after.
public struct TransparencyLog: Sendable {
  private let files: FolderTiles
  private let signer: NoteSigner
  /// The name in the checkpoints.
  public let origin: String

  /// Where the checkpoint lies below the log's address.
  public static let checkpointPath = "checkpoint"

  /// Starts an empty log, which is named after its key.
  public static func create(folder: String, signer: NoteSigner) throws(LogError) -> TransparencyLog {
    let log = TransparencyLog(folder: folder, signer: signer)
    do throws(FormatError) { try DurableFiles.makeFolders(folder) } catch { throw LogError(error) }
    try log.locked { () throws(LogError) in
      if try log.files.read(checkpointPath, limit: SignedNote.maximumByteCount) != nil {
        throw LogError.exists(path: folder)
      }
      try log.publish(Checkpoint(origin: log.origin, size: 0, root: .emptyRoot))
    }
    return log
  }

  /// The log in a folder, which the signer's key has signed.
  public init(folder: String, signer: NoteSigner) {
    files = FolderTiles(folder: folder)
    self.signer = signer
    origin = signer.verifier.name
  }

  /// The log as others read it.
  public var reader: LogReader { LogReader(source: files, policy: LogPolicy(log: signer.verifier)) }

  /// Appends entries and returns the number of the first, once all are durable and counted.
  @discardableResult
  public func append(_ entries: [[UInt8]]) throws(LogError) -> Int {
    for entry in entries where entry.count > Int(UInt16.max) { throw .entryTooLarge(bytes: entry.count) }
    return try locked { () throws(LogError) in
      let old = try reader.latest().checkpoint
      if entries.isEmpty { return old.size }
      var tree = TiledTree(source: files, size: old.size)
      var peaks = try tree.peaks(0..<old.size)
      guard peaks.root == old.root else {
        throw LogError.inconsistent(
          oldSize: old.size, newSize: old.size, problem: "its tiles do not lead to the root hash it signed")
      }
      let leaves = entries.map(MerkleHash.leaf)
      for leaf in leaves { peaks.append(leaf) }
      var full = try write(entries: entries, from: old.size)
      full += try write(leaves: leaves, from: old.size, tree: &tree)
      try publish(Checkpoint(origin: origin, size: peaks.size, root: peaks.root))
      // No checkpoint asks for them any more, and readers know to take the full tile.
      for tile in full { files.removeFiles(in: tile.partialFolder) }
      return old.size
    }
  }

  /// Writes bundles and returns the full ones.
  private func write(entries: [[UInt8]], from size: Int) throws(LogError) -> [TilePath] {
    let width = size % TilePath.fullWidth
    var pending: [[UInt8]] = []
    if width > 0 {
      let tile = TilePath(.entries, index: size / TilePath.fullWidth, width: width)
      let (bytes, found) = try TiledTree.read(tile, from: files)
      pending = Array(try TileContents.entries(bytes, width: found, path: tile.path).prefix(width))
    }
    return try write(.entries, pending + entries, from: size - width) { TileContents.encode(entries: $0) }
  }

  /// Writes the tiles of all levels and returns the full ones.
  private func write(leaves: [MerkleHash], from size: Int, tree: inout TiledTree) throws(LogError) -> [TilePath] {
    var full: [TilePath] = []
    var added = leaves
    var count = size
    var level = 0
    while !added.isEmpty {
      let width = count % TilePath.fullWidth
      if width > 0 {
        added = try tree.hashes(TiledTree.tile(level: level, containing: count - 1, size: size)) + added
      }
      full += try write(.hashes(level: level), added, from: count - width) { TileContents.encode($0) }
      // Full tiles, and only they, are hashed into the level above.
      added = stride(from: 0, to: added.count - TilePath.fullWidth + 1, by: TilePath.fullWidth).map {
        MerkleTree.root(Array(added[$0..<($0 + TilePath.fullWidth)]))
      }
      count /= TilePath.fullWidth
      level += 1
    }
    return full
  }

  private func write<Item>(
    _ kind: TilePath.Kind, _ items: [Item], from start: Int, _ encode: (ArraySlice<Item>) -> [UInt8]
  ) throws(LogError) -> [TilePath] {
    var full: [TilePath] = []
    for offset in stride(from: 0, to: items.count, by: TilePath.fullWidth) {
      let slice = items[offset..<min(offset + TilePath.fullWidth, items.count)]
      let tile = TilePath(kind, index: (start + offset) / TilePath.fullWidth, width: slice.count)
      try files.write(encode(slice), to: tile.path)
      if slice.count == TilePath.fullWidth { full.append(tile) }
    }
    return full
  }

  private func publish(_ checkpoint: Checkpoint) throws(LogError) {
    var note = try SignedNote(text: checkpoint.text)
    try note.sign(signer)
    try files.write(Array(note.encoded.utf8), to: Self.checkpointPath)
  }

  /// Runs work while no other process appends.
  private func locked<Value>(_ work: () throws(LogError) -> Value) throws(LogError) -> Value {
    let path = files.folder + "/.lock"
    let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw LogError(.system(path: path, operation: "open", code: errno)) }
    // Closing gives the lock back, also when the process ends.
    defer { close(descriptor) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { throw .locked(path: files.folder) }
    return try work()
  }
}
