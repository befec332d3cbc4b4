import Foundation
import StoaTensor
import StoaTestSupport
import Testing

@testable import StoaFormats

@Suite struct SafetensorsTests {
  @Test func everySupportedType() throws {
    let checkpoint = try SafetensorsCheckpoint(path: fixture("types.safetensors"))
    let expected: [(String, ElementType, String, Int)] = [
      ("f64", .f64, "F64", 8), ("f32", .f32, "F32", 4), ("f16", .f16, "F16", 2), ("bf16", .bf16, "BF16", 2),
      ("i64", .i64, "I64", 8), ("i32", .i32, "I32", 4), ("i16", .i16, "I16", 2), ("i8", .i8, "I8", 1),
      ("u8", .i8, "U8", 1), ("bool", .i8, "BOOL", 1),
    ]
    for (name, type, typeName, size) in expected {
      let tensor = try #require(checkpoint.tensor(name))
      #expect(tensor.type == type)
      #expect(tensor.typeName == typeName)
      #expect(tensor.shape == [2, 3])
      #expect(tensor.byteCount == 6 * size)
      // Element 5 is the number 5, and true in the tensor of truth values.
      let last = Array(tensor.contents.suffix(size))
      let value: [UInt8] =
        switch typeName {
        case "F64": [0, 0, 0, 0, 0, 0, 0x14, 0x40]
        case "F32": [0, 0, 0xA0, 0x40]
        case "F16": [0x00, 0x45]
        case "BF16": [0xA0, 0x40]
        case "BOOL": [1]
        default: [5] + [UInt8](repeating: 0, count: size - 1)
        }
      #expect(last == value)
    }
    #expect(checkpoint.tensor("scalar")?.shape == [])
    #expect(checkpoint.tensor("scalar")?.elementCount == 1)
    #expect(checkpoint.tensor("empty")?.shape == [0, 4])
    #expect(checkpoint.tensor("empty")?.byteCount == 0)
    #expect(checkpoint.metadata == ["note": "héllo"])
  }

  @Test func unsupportedTypesNameTheTensor() {
    let error = formatError { () throws(FormatError) in
      _ = try SafetensorsCheckpoint(path: fixture("e8m0.safetensors"))
    }
    #expect(error?.description.contains("tensor \"e8m0\" has the element type F8_E8M0") == true)
  }

  @Test(arguments: ["sharded", "sharded/", "sharded/model.safetensors.index.json"])
  func shardedCheckpoint(_ path: String) throws {
    let checkpoint = try SafetensorsCheckpoint(path: fixture(path))
    #expect(checkpoint.files.count == 2)
    #expect(checkpoint.tensors.count == 4)
    for shard in 0..<2 {
      for part in 0..<2 {
        let tensor = try #require(checkpoint.tensor("layer.\(shard).\(part)"))
        #expect(tensor.file.load(at: tensor.offset + 12, as: Float.self) == Float(10 * shard + part))
      }
    }
  }

  private static let indexCases: [(String, String)] = [
    (#"{"weight_map":{"layer.0.0":"../model-00001-of-00002.safetensors"}}"#, "is not a plain name"),
    (#"{"weight_map":{"layer.0.0":"/etc/passwd"}}"#, "is not a plain name"),
    (#"{"weight_map":{"layer.0.0":".."}}"#, "is not a plain name"),
    (#"{"weight_map":{"layer.0.0":"a\\b"}}"#, "is not a plain name"),
    (#"{"weight_map":{"layer.0.0":"a\u0000b"}}"#, "is not a plain name"),
    (#"{"weight_map":{"layer.0.0":""}}"#, "is not a plain name"),
    (#"{"weight_map":{"layer.0.0":1}}"#, "is a number"),
    (#"{"weight_map":[]}"#, "no \"weight_map\""),
    (#"{"weight_map":{"absent":"model-00001-of-00002.safetensors"}}"#, "is not in"),
    (#"{"weight_map":{"layer.0.0":"gone.safetensors"}}"#, "cannot be opened: No such file"),
    (
      #"{"weight_map":{"layer.0.0":"model-00001-of-00002.safetensors","layer.0.1":"copy.safetensors"}}"#, "another file"
    ),
    (#"{"weight_map":"#, "a value was expected"),
  ]

  @Test(arguments: indexCases) func faultyIndices(_ index: String, _ message: String) throws {
    try withTemporaryFolder { folder in
      for (from, to) in [("model-00001-of-00002", "model-00001-of-00002"), ("model-00001-of-00002", "copy")] {
        try FileManager.default.copyItem(
          atPath: fixture("sharded/\(from).safetensors"), toPath: folder + to + ".safetensors")
      }
      try Data(index.utf8).write(to: URL(fileURLWithPath: folder + "model.safetensors.index.json"))
      let text = index.replacingOccurrences(of: "\\\\", with: "\\")
      let error = formatError { () throws(FormatError) in _ = try SafetensorsCheckpoint(path: folder) }
      #expect(error?.description.contains(message) == true, "\(text): \(error?.description ?? "accepted")")
    }
  }

  @Test(arguments: [
    ("model.gguf", "give the path of that file"), ("pytorch_model.bin", "can run code when opened"),
    ("notes.txt", "Hugging Face"),
  ])
  func foldersWithoutACheckpoint(_ name: String, _ message: String) throws {
    try withTemporaryFolder { folder in
      try Data().write(to: URL(fileURLWithPath: folder + name))
      let error = formatError { () throws(FormatError) in _ = try SafetensorsCheckpoint(path: folder) }
      #expect(error?.description.contains(message) == true)
    }
  }

  // MARK: Faulty files

  private func refusal(_ header: String, dataCount: Int, length: UInt64? = nil) -> String {
    var builder = HeaderBuilder()
    builder.bytes = []
    builder.add(length ?? UInt64(header.utf8.count))
    builder.bytes += Array(header.utf8) + pattern(dataCount, seed: 0)
    let file = MappedFile(contents: builder.bytes, path: "test.safetensors")
    let error = formatError { () throws(FormatError) in _ = try SafetensorsCheckpoint(files: [file]) }
    return error?.description ?? "accepted"
  }

  private static let headerCases: [(String, Int, String)] = [
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 8, "accepted"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}      "#, 8, "accepted"),
    (#"{}"#, 0, "accepted"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 7, "the download is probably incomplete"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 9, "1 bytes after byte"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#, 12, "leaves a gap"),
    (
      #"{"a":{"dtype":"I8","shape":[8],"data_offsets":[0,8]},"b":{"dtype":"I8","shape":[8],"data_offsets":[4,12]}}"#,
      12, "overlaps"
    ),
    (
      #"{"a":{"dtype":"I8","shape":[8],"data_offsets":[0,8]},"b":{"dtype":"I8","shape":[8],"data_offsets":[0,8]}}"#,
      8, "overlaps"
    ),
    (
      #"{"a":{"dtype":"I8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"I8","shape":[1],"data_offsets":[0,1]}}"#,
      1, "occurs twice"
    ),
    (#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, 8, "need 12"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, 8, "invalid \"data_offsets\""),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}"#, 8, "invalid \"data_offsets\""),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}"#, 8, "invalid \"data_offsets\""),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8.0]}}"#, 8, "invalid \"data_offsets\""),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,9223372036854775807]}}"#, 8, "incomplete"),
    (#"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, 8, "no natural number"),
    (#"{"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}"#, 8, "no natural number"),
    (#"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}}"#, 8, "overflows"),
    (#"{"a":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,8]}}"#, 8, "overflows"),
    (#"{"a":{"dtype":"F32","shape":[4611686018427387904,4,0],"data_offsets":[0,0]}}"#, 0, "accepted"),
    (#"{"a":{"dtype":"Q4","shape":[2],"data_offsets":[0,8]}}"#, 8, "unknown element type"),
    (#"{"a":{"dtype":"U64","shape":[1],"data_offsets":[0,8]}}"#, 8, "not supported"),
    (#"{"a":{"shape":[2],"data_offsets":[0,8]}}"#, 8, "lacks"),
    (#"{"a":5}"#, 0, "lacks"),
    (#"{"__metadata__":{"a":1}}"#, 0, "holds a number"),
    (#"{"__metadata__":[]}"#, 0, "no JSON object"),
    (#"{"a":"#, 0, "not valid JSON"),
  ]

  @Test(arguments: headerCases) func headers(_ header: String, _ dataCount: Int, _ message: String) {
    #expect(refusal(header, dataCount: dataCount).contains(message))
  }

  @Test(arguments: [
    ("version https://git-lfs.github.com/spec/v1\noid sha256:0", "git lfs pull"), ("<html>log in</html>", "web page"),
    ("GGUF\u{3}\0\0\0\0\0\0\0\0\0\0\0", "this is a GGUF file"), ("", "the file is empty"),
    ("abc", "not a safetensors file"),
  ])
  func foreignFiles(_ text: String, _ message: String) {
    let file = MappedFile(contents: Array(text.utf8), path: "model.safetensors")
    let error = formatError { () throws(FormatError) in _ = try SafetensorsCheckpoint(files: [file]) }
    #expect(error?.description.contains(message) == true)
  }

  @Test func headerLengths() {
    #expect(refusal("{}", dataCount: 0, length: 3).contains("the header ends at byte 11, but the file has 10"))
    #expect(refusal("{}", dataCount: 0, length: 100_000_001).contains("100,000,000 are allowed"))
    #expect(refusal("{}", dataCount: 0, length: .max).contains("100,000,000 are allowed"))
    #expect(refusal("{}", dataCount: 0, length: 0).contains("not valid JSON"))
    #expect(refusal("[]", dataCount: 0).contains("not a safetensors file"))
  }

  // MARK: Reference data

  @Test(
    .oracle("models/safetensors_tensors"),
    arguments: [
      ("tensor-1d-int32", ElementType.i32, 1), ("tensor-2d-float64", .f64, 2), ("tensor-3d-float32", .f32, 3),
      ("tensor-4d-float32", .f32, 4),
    ])
  func referenceFiles(_ name: String, _ type: ElementType, _ dimensions: Int) throws {
    let checkpoint = try SafetensorsCheckpoint(path: OracleData.path("models/safetensors_tensors/\(name).safetensors"))
    let tensor = try #require(checkpoint.tensors.first)
    #expect(checkpoint.tensors.count == 1)
    #expect(tensor.type == type)
    #expect(tensor.shape.count == dimensions)
  }

  @Test(.oracle("models/tiny_hf2q_model")) func tinyModel() throws {
    let folder = OracleData.path("models/tiny_hf2q_model/tiny_model")
    let checkpoint = try SafetensorsCheckpoint(path: folder)
    let configuration = try HuggingFaceConfiguration(directory: folder)
    #expect(configuration.hiddenSize == 8)
    #expect(configuration.headDimension == 4)
    #expect(configuration.elementType == .f16)
    #expect(!checkpoint.tensors.isEmpty)
    let path = OracleData.path("models/tiny_hf2q_model/malformed/bad_config.json")
    let error = formatError { () throws(FormatError) in _ = try JSONValue(path: path) }
    #expect(error?.description == "\(path):1:3: a key in quotes was expected (byte 2)")
  }

  /// The same seed makes the same weights, in one file or in four.
  @Test(.oracle("models/generated_arch_dev/llama_sharded")) func shardedEqualsItself() throws {
    let checkpoint = try SafetensorsCheckpoint(path: OracleData.path("models/generated_arch_dev/llama_sharded"))
    let single = try SafetensorsCheckpoint(path: OracleData.path("models/generated_arch_dev/llama"))
    #expect(checkpoint.files.count == 4)
    #expect(Set(checkpoint.tensors.map { $0.name }) == Set(single.tensors.map { $0.name }))
    for tensor in checkpoint.tensors { #expect(tensor.shape == single.tensor(tensor.name)?.shape) }
  }
}
