import StoaTestSupport
import Testing

@testable import StoaTerminal

@Suite struct KeyDecoderTests {
  static func keys(_ bytes: some Sequence<UInt8>) -> [Key] {
    var decoder = KeyDecoder()
    return bytes.compactMap { decoder.feed($0) }
  }

  /// Sequences as xterm's ctlseqs lists them ("PC-Style Function Keys").
  @Test(arguments: [
    ("\u{1B}[A", Key.up), ("\u{1B}OA", .up), ("\u{1B}[B", .down), ("\u{1B}[C", .right), ("\u{1B}[D", .left),
    ("\u{1B}[1;5C", .wordRight), ("\u{1B}[1;3D", .wordLeft), ("\u{1B}b", .wordLeft), ("\u{1B}f", .wordRight),
    ("\u{1B}[H", .home), ("\u{1B}OF", .end), ("\u{1B}[1~", .home), ("\u{1B}[4~", .end), ("\u{1B}[3~", .delete),
    ("\u{1B}d", .deleteWordForward), ("\u{1B}\u{7F}", .deleteWordBackward), ("\u{1B}\r", .insertNewline),
    ("\r", .enter), ("\n", .enter), ("\t", .tab), ("\u{7F}", .backspace), ("\u{08}", .backspace),
    ("\u{01}", .control("a")), ("\u{1A}", .control("z")), ("é", .character("é")), ("漢", .character("漢")),
    ("😀", .character("😀")),
  ])
  func oneKey(_ bytes: String, _ key: Key) { #expect(Self.keys(bytes.utf8) == [key]) }

  @Test func unknownSequencesAreSwallowedWhole() {
    #expect(
      Self.keys("\u{1B}[99;99Za\u{1B}[<0;1;2Mb\u{1B}zc".utf8) == [
        .character("a"), .enter, .character("b"), .character("c"),
      ])
  }

  @Test func loneEscapeWaitsForAMoment() {
    var decoder = KeyDecoder()
    #expect(decoder.feed(0x1B) == nil)
    #expect(decoder.hasPendingEscape)
    #expect(decoder.flushEscape() == .escape)
    #expect(decoder.flushEscape() == nil)
    #expect(decoder.feed(UInt8(ascii: "a")) == .character("a"))
  }

  @Test func pasteIsOneKey() {
    #expect(Self.keys("\u{1B}[200~a\nb\u{1B}[31m\u{1B}[201~c".utf8) == [.paste("a\nb\u{1B}[31m"), .character("c")])
  }

  @Test func pasteHasALimit() {
    let bytes =
      Array("\u{1B}[200~".utf8) + [UInt8](repeating: 0x61, count: KeyDecoder.pasteLimit + 1000)
      + Array("\u{1B}[201~b".utf8)
    let keys = Self.keys(bytes)
    #expect(keys.count == 2)
    guard case .paste(let text) = keys.first else {
      Issue.record("no paste")
      return
    }
    #expect(text.utf8.count <= KeyDecoder.pasteLimit)
    #expect(keys.last == .character("b"))
  }

  @Test(
    arguments: [
      [0xFF], [0xC0, 0x80], [0xE2, 0x82, 0x41], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0x80, 0x80],
    ] as [[UInt8]])
  func brokenUTF8NeverStopsTheKeyboard(_ bytes: [UInt8]) {
    #expect(Self.keys(bytes + [0x7A]).last == .character("z"))
  }

  @Test func anyBytesAreSurvived() {
    var generator = SeededGenerator(state: 1)
    var decoder = KeyDecoder()
    for _ in 0..<200_000 { _ = decoder.feed(UInt8(truncatingIfNeeded: generator.next())) }
  }
}
