/// What two neighbouring symbols become: a hash table from a pair of symbols to its rank and result.
///
/// The multiplier is random, so that a file cannot be made to collide; what is found does not depend on it.
struct MergeTable: Sendable {
  struct Merge: BitwiseCopyable, Sendable {
    /// Lower ranks are merged first; `none` when the pair does not merge.
    let rank: UInt32
    let result: UInt32

    static let none: UInt32 = .max
  }

  private struct Entry: BitwiseCopyable, Sendable {
    var pair: UInt64
    var merge: Merge
  }

  /// No symbol has this value, so no pair does.
  private static let free = UInt64.max

  private var entries: [Entry]
  private(set) var count = 0
  /// No rank is above.
  private(set) var highestRank: UInt32 = 0
  private let multiplier = UInt64.random(in: .min ... .max) | 1
  private var shift: UInt64

  init(minimumCapacity: Int = 0) {
    var bits: UInt64 = 4
    while 1 << bits < minimumCapacity * 2 { bits += 1 }
    shift = 64 - bits
    entries = Self.empty(1 << bits)
  }

  private static func empty(_ capacity: Int) -> [Entry] {
    [Entry](repeating: Entry(pair: free, merge: Merge(rank: Merge.none, result: 0)), count: capacity)
  }

  /// The merge of a pair; its rank is `Merge.none` when there is none.
  @inline(__always)
  func merge(_ left: UInt32, _ right: UInt32) -> Merge { entries[slot(UInt64(left) << 32 | UInt64(right))].merge }

  /// Enters a merge, unless the pair has one already.
  mutating func insert(_ left: UInt32, _ right: UInt32, rank: UInt32, result: UInt32) {
    if (count + 1) * 2 > entries.count { grow() }
    let pair = UInt64(left) << 32 | UInt64(right)
    let slot = slot(pair)
    if entries[slot].pair == pair { return }
    entries[slot] = Entry(pair: pair, merge: Merge(rank: rank, result: result))
    count += 1
    highestRank = max(highestRank, rank)
  }

  /// Where a pair is, or the free slot where it belongs.
  @inline(__always)
  private func slot(_ pair: UInt64) -> Int {
    let mask = entries.count - 1
    var slot = Int(truncatingIfNeeded: (pair &* multiplier) >> shift)
    while entries[slot].pair != pair && entries[slot].pair != Self.free { slot = (slot + 1) & mask }
    return slot
  }

  private mutating func grow() {
    let old = entries
    shift -= 1
    entries = Self.empty(old.count * 2)
    for entry in old where entry.pair != Self.free { entries[slot(entry.pair)] = entry }
  }
}
