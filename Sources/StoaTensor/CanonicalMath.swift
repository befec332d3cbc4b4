/// Elementary functions in double precision with one fixed order of operations, so that every machine gets the same bits.
///
/// They serve the angles of rotary embeddings. The C library's versions differ between releases and processors.
package enum CanonicalMath {
  /// The natural logarithm of a positive finite number; NaN for others.
  ///
  /// x = m·2^e with m in [√½, √2); ln m = 2 artanh((m − 1)/(m + 1)) as an odd series.
  package static func log(_ x: Double) -> Double {
    guard x > 0, x.isFinite else { return .nan }
    var mantissa = x.significand
    var exponent = Double(x.exponent)
    if mantissa > 1.4142135623730951 {
      mantissa *= 0.5
      exponent += 1
    }
    let s = (mantissa - 1) / (mantissa + 1)
    let square = s * s
    var sum = 0.0
    for k in stride(from: 25, through: 1, by: -2) { sum = sum * square + 1 / Double(k) }
    return exponent * 0.6931471805599453 + 2 * s * sum
  }

  /// e to the power of x; 0 below −700, infinity above 700.
  package static func exp(_ x: Double) -> Double {
    guard abs(x) <= 700 else { return x.isNaN ? x : x > 0 ? .infinity : 0 }
    let n = (x * 1.4426950408889634).rounded(.toNearestOrEven)
    let r = (x - n * 0.693147180369123816490) - n * 1.90821492927058770002e-10
    var sum = 1.0
    for k in stride(from: 16, through: 1, by: -1) { sum = 1 + sum * r / Double(k) }
    return sum * Double(sign: .plus, exponent: Int(n), significand: 1)
  }

  /// `base` to the power of `exponent`, for a positive base.
  package static func pow(_ base: Double, _ exponent: Double) -> Double { exp(exponent * log(base)) }

  /// Sine and cosine of an angle in radians, accurate for |x| up to about 10⁸; NaN where the angle has no meaning.
  package static func sineAndCosine(_ x: Double) -> (sine: Double, cosine: Double) {
    guard abs(x) < 0x1p53 else { return (.nan, .nan) }
    // π/2 in three parts; the first two have enough trailing zeros for their products with n to be exact.
    let n = (x * 0.6366197723675814).rounded(.toNearestOrEven)
    var r = x - n * 1.57079632673412561417
    r -= n * 6.07710050630396597660e-11
    r -= n * 2.02226624879595063154e-21
    let square = r * r
    var sine = 0.0
    var cosine = 0.0
    for k in stride(from: 17, through: 3, by: -2) { sine = (1 + sine) * -square / Double(k * (k - 1)) }
    for k in stride(from: 18, through: 2, by: -2) { cosine = (1 + cosine) * -square / Double(k * (k - 1)) }
    sine = r + r * sine
    cosine = 1 + cosine
    switch Int(n) & 3 {
    case 0: return (sine, cosine)
    case 1: return (cosine, -sine)
    case 2: return (-sine, -cosine)
    default: return (-cosine, sine)
    }
  }
}
