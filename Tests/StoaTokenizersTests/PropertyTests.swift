import StoaFormats
import StoaTestSupport
import Testing

@testable import StoaTokenizers

/// Laws that hold for any text and any ids.
@Suite struct PropertyTests {
  static let all = ["spm-like", "byte-level", "sentencepiece", "byte-level.gguf", "sentencepiece.gguf"]

  @Test(arguments: all) func streamEqualsDecoding(name: String) throws {
    let tokenizer = try Fixtures.tokenizer(name)
    var random = SeededGenerator(state: 1)
    for round in 0..<300 {
      let ids = (0..<Int.random(in: 0...30, using: &random)).map { _ in
        // Low ids are bytes, of which characters must be put together; some ids do not exist.
        Int32.random(in: Bool.random(using: &random) ? -2...262 : 0...620, using: &random)
      }
      let showSpecial = round % 2 == 0
      var stream = tokenizer.detokenizer(continuing: true, showSpecial: showSpecial)
      var text = ""
      var bytes: [UInt8] = []
      for id in ids {
        text += stream.append(id)
        bytes += tokenizer.bytes(of: id, showSpecial: showSpecial)
        // What has come is what the bytes so far say, less one unfinished character, which would read U+FFFD.
        let whole = Array(String(decoding: bytes, as: UTF8.self).unicodeScalars)
        let come = Array(text.unicodeScalars)
        #expect(whole.starts(with: come) && Array(whole[come.count...]).allSatisfy { $0 == "\u{FFFD}" })
        #expect(whole.count - come.count <= 1)
      }
      text += stream.finish()
      #expect(text == String(decoding: bytes, as: UTF8.self))
    }
  }

  @Test(arguments: all) func textSurvives(name: String) throws {
    let tokenizer = try Fixtures.tokenizer(name)
    var random = SeededGenerator(state: 2)
    let texts = try Fixtures().texts + (0..<200).map { _ in random.text(count: 40) }
    for text in texts where name.hasPrefix("byte") || !text.contains(0xE2) {
      // llama.cpp replaces what is not UTF-8.
      if name == "byte-level.gguf", String(validating: text, as: UTF8.self) == nil { continue }
      // Whitespace before `[left]` and after `[right]` goes, as their flags say; `▁` becomes a space.
      if String(decoding: text, as: UTF8.self).contains(/\[(left|right|mask)\]/) { continue }
      let ids = tokenizer.encode(text, parseSpecial: false, addSpecial: false)
      var bytes = ids.flatMap { tokenizer.bytes(of: $0) }
      if tokenizer.addsSpacePrefix {
        // One space in front, and in some formats one after each added token.
        if bytes.first == 0x20 { bytes.removeFirst() }
        if String(decoding: text, as: UTF8.self).contains(/word|<tool>/) { continue }
      }
      #expect(bytes == text)
    }
  }

  @Test(arguments: all) func idsAreInRangeAndPlainTextIsNeverControl(name: String) throws {
    let tokenizer = try Fixtures.tokenizer(name)
    var random = SeededGenerator(state: 3)
    let texts = try Fixtures().texts + (0..<200).map { _ in random.text(count: 40) }
    for text in texts {
      for id in tokenizer.encode(text) { #expect(id >= 0 && id < tokenizer.vocabularySize) }
      for id in tokenizer.encode(text, parseSpecial: false, addSpecial: false) { #expect(!tokenizer.isControl(id)) }
    }
  }

  /// What a user writes has the ids of plain text also between a template's real control tokens.
  @Test(arguments: all) func guardedTextIsNeverControl(name: String) throws {
    let tokenizer = try Fixtures.tokenizer(name)
    let controls = (0..<Int32(tokenizer.vocabularySize)).filter { tokenizer.vocabulary.types[Int($0)] == .control }
    let open = controls.first.map { tokenizer.text(of: $0) } ?? ""
    let mark = String(decoding: [0xEF, 0xB7, 0x90], as: UTF8.self)
    for control in controls.prefix(20) {
      let text = tokenizer.text(of: control)
      for attack in [text, "a\(text)\(text)b", "  \(text) \(mark)\(text)", String(text.dropLast()) + text] {
        let plain = attack.replacing(mark, with: "")
        #expect(tokenizer.encode(guarded: tokenizer.guarded(attack)) == tokenizer.encode(plain, parseSpecial: false))
        let rendered = tokenizer.encode(guarded: open + tokenizer.guarded(attack) + open, addSpecial: false)
        let found = rendered.count { controls.contains($0) }
        #expect(found == (open.isEmpty ? 0 : 2))
      }
    }
    #expect(tokenizer.guarded("nothing to see") == "nothing to see")
  }

  @Test(arguments: all) func longRunsEncode(name: String) throws {
    let tokenizer = try Fixtures.tokenizer(name)
    for piece in ["a", " ", "\n", "狐", "ab", "the river", "<s>", "\u{0}"] {
      let text = Array(String(repeating: piece, count: 20_000).utf8)
      let ids = tokenizer.encode(text, parseSpecial: false, addSpecial: false)
      let bytes = ids.flatMap { tokenizer.bytes(of: $0) }
      #expect(bytes == text || bytes == [0x20] + text)
    }
  }

  @Test func allWaysOfMergingAgree() {
    var random = SeededGenerator(state: 4)
    for _ in 0..<50 {
      var table = MergeTable()
      for _ in 0..<60 {
        table.insert(
          UInt32.random(in: 0..<12, using: &random), UInt32.random(in: 0..<12, using: &random),
          rank: UInt32.random(in: 0..<40, using: &random), result: UInt32.random(in: 0..<12, using: &random))
      }
      for length in [2, 3, 10, 99, 100, 101, 102, 160, 400] {
        // Long runs of few symbols, and no runs at all.
        let longest = length % 2 == 0 ? 1 : 60
        var symbols: [UInt32] = []
        while symbols.count < length {
          let symbol = UInt32.random(in: 0..<12, using: &random)
          symbols += repeatElement(symbol, count: Int.random(in: 1...longest, using: &random))
        }
        expectMerged(symbols, table)
        // A few symbols over and over, and something else in between or at the end.
        let period = Array(symbols.prefix(Int.random(in: 1...5, using: &random)))
        var periodic = (0..<length).map { period[$0 % period.count] }
        for _ in 0..<Int.random(in: 0...2, using: &random) {
          periodic[Int.random(in: 0..<length, using: &random)] = UInt32.random(in: 0..<12, using: &random)
        }
        expectMerged(periodic, table)
      }
    }
  }

  private func expectMerged(_ symbols: [UInt32], _ table: MergeTable) {
    var merger = BytePairMerger()
    merger.symbols = symbols
    merger.merge(table)
    #expect(merger.symbols == merged(symbols, table))
  }

  /// The definition, word for word: merge the leftmost pair of lowest rank until none merges.
  private func merged(_ symbols: [UInt32], _ table: MergeTable) -> [UInt32] {
    var symbols = symbols
    while true {
      let merges = symbols.indices.dropLast().map { ($0, table.merge(symbols[$0], symbols[$0 + 1])) }
      guard let (at, merge) = merges.min(by: { $0.1.rank < $1.1.rank }), merge.rank != MergeTable.Merge.none else {
        return symbols
      }
      symbols.replaceSubrange(at...at + 1, with: [merge.result])
    }
  }
}
