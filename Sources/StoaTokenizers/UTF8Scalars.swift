/// One scalar read from UTF-8 text.
struct DecodedScalar {
  /// The scalar, or `DecodedScalar.invalid` plus the byte for a byte that is no part of valid UTF-8.
  let value: UInt32
  /// Bytes read; 1 for an invalid byte.
  let length: Int

  static let invalid: UInt32 = 0x4000_0000

  var isInvalid: Bool { value >= Self.invalid }
}

extension Span where Element == UInt8 {
  /// Reads the scalar at `index`, not looking at or beyond `end`. Needs `index < end <= count`.
  @inline(__always)
  func scalar(at index: Int, end: Int) -> DecodedScalar {
    let first = self[index]
    if first < 0x80 { return DecodedScalar(value: UInt32(first), length: 1) }
    return longScalar(first, at: index, end: end)
  }

  private func longScalar(_ first: UInt8, at index: Int, end: Int) -> DecodedScalar {
    let invalid = DecodedScalar(value: DecodedScalar.invalid + UInt32(first), length: 1)
    let length: Int
    var value: UInt32
    switch first {
    case 0xC2...0xDF: (length, value) = (2, UInt32(first & 0x1F))
    case 0xE0...0xEF: (length, value) = (3, UInt32(first & 0x0F))
    case 0xF0...0xF4: (length, value) = (4, UInt32(first & 0x07))
    default: return invalid
    }
    if end - index < length { return invalid }
    for offset in 1..<length {
      let byte = self[index + offset]
      if byte & 0xC0 != 0x80 { return invalid }
      value = value << 6 | UInt32(byte & 0x3F)
    }
    // Overlong forms, surrogates and values beyond Unicode.
    switch length {
    case 3: if value < 0x800 || (0xD800...0xDFFF).contains(value) { return invalid }
    case 4: if value < 0x10000 || value > 0x10FFFF { return invalid }
    default: break
    }
    return DecodedScalar(value: value, length: length)
  }

  /// Reads the scalar that ends before `end`, not looking before `start`; nil at the start.
  func scalar(before end: Int, start: Int) -> DecodedScalar? {
    for length in stride(from: Swift.min(4, end - start), through: 1, by: -1) {
      let scalar = scalar(at: end - length, end: end)
      if scalar.length == length { return scalar }
    }
    return nil
  }

  /// The bytes of `range`, at most 8 of them, in a word; equal words of one length mean equal bytes.
  @inline(__always)
  func word(_ range: Range<Int>) -> UInt64 {
    let count = range.count
    if range.lowerBound + 8 <= self.count, count > 0 {
      let word = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: range.lowerBound, as: UInt64.self)
      return word << UInt64(64 - 8 * count)
    }
    var word: UInt64 = 0
    for i in range.reversed() { word = word << 8 | UInt64(self[i]) }
    return count == 0 ? 0 : word << UInt64(64 - 8 * count)
  }
}

extension [UInt8] {
  /// Appends the UTF-8 form of a scalar value.
  mutating func append(scalar: UInt32) {
    guard let scalar = Unicode.Scalar(scalar) else { return }
    for byte in scalar.utf8 { append(byte) }
  }

  /// Appends what `Span.scalar` read: a scalar, or an invalid byte.
  mutating func append(decoded value: UInt32) {
    if value < 0x80 {
      append(UInt8(truncatingIfNeeded: value))
    } else if value >= DecodedScalar.invalid {
      append(UInt8(truncatingIfNeeded: value))
    } else {
      append(scalar: value)
    }
  }
}
