import StoaFormats

/// 4-bit floating-point blocks: 32 values of one sign, two exponent and one mantissa bit, times a power of two.
///
/// Source: OCP Microscaling Formats (MX) Specification 1.0, sections 5.2 and 5.3; for the arrangement in GGUF ggml's
/// `block_mxfp4`: the scale, then 16 bytes, value i in the low half of byte i and value i + 16 in the high half.
enum MXFP4 {
  /// Values in a block.
  static let blockValues = 32
  /// Bytes of a block in GGUF.
  static let blockBytes = 17

  /// Turns 16 bytes that hold values in pairs, the first in the low half, into a block of GGUF.
  static func block(pairs: UnsafePointer<UInt8>, scale: UInt8, into block: UnsafeMutablePointer<UInt8>) {
    unsafe block[0] = scale
    func code(_ index: Int) -> UInt8 { unsafe pairs[index / 2] >> (index % 2 * 4) & 15 }
    for index in 0..<16 { unsafe block[1 + index] = code(index) | code(index + 16) << 4 }
  }

  /// Blocks of GGUF from their values and scales in two tensors, from block `first` of the tensors on.
  static func copy(
    _ values: TensorInfo, _ scales: TensorInfo, first: Int, count: Int, into target: UnsafeMutablePointer<UInt8>
  ) {
    let pairs = unsafe (values.file.base + values.offset + first * 16).assumingMemoryBound(to: UInt8.self)
    let powers = unsafe (scales.file.base + scales.offset + first).assumingMemoryBound(to: UInt8.self)
    for index in 0..<count {
      unsafe block(pairs: pairs + index * 16, scale: powers[index], into: target + index * blockBytes)
    }
  }
}
