/// A set of byte values, 256 bits.
struct ByteSet: Hashable, Sendable {
  private var words: SIMD4<UInt64> = .zero

  init() {}

  init(_ range: ClosedRange<UInt8>) {
    for byte in range { insert(byte) }
  }

  init(_ bytes: some Sequence<UInt8>) {
    for byte in bytes { insert(byte) }
  }

  var isEmpty: Bool { words == .zero }

  var inverted: ByteSet {
    var result = self
    result.words = ~words
    return result
  }

  func contains(_ byte: UInt8) -> Bool { words[Int(byte >> 6)] & (1 << UInt64(byte & 63)) != 0 }

  mutating func insert(_ byte: UInt8) { words[Int(byte >> 6)] |= 1 << UInt64(byte & 63) }

  mutating func remove(_ byte: UInt8) { words[Int(byte >> 6)] &= ~(1 << UInt64(byte & 63)) }

  mutating func formUnion(_ other: ByteSet) { words |= other.words }

  func isSubset(of other: ByteSet) -> Bool { words & ~other.words == .zero }

  /// With the other case of every ASCII letter.
  var foldingCase: ByteSet {
    var result = self
    for letter in UInt8(ascii: "a")...UInt8(ascii: "z") where contains(letter) || contains(letter - 32) {
      result.insert(letter)
      result.insert(letter - 32)
    }
    return result
  }

  /// With every letter moved by 13 places.
  var rotated: ByteSet {
    var result = self
    for first: UInt8 in [0x41, 0x61] {
      for place in UInt8(0)..<26 {
        let target = first + (place + 13) % 26
        if contains(first + place) { result.insert(target) } else { result.remove(target) }
      }
    }
    return result
  }

  var count: Int { (0..<4).reduce(0) { $0 + words[$1].nonzeroBitCount } }

  /// The member, if there is one alone.
  var onlyByte: UInt8? { count == 1 ? (0...255).first { contains($0) } : nil }

  static let digits = ByteSet(UInt8(ascii: "0")...UInt8(ascii: "9"))
  static let space = ByteSet([0x20, 0x09, 0x0A, 0x0B, 0x0C, 0x0D])
  /// Letters, digits and the underscore of ASCII.
  static let word: ByteSet = {
    var set = digits
    set.formUnion(ByteSet(UInt8(ascii: "a")...UInt8(ascii: "z")))
    set.formUnion(ByteSet(UInt8(ascii: "A")...UInt8(ascii: "Z")))
    set.insert(UInt8(ascii: "_"))
    return set
  }()
}
