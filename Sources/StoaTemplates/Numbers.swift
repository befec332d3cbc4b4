import Foundation

/// Powers of floating-point numbers.
func raise(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }

extension Text {
  /// The digits of a Python number literal in a string: stripped, single underscores between digits removed.
  fileprivate var numeral: String? {
    let bytes = stripped().bytes
    guard !bytes.isEmpty, bytes.count < 1000, bytes.allSatisfy({ $0 < 0x80 }) else { return nil }
    var result: [UInt8] = []
    for (i, byte) in bytes.enumerated() {
      if byte == UInt8(ascii: "_") {
        func isAlphanumeric(_ byte: UInt8) -> Bool { Character(Unicode.Scalar(byte)).isHexDigit }
        guard i > 0, i + 1 < bytes.count, isAlphanumeric(bytes[i - 1]), isAlphanumeric(bytes[i + 1]) else { return nil }
      } else {
        result.append(byte)
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}

extension Double {
  /// Python's `float(str)`.
  init?(python text: Text) {
    guard let numeral = text.numeral?.lowercased() else { return nil }
    let magnitude = numeral.drop { $0 == "+" || $0 == "-" }
    let isNegative = numeral.hasPrefix("-")
    guard numeral.count - magnitude.count <= 1 else { return nil }
    switch magnitude {
    case "inf", "infinity": self = isNegative ? -.infinity : .infinity
    case "nan": self = .nan
    default:
      guard let first = magnitude.first, first.isNumber || first == ".",
        !magnitude.contains(where: { "xp".contains($0) })
      else { return nil }
      // Swift wants a digit before and after the point.
      var text = (isNegative ? "-" : "") + (first == "." ? "0" : "") + magnitude
      if text.hasSuffix(".") { text += "0" }
      guard magnitude != ".", let value = Double(text.replacingOccurrences(of: ".e", with: ".0e")) else { return nil }
      self = value
    }
  }

  /// Rounds half to even on the exact value, as Python's `round` does: `printf` rounds so too.
  func rounded(toDigits digits: Int) -> Double {
    guard isFinite else { return self }
    if digits >= 0 { return Double(String(format: "%.\(digits)f", self)) ?? self }
    let scale = pow(10, Double(-digits))
    let quotient = (self / scale).rounded(.toNearestOrEven)
    return quotient * scale
  }

  func formatted(_ conversion: Character, precision: Int) -> String {
    let text = String(format: "%.\(precision)\(conversion)", self)
    return isFinite ? text : conversion.isUppercase ? text.uppercased() : text.lowercased()
  }
}

extension Int {
  /// Python's `int(str, base)`.
  init?(python text: Text, base: Int) {
    guard var numeral = text.numeral?.lowercased() else { return nil }
    let isNegative = numeral.hasPrefix("-")
    if isNegative || numeral.hasPrefix("+") { numeral.removeFirst() }
    var radix = base
    for (prefix, prefixRadix) in [("0x", 16), ("0o", 8), ("0b", 2)] where numeral.hasPrefix(prefix) {
      guard base == prefixRadix || base == 0 else { break }
      numeral.removeFirst(2)
      radix = prefixRadix
    }
    if radix == 0 { radix = 10 }
    guard let first = numeral.first, first != "-", first != "+" else { return nil }
    guard let value = Int((isNegative ? "-" : "") + numeral, radix: radix) else { return nil }
    self = value
  }

  /// Rounds to a multiple of 10^digits, half to even.
  func roundedToTens(_ digits: Int) -> Int {
    guard digits < 19 else { return 0 }
    var scale = 1
    for _ in 0..<digits { scale *= 10 }
    let remainder = self % scale
    let lower = self - remainder
    let twice = remainder.magnitude.multipliedReportingOverflow(by: 2)
    let isUp =
      twice.overflow || twice.partialValue > scale.magnitude
      || twice.partialValue == scale.magnitude && (lower / scale) % 2 != 0
    guard isUp else { return lower }
    let (result, overflows) = lower.addingReportingOverflow(self < 0 ? -scale : scale)
    return overflows ? lower : result
  }
}
