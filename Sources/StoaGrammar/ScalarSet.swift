/// A set of Unicode scalars; surrogates are never in it.
struct ScalarSet: Sendable, Equatable {
  /// Ascending, neither overlapping nor adjacent.
  private(set) var ranges: [ClosedRange<UInt32>] = []

  static let last: UInt32 = 0x10FFFF
  static let all = ScalarSet([0...last])

  init(_ ranges: some Sequence<ClosedRange<UInt32>> = []) {
    var merged: [ClosedRange<UInt32>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let previous = merged.last, range.lowerBound <= previous.upperBound &+ 1 {
        merged[merged.count - 1] = previous.lowerBound...max(previous.upperBound, range.upperBound)
      } else {
        merged.append(range)
      }
    }
    self.ranges = merged.flatMap(Self.withoutSurrogates)
  }

  init(_ characters: String) { self.init(characters.unicodeScalars.map { $0.value...$0.value }) }

  private static func withoutSurrogates(_ range: ClosedRange<UInt32>) -> [ClosedRange<UInt32>] {
    var parts: [ClosedRange<UInt32>] = []
    if range.lowerBound < 0xD800 { parts.append(range.lowerBound...min(range.upperBound, 0xD7FF)) }
    if range.upperBound > 0xDFFF { parts.append(max(range.lowerBound, 0xE000)...range.upperBound) }
    return parts
  }

  var isEmpty: Bool { ranges.isEmpty }

  func contains(_ scalar: UInt32) -> Bool { ranges.contains { $0.contains(scalar) } }

  func union(_ other: ScalarSet) -> ScalarSet { ScalarSet(ranges + other.ranges) }

  var inverted: ScalarSet {
    var gaps: [ClosedRange<UInt32>] = []
    var next: UInt32 = 0
    for range in ranges {
      if range.lowerBound > next { gaps.append(next...range.lowerBound - 1) }
      next = range.upperBound + 1
    }
    if next <= Self.last { gaps.append(next...Self.last) }
    return ScalarSet(gaps)
  }

  func intersection(_ other: ScalarSet) -> ScalarSet { inverted.union(other.inverted).inverted }

  func subtracting(_ other: ScalarSet) -> ScalarSet { intersection(other.inverted) }

  // MARK: UTF-8

  /// The UTF-8 forms of all members: sequences of byte ranges, each of which stands for all combinations.
  var byteSequences: [[ClosedRange<UInt8>]] {
    let lengths: [ClosedRange<UInt32>] = [0...0x7F, 0x80...0x7FF, 0x800...0xFFFF, 0x10000...Self.last]
    var sequences: [[ClosedRange<UInt8>]] = []
    for range in ranges {
      for (index, length) in lengths.enumerated() where range.overlaps(length) {
        let part = range.clamped(to: length)
        Self.split(part.lowerBound, part.upperBound, bytes: index + 1, prefix: [], into: &sequences)
      }
    }
    return sequences
  }

  /// Splits a range of scalars of the same length where only the last bytes vary freely.
  private static func split(
    _ low: UInt32, _ high: UInt32, bytes: Int, prefix: [ClosedRange<UInt8>],
    into sequences: inout [[ClosedRange<UInt8>]]
  ) {
    let isLead = prefix.isEmpty
    guard bytes > 1 else {
      sequences.append(prefix + [byte(low, isLead, 1)...byte(high, isLead, 1)])
      return
    }
    let shift = UInt32(6 * (bytes - 1))
    let mask: UInt32 = 1 << shift - 1
    let (first, last) = (low >> shift, high >> shift)
    func descend(_ from: UInt32, _ to: UInt32, _ low: UInt32, _ high: UInt32) {
      let range = byte(from, isLead, bytes)...byte(to, isLead, bytes)
      split(low, high, bytes: bytes - 1, prefix: prefix + [range], into: &sequences)
    }
    if first == last { return descend(first, first, low & mask, high & mask) }
    var (start, end) = (first, last)
    if low & mask != 0 {
      descend(first, first, low & mask, mask)
      start += 1
    }
    let hasTail = high & mask != mask
    if hasTail { end -= 1 }
    if start <= end { descend(start, end, 0, mask) }
    if hasTail { descend(last, last, 0, high & mask) }
  }

  /// A byte of the UTF-8 form: a lead byte of `bytes` bytes, or a continuation byte.
  private static func byte(_ bits: UInt32, _ isLead: Bool, _ bytes: Int) -> UInt8 {
    let marks: [UInt32] = [0, 0xC0, 0xE0, 0xF0]
    return UInt8(truncatingIfNeeded: isLead ? marks[bytes - 1] | bits : 0x80 | bits & 0x3F)
  }
}

extension [UInt8] {
  /// Appends the UTF-8 form of a scalar value that is not a surrogate.
  mutating func append(scalar value: UInt32) {
    if let scalar = Unicode.Scalar(value) { append(contentsOf: Array(String(Character(scalar)).utf8)) }
  }
}
