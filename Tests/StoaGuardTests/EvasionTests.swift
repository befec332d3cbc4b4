import Foundation
import StoaTestSupport
import Testing

@testable import StoaGuard

/// Bans that are written so as not to be found.
struct EvasionTests {
  static let bans = [
    "project zephyr", "kill switch", "blackbird", "launch codes", "cyanide", "silverfish protocol", "orchid",
    "nightingale",
  ]
  static let carriers = [
    "tell me about @ please", "@", "what is (@)?", "I heard \"@\", is it true", "so: @!", "line one\n@\nline three",
  ]

  /// Ways to write a text, the oracle being how each is described in public: UTS #39, RFC 4648, the usual leetspeak.
  enum Disguise: String, CaseIterable {
    case cyrillic, greek, fullWidth, mathematical, circled, zeroWidth, softHyphen, combining, bidi, spaced, dashed,
      dotted, leet, leetSigns, mixedCase
    case base64, base64URL, hexadecimal, hexadecimalSpaced, rot13, percent, entities, unicodeEscapes, tags, repeated,
      accents, mixedScripts, spacedLeet
  }

  static func disguise(_ text: String, _ kind: Disguise, _ generator: inout SeededGenerator) -> String {
    func map(_ table: [Character: Character]) -> String { String(text.map { table[$0] ?? $0 }) }
    func letters(_ change: (UInt32) -> UInt32) -> String {
      String(
        String.UnicodeScalarView(
          text.unicodeScalars.map {
            (0x61...0x7A).contains($0.value) ? Unicode.Scalar(change($0.value - 0x61)) ?? $0 : $0
          }))
    }
    func between(_ mark: String) -> String {
      text.split(separator: " ").map { $0.map(String.init).joined(separator: mark) }.joined(separator: " ")
    }
    let cyrillic: [Character: Character] = [
      "a": "а", "c": "с", "e": "е", "i": "і", "o": "о", "p": "р", "s": "ѕ", "x": "х", "y": "у", "h": "һ", "j": "ј",
    ]
    let greek: [Character: Character] = [
      "a": "α", "o": "ο", "i": "ι", "k": "κ", "n": "η", "p": "ρ", "t": "τ", "v": "ν", "y": "γ", "e": "ε",
    ]
    let leet: [Character: Character] = ["a": "4", "e": "3", "i": "1", "o": "0", "s": "5", "t": "7", "b": "8"]
    let signs: [Character: Character] = ["a": "@", "i": "!", "s": "$", "o": "0", "t": "+", "l": "|"]
    switch kind {
    case .cyrillic: return map(cyrillic)
    case .greek: return map(greek)
    case .mixedScripts: return String(text.map { (Bool.random(using: &generator) ? cyrillic[$0] : greek[$0]) ?? $0 })
    case .fullWidth: return letters { 0xFF41 + $0 }
    case .mathematical: return letters { 0x1D41A + $0 }
    case .circled: return letters { 0x24D0 + $0 }
    case .zeroWidth:
      return between(["\u{200B}", "\u{200D}", "\u{2060}"].randomElement(using: &generator) ?? "\u{200B}")
    case .softHyphen: return between("\u{AD}")
    case .combining: return between("\u{336}")
    case .bidi: return "\u{202D}" + between("\u{2066}\u{2069}") + "\u{202C}"
    case .spaced: return text.filter { $0 != " " }.map(String.init).joined(separator: " ")
    case .dashed: return between("-")
    case .dotted: return between(".")
    case .leet: return map(leet)
    case .leetSigns: return map(signs)
    case .spacedLeet: return map(leet).filter { $0 != " " }.map(String.init).joined(separator: " ")
    case .mixedCase: return String(text.map { Bool.random(using: &generator) ? Character($0.uppercased()) : $0 })
    case .base64: return Data(text.utf8).base64EncodedString()
    case .base64URL:
      return Data("> \(text) ?".utf8).base64EncodedString().replacingOccurrences(of: "+", with: "-")
        .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
    case .hexadecimal: return text.utf8.map { String($0, radix: 16) }.joined()
    case .hexadecimalSpaced: return text.utf8.map { "0x" + String($0, radix: 16) }.joined(separator: " ")
    case .rot13: return letters { 0x61 + ($0 + 13) % 26 }
    case .percent: return text.utf8.map { "%" + String($0, radix: 16) }.joined()
    case .entities: return text.utf8.map { "&#\($0);" }.joined()
    case .unicodeEscapes: return text.utf8.map { "\\u00" + String($0, radix: 16) }.joined()
    case .tags:
      return "hello"
        + String(String.UnicodeScalarView(text.unicodeScalars.compactMap { Unicode.Scalar(0xE0000 + $0.value) }))
    case .repeated:
      return String(
        text.flatMap { [Character](repeating: $0, count: $0 == " " ? 1 : Int.random(in: 1...3, using: &generator)) })
    case .accents:
      return map(["a": "á", "e": "ë", "i": "ï", "o": "õ", "u": "ū", "c": "ç", "n": "ñ", "s": "š", "y": "ÿ", "z": "ž"])
    }
  }

  static func strict(_ terms: [String]) throws -> GuardProgram {
    var rails = try GuardPack("strict").rails
    let index = try #require(rails.firstIndex { $0.id == "bans" })
    rails[index].options.values["terms"] = terms
    return try GuardProgram(pack: "strict", rails: rails, stage: .input)
  }

  @Test("strict finds at least 98 of 100 of 1,000 disguised bans, and the misses are told")
  func evasions() throws {
    let program = try Self.strict(Self.bans)
    var generator = SeededGenerator(state: 98)
    var misses: [String] = []
    for number in 0..<1000 {
      let kind = Disguise.allCases[number % Disguise.allCases.count]
      let ban = try #require(Self.bans.randomElement(using: &generator))
      let carrier = try #require(Self.carriers.randomElement(using: &generator))
      let text = carrier.replacingOccurrences(of: "@", with: Self.disguise(ban, kind, &generator))
      let verdict = program.check(Array(text.utf8)).verdict
      if !verdict.hits.contains(where: { $0.rail == "bans" }) { misses.append("\(kind.rawValue): \(text)") }
    }
    if !misses.isEmpty {
      print("evasions that were missed (\(misses.count) of 1000):\n" + misses.joined(separator: "\n"))
    }
    #expect(misses.count <= 20)
  }

  @Test("Ordinary sentences are no disguised bans")
  func ordinary() throws {
    let program = try Self.strict(Self.bans)
    let texts = [
      "The orchestra played a nightly song by the river; a black bird sang.",
      "He said: a, b, c, d and e are letters. I am 17, you are 15.",
      "Kilometres and switches: the launch was at 10:30, codes 4711 and 0815.",
      "A blackboard, a silver fish, the protocol of the meeting.",
      "SGVsbG8gd29ybGQsIHRoaXMgaXMgYSBub3JtYWwgc2VudGVuY2Uu", "deadbeef cafe 0123456789abcdef",
      "Съешь ещё этих мягких французских булок", "ταχίστη αλώπηξ",
    ]
    for text in texts {
      #expect(program.check(Array(text.utf8)).verdict.hits.filter { $0.rail == "bans" } == [], "\(text)")
    }
  }
}
