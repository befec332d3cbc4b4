import Foundation

/// What a classifier sees of a text: hashed single words, pairs of words with at most one between them, and runs of three to
/// five bytes.
///
/// `Scripts/guard_features.py` describes the steps; both give the same features for every text.
struct TextFeatures {
  /// Tokens end to end, each with a space before it and one after the last, as runs of bytes see them.
  private(set) var text: [UInt8] = [0x20]
  /// Where each token lies in `text`.
  private(set) var tokens: [Range<Int>] = []

  /// How many single letters stand in a row before the end.
  private var letters = 0

  /// Takes the tokens of a text: letters in lower case, digits, bytes above 127, and some marks between letters.
  /// The token `#` stands for every token that is masked.
  init(_ bytes: some Collection<UInt8>, masked: Set<ArraySlice<UInt8>> = []) {
    let bytes = Array(bytes)
    text.reserveCapacity(bytes.count + 2)
    var index = 0
    func isLetter(at place: Int) -> Bool { place < bytes.count && Self.isLetter(bytes[place]) }
    while index < bytes.count {
      let byte = bytes[index]
      if byte == 0xE2, index + 2 < bytes.count, bytes[index + 1] == 0x80 {
        // General punctuation: an apostrophe, nothing for what has no width, the end of a token for all else.
        let mark = bytes[index + 2]
        if mark == 0x99, isInToken, isLetter(at: index + 3) {
          text.append(39)
        } else if !(0x8B...0x8D).contains(mark) {
          end()
        }
        index += 3
        continue
      }
      if Self.isLetter(byte) {
        text.append(byte | 32)
      } else if byte >= 128 || byte &- 48 < 10 {
        text.append(byte)
      } else if byte == 36 || byte == 39 || byte == 42, isInToken, isLetter(at: index + 1) {
        text.append(byte == 36 ? 115 : byte)
      } else {
        if byte == UInt8(ascii: ":"), isScheme, bytes[index...].starts(with: "://".utf8) {
          text.replaceSubrange(start..., with: "@u".utf8)
          add()
          while index < bytes.count, bytes[index] > 32 { index += 1 }
        }
        end()
        if index < bytes.count, bytes[index] == UInt8(ascii: "@") {
          text.append(UInt8(ascii: "@"))
          add()
          index += 1
          while index < bytes.count, Self.isHandle(bytes[index]) { index += 1 }
          continue
        }
      }
      index += 1
    }
    end()
    if !masked.isEmpty { mask(masked) }
  }

  private mutating func mask(_ masked: Set<ArraySlice<UInt8>>) {
    let (oldText, oldTokens) = (text, tokens)
    (text, tokens) = ([0x20], [])
    for token in oldTokens {
      let start = text.count
      if masked.contains(oldText[token]) { text.append(UInt8(ascii: "#")) } else { text += oldText[token] }
      tokens.append(start..<text.count)
      text.append(0x20)
    }
  }

  private var start: Int { tokens.last.map { $0.upperBound + 1 } ?? 1 }
  private var isInToken: Bool { text.count > start }

  /// Ends the token that is open: beside a letter digits are the letters they look like, else they are all 0.
  private mutating func end() {
    guard isInToken else { return }
    let hasLetter = text[start...].contains(where: Self.isLetter)
    for place in start..<text.count where text[place] &- 48 < 10 {
      text[place] = hasLetter ? Self.looks[Int(text[place] - 48)] : 48
    }
    add()
  }

  /// What digits stand for in a token with letters.
  static let looks = Array("oi0eas0t00".utf8)

  /// Takes what is open as a token, and three and more single letters in a row as one.
  private mutating func add() {
    let token = start..<text.count
    letters = token.count == 1 && Self.isLetter(text[token.lowerBound]) ? letters + 1 : 0
    tokens.append(token)
    text.append(0x20)
    if letters == 3 { joinLetters(3) } else if letters > 3 { joinLetters(2) }
  }

  /// Makes one of the last tokens, of which all but the first are single letters, in a time that does not depend on the first.
  private mutating func joinLetters(_ count: Int) {
    guard let first = tokens.dropLast(count - 1).last else { return }
    let others = tokens.suffix(count - 1).map { text[$0.lowerBound] }
    tokens.removeLast(count)
    text.removeSubrange(first.upperBound...)
    text += others
    tokens.append(first.lowerBound..<text.count)
    text.append(0x20)
  }

  private var isScheme: Bool {
    text[start...].elementsEqual("http".utf8) || text[start...].elementsEqual("https".utf8)
  }

  static func isLetter(_ byte: UInt8) -> Bool { (byte | 32) &- 97 < 26 }

  static func isHandle(_ byte: UInt8) -> Bool {
    byte >= 128 || byte &- 48 < 10 || isLetter(byte) || byte == UInt8(ascii: "_")
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

  static let prime: UInt32 = 16_777_619
  static let basis: UInt32 = 2_166_136_261

  /// FNV-1a of a kind and bytes, and of a space and more bytes.
  private func hash(_ kind: UInt32, _ range: Range<Int>, then other: Range<Int>? = nil) -> UInt32 {
    var hash = (Self.basis ^ kind) &* Self.prime
    for index in range { hash = (hash ^ UInt32(text[index])) &* Self.prime }
    if let other {
      hash = (hash ^ 0x20) &* Self.prime
      for index in other { hash = (hash ^ UInt32(text[index])) &* Self.prime }
    }
    return hash
  }

  /// MurmurHash3's last steps, so that the lower bits depend on all.
  static func mixed(_ hash: UInt32, _ mask: UInt32) -> UInt32 {
    var hash = hash
    hash = (hash ^ hash >> 16) &* 0x85EB_CA6B
    hash = (hash ^ hash >> 13) &* 0xC2B2_AE35
    return (hash ^ hash >> 16) & mask
  }

  /// The weighted sum of a window's features, whose vector has length 1: Σ wᵢ·(1 + ln nᵢ) / |v|.
  func sum(of window: Range<Int>, bits: Int, weights: [Int8]) -> Double {
    guard !window.isEmpty else { return 0 }
    let hashes = hashes(of: window, mask: UInt32(truncatingIfNeeded: (1 << bits) - 1))
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

  /// The hashes of a window's features in ascending order.
  private func hashes(of window: Range<Int>, mask: UInt32) -> [UInt32] {
    var hashes: [UInt32] = []
    let first = tokens[window.lowerBound].lowerBound - 1
    let last = tokens[window.upperBound - 1].upperBound + 1
    hashes.reserveCapacity(window.count * 3 + (last - first) * 3)
    for index in window {
      hashes.append(Self.mixed(hash(1, tokens[index]), mask))
      if index + 1 < window.upperBound {
        hashes.append(Self.mixed(hash(2, tokens[index].lowerBound..<tokens[index + 1].upperBound), mask))
      }
      if index + 2 < window.upperBound {
        hashes.append(Self.mixed(hash(9, tokens[index], then: tokens[index + 2]), mask))
      }
    }
    for length in 3...5 where last - first >= length {
      for start in first...(last - length) {
        hashes.append(Self.mixed(hash(UInt32(3 + length), start..<start + length), mask))
      }
    }
    hashes.sort()
    return hashes
  }
}
