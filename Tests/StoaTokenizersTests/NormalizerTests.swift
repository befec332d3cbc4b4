import StoaFormats
import StoaTestSupport
import Testing

@testable import StoaTokenizers

/// Normalisers change texts as those of Hugging Face tokenizers do.
@Suite struct NormalizerTests {
  private static let steps: [(name: String, step: Normalizer.Step)] = [
    ("NFC", .unicode(.c)), ("NFD", .unicode(.d)), ("NFKC", .unicode(.kc)), ("NFKD", .unicode(.kd)),
    ("Lowercase", .lowercase), ("StripAccents", .stripAccents), ("Nmt", .nmt),
    ("Strip", .strip(left: true, right: true)), ("BertNormalizer", .bert(BertNormalizer())), ("ByteLevel", .byteLevel),
  ]

  private func apply(_ step: Normalizer.Step, _ text: some Sequence<UInt8>) -> [UInt8] {
    let bytes = Array(text)
    return Normalizer(steps: [step]).apply(bytes.span, 0..<bytes.count)
  }

  @Test(arguments: steps.indices) func changesTexts(index: Int) throws {
    let (name, step) = Self.steps[index]
    let json = try JSONValue(path: Fixtures.path("words/normalized.json"))
    let texts = (json["texts"]?.arrayValue ?? []).map { $0.stringValue ?? "" }
    let expected = (json["results"]?[name]?.arrayValue ?? []).map { $0.stringValue ?? "" }
    try #require(texts.count == expected.count && texts.count >= 40)
    for (text, result) in zip(texts, expected) { #expect(apply(step, text.utf8) == Array(result.utf8), "\(text)") }
  }

  /// FNV-1a over what becomes of every scalar but NUL between two letters.
  @Test(arguments: steps.indices) func changesEveryScalar(index: Int) throws {
    let (name, step) = Self.steps[index]
    let json = try JSONValue(path: Fixtures.path("words/normalized.json"))
    let expected = try #require(json["digests"]?[name]?.stringValue)
    var digest: UInt64 = 0xCBF2_9CE4_8422_2325
    for value in UInt32(1)..<0x110000 where !(0xD800..<0xE000).contains(value) {
      var text: [UInt8] = [0x61]
      text.append(scalar: value)
      for byte in apply(step, text + [0x62]) { digest = (digest ^ UInt64(byte)) &* 0x100_0000_01B3 }
    }
    #expect(digest == UInt64(expected, radix: 16))
  }

  @Test func invalidBytesStay() {
    let text: [UInt8] = [0x61, 0xFF, 0xCC, 0x81, 0xE2, 0x96, 0x65, 0xCC, 0x81, 0xC3]
    #expect(apply(.unicode(.c), text) == [0x61, 0xFF, 0xCC, 0x81, 0xE2, 0x96, 0xC3, 0xA9, 0xC3])
    #expect(apply(.lowercase, text) == text)
    #expect(apply(.strip(left: true, right: true), [0x20] + text + [0x20, 0x0A]) == text)
  }

  @Test func replacesAndPrepends() throws {
    let spaces = TextPattern.expression(try RegexProgram(" {2,}", .oniguruma))
    #expect(apply(.replace(spaces, content: [0x20]), "a  b c    ".utf8) == Array("a b c ".utf8))
    let whitespace = TextPattern.expression(try RegexProgram(#"\s+"#, .oniguruma))
    #expect(apply(.replace(whitespace, content: []), " a\u{3000}\n b".utf8) == Array("ab".utf8))
    #expect(apply(.replace(.text(Array("aa".utf8)), content: [0x62]), "aaaaa".utf8) == Array("bba".utf8))
    #expect(apply(.replace(.text([]), content: [0x62]), "aa".utf8) == Array("aa".utf8))
    #expect(apply(.prepend([0x5F]), "".utf8).isEmpty && apply(.prepend([0x5F]), "a".utf8) == Array("_a".utf8))
  }
}

/// Replacement rules of SentencePiece, also those of damaged files.
@Suite struct CharacterMapTests {
  private func map(_ units: [UInt32], _ replacements: [UInt8]) throws(TokenizerError) -> CharacterMap {
    var bytes: [UInt8] = []
    for word in [UInt32(units.count * 4)] + units {
      for shift in stride(from: UInt32(0), to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
    }
    return try CharacterMap(bytes + replacements, field: "rules")
  }

  private func reason(_ bytes: [UInt8]) -> String {
    do {
      _ = try CharacterMap(bytes, field: "rules")
      return "none"
    } catch {
      return error.description
    }
  }

  @Test func refusesWhatIsNoMap() {
    #expect(reason([]).contains("too few") && reason([1, 0, 0, 0]).contains("too few"))
    #expect(reason([0, 0, 0, 0, 0]).contains("0 bytes"))
    #expect(reason([0xFF, 0xFF, 0xFF, 0xFF, 0, 0]).contains("4294967295 bytes"))
    #expect(reason([4, 0, 0, 0, 0, 0, 0, 0]).contains("in a field"))
    #expect(reason([3, 0, 0, 0, 0, 0, 0, 0]).contains("3 bytes"))
    #expect(reason([4, 0, 0, 0, 0, 0, 0, 0, 0x61]).contains("no end"))
    #expect(reason([4, 0, 0, 0, 0, 0, 0, 0, 0x61, 0]) == "none")
  }

  /// Every unit leads to itself, out of the array, or to a value out of range.
  @Test func survivesAnyDoubleArray() throws {
    var random = SeededGenerator(state: 8)
    for _ in 0..<2000 {
      let units = (0..<Int.random(in: 1...300, using: &random)).map { index in
        // Labels that fit make long matches likely.
        Bool.random(using: &random) ? UInt32(index & 0xFF) | 0x100 : UInt32.random(in: .min ... .max, using: &random)
      }
      let map = try map(units, [0x78, 0x79, 0])
      let text = random.text(count: 20)
      for start in text.indices {
        for match in [
          map.longestMatch(text.span, at: start, end: text.count),
          map.shortestMatch(text.span, at: start, end: text.count),
        ] {
          guard let match else { continue }
          #expect(match.length > 0 && start + match.length <= text.count && map.text(match.replacement).count <= 2)
        }
      }
    }
  }
}
