import Foundation
import StoaFormats
import StoaTestSupport
import Testing

@testable import StoaTokenizers

/// Token ids and texts equal those of the reference implementations, on the tokenizers in the repository.
@Suite struct ReferenceTests {
  @Test(arguments: ["spm-like", "byte-level", "byte-level.gguf", "sentencepiece.gguf"])
  func encodesWithSpecialTokens(name: String) throws {
    let (fixtures, tokenizer) = (try Fixtures(), try Fixtures.tokenizer(name))
    let expected = fixtures.ids(name)
    try #require(expected.count == fixtures.texts.count && expected.count > 150)
    for (text, ids) in zip(fixtures.texts, expected) {
      #expect(tokenizer.encode(text) == ids, "\(String(decoding: text, as: UTF8.self))")
    }
  }

  @Test(arguments: ["spm-like", "byte-level", "sentencepiece", "byte-level.gguf", "sentencepiece.gguf"])
  func encodesPlainText(name: String) throws {
    let (fixtures, tokenizer) = (try Fixtures(), try Fixtures.tokenizer(name))
    let expected = fixtures.ids("\(name) plain")
    try #require(expected.count == fixtures.texts.count && expected.count > 150)
    for (text, ids) in zip(fixtures.texts, expected) {
      #expect(
        tokenizer.encode(text, parseSpecial: false, addSpecial: false) == ids,
        "\(String(decoding: text, as: UTF8.self))")
    }
  }

  @Test(arguments: [("spm-like", "spm-like"), ("byte-level", "byte-level"), ("sentencepiece", "sentencepiece plain")])
  func decodes(name: String, ids: String) throws {
    let (fixtures, tokenizer) = (try Fixtures(), try Fixtures.tokenizer(name))
    let expected = fixtures.decoded(name)
    try #require(expected.count == fixtures.texts.count)
    for (ids, text) in zip(fixtures.ids(ids), expected) {
      // As bytes: two texts may be canonically equivalent and yet differ.
      #expect(Array(tokenizer.decode(ids).utf8) == Array(text.utf8), "\(text)")
    }
  }

  @Test func splitsAsRegularExpressionsDo() throws {
    let fixtures = try Fixtures()
    let splits = try #require(fixtures.splits.objectValue)
    #expect(splits.count >= 18)
    for (name, json) in splits {
      let patterns = (json["patterns"]?.arrayValue ?? []).compactMap { $0.stringValue }
      let expected = (json["lengths"]?.arrayValue ?? []).map { ($0.arrayValue ?? []).map { $0.intValue ?? -1 } }
      try #require(expected.count == fixtures.texts.count)
      // Scanners where there are some, and the engine for all.
      let engine = try patterns.map { PreTokenizer.Step(pattern: .regex(try RegexProgram($0, .oniguruma))) }
      var preTokenizers = [PreTokenizer(name: name, steps: engine)]
      if name.hasPrefix("gguf ") {
        preTokenizers.append(try #require(PreTokenizer.gguf(String(name.dropFirst(5)))?.preTokenizer))
      } else {
        let steps = try patterns.map {
          PreTokenizer.Step(pattern: try SplitPattern(regularExpression: $0, .oniguruma))
        }
        preTokenizers.append(PreTokenizer(name: name, steps: steps))
      }
      for preTokenizer in preTokenizers {
        for (text, lengths) in zip(fixtures.texts, expected) {
          var found: [Int] = []
          preTokenizer.split(text.span, 0..<text.count) { found.append($0.count) }
          #expect(found == lengths, "\(name): \(String(decoding: text, as: UTF8.self))")
        }
      }
    }
  }
}

/// The same on published vocabularies.
@Suite struct PublishedVocabularyTests {
  @Test(
    .oracle("tokenizers/ggml-vocab"),
    arguments: ["llama-spm", "llama-bpe", "gpt-2", "qwen2", "falcon", "deepseek-coder"])
  func encodesTestVectorsOfLlamaCpp(name: String) throws {
    let path = OracleData.path("tokenizers/ggml-vocab/ggml-vocab-\(name).gguf")
    let tokenizer = try Tokenizer(gguf: GGUFFile(path: path))
    let input = try MappedFile(path: path + ".inp")
    let output = try MappedFile(path: path + ".out")
    let texts = text(input).components(separatedBy: "\n__ggml_vocab_test__\n")
    let lines = text(output).split(separator: "\n", omittingEmptySubsequences: false)
    try #require(texts.count > 40 && lines.count >= texts.count)
    for (text, line) in zip(texts, lines) {
      #expect(
        tokenizer.encode(text, parseSpecial: false, addSpecial: false) == line.split(separator: " ").map { Int32($0) },
        "\(text)")
    }
  }

  /// `tokenizer.bin` of llama2.c is an export of this `tokenizer.model`.
  @Test(.oracle("tokenizers/llama2")) func llama2CVocabularyEqualsSentencePiece() throws {
    let folder = OracleData.path("tokenizers/llama2")
    let model = try Tokenizer(huggingFaceDirectory: folder)
    let export = try Tokenizer(llama2cVocabulary: folder + "/tokenizer.bin")
    #expect(model.vocabularySize == 32000)
    for text in try Fixtures().texts { #expect(model.encode(text) == export.encode(text)) }
  }

  /// The model of llama2.c and its GGUF form have one vocabulary.
  @Test(.oracle("models/stories260K/tok512.bin")) func storiesVocabulary() throws {
    let export = try Tokenizer(llama2cVocabulary: OracleData.path("models/stories260K/tok512.bin"))
    let gguf = try Tokenizer(
      gguf: GGUFFile(path: OracleData.path("models/derived_stories260K_gguf/stories260K-F32.gguf")))
    #expect((export.bos, export.eos, export.vocabularySize) == (1, 2, 512))
    for text in try Fixtures().texts {
      let ids = gguf.encode(text, parseSpecial: false)
      #expect(export.encode(text, parseSpecial: false) == ids)
      #expect(export.decode(ids) == gguf.decode(ids))
    }
  }

  /// The texts that `mistral_common` shows for its conversations: the pieces of the vocabulary, side by side.
  @Test(.oracle("tokenizers/mistral/tests/data/samples"), arguments: ["no_tools", "get_weather_full"])
  func readsMistralVocabulary(sample: String) throws {
    let folder = OracleData.path("tokenizers/mistral/tests/data/samples/\(sample)")
    let parts = try Tokenizer.sentencePieceParts(
      path: OracleData.path(
        "tokenizers/mistral/src/mistral_common/data/mistral_instruct_tokenizer_240323.model.v3"))
    let tokenizer = try Tokenizer(parts)
    let ids = try JSONValue(path: folder + "/tokens_v3.json")
    let expected = (ids["tokens"]?.arrayValue ?? []).map { Int32($0.intValue ?? -1) }
    let shown = expected.flatMap { tokenizer.vocabulary.texts[Int($0)] }
    #expect(String(decoding: shown, as: UTF8.self) == text(try MappedFile(path: folder + "/text_v3.txt")))
  }

  private func text(_ file: MappedFile) -> String {
    unsafe file.withBytes(0..<file.count) { unsafe String(decoding: $0, as: UTF8.self) }
  }
}
