/// A set of Unicode scalars, as a regular expression's class describes it.
struct ScalarSet: Sendable, Equatable {
  /// Ascending, neither overlapping nor adjacent.
  private(set) var ranges: [ClosedRange<UInt32>] = []

  static let last: UInt32 = 0x10FFFF
  static let all = ScalarSet([0...last])

  init(_ ranges: some Sequence<ClosedRange<UInt32>> = []) {
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let previous = self.ranges.last, range.lowerBound <= previous.upperBound &+ 1 {
        let end = max(previous.upperBound, range.upperBound)
        self.ranges[self.ranges.count - 1] = previous.lowerBound...end
      } else {
        self.ranges.append(range)
      }
    }
  }

  init(_ scalar: UInt32) { ranges = [scalar...scalar] }

  var isEmpty: Bool { ranges.isEmpty }

  func contains(_ scalar: UInt32) -> Bool {
    var (low, high) = (0, ranges.count)
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].upperBound < scalar { low = middle + 1 } else { high = middle }
    }
    return low < ranges.count && ranges[low].lowerBound <= scalar
  }

  func union(_ other: ScalarSet) -> ScalarSet { ScalarSet(ranges + other.ranges) }

  var inverted: ScalarSet {
    var result = ScalarSet()
    var next: UInt32 = 0
    for range in ranges {
      if range.lowerBound > next { result.ranges.append(next...range.lowerBound - 1) }
      next = range.upperBound + 1
    }
    if next <= Self.last { result.ranges.append(next...Self.last) }
    return result
  }

  func intersection(_ other: ScalarSet) -> ScalarSet { inverted.union(other.inverted).inverted }

  func subtracting(_ other: ScalarSet) -> ScalarSet { intersection(other.inverted) }

  // MARK: Properties

  static let whiteSpace = ScalarSet(UnicodeCategory.whiteSpace)

  /// The scalars of a property as expressions name it: a general category such as `L` or `Lu`, or a script.
  init?(property name: String) {
    let members = UnicodeCategory.allCases.filter { $0.name == name || name.count == 1 && $0.name.hasPrefix(name) }
    if !members.isEmpty {
      self.init(categories: members)
    } else if let script = Self.scripts[name] {
      self.init(script)
    } else {
      return nil
    }
  }

  init(categories: [UnicodeCategory]) {
    var found: [ClosedRange<UInt32>] = []
    UnicodeCategory.forEachRun { range, category in
      if categories.contains(category) { found.append(range) }
    }
    self.init(found)
  }

  /// `\w`: what is alphabetic, marks, decimal digits and connectors.
  static let word = ScalarSet(
    categories: [.lu, .ll, .lt, .lm, .lo, .mn, .mc, .me, .nd, .nl, .pc]
  ).union(ScalarSet([0x24B6...0x24E9, 0x1F130...0x1F149, 0x1F150...0x1F169, 0x1F170...0x1F189]))

  /// With the other cases of its members, as simple case folding has them.
  var caseInsensitive: ScalarSet {
    var scalars: [ClosedRange<UInt32>] = ranges
    for range in ranges {
      // A class as wide as this is one of categories, which lists what it means.
      if range.count > 64 { continue }
      for value in range {
        guard let scalar = Unicode.Scalar(value) else { continue }
        for mapping in [
          scalar.properties.lowercaseMapping, scalar.properties.uppercaseMapping, scalar.properties.titlecaseMapping,
        ] {
          let other = mapping.unicodeScalars
          if other.count == 1, let first = other.first { scalars.append(first.value...first.value) }
        }
        // LATIN SMALL LETTER LONG S and KELVIN SIGN fold to ASCII letters.
        if value | 0x20 == 0x73 { scalars.append(0x17F...0x17F) }
        if value | 0x20 == 0x6B { scalars.append(0x212A...0x212A) }
      }
    }
    return ScalarSet(scalars)
  }
}

/// A `ScalarSet` to ask many times: bits for ASCII, and pages of 256 bits for the rest.
struct ScalarBits: Sendable {
  private var ascii: (low: UInt64, high: UInt64) = (0, 0)
  /// The page of each 256 scalars: 0 is the empty page, 1 the full one.
  private var pages = [UInt16](repeating: 0, count: 0x1100)
  private var words: [UInt64] = [0, 0, 0, 0, .max, .max, .max, .max]
  private let containsReplacement: Bool

  init(_ set: ScalarSet) {
    containsReplacement = set.contains(0xFFFD)
    for range in set.ranges {
      for page in range.lowerBound >> 8...range.upperBound >> 8 {
        let part = range.clamped(to: page << 8...page << 8 | 0xFF)
        if part.count == 256 { pages[Int(page)] = 1 } else { insert(part, page: Int(page)) }
      }
    }
    let first = Int(pages[0]) * 4
    ascii = (words[first], words[first + 1])
  }

  private mutating func insert(_ range: ClosedRange<UInt32>, page: Int) {
    if pages[page] == 0 {
      // At most 0x1100 pages, which fits.
      pages[page] = UInt16(words.count / 4)
      words += [0, 0, 0, 0]
    }
    for scalar in range { words[Int(pages[page]) * 4 + Int(scalar & 0xFF) >> 6] |= 1 << UInt64(scalar & 63) }
  }

  @inline(__always)
  func contains(ascii byte: UInt8) -> Bool {
    (byte < 64 ? ascii.low : ascii.high) >> UInt64(byte & 63) & 1 != 0
  }

  /// A byte that is no part of valid UTF-8 counts as U+FFFD does.
  @inline(__always)
  func contains(_ scalar: DecodedScalar) -> Bool {
    if scalar.value < 0x80 { return contains(ascii: UInt8(truncatingIfNeeded: scalar.value)) }
    if scalar.isInvalid { return containsReplacement }
    let page = Int(pages[Int(scalar.value >> 8)])
    return words[page * 4 + Int(scalar.value & 0xFF) >> 6] >> UInt64(scalar.value & 63) & 1 != 0
  }
}
