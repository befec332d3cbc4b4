/// Byte strings as a tree, in the order in which a walk visits it.
struct ByteTrie: Sendable {
  struct Node: Sendable {
    let byte: UInt8
    /// Bytes up to and with this one.
    let depth: Int32
    /// The node after those below this one.
    fileprivate(set) var skip: Int32
    /// Where the strings that end here begin in `items`.
    let firstItem: Int32
  }

  private(set) var nodes: [Node] = []
  /// The numbers of the strings, in the order of the nodes where they end.
  private(set) var items: [Int32] = []
  private(set) var depth = 0
  /// The node of the strings that begin with each byte; −1 for none.
  private var first = [Int32](repeating: -1, count: 256)

  /// Empty strings are left out.
  init(_ strings: [ArraySlice<UInt8>]) {
    // Most comparisons are decided by the first bytes.
    var order: [(key: UInt64, index: Int32)] = []
    for (index, string) in strings.enumerated() where !string.isEmpty { order.append((Self.key(string), Int32(index))) }
    order.sort {
      if $0.key != $1.key { return $0.key < $1.key }
      let (left, right) = (strings[Int($0.index)], strings[Int($1.index)])
      return left.elementsEqual(right) ? $0.index < $1.index : left.lexicographicallyPrecedes(right)
    }
    items.reserveCapacity(order.count)
    var path: [Int] = []
    var previous: ArraySlice<UInt8> = []
    for (_, index) in order {
      let string = strings[Int(index)]
      let common = zip(previous, string).prefix { $0 == $1 }.count
      if common < string.count || common < path.count {
        close(&path, to: common)
        for (offset, byte) in string.enumerated().dropFirst(common) {
          if offset == 0 { first[Int(byte)] = Int32(nodes.count) }
          path.append(nodes.count)
          nodes.append(Node(byte: byte, depth: Int32(offset + 1), skip: 0, firstItem: Int32(items.count)))
        }
        depth = max(depth, string.count)
      }
      items.append(index)
      previous = string
    }
    close(&path, to: 0)
  }

  private mutating func close(_ path: inout [Int], to depth: Int) {
    while path.count > depth { nodes[path.removeLast()].skip = Int32(nodes.count) }
  }

  /// The first eight bytes as a number that sorts as they do.
  private static func key(_ string: ArraySlice<UInt8>) -> UInt64 {
    var key: UInt64 = 0
    for byte in string.prefix(8) { key = key << 8 | UInt64(byte) }
    return key << UInt64(8 * (8 - min(8, string.count)))
  }

  /// The node below another, or below the root for nil, that a byte leads to.
  func child(of node: Int?, _ byte: UInt8) -> Int? {
    guard let node else { return first[Int(byte)] >= 0 ? Int(first[Int(byte)]) : nil }
    let end = Int(nodes[node].skip)
    var child = node + 1
    while child < end, nodes[child].byte < byte { child = Int(nodes[child].skip) }
    return child < end && nodes[child].byte == byte ? child : nil
  }

  /// The strings that end at a node.
  func items(at node: Int) -> Range<Int> {
    Int(nodes[node].firstItem)..<(node + 1 < nodes.count ? Int(nodes[node + 1].firstItem) : items.count)
  }
}

/// The bytes of a model's tokens; shared by all grammars.
public final class TokenVocabulary: Sendable {
  /// Number of tokens; ids are below it.
  public let count: Int
  /// The tokens that end an answer, allowed where the text may end.
  public let endTokens: Set<Int32>
  let trie: ByteTrie
  /// Whether every byte is a token, so that any text takes at most as many tokens as bytes.
  package let hasAllBytes: Bool

  /// - Parameters:
  ///   - tokens: The bytes of each token; none for a token that is never part of a constrained text.
  ///   - endTokens: Tokens that end an answer.
  public init(tokens: [[UInt8]], endTokens: Set<Int32>) {
    count = tokens.count
    // A file may name any numbers as its end tokens.
    self.endTokens = endTokens.filter { tokens.indices.contains(Int($0)) }
    let trie = ByteTrie(
      tokens.enumerated().map { index, bytes in endTokens.contains(Int32(index)) ? [] : bytes[...] })
    self.trie = trie
    hasAllBytes = (0...255).allSatisfy { byte in
      trie.child(of: nil, byte).map { !trie.items(at: $0).isEmpty } ?? false
    }
  }
}
