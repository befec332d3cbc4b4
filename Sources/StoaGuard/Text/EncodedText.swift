/// What runs of base64 characters stand for (RFC 4648, both alphabets); runs are divided by a line feed.
struct Base64Text: TextDerivation {
  /// The characters of a run that is still too short to be decoded.
  private var run: UInt64 = 0
  private var runLength = 0
  private var runStart = 0
  private var isDecoding = false
  private var bits: UInt32 = 0
  private var bitCount = 0
  /// The original offset of the character where the next byte's bits begin.
  private var byteStart = 0

  /// Shorter runs, padding included, are ordinary words.
  private static let shortestRun = 8

  private static let values: [UInt8] = {
    var table = [UInt8](repeating: 0xFF, count: 256)
    for (value, byte) in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8.enumerated() {
      table[Int(byte)] = UInt8(value)
    }
    table[Int(UInt8(ascii: "-"))] = 62
    table[Int(UInt8(ascii: "_"))] = 63
    table[Int(UInt8(ascii: "="))] = 0xFE
    return table
  }()

  var pending: Int? {
    if isDecoding { return bitCount > 0 ? byteStart : nil }
    return runLength == 0 ? nil : runStart
  }

  mutating func feed(_ bytes: ArraySlice<UInt8>, at offset: Int, into text: inout DerivedText) {
    let table = Self.values
    let delta = offset - bytes.startIndex
    for index in bytes.indices {
      let byte = bytes[index]
      let value = table[Int(byte)]
      if value == 0xFF {
        if isDecoding { endRun(at: index + delta, into: &text) }
        runLength = 0
      } else if isDecoding {
        decode(value, at: index + delta, into: &text)
      } else {
        if runLength == 0 { runStart = index + delta }
        run = run << 8 | UInt64(value)
        runLength += 1
        if runLength == Self.shortestRun {
          isDecoding = true
          for place in 0..<runLength {
            decode(UInt8(truncatingIfNeeded: run >> UInt64(56 - 8 * place)), at: runStart + place, into: &text)
          }
          runLength = 0
        }
      }
    }
  }

  mutating func finish(into text: inout DerivedText) {
    runLength = 0
    isDecoding = false
    bitCount = 0
  }

  private mutating func decode(_ value: UInt8, at origin: Int, into text: inout DerivedText) {
    guard value < 64 else { return }
    if bitCount == 0 { byteStart = origin }
    bits = bits << 6 | UInt32(value)
    bitCount += 6
    if bitCount >= 8 {
      bitCount -= 8
      text.replace(byte: UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)), origin: byteStart..<origin + 1)
      byteStart = origin
    }
  }

  private mutating func endRun(at origin: Int, into text: inout DerivedText) {
    isDecoding = false
    bitCount = 0
    bits = 0
    text.replace(byte: 0x0A, origin: origin..<origin)
  }
}

/// What runs of pairs of hexadecimal digits stand for; pairs may have one space, colon, comma or `0x`, `\x` between them.
struct HexadecimalText: TextDerivation {
  private var first: UInt8?
  private var firstOrigin = 0
  private var isInRun = false
  /// How many bytes of a separator came since the last pair.
  private var gap = 0

  private static let longestGap = 3

  var pending: Int? { first == nil ? nil : firstOrigin }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46, 0x61...0x66: (byte | 0x20) - 0x61 + 10
    default: nil
    }
  }

  mutating func feed(_ bytes: ArraySlice<UInt8>, at offset: Int, into text: inout DerivedText) {
    let delta = offset - bytes.startIndex
    for index in bytes.indices {
      let byte = bytes[index]
      let origin = index + delta
      if let digit = Self.digit(byte) {
        if let high = first {
          text.replace(byte: high << 4 | digit, origin: firstOrigin..<origin + 1)
          first = nil
          isInRun = true
          gap = 0
        } else {
          first = digit
          firstOrigin = origin
        }
        continue
      }
      if first == 0, byte | 0x20 == UInt8(ascii: "x") {
        // `0x` before a pair.
        first = nil
        continue
      }
      if first != nil {
        first = nil
        endRun(at: origin, into: &text)
      } else if isInRun {
        gap += 1
        let separates =
          byte == 0x20 || byte == 0x3A || byte == 0x2C || byte == 0x5C || byte | 0x20 == 0x78 || byte == 0x2D
        if !separates || gap > Self.longestGap { endRun(at: origin, into: &text) }
      }
    }
  }

  mutating func finish(into text: inout DerivedText) { first = nil }

  private mutating func endRun(at origin: Int, into text: inout DerivedText) {
    if isInRun { text.replace(byte: 0x0A, origin: origin..<origin) }
    isInRun = false
    gap = 0
  }
}

/// The ASCII text that tag characters (U+E0020 to U+E007E) spell without being seen.
struct TagText: TextDerivation {
  private var read: [UInt8] = []
  private var start = 0

  var pending: Int? { read.isEmpty ? nil : start }

  mutating func feed(_ bytes: ArraySlice<UInt8>, at offset: Int, into text: inout DerivedText) {
    let delta = offset - bytes.startIndex
    for index in bytes.indices {
      let byte = bytes[index]
      if byte < 0x80, read.isEmpty { continue }
      if byte == 0xF3 {
        read = [byte]
        start = index + delta
        continue
      }
      guard !read.isEmpty else { continue }
      read.append(byte)
      // F3 A0 80 A0 … F3 A0 81 BE.
      switch read.count {
      case 2: if byte != 0xA0 { read = [] }
      case 3: if byte != 0x80 && byte != 0x81 { read = [] }
      default:
        let value = Int(read[2] & 1) << 6 | Int(byte & 0x3F)
        if byte & 0xC0 == 0x80, value >= 0x20, value < 0x7F {
          text.replace(byte: UInt8(value), origin: start..<index + delta + 1)
        }
        read = []
      }
    }
  }

  mutating func finish(into text: inout DerivedText) { read = [] }
}
