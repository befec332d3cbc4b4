import Foundation

/// A change of the text before it is cut into words.
enum Normalizer: Sendable, Equatable {
  case none
  /// Unicode normalisation form C.
  case canonicalComposition

  /// The changed text; text that is not valid UTF-8 stays as it is.
  func apply(_ text: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(range.count)
    var isASCII = true
    for i in range {
      isASCII = isASCII && text[i] < 0x80
      bytes.append(text[i])
    }
    guard self == .canonicalComposition, !isASCII, String(validating: bytes, as: UTF8.self) != nil else { return bytes }
    return Self.canonicallyComposed(bytes.span)
  }

  /// Foundation composes the vowels from U+1176 on and the trailing U+11A7 into Hangul syllables, which the Unicode
  /// Standard (3.12) does not. These scalars never compose with what is before them, so the text is composed in parts
  /// that begin there.
  private static func canonicallyComposed(_ text: Span<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    var part: [UInt8] = []
    func flush() {
      result += String(decoding: part, as: UTF8.self).precomposedStringWithCanonicalMapping.utf8
      part.removeAll(keepingCapacity: true)
    }
    var i = 0
    while i < text.count {
      let scalar = text.scalar(at: i, end: text.count)
      if (0x1176...0x11A7).contains(scalar.value) { flush() }
      for offset in i..<i + scalar.length { part.append(text[offset]) }
      i += scalar.length
    }
    flush()
    return result
  }
}
