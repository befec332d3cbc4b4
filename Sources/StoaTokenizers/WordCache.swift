/// The tokens of words met before in the same text; natural text repeats few words often.
///
/// Of fixed size: a word evicts another that falls into the same slot. Words are compared in full, so that hits are exact.
struct WordCache {
  /// The bytes of a short word in two integers, and its length.
  struct Key: Equatable {
    let low: UInt64
    let high: UInt64
    let length: UInt32

    /// Nil when the word is too long to be worth keeping.
    @inline(__always)
    init?(_ text: Span<UInt8>, _ range: Range<Int>) {
      if range.count > 16 { return nil }
      let middle = min(range.lowerBound + 8, range.upperBound)
      low = text.word(range.lowerBound..<middle)
      high = middle < range.upperBound ? text.word(middle..<range.upperBound) : 0
      length = UInt32(truncatingIfNeeded: range.count)
    }

    @inline(__always)
    func slot(_ shift: UInt64) -> Int {
      let hash = (low ^ high &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(length)) &* 0xD6E8_FEB8_6659_FD93
      return Int(truncatingIfNeeded: ((hash ^ hash >> 31) &* 0x9E37_79B9_7F4A_7C15) >> shift)
    }
  }

  private struct Entry: BitwiseCopyable {
    var low: UInt64 = 0
    var high: UInt64 = 0
    /// 0 in a free slot; no word is empty.
    var length: UInt32 = 0
    var count: UInt32 = 0
    var tokens = InlineArray<6, Int32>(repeating: 0)
  }

  /// Tokens of a word that are few enough to be kept.
  private static let most = 6
  private var entries: [Entry]
  private let shift: UInt64

  /// - Parameter textLength: Of how many bytes the text is: a short text is not worth a large table.
  init(textLength: Int) {
    var bits: UInt64 = 4
    while bits < 15, 1 << bits < textLength / 16 { bits += 1 }
    shift = 64 - bits
    entries = [Entry](repeating: Entry(), count: textLength < 128 ? 0 : 1 << Int(bits))
  }

  /// Appends the tokens of a word if they are known.
  @inline(__always)
  func find(_ key: Key, appendTo output: inout [Int32]) -> Bool {
    if entries.isEmpty { return false }
    let slot = key.slot(shift)
    let (low, high, length) = (entries[slot].low, entries[slot].high, entries[slot].length)
    guard low == key.low, high == key.high, length == key.length else { return false }
    output.append(entries[slot].tokens[0])
    for i in 1..<Swift.max(1, Int(entries[slot].count)) { output.append(entries[slot].tokens[i]) }
    return true
  }

  /// Keeps the tokens of a word if they are few.
  mutating func store(_ key: Key, _ tokens: ArraySlice<Int32>) {
    if entries.isEmpty || tokens.count > Self.most || tokens.isEmpty { return }
    var entry = Entry(low: key.low, high: key.high, length: key.length, count: UInt32(tokens.count))
    for (i, token) in tokens.enumerated() { entry.tokens[i] = token }
    entries[key.slot(shift)] = entry
  }
}

/// What one call of `encode` works with.
struct EncodingScratch {
  var merger = BytePairMerger()
  var cache: WordCache
}
