/// Sets of Unicode scalars as ranges, and their UTF-8 as a pattern over bytes.
enum ScalarRanges {
  /// The ranges with the simple case variants of their members (at most 4096 members are looked at).
  static func foldingCase(_ ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
    var result = ranges
    var budget = 4096
    for range in ranges {
      for value in range {
        budget -= 1
        guard budget >= 0 else { return result }
        guard let scalar = Unicode.Scalar(value) else { continue }
        for variant in [scalar.properties.lowercaseMapping, scalar.properties.uppercaseMapping] {
          guard variant.unicodeScalars.count == 1, let other = variant.unicodeScalars.first, other != scalar else {
            continue
          }
          result.append(other.value...other.value)
        }
      }
    }
    return result
  }

  /// All scalars outside the ranges.
  static func inverted(_ ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
    var result: [ClosedRange<UInt32>] = []
    var next: UInt32 = 0
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if range.lowerBound > next { result.append(next...(range.lowerBound - 1)) }
      next = max(next, range.upperBound + 1)
    }
    if next <= 0x10FFFF { result.append(next...0x10FFFF) }
    return result
  }

  /// A pattern that matches the UTF-8 of one scalar of the ranges.
  ///
  /// A range is cut where the length of the encoding changes, then where leading bytes differ (RFC 3629).
  static func syntax(_ ranges: [ClosedRange<UInt32>]) -> PatternSyntax {
    var branches: [PatternSyntax] = []
    var single = ByteSet()
    for range in ranges {
      for limits: ClosedRange<UInt32> in [0...0x7F, 0x80...0x7FF, 0x800...0xD7FF, 0xE000...0xFFFF, 0x10000...0x10FFFF] {
        guard range.overlaps(limits) else { continue }
        let part = range.clamped(to: limits)
        if limits.upperBound == 0x7F {
          single.formUnion(ByteSet(UInt8(part.lowerBound)...UInt8(part.upperBound)))
        } else {
          split(encode(part.lowerBound), encode(part.upperBound), prefix: [], into: &branches)
        }
      }
    }
    if !single.isEmpty { branches.append(.bytes(single)) }
    return branches.count == 1 ? branches[0] : .choice(branches)
  }

  private static func encode(_ value: UInt32) -> [UInt8] {
    Unicode.Scalar(value).map { Array(String($0).utf8) } ?? []
  }

  /// Adds sequences of byte ranges that cover all encodings from `low` to `high`, which have the same length.
  private static func split(
    _ low: [UInt8], _ high: [UInt8], prefix: [PatternSyntax], into branches: inout [PatternSyntax]
  ) {
    guard let first = low.first, let last = high.first else { return }
    if low.count == 1 {
      branches.append(.sequence(prefix + [.bytes(ByteSet(first...last))]))
      return
    }
    let lowRest = Array(low.dropFirst())
    let highRest = Array(high.dropFirst())
    let least = [UInt8](repeating: 0x80, count: lowRest.count)
    let most = [UInt8](repeating: 0xBF, count: lowRest.count)
    if first == last {
      split(lowRest, highRest, prefix: prefix + [.bytes(ByteSet([first]))], into: &branches)
      return
    }
    var from = first
    var to = last
    if lowRest != least {
      split(lowRest, most, prefix: prefix + [.bytes(ByteSet([first]))], into: &branches)
      from += 1
    }
    if highRest != most {
      split(least, highRest, prefix: prefix + [.bytes(ByteSet([last]))], into: &branches)
      to -= 1
    }
    if from <= to {
      let rest = least.map { _ in PatternSyntax.bytes(ByteSet(0x80...0xBF)) }
      branches.append(.sequence(prefix + [.bytes(ByteSet(from...to))] + rest))
    }
  }
}
