import Foundation
import StoaTestSupport
import Testing

@testable import StoaTokenizers

/// Ranks of tiktoken, and telling files of tokenizers apart.
@Suite struct RankTests {
  private static let bytes = (0..<256).map { Data([UInt8($0)]).base64EncodedString() + " \($0)\n" }.joined()

  private func file(_ text: String) throws -> String {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("ranks-\(UUID().uuidString)").path
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    return path
  }

  private func encode(_ lines: [(String, Int)], _ text: String) throws -> [Int32] {
    let path = try file(Self.bytes + lines.map { Data($0.0.utf8).base64EncodedString() + " \($0.1)\n" }.joined())
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try Tokenizer(file: path, preTokenizer: "cl100k_base").encode(text)
  }

  @Test func mergesByRanks() throws {
    // Expectations from tiktoken with these ranks.
    let lines = [("ab", 256), ("bc", 257), ("abc", 258), ("cd", 259), (" a", 260)]
    #expect(try encode(lines, "abc") == [258])
    #expect(try encode(lines, "abcd") == [258, 100])
    #expect(try encode(lines, "xbcd abc") == [120, 257, 100, 32, 258])
    #expect(try encode([("bc", 256), ("ab", 257), ("abc", 300)], "abcx") == [300, 120])
    #expect(try encode([], "é") == [0xC3, 0xA9])
    // At the end of a text, the encoding cl100k_base does not cut whitespace at newlines.
    #expect(try encode([("\n ", 256)], "a\n ") == [97, 256])
  }

  @Test func refusesWhatIsWrong() throws {
    let cases = [
      ("", "token list"), ("YQ== 0\n", "no token is the byte"), (Self.bytes + "YQ== 300\n", "there before"),
      (Self.bytes + "YWI= 255\n", "two tokens have rank"), (Self.bytes + "YWI= 16000000\n", "far beyond"),
      (Self.bytes + "YWI= 99999999999999999999\n", "a rank above"), (Self.bytes + "YWI=\n", "line 257"),
      (Self.bytes + "YWI= x\n", "line 257"), (Self.bytes + "!!!\n", "line 257"),
      (Self.bytes + String(repeating: "YWFh", count: 400) + " 300\n", "more than 512 bytes"),
    ]
    for (text, reason) in cases {
      let path = try file(text)
      defer { try? FileManager.default.removeItem(atPath: path) }
      do {
        _ = try Tokenizer(ranks: path, preTokenizer: "qwen2")
        Issue.record("no error for \(reason)")
      } catch {
        #expect(error.description.contains(reason) || text.isEmpty, "\(error)")
      }
    }
  }

  @Test func namesThePreTokenizerThatIsMissing() throws {
    let path = try file(Self.bytes)
    defer { try? FileManager.default.removeItem(atPath: path) }
    #expect(throws: TokenizerError.self) { try Tokenizer(file: path) }
    #expect(throws: TokenizerError.self) { try Tokenizer(file: path, preTokenizer: "no-such") }
    #expect(throws: TokenizerError.self) {
      try Tokenizer(file: Fixtures.path("byte-level.gguf"), preTokenizer: "qwen2")
    }
  }

  @Test(arguments: [
    ("byte-level/tokenizer.json", "BPE llama-bpe"), ("byte-level", "BPE llama-bpe"),
    ("byte-level.gguf", "BPE llama-bpe"), ("sentencepiece/tokenizer.model", "SPM"), ("sentencepiece.gguf", "SPM"),
  ])
  func tellsFilesByTheirContent(_ name: String, _ kind: String) throws {
    #expect(try Tokenizer(file: Fixtures.path(name)).name == kind)
  }

  /// Whatever the bytes, there is an error or a tokenizer.
  @Test func damagedFilesNeverCrash() throws {
    var random = SeededGenerator(state: 8)
    for name in ["byte-level/tokenizer.json", "byte-level.gguf"] {
      let whole = try Data(contentsOf: URL(fileURLWithPath: Fixtures.path(name)))
      for _ in 0..<40 {
        var damaged = whole.prefix(Int.random(in: 0...whole.count, using: &random))
        if Bool.random(using: &random) { damaged = whole[...] }
        for _ in 0..<8 where !damaged.isEmpty {
          damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("damaged-\(UUID().uuidString)").path
        try Data(damaged).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        guard let tokenizer = try? Tokenizer(file: path) else { continue }
        for id in tokenizer.encode("the fox \u{0} 😀 12345") { #expect(id >= 0 && id < tokenizer.vocabularySize) }
      }
    }
  }
}
