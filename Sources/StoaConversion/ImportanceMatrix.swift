import StoaFormats
import StoaTensor

/// How much each column of a matrix matters: mean squares of the activations that meet it in calibration text.
///
/// Reads both formats of llama.cpp's `imatrix` tool: the older binary file and the newer GGUF file
/// (`common/imatrix-loader.cpp`, and `load_imatrix` in `tools/quantize/quantize.cpp`).
package struct ImportanceMatrix: Sendable {
  /// The file as it was given.
  package let path: String
  /// The calibration texts, as the file names them.
  package private(set) var datasets: [String] = []
  /// The chunks of text that were read; 0 when unknown.
  package private(set) var chunks = 0
  /// The number of tensors.
  package var count: Int { entries.count }

  private var entries: [String: [Float]] = [:]

  /// Reads a file of either format.
  package init(path: String) throws(ConversionError) {
    self.path = path
    let file = try converting { () throws(FormatError) in try MappedFile(path: path) }
    if ModelFileKind(file) == .gguf {
      try readGGUF(try converting { () throws(FormatError) in try GGUFFile(file: file) })
    } else {
      try readLegacy(file)
    }
    for (name, values) in entries where !values.allSatisfy({ $0.isFinite && $0 >= 0 }) {
      throw malformed("the values of tensor \(quoted(name)) are not all finite and positive")
    }
  }

  /// The weights of the columns of tensor `name`: one row for each of its expert matrices.
  package subscript(name: String) -> [Float]? { entries[name] }

  /// The metadata that a file quantised with this matrix carries, as the quantisation tool of llama.cpp writes it.
  var metadata: [(String, GGUFValue)] {
    // Texts are cut there at 127 bytes.
    func cut(_ text: String) -> GGUFValue {
      var bytes = Array(text.utf8.prefix(127))
      while String(validating: bytes, as: UTF8.self) == nil { bytes.removeLast() }
      return .string(String(decoding: bytes, as: UTF8.self))
    }
    var pairs: [(String, GGUFValue)] = [("quantize.imatrix.file", cut(path))]
    if let dataset = datasets.first { pairs.append(("quantize.imatrix.dataset", cut(dataset))) }
    pairs.append(("quantize.imatrix.entries_count", .u32(UInt32(clamping: count))))
    if chunks > 0 { pairs.append(("quantize.imatrix.chunks_count", .u32(UInt32(clamping: chunks)))) }
    return pairs
  }

  // MARK: GGUF

  private mutating func readGGUF(_ file: GGUFFile) throws(ConversionError) {
    let keys = ["imatrix.datasets", "imatrix.chunk_count", "imatrix.chunk_size"]
    guard keys.allSatisfy({ file.metadata[$0] != nil }) else {
      throw malformed("this GGUF file has not the keys \(keys.joined(separator: ", "))")
    }
    datasets = file.metadata.strings("imatrix.datasets") ?? []
    chunks = file.metadata.int("imatrix.chunk_count") ?? 0
    let suffix = ".in_sum2"
    for sums in file.tensors where sums.name.hasSuffix(suffix) {
      let name = String(sums.name.dropLast(suffix.count))
      guard let counts = file.tensor(name + ".counts") else {
        throw malformed("tensor \(quoted(sums.name)) has no counts beside it")
      }
      guard sums.type == .f32, counts.type == .f32, counts.elementCount > 0,
        sums.elementCount % counts.elementCount == 0
      else { throw malformed("the sums and counts of tensor \(quoted(name)) do not fit together") }
      var values = sums.floats
      let columns = values.count / counts.elementCount
      for (matrix, count) in counts.floats.enumerated() {
        // An expert that no text reached weighs all columns alike.
        let divisor = count.rounded(.toNearestOrAwayFromZero)
        for column in matrix * columns..<(matrix + 1) * columns {
          values[column] = divisor > 0 ? values[column] / divisor : 1
        }
      }
      entries[name] = values
    }
    if entries.isEmpty { throw malformed("the file holds no importance of any tensor") }
  }

  // MARK: The older format

  /// Count; for each entry its name's length, name, calls, number of values, values; then the chunks and the dataset's
  /// name with its length, which old files leave out. Little-endian, 32 bits each.
  private mutating func readLegacy(_ file: MappedFile) throws(ConversionError) {
    var reader = ByteReader(file: file)
    guard let count = reader.int(), count > 0 else {
      throw ConversionError.refused(
        path: path, problem: "this is no importance matrix", advice: "give a file that llama-imatrix has written")
    }
    for index in 0..<count {
      guard let length = reader.int(), let name = reader.text(length), let calls = reader.int(),
        let valueCount = reader.int(), valueCount > 0, var values = reader.floats(valueCount)
      else {
        throw malformed("entry \(grouped(index + 1)) of \(grouped(count)) is cut off or malformed")
      }
      if calls > 0 { for column in values.indices { values[column] /= Float(calls) } }
      entries[name] = values
    }
    if let chunks = reader.int() {
      self.chunks = max(0, chunks)
      if let length = reader.int(), length > 0, let dataset = reader.text(length) { datasets = [dataset] }
    }
  }

  private func malformed(_ problem: String) -> ConversionError {
    .refused(path: path, problem: problem, advice: "the file is damaged, or not an importance matrix: fetch it again")
  }
}

/// Reads little-endian numbers and texts from a mapped file; nil where the bytes end.
private struct ByteReader {
  let file: MappedFile
  private var offset = 0

  init(file: MappedFile) { self.file = file }

  private mutating func take(_ count: Int) -> Range<Int>? {
    guard count >= 0, count <= file.count - offset else { return nil }
    defer { offset += count }
    return offset..<offset + count
  }

  mutating func int() -> Int? {
    guard let range = take(4) else { return nil }
    return unsafe file.withBytes(range) { unsafe Int(Int32(littleEndian: $0.loadUnaligned(as: Int32.self))) }
  }

  /// Text up to its first zero byte.
  mutating func text(_ count: Int) -> String? {
    guard count < 1 << 16, let range = take(count) else { return nil }
    return unsafe file.withBytes(range) { unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }

  mutating func floats(_ count: Int) -> [Float]? {
    guard count <= file.count / 4, let range = take(4 * count) else { return nil }
    return file.floats(range)
  }
}

extension MappedFile {
  /// The little-endian numbers in `range`.
  func floats(_ range: Range<Int>) -> [Float] {
    unsafe withBytes(range) { bytes in
      (0..<range.count / 4).map { unsafe bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
    }
  }
}

extension TensorInfo {
  /// The values of an F32 tensor.
  var floats: [Float] { file.floats(byteRange) }
}
