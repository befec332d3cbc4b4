import Foundation
import StoaTensor
import Testing

@testable import StoaFormats

@Suite struct GGUFWriterTests {
  /// What Python's `gguf` wrote, copied by our writer, reads back equal.
  @Test(arguments: ["values.gguf", "tensors.gguf", "align64.gguf", "fuzz.gguf", "split-00001-of-00003.gguf"])
  func copiesOfReferenceFiles(_ name: String) throws {
    let original = try GGUFFile(path: fixture(name))
    var metadata = original.metadata
    for key in metadata.keys where key.hasPrefix("split.") { metadata[key] = nil }
    var writer = GGUFWriter(metadata: metadata, alignment: original.alignment)
    for tensor in original.tensors { try writer.addTensor(copying: tensor) }
    try withTemporaryFolder { folder in
      try writer.write(to: folder + "copy.gguf")
      let copy = try GGUFFile(path: folder + "copy.gguf")
      #expect(copy.metadata == metadata)
      #expect(copy.alignment == original.alignment)
      #expect(copy.tensors.map { $0.name } == original.tensors.map { $0.name })
      for (left, right) in zip(copy.tensors, original.tensors) {
        #expect(left.type == right.type)
        #expect(left.shape == right.shape)
        #expect(left.contents == right.contents)
      }
      // Of a file of version 3 that is not split, nothing differs at all.
      if original.files.count == 1 { #expect(try contents(folder + "copy.gguf") == contents(fixture(name))) }
    }
  }

  @Test func tensorsInPieces() throws {
    var writer = GGUFWriter(alignment: 128)
    writer.metadata["general.architecture"] = .string("llama")
    writer.metadata["empty"] = .array(.strings([]))
    writer.metadata["none"] = .array(.array([]))
    let values = (0..<3_000_000).map { Float($0) }
    try writer.addTensor("large", type: .f32, shape: [3, 1000, 1000]) { (sink) throws(FormatError) in
      for start in stride(from: 0, to: values.count, by: 70_000) {
        try sink.write(values.span.extracting(start..<min(start + 70_000, values.count)))
      }
    }
    try writer.addTensor("scalar", shape: [], values: [2.5])
    try withTemporaryFolder { folder in
      try writer.write(to: folder + "a.gguf")
      let file = try GGUFFile(path: folder + "a.gguf")
      #expect(file.alignment == 128)
      #expect(file.metadata.strings("empty") == [])
      #expect(file.metadata["none"] == .array(.array([])))
      let large = try #require(file.tensor("large"))
      #expect(large.shape == [3, 1000, 1000])
      #expect(large.offset % 128 == 0)
      #expect(file.tensor("scalar")?.shape == [])
      #expect(file.files[0].load(at: large.offset + 4 * 2_999_999, as: Float.self) == 2_999_999)
    }
  }

  @Test func nothingIsLeftOfAFailedFile() throws {
    try withTemporaryFolder { folder in
      try Data([1, 2, 3]).write(to: URL(fileURLWithPath: folder + "a.gguf"))
      for count in [15, 17] {
        var writer = GGUFWriter()
        try writer.addTensor("t", type: .f32, shape: [4], bytes: pattern(count, seed: 0))
        let error = formatError { () throws(FormatError) in try writer.write(to: folder + "a.gguf") }
        #expect(error?.description.contains(count == 15 ? "left out 1 bytes" : "more bytes than its shape") == true)
      }
      #expect(directoryContents(folder) == ["a.gguf"])
      #expect(try contents(folder + "a.gguf") == [1, 2, 3])
    }
  }

  @Test func refusesWhatTheFormatCannotHold() throws {
    var writer = GGUFWriter()
    try writer.addTensor("t", shape: [1], values: [1])
    let shapes: [(ElementType, [Int])] = [
      (.f32, [1, 1, 1, 1, 1]), (.f32, [0]), (.f32, [-1]), (.q4_K, [255]), (.q8_0, []), (.f32, [Int.max, 2]),
    ]
    for (type, shape) in shapes {
      #expect(
        formatError { () throws(FormatError) in try writer.addTensor("x", type: type, shape: shape, bytes: []) } != nil)
    }
    #expect(formatError { () throws(FormatError) in try writer.addTensor("t", shape: [1], values: [1]) } != nil)
    for alignment in [0, -32, 24, 1 << 32] {
      let writer = GGUFWriter(alignment: alignment)
      #expect(formatError { () throws(FormatError) in try writer.write(to: "/nonexistent/a.gguf") } != nil)
    }
    let missing = formatError { () throws(FormatError) in try GGUFWriter().write(to: "/nonexistent/a.gguf") }
    #expect(missing == .system(path: "/nonexistent/a.gguf", operation: "create", code: ENOENT))
  }
}
