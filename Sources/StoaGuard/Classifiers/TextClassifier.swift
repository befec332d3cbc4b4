import Foundation

/// A linear classifier of texts over hashed features, which says how likely a text is toxic, a jailbreak or an injection.
///
/// Its file is little-endian: `STGC`, version 2, bits of the hash, tokens of a window, tokens between windows (u32 each);
/// the weights' scale, the bias, slope and shift of the calibration, the threshold (f64 each); the length of the name
/// (u32), the name; the length of the masked words (u32), these with spaces between; and 2^bits weights (i8).
public struct TextClassifier: Sendable {
  /// What it looks for, such as `toxicity`.
  public let name: String
  /// The score from which on a text counts: about one ordinary text in a hundred is above it.
  public let threshold: Double
  private let bits: Int
  private let window: Int
  private let stride: Int
  private let scale: Double
  private let bias: Double
  private let slope: Double
  private let shift: Double
  private let masked: Set<ArraySlice<UInt8>>
  private let weights: [Int8]

  /// Reads a classifier's file; throws when a field is missing or out of bounds.
  public init(_ bytes: [UInt8]) throws(TextClassifierError) {
    var reader = FieldReader(bytes)
    guard try reader.take(4, "the magic number").elementsEqual("STGC".utf8) else {
      throw TextClassifierError(offset: 0, reason: "no classifier: the file does not begin with STGC")
    }
    guard try reader.integer("the version") == 2 else {
      throw TextClassifierError(
        offset: 4, reason: "a version other than 2; train it again with Scripts/train_guard_classifiers.py")
    }
    bits = Int(try reader.integer("the bits of the hash"))
    window = Int(try reader.integer("the window"))
    stride = Int(try reader.integer("the stride"))
    guard (8...24).contains(bits), (1...65_536).contains(window), (1...window).contains(stride) else {
      throw TextClassifierError(offset: 8, reason: "bits, window or stride out of bounds")
    }
    scale = try reader.number("the scale")
    bias = try reader.number("the bias")
    slope = try reader.number("the slope")
    shift = try reader.number("the shift")
    threshold = try reader.number("the threshold")
    name = String(decoding: try reader.text(atMost: 256, "the name"), as: UTF8.self)
    masked = Set(try reader.text(atMost: 65_536, "the masked words").split(separator: 0x20))
    weights = try reader.take(1 << bits, "the weights").map { Int8(bitPattern: $0) }
    guard reader.isAtEnd else {
      throw TextClassifierError(offset: reader.offset, reason: "bytes behind the weights")
    }
  }

  /// How likely the text is what the classifier looks for, 0 to 1: the most of all its windows.
  public func score(_ text: String) -> Double {
    score(Array(text.utf8))
  }

  /// How likely UTF-8 text is what the classifier looks for, 0 to 1.
  public func score(_ bytes: some Collection<UInt8>) -> Double {
    let features = TextFeatures(bytes, masked: masked)
    var most = -Double.infinity
    for window in features.windows(size: window, stride: stride) {
      most = max(most, features.sum(of: window, bits: bits, weights: weights) * scale + bias)
    }
    return 1 / (1 + exp(-(slope * most + shift)))
  }
}

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
private struct FieldReader {
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
}
