/// The tokens that may come next: a bit for each token id.
public struct TokenMask: Sendable, Equatable {
  /// 64 ids a word, the lowest bit first.
  public private(set) var words: [UInt64]

  /// A mask that allows none of `count` tokens.
  public init(count: Int) { words = [UInt64](repeating: 0, count: (count + 63) / 64) }

  /// Whether a token may come next.
  public func allows(_ token: Int32) -> Bool {
    guard token >= 0, Int(token) < 64 * words.count else { return false }
    return words[Int(token) >> 6] >> UInt64(token & 63) & 1 != 0
  }

  /// Whether no token may.
  public var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

  /// The allowed tokens in ascending order.
  public var tokens: [Int32] {
    var tokens: [Int32] = []
    for (index, word) in words.enumerated() {
      var rest = word
      while rest != 0 {
        tokens.append(Int32(64 * index + rest.trailingZeroBitCount))
        rest &= rest - 1
      }
    }
    return tokens
  }

  /// A mask that allows each of `count` tokens.
  package init(all count: Int) {
    words = [UInt64](repeating: .max, count: (count + 63) / 64)
    if count % 64 != 0, let last = words.indices.last { words[last] = 1 << UInt64(count % 64) - 1 }
  }

  /// Allows a token of the vocabulary.
  @inline(__always)
  package mutating func insert(_ token: Int32) { words[Int(token) >> 6] |= 1 << UInt64(token & 63) }

  /// Allows what the other mask does too.
  package mutating func formUnion(_ other: TokenMask) {
    for index in words.indices where index < other.words.count { words[index] |= other.words[index] }
  }

  /// Allows nothing any more that the other mask allows.
  package mutating func subtract(_ other: TokenMask) {
    for index in words.indices where index < other.words.count { words[index] &= ~other.words[index] }
  }

  mutating func formUnion(_ tokens: TokenList) {
    switch tokens {
    case .few(let tokens): for token in tokens { insert(token) }
    case .many(let words): for index in words.indices { self.words[index] |= words[index] }
    }
  }
}

/// A set of tokens, in whichever form is smaller.
enum TokenList: Sendable {
  case few([Int32])
  /// Words as in a `TokenMask`.
  case many([UInt64])

  init(_ tokens: [Int32], vocabularySize: Int) {
    guard tokens.count > vocabularySize / 64 else {
      self = .few(tokens)
      return
    }
    var mask = TokenMask(count: vocabularySize)
    for token in tokens { mask.insert(token) }
    self = .many(mask.words)
  }

  var byteCount: Int {
    switch self {
    case .few(let tokens): 4 * tokens.count
    case .many(let words): 8 * words.count
    }
  }
}
