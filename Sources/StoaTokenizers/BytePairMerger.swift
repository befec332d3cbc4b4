/// The merge loop of byte-pair encoding: as long as any neighbours merge, merge the pair of lowest rank,
/// the leftmost of those with equal rank.
///
/// Sennrich, Haddow and Birch, "Neural Machine Translation of Rare Words with Subword Units" (2016). SentencePiece's
/// BPE is the same loop with ranks from scores. Holds the work space, so that a text of many words allocates once.
struct BytePairMerger {
  /// Up to this many symbols, scanning for the lowest rank is faster than a heap.
  private static let scanned = 40

  /// The symbols to merge and, after `merge`, the result.
  var symbols: [UInt32] = []
  private var merges: [MergeTable.Merge] = []
  private var chain = Chain()

  /// Replaces `symbols` by what they merge to.
  mutating func merge(_ table: MergeTable) {
    if symbols.count < 2 { return }
    if symbols.count <= Self.scanned { scan(table) } else { chain.merge(&symbols, table) }
  }

  /// For short words: quadratic in the number of symbols, which is at most `scanned`.
  private mutating func scan(_ table: MergeTable) {
    merges.removeAll(keepingCapacity: true)
    for i in 1..<symbols.count { merges.append(table.merge(symbols[i - 1], symbols[i])) }
    while true {
      var lowest = MergeTable.Merge.none
      var at = 0
      for i in 0..<merges.count where merges[i].rank < lowest { (lowest, at) = (merges[i].rank, i) }
      if lowest == MergeTable.Merge.none { return }
      symbols[at] = merges[at].result
      symbols.remove(at: at + 1)
      merges.remove(at: at)
      if at > 0 { merges[at - 1] = table.merge(symbols[at - 1], symbols[at]) }
      if at < merges.count { merges[at] = table.merge(symbols[at], symbols[at + 1]) }
    }
  }
}

/// The merge loop for long runs of text, O(n log n): a doubly linked list of symbols and a heap of candidate pairs.
private struct Chain {
  private struct Candidate {
    /// Rank, then position of the left symbol.
    let key: UInt64
    let left: UInt32
    let right: UInt32

    var position: Int { Int(key & 0xFFFF_FFFF) }
  }

  /// Positions take 32 bits of a key, so a longer run (a gigabyte without a place to split) is merged in parts.
  private static let longest = 1 << 30

  private var symbols: [UInt32] = []
  /// Neighbours by position; the count stands for none on the right, −1 on the left. A merged position has `next` = 0.
  private var next: [Int32] = []
  private var previous: [Int32] = []
  private var heap: [Candidate] = []

  mutating func merge(_ text: inout [UInt32], _ table: MergeTable) {
    var result: [UInt32] = []
    var start = 0
    while start < text.count {
      let end = min(text.count, start + Self.longest)
      merge(text[start..<end], table, into: &result)
      start = end
    }
    text = result
    // Work space for a long run is not kept.
    self = Chain()
  }

  private mutating func merge(_ text: ArraySlice<UInt32>, _ table: MergeTable, into result: inout [UInt32]) {
    symbols = Array(text)
    let count = symbols.count
    next = (0..<count).map { Int32($0 + 1) }
    previous = (0..<count).map { Int32($0 - 1) }
    heap.removeAll(keepingCapacity: true)
    for i in 0..<count - 1 { push(i, table) }

    while let candidate = pop() {
      let left = candidate.position
      // A merged position is 0 and no right neighbour has that position.
      let right = Int(next[left])
      if right == 0 || right == count { continue }
      if symbols[left] != candidate.left || symbols[right] != candidate.right { continue }
      symbols[left] = table.merge(candidate.left, candidate.right).result
      let after = Int(next[right])
      next[left] = Int32(after)
      next[right] = 0
      if after < count {
        previous[after] = Int32(left)
        push(left, table)
      }
      if previous[left] >= 0 { push(Int(previous[left]), table) }
    }

    var i = 0
    while i < count {
      result.append(symbols[i])
      i = Int(next[i])
    }
  }

  /// Enters the pair that begins at `position`, which needs a right neighbour.
  private mutating func push(_ position: Int, _ table: MergeTable) {
    let (left, right) = (symbols[position], symbols[Int(next[position])])
    let rank = table.merge(left, right).rank
    if rank == MergeTable.Merge.none { return }
    let candidate = Candidate(key: UInt64(rank) << 32 | UInt64(position), left: left, right: right)
    var child = heap.count
    heap.append(candidate)
    while child > 0 {
      let parent = (child - 1) / 2
      if heap[parent].key <= candidate.key { break }
      heap[child] = heap[parent]
      child = parent
    }
    heap[child] = candidate
  }

  private mutating func pop() -> Candidate? {
    guard let top = heap.first, let last = heap.popLast() else { return nil }
    let count = heap.count
    if count == 0 { return top }
    var parent = 0
    while true {
      var child = parent * 2 + 1
      if child >= count { break }
      if child + 1 < count, heap[child + 1].key < heap[child].key { child += 1 }
      if last.key <= heap[child].key { break }
      heap[parent] = heap[child]
      parent = child
    }
    heap[parent] = last
    return top
  }
}
