import Foundation
import StoaTensor
import StoaTestSupport
import Testing

@testable import StoaFormats

/// Files that Python's `gguf` wrote.
@Suite struct GGUFReadingTests {
  @Test func everyValueType() throws {
    let file = try GGUFFile(path: fixture("values.gguf"))
    let expected: [(String, GGUFValue, GGUFValue, GGUFArray)] = [
      ("u8", .u8(0), .u8(.max), .u8([0, .max])),
      ("i8", .i8(.min), .i8(.max), .i8([.min, .max])),
      ("u16", .u16(0), .u16(.max), .u16([0, .max])),
      ("i16", .i16(.min), .i16(.max), .i16([.min, .max])),
      ("u32", .u32(0), .u32(.max), .u32([0, .max])),
      ("i32", .i32(.min), .i32(.max), .i32([.min, .max])),
      ("u64", .u64(0), .u64(.max), .u64([0, .max])),
      ("i64", .i64(.min), .i64(.max), .i64([.min, .max])),
      ("f32", .f32(-0.5), .f32(.greatestFiniteMagnitude), .f32([-0.5, .greatestFiniteMagnitude])),
      ("f64", .f64(0.1), .f64(.greatestFiniteMagnitude), .f64([0.1, .greatestFiniteMagnitude])),
      ("bool", .bool(false), .bool(true), .bool([false, true])),
      ("string", .string(""), .string("héllo 🌍"), .strings(["", "héllo 🌍"])),
    ]
    #expect(file.version == 3)
    #expect(file.alignment == 32)
    #expect(file.tensors.isEmpty)
    for (name, low, high, array) in expected {
      #expect(file.metadata["low.\(name)"] == low)
      #expect(file.metadata["high.\(name)"] == high)
      #expect(file.metadata["array.\(name)"] == .array(array))
    }
    #expect(file.metadata["array.array"] == .array(.array([.i32([1, 2, 3]), .i32([-4])])))
    #expect(file.metadata.keys.prefix(4) == ["general.architecture", "low.u8", "high.u8", "array.u8"])
    #expect(file.metadata.count == 39)
  }

  @Test func typedAccess() throws {
    let metadata = try GGUFFile(path: fixture("values.gguf")).metadata
    #expect(metadata.string("general.architecture") == "llama")
    #expect(metadata.int("high.u32") == 4_294_967_295)
    #expect(metadata.int("low.i64") == Int.min)
    #expect(metadata.int("high.u64") == nil)
    #expect(metadata.int("low.f32") == nil)
    #expect(metadata.double("low.f32") == -0.5)
    #expect(metadata.double("high.u8") == 255)
    #expect(metadata.bool("high.bool") == true)
    #expect(metadata.ints("array.i8") == [-128, 127])
    #expect(metadata.ints("array.u64") == nil)
    #expect(metadata.floats("array.f32")?.first == -0.5)
    #expect(metadata.strings("array.string") == ["", "héllo 🌍"])
    #expect(metadata.string("absent") == nil)
    // Parts of characters keep their bytes.
    #expect(metadata.byteStrings("tokenizer.ggml.tokens") == [[0x61], [0xC3], [0xF0, 0x9F], [0xC3, 0xA9], []])
    #expect(metadata.strings("tokenizer.ggml.tokens") == ["a", "\u{FFFD}", "\u{FFFD}", "é", ""])
  }

  @Test(arguments: ElementType.allCases) func everyTensorType(_ type: ElementType) throws {
    let file = try GGUFFile(path: fixture("tensors.gguf"))
    #expect(file.tensors.count == ElementType.allCases.count)
    let tensor = try #require(file.tensor("tensor." + type.name))
    let columns = type.blockSize > 1 ? 2 * type.blockSize : 3
    #expect(tensor.type == type)
    #expect(tensor.typeName == type.name)
    #expect(tensor.shape == [2, columns])
    #expect(tensor.elementCount == 2 * columns)
    #expect(tensor.offset % 32 == 0)
    #expect(tensor.contents == pattern(2 * columns / type.blockSize * type.bytesPerBlock, seed: Int(type.rawValue)))
  }

  @Test(arguments: [("align64.gguf", 3), ("version2.gguf", 2)]) func shapesAndAlignment(
    _ name: String, _ version: Int
  ) throws {
    let file = try GGUFFile(path: fixture(name))
    #expect(file.version == version)
    #expect(file.alignment == 64)
    #expect(file.quantizationName == "Q4_K_M")
    let shapes = [[5], [2, 3], [2, 3, 4], [2, 3, 4, 5]]
    #expect(file.tensors.map { $0.shape } == shapes)
    for (seed, tensor) in file.tensors.enumerated() {
      #expect(tensor.offset % 64 == 0)
      #expect(tensor.contents == pattern(4 * shapes[seed].reduce(1, *), seed: seed))
    }
  }

  @Test(arguments: 1...3) func splitModelFromAnyPart(_ part: Int) throws {
    let file = try GGUFFile(path: fixture("split-0000\(part)-of-00003.gguf"))
    #expect(file.files.count == 3)
    #expect(file.tensors.map { $0.name } == ["t0", "t1", "t2", "t3", "t4"])
    #expect(file.metadata.string("general.architecture") == "llama")
    for seed in 0..<5 { #expect(file.tensor("t\(seed)")?.contents == pattern(16, seed: seed)) }
  }

  @Test func splitModelWithoutAPart() throws {
    try withTemporaryFolder { folder in
      for part in [1, 3] {
        let name = "split-0000\(part)-of-00003.gguf"
        try FileManager.default.copyItem(atPath: fixture(name), toPath: folder + name)
      }
      let error = formatError { () throws(FormatError) in
        _ = try GGUFFile(path: folder + "split-00001-of-00003.gguf")
      }
      #expect(error?.description.contains("part 2 of 3 of the model cannot be opened: No such file") == true)
      // A part under the number of another.
      try FileManager.default.copyItem(
        atPath: fixture("split-00003-of-00003.gguf"), toPath: folder + "split-00002-of-00003.gguf")
      let wrong = formatError { () throws(FormatError) in
        _ = try GGUFFile(path: folder + "split-00001-of-00003.gguf")
      }
      #expect(wrong?.description.contains("this is not part 2 of 3") == true)
      // A part that was renamed.
      try FileManager.default.copyItem(
        atPath: fixture("split-00001-of-00003.gguf"), toPath: folder + "renamed.gguf")
      let renamed = formatError { () throws(FormatError) in _ = try GGUFFile(path: folder + "renamed.gguf") }
      #expect(renamed?.description.contains("-00001-of-00003.gguf") == true)
    }
  }

  /// Parts that belong together by their numbers, but not by their tensors.
  @Test(arguments: [
    (["a", "b"], 2, "accepted"), (["a", "a"], 2, "tensor \"a\" is also in another part"),
    (["a", "b"], 3, "\"split.tensors.count\" is 3, but the parts hold 2 tensors"),
  ])
  func splitModelWithFaultyParts(_ names: [String], _ announced: Int32, _ message: String) throws {
    try withTemporaryFolder { folder in
      for (number, name) in names.enumerated() {
        var writer = GGUFWriter()
        writer.metadata["split.no"] = .u16(UInt16(number))
        writer.metadata["split.count"] = .u16(2)
        writer.metadata["split.tensors.count"] = .i32(announced)
        try writer.addTensor(name, shape: [1], values: [1])
        try writer.write(to: folder + "m-0000\(number + 1)-of-00002.gguf")
      }
      let error = formatError { () throws(FormatError) in _ = try GGUFFile(path: folder + "m-00001-of-00002.gguf") }
      let outcome = error?.description ?? "accepted"
      #expect(outcome.contains(message))
    }
  }

  @Test func quantizationNames() throws {
    // Without `general.file_type`, the type that fills most bytes.
    var writer = GGUFWriter()
    try writer.addTensor("a", type: .q8_0, shape: [64, 32], bytes: pattern(64 * 34, seed: 0))
    try writer.addTensor("b", shape: [32], values: Array(repeating: 1, count: 32))
    try withTemporaryFolder { folder in
      try writer.write(to: folder + "a.gguf")
      #expect(try GGUFFile(path: folder + "a.gguf").quantizationName == "Q8_0")
    }
    #expect(try GGUFFile(path: fixture("values.gguf")).quantizationName == nil)
    #expect(GGUFFileType.name(15) == "Q4_K_M")
    #expect(GGUFFileType.name(33) == nil)
  }

  // MARK: Reference data

  /// Counts that Python's `gguf` finds.
  @Test(
    .oracle("tokenizers/ggml-vocab"),
    arguments: [
      ("bert-bge", 30522, "[PAD]"), ("falcon", 65024, ">>TITLE<<"), ("gpt-2", 50257, "!"),
      ("llama-bpe", 128256, "!"), ("llama-spm", 32000, "<unk>"), ("qwen2", 151936, "!"),
    ])
  func vocabularies(_ name: String, _ count: Int, _ first: String) throws {
    let file = try GGUFFile(path: OracleData.path("tokenizers/ggml-vocab/ggml-vocab-\(name).gguf"))
    let tokens = try #require(file.metadata.texts("tokenizer.ggml.tokens"))
    #expect(tokens.count == count)
    #expect(tokens[0] == first)
    #expect(file.metadata.ints("tokenizer.ggml.token_type")?.count == count)
  }

  /// The same trained weights as GGUF and as safetensors: feed-forward and embedding are equal to the bit.
  @Test(.oracle("models/derived_stories260K_gguf")) func storiesEqualsItsSafetensors() throws {
    let gguf = try GGUFFile(path: OracleData.path("models/derived_stories260K_gguf/stories260K-F32.gguf"))
    let checkpoint = try SafetensorsCheckpoint(path: OracleData.path("models/derived_stories260K_hf"))
    var pairs = [("token_embd.weight", "model.embed_tokens.weight"), ("output_norm.weight", "model.norm.weight")]
    for layer in 0..<5 {
      pairs.append(("blk.\(layer).ffn_up.weight", "model.layers.\(layer).mlp.up_proj.weight"))
      pairs.append(("blk.\(layer).ffn_down.weight", "model.layers.\(layer).mlp.down_proj.weight"))
      pairs.append(("blk.\(layer).attn_v.weight", "model.layers.\(layer).self_attn.v_proj.weight"))
    }
    for (left, right) in pairs {
      let left = try #require(gguf.tensor(left))
      let right = try #require(checkpoint.tensor(right))
      #expect(left.shape == right.shape)
      #expect(left.contents == right.contents)
    }
    #expect(gguf.tensors.count == 47)
    for (name, type) in [("F16", ElementType.f16), ("Q8_0", .q8_0)] {
      let other = try GGUFFile(path: OracleData.path("models/derived_stories260K_gguf/stories260K-\(name).gguf"))
      #expect(other.quantizationName == name)
      #expect(other.tensor("blk.0.ffn_up.weight")?.type == type)
      #expect(other.tensors.map { $0.shape } == gguf.tensors.map { $0.shape })
    }
  }
}
