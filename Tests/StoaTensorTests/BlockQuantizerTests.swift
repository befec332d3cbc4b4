import CStoaKernels
import Foundation
import StoaTensor
import StoaTestSupport
import Testing

@Suite struct BlockQuantizerTests {
  @Test("Bytes equal llama.cpp's", arguments: Vectors.types, [false, true])
  func equalsReference(name: String, weighted: Bool) throws {
    let vectors = try Vectors.load()
    let entry = try #require(vectors.types[name])
    let type = try #require(ElementType.named(name))
    let bytes = try quantized(
      vectors.input.floats, columns: vectors.columns, as: type, importance: weighted ? vectors.importance.floats : nil)
    #expect(bytes == Array(weighted ? entry.weighted : entry.plain))
  }

  @Test("Random blocks mean what the gguf package reads in them", arguments: Vectors.types)
  func dequantizesLikeReference(name: String) throws {
    let entry = try #require(try Vectors.load().types[name])
    guard let blocks = entry.blocks, let values = entry.values else { return }
    let type = try #require(ElementType.named(name))
    let result = try dequantized(Array(blocks), columns: 256, type: type)
    #expect(result == values.floats)
  }

  @Test(
    "Bytes equal the published vectors of ggml_quantize_chunk", .oracle("models/ggml_quant_vectors"),
    arguments: [
      ("q4_0", 64), ("q4_1", 64), ("q5_0", 64), ("q5_1", 64), ("q8_0", 64), ("iq4_nl", 64), ("q2_k", 512),
      ("q3_k", 512),
      ("q4_k", 512), ("q5_k", 512), ("q6_k", 512),
    ])
  func equalsPublishedVectors(name: String, columns: Int) throws {
    let stem = OracleData.path("models/ggml_quant_vectors/\(name)_\(columns)_noim")
    let input = try Data(contentsOf: URL(fileURLWithPath: stem + "_input.bin")).floats
    let expected = try Data(contentsOf: URL(fileURLWithPath: stem + "_expected.bin"))
    let type = try #require(ElementType.named(name.uppercased()))
    #expect(try quantized(input, columns: columns, as: type) == Array(expected))
  }

  @Test("A row's bytes do not depend on its neighbours", arguments: BlockQuantizer.types)
  func rowsAreIndependent(type: ElementType) throws {
    let columns = 512
    var random = SeededGenerator(state: 21)
    let input = random.floats(3 * columns)
    let together = try quantized(input, columns: columns, as: type)
    let apart = try (0..<3).flatMap { row in
      try quantized(Array(input[row * columns..<(row + 1) * columns]), columns: columns, as: type)
    }
    #expect(together == apart)
  }

  /// The error of uniform values in -1...1 is at most about a step of the type, 2 / (levels - 1).
  @Test("What is read back is near what was written", arguments: BlockQuantizer.types)
  func roundTrip(type: ElementType) throws {
    let steps: [ElementType: Float] = [
      .q2_K: 0.75, .q3_K: 0.35, .q4_0: 0.16, .q4_1: 0.16, .q4_K: 0.16, .iq4_nl: 0.2, .iq4_xs: 0.2, .q5_0: 0.08,
      .q5_1: 0.08,
      .q5_K: 0.08, .q6_K: 0.05, .q8_0: 0.01, .bf16: 0.004, .f16: 0.0005, .f32: 0,
    ]
    let step = try #require(steps[type])
    var random = SeededGenerator(state: 22)
    let input = random.floats(2 * 768)
    let output = try dequantized(try quantized(input, columns: 768, as: type), columns: 768, type: type)
    let largest = zip(input, output).map { abs($0 - $1) }.max() ?? .infinity
    #expect(largest <= step)
  }

  @Test("Zeros stay zeros", arguments: BlockQuantizer.types)
  func zeros(type: ElementType) throws {
    let bytes = try quantized([Float](repeating: 0, count: 256), columns: 256, as: type)
    #expect(try dequantized(bytes, columns: 256, type: type) == [Float](repeating: 0, count: 256))
  }

  @Test("Infinities and NaN are refused where they are", arguments: BlockQuantizer.types)
  func notFinite(type: ElementType) throws {
    for value in [Float.infinity, -.infinity, .nan] {
      var input = [Float](repeating: 1, count: 512)
      input[256 + 77] = value
      #expect(throws: QuantizationError.notFinite(row: 1, column: 77)) { try quantized(input, columns: 256, as: type) }
    }
  }

  @Test("Values beyond a type's scales are refused", arguments: BlockQuantizer.types)
  func tooLarge(type: ElementType) throws {
    guard type != .f32 else { return }
    for value: Float in [3e10, 3.4e38] where type != .bf16 || value > 1e38 {
      var input = [Float](repeating: 1, count: 256)
      input[40] = value
      let error = #expect(throws: QuantizationError.self) { try quantized(input, columns: 256, as: type) }
      guard case .tooLarge(row: 0, let column, let failed)? = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
      #expect(failed == type && (0...40).contains(column))
    }
    // Just beyond binary16 times the largest code and scale.
    if type.blockSize > 1 {
      let input = [Float](repeating: 0x1p29, count: 256).enumerated().map { $0.offset % 2 == 0 ? $0.element : 0 }
      #expect(throws: QuantizationError.self) { try quantized(input, columns: 256, as: type) }
    }
  }

  @Test("Blocks have one size", arguments: ElementType.computable)
  func blockSizes(type: ElementType) {
    let code = stoa_type(rawValue: type.rawValue)
    #expect(stoa_block_columns(code) == type.blockSize)
    #expect(stoa_block_bytes(code) == type.bytesPerBlock)
  }

  @Test func wrongSizes() throws {
    let row = [Float](repeating: 1, count: 256)
    #expect(throws: QuantizationError.unsupported(.iq2_xxs)) { try quantized(row, columns: 256, as: .iq2_xxs) }
    #expect(throws: QuantizationError.columns(100, type: .q4_K)) {
      try quantized([Float](repeating: 1, count: 100), columns: 100, as: .q4_K)
    }
    #expect(throws: QuantizationError.columns(0, type: .q8_0)) { try quantized([], columns: 0, as: .q8_0) }
    #expect(throws: QuantizationError.importanceCount(3, columns: 256)) {
      try quantized(row, columns: 256, as: .q4_K, importance: [1, 2, 3])
    }
    for weight in [-1, Float.nan, .infinity] {
      var importance = [Float](repeating: 1, count: 256)
      importance[9] = weight
      #expect(throws: QuantizationError.importance(column: 9)) {
        try quantized(row, columns: 256, as: .q4_K, importance: importance)
      }
    }
    #expect(throws: QuantizationError.self) { try dequantized([1, 2, 3], columns: 32, type: .q8_0) }
  }
}

/// `Tests/Fixtures/quantization/vectors.json`, made by `Scripts/make_quantization_fixtures.py`.
private struct Vectors: Decodable {
  struct Entry: Decodable {
    let plain: Data
    let weighted: Data
    let blocks: Data?
    let values: Data?
  }

  let columns: Int
  let input: Data
  let importance: Data
  let types: [String: Entry]

  static let types = BlockQuantizer.types.filter { $0 != .f32 }.map(\.name)

  static func load() throws -> Vectors {
    let url = URL(fileURLWithPath: OracleData.fixture("quantization/vectors.json"))
    return try JSONDecoder().decode(Vectors.self, from: Data(contentsOf: url))
  }
}

extension Data {
  fileprivate var floats: [Float] {
    stride(from: 0, to: count, by: 4).map { offset in
      Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(self[startIndex + offset + $1]) << UInt32(8 * $1) })
    }
  }
}

extension ElementType {
  fileprivate static func named(_ name: String) -> ElementType? { allCases.first { $0.name == name } }
}

private func quantized(
  _ values: [Float], columns: Int, as type: ElementType, importance: [Float]? = nil
) throws -> [UInt8] {
  let rows = columns > 0 ? values.count / columns : 0
  var bytes = [UInt8](repeating: 0xAA, count: rows * (type.byteCount(elements: columns) ?? 0))
  try unsafe values.withUnsafeBufferPointer { source in
    try unsafe bytes.withUnsafeMutableBytes { destination in
      guard let importance else {
        return try unsafe BlockQuantizer.quantize(
          source, columns: columns, as: type, importance: nil, into: destination)
      }
      try unsafe importance.withUnsafeBufferPointer {
        try unsafe BlockQuantizer.quantize(source, columns: columns, as: type, importance: $0, into: destination)
      }
    }
  }
  return bytes
}

private func dequantized(_ bytes: [UInt8], columns: Int, type: ElementType) throws -> [Float] {
  var values = [Float](repeating: .nan, count: bytes.count / type.bytesPerBlock * type.blockSize)
  try unsafe bytes.withUnsafeBytes { source in
    try unsafe values.withUnsafeMutableBufferPointer { destination in
      try unsafe BlockQuantizer.dequantize(source, as: type, columns: columns, into: destination)
    }
  }
  return values
}
