/// Random numbers that depend on a key alone, not on how many were drawn before.
///
/// A draw is keyed by (seed, choice, position, draw), so a sequence gets the same numbers whatever else is computed
/// beside it and wherever it is taken up again.
package struct RandomSource: Sendable {
  let seed: UInt64
  /// Which of several answers to the same prompt this is.
  let choice: UInt64

  package init(seed: UInt64, choice: UInt64 = 0) {
    self.seed = seed
    self.choice = choice
  }

  /// A number in [0, 1) with 53 random bits.
  package func uniform(position: Int, draw: Int = 0) -> Double {
    var state = Self.mix(seed &+ 0x9E37_79B9_7F4A_7C15)
    for word in [choice, UInt64(position), UInt64(draw)] {
      state = Self.mix(state ^ Self.mix(word &+ 0x9E37_79B9_7F4A_7C15))
    }
    return Double(state >> 11) * 0x1p-53
  }

  /// The finaliser of SplitMix64 (Steele, Lea and Flood, 2014).
  private static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
