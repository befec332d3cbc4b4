import StoaFormats
import StoaTestSupport
import Testing

@testable import StoaConversion

@Suite struct ImportanceMatrixTests {
  private func legacy() throws -> [UInt8] { try contents(OracleData.fixture("conversion/legacy.imatrix")) }

  @Test("A file cut anywhere is refused or read without its tail") func truncated() throws {
    let bytes = try legacy()
    try withTemporaryFolder { folder in
      for length in Array(0..<200) + stride(from: 200, to: bytes.count, by: 97) {
        try write(bytes[..<length], to: folder + "x")
        let error = conversionError { () throws(ConversionError) in _ = try ImportanceMatrix(path: folder + "x") }
        // The dataset's name and the number of chunks at the end may be absent.
        if length < bytes.count - 23 { #expect(error != nil, "\(length) bytes") }
      }
    }
  }

  @Test("Counts and lengths that nothing could hold are refused") func impossible() throws {
    let bytes = try legacy()
    try withTemporaryFolder { folder in
      for offset in [0, 4] + Array(8..<60) {
        for value: Int32 in [-1, .max, .min, 1 << 30] {
          var changed = bytes
          changed.replaceSubrange(offset..<offset + 4, with: littleEndian(value))
          try write(changed, to: folder + "x")
          // Any answer will do; what counts is that there is one.
          _ = try? ImportanceMatrix(path: folder + "x")
        }
      }
      for text in ["", "GGUF", "{}", "\u{0}\u{0}\u{0}\u{0}"] {
        try write(text.utf8, to: folder + "x")
        #expect(throws: ConversionError.self) { try ImportanceMatrix(path: folder + "x") }
      }
      // A model is no importance matrix.
      #expect(throws: ConversionError.self) { try ImportanceMatrix(path: OracleData.fixture("conversion/small.gguf")) }
    }
  }

  @Test("A matrix of another model is refused") func mismatch() throws {
    try withTemporaryFolder { folder in
      var writer = GGUFWriter(metadata: try GGUFFile(path: OracleData.fixture("conversion/small.gguf")).metadata)
      try writer.addTensor("blk.0.attn_q.weight", shape: [2, 512], values: TestTensor("q", [2, 512]).values)
      try writer.write(to: folder + "in.gguf")
      var quantization = GGUFQuantization(.q4_K_S)
      quantization.importance = try ImportanceMatrix(path: OracleData.fixture("conversion/legacy.imatrix"))
      let error = conversionError { () throws(ConversionError) in
        _ = try quantization.run(input: folder + "in.gguf", output: folder + "out.gguf")
      }
      #expect(try #require(error).description.contains("256 weights for tensor \"blk.0.attn_q.weight\""))
    }
  }
}
