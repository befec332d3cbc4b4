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
    } else if !SymbolRuns.merge(&symbols, table) {
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

/// Merges symbols that are few runs of equal ones, such as a long line of dashes, without looking at each.
private struct SymbolRuns {
  private struct Run {
    var symbol: UInt32
    var count: Int
  }

  private static let most = 64
  /// Merges that go one by one; more is work for `MergeQueue`.
  private static let patience = 1024

  private var runs: [Run] = []

  /// Replaces `symbols` by what they merge to; false if they are not of this kind, and then nothing is changed.
  static func merge(_ symbols: inout [UInt32], _ table: MergeTable) -> Bool {
    var work = SymbolRuns()
    for symbol in symbols {
      if let last = work.runs.last, last.symbol == symbol {
        work.runs[work.runs.count - 1].count += 1
      } else {
        if work.runs.count == most { return false }
        work.runs.append(Run(symbol: symbol, count: 1))
      }
    }
    guard work.merge(table) else { return false }
    symbols.removeAll(keepingCapacity: true)
    for run in work.runs { symbols.append(contentsOf: repeatElement(run.symbol, count: run.count)) }
    return true
  }

  private mutating func merge(_ table: MergeTable) -> Bool {
    for _ in 0..<Self.patience {
      var lowest = MergeTable.Merge(rank: MergeTable.Merge.none, result: 0)
      // A pair within a run, or of the last of one and the first of the next.
      var (at, isWithin) = (0, false)
      for i in runs.indices {
        if runs[i].count > 1 {
          let merge = table.merge(runs[i].symbol, runs[i].symbol)
          if merge.rank < lowest.rank { (lowest, at, isWithin) = (merge, i, true) }
        }
        if i + 1 < runs.count {
          let merge = table.merge(runs[i].symbol, runs[i + 1].symbol)
          if merge.rank < lowest.rank { (lowest, at, isWithin) = (merge, i, false) }
        }
      }
      if lowest.rank == MergeTable.Merge.none { return true }
      if runs.count > 2 * Self.most { return false }
      if isWithin { mergeWithin(at, lowest, table) } else { mergeAcross(at, lowest) }
      join()
    }
    return false
  }

  private mutating func mergeWithin(_ at: Int, _ merge: MergeTable.Merge, _ table: MergeTable) {
    let run = runs[at]
    var pairs = run.count / 2
    // All pairs at once, unless what comes of the first would merge with its neighbours before the second pair does.
    var neighbours = [(merge.result, run.symbol), (merge.result, merge.result)]
    if at > 0 { neighbours.append((runs[at - 1].symbol, merge.result)) }
    if at + 1 < runs.count { neighbours.append((merge.result, runs[at + 1].symbol)) }
    if neighbours.contains(where: { table.merge($0.0, $0.1).rank <= merge.rank }) { pairs = 1 }
    runs[at] = Run(symbol: merge.result, count: pairs)
    if run.count > 2 * pairs { runs.insert(Run(symbol: run.symbol, count: run.count - 2 * pairs), at: at + 1) }
  }

  private mutating func mergeAcross(_ at: Int, _ merge: MergeTable.Merge) {
    runs[at].count -= 1
    runs[at + 1].count -= 1
    runs.insert(Run(symbol: merge.result, count: 1), at: at + 1)
  }

  /// Drops empty runs and joins equal neighbours.
  private mutating func join() {
    var joined: [Run] = []
    joined.reserveCapacity(runs.count)
    for run in runs where run.count > 0 {
      if let last = joined.last, last.symbol == run.symbol {
        joined[joined.count - 1].count += run.count
      } else {
        joined.append(run)
      }
    }
    runs = joined
  }
}
