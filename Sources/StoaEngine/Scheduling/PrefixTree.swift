import StoaModels
import StoaTensor

/// The pages of texts that were computed, by their tokens: what begins alike is computed once.
///
/// A radix tree in steps of a page. Every node but a leaf holds a whole page of tokens; a leaf may hold less. The least
/// recently used leaves go first when memory is needed.
struct PrefixTree {
  private final class Node {
    var tokens: ArraySlice<Int32>
    var page: KeyValuePage?
    var children: [Int32: [Node]] = [:]
    weak var parent: Node?
    var lastUse = 0

    init(tokens: ArraySlice<Int32>, page: KeyValuePage?, parent: Node?) {
      self.tokens = tokens
      self.page = page
      self.parent = parent
    }

    /// The child that shares most tokens with the beginning of `rest`, and how many.
    func bestChild(for rest: ArraySlice<Int32>) -> (node: Node, common: Int)? {
      guard let first = rest.first, let candidates = children[first] else { return nil }
      var best: (node: Node, common: Int)?
      for child in candidates {
        let common = commonPrefix(child.tokens, rest)
        if common > best?.common ?? 0 { best = (child, common) }
      }
      return best
    }
  }

  private let root = Node(tokens: [], page: nil, parent: nil)
  private var clock = 0
  /// Pages in the tree.
  private(set) var pageCount = 0

  /// The pages that hold the longest beginning of `tokens` that was computed, at most `limit` tokens of it.
  mutating func match(_ tokens: [Int32], limit: Int) -> (pages: [KeyValuePage], count: Int) {
    clock += 1
    var rest = tokens.prefix(limit)[...]
    var pages: [KeyValuePage] = []
    var count = 0
    var node = root
    while !rest.isEmpty, let (child, common) = node.bestChild(for: rest), let page = child.page {
      child.lastUse = clock
      pages.append(page)
      count += common
      rest = rest.dropFirst(common)
      guard common == Compute.keyBlock else { break }
      node = child
    }
    return (pages, count)
  }

  /// Adds the pages of a text; where the tree has a page for the same tokens, that one stays.
  mutating func insert(_ tokens: some Collection<Int32>, pages: [KeyValuePage]) {
    clock += 1
    var rest = Array(tokens)[...]
    var node = root
    for page in pages {
      let chunk = rest.prefix(Compute.keyBlock)
      guard !chunk.isEmpty else { return }
      rest = rest.dropFirst(chunk.count)
      if let (child, common) = node.bestChild(for: chunk), common == min(child.tokens.count, chunk.count) {
        // The same tokens, or more of them: the longer page takes the place of the shorter.
        if child.tokens.count < chunk.count {
          child.tokens = ArraySlice(Array(chunk))
          child.page = page
        }
        node = child
      } else if let first = chunk.first {
        let child = Node(tokens: ArraySlice(Array(chunk)), page: page, parent: node)
        node.children[first, default: []].append(child)
        pageCount += 1
        node = child
      }
      node.lastUse = clock
      guard chunk.count == Compute.keyBlock else { return }
    }
  }

  /// Drops up to `count` of the least recently used pages that nobody else holds; gives how many it dropped.
  mutating func evict(_ count: Int) -> Int {
    func isUnused(_ node: Node) -> Bool { isKnownUniquelyReferenced(&node.page) }
    // The least recently used last.
    var candidates = leaves().filter(isUnused).sorted { $0.lastUse > $1.lastUse }
    var dropped = 0
    while dropped < count, let leaf = candidates.popLast() {
      let parent = leaf.parent
      remove(leaf)
      dropped += 1
      guard let parent, parent !== root, parent.children.isEmpty, isUnused(parent) else { continue }
      let place = candidates.firstIndex { $0.lastUse < parent.lastUse } ?? candidates.count
      candidates.insert(parent, at: place)
    }
    return dropped
  }

  private mutating func remove(_ node: Node) {
    guard let first = node.tokens.first, let parent = node.parent else { return }
    parent.children[first]?.removeAll { $0 === node }
    if parent.children[first]?.isEmpty ?? false { parent.children[first] = nil }
    pageCount -= 1
  }

  private func leaves() -> [Node] {
    var result: [Node] = []
    var open = [root]
    while let node = open.popLast() {
      if node.children.isEmpty {
        if node !== root { result.append(node) }
      } else {
        for children in node.children.values { open += children }
      }
    }
    return result
  }
}

/// How many elements at the beginning are the same.
func commonPrefix(_ left: ArraySlice<Int32>, _ right: ArraySlice<Int32>) -> Int {
  zip(left, right).prefix { $0 == $1 }.count
}
