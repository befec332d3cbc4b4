/// Many short byte strings in one array, by index.
struct PackedByteStrings: Sendable {
  private(set) var bytes: [UInt8] = []
  private var ends: [Int] = []

  init() {}

  init(_ strings: some Collection<[UInt8]>) {
    ends.reserveCapacity(strings.count)
    bytes.reserveCapacity(strings.reduce(0) { $0 + $1.count })
    for string in strings { append(string) }
  }

  mutating func append(_ string: some Collection<UInt8>) {
    bytes.append(contentsOf: string)
    ends.append(bytes.count)
  }

  mutating func append(_ string: Span<UInt8>) {
    for i in 0..<string.count { bytes.append(string[i]) }
    ends.append(bytes.count)
  }

  var count: Int { ends.count }

  /// Where string `index` lies in `bytes`.
  func range(_ index: Int) -> Range<Int> { (index == 0 ? 0 : ends[index - 1])..<ends[index] }

  subscript(index: Int) -> ArraySlice<UInt8> { bytes[range(index)] }
}

/// A hash table from the content of a `PackedByteStrings` to its index; a string that occurs twice maps to the last.
///
/// The seed is random, so that a file cannot be made to collide; what is found does not depend on it.
struct ByteStringIndex: Sendable {
  /// Upper half: upper half of the hash. Lower half: index + 1, or 0 for a free slot.
  private var slots: [UInt64]
  private let seed: UInt64
  private let longest: Int

  /// - Parameter included: Which indices to enter.
  init(_ strings: PackedByteStrings, where included: (Int) -> Bool = { _ in true }) {
    let members = (0..<strings.count).filter { included($0) && !strings.range($0).isEmpty }
    var capacity = 16
    while capacity < members.count * 2 { capacity *= 2 }
    slots = [UInt64](repeating: 0, count: capacity)
    seed = UInt64.random(in: .min ... .max)
    longest = members.reduce(0) { max($0, strings.range($1).count) }
    let text = strings.bytes.span
    for index in members {
      let range = strings.range(index)
      let (slot, hash, _) = find(text, range, in: strings)
      slots[slot] = hash & 0xFFFF_FFFF_0000_0000 | UInt64(index + 1)
    }
  }

  /// The index of the string equal to `text[range]`.
  @inline(__always)
  func lookup(_ text: Span<UInt8>, _ range: Range<Int>, in strings: PackedByteStrings) -> Int? {
    if range.isEmpty || range.count > longest { return nil }
    return find(text, range, in: strings).index
  }

  /// The index of the string equal to `text`.
  func lookup(_ text: [UInt8], in strings: PackedByteStrings) -> Int? {
    lookup(text.span, 0..<text.count, in: strings)
  }

  @inline(__always)
  private func hash(_ text: Span<UInt8>, _ range: Range<Int>) -> UInt64 {
    var hash = seed &+ UInt64(range.count)
    var i = range.lowerBound
    while i < range.upperBound {
      let end = Swift.min(i + 8, range.upperBound)
      hash = (hash ^ text.word(i..<end)) &* 0x9E37_79B9_7F4A_7C15
      hash ^= hash >> 32
      i = end
    }
    return hash
  }

  private func find(
    _ text: Span<UInt8>, _ range: Range<Int>, in strings: PackedByteStrings
  ) -> (slot: Int, hash: UInt64, index: Int?) {
    let hash = hash(text, range)
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while true {
      let entry = slots[slot]
      if entry == 0 { return (slot, hash, nil) }
      if (entry ^ hash) >> 32 == 0 {
        let index = Int(entry & 0xFFFF_FFFF) - 1
        let candidate = strings.range(index)
        if candidate.count == range.count {
          var offset = 0
          while offset < range.count,
            strings.bytes[candidate.lowerBound + offset] == text[range.lowerBound + offset]
          {
            offset += 1
          }
          if offset == range.count { return (slot, hash, index) }
        }
      }
      slot = (slot + 1) & mask
    }
  }
}
