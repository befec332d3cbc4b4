/// A trie of the pieces of a vocabulary, byte by byte, to find all pieces that begin at a place in a text.
struct PieceTrie: Sendable {
  private struct Node: BitwiseCopyable, Sendable {
    /// Index of the first child, the others follow by ascending label; or the block of a node with many children.
    var first: UInt32 = 0
    /// Children, or `dense`.
    var count: UInt8 = 0
    var label: UInt8
    /// The piece that ends here, −1 for none.
    var value: Int32 = -1
  }

  /// From this many children on, a node has a block of 256 places, which costs at most 64 bytes a child.
  private static let manyChildren = 16
  private static let dense = UInt8.max
  /// The root; no node has it as a child, so that it also stands for "no child".
  static let root: UInt32 = 0
  /// At each place of a text at most this many bytes are looked at. Known vocabularies stay below 200 bytes.
  static let longest = 512

  private var nodes = [Node(label: 0)]
  private var blocks: [UInt32] = []

  /// - Parameters:
  ///   - pieces: Of two equal ones the last counts; empty ones never match.
  ///   - isIncluded: Which indices to enter.
  init(_ pieces: PackedByteStrings, where isIncluded: (Int) -> Bool) throws(TokenizerError) {
    let bytes = pieces.bytes
    var order = (0..<pieces.count).filter { isIncluded($0) && !pieces.range($0).isEmpty }
    if let index = order.first(where: { pieces.range($0).count > Self.longest }) {
      throw .malformed(
        field: "token \(index)", reason: "\(pieces.range(index).count) bytes, more than \(Self.longest)")
    }
    order.sort { left, right in
      let (a, b) = (pieces.range(left), pieces.range(right))
      for offset in 0..<min(a.count, b.count) where bytes[a.lowerBound + offset] != bytes[b.lowerBound + offset] {
        return bytes[a.lowerBound + offset] < bytes[b.lowerBound + offset]
      }
      return a.count == b.count ? left < right : a.count < b.count
    }
    // Breadth first, so that the children of a node lie side by side. `ranges[node]` are the sorted pieces below it.
    var ranges = [0..<order.count]
    var (depth, levelEnd, node) = (0, 1, 0)
    while node < nodes.count {
      if node == levelEnd { (depth, levelEnd) = (depth + 1, nodes.count) }
      var range = ranges[node]
      while let index = range.first.map({ order[$0] }), pieces.range(index).count == depth {
        nodes[node].value = Int32(index)
        range.removeFirst()
      }
      let first = nodes.count
      while !range.isEmpty {
        let label = bytes[pieces.range(order[range.lowerBound]).lowerBound + depth]
        var end = range.lowerBound
        while end < range.upperBound, bytes[pieces.range(order[end]).lowerBound + depth] == label { end += 1 }
        nodes.append(Node(label: label))
        ranges.append(range.lowerBound..<end)
        range = end..<range.upperBound
      }
      addChildren(first..<nodes.count, of: node)
      node += 1
    }
  }

  private mutating func addChildren(_ children: Range<Int>, of node: Int) {
    if children.count < Self.manyChildren {
      (nodes[node].first, nodes[node].count) = (UInt32(children.lowerBound), UInt8(children.count))
      return
    }
    (nodes[node].first, nodes[node].count) = (UInt32(blocks.count), Self.dense)
    blocks += [UInt32](repeating: Self.root, count: 256)
    for child in children { blocks[blocks.count - 256 + Int(nodes[child].label)] = UInt32(child) }
  }

  /// The child of a node; the root when there is none.
  @inline(__always)
  func child(_ node: UInt32, _ label: UInt8) -> UInt32 {
    let (first, count) = (nodes[Int(node)].first, nodes[Int(node)].count)
    if count == Self.dense { return blocks[Int(first) + Int(label)] }
    var child = first
    while child < first + UInt32(count) {
      if nodes[Int(child)].label == label { return child }
      child += 1
    }
    return Self.root
  }

  /// The piece that ends at a node, −1 for none.
  @inline(__always)
  func value(_ node: UInt32) -> Int32 { nodes[Int(node)].value }

  /// The node of a text from the root; nil when no piece begins so.
  func node(_ text: some Sequence<UInt8>) -> UInt32? {
    var node = Self.root
    for byte in text {
      node = child(node, byte)
      if node == Self.root { return nil }
    }
    return node
  }

  /// The longest piece below `node` that continues with the text at `start`, and where it ends.
  func longestMatch(
    _ text: Span<UInt8>, at start: Int, end: Int, from node: UInt32 = root
  ) -> (value: Int32, end: Int)? {
    var node = node
    var best: (Int32, Int)?
    var i = start
    while i < end {
      node = child(node, text[i])
      if node == Self.root { break }
      i += 1
      if value(node) >= 0 { best = (value(node), i) }
    }
    return best
  }
}
