/// A parsed pattern over bytes.
indirect enum PatternSyntax: Equatable, Sendable {
  case empty
  case bytes(ByteSet)
  case sequence([PatternSyntax])
  case choice([PatternSyntax])
  case repetition(PatternSyntax, ClosedRange<Int>)
  case assertion(PatternAssertion)

  /// The most bytes that a match can have; nil on overflow.
  var longestMatch: Int? {
    switch self {
    case .empty, .assertion: return 0
    case .bytes: return 1
    case .sequence(let parts):
      var sum = 0
      for part in parts {
        guard let length = part.longestMatch else { return nil }
        let (next, overflow) = sum.addingReportingOverflow(length)
        if overflow { return nil }
        sum = next
      }
      return sum
    case .choice(let parts):
      var most = 0
      for part in parts {
        guard let length = part.longestMatch else { return nil }
        most = max(most, length)
      }
      return most
    case .repetition(let part, let count):
      guard let length = part.longestMatch else { return nil }
      let (product, overflow) = length.multipliedReportingOverflow(by: count.upperBound)
      return overflow ? nil : product
    }
  }

  /// Whether a match can have no bytes.
  var matchesEmpty: Bool {
    switch self {
    case .empty, .assertion: true
    case .bytes: false
    case .sequence(let parts): parts.allSatisfy(\.matchesEmpty)
    case .choice(let parts): parts.contains(where: \.matchesEmpty)
    case .repetition(let part, let count): count.lowerBound == 0 || part.matchesEmpty
    }
  }

  /// The pattern for text whose letters were moved by 13 places.
  var rotated: PatternSyntax {
    switch self {
    case .empty, .assertion: self
    case .bytes(let set): .bytes(set.rotated)
    case .sequence(let parts): .sequence(parts.map(\.rotated))
    case .choice(let parts): .choice(parts.map(\.rotated))
    case .repetition(let part, let count): .repetition(part.rotated, count)
    }
  }

  /// The bytes that a match can begin with, and whether it can have none.
  var firstBytes: (set: ByteSet, canBeEmpty: Bool) {
    switch self {
    case .empty, .assertion: return (ByteSet(), true)
    case .bytes(let set): return (set, false)
    case .sequence(let parts):
      var union = ByteSet()
      for part in parts {
        let first = part.firstBytes
        union.formUnion(first.set)
        if !first.canBeEmpty { return (union, false) }
      }
      return (union, true)
    case .choice(let parts):
      var union = ByteSet()
      var canBeEmpty = false
      for part in parts {
        let first = part.firstBytes
        union.formUnion(first.set)
        if first.canBeEmpty { canBeEmpty = true }
      }
      return (union, canBeEmpty)
    case .repetition(let part, let count):
      let first = part.firstBytes
      return (first.set, first.canBeEmpty || count.lowerBound == 0)
    }
  }

  /// The most bytes before the first of some, where every match has one; nil where some may have none.
  func offset(of bytes: ClosedRange<UInt8>) -> Int? {
    switch self {
    case .empty, .assertion: return nil
    case .bytes(let set): return set.isSubset(of: ByteSet(bytes)) ? 0 : nil
    case .sequence(let parts):
      var before = 0
      var least: Int?
      for part in parts {
        if let offset = part.offset(of: bytes) { least = min(least ?? .max, before + offset) }
        before += part.longestMatch ?? 0
      }
      return least
    case .choice(let parts):
      var most = 0
      for part in parts {
        guard let offset = part.offset(of: bytes) else { return nil }
        most = max(most, offset)
      }
      return most
    case .repetition(let part, let count): return count.lowerBound > 0 ? part.offset(of: bytes) : nil
    }
  }

  /// A text to match literally.
  static func literal(_ text: some Sequence<UInt8>) -> PatternSyntax {
    .sequence(text.map { .bytes(ByteSet([$0])) })
  }
}

/// A condition on the bytes before and after a position.
enum PatternAssertion: Equatable, Sendable {
  /// `\b`: exactly one of the two neighbours is a word byte.
  case wordBoundary
  /// `\B`
  case noWordBoundary
  /// `\<`: the byte before is no word byte.
  case noWordBefore
  /// `\>`: the byte after is no word byte.
  case noWordAfter
  /// `^`: the start of the text or of a line.
  case lineStart
  /// `$`: the end of the text or of a line.
  case lineEnd

  func holds(before: ByteKind, after: ByteKind) -> Bool {
    switch self {
    case .wordBoundary: (before == .word) != (after == .word)
    case .noWordBoundary: (before == .word) == (after == .word)
    case .noWordBefore: before != .word
    case .noWordAfter: after != .word
    case .lineStart: before == .edge
    case .lineEnd: after == .edge
    }
  }
}

/// What assertions see of a neighbouring byte.
enum ByteKind: UInt8, CaseIterable, Sendable {
  /// The start or end of the text, or a line feed.
  case edge
  case word
  case other

  init(_ byte: UInt8) {
    self = byte == 0x0A ? .edge : ByteSet.word.contains(byte) ? .word : .other
  }
}

/// Why a pattern cannot be used, and where in it.
public struct PatternError: Error, Equatable, CustomStringConvertible, Sendable {
  /// What is wrong.
  public let reason: String
  /// What to write instead.
  public let hint: String
  /// The byte in the pattern's text where it was found.
  public let offset: Int

  /// The reason, the place and the hint in one line.
  public var description: String { "\(reason) at byte \(offset) of the pattern; \(hint)" }
}
