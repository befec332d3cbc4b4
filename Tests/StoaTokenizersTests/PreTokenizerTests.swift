import StoaFormats
import StoaTestSupport
import Testing

@testable import StoaTokenizers

/// Pieces equal those of the reference implementations; see `Scripts/make_pretokenizer_fixtures.py`.
@Suite struct PreTokenizerTests {
  private let texts: [[UInt8]]

  init() throws {
    let json = try JSONValue(path: Fixtures.path("pretokenizer-texts.json"))
    texts = (json.arrayValue ?? []).map { Array(($0.stringValue ?? "").utf8) }
  }

  @Test func cutsAsHuggingFaceTokenizersDo() throws {
    let cases = try #require(JSONValue(path: Fixtures.path("pretokenizers.json")).arrayValue)
    #expect(cases.count > 40)
    for json in cases {
      let component = try #require(json["pre_tokenizer"])
      let pipeline = try TokenizerJSON(root: .object(["pre_tokenizer": component])).pipeline()
      let preTokenizer = PreTokenizer(steps: pipeline.steps)
      let expected = (json["pieces"]?.arrayValue ?? []).map { pieces in
        (pieces.arrayValue ?? []).map { ($0.arrayValue ?? []).map { $0.intValue ?? -1 } }
      }
      try #require(expected.count == texts.count)
      for (text, pieces) in zip(texts, expected) {
        var found: [[Int]] = []
        preTokenizer.split(text.span, 0..<text.count) { found.append([$0.lowerBound, $0.upperBound]) }
        #expect(found == pieces, "\(component.text()): \(String(decoding: text, as: UTF8.self))")
      }
    }
  }

  @Test func cutsAsLlamaCppDoes() throws {
    let expected = try #require(JSONValue(path: Fixtures.path("gguf-names.json")).objectValue)
    #expect(expected.count > 30)
    var metadata = try GGUFFile(path: Fixtures.path("byte-level.gguf")).metadata
    for (name, json) in expected {
      metadata["tokenizer.ggml.pre"] = .string(name)
      let tokenizer = try Tokenizer(gguf: metadata)
      let ids = (json.arrayValue ?? []).map { ($0.arrayValue ?? []).map { Int32($0.intValue ?? -1) } }
      try #require(ids.count == texts.count)
      for (text, ids) in zip(texts, ids) {
        #expect(
          tokenizer.encode(text, parseSpecial: false, addSpecial: false) == ids,
          "\(name): \(String(decoding: text, as: UTF8.self))")
      }
    }
  }

  @Test func everyNameHasAPreTokenizer() throws {
    #expect(PreTokenizer.ggufNames.count > 80)
    #expect(Set(PreTokenizer.ggufNames).count == PreTokenizer.ggufNames.count)
    for name in PreTokenizer.ggufNames {
      #expect(PreTokenizer.gguf(name) != nil, "\(name)")
      #expect(PreTokenizer.ranks(name) != nil, "\(name)")
    }
    for name in PreTokenizer.tiktokenNames.keys { #expect(PreTokenizer.ranks(name) != nil, "\(name)") }
    #expect(PreTokenizer.gguf("no-such") == nil && PreTokenizer.ranks("no-such") == nil)
  }

  /// With the families that keep all text, whatever it is, every byte is in a piece.
  @Test func piecesCoverTheText() throws {
    var random = SeededGenerator(state: 6)
    for name in PreTokenizer.ggufNames {
      let (preTokenizer, _) = try #require(PreTokenizer.gguf(name))
      for _ in 0..<10 {
        let text = random.text(count: 60)
        var end = 0
        preTokenizer.split(text.span, 0..<text.count) {
          #expect($0.lowerBound == end && !$0.isEmpty)
          end = $0.upperBound
        }
        #expect(end == text.count, "\(name)")
      }
    }
  }

  /// Texts on which a naive matcher takes the square of their length or worse; this would not end.
  @Test func longTextsTakeLinearTime() throws {
    let texts = ["1", " ", "a", "\n", "'", "狐", "a ", "\u{301}", "1a", " \u{a0}"].map {
      Array(String(repeating: $0, count: 150_000).utf8)
    }
    for name in ["tiny_aya", "exaone-moe", "jais-2", "kimi-k2", "granite-embed-multi-97m", "superbpe", "deepseek-llm"] {
      for preTokenizer in [PreTokenizer.gguf(name)?.preTokenizer, PreTokenizer.ranks(name)] {
        let preTokenizer = try #require(preTokenizer)
        for text in texts {
          var end = 0
          preTokenizer.split(text.span, 0..<text.count) { end = $0.upperBound }
          #expect(end == text.count, "\(name)")
        }
      }
    }
  }
}
