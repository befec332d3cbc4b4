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

  /// The strings that end at a node.
  func items(at node: Int) -> Range<Int> {
    Int(nodes[node].firstItem)..<(node + 1 < nodes.count ? Int(nodes[node + 1].firstItem) : items.count)
  }

  /// The strings that end at a node or below it.
  func items(from node: Int) -> Range<Int> {
    let end = Int(nodes[node].skip)
    return Int(nodes[node].firstItem)..<(end < nodes.count ? Int(nodes[end].firstItem) : items.count)
  }
}

/// The bytes of a model's tokens; shared by all grammars.
public final class TokenVocabulary: Sendable {
  /// Number of tokens; ids are below it.
  public let count: Int
  /// The tokens that end an answer, allowed where the text may end.
  public let endTokens: Set<Int32>
  let trie: ByteTrie

  /// - Parameters:
  ///   - tokens: The bytes of each token; none for a token that is never part of a constrained text.
  ///   - endTokens: Tokens that end an answer.
  public init(tokens: [[UInt8]], endTokens: Set<Int32>) {
    count = tokens.count
    // A file may name any numbers as its end tokens.
    self.endTokens = endTokens.filter { tokens.indices.contains(Int($0)) }
    trie = ByteTrie(
      tokens.enumerated().map { index, bytes in endTokens.contains(Int32(index)) ? [] : bytes[...] })
  }
}
