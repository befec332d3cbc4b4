import StoaTensor
import StoaTestSupport
import Testing

@Suite struct MatrixProductTests {
  /// Rows that do not fill groups, columns that do not fill vectors or panels, tokens that do not fill tiles.
  private static func shapes(_ type: ElementType) -> [(rows: Int, columns: Int, tokens: Int)] {
    let block = type.blockSize
    return [
      (1, max(block, 1), 1), (16, block * 2, 1), (37, block * 3, 2), (87, block * 2, 13), (64, block * 5, 8),
      (131, block == 1 ? 77 : block, 29), (77, block == 1 ? 1117 : 2048 + block, 31),
    ]
  }

  @Test(
    "Every instruction set equals the scalar reference to the bit", arguments: ElementType.computable, KernelSet.vector)
  func identicalToScalar(type: ElementType, set: KernelSet) throws {
    for (index, shape) in Self.shapes(type).enumerated() {
      var random = SeededGenerator(state: UInt64(index + 1))
      let weights = random.weights(type, rows: shape.rows, columns: shape.columns)
      let input = random.floats(shape.tokens * shape.columns, in: -3...3)
      func run(_ set: KernelSet, threads: Int = 1) throws -> [Float] {
        try product(
          type, weights: weights, rows: shape.rows, columns: shape.columns, input: input, set: set, threads: threads)
      }
      let reference = try run(.scalar)
      #expect(try identical(run(set), reference), "\(shape)")
      #expect(try identical(run(set, threads: 3), reference), "\(shape) on three threads")
    }
  }

  @Test(
    "A token's outputs do not depend on its neighbours", arguments: ElementType.computable, KernelSet.all)
  func independentOfBatch(type: ElementType, set: KernelSet) throws {
    let (rows, columns, tokens) = (45, type.blockSize == 1 ? 96 : type.blockSize * 2, 11)
    var random = SeededGenerator(state: 7)
    let weights = random.weights(type, rows: rows, columns: columns)
    let input = random.floats(tokens * columns)
    let together = try product(type, weights: weights, rows: rows, columns: columns, input: input, set: set)
    for token in 0..<tokens {
      let row = Array(input[token * columns..<(token + 1) * columns])
      let alone = try product(type, weights: weights, rows: rows, columns: columns, input: row, set: set)
      #expect(identical(alone, Array(together[token * rows..<(token + 1) * rows])))
    }
  }

  /// Against plain arithmetic on dequantised weights; quantised activations cost up to half a step per value.
  @Test("Products are close to exact ones", arguments: ElementType.computable)
  func closeToExact(type: ElementType) throws {
    let (rows, columns) = (24, type.blockSize == 1 ? 300 : type.blockSize * 4)
    var random = SeededGenerator(state: 3)
    let weights = random.weights(type, rows: rows, columns: columns)
    let input = random.floats(columns)
    let result = try product(type, weights: weights, rows: rows, columns: columns, input: input, set: .best)
    let rowBytes = weights.count / rows
    for row in 0..<rows {
      var values = [Float](repeating: 0, count: columns)
      unsafe weights.withUnsafeBytes { bytes in
        unsafe values.withUnsafeMutableBufferPointer {
          unsafe dequantize(type, row: bytes.baseAddress! + row * rowBytes, columns: columns, into: $0.baseAddress!)
        }
      }
      let exact = zip(values, input).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
      let size = zip(values, input).reduce(0.0) { $0 + abs(Double($1.0)) }
      let allowed = type.blockSize == 1 ? size * 1e-6 : size / 254 + 1e-4
      #expect(abs(Double(result[row]) - exact) <= allowed)
    }
  }

  @Test("Infinities and NaN in the input show in the output", arguments: KernelSet.all)
  func nonFiniteInput(set: KernelSet) throws {
    for (type, value) in [
      (ElementType.q8_0, Float.nan), (.q4_K, .infinity), (.f32, .nan), (.q6_K, -.infinity), (.q5_1, .nan),
      (.q2_K, .nan),
      (.iq4_xs, .infinity),
    ] {
      let columns = 256
      var random = SeededGenerator(state: 5)
      let weights = random.weights(type, rows: 16, columns: columns)
      var input = random.floats(columns)
      input[100] = value
      let result = try product(type, weights: weights, rows: 16, columns: columns, input: input, set: set)
      #expect(result.allSatisfy { !$0.isFinite })
    }
  }

  @Test("Extreme codes and activations do not overflow", arguments: ElementType.computable.filter { $0.blockSize > 1 })
  func extremeCodes(type: ElementType) throws {
    let (rows, columns) = (32, 512)
    var random = SeededGenerator(state: 11)
    var weights = random.weights(type, rows: rows, columns: columns)
    let scales = type == .mxfp4 ? [0] : SeededGenerator.scaleOffsets(type).flatMap { [$0, $0 + 1] }
    for index in weights.indices where !scales.contains(index % type.bytesPerBlock) {
      // Whole rows of one byte, and rows that mix the two ends.
      let row = index / (weights.count / rows)
      weights[index] = row == 0 ? 0x00 : row == 1 ? 0xFF : row == 2 ? 0x80 : Bool.random(using: &random) ? 0xFF : 0x00
    }
    // Equal magnitudes become codes of 127 and -127.
    let alike = [Float](repeating: 1, count: columns)
    let mixed = (0..<columns).map { _ -> Float in Bool.random(using: &random) ? 1 : -1 }
    let inputs = [alike, alike.map { -$0 }, mixed]
    for input in inputs + [(0..<27).flatMap { inputs[$0 % 3] }] {
      let reference = try product(type, weights: weights, rows: rows, columns: columns, input: input, set: .scalar)
      for set in KernelSet.vector {
        let result = try product(type, weights: weights, rows: rows, columns: columns, input: input, set: set)
        #expect(identical(result, reference), "\(set)")
      }
    }
  }

  @Test("Tiny and zero inputs give the same zeros everywhere", arguments: ElementType.computable)
  func tinyInput(type: ElementType) throws {
    let columns = 256
    var random = SeededGenerator(state: 9)
    let weights = random.weights(type, rows: 19, columns: columns)
    for scale: Float in [0, 0x1p-146, 0x1p-126, 1e-30] {
      let input = random.floats(columns).map { $0 * scale }
      let reference = try product(type, weights: weights, rows: 19, columns: columns, input: input, set: .scalar)
      for set in KernelSet.vector {
        let result = try product(type, weights: weights, rows: 19, columns: columns, input: input, set: set)
        #expect(identical(result, reference))
      }
    }
  }
}
