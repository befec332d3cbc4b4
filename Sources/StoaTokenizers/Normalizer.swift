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
    guard self == .canonicalComposition, !isASCII, let string = String(validating: bytes, as: UTF8.self) else {
      return bytes
    }
    return Array(string.precomposedStringWithCanonicalMapping.utf8)
  }
}
