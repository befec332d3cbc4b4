/// The text in lower case with escapes decoded, invisible characters dropped and look-alikes replaced.
///
/// Escapes are `%HH`, `\xHH`, `\uHHHH`, `\u{H…}` and `&#N;`, `&#xH;`; their bytes are read as if they stood there.
struct FoldedText: TextDerivation {
  private let decodesEscapes: Bool
  /// Bytes of a scalar that is not whole, and where it began and what has been read of it ended.
  private var partial: [UInt8] = []
  private var partialOrigin = 0..<0
  /// Bytes of an escape that is not whole.
  private var escape: [UInt8] = []
  private var escapeStart = 0

  init(decodesEscapes: Bool) { self.decodesEscapes = decodesEscapes }

  var pending: Int? {
    if !partial.isEmpty { return partialOrigin.lowerBound }
    return escape.isEmpty ? nil : escapeStart
  }

  mutating func feed(_ bytes: ArraySlice<UInt8>, at offset: Int, into text: inout DerivedText) {
    let delta = offset - bytes.startIndex
    var index = bytes.startIndex
    while index < bytes.endIndex {
      let byte = bytes[index]
      if escape.isEmpty, partial.isEmpty, byte < 0x80, !(decodesEscapes && Self.startsEscape(byte)) {
        var end = index + 1
        while end < bytes.endIndex, bytes[end] < 0x80, !(decodesEscapes && Self.startsEscape(bytes[end])) { end += 1 }
        text.map.copy(position: text.count, origin: index + delta)
        let from = text.bytes.count
        text.bytes.append(contentsOf: bytes[index..<end])
        for place in from..<text.bytes.count {
          let value = text.bytes[place]
          text.bytes[place] = value &- 0x41 < 26 ? value | 0x20 : value
        }
        index = end
        continue
      }
      readEscape(byte, at: index + delta, into: &text)
      index += 1
    }
  }

  mutating func finish(into text: inout DerivedText) {
    flushEscape(into: &text)
    flushPartial(into: &text)
  }

  private static func startsEscape(_ byte: UInt8) -> Bool { byte == 0x25 || byte == 0x5C || byte == 0x26 }

  /// Reads one byte that may belong to an escape.
  private mutating func readEscape(_ byte: UInt8, at origin: Int, into text: inout DerivedText) {
    if escape.isEmpty {
      if decodesEscapes, Self.startsEscape(byte) {
        escape = [byte]
        escapeStart = origin
      } else {
        read(byte, origin: origin..<origin + 1, into: &text)
      }
      return
    }
    escape.append(byte)
    switch EscapeSequence(escape) {
    case .open: break
    case .value(let bytes):
      let range = escapeStart..<origin + 1
      escape = []
      for value in bytes { read(value, origin: range, into: &text) }
    case .none:
      // The byte may begin an escape itself.
      escape.removeLast()
      flushEscape(into: &text)
      readEscape(byte, at: origin, into: &text)
    }
  }

  private mutating func flushEscape(into text: inout DerivedText) {
    let bytes = escape
    escape = []
    for (index, byte) in bytes.enumerated() {
      read(byte, origin: escapeStart + index..<escapeStart + index + 1, into: &text)
    }
  }

  private mutating func flushPartial(into text: inout DerivedText) {
    guard !partial.isEmpty else { return }
    text.replace(partial, origin: partialOrigin)
    partial = []
  }

  /// Reads one byte of the text's UTF-8.
  private mutating func read(_ byte: UInt8, origin: Range<Int>, into text: inout DerivedText) {
    if !partial.isEmpty {
      if byte & 0xC0 == 0x80 {
        partial.append(byte)
        partialOrigin = partialOrigin.lowerBound..<origin.upperBound
        let length = partial[0] < 0xE0 ? 2 : partial[0] < 0xF0 ? 3 : 4
        if partial.count == length { readScalar(into: &text) }
        return
      }
      flushPartial(into: &text)
    }
    if byte < 0x80 {
      let lower = byte &- 0x41 < 26 ? byte | 0x20 : byte
      if origin.count == 1 {
        text.copy(lower, origin: origin.lowerBound)
      } else {
        text.replace([lower], origin: origin)
      }
    } else if byte >= 0xC2, byte <= 0xF4 {
      partial = [byte]
      partialOrigin = origin
    } else {
      text.replace([byte], origin: origin)
    }
  }

  private mutating func readScalar(into text: inout DerivedText) {
    let decoded = String(validating: partial, as: UTF8.self)?.unicodeScalars.first
    guard let scalar = decoded else { return flushPartial(into: &text) }
    switch ScalarFolding.fold(scalar) {
    case .dropped: break
    case .scalar(let other) where other == scalar: text.replace(partial, origin: partialOrigin)
    case .scalar(let other):
      if other.isASCII {
        text.replace(byte: UInt8(other.value), origin: partialOrigin)
      } else {
        text.replace(Array(String(other).utf8), origin: partialOrigin)
      }
    case .text(let other): text.replace(Array(other.utf8), origin: partialOrigin)
    }
    partial.removeAll(keepingCapacity: true)
  }
}

/// What the bytes from an escape's start on are.
enum EscapeSequence: Equatable {
  /// They may become one.
  case open
  case value([UInt8])
  case none

  init(_ bytes: [UInt8]) {
    switch bytes[0] {
    case UInt8(ascii: "%"): self = Self.hexadecimal(bytes[1...], digits: 2)
    case UInt8(ascii: "\\") where bytes.count < 2: self = .open
    case UInt8(ascii: "\\") where bytes[1] == UInt8(ascii: "x"): self = Self.hexadecimal(bytes[2...], digits: 2)
    case UInt8(ascii: "\\") where bytes[1] == UInt8(ascii: "u"):
      self =
        bytes.count > 2 && bytes[2] == UInt8(ascii: "{")
        ? Self.delimited(bytes[3...], end: "}", radix: 16) : Self.scalar(bytes[2...], digits: 4)
    case UInt8(ascii: "&") where bytes.count < 2: self = .open
    case UInt8(ascii: "&") where bytes[1] == UInt8(ascii: "#"):
      let isHexadecimal = bytes.count > 2 && bytes[2] | 0x20 == UInt8(ascii: "x")
      self = Self.delimited(bytes[(isHexadecimal ? 3 : 2)...], end: ";", radix: isHexadecimal ? 16 : 10)
    default: self = .none
    }
  }

  private static func digit(_ byte: UInt8) -> UInt32? {
    switch byte {
    case 0x30...0x39: UInt32(byte - 0x30)
    case 0x41...0x46, 0x61...0x66: UInt32((byte | 0x20) - 0x61 + 10)
    default: nil
    }
  }

  private static func value(_ bytes: ArraySlice<UInt8>, radix: UInt32) -> UInt32? {
    var result: UInt32 = 0
    for byte in bytes {
      guard let digit = digit(byte), digit < radix, result < 0x110000 else { return nil }
      result = result * radix + digit
    }
    return result
  }

  private static func hexadecimal(_ bytes: ArraySlice<UInt8>, digits: Int) -> Self {
    guard let value = value(bytes, radix: 16) else { return .none }
    return bytes.count < digits ? .open : .value([UInt8(value)])
  }

  private static func scalar(_ bytes: ArraySlice<UInt8>, digits: Int) -> Self {
    guard let value = value(bytes, radix: 16) else { return .none }
    if bytes.count < digits { return .open }
    return Unicode.Scalar(value).map { .value(Array(String($0).utf8)) } ?? .none
  }

  private static func delimited(_ bytes: ArraySlice<UInt8>, end: Unicode.Scalar, radix: UInt32) -> Self {
    if bytes.count > 8 { return .none }
    if let last = bytes.last, last == UInt8(ascii: end) {
      guard bytes.count > 1, let value = value(bytes.dropLast(), radix: radix), let scalar = Unicode.Scalar(value)
      else {
        return .none
      }
      return .value(Array(String(scalar).utf8))
    }
    return value(bytes, radix: radix) == nil ? .none : .open
  }
}
