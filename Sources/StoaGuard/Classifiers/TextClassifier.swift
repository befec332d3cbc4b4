import Foundation

/// A small classifier of texts over hashed features, which says how likely a text is toxic, a jailbreak or an injection.
///
/// Its file is little-endian and begins with `STGC` and a version (u32). Version 2 is linear over windows of tokens: bits of
/// the hash, tokens of a window, tokens between windows (u32 each); the weights' scale, the bias, slope and shift of the
/// calibration, the threshold (f64 each); the length of the name (u32), the name; the length of the masked words (u32), these
/// with spaces between; and 2^bits weights (i8). Version 3 sees sentences in their text; ``SegmentClassifier`` has its fields.
public struct TextClassifier: Sendable {
  /// What it looks for, such as `toxicity`.
  public let name: String
  /// The score from which on a text counts: about one ordinary text in a hundred is above it.
  public let threshold: Double
  private let slope: Double
  private let shift: Double
  private let form: Form

  /// What gives a text its margin.
  private enum Form: Sendable {
    case windows(WindowClassifier)
    case segments(SegmentClassifier)
  }

  /// Reads a classifier's file; throws when a field is missing or out of bounds.
  public init(_ bytes: [UInt8]) throws(TextClassifierError) {
    var reader = FieldReader(bytes)
    guard try reader.take(4, "the magic number").elementsEqual("STGC".utf8) else {
      throw TextClassifierError(offset: 0, reason: "no classifier: the file does not begin with STGC")
    }
    switch try reader.integer("the version") {
    case 2:
      var windows = try WindowClassifier(header: &reader)
      (slope, shift) = (try reader.number("the slope"), try reader.number("the shift"))
      threshold = try reader.number("the threshold")
      name = String(decoding: try reader.text(atMost: 256, "the name"), as: UTF8.self)
      try windows.readWeights(&reader)
      form = .windows(windows)
    case 3:
      var segments = try SegmentClassifier(header: &reader)
      (slope, shift) = (try reader.number("the slope"), try reader.number("the shift"))
      threshold = try reader.number("the threshold")
      name = String(decoding: try reader.text(atMost: 256, "the name"), as: UTF8.self)
      try segments.readWeights(&reader)
      form = .segments(segments)
    default:
      throw TextClassifierError(
        offset: 4, reason: "a version other than 2 and 3; train it again with Scripts/train_guard_classifiers.py")
    }
    guard reader.isAtEnd else {
      throw TextClassifierError(offset: reader.offset, reason: "bytes behind the weights")
    }
  }

  /// How likely the text is what the classifier looks for, 0 to 1: the most of all its windows or sentences.
  public func score(_ text: String) -> Double {
    score(Array(text.utf8))
  }

  /// How likely UTF-8 text is what the classifier looks for, 0 to 1.
  public func score(_ bytes: some Collection<UInt8>) -> Double {
    let margin =
      switch form {
      case .windows(let classifier): classifier.margin(of: bytes)
      case .segments(let classifier): classifier.margin(of: bytes)
      }
    return 1 / (1 + exp(-(slope * margin + shift)))
  }
}

/// Linear over the hashed features of windows of tokens (``TextFeatures``); the margin of a text is its highest window's.
private struct WindowClassifier: Sendable {
  private let bits: Int
  private let window: Int
  private let stride: Int
  private let scale: Double
  private let bias: Double
  private var masked: Set<ArraySlice<UInt8>> = []
  private var weights: [Int8] = []

  init(header reader: inout FieldReader) throws(TextClassifierError) {
    bits = Int(try reader.integer("the bits of the hash"))
    window = Int(try reader.integer("the window"))
    stride = Int(try reader.integer("the stride"))
    guard (8...24).contains(bits), (1...65_536).contains(window), (1...window).contains(stride) else {
      throw TextClassifierError(offset: 8, reason: "bits, window or stride out of bounds")
    }
    scale = try reader.number("the scale")
    bias = try reader.number("the bias")
  }

  mutating func readWeights(_ reader: inout FieldReader) throws(TextClassifierError) {
    masked = Set(try reader.text(atMost: 65_536, "the masked words").split(separator: 0x20))
    weights = try reader.take(1 << bits, "the weights").map { Int8(bitPattern: $0) }
  }

  func margin(of bytes: some Collection<UInt8>) -> Double {
    let features = TextFeatures(bytes, masked: masked)
    var most = -Double.infinity
    for window in features.windows(size: window, stride: stride) {
      most = max(most, features.sum(of: window, bits: bits, weights: weights) * scale + bias)
    }
    return most
  }
}
