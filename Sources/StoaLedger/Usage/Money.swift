/// An amount of money in millionths of a currency unit: sums of many small costs stay exact.
package struct Money: Sendable, Hashable, Comparable {
  /// 1 is a millionth of a euro, a dollar, or whatever the currency is.
  package let micros: Int

  package static let zero = Money(micros: 0)

  package init(micros: Int) { self.micros = micros }

  /// Reads a plain decimal number that is not negative, with at most six decimals: `0.35`.
  package init?(_ text: some StringProtocol) {
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    let fraction = parts.count == 2 ? parts[1] : "0"
    func isDigits(_ part: some StringProtocol) -> Bool { part.utf8.allSatisfy { (0x30...0x39).contains($0) } }
    guard let whole = parts.first, (1...12).contains(whole.count), (1...6).contains(fraction.count),
      isDigits(whole), isDigits(fraction),
      let units = Int(whole), let decimals = Int(fraction + String(repeating: "0", count: 6 - fraction.count))
    else { return nil }
    micros = units * 1_000_000 + decimals
  }

  package static func < (left: Money, right: Money) -> Bool { left.micros < right.micros }

  /// The sum; it stays at the largest amount rather than overflow.
  package static func + (left: Money, right: Money) -> Money {
    let (sum, overflow) = left.micros.addingReportingOverflow(right.micros)
    return Money(micros: overflow ? (right.micros < 0 ? .min : .max) : sum)
  }

  package static func += (left: inout Money, right: Money) { left = left + right }

  /// A decimal number with two to six decimals.
  package var text: String {
    let (units, decimals) = micros.magnitude.quotientAndRemainder(dividingBy: 1_000_000)
    var fraction = String(decimals)
    fraction = String(repeating: "0", count: 6 - fraction.count) + fraction
    while fraction.count > 2, fraction.hasSuffix("0") { fraction.removeLast() }
    return (micros < 0 ? "-" : "") + "\(units).\(fraction)"
  }
}
