/// Where the bytes of a derived text come from in the original.
///
/// A run is either byte for byte or one piece of the original for all its bytes.
struct OffsetMap: Sendable {
  private struct Run {
    var start: Int
    var origin: Int
    /// The length of the piece in the original; -1 for byte for byte.
    var length: Int
  }

  private var runs: [Run] = []

  /// Notes that the next derived byte, `position`, is the original one at `origin`, and so on until the next note.
  mutating func copy(position: Int, origin: Int) {
    if let last = runs.last, last.length < 0, origin - last.origin == position - last.start { return }
    runs.append(Run(start: position, origin: origin, length: -1))
  }

  /// Notes that the derived bytes from `position` on stand for a piece of the original.
  mutating func replace(position: Int, origin: Range<Int>) {
    runs.append(Run(start: position, origin: origin.lowerBound, length: origin.count))
  }

  private func run(of position: Int) -> Run? {
    var low = 0
    var high = runs.count
    while low < high {
      let middle = (low + high) / 2
      if runs[middle].start <= position { low = middle + 1 } else { high = middle }
    }
    return low == 0 ? nil : runs[low - 1]
  }

  /// The first original byte of the derived one at `position`, or `end` when there is none.
  func start(_ position: Int, end: Int, count: Int) -> Int {
    guard position < count, let run = run(of: position) else { return end }
    return run.length < 0 ? run.origin + position - run.start : run.origin
  }

  /// The original range of a range of derived bytes that is not empty.
  func range(_ range: Range<Int>) -> Range<Int> {
    guard let first = run(of: range.lowerBound), let last = run(of: range.upperBound - 1) else { return range }
    let start = first.length < 0 ? first.origin + range.lowerBound - first.start : first.origin
    let end = last.length < 0 ? last.origin + range.upperBound - last.start : last.origin + last.length
    return start..<max(end, start)
  }

  /// Forgets what is before `position`.
  mutating func trim(before position: Int) {
    guard runs.count > 512 else { return }
    var low = 0
    var high = runs.count
    while low < high {
      let middle = (low + high) / 2
      if runs[middle].start <= position { low = middle + 1 } else { high = middle }
    }
    if low - 1 > runs.count / 2 { runs.removeSubrange(..<(low - 1)) }
  }
}

/// Bytes that were derived from the original, with where they come from.
struct DerivedText: Sendable {
  /// The new bytes; the reader empties them.
  var bytes: [UInt8] = []
  /// How many bytes there were before `bytes`.
  var base = 0
  var map = OffsetMap()

  var count: Int { base + bytes.count }

  mutating func copy(_ byte: UInt8, origin: Int) {
    map.copy(position: count, origin: origin)
    bytes.append(byte)
  }

  mutating func replace(_ replacement: some Collection<UInt8>, origin: Range<Int>) {
    map.replace(position: count, origin: origin)
    bytes.append(contentsOf: replacement)
  }

  mutating func replace(byte: UInt8, origin: Range<Int>) {
    map.replace(position: count, origin: origin)
    bytes.append(byte)
  }

  mutating func consume() {
    base += bytes.count
    bytes.removeAll(keepingCapacity: true)
  }
}

/// Derives a text from the original, piece by piece.
protocol TextDerivation: Sendable {
  /// Reads the next bytes, the first of which is at `offset` of the original.
  mutating func feed(_ bytes: ArraySlice<UInt8>, at offset: Int, into text: inout DerivedText)
  /// Reads the end of the original.
  mutating func finish(into text: inout DerivedText)
  /// Where bytes begin that were read and may still become a part of the derived text.
  var pending: Int? { get }
}
