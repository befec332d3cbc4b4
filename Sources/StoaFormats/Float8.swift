import StoaTensor

/// The formats of 8-bit floating-point numbers that checkpoints are published in, by their names in safetensors files.
///
/// ggml has no such types: a tensor of one is `ElementType.i8`, and `TensorInfo.float8` says what its bytes mean.
/// Source: Micikevicius and others, "FP8 Formats for Deep Learning", 2022 (arXiv:2209.05433), table 1.
package enum Float8: String, Sendable, CaseIterable {
  /// Four bits of exponent, three of mantissa, values to ±448; no infinities, and one NaN of each sign.
  case e4m3 = "F8_E4M3"
  /// Five bits of exponent, two of mantissa, values to ±57344, with infinities and NaN as in IEEE 754.
  case e5m2 = "F8_E5M2"

  /// What each byte stands for.
  package var values: [Float] { self == .e4m3 ? Self.e4m3Values : Self.e5m2Values }

  private static let e4m3Values = (0...UInt8.max).map { value($0, mantissaBits: 3, bias: 7, hasInfinities: false) }
  private static let e5m2Values = (0...UInt8.max).map { value($0, mantissaBits: 2, bias: 15, hasInfinities: true) }

  private static func value(_ byte: UInt8, mantissaBits: Int, bias: Int, hasInfinities: Bool) -> Float {
    let magnitude = Int(byte & 0x7F)
    let (exponent, mantissa) = (magnitude >> mantissaBits, magnitude & (1 << mantissaBits - 1))
    let sign: FloatingPointSign = byte & 0x80 == 0 ? .plus : .minus
    if hasInfinities, exponent == 0x7F >> mantissaBits {
      return mantissa != 0 ? .nan : sign == .plus ? .infinity : -.infinity
    }
    if !hasInfinities, magnitude == 0x7F { return .nan }
    // Subnormals have the exponent of the smallest normal numbers and no leading one.
    let integer = exponent == 0 ? mantissa : mantissa | 1 << mantissaBits
    return Float(sign: sign, exponent: max(exponent, 1) - bias - mantissaBits, significand: Float(integer))
  }
}

extension TensorInfo {
  /// The format of a tensor of 8-bit floating-point numbers; nil for any other.
  package var float8: Float8? { type == .i8 ? Float8(rawValue: typeName) : nil }
}
