import Foundation
import StoaFormats
import StoaTestSupport
import Testing

@testable import StoaTokenizers

/// The search for the best way to cut a text, and files that would mislead it.
@Suite struct UnigramTests {
  private func vocabulary(_ texts: [String]) throws -> Vocabulary {
    try Vocabulary(tokens: PackedByteStrings(texts.map { Array($0.utf8) }))
  }

  private func unigram(
    _ vocabulary: Vocabulary, _ scores: [Double], arithmetic: Unigram.Arithmetic = .double, unknown: Int32? = 0
  ) throws(TokenizerError) -> Unigram {
    try Unigram(
      vocabulary: vocabulary, scores: scores, unknown: unknown, unknownScore: -50, hasByteFallback: false,
      arithmetic: arithmetic
    ) { $0 != 0 }
  }

  private func encode(_ model: Unigram, _ text: String) -> [Int32] {
    let bytes = Array(text.utf8)
    var ids: [Int32] = []
    model.encode(bytes.span, 0..<bytes.count, &ids)
    return ids
  }

  /// The definition: of all ways, the one of the highest sum. Scores are such that sums are exact and differ.
  @Test func findsTheBestOfAllWays() throws {
    var random = SeededGenerator(state: 9)
    for _ in 0..<100 {
      var texts: Set<String> = ["a", "b", "é"]
      while texts.count < 14 {
        texts.insert(
          (0..<Int.random(in: 2...4, using: &random)).map { _ in
            "abé".randomElement(using: &random).map(String.init) ?? ""
          }.joined())
      }
      let pieces = ["<unk>"] + texts.sorted()
      let scores = pieces.indices.map { _ in -Double(Int.random(in: 1...1 << 40, using: &random)) }
      let model = try unigram(try vocabulary(pieces), scores)
      let text = (0..<9).map { _ in "abé".randomElement(using: &random).map(String.init) ?? "" }.joined()
      #expect(encode(model, text) == best(Array(text.utf8)[...], pieces, scores).ids)
    }
  }

  private func best(
    _ text: ArraySlice<UInt8>, _ pieces: [String], _ scores: [Double]
  ) -> (score: Double, ids: [Int32]) {
    if text.isEmpty { return (0, []) }
    var result: (score: Double, ids: [Int32]) = (-.infinity, [])
    for (id, piece) in pieces.enumerated().dropFirst() where text.starts(with: piece.utf8) {
      let rest = best(text.dropFirst(piece.utf8.count), pieces, scores)
      if scores[id] + rest.score > result.score { result = (scores[id] + rest.score, [Int32(id)] + rest.ids) }
    }
    return result
  }

  @Test func unknownCharactersFuse() throws {
    let vocabulary = try vocabulary(["<unk>", "a", "b"])
    let model = try unigram(vocabulary, [0, -1, -1])
    #expect(encode(model, "xyzab狐狐a") == [0, 1, 2, 0, 1])
    #expect(encode(try unigram(vocabulary, [0, -1, -1], unknown: nil), "xyzab狐狐a") == [1, 2, 1])
    var ids: [Int32] = []
    let bytes: [UInt8] = [0xFF, 0xE2, 0x96, 0x61]
    model.encode(bytes.span, 0..<4, &ids)
    #expect(ids == [0, 1])
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity]) func refusesScoresThatAreNoNumbers(score: Double) throws {
    let vocabulary = try vocabulary(["<unk>", "a"])
    #expect(throws: TokenizerError.self) { try unigram(vocabulary, [0, score]) }
    // What is no piece may have any score.
    _ = try unigram(vocabulary, [score, 0])
  }

  @Test func refusesPiecesThatAreTooLong() throws {
    let vocabulary = try vocabulary(["<unk>", String(repeating: "a", count: 513)])
    #expect(throws: TokenizerError.self) { try unigram(vocabulary, [0, -1]) }
  }

  @Test func hugeScoresDoNoHarm() throws {
    let vocabulary = try vocabulary(["<unk>", "a", "aa"])
    for arithmetic in [Unigram.Arithmetic.single, .double] {
      let model = try unigram(vocabulary, [0, -1e300, 1e300], arithmetic: arithmetic)
      let ids = encode(model, String(repeating: "a", count: 1001))
      #expect(ids.reduce(0) { $0 + Int($1) } == 1001)
    }
  }

  @Test func theTrieFindsAllPieces() throws {
    var random = SeededGenerator(state: 10)
    // Nodes with few and with many children.
    let pieces = (0..<600).map { _ in
      (0..<Int.random(in: 0...4, using: &random)).map { _ in
        UInt8.random(in: 0...(Bool.random(using: &random) ? 3 : 255), using: &random)
      }
    }
    let trie = try PieceTrie(PackedByteStrings(pieces)) { $0 % 7 != 0 }
    for piece in pieces where !piece.isEmpty {
      let expected = pieces.indices.last { pieces[$0] == piece && $0 % 7 != 0 }
      #expect(trie.node(piece).map { trie.value($0) } ?? -1 == Int32(expected ?? -1))
    }
    #expect(trie.longestMatch([UInt8]().span, at: 0, end: 0) == nil)
  }

  /// Bytes changed and cut anywhere in a unigram model with replacement rules.
  @Test(arguments: ["unigram", "unigram-bytes"]) func aDamagedModelDoesNoHarm(name: String) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("stoa-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("tokenizer.model")
    let whole = try Data(contentsOf: URL(fileURLWithPath: Fixtures.path("words/\(name)/tokenizer.model")))
    var random = SeededGenerator(state: 11)
    for round in 0..<150 {
      var damaged = round % 3 == 0 ? whole.prefix(Int.random(in: 0..<whole.count, using: &random)) : whole
      for _ in 0..<(damaged.isEmpty ? 0 : 10) {
        // Half of the changes in the rules, which come last.
        let from = Bool.random(using: &random) ? 0 : damaged.count * 3 / 4
        damaged[Int.random(in: from..<damaged.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      try damaged.write(to: file)
      guard let tokenizer = try? Tokenizer(huggingFaceDirectory: folder.path) else { continue }
      for id in tokenizer.encode("the ﬁ ① e\u{301} \u{3000} 😀 <sym>") {
        #expect(id >= 0 && id < tokenizer.vocabularySize)
      }
    }
  }
}
