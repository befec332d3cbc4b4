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
  /// A pass has to merge one pair in this many symbols; otherwise `MergeQueue` is faster.
  private static let sparsest = 6

  private let table: MergeTable
  /// The lowest rank of the neighbours among the symbols, and how many have it.
  private var lowest = MergeTable.Merge.none
  private var occurrences = 0

  /// Merges in place; true when no neighbours merge any more, false when `symbols` are left for another way to go on.
  static func merge(_ symbols: inout [UInt32], _ table: MergeTable) -> Bool {
    var work = MergePasses(table: table)
    var count = symbols.count
    var span = symbols.mutableSpan
    for i in 1..<count { work.note(span[i - 1], span[i]) }
    while work.lowest != MergeTable.Merge.none, work.occurrences * sparsest >= count {
      count = work.pass(&span, count)
    }
    symbols.removeLast(symbols.count - count)
    return work.lowest == MergeTable.Merge.none
  }

  private init(table: MergeTable) { self.table = table }

  @inline(__always)
  private mutating func note(_ left: UInt32, _ right: UInt32) {
    let rank = table.merge(left, right).rank
    if rank < lowest { (lowest, occurrences) = (rank, 0) }
    if rank == lowest { occurrences += 1 }
  }

  /// Merges the pairs of the lowest rank from left to right and gives the new count. Stops early when a merge made a
  /// pair of that rank or a lower one, since that comes next.
  private mutating func pass(_ symbols: inout MutableSpan<UInt32>, _ count: Int) -> Int {
    let rank = lowest
    (lowest, occurrences) = (MergeTable.Merge.none, 0)
    var (from, to) = (0, 0)
    while from < count {
      var symbol = symbols[from]
      from += 1
      if from < count {
        let merge = table.merge(symbol, symbols[from])
        if merge.rank == rank {
          symbol = merge.result
          from += 1
          let isOvertaken =
            to > 0 && table.merge(symbols[to - 1], symbol).rank <= rank
            || from < count && table.merge(symbol, symbols[from]).rank <= rank
          if isOvertaken { return stop(&symbols, symbol, from, to, count) }
        }
      }
      symbols[to] = symbol
      to += 1
      if to > 1 { note(symbols[to - 2], symbol) }
    }
    return to
  }

  /// Closes the gap between what was merged and the rest; `MergeQueue` goes on from there.
  private mutating func stop(
    _ symbols: inout MutableSpan<UInt32>, _ symbol: UInt32, _ from: Int, _ to: Int, _ count: Int
  ) -> Int {
    symbols[to] = symbol
    for i in from..<count { symbols[to + 1 + i - from] = symbols[i] }
    (lowest, occurrences) = (0, 0)
    return to + 1 + count - from
  }
}
