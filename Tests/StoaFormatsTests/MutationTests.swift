import Foundation
import StoaTensor
import StoaTestSupport
import Testing

@testable import StoaFormats

/// Damaged files give an error or a valid model, never a crash. Run them under the address sanitiser, too:
/// `swift test --sanitize=address --filter MutationTests`.
@Suite struct MutationTests {
  /// What a reader makes of `bytes`: touches all that was found. False when it was refused.
  private func readGGUF(_ bytes: [UInt8]) -> Bool {
    let file: GGUFFile
    do throws(FormatError) {
      file = try GGUFFile(file: MappedFile(contents: bytes, path: "test.gguf"))
    } catch {
      #expect(!error.description.isEmpty)
      return false
    }
    for key in file.metadata.keys {
      guard case .array(let array) = file.metadata[key] else { continue }
      _ = array.ints
      if case .string(let strings) = array { #expect(strings.byteStrings.count == array.count) }
    }
    for tensor in file.tensors { check(tensor) }
    _ = file.quantizationName
    return true
  }

  private func readSafetensors(_ bytes: [UInt8]) -> Bool {
    do throws(FormatError) {
      let checkpoint = try SafetensorsCheckpoint(files: [MappedFile(contents: bytes, path: "test.safetensors")])
      for tensor in checkpoint.tensors { check(tensor) }
      return true
    } catch {
      #expect(!error.description.isEmpty)
      return false
    }
  }

  private func readJSON(_ bytes: [UInt8]) -> Bool {
    do throws(JSONError) {
      let value = try JSONValue(parsing: bytes.span)
      #expect((try? JSONValue(parsing: value.text())) == value)
      return true
    } catch {
      #expect(error.offset <= bytes.count)
      return false
    }
  }

  private func check(_ tensor: TensorInfo) {
    #expect(tensor.offset >= 0 && tensor.byteRange.upperBound <= tensor.file.count)
    #expect(tensor.contents.count == tensor.byteCount)
    #expect(tensor.shape.reduce(1, *) == tensor.elementCount)
    #expect(tensor.type.byteCount(elements: tensor.elementCount) == tensor.byteCount)
  }

  /// Values that overflow, wrap around or are just too large, for every length field and every byte in between.
  private static let lengths: [UInt64] = [
    .max, .max - 7, UInt64(Int64.max), UInt64(Int64.max) + 1, 1 << 32, 1 << 40, 1 << 61, (1 << 61) + 1, 0, 255, 65_536,
  ]

  private func replacing(_ bytes: [UInt8], at offset: Int, with value: UInt64, size: Int) -> [UInt8] {
    var bytes = bytes
    for index in 0..<min(size, bytes.count - offset) {
      bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index))
    }
    return bytes
  }

  @Test func truncations() throws {
    let gguf = try contents(fixture("fuzz.gguf"))
    // The last tensor ends 16 bytes before the padded end.
    let dataEnd = try #require(try GGUFFile(path: fixture("fuzz.gguf")).tensors.map { $0.byteRange.upperBound }.max())
    for count in 0..<gguf.count { #expect(readGGUF(Array(gguf[..<count])) == (count >= dataEnd)) }
    let safetensors = try contents(fixture("types.safetensors"))
    for count in 0..<safetensors.count { #expect(!readSafetensors(Array(safetensors[..<count]))) }
    let json = try contents(fixture("sharded/model.safetensors.index.json"))
    for count in 0..<json.count { #expect(!readJSON(Array(json[..<count]))) }
  }

  @Test func hugeLengths() throws {
    let gguf = try contents(fixture("fuzz.gguf"))
    #expect(readGGUF(gguf))
    for offset in 4..<gguf.count {
      for value in Self.lengths {
        _ = readGGUF(replacing(gguf, at: offset, with: value, size: 8))
        _ = readGGUF(replacing(gguf, at: offset, with: value, size: 4))
      }
    }
    let safetensors = try contents(fixture("types.safetensors"))
    for value in Self.lengths { #expect(!readSafetensors(replacing(safetensors, at: 0, with: value, size: 8))) }
  }

  @Test(arguments: 0..<8) func randomDamage(_ seed: UInt64) throws {
    var generator = SeededGenerator(state: seed)
    let files: [([UInt8], ([UInt8]) -> Bool)] = [
      (try contents(fixture("fuzz.gguf")), readGGUF),
      (try contents(fixture("split-00002-of-00003.gguf")), readGGUF),
      (try contents(fixture("types.safetensors")), readSafetensors),
      (try contents(fixture("sharded/model.safetensors.index.json")), readJSON),
    ]
    for (bytes, read) in files {
      for _ in 0..<400 {
        var damaged = bytes
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
          let index = Int.random(in: 0..<damaged.count, using: &generator)
          switch Int.random(in: 0..<4, using: &generator) {
          case 0: damaged[index] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
          case 1: damaged[index] = UInt8.random(in: 0...255, using: &generator)
          case 2: damaged.remove(at: index)
          default: damaged.insert(contentsOf: damaged[index..<min(index + 16, damaged.count)], at: index)
          }
          if damaged.isEmpty { damaged = [0] }
        }
        _ = read(damaged)
      }
    }
  }

  /// Bytes in the header that may take any value are few; a parser that checks nothing would accept most damage.
  @Test func mostDamageToAHeaderIsNoticed() throws {
    let bytes = try contents(fixture("types.safetensors"))
    var accepted = 0
    for index in 0..<400 {
      var damaged = bytes
      damaged[index] ^= 0x10
      if readSafetensors(damaged) { accepted += 1 }
    }
    #expect(accepted < 100)
  }
}
