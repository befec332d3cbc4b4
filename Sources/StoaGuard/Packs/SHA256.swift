/// SHA-256 (FIPS 180-4), for digests of packs; this module has no cryptography to depend on.
enum SHA256 {
  /// The digest in hexadecimal.
  static func hexadecimal(_ message: [UInt8]) -> String {
    digest(message).map { byte in
      let text = String(byte, radix: 16)
      return byte < 16 ? "0" + text : text
    }.joined()
  }

  static func digest(_ message: [UInt8]) -> [UInt8] {
    var padded = message
    padded.append(0x80)
    while padded.count % 64 != 56 { padded.append(0) }
    let bits = UInt64(message.count) &* 8
    for shift in stride(from: 56, through: 0, by: -8) {
      padded.append(UInt8(truncatingIfNeeded: bits >> UInt64(shift)))
    }
    var hash = initial
    var words = [UInt32](repeating: 0, count: 64)
    for block in stride(from: 0, to: padded.count, by: 64) {
      for index in 0..<16 {
        words[index] = (0..<4).reduce(0) { $0 << 8 | UInt32(padded[block + index * 4 + $1]) }
      }
      for index in 16..<64 {
        let a = words[index - 15]
        let b = words[index - 2]
        let first = rotate(a, 7) ^ rotate(a, 18) ^ a >> 3
        let second = rotate(b, 17) ^ rotate(b, 19) ^ b >> 10
        words[index] = words[index - 16] &+ first &+ words[index - 7] &+ second
      }
      compress(words, into: &hash)
    }
    return hash.flatMap { word in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> UInt32($0)) } }
  }

  private static func rotate(_ value: UInt32, _ count: UInt32) -> UInt32 { value >> count | value << (32 - count) }

  private static func compress(_ words: [UInt32], into hash: inout [UInt32]) {
    var state = hash
    for index in 0..<64 {
      let (a, e) = (state[0], state[4])
      let first = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
      let choice = (e & state[5]) ^ (~e & state[6])
      let sum = state[7] &+ first &+ choice &+ constants[index] &+ words[index]
      let second = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
      let majority = (a & state[1]) ^ (a & state[2]) ^ (state[1] & state[2])
      state = [sum &+ second &+ majority, a, state[1], state[2], state[3] &+ sum, e, state[5], state[6]]
    }
    for index in 0..<8 { hash[index] &+= state[index] }
  }

  /// The first 32 bits of the fractional parts of the square roots of the first 8 primes and of the cube roots of the first 64.
  private static let initial: [UInt32] = primes.prefix(8).map { fraction($0, root: 2) }
  private static let constants: [UInt32] = primes.map { fraction($0, root: 3) }

  private static let primes: [UInt64] = (2...311).filter { number in !(2..<number).contains { number % $0 == 0 } }

  /// Floor(n^(1/root) · 2³²) mod 2³², by bisection in whole numbers.
  private static func fraction(_ number: UInt64, root: Int) -> UInt32 {
    var low: UInt64 = 0
    var high: UInt64 = 1 << 37
    while high - low > 1 {
      let middle = (low + high) / 2
      if power(middle, root, atMost: number, shift: 32 * root) { low = middle } else { high = middle }
    }
    return UInt32(truncatingIfNeeded: low)
  }

  /// Whether value^root ≤ number · 2^shift, for values below 2³⁷ and shifts of 64 and 96.
  private static func power(_ value: UInt64, _ root: Int, atMost number: UInt64, shift: Int) -> Bool {
    let square = value.multipliedFullWidth(by: value)
    if root == 2 { return square.high < number || (square.high == number && square.low == 0) }
    // The product of three as 2^128·c + 2^64·b + a; the limit is 2^96·number = 2^64·(2^32·number).
    let low = square.low.multipliedFullWidth(by: value)
    let high = square.high.multipliedFullWidth(by: value)
    let (middle, carry) = high.low.addingReportingOverflow(low.high)
    let top = high.high + (carry ? 1 : 0)
    let limit = number << 32
    if top > 0 { return false }
    return middle < limit || (middle == limit && low.low == 0)
  }
}
