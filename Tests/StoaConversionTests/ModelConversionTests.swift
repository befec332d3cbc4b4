import Foundation
import StoaFormats
import StoaModels
import StoaTensor
import StoaTestSupport
import Testing

@testable import StoaConversion

@Suite struct ModelConversionTests {
  private static let folders = [
    "llama", "llama3_rope_old", "llama_bf16", "llama_sharded", "llama_tied_linear_old", "mistral_window",
    "mistral_window_bf16",
  ]

  private func logits(_ path: String, _ tokens: [Int32]) throws -> [Float] {
    let compute = try Compute(instructionSet: .best, threads: 2)
    let model = try loadModel(try Checkpoint.open(path: path), compute: compute)
    let workspace = try model.makeWorkspace(maxTokens: tokens.count)
    let cache = try model.makeCache(type: .f32, capacity: tokens.count)
    var result: [Float] = []
    let segment = Segment(tokens: tokens[...], cache: cache, logits: .last)
    try unsafe model.forward([segment], workspace: workspace, isCancelled: { false }) { _, _, row in
      result = unsafe Array(row)
    }
    return result
  }

  @Test("A converted model has the logits of transformers", arguments: folders)
  func converted(name: String) throws {
    let folder = OracleData.fixture("models/" + name)
    let expected = try JSONValue(path: folder + "/expected.json")
    let tolerance = expected["tolerance"]?.doubleValue ?? 1e-3
    try withTemporaryFolder { temporary in
      for type in [FileType.f32, nil] {
        var conversion = ModelConversion()
        conversion.fileType = type
        let path = temporary + "\(type?.rawValue ?? "kept").gguf"
        let summary = try conversion.run(directory: folder, output: path)
        #expect(summary.overflows == 0 && summary.fallbacks == 0)
        #expect(try GGUFFile(path: path).quantizationName == (name.hasSuffix("bf16") && type == nil ? "BF16" : "F32"))
        for item in expected["cases"]?.arrayValue ?? [] {
          let tokens = (item["input_ids"]?.arrayValue ?? []).compactMap { $0.intValue.map(Int32.init) }
          let reference = (item["last_logits"]?.arrayValue ?? []).compactMap(\.doubleValue)
          let result = try logits(path, tokens)
          #expect(result.count == reference.count)
          let distance = zip(result, reference).map { abs(Double($0) - $1) }.max() ?? .infinity
          #expect(distance <= tolerance, "\(tokens.count) tokens")
          let first = (item["greedy_next8"]?.arrayValue ?? []).first?.intValue
          #expect(result.indices.max { (result[$0], $1) < (result[$1], $0) } == first)
        }
      }
    }
  }

  @Test("Metadata say what the files of the folder say") func metadata() throws {
    try withTemporaryFolder { folder in
      var checkpoint = TestCheckpoint()
      checkpoint.configuration["rope_scaling"] = ["type": "linear", "factor": 4.0]
      checkpoint.configuration["sliding_window"] = 8
      try checkpoint.write(to: folder)
      try write(
        #"{"temperature":0.6,"top_p":0.9,"top_k":50,"eos_token_id":[2,5]}"#.utf8, to: folder + "generation_config.json")
      let card = """
        ---
        license: apache-2.0
        language:
        - en
        - "no"
        tags: [chat, tiny]
        pipeline_tag: text-generation
        base_model: owner/base
        model-index:
        - name: nested
          results: []
        ---
        # Model
        license: not this
        """
      try write(card.utf8, to: folder + "README.md")
      var conversion = ModelConversion()
      conversion.name = "My Model"
      let summary = try conversion.run(directory: folder, output: folder + "out.gguf")
      #expect(summary.warnings.count == 1 && summary.warnings[0].contains("no tokenizer"))
      let metadata = try GGUFFile(path: folder + "out.gguf").metadata
      #expect(metadata.keys.first == "general.architecture")
      #expect(metadata.string("general.name") == "My Model")
      #expect(metadata.string("general.license") == "apache-2.0")
      #expect(metadata.strings("general.tags") == ["chat", "tiny", "text-generation"])
      #expect(metadata.strings("general.languages") == ["en", "no"])
      #expect(metadata.string("general.base_model.0.repo_url") == "https://huggingface.co/owner/base")
      #expect(metadata.double("general.sampling.temp") == Double(Float(0.6)))
      #expect(metadata.int("general.sampling.top_k") == 50)
      #expect(metadata.string("llama.rope.scaling.type") == "linear")
      #expect(metadata.double("llama.rope.scaling.factor") == 4)
      #expect(metadata.int("llama.attention.sliding_window") == 8)
      #expect(metadata.int("general.file_type") == 0)
      #expect(metadata.string("tokenizer.ggml.model") == "none")
      #expect(metadata.int("tokenizer.ggml.eos_token_id") == 2)
    }
  }

  @Test("Rows of queries and keys, and their biases, go from halves to neighbours") func rotaryOrder() throws {
    try withTemporaryFolder { folder in
      var checkpoint = TestCheckpoint()
      checkpoint.tensors.append(TestTensor("model.layers.0.self_attn.q_proj.bias", [32]))
      try checkpoint.write(to: folder)
      _ = try ModelConversion().run(directory: folder, output: folder + "out.gguf")
      let file = try GGUFFile(path: folder + "out.gguf")
      let bias = try #require(checkpoint.tensors.last).values
      // Two heads of 16: 0, 8, 1, 9 …
      let order = (0..<32).map { $0 / 16 * 16 + $0 % 2 * 8 + $0 % 16 / 2 }
      let written = try #require(file.tensor("blk.0.attn_q.bias"))
      #expect(written.shape == [32])
      #expect(written.floats == order.map { bias[$0] })
      let rows = try #require(checkpoint.tensors.first { $0.name.hasSuffix("q_proj.weight") }).values
      let matrix = try #require(file.tensor("blk.0.attn_q.weight")).floats
      #expect(matrix == order.flatMap { rows[$0 * 32..<($0 + 1) * 32] })
    }
  }

  @Test("Converting to a type gives the tensors of converting and quantising", arguments: FileType.allCases)
  func directly(type: FileType) throws {
    try withTemporaryFolder { folder in
      try TestCheckpoint(vocabulary: 12, width: 256, layers: 2).write(to: folder)
      var conversion = ModelConversion()
      conversion.fileType = .f32
      _ = try conversion.run(directory: folder, output: folder + "exact.gguf")
      conversion.fileType = type
      if type == .q2_K_S {
        #expect(throws: ConversionError.self) { try conversion.run(directory: folder, output: folder + "x.gguf") }
        return
      }
      let direct = try conversion.run(directory: folder, output: folder + "direct.gguf")
      let quantized = try GGUFQuantization(type).run(input: folder + "exact.gguf", output: folder + "two.gguf")
      #expect(direct.tensors == quantized.tensors)
      #expect(try tensorBytes(folder + "direct.gguf") == tensorBytes(folder + "two.gguf"))
      let number = try GGUFFile(path: folder + "direct.gguf").metadata.int("general.file_type")
      #expect(number.flatMap(GGUFFileType.name) == type.rawValue)
    }
  }

  @Test("Folders that are no model of the family are refused with the cause") func refusals() throws {
    typealias Change = (inout TestCheckpoint) -> Void
    let cases: [(String, Change)] = [
      ("\"model.norm.weight\" is missing", { $0.tensors.removeAll { $0.name == "model.norm.weight" } }),
      ("\"lm_head.weight\" is missing", { $0.configuration["tie_word_embeddings"] = false }),
      ("belongs to none of the 1 layers", { $0.tensors.append(TestTensor("model.layers.1.mlp.up_proj.weight", [4])) }),
      ("[16, 32], but the configuration needs [20, 32]", { $0.configuration["vocab_size"] = 20 }),
      ("\"mamba\" are not supported", { $0.configuration["model_type"] = "mamba" }),
      ("is quantised (\"gptq\")", { $0.configuration["quantization_config"] = ["quant_method": "gptq"] }),
      ("NTK", { $0.configuration["rope_scaling"] = ["rope_type": "dynamic", "factor": 4.0] }),
      ("\"num_hidden_layers\" is 2000000", { $0.configuration["num_hidden_layers"] = 2_000_000 }),
      ("does not have: \"model.norm.bias\"", { $0.tensors.append(TestTensor("model.norm.bias", [32])) }),
    ]
    for (message, change) in cases {
      try withTemporaryFolder { folder in
        var checkpoint = TestCheckpoint()
        change(&checkpoint)
        try checkpoint.write(to: folder)
        let error = conversionError { () throws(ConversionError) in
          _ = try ModelConversion().run(directory: folder, output: folder + "out.gguf")
        }
        #expect(try #require(error).description.contains(message))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 2)
      }
    }
  }

  @Test("Values that are not finite are refused with their place; too large ones are counted") func values() throws {
    try withTemporaryFolder { folder in
      var checkpoint = TestCheckpoint()
      let index = try #require(checkpoint.tensors.firstIndex { $0.name.hasSuffix("down_proj.weight") })
      checkpoint.tensors[index].values[64 * 3 + 5] = 70_000
      checkpoint.tensors[index].values[64 * 3 + 6] = -65_520
      checkpoint.tensors[index].values[64 * 3 + 7] = 65_519
      try checkpoint.write(to: folder)
      var conversion = ModelConversion()
      conversion.fileType = .f16
      let summary = try conversion.run(directory: folder, output: folder + "out.gguf")
      #expect(summary.overflows == 2)
      let written = try #require(try GGUFFile(path: folder + "out.gguf").tensor("blk.0.ffn_down.weight"))
      let row = (0..<64).map { written.file.bytes[written.offset + 2 * (64 * 3 + $0) + 1] }
      // 65504 is 0x7BFF; its negative has the upper bit set.
      #expect(row[5] == 0x7B && row[6] == 0xFB && row[7] == 0x7B)
      #expect(summary.warnings.contains { $0.contains("\"blk.0.ffn_down.weight\"") && $0.contains("BF16") })

      checkpoint.tensors[index].values[64 * 3 + 7] = .nan
      try checkpoint.write(to: folder)
      let error = conversionError { () throws(ConversionError) in
        _ = try conversion.run(directory: folder, output: folder + "nan.gguf")
      }
      let message = try #require(error).description
      #expect(message.contains("blk.0.ffn_down.weight") && message.contains("row 3, column 7"))
    }
  }
}
