/// A candidate without its separators: at most 64 ASCII letters and digits, letters in upper case.
///
/// Kept inline, so that judging a candidate allocates nothing.
package struct CompactText {
  /// The most characters that fit; the longest thing judged is a Bech32 address of 62.
  package static let capacity = 64

  private var storage = InlineArray<64, UInt8>(repeating: 0)
  package private(set) var count = 0
  package private(set) var digitCount = 0

  package init() {}

  /// Keeps the letters and digits of a text; `nil` when they are more than fit.
  package init?(_ text: some Sequence<UInt8>) {
    // Not in `self`: with optimisation Swift 6.3.1 loses what an initialiser appends to its inline array.
    var result = CompactText()
    for byte in text where !result.append(byte) { return nil }
    self = result
  }

  /// Whether every character is a digit.
  package var isDigits: Bool { digitCount == count }

  package subscript(index: Int) -> UInt8 { storage[index] }

  /// The value of the digit at a position; letters have values from 17 on, as `A` is 17 above `0`.
  package func digit(_ index: Int) -> Int { Int(storage[index]) - 48 }

  package func isDigit(_ index: Int) -> Bool { storage[index] &- 48 < 10 }

  package func isLetter(_ index: Int) -> Bool { storage[index] &- 65 < 26 }

  /// Whether the characters of a range are all digits.
  package func areDigits(_ range: Range<Int>) -> Bool {
    range.upperBound <= count && range.allSatisfy { isDigit($0) }
  }

  /// Whether the characters of a range are all letters.
  package func areLetters(_ range: Range<Int>) -> Bool {
    range.upperBound <= count && range.allSatisfy { isLetter($0) }
  }

  /// The number that the digits of a range spell; the range has at most 18 digits.
  package func number(_ range: Range<Int>) -> Int {
    var value = 0
    for index in range { value = value &* 10 &+ digit(index) }
    return value
  }

  /// Whether the text begins with ASCII characters.
  package func hasPrefix(_ prefix: StaticString) -> Bool {
    guard prefix.utf8CodeUnitCount <= count else { return false }
    return prefix.withUTF8Buffer { bytes in
      for index in bytes.indices where unsafe bytes[index] != storage[index] { return false }
      return true
    }
  }

  /// Whether all characters are the same.
  package var isUniform: Bool {
    for index in 1..<max(count, 1) where storage[index] != storage[0] { return false }
    return true
  }

  /// Adds a letter or digit and passes over anything else; `false` when there is no room.
  package mutating func append(_ byte: UInt8) -> Bool {
    var byte = byte
    if byte &- 97 < 26 { byte -= 32 }
    let isDigit = byte &- 48 < 10
    guard isDigit || byte &- 65 < 26 else { return true }
    guard count < Self.capacity else { return false }
    storage[count] = byte
    count += 1
    if isDigit { digitCount += 1 }
    return true
  }

  /// A part as a text of its own.
  package func slice(_ range: Range<Int>) -> CompactText {
    var result = CompactText()
    for index in range { _ = result.append(storage[index]) }
    return result
  }
}
