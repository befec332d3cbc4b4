import Foundation
import StoaFormats
import StoaTensor
import StoaTestSupport
import Testing

@testable import StoaModels

/// Checkpoints in 8-bit floating point: what they mean, and what is said of those that mean nothing.
@Suite struct Float8Tests {
  /// A tensor of a safetensors file that a test changes.
  private struct Stored {
    var type: String
    var shape: [Int]
    var bytes: [UInt8]
  }

  /// Copies a checkpoint in 8-bit floating point after a change of its settings and tensors, and loads it.
  private func load(
    _ name: String = "deepseek_v3_fp8", _ change: (inout JSONObject, inout [String: Stored]) -> Void
  ) throws {
    let fixture = OracleData.fixture("models/families/" + name)
    guard var settings = try JSONValue(path: fixture + "/config.json").objectValue else { return }
    var tensors: [String: Stored] = [:]
    for tensor in try SafetensorsCheckpoint(path: fixture).tensors {
      let bytes = tensor.byteRange.map { tensor.file.bytes[$0] }
      tensors[tensor.name] = Stored(type: tensor.typeName, shape: tensor.shape, bytes: bytes)
    }
    change(&settings, &tensors)
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("stoa-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var header = JSONObject()
    var data: [UInt8] = []
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
      header[name] = [
        "dtype": .string(tensor.type), "shape": .array(tensor.shape.map { .int($0) }),
        "data_offsets": [.int(data.count), .int(data.count + tensor.bytes.count)],
      ]
      data += tensor.bytes
    }
    let text = Array(JSONValue.object(header).text().utf8)
    let length = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
    try Data(length + text + data).write(to: folder.appendingPathComponent("model.safetensors"))
    try Data(JSONValue.object(settings).text().utf8).write(to: folder.appendingPathComponent("config.json"))
    let checkpoint = try Checkpoint.open(path: folder.path)
    _ = try loadModel(checkpoint, compute: try Compute(instructionSet: .best, threads: 1))
  }

  private func message(
    _ name: String = "deepseek_v3_fp8", _ change: (inout JSONObject, inout [String: Stored]) -> Void
  ) -> String {
    do {
      try load(name, change)
      return ""
    } catch { return String(describing: error) }
  }

  private static let query = "model.layers.1.self_attn.q_b_proj.weight"

  @Test("The unchanged copies load", arguments: ["deepseek_v3_fp8", "llama_fp8_rows", "llama_fp8_tensors"])
  func unchanged(name: String) throws { try load(name) { _, _ in } }

  @Test("Missing scales are named, and what was expected")
  func missing() {
    let text = message { $1[Self.query + "_scale_inv"] = nil }
    for part in ["\"\(Self.query)\"", "F8_E4M3", "\(Self.query)_scale_inv", "\(Self.query)_scale\"", "[3, 1]"] {
      #expect(text.contains(part), "\(text)")
    }
  }

  @Test("Scales of another shape or type are named with both shapes")
  func misshapen() {
    let name = Self.query + "_scale_inv"
    let shape = message { $1[name] = Stored(type: "F32", shape: [2, 2], bytes: [UInt8](repeating: 0, count: 16)) }
    for part in ["\"\(name)\"", "[96, 24]", "[2, 2]", "[3, 1]", "[96, 1]"] {
      #expect(shape.contains(part), "\(shape)")
    }
    let type = message { $1[name] = Stored(type: "U8", shape: [3, 1], bytes: [1, 1, 1]) }
    #expect(type.contains("\"\(name)\"") && type.contains("U8"), "\(type)")
    let infinite: [UInt8] = [0, 0, 0x80, 0x3F, 0, 0, 0x80, 0x7F, 0, 0, 0x80, 0x3F]
    let value = message { $1[name] = Stored(type: "F32", shape: [3, 1], bytes: infinite) }
    #expect(value.contains("number 1 is inf"), "\(value)")
  }

  @Test("Blocks that cannot be, or are not said, are errors")
  func blocks() {
    for value in [[0, 24], [32], [32, -1], 128, ["a", "b"]] as [JSONValue] {
      let text = message { settings, _ in
        settings["quantization_config"] = ["quant_method": "fp8", "weight_block_size": value]
      }
      #expect(text.contains("weight_block_size") && text.contains(value.text()), "\(text)")
    }
    let absent = message { settings, _ in settings["quantization_config"] = ["quant_method": "fp8"] }
    #expect(absent.contains("config.json has no \"weight_block_size\""), "\(absent)")
  }

  @Test("What must be read as it lies in the file cannot be in this type")
  func embedding() {
    let name = "model.embed_tokens.weight"
    let text = message { _, tensors in
      tensors[name] = Stored(type: "F8_E4M3", shape: [160, 32], bytes: [UInt8](repeating: 0, count: 160 * 32))
      tensors[name + "_scale"] = Stored(type: "F32", shape: [1], bytes: [0, 0, 0x80, 0x3F])
    }
    #expect(text.contains(name) && text.contains("F8_E4M3"), "\(text)")
  }

  @Test("Products are rounded to bfloat16 to nearest even")
  func rounding() {
    let cases: [(Float, UInt16)] = [
      (1, 0x3F80), (-0.5, 0xBF00), (0, 0), (1 + 0x1p-8, 0x3F80), (1 + 0x3p-8, 0x3F82), (1 + 0x1p-8 + 0x1p-20, 0x3F81),
      (.greatestFiniteMagnitude, 0x7F80), (-.infinity, 0xFF80), (.nan, 0x7FC0),
    ]
    for (value, bits) in cases { #expect(ScaledFloat8.bfloat16(value) == bits, "\(value)") }
  }

  @Test("Values lie under the scales of their blocks, read along rows and along columns")
  func placement() throws {
    let checkpoint = try SafetensorsCheckpoint(path: OracleData.fixture("models/families/deepseek_v3_fp8"))
    let name = "model.layers.0.self_attn.kv_b_proj.weight"
    let values = try #require(checkpoint.tensor(name))
    let scales = try #require(checkpoint.tensor(name + "_scale_inv"))
    let format = try #require(values.float8)
    let matrix = try ScaledFloat8(values, format, scales: scales, block: (32, 24))
    #expect(values.shape == [112, 32] && scales.shape == [4, 2])
    func expected(_ row: Int, _ column: Int) -> UInt16 {
      let place = scales.offset + 4 * (row / 32 * 2 + column / 24)
      let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(scales.file.bytes[place + $1]) << UInt32(8 * $1) }
      let number = format.values[Int(values.file.bytes[values.offset + row * 32 + column])]
      return ScaledFloat8.bfloat16(number * Float(bitPattern: bits))
    }
    var row = [UInt16](repeating: 0, count: 20)
    var column = [UInt16](repeating: 0, count: 50)
    for index in [0, 31, 32, 111] {
      unsafe row.withUnsafeMutableBufferPointer {
        unsafe matrix.copyRow(index, columns: 10..<30, into: $0.baseAddress!)
      }
      #expect(row == (10..<30).map { expected(index, $0) })
    }
    for index in [0, 23, 24, 31] {
      unsafe column.withUnsafeMutableBufferPointer {
        unsafe matrix.copyColumn(index, rows: 60..<110, into: $0.baseAddress!)
      }
      #expect(column == (60..<110).map { expected($0, index) })
    }
  }
}
