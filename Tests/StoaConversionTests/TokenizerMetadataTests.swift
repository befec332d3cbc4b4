import Foundation
import StoaFormats
import StoaTestSupport
import StoaTokenizers
import Testing

@testable import StoaConversion

@Suite struct TokenizerMetadataTests {
  private static func path(_ name: String) -> String { OracleData.fixture("tokenizers/" + name) }

  private func texts() throws -> [String] {
    (try JSONValue(path: Self.path("texts.json")).arrayValue ?? []).map { text in
      String(decoding: (text.arrayValue ?? []).map { UInt8($0.intValue ?? 0) }, as: UTF8.self)
    }
  }

  private func configuration(_ vocabulary: Int) throws -> HuggingFaceConfiguration {
    var json = TestCheckpoint(vocabulary: vocabulary).configuration
    json["bos_token_id"] = nil
    json["eos_token_id"] = nil
    return try HuggingFaceConfiguration(json: .object(json), path: "config.json")
  }

  private func convert(
    _ folder: String, vocabulary: Int, preTokenizer: String? = nil
  ) throws -> (GGUFMetadata, [String]) {
    let result = try TokenizerMetadata(
      directory: folder, configuration: try configuration(vocabulary), preTokenizer: preTokenizer)
    var metadata = GGUFMetadata()
    for (key, value) in result.pairs { metadata[key] = value }
    return (metadata, result.warnings)
  }

  @Test(
    "A converted tokenizer gives the ids of the original",
    arguments: ["byte-level", "spm-like", "sentencepiece", "../models/llama"])
  func roundTrip(name: String) throws {
    let original = try Tokenizer(huggingFaceDirectory: Self.path(name))
    let (metadata, _) = try convert(Self.path(name), vocabulary: original.vocabularySize + 3)
    let converted = try Tokenizer(gguf: metadata)
    #expect(converted.vocabularySize == original.vocabularySize + 3)
    #expect(metadata.strings("tokenizer.ggml.tokens")?.last == "[PAD\(original.vocabularySize + 2)]")
    #expect(converted.addsBOS == original.addsBOS && converted.addsEOS == original.addsEOS)
    #expect(converted.bos == original.bos || original.bos == nil)
    // What GGUF cannot say: tokens that take spaces along or stand alone (in brackets, and "word"), NFC, and how
    // spaces go with tokens in the middle of a text.
    let isExpressible = { (text: String) in
      !text.contains("[") && !text.contains("word") && !text.contains("<") && !text.contains("ſ")
        && text.utf8.elementsEqual(text.precomposedStringWithCanonicalMapping.utf8)
    }
    var compared = 0
    for text in try texts() where isExpressible(text) {
      let expected = original.encode(text, parseSpecial: true, addSpecial: true)
      #expect(converted.encode(text, parseSpecial: true, addSpecial: true) == expected, "\(text.debugDescription)")
      compared += 1
    }
    #expect(compared > 100)
  }

  @Test("The texts that choose the pre-tokeniser are in the form NFC") func probes() {
    for text in TokenizerMetadata.texts {
      #expect(text.utf8.elementsEqual(text.precomposedStringWithCanonicalMapping.utf8), "\(text)")
    }
  }

  @Test("Special tokens, templates and ends of answers") func roles() throws {
    try withTemporaryFolder { folder in
      for name in ["tokenizer.json", "tokenizer_config.json"] {
        try FileManager.default.copyItem(atPath: OracleData.fixture("models/llama/\(name)"), toPath: folder + name)
      }
      try write(#"{"eos_token_id":[2,3]}"#.utf8, to: folder + "generation_config.json")
      let named =
        #"{"chat_template":[{"name":"default","template":"A"},{"name":"tool use","template":"B"}],"eos_token":"</s>"}"#
      try write(named.utf8, to: folder + "tokenizer_config.json")
      let (metadata, _) = try convert(folder, vocabulary: 288)
      #expect(metadata.int("tokenizer.ggml.eos_token_id") == 2)
      #expect(metadata.int("tokenizer.ggml.eot_token_id") == 3)
      #expect(metadata.string("tokenizer.chat_template") == "A")
      #expect(metadata.string("tokenizer.chat_template.tool_use") == "B")
      #expect(metadata.strings("tokenizer.chat_templates") == ["tool_use"])
      try write("C".utf8, to: folder + "chat_template.jinja")
      #expect(try convert(folder, vocabulary: 288).0.string("tokenizer.chat_template") == "C")
      let (_, warnings) = try convert(folder, vocabulary: 280)
      #expect(warnings.contains { $0.contains("no embedding") })
    }
  }

  /// A tokenizer.json whose pattern nobody knows.
  private func unknownPattern() throws -> String {
    let text = String(decoding: try contents(Self.path("byte-level/tokenizer.json")), as: UTF8.self)
    let json = try JSONValue(parsing: text)
    var root = try #require(json.objectValue)
    root["pre_tokenizer"] = [
      "type": "Sequence",
      "pretokenizers": [
        ["type": "Split", "pattern": ["Regex": "(a|b)+x?"], "behavior": "Isolated", "invert": false],
        ["type": "ByteLevel", "add_prefix_space": false, "use_regex": false],
      ],
    ]
    return JSONValue.object(root).text()
  }

  @Test("A pattern that nobody knows asks for --pre, and --pre is taken") func unknown() throws {
    try withTemporaryFolder { folder in
      try write(try unknownPattern().utf8, to: folder + "tokenizer.json")
      let error = conversionError { () throws(ConversionError) in
        do { _ = try convert(folder, vocabulary: 700) } catch let error as ConversionError { throw error } catch {}
      }
      #expect(try #require(error).description.contains("--pre NAME"))
      let (metadata, _) = try convert(folder, vocabulary: 700, preTokenizer: "llama-bpe")
      #expect(metadata.string("tokenizer.ggml.pre") == "llama-bpe")
    }
  }

  @Test("vocab.json and merges.txt alone need the class of the tokenizer") func oldFiles() throws {
    let text = String(decoding: try contents(Self.path("../models/llama/tokenizer.json")), as: UTF8.self)
    let model = try #require(try JSONValue(parsing: text)["model"])
    let merges = (model["merges"]?.arrayValue ?? []).map { merge in
      merge.stringValue ?? (merge.arrayValue ?? []).compactMap(\.stringValue).joined(separator: " ")
    }
    try withTemporaryFolder { folder in
      try write(try #require(model["vocab"]).text().utf8, to: folder + "vocab.json")
      try write(("#version: 0.2\n" + merges.joined(separator: "\n")).utf8, to: folder + "merges.txt")
      #expect(throws: ConversionError.self) { try convert(folder, vocabulary: 288) }
      try write(#"{"tokenizer_class":"GPT2Tokenizer"}"#.utf8, to: folder + "tokenizer_config.json")
      let (metadata, _) = try convert(folder, vocabulary: 288)
      let reference = try convert(Self.path("../models/llama"), vocabulary: 288).0
      #expect(metadata.strings("tokenizer.ggml.merges") == reference.strings("tokenizer.ggml.merges"))
      #expect(metadata.string("tokenizer.ggml.pre") == "gpt-2")
    }
  }

  @Test("Unigram and WordPiece vocabularies take the forms of GGUF") func otherKinds() throws {
    try withTemporaryFolder { folder in
      let unigram = #"""
        {"added_tokens":[{"id":0,"content":"<pad>","special":true}],"normalizer":{"type":"Precompiled","precompiled_charsmap":"AAEC"},
        "pre_tokenizer":{"type":"Metaspace","prepend_scheme":"always"},
        "model":{"type":"Unigram","unk_id":1,"vocab":[["<pad>",0],["<unk>",0],["▁the",-2.5],["<0x41>",-9]]}}
        """#
      try write(unigram.utf8, to: folder + "tokenizer.json")
      var (metadata, _) = try convert(folder, vocabulary: 4)
      #expect(metadata.string("tokenizer.ggml.model") == "t5")
      #expect(metadata.floats("tokenizer.ggml.scores")?[2] == -2.5)
      #expect(metadata.ints("tokenizer.ggml.token_type") == [3, 2, 1, 6])
      #expect(metadata.ints("tokenizer.ggml.precompiled_charsmap") == [0, 1, 2])

      let wordPiece = #"""
        {"added_tokens":[{"id":0,"content":"[CLS]","special":true}],"normalizer":{"type":"BertNormalizer","lowercase":true},
        "model":{"type":"WordPiece","unk_token":"[UNK]","vocab":{"[CLS]":0,"[UNK]":1,"the":2,"##ing":3}}}
        """#
      try write(wordPiece.utf8, to: folder + "tokenizer.json")
      (metadata, _) = try convert(folder, vocabulary: 4)
      #expect(metadata.string("tokenizer.ggml.model") == "bert")
      #expect(metadata.strings("tokenizer.ggml.tokens") == ["[CLS]", "▁[UNK]", "▁the", "ing"])
      #expect(metadata.bool("tokenizer.ggml.normalizer.lowercase") == true)
    }
  }

  @Test("Damaged files end in an error or a result") func damaged() throws {
    var generator = SystemRandomNumberGenerator()
    try withTemporaryFolder { folder in
      for name in ["byte-level/tokenizer.json", "spm-like/tokenizer.json", "sentencepiece/tokenizer.model"] {
        let bytes = try contents(Self.path(name))
        let target = folder + URL(fileURLWithPath: name).lastPathComponent
        for round in 0..<60 {
          var damaged = bytes
          if round % 3 == 0 { damaged.removeLast(Int.random(in: 1..<bytes.count, using: &generator)) }
          for _ in 0..<Int.random(in: 1...8, using: &generator) {
            damaged[Int.random(in: damaged.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
          }
          try write(damaged, to: target)
          _ = try? convert(folder, vocabulary: 300)
        }
        try FileManager.default.removeItem(atPath: target)
      }
    }
  }
}
