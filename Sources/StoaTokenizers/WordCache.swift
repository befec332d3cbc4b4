/// The tokens of words met before in the same text; natural text repeats few words often.
///
/// Of fixed size: a word evicts another that falls into the same slot. Words are compared in full, so that hits are exact.
struct WordCache {
  /// The bytes of a short word in two integers, and its length.
  struct Key: Equatable {
    let low: UInt64
    let high: UInt64
    let length: Int

    /// Nil when the word is too long to be worth keeping.
    @inline(__always)
    init?(_ text: Span<UInt8>, _ range: Range<Int>) {
      if range.count > 16 { return nil }
      var (low, high): (UInt64, UInt64) = (0, 0)
      for i in range {
        high = high << 8 | low >> 56
        low = low << 8 | UInt64(text[i])
      }
      (self.low, self.high, length) = (low, high, range.count)
    }

    var slot: Int {
      let hash = (low ^ high &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(length)) &* 0xD6E8_FEB8_6659_FD93
      return Int(hash >> (64 - WordCache.bits))
    }
  }

  private struct Entry {
    var key: Key
    var tokens: InlineArray<6, Int32>
    var count: Int
  }

  private static let bits: UInt64 = 13
  /// Texts shorter than this are not worth the table.
  private static let worthwhile = 2048
  private var entries: [Entry?]

  init(textLength: Int) {
    entries = textLength < Self.worthwhile ? [] : [Entry?](repeating: nil, count: 1 << Int(Self.bits))
  }

  /// Appends the tokens of a word if they are known.
  @inline(__always)
  func find(_ key: Key, appendTo output: inout [Int32]) -> Bool {
    if entries.isEmpty { return false }
    guard let entry = entries[key.slot], entry.key == key else { return false }
    for i in 0..<entry.count { output.append(entry.tokens[i]) }
    return true
  }

  /// Keeps the tokens of a word if they are few.
  mutating func store(_ key: Key, _ tokens: ArraySlice<Int32>) {
    if entries.isEmpty || tokens.count > 6 { return }
    var kept = InlineArray<6, Int32>(repeating: 0)
    for (i, token) in tokens.enumerated() { kept[i] = token }
    entries[key.slot] = Entry(key: key, tokens: kept, count: tokens.count)
  }
}

/// What one call of `encode` works with.
struct EncodingScratch {
  var merger = BytePairMerger()
  var cache: WordCache
}
