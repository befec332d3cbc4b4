import Foundation
import StoaFormats
import StoaTensor
import StoaTestSupport

@testable import StoaConversion

/// Calls `body` with a new folder, which is removed afterwards.
func withTemporaryFolder<R>(_ body: (String) throws -> R) throws -> R {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("stoa-" + UUID().uuidString)
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder.path + "/")
}

/// The error that `body` throws, or nil.
func conversionError(_ body: () throws(ConversionError) -> Void) -> ConversionError? {
  do throws(ConversionError) {
    try body()
    return nil
  } catch {
    return error
  }
}

func contents(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }

func write(_ bytes: some Sequence<UInt8>, to path: String) throws {
  try Data(bytes).write(to: URL(fileURLWithPath: path))
}

/// A tensor of a checkpoint that a test writes.
struct TestTensor {
  var name: String
  var shape: [Int]
  var values: [Float]

  init(_ name: String, _ shape: [Int], scale: Float = 0.1) {
    self.name = name
    self.shape = shape
    var state = name.utf8.reduce(UInt64(7)) { ($0 &* 31) &+ UInt64($1) }
    values = (0..<shape.reduce(1, *)).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (Float(state >> 40) / Float(1 << 24) - 0.5) * 2 * scale
    }
  }
}

/// A Llama folder of random weights, whose parts a test may change before it is written.
struct TestCheckpoint {
  var configuration: JSONObject
  var tensors: [TestTensor]

  init(vocabulary: Int = 16, width: Int = 32, layers: Int = 1) {
    configuration = [
      "model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": .int(width),
      "num_hidden_layers": .int(layers), "num_attention_heads": 2, "num_key_value_heads": 2, "intermediate_size": 64,
      "vocab_size": .int(vocabulary), "max_position_embeddings": 64, "rms_norm_eps": 1e-5, "bos_token_id": 1,
      "eos_token_id": 2, "tie_word_embeddings": true,
    ]
    tensors = [
      TestTensor("model.embed_tokens.weight", [vocabulary, width]), TestTensor("model.norm.weight", [width]),
    ]
    for layer in 0..<layers {
      let name = "model.layers.\(layer)."
      tensors += ["q", "k", "v", "o"].map { TestTensor(name + "self_attn.\($0)_proj.weight", [width, width]) }
      tensors += ["gate", "up"].map { TestTensor(name + "mlp.\($0)_proj.weight", [64, width]) }
      tensors += ["input_layernorm", "post_attention_layernorm"].map { TestTensor(name + $0 + ".weight", [width]) }
      tensors.append(TestTensor(name + "mlp.down_proj.weight", [width, 64]))
    }
  }

  /// Writes `config.json` and `model.safetensors`.
  func write(to folder: String) throws {
    try StoaConversionTests.write(JSONValue.object(configuration).text().utf8, to: folder + "config.json")
    var header = JSONObject()
    var data: [UInt8] = []
    for tensor in tensors {
      let start = data.count
      for value in tensor.values { data += littleEndian(value.bitPattern) }
      header[tensor.name] = [
        "dtype": "F32", "shape": .array(tensor.shape.map { .int($0) }),
        "data_offsets": [.int(start), .int(data.count)],
      ]
    }
    let text = Array(JSONValue.object(header).text().utf8)
    try StoaConversionTests.write(littleEndian(UInt64(text.count)) + text + data, to: folder + "model.safetensors")
  }
}

/// The bytes of a number, the lowest first.
func littleEndian<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
  stride(from: 0, to: T.bitWidth, by: 8).map { UInt8(truncatingIfNeeded: value >> $0) }
}

/// FNV-1a, 64 bits, in hexadecimal digits.
func digest(_ bytes: some Sequence<UInt8>) -> String {
  var value: UInt64 = 0xCBF2_9CE4_8422_2325
  for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
  let digits = String(value, radix: 16)
  return String(repeating: "0", count: 16 - digits.count) + digits
}

/// The bytes of all tensors of a GGUF file.
func tensorBytes(_ path: String) throws -> [UInt8] {
  let file = try GGUFFile(path: path)
  return file.tensors.flatMap { tensor in tensor.byteRange.map { tensor.file.bytes[$0] } }
}
