import Foundation
import StoaFormats
import StoaTensor
import StoaTestSupport
import Synchronization
import Testing

@testable import StoaConversion

/// Expectations are files that llama.cpp wrote; see `Scripts/make_conversion_fixtures.py`.
@Suite struct QuantizationTests {
  private static func path(_ name: String) -> String { OracleData.fixture("conversion/" + name) }

  private func expected() throws -> JSONValue { try JSONValue(path: Self.path("expected.json")) }

  @Test("Files are those of llama.cpp, to the byte", arguments: FileType.allCases)
  func files(type: FileType) throws {
    let digests = try #require(try expected()["files"])
    try withTemporaryFolder { folder in
      let quantization = GGUFQuantization(type)
      guard let reference = digests[type.rawValue]?.stringValue else {
        // llama.cpp refuses it too.
        #expect(type == .q2_K_S)
        #expect(throws: ConversionError.self) {
          try quantization.run(input: Self.path("small.gguf"), output: folder + "x.gguf")
        }
        return
      }
      for threads in [1, 3] {
        var options = OutputOptions()
        options.threads = threads
        options.replaces = true
        _ = try quantization.run(input: Self.path("small.gguf"), output: folder + "x.gguf", options: options)
        #expect(digest(try contents(folder + "x.gguf")) == reference, "\(threads) threads")
      }
    }
  }

  @Test(
    "Importance matrices weigh columns as in llama.cpp", arguments: ["legacy.imatrix", "gguf.imatrix"],
    FileType.allCases)
  func importance(name: String, type: FileType) throws {
    let reference = try expected()["importance"]?[name]?[type.rawValue]?.stringValue
    var quantization = GGUFQuantization(type)
    let matrix = try ImportanceMatrix(path: Self.path(name))
    #expect(matrix.chunks == 42 && matrix.datasets == ["calibration.txt"])
    quantization.importance = matrix
    try withTemporaryFolder { folder in
      let summary = try quantization.run(input: Self.path("small.gguf"), output: folder + "x.gguf")
      #expect(summary.warnings.allSatisfy { !$0.contains("without weights") })
      #expect(digest(try tensorBytes(folder + "x.gguf")) == reference)
      let metadata = try GGUFFile(path: folder + "x.gguf").metadata
      #expect(metadata.int("quantize.imatrix.entries_count") == matrix.count)
      #expect(metadata.int("quantize.imatrix.chunks_count") == 42)
    }
  }

  @Test("Every tensor gets the type that llama.cpp gives it") func types() throws {
    for entry in try expected()["types"]?.arrayValue ?? [] {
      let model = try #require(entry["model"])
      let shapes = Self.shapes(model).sorted { TensorTypeSelector.order($0.name, $1.name) }
      #expect(shapes.count == entry["tensors"]?.intValue)
      var sizes = ModelSizes(architecture: model["architecture"]?.stringValue ?? "llama")
      sizes.layers = model["layers"]?.intValue ?? 0
      sizes.heads = model["heads"]?.intValue ?? 4
      sizes.keyValueHeads = model["kv_heads"]?.intValue ?? 4
      sizes.experts = model["experts"]?.intValue ?? 0
      for (name, letters) in try #require(entry["types"]?.objectValue) {
        let type = try #require(FileType(rawValue: name))
        var selector = TensorTypeSelector(
          type, sizes: sizes, options: TensorTypeOptions(), hasImportance: false, tensors: shapes.map(\.name))
        var result = ""
        for (name, shape) in shapes {
          let isMatrix = shape.count > 1 && !name.contains("gate_inp")
          let chosen = selector.type(of: name, shape: shape, current: isMatrix ? .f16 : .f32)
          result.unicodeScalars.append(try #require(Unicode.Scalar(65 + chosen.rawValue)))
        }
        #expect(result == letters.stringValue, "\(model.text()) \(name)")
      }
    }
  }

  /// The tensors of the models in `make_conversion_fixtures.py`.
  private static func shapes(_ model: JSONValue) -> [(name: String, shape: [Int])] {
    let columns = model["columns"]?.intValue ?? 256
    let experts = model["experts"]?.intValue
    var result = [("token_embd.weight", [2, columns]), ("output_norm.weight", [columns])]
    if model["tied"] == nil { result.append(("output.weight", [2, columns])) }
    for layer in 0..<(model["layers"]?.intValue ?? 0) {
      let isFused = model["architecture"]?.stringValue == "falcon"
      result.append(("blk.\(layer).attn_norm.weight", [columns]))
      for part in (isFused ? ["attn_qkv"] : ["attn_q", "attn_k", "attn_v"]) + ["attn_output"] {
        result.append(("blk.\(layer).\(part).weight", [2, columns]))
      }
      if let experts { result.append(("blk.\(layer).ffn_gate_inp.weight", [experts, columns])) }
      let (suffix, outer) = experts.map { ("_exps", [$0]) } ?? ("", [])
      result.append(("blk.\(layer).ffn_up\(suffix).weight", outer + [2, columns]))
      result.append(("blk.\(layer).ffn_down\(suffix).weight", outer + [2, model["down_columns"]?.intValue ?? columns]))
    }
    return result
  }

  @Test("Types of particular tensors, and a pure file") func options() throws {
    try withTemporaryFolder { folder in
      var quantization = GGUFQuantization(.q4_K_M)
      quantization.types.output = .f16
      quantization.types.embedding = .q8_0
      _ = try quantization.run(input: Self.path("small.gguf"), output: folder + "a.gguf")
      let file = try GGUFFile(path: folder + "a.gguf")
      #expect(file.tensor("output.weight")?.type == .f16)
      #expect(file.tensor("token_embd.weight")?.type == .q8_0)
      quantization = GGUFQuantization(.q4_K_M)
      quantization.types.isPure = true
      let summary = try quantization.run(input: Self.path("small.gguf"), output: folder + "b.gguf")
      // Rows of the down projections have 288 values.
      #expect(summary.tensors == ["F32": 4, "Q4_K": 17, "Q5_0": 3])
      #expect(summary.fallbacks == 3)
    }
  }

  @Test("What is quantised already is refused unless that is wanted") func requantizing() throws {
    try withTemporaryFolder { folder in
      _ = try GGUFQuantization(.q8_0).run(input: Self.path("small.gguf"), output: folder + "q8.gguf")
      var quantization = GGUFQuantization(.q4_0)
      let error = conversionError { () throws(ConversionError) in
        _ = try quantization.run(input: folder + "q8.gguf", output: folder + "q4.gguf")
      }
      #expect(try #require(error).description.contains("--allow-requantize"))
      quantization.allowsRequantizing = true
      _ = try quantization.run(input: folder + "q8.gguf", output: folder + "q4.gguf")
      // The same type again copies.
      _ = try GGUFQuantization(.q8_0).run(input: folder + "q8.gguf", output: folder + "again.gguf")
      #expect(try contents(folder + "again.gguf") == contents(folder + "q8.gguf"))
    }
  }

  @Test("Split models are read whole, whichever part is given") func split() throws {
    let folder = OracleData.fixture("models/gguf_split")
    try withTemporaryFolder { temporary in
      for part in [1, 3] {
        _ = try GGUFQuantization(.f16).run(
          input: folder + "/model-0000\(part)-of-00004.gguf", output: temporary + "\(part).gguf")
      }
      #expect(try contents(temporary + "1.gguf") == contents(temporary + "3.gguf"))
      let file = try GGUFFile(path: temporary + "1.gguf")
      #expect(file.metadata["split.count"] == nil)
      #expect(file.tensors.count == (try GGUFFile(path: folder + "/model-00001-of-00004.gguf")).tensors.count)
    }
  }

  @Test("Nothing is overwritten, and nothing is left behind") func outputs() throws {
    try withTemporaryFolder { folder in
      let input = folder + "in.gguf"
      try write(try contents(Self.path("small.gguf")), to: input)
      func run(_ output: String, _ change: (inout OutputOptions) -> Void = { _ in }) -> ConversionError? {
        var options = OutputOptions()
        change(&options)
        return conversionError { () throws(ConversionError) in
          _ = try GGUFQuantization(.q8_0).run(input: input, output: output, options: options)
        }
      }
      #expect(try #require(run(input) { $0.replaces = true }).description.contains("the model itself"))
      try write([1, 2, 3], to: folder + "out.gguf")
      #expect(run(folder + "out.gguf") == .outputExists(path: folder + "out.gguf"))
      #expect(
        run(folder + "out.gguf") {
          $0.isCancelled = { true }; $0.replaces = true
        } == .cancelled)
      #expect(try contents(folder + "out.gguf") == [1, 2, 3])
      let calls = Atomic<Int>(0)
      #expect(
        run(folder + "late.gguf") { $0.isCancelled = { calls.add(1, ordering: .relaxed).newValue > 9 } } == .cancelled)
      #expect(run(folder + "no/out.gguf") != nil)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["in.gguf", "out.gguf"])
      #expect(run(folder + "out.gguf") { $0.replaces = true } == nil)
    }
  }

  @Test("Progress ends at the size of the tensors") func progress() throws {
    try withTemporaryFolder { folder in
      let seen = Mutex<[(Int, Int)]>([])
      var options = OutputOptions()
      options.progress = { done, total in seen.withLock { $0.append((done, total)) } }
      let summary = try GGUFQuantization(.q8_0).run(
        input: Self.path("small.gguf"), output: folder + "x.gguf", options: options)
      let steps = seen.withLock { $0 }
      #expect(steps.last?.0 == summary.outputBytes && steps.last?.1 == summary.outputBytes)
      #expect(zip(steps, steps.dropFirst()).allSatisfy { $0.0 <= $1.0 })
    }
  }

  @Test("Very long rows are converted in parts, with the same result") func longRows() throws {
    let columns = 100_000
    let values = TestTensor("x", [2, columns]).values
    for type in [ElementType.f16, .q8_0, .f32] {
      let plan = TensorPlan(name: "x", shape: [2, columns], type: type, contents: .values(values))
      let converter = try RowConverter(plan)
      #expect(converter.units == 8)
      let stream = try PieceStream([converter], pool: try WorkerPool(threads: 2))
      stream.start()
      defer { stream.finish() }
      var bytes: [UInt8] = []
      while bytes.count < plan.byteCount ?? 0 {
        try stream.withNext { (_, piece) throws(ConversionError) in
          for index in piece.indices { bytes.append(piece[index]) }
        }
      }
      var whole = [UInt8](repeating: 0, count: bytes.count)
      try unsafe values.withUnsafeBufferPointer { values in
        try unsafe whole.withUnsafeMutableBytes {
          try unsafe BlockQuantizer.quantize(values, columns: columns, as: type, importance: nil, into: $0)
        }
      }
      #expect(bytes == whole)
    }
  }
}
