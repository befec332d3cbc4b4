import Foundation
import StoaTestSupport
import Testing

@testable import StoaFormats

/// Files that must be refused, and what the message says.
@Suite struct GGUFRefusalTests {
  private func refusal(_ builder: HeaderBuilder) -> String {
    formatError { () throws(FormatError) in _ = try builder.parse() }?.description ?? "accepted"
  }

  private func refusal(_ bytes: [UInt8]) -> String {
    formatError { () throws(FormatError) in _ = try GGUFFile(file: MappedFile(contents: bytes, path: "test.gguf")) }?
      .description ?? "accepted"
  }

  private static let foreignCases: [([UInt8], String)] = [
    (Array("tjgg".utf8) + [3, 0, 0, 0], "a ggml file from before GGUF"),
    (Array("lmgg".utf8) + [3, 0, 0, 0], "a ggml file from before GGUF"),
    (Array("FUGG".utf8) + [0, 0, 0, 3], "big-endian"),
    (Array("GGUF".utf8) + [0, 0, 0, 3], "big-endian"),
    (Array("GGUF".utf8) + [1, 0, 0, 0, 1, 0, 0, 0], "version 1"),
    (Array("GGUF".utf8) + [4, 0, 0, 0], "GGUF version 4 is unknown"),
    (Array("GGUF".utf8) + [0, 0, 0, 0], "GGUF version 0 is unknown"),
    (Array("GGUF".utf8), "ends at byte 4"),
    ([0x50, 0x4B, 3, 4, 0, 0], "safetensors or GGUF"),
    ([0x80, 2, 0x8A, 0x0A], "Python pickle"),
    (Array("cbuiltins\nprint\n(Vowned\ntR.".utf8), "Python pickle"),
    (Array("(dp0\nS'a'\np1\n".utf8), "Python pickle"),
    (Array("(cos\nsystem\n".utf8), "Python pickle"),
    (Array("]q\0(cbuiltins\n".utf8), "Python pickle"),
    (Array("cat\nand dog\n".utf8), "this is not a GGUF file\nuse the model's safetensors or GGUF files"),
    ([0x93] + Array("NUMPY".utf8), "it can run code when opened"),
    (Array("\n<!DOCTYPE html><html>".utf8), "web page"),
    (Array("<HTML>".utf8), "web page"),
    (Array("version https://git-lfs.github.com/spec/v1\noid sha256:".utf8), "git lfs pull"),
    (Array("{\"error\":\"Not found\"}".utf8), "JSON text"),
    ([16, 0, 0, 0, 0, 0, 0, 0] + Array("{\"a\":1}         ".utf8), "a safetensors file"),
    ([UInt8](repeating: 0, count: 64), "nothing but zeros"),
    ([], "the file is empty"),
    ([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A], "HDF5"),
    (Array("hello world".utf8), "this is not a GGUF file"),
  ]

  @Test(arguments: foreignCases) func foreignFiles(_ bytes: [UInt8], _ message: String) {
    #expect(refusal(bytes).contains(message))
  }

  @Test func bigEndianFixture() {
    let error = formatError { () throws(FormatError) in _ = try GGUFFile(path: fixture("big-endian.gguf")) }
    #expect(error?.description.contains("big-endian") == true)
  }

  @Test func countsBeyondTheFile() {
    for count in [1, 1 << 20, UInt64(Int64.max), .max] {
      #expect(refusal(HeaderBuilder(tensors: count)).contains("tensors do not fit"))
      #expect(refusal(HeaderBuilder(pairs: count)).contains("metadata pairs do not fit"))
    }
    for (tensors, pairs) in [(UInt64(1_048_577), UInt64(0)), (0, 65_537)] {
      var builder = HeaderBuilder(tensors: tensors, pairs: pairs)
      builder.bytes += [UInt8](repeating: 0, count: 24 * 1_048_577)
      #expect(refusal(builder).contains("more than any model has"))
    }
    for type in GGUFValueType.allCases {
      for count in [1 << 20, UInt64(Int64.max), UInt64.max, UInt64.max / 2 + 2] {
        var builder = HeaderBuilder(pairs: 1)
        builder.pair("k", .array)
        builder.add(type.rawValue)
        builder.add(count)
        builder.bytes += [UInt8](repeating: 0, count: 64)
        #expect(refusal(builder).contains("do not fit"))
      }
    }
  }

  @Test func strings() {
    for length in [3, UInt64(Int64.max), .max] {
      var builder = HeaderBuilder(pairs: 1)
      builder.pair("k", .string)
      builder.add(length)
      builder.bytes += [0x61, 0x62]
      #expect(refusal(builder).contains("has a string of \(grouped(length)) bytes"))
    }
    var long = HeaderBuilder(pairs: 1)
    long.pair(String(repeating: "k", count: 65_536), .u8)
    long.bytes.append(1)
    #expect(refusal(long).contains("65,536 bytes"))
    var empty = HeaderBuilder(pairs: 1)
    empty.pair("", .u32)
    empty.add(UInt32(1))
    #expect(refusal(empty).contains("has 0 bytes"))
  }

  @Test func values() {
    var twice = HeaderBuilder(pairs: 2)
    for _ in 0..<2 {
      twice.pair("k", .u32)
      twice.add(UInt32(1))
    }
    #expect(refusal(twice).contains("\"k\" occurs twice"))

    var truth = HeaderBuilder(pairs: 1)
    truth.pair("key", .bool)
    truth.bytes.append(2)
    #expect(refusal(truth).contains("a truth value of 2"))

    var unknown = HeaderBuilder(pairs: 1)
    unknown.add("key")
    unknown.add(UInt32(13))
    unknown.add(UInt64(0))
    #expect(refusal(unknown).contains("unknown type 13"))

    var wide = HeaderBuilder(pairs: 1)
    wide.pair("key", .array)
    wide.add(GGUFValueType.array.rawValue)
    wide.add(UInt64(70_000))
    wide.bytes += [UInt8](repeating: 0, count: 12 * 70_000)
    #expect(refusal(wide).contains("65,536 arrays in arrays"))

    var nested = HeaderBuilder(pairs: 1)
    nested.pair("key", .array)
    for _ in 0..<1000 {
      nested.add(GGUFValueType.array.rawValue)
      nested.add(UInt64(1))
    }
    #expect(refusal(nested).contains("more than 8 levels"))
  }

  @Test func alignments() {
    for alignment: UInt32 in [0, 3, 48, .max] {
      var builder = HeaderBuilder(pairs: 1)
      builder.pair("general.alignment", .u32)
      builder.add(alignment)
      #expect(refusal(builder).contains("must be a power of two"))
    }
    var wide = HeaderBuilder(pairs: 1)
    wide.pair("general.alignment", .u64)
    wide.add(UInt64(32))
    #expect(refusal(wide).contains("must be u32"))
    // The largest alignment there is, with data that would start far beyond the file.
    var largest = HeaderBuilder(tensors: 1, pairs: 1)
    largest.pair("general.alignment", .u32)
    largest.add(UInt32(1) << 31)
    largest.tensor("t", dimensions: [1], type: 0, offset: 0)
    #expect(refusal(largest).contains("ends at byte 2,147,483,652, but the file has"))
  }

  private static let tensorCases: [([UInt64], UInt32, UInt64, String)] = [
    ([1, 1, 1, 1, 1], 0, 0, "has 5 dimensions"),
    ([4, 0], 0, 0, "has a dimension of 0"),
    ([UInt64.max], 0, 0, "has a dimension of 18,446,744,073,709,551,615"),
    ([1 << 32, 1 << 32], 0, 0, "overflows"),
    ([1 << 62], 0, 0, "overflows"),
    ([33], 8, 0, "needs multiples of 32"),
    ([16, 2], 2, 0, "needs multiples of 32"),
    ([], 8, 0, "needs multiples of 32"),
    ([4], 4, 0, "retired element type 4"),
    ([4], 31, 0, "retired element type 31"),
    ([4], 36, 0, "retired element type 36"),
    ([4], 99, 0, "unknown element type 99"),
    ([4], 0, 16, "no multiple of the alignment 32"),
    ([4], 0, 1 << 63, "impossible offset"),
    ([4], 0, (1 << 63) - 32, "beyond any possible file"),
    ([4], 0, 64, "ends at byte 144, but the file has 96\nthe download is probably incomplete"),
    ([1 << 40], 0, 0, "the download is probably incomplete"),
  ]

  @Test(arguments: tensorCases) func tensors(
    _ dimensions: [UInt64], _ type: UInt32, _ offset: UInt64, _ message: String
  ) {
    var builder = HeaderBuilder(tensors: 1)
    builder.tensor("t", dimensions: dimensions, type: type, offset: offset)
    builder.data(32)
    #expect(refusal(builder).contains(message))
  }

  @Test func aTensorWithoutDimensionsIsAScalar() throws {
    var builder = HeaderBuilder(tensors: 1)
    builder.tensor("t", dimensions: [], type: 0, offset: 0)
    builder.data(4)
    let tensor = try #require(try builder.parse().tensor("t"))
    #expect(tensor.shape.isEmpty)
    #expect(tensor.elementCount == 1)
    #expect(tensor.contents == pattern(4, seed: 0))
  }

  @Test func tensorsShareNeitherNameNorBytes() {
    var twice = HeaderBuilder(tensors: 2)
    twice.tensor("t", dimensions: [4], type: 0, offset: 0)
    twice.tensor("t", dimensions: [4], type: 0, offset: 32)
    twice.data(64)
    #expect(refusal(twice).contains("tensor \"t\" occurs twice"))

    var overlapping = HeaderBuilder(tensors: 2)
    overlapping.tensor("a", dimensions: [4], type: 0, offset: 32)
    overlapping.tensor("b", dimensions: [9], type: 0, offset: 0)
    overlapping.data(64)
    #expect(refusal(overlapping).contains("\"b\" and \"a\" overlap"))

    // A name that would drive a terminal.
    var hostile = HeaderBuilder(tensors: 1)
    hostile.tensor("\u{1B}[2J", dimensions: [0], type: 0, offset: 0)
    #expect(refusal(hostile).contains("tensor \"\\u{1b}[2J\" has a dimension of 0"))
  }

  @Test(
    .oracle("models/modelaudit_assets"),
    arguments: [
      ("pickles/evil.pickle", "Python pickle"), ("pickles/malicious_system_call.pkl", "Python pickle"),
      ("pickles/decode_exec_chain.pkl", "Python pickle"), ("pickles/dill_func.pkl", "Python pickle"),
      ("pytorch/malicious_eval.pt", "PyTorch checkpoint"), ("pytorch/safe_model.pt", "PyTorch checkpoint"),
      ("pipeline.skops", "zip archive"), ("archives/path_traversal.zip", "zip archive"),
      ("keras/malicious_lambda.h5", "HDF5"), ("tensorflow/malicious_pyfunc/saved_model.pb", "not a GGUF file"),
    ])
  func modelsThatRunCode(_ name: String, _ message: String) {
    let path = OracleData.path("models/modelaudit_assets/samples/" + name)
    let gguf = formatError { () throws(FormatError) in _ = try GGUFFile(path: path) }
    #expect(gguf?.description.contains(message) == true)
    let safetensors = formatError { () throws(FormatError) in _ = try SafetensorsCheckpoint(path: path) }
    #expect(safetensors != nil)
  }
}
