import Crypto
import Foundation

/// A SHA-256 hash in a Merkle tree.
public struct MerkleHash: Hashable, Sendable {
  /// The 32 bytes.
  public let bytes: [UInt8]

  /// Bytes in a hash.
  public static let byteCount = 32

  /// The hash of 32 bytes; nil for another number of them.
  public init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == Self.byteCount else { return nil }
    self.bytes = Array(bytes)
  }

  /// The hash in standard base64, with padding; nil for anything else.
  public init?(base64 text: String) {
    guard let bytes = Base64.strict(text) else { return nil }
    self.init(bytes)
  }

  /// The hash in lower-case hexadecimal; nil for anything else.
  public init?(hex text: String) {
    guard let bytes = Hex.decode(text), Hex.encode(bytes) == text else { return nil }
    self.init(bytes)
  }

  /// SHA-256 of bytes.
  public init(of bytes: [UInt8]) { self.init(SHA256.hash(data: bytes)) }

  private init(_ digest: SHA256Digest) { bytes = Array(digest) }

  /// The hash in standard base64.
  public var base64: String { Base64.encode(bytes) }
  /// The hash in lower-case hexadecimal.
  public var hex: String { Hex.encode(bytes) }

  // MARK: Tree hashes (RFC 6962, section 2.1)

  /// The hash of an entry.
  public static func leaf(_ entry: [UInt8]) -> MerkleHash {
    var hash = SHA256()
    hash.update(data: [0])
    hash.update(data: entry)
    return MerkleHash(hash.finalize())
  }

  /// The hash of two subtrees side by side.
  public static func node(_ left: MerkleHash, _ right: MerkleHash) -> MerkleHash {
    MerkleHash(SHA256.hash(data: [1] + left.bytes + right.bytes))
  }

  /// The root of a tree without entries.
  public static let emptyRoot = MerkleHash(of: [])
}

/// The arithmetic of RFC 6962 trees: roots, proofs, and how they are checked.
public enum MerkleTree {
  /// The root over the hashes of all leaves.
  public static func root(_ leaves: [MerkleHash]) -> MerkleHash {
    var peaks = MerklePeaks()
    for leaf in leaves { peaks.append(leaf) }
    return peaks.root
  }

  /// The largest power of two below `size`, which is at least 2.
  static func split(_ size: Int) -> Int { 1 << (Int.bitWidth - 1 - (size - 1).leadingZeroBitCount) }

  /// The root that an inclusion proof leads to, from the leaf's sibling upwards (RFC 9162, section 2.1.3.2); nil when
  /// the proof does not have the right length.
  public static func root(
    leaf: MerkleHash, index: Int, size: Int, proof: [MerkleHash]
  ) -> MerkleHash? {
    guard index >= 0, index < size else { return nil }
    var place = index
    var last = size - 1
    var hash = leaf
    for sibling in proof {
      guard last > 0 else { return nil }
      if place & 1 == 1 || place == last {
        hash = .node(sibling, hash)
        while place & 1 == 0, place > 0 {
          place >>= 1
          last >>= 1
        }
      } else {
        hash = .node(hash, sibling)
      }
      place >>= 1
      last >>= 1
    }
    return last == 0 ? hash : nil
  }

  /// Whether a proof shows that the tree of `newSize` entries begins with that of `oldSize` (RFC 9162, section 2.1.4.2).
  public static func isConsistent(
    oldSize: Int, oldRoot: MerkleHash, newSize: Int, newRoot: MerkleHash, proof: [MerkleHash]
  ) -> Bool {
    guard oldSize >= 0, oldSize <= newSize else { return false }
    if oldSize == newSize { return proof.isEmpty && oldRoot == newRoot }
    // Every tree begins with the empty one.
    if oldSize == 0 { return proof.isEmpty && oldRoot == .emptyRoot }
    var path = proof[...]
    if oldSize & (oldSize - 1) == 0 { path = ([oldRoot] + proof)[...] }
    guard let first = path.popFirst() else { return false }
    var place = oldSize - 1
    var last = newSize - 1
    while place & 1 == 1 {
      place >>= 1
      last >>= 1
    }
    var old = first
    var new = first
    for hash in path {
      guard last > 0 else { return false }
      if place & 1 == 1 || place == last {
        old = .node(hash, old)
        new = .node(hash, new)
        while place & 1 == 0, place > 0 {
          place >>= 1
          last >>= 1
        }
      } else {
        new = .node(new, hash)
      }
      place >>= 1
      last >>= 1
    }
    return last == 0 && old == oldRoot && new == newRoot
  }
}

/// The roots of the perfect subtrees that a tree of any size consists of, largest first: all that is needed to append.
public struct MerklePeaks: Sendable, Equatable {
  /// The number of leaves.
  public private(set) var size: Int
  private var peaks: [MerkleHash]

  /// The empty tree.
  public init() {
    size = 0
    peaks = []
  }

  /// The tree of `size` leaves with these subtrees; nil when their number does not fit the size.
  init?(size: Int, peaks: [MerkleHash]) {
    guard size >= 0, peaks.count == size.nonzeroBitCount else { return nil }
    self.size = size
    self.peaks = peaks
  }

  /// Adds a leaf.
  public mutating func append(_ leaf: MerkleHash) {
    var hash = leaf
    var size = size
    while size & 1 == 1 {
      hash = .node(peaks.removeLast(), hash)
      size >>= 1
    }
    peaks.append(hash)
    self.size += 1
  }

  /// The root of the whole.
  public var root: MerkleHash {
    guard let last = peaks.last else { return .emptyRoot }
    return peaks.dropLast().reversed().reduce(last) { .node($1, $0) }
  }
}

extension Base64 {
  /// The bytes of standard base64 with padding, one text for each sequence of bytes; nil for any other text.
  static func strict(_ text: some StringProtocol) -> [UInt8]? {
    guard let data = Data(base64Encoded: String(text)), data.base64EncodedString() == text else { return nil }
    return Array(data)
  }
}
