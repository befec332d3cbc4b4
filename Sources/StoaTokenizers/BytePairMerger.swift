/// The merge loop of byte-pair encoding: as long as any neighbours merge, merge the pair of lowest rank,
/// the leftmost of those with equal rank.
///
/// Sennrich, Haddow and Birch, "Neural Machine Translation of Rare Words with Subword Units" (2016). SentencePiece's
/// BPE is the same loop with ranks from scores. Holds the work space, so that a text of many words allocates once.
struct BytePairMerger {
  /// Up to this many symbols, scanning for the lowest rank is the fastest way.
  private static let scanned = 100

  /// The symbols to merge and, after `merge`, the result.
  var symbols: [UInt32] = []
  private var merges: [MergeTable.Merge] = []
  private var queue = MergeQueue()

  /// Replaces `symbols` by what they merge to.
  mutating func merge(_ table: MergeTable) {
    if symbols.count < 2 { return }
    if symbols.count <= Self.scanned {
      scan(table)
    } else if !MergePasses.merge(&symbols, table) {
      queue.merge(&symbols, table)
    }
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

/// Merges pass by pass over the whole text, each pass all pairs of the lowest rank: for texts that repeat a few symbols, such
/// as a long line of dashes, where a pass shortens the text by much.
private struct MergePasses {
  /// How many symbols may be passed over for each merge; where merges are rarer, `MergeQueue` is faster.
  private static let symbolsPerMerge = 6
  /// How many passes may merge next to nothing before: what is at the ends of a run often has the lowest ranks.
  private static let sparsePasses = 4

  private let table: MergeTable
  /// No pair of neighbours has a lower rank.
  private var lowest = MergeTable.Merge.none

  /// Merges in place; true when no neighbours merge any more, false when `symbols` are left for another way to go on.
  static func merge(_ symbols: inout [UInt32], _ table: MergeTable) -> Bool {
    var work = MergePasses(table: table)
    var count = symbols.count
    var span = symbols.mutableSpan
    for i in 1..<count { work.lowest = min(work.lowest, table.merge(span[i - 1], span[i]).rank) }
    var credit = count * sparsePasses
    while work.lowest != MergeTable.Merge.none, credit >= count {
      let left = work.pass(&span, count)
      credit += (count - left) * symbolsPerMerge - count
      count = left
    }
    symbols.removeLast(symbols.count - count)
    return work.lowest == MergeTable.Merge.none
  }

  private init(table: MergeTable) { self.table = table }

  /// Merges the pairs of the lowest rank from left to right, and on the way pairs of that rank or a lower one that a merge
  /// makes, since these come next; gives the new count.
  private mutating func pass(_ symbols: inout MutableSpan<UInt32>, _ count: Int) -> Int {
    let rank = lowest
    lowest = MergeTable.Merge.none
    // What is done is moved to the front; neighbours there have higher ranks. `last` is the rank of the last two.
    var (from, to, last) = (0, 0, lowest)
    while from < count {
      var symbol = symbols[from]
      from += 1
      var pair = merge(symbols, to, symbol)
      var isMerged = false
      while pair.rank <= rank {
        if isMerged, from < count {
          let right = table.merge(symbol, symbols[from])
          if right.rank < pair.rank {
            symbol = right.result
            from += 1
            pair = merge(symbols, to, symbol)
            continue
          }
        }
        symbol = pair.result
        to -= 1
        (isMerged, last) = (true, MergeTable.Merge.none)
        pair = merge(symbols, to, symbol)
      }
      lowest = min(lowest, last)
      symbols[to] = symbol
      to += 1
      last = pair.rank
    }
    lowest = min(lowest, last)
    return to
  }

  /// What a symbol makes with the one before it, the last of the first `count`.
  @inline(__always)
  private func merge(_ symbols: borrowing MutableSpan<UInt32>, _ count: Int, _ symbol: UInt32) -> MergeTable.Merge {
    count > 0 ? table.merge(symbols[count - 1], symbol) : MergeTable.Merge(rank: MergeTable.Merge.none, result: 0)
  }
}
