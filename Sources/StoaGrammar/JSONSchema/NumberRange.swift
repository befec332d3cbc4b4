/// The decimal numbers within bounds, as an expression over their digits.
struct NumberRange {
  /// A bound, with its digits so that nothing is rounded.
  struct Bound: Equatable {
    var isNegative: Bool
    /// Without leading zeros, except for zero itself.
    var whole: [UInt8]
    /// Without trailing zeros.
    var fraction: [UInt8]
    var isExclusive: Bool

    var isZero: Bool { whole == [0] && fraction.isEmpty }

    /// Nil for a number whose digits are not written out, as with an exponent.
    init?(_ value: Double, isExclusive: Bool) {
      guard value.magnitude < 1e15, value == 0 || value.magnitude >= 1e-4 else { return nil }
      let text = "\(value.magnitude)"
      let parts = text.split(separator: ".")
      guard parts.count == 2, !text.contains("e") else { return nil }
      isNegative = value < 0
      whole = parts[0].utf8.map { $0 - 0x30 }
      fraction = parts[1].utf8.map { $0 - 0x30 }
      while fraction.last == 0 { fraction.removeLast() }
      self.isExclusive = isExclusive
    }

    /// The integer next to the bound, on the allowed side.
    static func integer(_ value: Int) -> Bound {
      var bound = Bound(isNegative: value < 0, whole: [], fraction: [], isExclusive: false)
      bound.whole = "\(value.magnitude)".utf8.map { $0 - 0x30 }
      return bound
    }

    private init(isNegative: Bool, whole: [UInt8], fraction: [UInt8], isExclusive: Bool) {
      self.isNegative = isNegative
      self.whole = whole
      self.fraction = fraction
      self.isExclusive = isExclusive
    }

    var negated: Bound {
      var bound = self
      bound.isNegative.toggle()
      return bound
    }
  }

  private let isInteger: Bool
  /// Digits after the point at most: so few that different numbers stay different when read as doubles.
  private let fractionDigits: Int

  /// The numbers from `low` to `high`; nil for no bound.
  static func expression(from low: Bound?, to high: Bound?, isInteger: Bool) -> Expression {
    let digits = max(low?.whole.count ?? 1, high?.whole.count ?? 1)
    let longest = max(low?.fraction.count ?? 0, high?.fraction.count ?? 0)
    let range = NumberRange(isInteger: isInteger, fractionDigits: max(longest, 1, min(9, 15 - digits)))
    var choices: [Expression] = []
    // Negative numbers are those between the bounds' opposites.
    if low.map({ $0.isNegative && !$0.isZero }) ?? true {
      let least = high.flatMap { $0.isNegative && !$0.isZero ? $0.negated : nil }
      choices.append(.sequence([.text("-"), range.magnitudes(from: least, to: low?.negated, positive: true)]))
    }
    if high.map({ !$0.isNegative || $0.isZero && !$0.isExclusive }) ?? true {
      let least = low.flatMap { $0.isNegative ? nil : $0 }
      choices.append(range.magnitudes(from: least, to: high, positive: false))
    }
    return .choice(choices)
  }

  /// - Parameter positive: Whether zero is left out.
  private func magnitudes(from low: Bound?, to high: Bound?, positive: Bool) -> Expression {
    guard let low = low ?? Bound(0, isExclusive: positive) else { return .nothing }
    var choices: [Expression] = []
    if let high, high.whole == low.whole {
      return .sequence([Self.literal(low.whole), fraction(from: low, to: high)])
    }
    choices.append(.sequence([Self.literal(low.whole), fraction(from: low, to: nil)]))
    if let high {
      guard Self.precedes(low.whole, high.whole) else { return .nothing }
      choices.append(.sequence([Self.literal(high.whole), fraction(from: nil, to: high)]))
    }
    choices.append(.sequence([whole(above: low.whole, below: high?.whole), anyFraction]))
    return .choice(choices)
  }

  private static func literal(_ digits: [UInt8]) -> Expression { .literal(digits.map { $0 + 0x30 }) }

  private static func precedes(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    left.count != right.count ? left.count < right.count : left.lexicographicallyPrecedes(right)
  }

  private static func digit(_ range: ClosedRange<Int>) -> Expression {
    .scalar(ScalarSet([UInt32(0x30 + range.lowerBound)...UInt32(0x30 + range.upperBound)]))
  }

  // MARK: Whole parts

  /// The whole numbers strictly between two; up to 15 digits without an upper one.
  private func whole(above low: [UInt8], below high: [UInt8]?) -> Expression {
    let longest = high?.count ?? max(15, low.count)
    var choices: [Expression] = []
    for count in low.count...longest {
      let isLow = count == low.count
      let isHigh = count == high?.count
      choices.append(
        between(isLow ? low[...] : nil, isHigh ? high?[...] : nil, count: count, isFirst: true, length: count))
    }
    return .choice(choices)
  }

  /// Digit strings of one length strictly above and below others.
  private func between(
    _ low: ArraySlice<UInt8>?, _ high: ArraySlice<UInt8>?, count: Int, isFirst: Bool, length: Int
  ) -> Expression {
    guard count > 0 else { return low == nil && high == nil ? .empty : .nothing }
    if low == nil, high == nil {
      let first = isFirst && length > 1 ? JSONText.nonzero : JSONText.digit
      return .sequence([first, JSONText.digits(count - 1, count - 1)])
    }
    let least = low?.first.map { Int($0) } ?? (isFirst && length > 1 ? 1 : 0)
    let most = high?.first.map { Int($0) } ?? 9
    guard least <= most else { return .nothing }
    func rest(_ low: ArraySlice<UInt8>?, _ high: ArraySlice<UInt8>?) -> Expression {
      between(low?.dropFirst(), high?.dropFirst(), count: count - 1, isFirst: false, length: length)
    }
    if least == most { return .sequence([Self.digit(least...least), rest(low, high)]) }
    var choices: [Expression] = []
    var (start, end) = (least, most)
    if low != nil {
      choices.append(.sequence([Self.digit(least...least), rest(low, nil)]))
      start += 1
    }
    if high != nil {
      choices.append(.sequence([Self.digit(most...most), rest(nil, high)]))
      end -= 1
    }
    if start <= end { choices.append(.sequence([Self.digit(start...end), JSONText.digits(count - 1, count - 1)])) }
    return .choice(choices)
  }

  // MARK: Fractions

  private var anyFraction: Expression {
    isInteger ? .empty : .optional(.sequence([.text("."), JSONText.digits(1, fractionDigits)]))
  }

  /// The point and the digits after it, with the fractions of the bounds as bounds.
  private func fraction(from low: Bound?, to high: Bound?) -> Expression {
    var choices: [Expression] = []
    let none =
      Self.allowsZero(low?.fraction[...], low?.isExclusive, isLow: true)
      && Self.allowsZero(high?.fraction[...], high?.isExclusive, isLow: false)
    if none { choices.append(.empty) }
    if !isInteger {
      let tail = digits(
        low.map { ($0.fraction[...], $0.isExclusive) }, high.map { ($0.fraction[...], $0.isExclusive) },
        left: fractionDigits)
      choices.append(.sequence([.text("."), tail]))
    }
    return .choice(choices)
  }

  private static func allowsZero(_ fraction: ArraySlice<UInt8>?, _ isExclusive: Bool?, isLow: Bool) -> Bool {
    guard let fraction, let isExclusive else { return true }
    if fraction.isEmpty { return !isExclusive }
    return !isLow
  }

  /// One or more digits that are as a fraction between two others.
  private func digits(
    _ low: (ArraySlice<UInt8>, Bool)?, _ high: (ArraySlice<UInt8>, Bool)?, left: Int
  ) -> Expression {
    guard left > 0 else { return .nothing }
    if low == nil, high == nil { return JSONText.digits(1, left) }
    let least = Int(low?.0.first ?? 0)
    let most = high.map { Int($0.0.first ?? 0) } ?? 9
    var choices: [Expression] = []
    for digit in least...max(least, most) where digit <= most {
      let nextLow = digit == least ? low.map { ($0.0.dropFirst(), $0.1) } : nil
      let nextHigh = digit == most ? high.map { ($0.0.dropFirst(), $0.1) } : nil
      var ends: [Expression] = []
      if Self.allowsZero(nextLow?.0, nextLow?.1, isLow: true), Self.allowsZero(nextHigh?.0, nextHigh?.1, isLow: false) {
        ends.append(.empty)
      }
      ends.append(digits(nextLow, nextHigh, left: left - 1))
      choices.append(.sequence([Self.digit(digit...digit), .choice(ends)]))
    }
    return .choice(choices)
  }
}
