/// The two hash functions that address checksums need, over a few dozen bytes.
///
/// Written here so that the module depends on nothing for twenty bytes of checksum; nothing secret is hashed.
enum Digests {
  /// The bytes as hexadecimal digits.
  static func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { byte in
      let text = String(byte, radix: 16)
      return byte < 16 ? "0" + text : text
    }.joined()
  }

  /// SHA-256 (FIPS 180-4).
  static func sha256(_ message: [UInt8]) -> [UInt8] {
    var padded = message + [0x80]
    while padded.count % 64 != 56 { padded.append(0) }
    let bits = UInt64(message.count) * 8
    for shift in stride(from: 56, through: 0, by: -8) {
      padded.append(UInt8(truncatingIfNeeded: bits >> UInt64(shift)))
    }
    var state = initialState
    for block in stride(from: 0, to: padded.count, by: 64) {
      var schedule = [UInt32](repeating: 0, count: 64)
      for index in 0..<16 {
        for byte in 0..<4 { schedule[index] = schedule[index] << 8 | UInt32(padded[block + index * 4 + byte]) }
      }
      for index in 16..<64 {
        let a = schedule[index - 15]
        let b = schedule[index - 2]
        let small0 = rotated(a, 7) ^ rotated(a, 18) ^ (a >> 3)
        let small1 = rotated(b, 17) ^ rotated(b, 19) ^ (b >> 10)
        schedule[index] = schedule[index - 16] &+ small0 &+ schedule[index - 7] &+ small1
      }
      var v = state
      for index in 0..<64 {
        let big1 = rotated(v[4], 6) ^ rotated(v[4], 11) ^ rotated(v[4], 25)
        let choice = (v[4] & v[5]) ^ (~v[4] & v[6])
        let first = v[7] &+ big1 &+ choice &+ roundConstants[index] &+ schedule[index]
        let big0 = rotated(v[0], 2) ^ rotated(v[0], 13) ^ rotated(v[0], 22)
        let majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2])
        v = [first &+ big0 &+ majority, v[0], v[1], v[2], v[3] &+ first, v[4], v[5], v[6]]
      }
      for index in 0..<8 { state[index] = state[index] &+ v[index] }
    }
    return state.flatMap { word in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> UInt32($0)) } }
  }

  /// Keccak-256 with the padding of the original submission, which Ethereum uses (not that of SHA-3).
  static func keccak256(_ message: [UInt8]) -> [UInt8] {
    let rate = 136
    var padded = message + [0x01]
    while padded.count % rate != 0 { padded.append(0) }
    padded[padded.count - 1] |= 0x80
    var lanes = [UInt64](repeating: 0, count: 25)
    for block in stride(from: 0, to: padded.count, by: rate) {
      for index in 0..<(rate / 8) {
        for byte in 0..<8 { lanes[index] ^= UInt64(padded[block + index * 8 + byte]) << UInt64(8 * byte) }
      }
      permute(&lanes)
    }
    return (0..<32).map { UInt8(truncatingIfNeeded: lanes[$0 / 8] >> UInt64($0 % 8 * 8)) }
  }

  /// Keccak-f[1600]; the round constants come from the LFSR of the specification.
  private static func permute(_ a: inout [UInt64]) {
    var lfsr: UInt8 = 1
    for _ in 0..<24 {
      var columns = [UInt64](repeating: 0, count: 5)
      for index in 0..<25 { columns[index % 5] ^= a[index] }
      for index in 0..<25 {
        a[index] ^= columns[(index + 4) % 5] ^ rotated(columns[(index + 1) % 5], 1)
      }
      var (x, y, current) = (1, 0, a[1])
      for step in 0..<24 {
        (x, y) = (y, (2 * x + 3 * y) % 5)
        let offset = (step + 1) * (step + 2) / 2 % 64
        (current, a[x + 5 * y]) = (a[x + 5 * y], rotated(current, offset))
      }
      for row in stride(from: 0, to: 25, by: 5) {
        let lane = (0..<5).map { a[row + $0] }
        for x in 0..<5 {
          let other: UInt64 = ~lane[(x + 1) % 5] & lane[(x + 2) % 5]
          a[row + x] = lane[x] ^ other
        }
      }
      for power in 0..<7 {
        if lfsr & 1 == 1 { a[0] ^= 1 << UInt64((1 << power) - 1) }
        lfsr = lfsr & 0x80 != 0 ? lfsr << 1 ^ 0x71 : lfsr << 1
      }
    }
  }

  private static func rotated(_ value: UInt32, _ count: UInt32) -> UInt32 { value >> count | value << (32 - count) }

  private static func rotated(_ value: UInt64, _ count: Int) -> UInt64 {
    count == 0 ? value : value << UInt64(count) | value >> UInt64(64 - count)
  }

  /// The first 32 bits of the fractional parts of the square and cube roots of the first primes (FIPS 180-4, 4.2.2).
  private static let initialState: [UInt32] = primes.prefix(8).map { fraction(Double($0).squareRoot()) }
  private static let roundConstants: [UInt32] = primes.map { cubeRootFraction($0) }

  private static let primes: [Int] = {
    var found: [Int] = []
    var candidate = 2
    while found.count < 64 {
      if !found.contains(where: { candidate % $0 == 0 }) { found.append(candidate) }
      candidate += 1
    }
    return found
  }()

  private static func fraction(_ value: Double) -> UInt32 {
    UInt32((value - value.rounded(.down)) * 4_294_967_296)
  }

  /// The largest x with x³ ≤ p·2⁹⁶, modulo 2³², found bit by bit in whole numbers.
  private static func cubeRootFraction(_ prime: Int) -> UInt32 {
    var root: UInt64 = 0
    for bit in stride(from: 35, through: 0, by: -1) {
      let next = root | 1 << UInt64(bit)
      let cube = UInt128(next) * UInt128(next) * UInt128(next)
      if cube <= UInt128(prime) << 96 { root = next }
    }
    return UInt32(truncatingIfNeeded: root)
  }
}
