/// A resource of a tiled log (C2SP tlog-tiles): hashes of one level, or entries.
public struct TilePath: Hashable, Sendable {
  /// What a tile holds.
  public enum Kind: Hashable, Sendable {
    /// Hashes of subtrees of 256^level entries.
    case hashes(level: Int)
    /// The entries themselves.
    case entries
  }

  /// What it holds.
  public let kind: Kind
  /// Its number within the level.
  public let index: Int
  /// How many of the 256 places are filled.
  public let width: Int

  /// Hashes or entries in a full tile.
  public static let fullWidth = 256

  init(_ kind: Kind, index: Int, width: Int) {
    self.kind = kind
    self.index = index
    self.width = width
  }

  /// The place below the log's address, such as `tile/0/x001/234.p/12`.
  public var path: String {
    let level =
      switch kind {
      case .hashes(let level): String(level)
      case .entries: "entries"
      }
    return "tile/\(level)/\(folders)" + (width < Self.fullWidth ? ".p/\(width)" : "")
  }

  /// The folder of the partial tiles that a full one replaces.
  var partialFolder: String {
    TilePath(kind, index: index, width: Self.fullWidth).path + ".p"
  }

  private var folders: String {
    var groups: [String] = []
    var rest = index
    repeat {
      let digits = String(rest % 1000)
      groups.append(String(repeating: "0", count: 3 - digits.count) + digits)
      rest /= 1000
    } while rest > 0
    return groups.reversed().enumerated()
      .map { $0.offset < groups.count - 1 ? "x" + $0.element : $0.element }.joined(separator: "/")
  }

  /// The largest that a resource of the kind can be, in bytes.
  var byteLimit: Int {
    switch kind {
    case .hashes: width * MerkleHash.byteCount
    case .entries: width * (2 + Int(UInt16.max))
    }
  }
}

/// The contents of tiles, read strictly.
public enum TileContents {
  /// The hashes of a tile of `width`.
  public static func hashes(_ bytes: [UInt8], width: Int, path: String) throws(LogError) -> [MerkleHash] {
    guard bytes.count == width * MerkleHash.byteCount else {
      throw .malformed(what: path, problem: "\(bytes.count) bytes are not \(width) hashes")
    }
    return (0..<width).compactMap { MerkleHash(bytes[($0 * MerkleHash.byteCount)..<(($0 + 1) * MerkleHash.byteCount)]) }
  }

  /// The entries of a bundle of `width`, each after its length in two bytes.
  public static func entries(_ bytes: [UInt8], width: Int, path: String) throws(LogError) -> [[UInt8]] {
    var entries: [[UInt8]] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      guard entries.count < width else { throw .malformed(what: path, problem: "more than \(width) entries") }
      guard rest.count >= 2 else { throw .malformed(what: path, problem: "it ends within a length") }
      let count = Int(rest[rest.startIndex]) << 8 | Int(rest[rest.startIndex + 1])
      rest = rest.dropFirst(2)
      guard rest.count >= count else {
        throw .malformed(
          what: path, problem: "entry \(entries.count) has \(count) bytes, of which \(rest.count) are there")
      }
      entries.append(Array(rest.prefix(count)))
      rest = rest.dropFirst(count)
    }
    guard entries.count == width else {
      throw .malformed(what: path, problem: "\(entries.count) entries instead of \(width)")
    }
    return entries
  }

  static func encode(_ hashes: some Sequence<MerkleHash>) -> [UInt8] { hashes.flatMap(\.bytes) }

  static func encode(entries: some Sequence<[UInt8]>) -> [UInt8] {
    entries.flatMap { [UInt8($0.count >> 8), UInt8($0.count & 255)] + $0 }
  }
}

/// Where the files of a log come from: a folder, or any host of static files.
public protocol TileSource {
  /// The bytes at a place below the log's address, at most `limit` of them; nil when there is nothing.
  func read(_ path: String, limit: Int) throws(LogError) -> [UInt8]?
}

/// The hashes of a log of some size, out of its tiles. What it gives is not checked: proofs are, by their root.
struct TiledTree {
  let source: any TileSource
  let size: Int
  private var tiles: [TilePath: [MerkleHash]] = [:]

  private static let height = 8
  /// So many tiles are kept: half a million hashes.
  private static let cacheLimit = 2048

  init(source: any TileSource, size: Int) {
    self.source = source
    self.size = size
  }

  /// The tile of a level that holds the hash `index` of it, as wide as this size makes it.
  static func tile(level: Int, containing index: Int, size: Int) -> TilePath {
    let count = size >> (height * level)
    let tile = index / TilePath.fullWidth
    return TilePath(
      .hashes(level: level), index: tile, width: min(TilePath.fullWidth, count - tile * TilePath.fullWidth))
  }

  /// The bytes of a resource; a partial one may have been replaced by the full one that begins with it.
  static func read(_ tile: TilePath, from source: any TileSource) throws(LogError) -> (bytes: [UInt8], width: Int) {
    if let bytes = try source.read(tile.path, limit: tile.byteLimit) { return (bytes, tile.width) }
    let full = TilePath(tile.kind, index: tile.index, width: TilePath.fullWidth)
    guard tile.width < TilePath.fullWidth, let bytes = try source.read(full.path, limit: full.byteLimit) else {
      throw .missing(path: tile.path)
    }
    return (bytes, TilePath.fullWidth)
  }

  mutating func hashes(_ tile: TilePath) throws(LogError) -> [MerkleHash] {
    if let known = tiles[tile] { return known }
    let (bytes, width) = try Self.read(tile, from: source)
    let hashes = Array(try TileContents.hashes(bytes, width: width, path: tile.path).prefix(tile.width))
    if tiles.count >= Self.cacheLimit { tiles = [:] }
    tiles[tile] = hashes
    return hashes
  }

  /// The root of the subtree of 2^level leaves that begins at leaf `index` · 2^level.
  mutating func node(level: Int, index: Int) throws(LogError) -> MerkleHash {
    let (tileLevel, inner) = (level / Self.height, level % Self.height)
    let first = index << inner
    let tile = Self.tile(level: tileLevel, containing: first, size: size)
    let place = first % TilePath.fullWidth
    let hashes = try hashes(tile)
    guard place + (1 << inner) <= hashes.count else { throw .missing(path: tile.path) }
    return MerkleTree.root(Array(hashes[place..<(place + (1 << inner))]))
  }

  /// The root over the leaves of a range that starts at a multiple of the largest power of two in its length, as all
  /// ranges do that RFC 6962 hashes.
  mutating func root(_ range: Range<Int>) throws(LogError) -> MerkleHash { try peaks(range).root }

  /// The perfect subtrees of a range.
  mutating func peaks(_ range: Range<Int>) throws(LogError) -> MerklePeaks {
    var peaks: [MerkleHash] = []
    var start = range.lowerBound
    for level in stride(from: Int.bitWidth - 2, through: 0, by: -1) where range.count & (1 << level) != 0 {
      peaks.append(try node(level: level, index: start >> level))
      start += 1 << level
    }
    return MerklePeaks(size: range.count, peaks: peaks) ?? MerklePeaks()
  }

  /// The hashes beside the path from a leaf to the root, from below (RFC 6962, section 2.1.1).
  mutating func inclusionProof(index: Int) throws(LogError) -> [MerkleHash] {
    var proof: [MerkleHash] = []
    var range = 0..<size
    while range.count > 1 {
      let middle = range.lowerBound + MerkleTree.split(range.count)
      let (left, right) = (range.lowerBound..<middle, middle..<range.upperBound)
      proof.append(try root(index < middle ? right : left))
      range = index < middle ? left : right
    }
    return proof.reversed()
  }

  /// The hashes that show that the tree begins with that of `oldSize` leaves (RFC 6962, section 2.1.2).
  mutating func consistencyProof(oldSize: Int) throws(LogError) -> [MerkleHash] {
    guard oldSize > 0, oldSize < size else { return [] }
    var proof: [MerkleHash] = []
    var range = 0..<size
    // Whether the old tree is a subtree whose root the reader knows.
    var isWhole = true
    while range.upperBound != oldSize {
      let middle = range.lowerBound + MerkleTree.split(range.count)
      let (left, right) = (range.lowerBound..<middle, middle..<range.upperBound)
      if oldSize <= middle {
        proof.append(try root(right))
        range = left
      } else {
        proof.append(try root(left))
        range = right
        isWhole = false
      }
    }
    if !isWhole { proof.append(try root(range)) }
    return proof.reversed()
  }

  /// The hash of a leaf.
  mutating func leaf(_ index: Int) throws(LogError) -> MerkleHash { try node(level: 0, index: index) }
}
