import CStoaKernels
import StoaTensor
import StoaTestSupport

extension SeededGenerator {
  mutating func floats(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
    (0..<count).map { _ in Float.random(in: range, using: &self) }
  }

  /// Bytes of a row-major matrix of any computable type: random codes with scales of a sensible size.
  mutating func weights(_ type: ElementType, rows: Int, columns: Int) -> [UInt8] {
    switch type {
    case .f32: return floats(rows * columns).flatMap { bytes($0.bitPattern) }
    case .f16: return floats(rows * columns).flatMap { bytes(Self.half($0)) }
    case .bf16: return floats(rows * columns).flatMap { bytes(UInt16($0.bitPattern >> 16)) }
    default:
      var result: [UInt8] = []
      for _ in 0..<(rows * columns / type.blockSize) {
        var block = (0..<type.bytesPerBlock).map { _ in UInt8.random(in: .min ... .max, using: &self) }
        for offset in Self.scaleOffsets(type) {
          block.replaceSubrange(
            offset..<offset + 2, with: bytes(Self.half(Float.random(in: -0.02...0.02, using: &self))))
        }
        if type == .mxfp4 { block[0] = UInt8.random(in: 117...121, using: &self) }
        result += block
      }
      return result
    }
  }

  /// Where the binary16 scales and minima of a block lie.
  static func scaleOffsets(_ type: ElementType) -> [Int] {
    switch type {
    case .q4_1, .q5_1, .q4_K, .q5_K: [0, 2]
    case .q2_K: [80, 82]
    case .q3_K: [108]
    case .q6_K: [208]
    // Its scale is one byte.
    case .mxfp4: []
    default: [0]
    }
  }

  private func bytes<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
    (0..<T.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> T($0 * 8)) }
  }

  /// Binary16 by search over its order, independent of the conversions under test.
  private static func half(_ value: Float) -> UInt16 {
    let magnitude = abs(value)
    guard magnitude >= 0x1p-14 else { return (value < 0 ? 0x8000 : 0) | UInt16(magnitude * 0x1p24) }
    let mantissa = UInt16((magnitude.significand - 1) * 1024)
    return (value < 0 ? 0x8000 : 0) | UInt16(Int(magnitude.exponent) + 15) << 10 | mantissa
  }
}

/// A product of `weights` with the rows of `input`, `[tokens][rows]`.
func product(
  _ type: ElementType, weights: [UInt8], rows: Int, columns: Int, input: [Float], set: KernelSet,
  threads: Int = 1
) throws -> [Float] {
  let compute = try set.compute(threads: threads)
  let tokens = input.count / columns
  let activations = try Activations(capacity: tokens, maxColumns: columns)
  var output = [Float](repeating: .nan, count: tokens * rows)
  let memory = try Memory(byteCount: weights.count)
  unsafe weights.withUnsafeBytes { unsafe memory.base.copyMemory(from: $0.baseAddress!, byteCount: weights.count) }
  let arena = try WeightArena([(type, rows, columns)])
  let source = unsafe MatrixSource(
    type: type, rows: rows, columns: columns, bytes: UnsafeRawPointer(memory.base), owner: memory)
  let matrix = unsafe arena.matrix(source, on: compute.pool)!
  unsafe input.withUnsafeBufferPointer {
    unsafe activations.values.update(from: $0.baseAddress!, count: input.count)
  }
  for token in 0..<tokens {
    activations.quantize(token: token, columns: columns, forms: matrix.activationForm, compute: compute)
  }
  unsafe output.withUnsafeMutableBufferPointer { buffer in
    unsafe compute.multiply([ProductOutput(matrix, into: buffer.baseAddress!, tokens: 0..<tokens)], by: activations)
  }
  return output
}

/// Whether two arrays hold the same bits.
func identical(_ left: [Float], _ right: [Float]) -> Bool { left.map(\.bitPattern) == right.map(\.bitPattern) }
