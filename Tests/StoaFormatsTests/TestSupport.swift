import Foundation
import StoaTestSupport

@testable import StoaFormats

func fixture(_ name: String) -> String { OracleData.fixture("formats/" + name) }

/// The bytes of a file.
func contents(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }

/// The error that `body` throws, or nil.
func formatError(_ body: () throws(FormatError) -> Void) -> FormatError? {
  do throws(FormatError) {
    try body()
    return nil
  } catch {
    return error
  }
}

/// Calls `body` with a new folder, which is removed afterwards.
func withTemporaryFolder<R>(_ body: (String) throws -> R) throws -> R {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("stoa-" + UUID().uuidString)
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder.path + "/")
}

/// The bytes of tensor `seed` in the fixtures; see `Scripts/make_format_fixtures.py`.
func pattern(_ count: Int, seed: Int) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: 7 * $0 + 13 * seed) }
}

extension TensorInfo {
  /// A copy of the tensor's bytes.
  var contents: [UInt8] { file.array(byteRange) }
}

/// Builds GGUF headers byte by byte, also invalid ones.
struct HeaderBuilder {
  var bytes: [UInt8] = []

  init(version: UInt32 = 3, tensors: UInt64 = 0, pairs: UInt64 = 0) {
    bytes = Array("GGUF".utf8)
    add(version)
    add(tensors)
    add(pairs)
  }

  mutating func add<T: FixedWidthInteger>(_ value: T) {
    for shift in stride(from: 0, to: T.bitWidth, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
  }

  mutating func add(_ text: String) {
    add(UInt64(text.utf8.count))
    bytes.append(contentsOf: text.utf8)
  }

  mutating func pair(_ key: String, _ type: GGUFValueType) {
    add(key)
    add(type.rawValue)
  }

  mutating func tensor(_ name: String, dimensions: [UInt64], type: UInt32, offset: UInt64) {
    add(name)
    add(UInt32(dimensions.count))
    for dimension in dimensions { add(dimension) }
    add(type)
    add(offset)
  }

  /// Pads to the alignment and appends `count` bytes of data.
  mutating func data(_ count: Int, alignment: Int = 32) {
    while bytes.count % alignment != 0 { bytes.append(0) }
    bytes.append(contentsOf: pattern(count, seed: 0))
  }

  func parse() throws(FormatError) -> GGUFFile { try GGUFFile(file: MappedFile(contents: bytes, path: "test.gguf")) }
}
