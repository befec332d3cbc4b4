/// The writing of bytes as printable characters in byte-level BPE vocabularies, where a space is `Ġ`.
///
/// Bytes that are printable in Latin-1 stand for themselves, the others for U+0100 onwards, in order.
/// Source: `bytes_to_unicode` in GPT-2's `encoder.py`.
enum ByteLevelAlphabet {
  /// The scalar of each byte.
  static let scalars: [UInt32] = {
    var next: UInt32 = 0x100
    return (0..<256).map { byte in
      switch byte {
      case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return UInt32(byte)
      default:
        next += 1
        return next - 1
      }
    }
  }()

  /// The byte of each scalar below 0x144; −1 where there is none.
  private static let bytes: [Int16] = {
    var bytes = [Int16](repeating: -1, count: 0x144)
    for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar)] = Int16(byte) }
    return bytes
  }()

  /// The bytes that `text[range]` writes; nil when it has a character that is not of the alphabet.
  static func decode(_ text: Span<UInt8>, _ range: Range<Int>) -> [UInt8]? {
    var result: [UInt8] = []
    result.reserveCapacity(range.count)
    var i = range.lowerBound
    while i < range.upperBound {
      let scalar = text.scalar(at: i, end: range.upperBound)
      guard Int(scalar.value) < bytes.count, bytes[Int(scalar.value)] >= 0 else { return nil }
      result.append(UInt8(bytes[Int(scalar.value)]))
      i += scalar.length
    }
    return result
  }

  /// How `bytes` are written.
  static func encode(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    for byte in bytes { result.append(scalar: scalars[Int(byte)]) }
    return result
  }
}
