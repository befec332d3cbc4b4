/// Why a classifier's file cannot be used.
public struct TextClassifierError: Error, Equatable, CustomStringConvertible, Sendable {
  /// The byte of the file where it was found; nil when there is no file.
  public let offset: Int?
  /// What is wrong.
  public let reason: String

  /// The reason, and the place where there is one, in one line.
  public var description: String { reason + (offset.map { " (at byte \($0))" } ?? "") }
}

/// Reads fields one after another and never past the end.
struct FieldReader {
  private let bytes: [UInt8]
  private(set) var offset = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { offset == bytes.count }

  mutating func take(_ count: Int, _ what: String) throws(TextClassifierError) -> ArraySlice<UInt8> {
    guard count <= bytes.count - offset else {
      throw TextClassifierError(offset: offset, reason: "the file ends in \(what)")
    }
    defer { offset += count }
    return bytes[offset..<offset + count]
  }

  mutating func integer(_ what: String) throws(TextClassifierError) -> UInt32 {
    try take(4, what).reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }

  mutating func number(_ what: String) throws(TextClassifierError) -> Double {
    let start = offset
    let value = Double(bitPattern: try take(8, what).reversed().reduce(0) { $0 << 8 | UInt64($1) })
    guard value.isFinite else { throw TextClassifierError(offset: start, reason: "\(what) is not a finite number") }
    return value
  }

  mutating func text(atMost limit: UInt32, _ what: String) throws(TextClassifierError) -> ArraySlice<UInt8> {
    let start = offset
    let length = try integer("the length of \(what)")
    guard length <= limit else {
      throw TextClassifierError(offset: start, reason: "\(what) of \(length) bytes, more than \(limit)")
    }
    return try take(Int(length), what)
  }

  /// Single-precision numbers.
  mutating func numbers(_ count: Int, _ what: String) throws(TextClassifierError) -> [Double] {
    let start = offset
    let bytes = try take(4 * count, what)
    let values = (0..<count).map { number in
      let first = bytes.startIndex + 4 * number
      let bits = bytes[first..<first + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
      return Double(Float(bitPattern: bits))
    }
    guard values.allSatisfy(\.isFinite) else {
      throw TextClassifierError(offset: start, reason: "\(what) has what is not a finite number")
    }
    return values
  }
}
