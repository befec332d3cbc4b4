import StoaFormats
import Testing

@testable import StoaTokenizers

@Suite struct TokenizerTests {
  @Test func describesItself() throws {
    let tokenizer = try Fixtures.tokenizer("byte-level")
    #expect(tokenizer.name == "BPE llama-bpe")
    #expect(tokenizer.bos == tokenizer.token(for: "<|begin|>") && tokenizer.bos != nil)
    #expect(tokenizer.eos == tokenizer.token(for: "<|end|>") && tokenizer.eos != nil)
    #expect(tokenizer.endTokens == [try #require(tokenizer.eos)])
    #expect(tokenizer.addsBOS && !tokenizer.addsEOS && !tokenizer.addsSpacePrefix)
    // The template named `default` of the two.
    #expect(tokenizer.chatTemplate == "d")
    let gguf = try Fixtures.tokenizer("byte-level.gguf")
    #expect((gguf.name, gguf.bos, gguf.eos) == ("BPE llama-bpe", tokenizer.bos, tokenizer.eos))
    #expect(gguf.addsBOS && gguf.chatTemplate == "{{ messages }}")
    let spm = try Fixtures.tokenizer("spm-like")
    #expect((spm.name, spm.bos, spm.eos, spm.unknown) == ("SPM", 1, 2, 0))
    #expect(spm.addsBOS && spm.addsSpacePrefix && spm.chatTemplate == "{{ messages }}")
  }

  @Test func dropsTheSpaceInFrontOfAText() throws {
    let tokenizer = try Fixtures.tokenizer("spm-like")
    let ids = tokenizer.encode("the fox")
    #expect(tokenizer.decode(ids) == "the fox")
    var continuing = tokenizer.detokenizer(continuing: true)
    #expect(ids.map { continuing.append($0) }.joined() == " the fox")
    var shown = tokenizer.detokenizer(continuing: false, showSpecial: true)
    #expect(ids.map { shown.append($0) }.joined() == "<s>the fox")
    // Of two spaces, one is the text's own.
    #expect(tokenizer.decode(tokenizer.encode("  the")) == "  the")
  }

  @Test func holdsBackUnfinishedCharacters() throws {
    let tokenizer = try Fixtures.tokenizer("spm-like")
    func byte(_ value: UInt8) throws -> Int32 {
      try #require(tokenizer.vocabulary.byteTokens()[Int(value)] as Int32?)
    }
    var stream = tokenizer.detokenizer(continuing: true)
    #expect(stream.append(try byte(0xF0)) == "")
    #expect(stream.append(try byte(0x9F)) == "")
    #expect(stream.append(try byte(0xA6)) == "")
    #expect(stream.append(try byte(0x8A)) == "🦊")
    // E2 96 can no longer become a character once a letter follows.
    #expect(stream.append(try byte(0xE2)) == "")
    #expect(stream.append(try byte(0x96)) == "")
    #expect(stream.append(try byte(0x41)) == "\u{FFFD}A")
    // ED A0 begins a surrogate, which UTF-8 does not have.
    #expect(stream.append(try byte(0xED)) == "")
    #expect(stream.append(try byte(0xA0)) == "\u{FFFD}\u{FFFD}")
    #expect(stream.append(try byte(0xC3)) == "")
    #expect(stream.finish() == "\u{FFFD}")
    #expect(stream.finish() == "")
  }

  @Test func anIdOutsideTheVocabularyIsEmpty() throws {
    let tokenizer = try Fixtures.tokenizer("byte-level")
    for id: Int32 in [-1, .min, .max, Int32(tokenizer.vocabularySize)] {
      #expect(tokenizer.bytes(of: id, showSpecial: true).isEmpty && tokenizer.text(of: id).isEmpty)
    }
  }

  @Test func findsTokensByText() throws {
    let tokenizer = try Fixtures.tokenizer("byte-level")
    #expect(tokenizer.token(for: " the") == tokenizer.token(for: "Ġthe"))
    #expect(tokenizer.token(for: " the").map { tokenizer.text(of: $0) } == " the")
    #expect(tokenizer.token(for: "no such token") == nil)
    let begin = try #require(tokenizer.token(for: "<|begin|>"))
    #expect(tokenizer.text(of: begin) == "<|begin|>" && tokenizer.bytes(of: begin).isEmpty)
  }

  @Test func endTokensOfAGGUFFile() throws {
    var metadata = try GGUFFile(path: Fixtures.path("byte-level.gguf")).metadata
    let tokens = try #require(metadata.strings("tokenizer.ggml.tokens"))
    let types = try #require(metadata.ints("tokenizer.ggml.token_type"))
    // A control token, one that a converter marked as user-defined, and an ordinary one that looks alike.
    metadata["tokenizer.ggml.tokens"] = .array(.string(GGUFStrings(tokens + ["<|eot_id|>", "<|im_end|>", "</s>"])))
    metadata["tokenizer.ggml.token_type"] = .array(.i32((types + [3, 4, 1]).map { Int32($0) }))
    let tokenizer = try Tokenizer(gguf: metadata)
    let count = Int32(tokens.count)
    #expect(tokenizer.endTokens == [601, count, count + 1])
    #expect(tokenizer.encode("<|im_end|>", addSpecial: false) == [count + 1])
    #expect(tokenizer.encode("<|im_end|>", parseSpecial: false, addSpecial: false).count > 1)
  }

  @Test func flagsOfAGGUFFile() throws {
    var metadata = try GGUFFile(path: Fixtures.path("sentencepiece.gguf")).metadata
    let standard = try Tokenizer(gguf: metadata)
    #expect(standard.addsBOS && !standard.addsEOS && standard.addsSpacePrefix)
    metadata["tokenizer.ggml.add_bos_token"] = .bool(false)
    metadata["tokenizer.ggml.add_eos_token"] = .bool(true)
    metadata["tokenizer.ggml.add_space_prefix"] = .bool(false)
    metadata["tokenizer.ggml.padding_token_id"] = .u32(1_000_000)
    let changed = try Tokenizer(gguf: metadata)
    #expect(!changed.addsBOS && changed.addsEOS && !changed.addsSpacePrefix && changed.padding == nil)
    #expect(changed.encode(" the") == standard.encode("the").dropFirst() + [2])
    #expect(changed.decode(changed.encode(" the")) == " the")
  }

  @Test func composesCharactersAsUnicodeSays() {
    func composed(_ text: String) -> String {
      let bytes = Array(text.utf8)
      return String(decoding: Normalizer(steps: [.unicode(.c)]).apply(bytes.span, 0..<bytes.count), as: UTF8.self)
    }
    func scalars(_ text: String) -> [UInt32] { text.unicodeScalars.map { $0.value } }
    #expect(scalars(composed("e\u{301}")) == [0xE9])
    #expect(scalars(composed("\u{1112}\u{1161}\u{11AB}")) == [0xD55C])
    // Vowels of old Hangul and the unused first trailing place do not compose (The Unicode Standard, 3.12).
    #expect(scalars(composed("\u{1109}\u{1176}")) == [0x1109, 0x1176])
    #expect(scalars(composed("\u{1109}\u{1161}\u{11A7}")) == [0xC0AC, 0x11A7])
  }
}
