import Foundation
import StoaFormats
import StoaTensor
import StoaTestSupport
import Testing

@testable import StoaModels

/// Files that are well formed and yet cannot be a model.
@Suite struct HostileModelTests {
  /// Writes a copy of the F32 fixture after a change and loads it.
  private func load(_ change: (inout GGUFMetadata, inout [String: [Float]]) -> Void) throws {
    let file = try GGUFFile(path: OracleData.fixture("models/gguf_f32/model.gguf"))
    var metadata = file.metadata
    var extra: [String: [Float]] = [:]
    change(&metadata, &extra)
    var writer = GGUFWriter()
    writer.metadata = metadata
    for tensor in file.tensors { try writer.addTensor(copying: tensor) }
    for (name, values) in extra { try writer.addTensor(name, shape: [values.count], values: values) }
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).gguf").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try writer.write(to: path)
    let model = try loadModel(
      try Checkpoint.open(path: path), compute: try Compute(instructionSet: .best, threads: 1))
    _ = try logits(of: model, for: [1, 2, 3])
  }

  @Test("The unchanged copy loads")
  func unchanged() throws { try load { _, _ in } }

  @Test(
    "Rotary parameters that give impossible angles are refused",
    arguments: [1e-38, 1e-300, 0x1p-1074, 0, -1, .infinity, .nan])
  func ropeBase(theta: Double) {
    #expect(throws: ModelError.self) {
      try load { metadata, _ in metadata["llama.rope.freq_base"] = .f64(theta) }
    }
  }

  @Test(
    "Scaling factors of rotary embeddings are checked", arguments: [Float(1e-38), 0x1p-149, 0, -1, .nan, .infinity])
  func ropeFactors(factor: Float) throws {
    let file = try GGUFFile(path: OracleData.fixture("models/gguf_f32/model.gguf"))
    let pairs = try DecoderConfiguration(gguf: file).rotaryPairs
    #expect(throws: ModelError.self) {
      try load { _, extra in extra["rope_freqs.weight"] = [Float](repeating: factor, count: pairs) }
    }
    #expect(throws: ModelError.self) {
      try load { metadata, _ in
        metadata["llama.rope.scaling.type"] = .string("linear")
        metadata["llama.rope.scaling.factor"] = .f32(factor == 0 ? -0.5 : factor == .infinity ? .nan : factor)
      }
    }
  }

  @Test("Sizes that contradict the tensors are refused")
  func sizes() {
    for (key, values) in [
      ("llama.block_count", [0, 1, 4, 1_000_000]), ("llama.attention.head_count", [0, 3, 65_537, 1 << 40]),
      ("llama.attention.head_count_kv", [0, 3, 1 << 40]), ("llama.embedding_length", [0, 1, 65, 1 << 50]),
      ("llama.feed_forward_length", [0, 1, 1 << 50]), ("llama.attention.key_length", [0, 513, 1 << 40]),
      ("llama.rope.dimension_count", [1, 1 << 40]), ("llama.context_length", [0, 1 << 40]),
    ] {
      for value in values {
        #expect(throws: ModelError.self, "\(key) = \(value)") {
          try load { metadata, _ in metadata[key] = .u64(UInt64(value)) }
        }
      }
    }
  }
}
