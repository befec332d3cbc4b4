import StoaTestSupport
import Testing

@testable import StoaTrust

struct MerkleTreeTests {
  /// The entries of Certificate Transparency's test vectors, and roots over the first of them by pymerkle 7.0.
  static let entries: [[UInt8]] = [
    [], [0x00], [0x10], [0x20, 0x21], [0x30, 0x31], [0x40, 0x41, 0x42, 0x43], Array(0x50...0x57), Array(0x60...0x6F),
  ]
  static let roots = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
  ]

  @Test(arguments: 0...8) func roots(size: Int) {
    #expect(MerkleTree.root(Self.entries.prefix(size).map(MerkleHash.leaf)).hex == Self.roots[size])
  }

  @Test func hashesAreReadStrictly() {
    let hash = MerkleHash(of: [])
    #expect(MerkleHash(base64: hash.base64) == hash)
    #expect(MerkleHash(base64: String(hash.base64.dropLast())) == nil)
    #expect(MerkleHash(hex: hash.hex) == hash)
    #expect(MerkleHash(hex: hash.hex.uppercased()) == nil)
    #expect(MerkleHash([0]) == nil)
  }

  /// A tree of leaves in memory, through the code that reads tiles.
  private static func tree(_ leaves: [MerkleHash]) -> TiledTree {
    TiledTree(source: MemoryTiles(leaves: leaves), size: leaves.count)
  }

  @Test(arguments: [1, 2, 3, 7, 8, 255, 256, 257, 511, 700])
  func everyInclusionProofHoldsAndNoOther(size: Int) throws {
    let leaves = (0..<size).map { MerkleHash.leaf([UInt8($0 & 255), UInt8($0 >> 8)]) }
    let root = MerkleTree.root(leaves)
    var tree = Self.tree(leaves)
    for index in Set([0, 1, size / 2, size - 2, size - 1, size & ~255]).filter({ (0..<size).contains($0) }) {
      var proof = try tree.inclusionProof(index: index)
      #expect(MerkleTree.root(leaf: leaves[index], index: index, size: size, proof: proof) == root)
      #expect(MerkleTree.root(leaf: .leaf([7]), index: index, size: size, proof: proof) != root)
      #expect(MerkleTree.root(leaf: leaves[index], index: size, size: size, proof: proof) == nil)
      if size > 1 {
        let other = (index + 1) % size
        #expect(MerkleTree.root(leaf: leaves[index], index: other, size: size, proof: proof) != root)
        #expect(MerkleTree.root(leaf: leaves[index], index: index, size: size, proof: Array(proof.dropLast())) != root)
      }
      proof.append(.emptyRoot)
      #expect(MerkleTree.root(leaf: leaves[index], index: index, size: size, proof: proof) != root)
    }
  }

  @Test func consistencyOfAllSizes() throws {
    let leaves = (0..<40).map { MerkleHash.leaf([UInt8($0)]) }
    let roots = (0...40).map { MerkleTree.root(Array(leaves.prefix($0))) }
    for new in 0...40 {
      var tree = Self.tree(Array(leaves.prefix(new)))
      for old in 0...new {
        let proof = try tree.consistencyProof(oldSize: old)
        func holds(_ oldRoot: MerkleHash, _ newRoot: MerkleHash, _ proof: [MerkleHash]) -> Bool {
          MerkleTree.isConsistent(oldSize: old, oldRoot: oldRoot, newSize: new, newRoot: newRoot, proof: proof)
        }
        #expect(holds(roots[old], roots[new], proof))
        #expect(!holds(.leaf([99]), roots[new], proof))
        #expect(!holds(roots[old], roots[new], proof + [.emptyRoot]))
        if old > 0 {
          #expect(!holds(roots[old], .leaf([99]), proof))
          if !proof.isEmpty { #expect(!holds(roots[old], roots[new], Array(proof.dropLast()))) }
        }
      }
    }
  }

  @Test func peaksAreTheTree() throws {
    let leaves = (0..<600).map { MerkleHash.leaf([UInt8($0 & 255), UInt8($0 >> 8)]) }
    var tree = Self.tree(leaves)
    var peaks = MerklePeaks()
    for (size, leaf) in leaves.enumerated() {
      if size.isMultiple(of: 37) { #expect(try tree.peaks(0..<size) == peaks) }
      peaks.append(leaf)
    }
  }
}

/// Tiles of leaves, made when they are asked for.
struct MemoryTiles: TileSource {
  let leaves: [MerkleHash]

  func read(_ path: String, limit: Int) throws(LogError) -> [UInt8]? {
    for level in 0...1 {
      let count = leaves.count >> (8 * level)
      for index in 0...(count / 256) {
        let width = min(256, count - 256 * index)
        guard width > 0, TilePath(.hashes(level: level), index: index, width: width).path == path else { continue }
        return (0..<width).flatMap { place in
          let start = (256 * index + place) << (8 * level)
          return MerkleTree.root(Array(leaves[start..<(start + (1 << (8 * level)))])).bytes
        }
      }
    }
    return nil
  }
}
