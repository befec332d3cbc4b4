import StoaFormats
import StoaModels
import StoaTensor
import StoaTestSupport
import Testing

@testable import StoaConversion

/// Models that are published in types of few bits: 4-bit blocks stay, 8-bit floating point becomes bfloat16.
@Suite struct PublishedTypesTests {
  private static func folder(_ name: String) -> String { OracleData.fixture("models/families/" + name) }

  private func convert(_ name: String, to path: String, _ type: FileType? = nil) throws -> OutputSummary {
    var conversion = ModelConversion()
    conversion.fileType = type
    return try conversion.run(directory: Self.folder(name), output: path)
  }

  /// Rows of a tensor of a GGUF file.
  private func values(_ tensor: TensorInfo) throws -> [Float] {
    let (bytes, columns) = (tensor.byteRange.map { tensor.file.bytes[$0] }, tensor.shape.last ?? 1)
    var values = [Float](repeating: 0, count: tensor.elementCount)
    try unsafe bytes.withUnsafeBytes { source in
      try unsafe values.withUnsafeMutableBufferPointer {
        try unsafe BlockQuantizer.dequantize(source, as: tensor.type, columns: columns, into: $0)
      }
    }
    return values
  }

  @Test("gpt-oss keeps its blocks, whatever the type of the file", arguments: [nil, FileType.f32, .q8_0])
  func blocksStay(type: FileType?) throws {
    try withTemporaryFolder { folder in
      let summary = try convert("gpt_oss", to: folder + "a.gguf", type)
      #expect(summary.tensors["MXFP4"] == 6)
      let file = try GGUFFile(path: folder + "a.gguf")
      let checkpoint = try SafetensorsCheckpoint(path: Self.folder("gpt_oss"))
      let codes = try #require(checkpoint.tensor("model.layers.1.mlp.experts.gate_up_proj_blocks"))
      let scales = try #require(checkpoint.tensor("model.layers.1.mlp.experts.gate_up_proj_scales"))
      #expect(codes.shape == [4, 64, 1, 16])
      let numbers: [Float] = [0, 0.5, 1, 1.5, 2, 3, 4, 6]
      for (name, first) in [("gate", 0), ("up", 1)] {
        let tensor = try #require(file.tensor("blk.1.ffn_\(name)_exps.weight"))
        #expect(tensor.type == .mxfp4 && tensor.typeName == "MXFP4" && tensor.shape == [4, 32, 32])
        let read = try values(tensor)
        for expert in 0..<4 {
          for row in 0..<32 {
            // The two factors lie row by row; pairs of numbers are in a byte, the first in its low half.
            let block = expert * 64 + 2 * row + first
            let scale = Int(scales.file.bytes[scales.offset + block]) - 127
            for column in 0..<32 {
              let byte = codes.file.bytes[codes.offset + 16 * block + column / 2]
              let code = Int(column % 2 == 0 ? byte & 15 : byte >> 4)
              let number = Float(sign: .plus, exponent: scale, significand: 1) * numbers[code % 8]
              #expect(read[(expert * 32 + row) * 32 + column] == (code < 8 ? number : -number))
            }
          }
        }
      }
    }
  }

  @Test("A converted gpt-oss computes the bits of its folder")
  func sameBits() throws {
    try withTemporaryFolder { folder in
      _ = try convert("gpt_oss", to: folder + "a.gguf")
      let tokens: [Int32] = [1, 20, 33, 4, 90, 121, 77, 3, 12, 60, 61, 9]
      var results: [[Float]] = []
      for path in [Self.folder("gpt_oss"), folder + "a.gguf"] {
        let model = try loadModel(
          try Checkpoint.open(path: path), compute: try Compute(instructionSet: .best, threads: 2))
        let workspace = try model.makeWorkspace(maxTokens: tokens.count)
        let cache = try model.makeCache(type: .f32, capacity: tokens.count)
        let segment = Segment(tokens: tokens[...], cache: cache, logits: .last)
        try unsafe model.forward([segment], workspace: workspace, isCancelled: { false }) { _, _, row in
          results.append(unsafe Array(row))
        }
      }
      #expect(results.count == 2 && results[0].map(\.bitPattern) == results[1].map(\.bitPattern))
    }
  }

  @Test("Quantising passes published blocks through, and turns them into others when told to")
  func quantising() throws {
    try withTemporaryFolder { folder in
      _ = try convert("gpt_oss", to: folder + "a.gguf")
      let name = "blk.0.ffn_down_exps.weight"
      let blocks = try #require(try GGUFFile(path: folder + "a.gguf").tensor(name))
      var quantization = GGUFQuantization(.q8_0)
      let kept = try quantization.run(input: folder + "a.gguf", output: folder + "b.gguf")
      #expect(kept.tensors["MXFP4"] == 6 && kept.tensors["Q8_0"] != nil)
      #expect(kept.warnings.contains { $0.contains("MXFP4") && $0.contains("--allow-requantize") })
      let passed = try #require(try GGUFFile(path: folder + "b.gguf").tensor(name))
      #expect(passed.type == .mxfp4)
      #expect(
        passed.byteRange.map { passed.file.bytes[$0] } == blocks.byteRange.map { blocks.file.bytes[$0] })
      quantization = GGUFQuantization(.f32)
      quantization.allowsRequantizing = true
      let widened = try quantization.run(input: folder + "a.gguf", output: folder + "c.gguf")
      #expect(widened.tensors["MXFP4"] == nil && widened.warnings.isEmpty)
      let wide = try #require(try GGUFFile(path: folder + "c.gguf").tensor(name))
      #expect(wide.type == .f32)
      #expect(try values(wide) == values(blocks))
    }
  }

  @Test(
    "Weights in 8-bit floating point become bfloat16, and other tensors stay",
    arguments: ["deepseek_v3_fp8", "llama_fp8_rows", "llama_fp8_tensors"])
  func float8(name: String) throws {
    try withTemporaryFolder { folder in
      let summary = try convert(name, to: folder + "a.gguf")
      #expect(Set(summary.tensors.keys) == ["BF16", "F32"])
      let file = try GGUFFile(path: folder + "a.gguf")
      #expect(file.quantizationName == "BF16")
      // The rows of this one lie as they are in the checkpoint.
      let checkpoint = try SafetensorsCheckpoint(path: Self.folder(name))
      let stored = "model.layers.0.mlp.gate_proj.weight"
      let source = try #require(checkpoint.tensor(stored))
      let scales = try #require(checkpoint.tensor(stored + "_scale_inv") ?? checkpoint.tensor(stored + "_scale"))
      let format = try #require(source.float8)
      var factors = [Float](repeating: 0, count: scales.elementCount)
      let scaleBytes = scales.byteRange.map { scales.file.bytes[$0] }
      try unsafe scaleBytes.withUnsafeBytes { bytes in
        try unsafe factors.withUnsafeMutableBufferPointer {
          try unsafe BlockQuantizer.dequantize(bytes, as: scales.type, columns: scales.elementCount, into: $0)
        }
      }
      let written = try values(try #require(file.tensor("blk.0.ffn_gate.weight")))
      #expect(written.count == 64 * 32)
      for (index, value) in written.enumerated() {
        let (row, column) = (index / 32, index % 32)
        let factor =
          switch name {
          case "deepseek_v3_fp8": factors[row / 32 * 2 + column / 24]
          case "llama_fp8_rows": factors[row]
          default: factors[0]
          }
        let exact = Double(format.values[Int(source.file.bytes[source.offset + index])]) * Double(factor)
        #expect(abs(Double(value) - exact) <= abs(exact) * 0x1p-8 && value.bitPattern & 0xFFFF == 0)
      }
    }
  }

  @Test("Checkpoints of integers are refused under whatever name they come")
  func otherQuantisations() throws {
    let group: JSONValue = ["weights": ["num_bits": 4, "type": "int", "strategy": "group"]]
    for settings in [
      ["quant_method": "awq"], ["quant_method": "compressed-tensors", "config_groups": ["group_0": group]],
      ["quant_method": "modelopt", "quant_algo": "NVFP4"],
    ] as [JSONValue] {
      try withTemporaryFolder { folder in
        var checkpoint = TestCheckpoint()
        checkpoint.configuration["quantization_config"] = settings
        try checkpoint.write(to: folder)
        let error = conversionError { () throws(ConversionError) in
          _ = try ModelConversion().run(directory: folder, output: folder + "out.gguf")
        }
        #expect(try #require(error).description.contains("is quantised"))
      }
    }
  }
}
