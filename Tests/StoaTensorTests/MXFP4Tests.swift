import CStoaKernels
import StoaTensor
import StoaTestSupport
import Testing

/// Blocks of 4-bit floating-point numbers against the OCP Microscaling Formats (MX) Specification 1.0: a value is a
/// number of E2M1 times 2^(e − 127), where the e of 255 is not a number.
@Suite struct MXFP4Tests {
  private static let magnitudes: [Float] = [0, 0.5, 1, 1.5, 2, 3, 4, 6]

  @Test("Every code with every scale means what the specification says")
  func values() {
    for scale in 0...UInt8.max {
      // Low halves of the bytes first, then the high ones.
      let block = [scale] + (0..<16).map { UInt8($0 | (15 - $0) << 4) }
      var values = [Float](repeating: 0, count: 32)
      unsafe block.withUnsafeBytes { bytes in
        unsafe values.withUnsafeMutableBufferPointer {
          unsafe dequantize(.mxfp4, row: bytes.baseAddress!, columns: 32, into: $0.baseAddress!)
        }
      }
      for (index, value) in values.enumerated() {
        let code = index < 16 ? index : 31 - index
        if scale == 255 {
          #expect(value.isNaN)
          continue
        }
        let power = Double(sign: .plus, exponent: Int(scale) - 127, significand: 1)
        let magnitude = Double(Self.magnitudes[code % 8]) * power
        #expect(value == Float(code < 8 ? magnitude : -magnitude), "code \(code), scale \(scale)")
      }
    }
  }

  @Test("Scales at the ends of their range give the same bits everywhere", arguments: KernelSet.vector)
  func extremeScales(set: KernelSet) throws {
    let (rows, columns) = (37, 96)
    for scales in [0...2, 20...40, 230...254] as [ClosedRange<UInt8>] {
      var random = SeededGenerator(state: UInt64(scales.lowerBound) + 1)
      var weights = random.weights(.mxfp4, rows: rows, columns: columns)
      for block in 0..<weights.count / 17 { weights[17 * block] = UInt8.random(in: scales, using: &random) }
      let input = random.floats(5 * columns, in: -3...3)
      let reference = try product(
        .mxfp4, weights: weights, rows: rows, columns: columns, input: input, set: .scalar)
      let result = try product(.mxfp4, weights: weights, rows: rows, columns: columns, input: input, set: set)
      // A sum of infinities of both signs is a NaN, whose bits are nobody's business.
      let isSame = zip(result, reference).allSatisfy { $0.isNaN && $1.isNaN || $0.bitPattern == $1.bitPattern }
      #expect(isSame, "scales \(scales)")
      #expect(scales.upperBound > 40 || reference.contains { $0 != 0 })
    }
  }

  @Test("A scale that is not a number shows in its row alone", arguments: KernelSet.all)
  func notANumber(set: KernelSet) throws {
    let (rows, columns) = (20, 64)
    var random = SeededGenerator(state: 4)
    var weights = random.weights(.mxfp4, rows: rows, columns: columns)
    weights[3 * columns / 32 * 17 + 17] = 255
    let result = try product(
      .mxfp4, weights: weights, rows: rows, columns: columns, input: random.floats(columns), set: set)
    for (row, value) in result.enumerated() { #expect(value.isNaN == (row == 3)) }
  }

  @Test("Packed weights take 18 bytes for 32 values, and files cannot be turned into the type")
  func size() {
    #expect(stoa_packed_bytes(STOA_MXFP4, 2880, 2880) == 2880 * 2880 / 32 * 18)
    #expect(!BlockQuantizer.types.contains(.mxfp4))
    #expect(throws: QuantizationError.unsupported(.mxfp4)) {
      let values = [Float](repeating: 1, count: 32)
      var bytes = [UInt8](repeating: 0, count: 17)
      try unsafe values.withUnsafeBufferPointer { source in
        try unsafe bytes.withUnsafeMutableBytes {
          try unsafe BlockQuantizer.quantize(source, columns: 32, as: .mxfp4, importance: nil, into: $0)
        }
      }
    }
  }
}
