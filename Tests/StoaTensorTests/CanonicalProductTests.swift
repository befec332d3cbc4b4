import StoaTensor
import StoaTestSupport
import Testing

/// `docs/CANONICAL.md` once more, straight from the blocks as they lie in a file: what layouts and kernels must not change.
@Suite struct CanonicalProductTests {
  @Test("Products are what the definition says, to the bit", arguments: ElementType.computable)
  func equalsDefinition(type: ElementType) throws {
    let (rows, tokens, columns) = (21, 3, type.blockSize == 1 ? 77 : type.blockSize * 3)
    var random = SeededGenerator(state: 31)
    let weights = random.weights(type, rows: rows, columns: columns)
    let input = random.floats(tokens * columns, in: -2...2)
    let rowBytes = weights.count / rows
    var expected: [Float] = []
    for token in 0..<tokens {
      let x = Array(input[token * columns..<(token + 1) * columns])
      for row in 0..<rows {
        let bytes = Array(weights[row * rowBytes..<(row + 1) * rowBytes])
        expected.append(type.blockSize == 1 ? floatProduct(type, bytes, x) : quantizedProduct(type, bytes, x))
      }
    }
    for set in [KernelSet.scalar, .best] {
      let result = try product(type, weights: weights, rows: rows, columns: columns, input: input, set: set)
      #expect(identical(result, expected), "\(set)")
    }
  }

  private func floatProduct(_ type: ElementType, _ row: [UInt8], _ x: [Float]) -> Float {
    var sums = [Float](repeating: 0, count: 16)
    for (column, weight) in values(type, row, columns: x.count).enumerated() {
      sums[column % 16].addProduct(weight, x[column])
    }
    for half in [8, 4, 2, 1] {
      for index in 0..<half { sums[index] += sums[index + half] }
    }
    return sums[0]
  }

  /// With d = 1 and no minimum a block stands for its integers, scale of the sub-block times code; with d = 0 and a
  /// minimum of 1 for its integer minima. The meaning of blocks is tested against the `gguf` package.
  private func quantizedProduct(_ type: ElementType, _ row: [UInt8], _ x: [Float]) -> Float {
    let offsets = SeededGenerator.scaleOffsets(type)
    var sum: Float = 0
    for block in 0..<x.count / type.blockSize {
      let bytes = Array(row[block * type.bytesPerBlock..<(block + 1) * type.bytesPerBlock])
      let activations = quantized(Array(x[block * type.blockSize..<(block + 1) * type.blockSize]))
      if type == .mxfp4 {
        // The levels are twice the numbers, and the scale half the power of two.
        let integers = values(type, [128] + bytes.dropFirst(), columns: 32)
        let total = zip(integers, activations.codes).reduce(0) { $0 + Int($1.0) * $1.1 }
        let scale = Float(sign: .plus, exponent: Int(bytes[0]) - 128, significand: 1)
        sum.addProduct(Float(total), scale * activations.scale)
        continue
      }
      func add(_ units: [Float], _ offset: Int) {
        let integers = values(type, replacing(bytes, offsets, units), columns: type.blockSize)
        let total = zip(integers, activations.codes).reduce(0) { $0 + Int($1.0) * $1.1 }
        let scale = Float(Float16(bitPattern: UInt16(bytes[offset]) | UInt16(bytes[offset + 1]) << 8))
        sum.addProduct(Float(total), scale * activations.scale)
      }
      add([1, 0], offsets[0])
      if offsets.count > 1 { add([0, 1], offsets[1]) }
    }
    return sum
  }

  private func quantized(_ x: [Float]) -> (codes: [Int], scale: Float) {
    let largest = x.map(\.magnitude).max() ?? 0
    let reciprocal = 127 / largest
    return (x.map { Int(($0 * reciprocal).rounded(.toNearestOrEven)) }, largest / 127)
  }

  private func replacing(_ block: [UInt8], _ offsets: [Int], _ units: [Float]) -> [UInt8] {
    var block = block
    for (offset, unit) in zip(offsets, units) {
      block[offset] = 0
      block[offset + 1] = unit == 1 ? 0x3C : 0
    }
    return block
  }

  private func values(_ type: ElementType, _ row: [UInt8], columns: Int) -> [Float] {
    var values = [Float](repeating: .nan, count: columns)
    unsafe row.withUnsafeBytes { bytes in
      unsafe values.withUnsafeMutableBufferPointer {
        unsafe dequantize(type, row: bytes.baseAddress!, columns: columns, into: $0.baseAddress!)
      }
    }
    return values
  }
}
