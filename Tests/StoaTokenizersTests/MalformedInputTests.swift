import Foundation
import StoaFormats
import StoaTestSupport
import Testing

@testable import StoaTokenizers

/// Files that are damaged, hostile or for another kind of tokenizer end in an error that names the place.
@Suite struct MalformedInputTests {
  /// A folder that goes when the value does.
  private final class Folder {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("stoa-\(UUID().uuidString)")

    init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(at: url) }

    func write(_ name: String, _ bytes: some Collection<UInt8>) throws -> String {
      let file = url.appendingPathComponent(name)
      try Data(bytes).write(to: file)
      return file.path
    }
  }

  private func failure(_ body: () throws(TokenizerError) -> Tokenizer) -> TokenizerError? {
    do {
      _ = try body()
      return nil
    } catch {
      return error
    }
  }

  private func failure(json: String) throws -> String {
    let folder = try Folder()
    _ = try folder.write("tokenizer.json", Array(json.utf8))
    return failure { () throws(TokenizerError) in try Tokenizer(huggingFaceDirectory: folder.url.path) }?.description
      ?? "none"
  }

  private func json(_ members: String, vocabulary: String = #"{"a":0}"#) -> String {
    #"{"model":{"type":"BPE","vocab":\#(vocabulary),"merges":[]},\#(members)}"#
  }

  /// A hundred letters for one.
  private let explosion =
    #"{"type":"Replace","pattern":{"String":"a"},"content":"\#(String(repeating: "a", count: 100))"}"#

  private func wordLevel(_ members: String) -> String {
    #"{"model":{"type":"WordLevel","vocab":{"a":0},"unk_token":"a"},\#(members)}"#
  }

  private let byteLevel = #""pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false}"#

  @Test func namesWhatIsNotSupported() throws {
    #expect(try failure(json: json(byteLevel)) == "none")
    let cases: [(json: String, path: String)] = [
      (#"{"model":{"type":"Transformer","vocab":[]}}"#, "model.type = Transformer"),
      (#"{"model":{"type":"Unigram","vocab":[]}}"#, "0 tokens"),
      (#"{"model":{"type":"Unigram","vocab":{}}}"#, "model.vocab"),
      (#"{"model":{"type":"Unigram","vocab":[["a"]]}}"#, "model.vocab[0]"),
      (#"{"model":{"type":"Unigram","vocab":[["a","b"]]}}"#, "model.vocab[0]"),
      (#"{"model":{"type":"Unigram","vocab":[["a",0]],"unk_id":7}}"#, "model.unk_id"),
      (#"{"model":{"type":"WordPiece","vocab":{"a":-1}}}"#, "model.vocab"),
      (#"{"model":{"type":"WordPiece","vocab":{"a":0},"max_input_chars_per_word":-1}}"#, "max_input_chars_per_word"),
      (wordLevel(#""normalizer":{"type":"Replace","pattern":{"Regex":"(a|b"},"content":""}"#), "normalizer.pattern"),
      (wordLevel(#""normalizer":{"type":"Replace","pattern":{"String":"a"}}"#), "normalizer.content"),
      (wordLevel(#""normalizer":{"type":"Precompiled","precompiled_charsmap":"??"}"#), "not Base64"),
      (wordLevel(#""normalizer":{"type":"Precompiled","precompiled_charsmap":"AAAAAAA="}"#), "precompiled_charsmap"),
      (wordLevel(#""pre_tokenizer":{"type":"Metaspace","prepend_scheme":"last"}"#), "prepend_scheme = last"),
      (wordLevel(#""pre_tokenizer":{"type":"Split","pattern":{"String":" "},"behavior":"Gone"}"#), "behavior = Gone"),
      (wordLevel(#""pre_tokenizer":{"type":"CharDelimiterSplit","delimiter":"ab"}"#), "delimiter"),
      (wordLevel(#""pre_tokenizer":{"type":"UnicodeScripts"}"#), "pre_tokenizer.type = UnicodeScripts"),
      (wordLevel(#""pre_tokenizer":{"type":"Metaspace","replacement":"ab"}"#), "pre_tokenizer.replacement"),
      (wordLevel(#""decoder":{"type":"CTC"}"#), "decoder.type = CTC"),
      (
        wordLevel(
          #""normalizer":{"type":"Sequence","normalizers":[\#(Array(repeating: explosion, count: 9).joined(separator: ","))]}"#
        ), "makes a text longer"
      ),
      (wordLevel(#""post_processor":{"type":"BertProcessing","sep":["b",1]}"#), "post_processor.cls"),
      (wordLevel(#""post_processor":{"type":"RobertaProcessing","cls":["a",9],"sep":["a",0]}"#), "special token id"),
      (
        json(#""normalizer":{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Uppercase"}]},"# + byteLevel),
        "normalizer.normalizers[1].type = Uppercase"
      ),
      (json(#""pre_tokenizer":{"type":"UnicodeScripts"}"#), "pre_tokenizer.type = UnicodeScripts"),
      (
        json(#""pre_tokenizer":{"type":"Split","pattern":{"Regex":"(a)\\1"},"behavior":"Isolated"}"#),
        #"pre_tokenizer.pattern.Regex = (a)\1"#
      ),
      (json(#""pre_tokenizer":{"type":"Split","pattern":{"Regex":"a"},"behavior":"Sideways"}"#), "behavior = Sideways"),
      (json(#""pre_tokenizer":{"type":"Split","pattern":{},"behavior":"Removed"}"#), "pre_tokenizer.pattern"),
      (json(#""pre_tokenizer":{"type":"CharDelimiterSplit","delimiter":"ab"}"#), "delimiter"),
      (json(#""pre_tokenizer":{"type":"FixedLength","length":0}"#), "length = 0"),
      (json(#""post_processor":{"type":"RobertaProcessing"},"# + byteLevel), "post_processor.cls"),
      (json(#""post_processor":{"type":"Other"},"# + byteLevel), "post_processor.type = Other"),
      (json(byteLevel, vocabulary: #"{"a":"b"}"#), "model.vocab"),
      (json(byteLevel, vocabulary: #"{"a":-1}"#), "model.vocab"),
      (json(byteLevel, vocabulary: #"{"a":2000000000}"#), "model.vocab"),
      (json(byteLevel, vocabulary: "{}"), "token list"),
      (#"{"model":{"type":"BPE","vocab":{"a":0},"merges":["ab"]},\#(byteLevel)}"#, "model.merges[0]"),
      (json(#""added_tokens":[{"id":1}],"# + byteLevel), "added_tokens[0]"),
      (
        json(#""added_tokens":[{"id":1,"content":"\#(String(repeating: "x", count: 2000))"}],"# + byteLevel),
        "added token 1"
      ),
      ("[]", "model"), ("{", "tokenizer.json"),
    ]
    for (json, path) in cases {
      let message = try failure(json: json)
      #expect(message.contains(path), "\(json.prefix(200)) gave: \(message)")
    }
  }

  @Test func aFolderWithoutTokenizer() throws {
    let folder = try Folder()
    let error = failure { () throws(TokenizerError) in try Tokenizer(huggingFaceDirectory: folder.url.path) }
    #expect(error?.description.contains("tokenizer.json") == true)
  }

  @Test func metadataWithoutTokenizer() {
    func error(_ metadata: GGUFMetadata) -> TokenizerError? {
      failure { () throws(TokenizerError) in try Tokenizer(gguf: metadata) }
    }
    var metadata = GGUFMetadata()
    #expect(error(metadata) == .missing(field: "tokenizer.ggml.model"))
    metadata["tokenizer.ggml.model"] = .string("llama")
    #expect(error(metadata) == .missing(field: "tokenizer.ggml.tokens"))
    metadata["tokenizer.ggml.tokens"] = .array(.string(GGUFStrings(["a", "b"])))
    #expect(error(metadata) == .missing(field: "tokenizer.ggml.scores"))
    metadata["tokenizer.ggml.scores"] = .array(.f32([.nan]))
    #expect(error(metadata)?.description.contains("1 scores for 2 tokens") == true)
    metadata["tokenizer.ggml.scores"] = .array(.f32([.nan, .nan]))
    #expect(error(metadata) == nil)
    metadata["tokenizer.ggml.model"] = .string("gpt2")
    #expect(error(metadata) == .missing(field: "tokenizer.ggml.merges"))
    metadata["tokenizer.ggml.merges"] = .array(.string(GGUFStrings(["", " ", "a", "a b", "  ", "x y", "a b c"])))
    #expect(error(metadata) == nil)
    metadata["tokenizer.ggml.pre"] = .string("no-such")
    #expect(error(metadata)?.description.contains("tokenizer.ggml.pre = no-such") == true)
    metadata["tokenizer.ggml.model"] = .string("rwkv")
    #expect(error(metadata)?.description.contains("tokenizer.ggml.model = rwkv") == true)
    metadata["tokenizer.ggml.model"] = .string("bert")
    #expect(error(metadata) == nil)
    metadata["tokenizer.ggml.model"] = .string("t5")
    #expect(error(metadata)?.description.contains("score of token 0") == true)
    metadata["tokenizer.ggml.scores"] = .array(.f32([0, -1]))
    #expect(error(metadata) == nil)
    metadata["tokenizer.ggml.precompiled_charsmap"] = .array(.i8([1, 2, 3]))
    #expect(error(metadata)?.description.contains("precompiled_charsmap") == true)
  }

  @Test func aTokenizerModelCutAnywhere() throws {
    let folder = try Folder()
    let whole = try Data(contentsOf: URL(fileURLWithPath: Fixtures.path("sentencepiece/tokenizer.model")))
    for count in stride(from: 0, to: whole.count, by: 97) {
      let path = try folder.write("tokenizer.model", whole.prefix(count))
      _ = failure { () throws(TokenizerError) in try Tokenizer(Tokenizer.sentencePieceParts(path: path)) }
    }
    var random = SeededGenerator(state: 5)
    for _ in 0..<100 {
      var damaged = whole
      for _ in 0..<8 {
        damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      let path = try folder.write("tokenizer.model", damaged)
      if let tokenizer = try? Tokenizer(Tokenizer.sentencePieceParts(path: path)) {
        for id in tokenizer.encode("the fox \u{0} 😀") { #expect(id >= 0 && id < tokenizer.vocabularySize) }
      }
    }
    // A length of 2^64 − 1 in the first field.
    let path = try folder.write("tokenizer.model", [0x0A] + [UInt8](repeating: 0xFF, count: 9) + [0x01])
    let error = failure { () throws(TokenizerError) in try Tokenizer(Tokenizer.sentencePieceParts(path: path)) }
    #expect(error?.description.contains("reaches beyond its message") == true)
  }

  @Test func aLlama2CVocabularyCutShort() throws {
    let folder = try Folder()
    var bytes: [UInt8] = [7, 0, 0, 0]
    func error() throws -> String {
      let path = try folder.write("tokenizer.bin", bytes)
      return failure { () throws(TokenizerError) in try Tokenizer(llama2cVocabulary: path) }?.description ?? "none"
    }
    #expect(try error().contains("0 tokens"))
    bytes += [0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0x61]
    #expect(try error().contains("ends within token 0"))
    bytes.replaceSubrange(8..<12, with: [1, 0, 0, 0])
    #expect(try error().contains("not the bytes"))
  }
}
