import StoaFormats
import StoaTestSupport
import Testing

@testable import StoaTokenizers

/// The unigram and WordPiece tokenizers under `Tests/Fixtures/tokenizers/words`; see `Scripts/make_word_tokenizers.py`.
private struct WordFixtures {
  let texts: [String]
  private let json: JSONValue

  init() throws {
    json = try JSONValue(path: Fixtures.path("words/expected.json"))
    texts = (json["texts"]?.arrayValue ?? []).map { $0.stringValue ?? "" }
  }

  func ids(_ kind: String, _ name: String) -> [[Int32]]? {
    json[kind]?[name]?.arrayValue?.map { ($0.arrayValue ?? []).map { Int32($0.intValue ?? -1) } }
  }

  func decoded(_ name: String) -> [String]? {
    json["decoded"]?[name]?.arrayValue?.map { $0.stringValue ?? "" }
  }

  static func tokenizer(_ name: String) throws -> Tokenizer { try Fixtures.tokenizer("words/\(name)") }

  static let all = [
    "unigram", "unigram-bytes", "suffix", "xlm-roberta", "albert", "bert", "wordpiece", "bert-vocab", "unigram.gguf",
    "bert.gguf",
  ]
}

/// Ids and texts equal those of sentencepiece, Hugging Face tokenizers, transformers and llama.cpp.
@Suite struct WordTokenizerTests {
  @Test(arguments: WordFixtures.all) func encodes(name: String) throws {
    let (fixtures, tokenizer) = (try WordFixtures(), try WordFixtures.tokenizer(name))
    var compared = 0
    for (kind, isWhole) in [("ids", true), ("plain", false)] {
      guard let expected = fixtures.ids(kind, name) else { continue }
      try #require(expected.count == fixtures.texts.count && expected.count > 50)
      for (text, ids) in zip(fixtures.texts, expected) {
        #expect(tokenizer.encode(text, parseSpecial: isWhole, addSpecial: isWhole) == ids, "\(kind): \(text)")
      }
      compared += 1
    }
    #expect(compared > 0)
  }

  @Test(arguments: ["unigram-bytes", "suffix", "xlm-roberta", "albert", "bert", "wordpiece"])
  func decodes(name: String) throws {
    let (fixtures, tokenizer) = (try WordFixtures(), try WordFixtures.tokenizer(name))
    let ids = try #require(fixtures.ids("ids", name) ?? fixtures.ids("plain", name))
    let expected = try #require(fixtures.decoded(name))
    for (ids, text) in zip(ids, expected) {
      #expect(Array(tokenizer.decode(ids).utf8) == Array(text.utf8), "\(text)")
    }
  }

  @Test(arguments: [
    ("unigram", "Unigram"), ("suffix", "SPM"), ("xlm-roberta", "Unigram"), ("bert", "WordPiece"),
    ("bert-vocab", "WordPiece"), ("bert.gguf", "WordPiece"), ("unigram.gguf", "Unigram"),
  ])
  func namesItself(name: String, kind: String) throws { #expect(try WordFixtures.tokenizer(name).name == kind) }

  @Test func putsSpecialTokensAroundAText() throws {
    #expect(try WordFixtures.tokenizer("bert").encode("") == [2, 3])
    #expect(try WordFixtures.tokenizer("bert-vocab").encode("") == [2, 3])
    #expect(try WordFixtures.tokenizer("bert.gguf").encode("") == [2, 3])
    #expect(try WordFixtures.tokenizer("xlm-roberta").encode("") == [1, 2])
    #expect(try WordFixtures.tokenizer("unigram.gguf").encode("") == [2])
    let bert = try WordFixtures.tokenizer("bert")
    #expect(bert.encode("[MASK]", addSpecial: false) == [4])
    #expect(!bert.encode("[MASK]", parseSpecial: false, addSpecial: false).contains(4))
  }

  @Test(arguments: WordFixtures.all) func streamEqualsDecoding(name: String) throws {
    let tokenizer = try WordFixtures.tokenizer(name)
    var random = SeededGenerator(state: 6)
    for _ in 0..<100 {
      let ids = (0..<20).map { _ in Int32.random(in: -2...Int32(tokenizer.vocabularySize) + 2, using: &random) }
      var stream = tokenizer.detokenizer(continuing: false)
      #expect(ids.map { stream.append($0) }.joined() + stream.finish() == tokenizer.decode(ids))
      for id in ids { #expect(tokenizer.text(of: id).isEmpty == tokenizer.bytes(of: id, showSpecial: true).isEmpty) }
    }
  }

  @Test(arguments: WordFixtures.all) func idsAreInRangeAndPlainTextIsNeverControl(name: String) throws {
    let tokenizer = try WordFixtures.tokenizer(name)
    var random = SeededGenerator(state: 7)
    for _ in 0..<200 {
      let text = random.text(count: 40) + Array("<s>[CLS]".utf8)
      for id in tokenizer.encode(text) { #expect(id >= 0 && id < tokenizer.vocabularySize) }
      for id in tokenizer.encode(text, parseSpecial: false, addSpecial: false) {
        #expect(tokenizer.vocabulary.types[Int(id)] != .control || id == tokenizer.unknown)
      }
    }
  }

  /// A megabyte of one thing; the test would not end if time grew with the square.
  @Test(arguments: ["unigram", "xlm-roberta", "albert", "bert", "bert.gguf"], ["a", " ", "\u{301}", "##"])
  func longRunsEncode(
    name: String, piece: String
  ) throws {
    let tokenizer = try WordFixtures.tokenizer(name)
    let text = Array(String(repeating: piece, count: (1 << 20) / piece.utf8.count).utf8)
    #expect(tokenizer.encode(text, parseSpecial: false, addSpecial: false).count <= text.count + 2)
  }

  @Test func aUserDefinedSymbolIsOneToken() throws {
    let tokenizer = try WordFixtures.tokenizer("unigram-bytes")
    let symbol = try #require(tokenizer.token(for: "<sym>"))
    #expect(tokenizer.encode("a<sym>b", addSpecial: false).contains(symbol))
  }
}

/// The vector of llama.cpp for a published vocabulary.
@Suite struct PublishedWordPieceTests {
  @Test(.oracle("tokenizers/ggml-vocab")) func encodesTestVectorsOfLlamaCpp() throws {
    let path = OracleData.path("tokenizers/ggml-vocab/ggml-vocab-bert-bge.gguf")
    let tokenizer = try Tokenizer(gguf: GGUFFile(path: path))
    func text(_ path: String) throws -> String {
      let file = try MappedFile(path: path)
      return unsafe file.withBytes(0..<file.count) { unsafe String(decoding: $0, as: UTF8.self) }
    }
    let texts = try text(path + ".inp").split(separator: "\n__ggml_vocab_test__\n", omittingEmptySubsequences: false)
    let lines = try text(path + ".out").split(separator: "\n", omittingEmptySubsequences: false)
    try #require(texts.count > 40 && lines.count >= texts.count)
    for (text, line) in zip(texts, lines) {
      let expected = line.split(separator: " ").map { Int32($0) }
      #expect(tokenizer.encode(String(text), parseSpecial: false, addSpecial: false) == expected, "\(text)")
    }
  }

  /// The ids in this file come from Hugging Face tokenizers.
  @Test(.oracle("models/tiny_bert_coldfire")) func encodesAsTheModelsAuthorsDo() throws {
    let folder = OracleData.path("models/tiny_bert_coldfire")
    let tokenizer = try Tokenizer(huggingFaceDirectory: folder)
    let cases = try #require(try JSONValue(path: folder + "/expected_hf.json").arrayValue)
    try #require(!cases.isEmpty)
    for json in cases {
      let ids = (json["ids"]?.arrayValue ?? []).map { Int32($0.intValue ?? -1) }
      #expect(try tokenizer.encode(#require(json["text"]?.stringValue)) == ids)
    }
  }
}
