/// The merge loop for long runs of text: a doubly linked list of symbols, and their pairs in a queue with a list for each rank.
///
/// Ranks are taken in ascending order. A merge seldom makes a pair of a lower rank than its own; such pairs wait in a heap,
/// which comes first. So the time is close to linear in the number of symbols, and n log n at worst.
struct MergeQueue {
  /// A position in the list of a rank, and the entry before it in that list.
  private struct Entry {
    let position: Int32
    let previous: Int32
  }

  private static let none = MergeTable.Merge.none
  /// Entries are counted in 31 bits, so a longer run (256 MiB without a place to split) is merged in parts.
  private static let longest = 1 << 28

  private var symbols: [UInt32] = []
  /// Neighbours by position; the count stands for none on the right, −1 on the left.
  private var next: [Int32] = []
  private var previous: [Int32] = []
  /// The rank of the pair that begins at a position; `none` where no pair begins or that merges.
  private var ranks: [UInt32] = []
  private var entries: [Entry] = []
  /// The last entry of each rank, −1 for none.
  private var lists: [Int32] = []
  /// A bit for each rank that has entries.
  private var occupied: [UInt64] = []
  /// The rank that is being merged.
  private var current: UInt32 = 0
  /// Pairs of ranks up to `current`: rank, then position.
  private var urgent = MinHeap()

  mutating func merge(_ text: inout [UInt32], _ table: MergeTable) {
    var result: [UInt32] = []
    var start = 0
    while start < text.count {
      let end = min(text.count, start + Self.longest)
      merge(text[start..<end], table, into: &result)
      start = end
    }
    text = result
    // Work space for a very long run is not kept.
    if symbols.count > 1 << 20 { self = MergeQueue() }
  }

  private mutating func merge(_ text: ArraySlice<UInt32>, _ table: MergeTable, into result: inout [UInt32]) {
    let count = text.count
    symbols = Array(text)
    next = (0..<count).map { Int32($0 + 1) }
    previous = (0..<count).map { Int32($0 - 1) }
    ranks = [UInt32](repeating: Self.none, count: count)
    entries.removeAll(keepingCapacity: true)
    if lists.count <= Int(table.highestRank) {
      lists = [Int32](repeating: -1, count: Int(table.highestRank) + 1)
      occupied = [UInt64](repeating: 0, count: lists.count / 64 + 1)
    }
    // Nothing is urgent before the first merge, whose rank may be 0.
    for i in 0..<count - 1 {
      let rank = table.merge(symbols[i], symbols[i + 1]).rank
      if rank == Self.none { continue }
      ranks[i] = rank
      append(i, rank)
    }
    var word = 0
    while word < occupied.count {
      if occupied[word] == 0 {
        word += 1
        continue
      }
      let rank = word * 64 + occupied[word].trailingZeroBitCount
      occupied[word] &= occupied[word] - 1
      current = UInt32(rank)
      mergeAll(takeList(rank), table)
    }
    var i = 0
    while i < count {
      result.append(symbols[i])
      i = Int(next[i])
    }
  }

  private mutating func append(_ position: Int, _ rank: UInt32) {
    let rank = Int(rank)
    let last = lists[rank]
    if last < 0 { occupied[rank >> 6] |= 1 << UInt64(rank & 63) }
    lists[rank] = Int32(truncatingIfNeeded: entries.count)
    entries.append(Entry(position: Int32(truncatingIfNeeded: position), previous: last))
  }

  /// The positions of a rank in ascending order; its list is empty then.
  private mutating func takeList(_ rank: Int) -> [Int32] {
    var positions: [Int32] = []
    var isDescending = true
    var entry = lists[rank]
    while entry >= 0 {
      let position = entries[Int(entry)].position
      if let last = positions.last, last <= position { isDescending = false }
      positions.append(position)
      entry = entries[Int(entry)].previous
    }
    lists[rank] = -1
    if isDescending { positions.reverse() } else { positions.sort() }
    return positions
  }

  private mutating func mergeAll(_ positions: [Int32], _ table: MergeTable) {
    for position in positions {
      let key = UInt64(current) << 32 | UInt64(position)
      mergeUrgent(before: key, table)
      merge(Int(position), current, table)
    }
    mergeUrgent(before: .max, table)
  }

  private mutating func mergeUrgent(before limit: UInt64, _ table: MergeTable) {
    while let first = urgent.first, first < limit {
      urgent.removeFirst()
      merge(Int(first & 0xFFFF_FFFF), UInt32(first >> 32), table)
    }
  }

  /// Merges the pair at a position, if it still has this rank.
  private mutating func merge(_ left: Int, _ rank: UInt32, _ table: MergeTable) {
    if ranks[left] != rank { return }
    let right = Int(next[left])
    symbols[left] = table.merge(symbols[left], symbols[right]).result
    ranks[right] = Self.none
    let after = next[right]
    next[left] = after
    if Int(after) < symbols.count { previous[Int(after)] = Int32(truncatingIfNeeded: left) }
    update(left, table)
    if previous[left] >= 0 { update(Int(previous[left]), table) }
  }

  /// Finds the rank of the pair that begins at a position, and enters it.
  private mutating func update(_ left: Int, _ table: MergeTable) {
    let right = Int(next[left])
    guard right < symbols.count else {
      ranks[left] = Self.none
      return
    }
    let rank = table.merge(symbols[left], symbols[right]).rank
    ranks[left] = rank
    if rank == Self.none { return }
    if rank <= current { urgent.insert(UInt64(rank) << 32 | UInt64(left)) } else { append(left, rank) }
  }
}

/// A binary heap whose first element is the least.
private struct MinHeap {
  private var elements: [UInt64] = []

  var first: UInt64? { elements.first }

  mutating func insert(_ element: UInt64) {
    var child = elements.count
    elements.append(element)
    while child > 0 {
      let parent = (child - 1) / 2
      if elements[parent] <= element { break }
      elements[child] = elements[parent]
      child = parent
    }
    elements[child] = element
  }

  mutating func removeFirst() {
    guard let last = elements.popLast(), !elements.isEmpty else { return }
    var parent = 0
    while true {
      var child = parent * 2 + 1
      if child >= elements.count { break }
      if child + 1 < elements.count, elements[child + 1] < elements[child] { child += 1 }
      if last <= elements[child] { break }
      elements[parent] = elements[child]
      parent = child
    }
    elements[parent] = last
  }
}
