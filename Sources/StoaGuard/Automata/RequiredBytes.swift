/// Bytes of which every match has one, with the most bytes before it: elsewhere no attempt need be made.
struct RequiredBytes: Sendable {
  /// One byte, or a range that begins at a multiple of a power of two and is no longer than that power: `hasAny` needs it.
  private let bytes: ClosedRange<UInt8>
  private let before: Int

  init(_ bytes: ClosedRange<UInt8>, before: Int) {
    self.bytes = bytes
    self.before = before
  }

  /// The ranges, counted from `first`, in which matches can begin; the last one goes up to the end of `window`, since what
  /// comes next may have the byte.
  func ranges(_ window: [UInt8], from first: Int) -> [Range<Int>] {
    let length = window.count - first
    var ranges: [Range<Int>] = []
    func add(_ range: Range<Int>) {
      if let last = ranges.last, last.upperBound >= range.lowerBound {
        ranges[ranges.count - 1] = last.lowerBound..<range.upperBound
      } else {
        ranges.append(range)
      }
    }
    unsafe window.withUnsafeBytes { window in
      let new = unsafe UnsafeRawBufferPointer(rebasing: window[first...])
      var place = 0
      while place < length {
        if place + 8 <= length, !hasAny(unsafe new.loadUnaligned(fromByteOffset: place, as: UInt64.self)) {
          place += 8
          continue
        }
        if unsafe bytes.contains(new[place]) { add(max(0, place - before)..<place + 1) }
        place += 1
      }
    }
    add(max(0, length - before - 1)..<length)
    return ranges
  }

  /// Whether any of eight bytes is one of those.
  private func hasAny(_ word: UInt64) -> Bool {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let difference = word ^ (ones &* UInt64(bytes.lowerBound))
    return (difference &- ones &* UInt64(bytes.count)) & ~difference & (ones &* 0x80) != 0
  }
}
