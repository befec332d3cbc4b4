import Foundation

/// What a classifier sees of a text: hashed single words, pairs of words, and runs of three to five bytes.
///
/// `Scripts/guard_features.py` describes the steps; both give the same features for every text.
struct TextFeatures {
  /// Tokens end to end, each with a space before it and one after the last, as runs of bytes see them.
  private(set) var text: [UInt8] = [0x20]
  /// Where each token lies in `text`.
  private(set) var tokens: [Range<Int>] = []

  /// Takes the tokens of a text: lower-case letters, digits as 0, apostrophes and bytes above 127.
  init(_ bytes: some Collection<UInt8>) {
    let bytes = Array(bytes)
    text.reserveCapacity(bytes.count + 2)
    var start = text.count
    var index = 0
    while index < bytes.count {
      var byte = bytes[index]
      if byte &- 65 < 26 { byte |= 32 }
      if byte &- 97 < 26 || byte == 39 || byte >= 128 {
        text.append(byte)
      } else if byte &- 48 < 10 {
        text.append(48)
      } else {
        if text.count > start {
          if byte == UInt8(ascii: ":"), isScheme(from: start), bytes[index...].starts(with: "://".utf8) {
            text.replaceSubrange(start..., with: "@u".utf8)
            while index < bytes.count, bytes[index] > 32 { index += 1 }
          }
          end(&start)
        }
        if index < bytes.count, bytes[index] == UInt8(ascii: "@") {
          text.append(UInt8(ascii: "@"))
          end(&start)
          index += 1
          while index < bytes.count, Self.isHandle(bytes[index]) { index += 1 }
          continue
        }
      }
      index += 1
    }
    if text.count > start { end(&start) }
  }

  private mutating func end(_ start: inout Int) {
    tokens.append(start..<text.count)
    text.append(0x20)
    start = text.count
  }

  private func isScheme(from start: Int) -> Bool {
    text[start...].elementsEqual("http".utf8) || text[start...].elementsEqual("https".utf8)
  }

  private static func isHandle(_ byte: UInt8) -> Bool {
    byte >= 128 || byte &- 48 < 10 || (byte | 32) &- 97 < 26 || byte == UInt8(ascii: "_")
  }

  /// The tokens of each window of `size` tokens, `stride` apart; one window when there are no more.
  func windows(size: Int, stride: Int) -> [Range<Int>] {
    var result = [0..<min(size, tokens.count)]
    var start = stride
    while start + size - stride < tokens.count {
      result.append(start..<min(start + size, tokens.count))
      start += stride
    }
    return result
  }

  private static let prime: UInt32 = 16_777_619
  private static let basis: UInt32 = 2_166_136_261

  /// FNV-1a of a kind and bytes.
  private func hash(_ kind: UInt32, _ range: Range<Int>) -> UInt32 {
    var hash = (Self.basis ^ kind) &* Self.prime
    for index in range { hash = (hash ^ UInt32(text[index])) &* Self.prime }
    return hash
  }

  /// MurmurHash3's last steps, so that the lower bits depend on all.
  private static func mixed(_ hash: UInt32, _ mask: UInt32) -> UInt32 {
    var hash = hash
    hash = (hash ^ hash >> 16) &* 0x85EB_CA6B
    hash = (hash ^ hash >> 13) &* 0xC2B2_AE35
    return (hash ^ hash >> 16) & mask
  }

  /// The weighted sum of a window's features, whose vector has length 1: Σ wᵢ·(1 + ln nᵢ) / |v|.
  func sum(of window: Range<Int>, bits: Int, weights: [Int8]) -> Double {
    guard !window.isEmpty else { return 0 }
    let mask = UInt32(truncatingIfNeeded: (1 << bits) - 1)
    var hashes: [UInt32] = []
    let first = tokens[window.lowerBound].lowerBound - 1
    let last = tokens[window.upperBound - 1].upperBound + 1
    hashes.reserveCapacity(window.count * 2 + (last - first) * 3)
    for index in window {
      hashes.append(Self.mixed(hash(1, tokens[index]), mask))
      if index + 1 < window.upperBound {
        hashes.append(Self.mixed(hash(2, tokens[index].lowerBound..<tokens[index + 1].upperBound), mask))
      }
    }
    for length in 3...5 where last - first >= length {
      for start in first...(last - length) {
        hashes.append(Self.mixed(hash(UInt32(3 + length), start..<start + length), mask))
      }
    }
    hashes.sort()
    var sum = 0.0
    var squares = 0.0
    var index = 0
    while index < hashes.count {
      let value = hashes[index]
      var end = index + 1
      while end < hashes.count, hashes[end] == value { end += 1 }
      let weight = end - index == 1 ? 1 : 1 + log(Double(end - index))
      sum += Double(weights[Int(value)]) * weight
      squares += weight * weight
      index = end
    }
    return sum / squares.squareRoot()
  }
}
