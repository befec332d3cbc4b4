import Foundation
import StoaTestSupport
import Testing

@testable import StoaGuard

/// A small classifier with random weights and what Python's code of the training makes of texts.
struct TextClassifierTests {
  private struct Line: Decodable {
    let text: String
    let score: Double
  }

  private static let folder = OracleData.repository.appendingPathComponent("Tests/Fixtures/guard")

  private static func bytes(_ name: String = "tiny") throws -> [UInt8] {
    Array(try Data(contentsOf: folder.appendingPathComponent("\(name).stgc")))
  }

  @Test(arguments: [("tiny", "scores"), ("tiny-segments", "scores-segments")])
  func agreesWithPython(_ file: String, _ scores: String) throws {
    let classifier = try TextClassifier(try Self.bytes(file))
    #expect(classifier.name == "tiny")
    let lines = try String(contentsOf: Self.folder.appendingPathComponent("\(scores).jsonl"), encoding: .utf8)
    var count = 0
    for line in lines.split(separator: "\n") {
      let expected = try JSONDecoder().decode(Line.self, from: Data(line.utf8))
      #expect(abs(classifier.score(expected.text) - expected.score) < 1e-12, "\(expected.text)")
      count += 1
    }
    #expect(count > 40)
  }

  private struct ShippedLine: Decodable {
    let text: String
    let scores: [String: Double]
  }

  /// The classifiers that come with the program load and score texts as the code that trained them does.
  @Test func shipped() throws {
    let lines = try String(contentsOf: Self.folder.appendingPathComponent("shipped.jsonl"), encoding: .utf8)
    let expected = try lines.split(separator: "\n").map {
      try JSONDecoder().decode(ShippedLine.self, from: Data($0.utf8))
    }
    #expect(expected.count > 10)
    let names = Set(expected.flatMap(\.scores.keys))
    #expect(names.isSuperset(of: ["toxicity", "jailbreak", "injection"]))
    for kind in ClassifierKind.allCases where names.contains(kind.rawValue) {
      let path = OracleData.repository.appendingPathComponent("models/guard/\(kind.rawValue).stgc").path
      let classifier = try kind.load(from: [path])
      #expect(classifier.name == kind.rawValue)
      #expect((0.5..<1).contains(classifier.threshold))
      for line in expected {
        let score = try #require(line.scores[kind.rawValue])
        #expect(abs(classifier.score(line.text) - score) < 1e-6, "\(kind): \(line.text)")
      }
    }
  }

  /// The tokens of a text, between which there is one space.
  @Test(arguments: [
    ("I h4te y0u f u c k ing a$$h*le 2024", "i hate you fuck ing a h*le 0000"),
    ("don’t 'quoted' I'd @bob_1 hi http://x.y z", "don't quoted i'd @ hi @u z"),
    ("he\u{200B}llo “say” 12:30 U S A B", "hello say 00 00 usab"), ("a fox, Foxes", "a # foxes"), ("", ""),
  ]) func tokens(_ text: String, _ tokens: String) {
    let features = TextFeatures(text.utf8, masked: [Array("fox".utf8)[...]])
    #expect(features.tokens.map { String(decoding: features.text[$0], as: UTF8.self) }.joined(separator: " ") == tokens)
  }

  /// Single letters are joined in a time that grows with the text and not with its square.
  @Test(.timeLimit(.minutes(1))) func manyLetters() {
    let features = TextFeatures(Array(repeating: "a ", count: 500_000).joined().utf8)
    #expect(features.tokens == [1..<500_001])
  }

  /// Every file that is shorter or longer is refused, and none is read past its end.
  @Test func damagedFiles() throws {
    let bytes = try Self.bytes()
    for length in [0, 3, 4, 8, 20, 59, 63, 66, 70, 75, bytes.count - 1] {
      #expect(throws: TextClassifierError.self) { try TextClassifier(Array(bytes[..<length])) }
    }
    #expect(throws: TextClassifierError.self) { try TextClassifier(bytes + [0]) }
    for (offset, value) in [(0, 0x58), (4, 1), (8, 0xFF), (12, 0), (27, 0x7F), (61, 0xFF), (69, 0xFF)] as [(Int, UInt8)]
    {
      var broken = bytes
      broken[offset] = value
      if offset == 12 { broken.replaceSubrange(12..<16, with: [0, 0, 0, 0]) }
      if offset == 27 { broken.replaceSubrange(20..<28, with: [0, 0, 0, 0, 0, 0, 0xF0, 0x7F]) }
      #expect(throws: TextClassifierError.self, "byte \(offset)") { try TextClassifier(broken) }
    }
  }

  /// A place in the file is named only where there is a file.
  @Test func errorsNameWhatThereIs() throws {
    let missing = try #require(throws: TextClassifierError.self) { try ClassifierKind.toxicity.load(from: ["/none"]) }
    #expect(missing.description.contains("/none") && !missing.description.contains("at byte"))
    let broken = try #require(throws: TextClassifierError.self) { try TextClassifier([1, 2, 3, 4]) }
    #expect(broken.description.hasSuffix("(at byte 0)"))
  }

  /// Of the form with segments too: shorter and longer files, and fields out of bounds.
  @Test func damagedSegments() throws {
    let bytes = try Self.bytes("tiny-segments")
    for length in [5, 8, 23, 24, 47, 51, 60, 150, 400, bytes.count - 1] {
      #expect(throws: TextClassifierError.self) { try TextClassifier(Array(bytes[..<length])) }
    }
    #expect(throws: TextClassifierError.self) { try TextClassifier(bytes + [0]) }
    for (offset, value) in [(4, 4), (8, 0), (12, 0), (16, 0), (16, 200), (20, 0), (49, 0xFF)] as [(Int, UInt8)] {
      var broken = bytes
      broken.replaceSubrange(offset..<offset + 4, with: [value, 0, 0, value == 0xFF ? 0xFF : 0])
      #expect(throws: TextClassifierError.self, "byte \(offset)") { try TextClassifier(broken) }
    }
    // A weight of the network that is no number.
    var broken = bytes
    broken.replaceSubrange((bytes.count - 3 * 512 - 4)..<(bytes.count - 3 * 512), with: [0, 0, 0xC0, 0x7F])
    #expect(throws: TextClassifierError.self) { try TextClassifier(broken) }
  }

  /// Windows of 8 tokens, 4 apart, cover every token.
  @Test(arguments: 0...40) func windowsCoverAll(_ count: Int) {
    let features = TextFeatures(Array(repeating: "ab ", count: count).joined().utf8)
    let windows = features.windows(size: 8, stride: 4)
    #expect(windows.first?.lowerBound == 0)
    #expect(windows.last?.upperBound == count)
    for (window, next) in zip(windows, windows.dropFirst()) { #expect(next.lowerBound - window.lowerBound == 4) }
  }
}
