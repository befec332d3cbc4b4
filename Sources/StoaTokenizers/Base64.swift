/// Base64 (RFC 4648), as files of ranks have it.
enum Base64 {
  /// The bytes that the text from `offset` stands for; `offset` moves behind what belongs to it, padding included.
  static func decode(_ text: Span<UInt8>, at offset: inout Int, end: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    var (bits, count): (UInt32, UInt32) = (0, 0)
    while offset < end, let value = value(text[offset]) {
      bits = bits << 6 | value
      count += 6
      offset += 1
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> count))
      }
    }
    while offset < end, text[offset] == UInt8(ascii: "=") { offset += 1 }
    return bytes
  }

  /// The bytes that the whole text stands for; nil when it has other characters.
  static func decode(_ text: String) -> [UInt8]? {
    let text = Array(text.utf8)
    var offset = 0
    let bytes = decode(text.span, at: &offset, end: text.count)
    return offset == text.count ? bytes : nil
  }

  /// The six bits of a character.
  static func value(_ byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - UInt8(ascii: "a")) + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0")) + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
