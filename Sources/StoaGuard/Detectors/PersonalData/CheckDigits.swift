/// The check-digit schemes that identifiers of many countries share.
package enum CheckDigits {
  /// ISO/IEC 7812-1 annex B (Luhn): every second digit from the right doubled, digits summed, a multiple of ten.
  package static func luhn(_ text: CompactText) -> Bool {
    luhn(text, 0..<text.count)
  }

  /// Luhn over a part of the text.
  package static func luhn(_ text: CompactText, _ range: Range<Int>) -> Bool {
    var sum = 0
    var doubled = false
    for index in range.reversed() {
      var digit = text.digit(index)
      if doubled {
        digit *= 2
        if digit > 9 { digit -= 9 }
      }
      sum += digit
      doubled.toggle()
    }
    return sum % 10 == 0
  }

  /// The sum of digits times weights, from position `start` on.
  package static func weighted(_ text: CompactText, _ weights: [Int], from start: Int = 0) -> Int {
    var sum = 0
    for index in weights.indices { sum += text.digit(start + index) * weights[index] }
    return sum
  }

  /// ISO/IEC 7064 Mod 11,10 (hybrid): the last digit checks those before it.
  package static func mod11x10(_ text: CompactText) -> Bool {
    var product = 10
    for index in 0..<(text.count - 1) {
      var sum = (text.digit(index) + product) % 10
      if sum == 0 { sum = 10 }
      product = sum * 2 % 11
    }
    return (11 - product) % 10 == text.digit(text.count - 1)
  }

  /// ISO/IEC 7064 Mod 11-2 (pure): the last character, a digit or `X` for ten, checks those before it.
  package static func mod11x2(_ text: CompactText) -> Bool {
    var remainder = 0
    for index in 0..<(text.count - 1) { remainder = (remainder + text.digit(index)) * 2 % 11 }
    let last = text.count - 1
    let check = text[last] == UInt8(ascii: "X") ? 10 : text.digit(last)
    return (remainder + check) % 11 == 1
  }

  /// ISO/IEC 7064 Mod 97-10 as IBANs use it (ISO 13616): the first four characters moved to the end,
  /// letters as 10 to 35, the whole number leaves 1 when divided by 97.
  package static func mod97Rotated(_ text: CompactText) -> Bool {
    guard text.count > 4 else { return false }
    var remainder = 0
    for offset in 0..<text.count {
      let index = (offset + 4) % text.count
      if text.isDigit(index) {
        remainder = (remainder * 10 + text.digit(index)) % 97
      } else {
        remainder = (remainder * 100 + Int(text[index]) - 55) % 97
      }
    }
    return remainder == 1
  }

  /// J. Verhoeff, Error detecting decimal codes (1969): the dihedral group of order ten with a permutation
  /// that depends on the position, counted from the right.
  package static func verhoeff(_ text: CompactText) -> Bool {
    var check = 0
    for position in 0..<text.count {
      let digit = text.digit(text.count - 1 - position)
      check = dihedral(check, permuted(digit, position % 8))
    }
    return check == 0
  }

  /// The product in the dihedral group: 0-4 are rotations, 5-9 reflections.
  private static func dihedral(_ a: Int, _ b: Int) -> Int {
    switch (a < 5, b < 5) {
    case (true, true): (a + b) % 5
    case (true, false): (a + b - 5) % 5 + 5
    case (false, true): (a - b) % 5 + 5
    case (false, false): (a - b + 5) % 5
    }
  }

  /// Verhoeff's permutation applied `times` times; it has order eight.
  private static func permuted(_ digit: Int, _ times: Int) -> Int {
    var digit = digit
    for _ in 0..<times { digit = permutation[digit] }
    return digit
  }

  private static let permutation = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]

  /// GS1 General Specifications (EAN-13): digits weighted 1 and 3 in turn sum to a multiple of ten.
  package static func ean13(_ text: CompactText) -> Bool {
    var sum = 0
    for index in 0..<13 { sum += text.digit(index) * (index % 2 == 0 ? 1 : 3) }
    return sum % 10 == 0
  }

  /// Whether year, month and day are a day of the Gregorian calendar.
  package static func isDate(year: Int, month: Int, day: Int) -> Bool {
    guard (1...12).contains(month), day >= 1 else { return false }
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let length = month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
    return day <= length
  }

  /// Whether a day exists in the year of either century, for identifiers with years of two digits.
  package static func isShortDate(year: Int, month: Int, day: Int) -> Bool {
    isDate(year: 1900 + year, month: month, day: day) || isDate(year: 2000 + year, month: month, day: day)
  }
}
