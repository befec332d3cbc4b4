import StoaFormats
import StoaTestSupport

@testable import StoaTokenizers

/// The tokenizers under `Tests/Fixtures/tokenizers` and what other implementations make of the texts there; see `make.py`.
struct Fixtures {
  let texts: [[UInt8]]
  private let expected: JSONValue
  let splits: JSONValue

  static func path(_ name: String) -> String { OracleData.fixture("tokenizers/\(name)") }

  init() throws {
    let texts = try JSONValue(path: Self.path("texts.json")).arrayValue ?? []
    self.texts = texts.map { ($0.arrayValue ?? []).map { UInt8($0.intValue ?? 0) } }
    expected = try JSONValue(path: Self.path("expected.json"))
    splits = try JSONValue(path: Self.path("splits.json"))
  }

  func ids(_ name: String) -> [[Int32]] {
    (expected[name]?.arrayValue ?? []).map { ($0.arrayValue ?? []).map { Int32($0.intValue ?? -1) } }
  }

  func decoded(_ name: String) -> [String] {
    (expected["\(name) decoded"]?.arrayValue ?? []).map { $0.stringValue ?? "" }
  }

  /// The tokenizer of a folder or a GGUF file.
  static func tokenizer(_ name: String) throws -> Tokenizer {
    name.hasSuffix(".gguf")
      ? try Tokenizer(gguf: GGUFFile(path: path(name))) : try Tokenizer(huggingFaceDirectory: path(name))
  }
}

extension SeededGenerator {
  /// Bytes of text with much whitespace and punctuation, some of it not UTF-8.
  mutating func text(count: Int) -> [UInt8] {
    let pieces: [[UInt8]] =
      ["a", "the", "river", " ", "  ", "\n", "'s", "1", "23", "!", "é", "狐", "😀", "<s>", "▁", "\u{301}"].map {
        Array($0.utf8)
      } + [[0xFF], [0xE2, 0x96], [0xF0, 0x9F], [0x80], [0xC0, 0xAF], [0xED, 0xA0, 0x80]]
    return (0..<count).flatMap { _ in pieces.randomElement(using: &self) ?? [] }
  }
}
