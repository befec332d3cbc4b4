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

  private static func bytes() throws -> [UInt8] {
    Array(try Data(contentsOf: folder.appendingPathComponent("tiny.stgc")))
  }

  @Test func agreesWithPython() throws {
    let classifier = try TextClassifier(try Self.bytes())
    #expect(classifier.name == "tiny")
    let lines = try String(contentsOf: Self.folder.appendingPathComponent("scores.jsonl"), encoding: .utf8)
    var count = 0
    for line in lines.split(separator: "\n") {
      let expected = try JSONDecoder().decode(Line.self, from: Data(line.utf8))
      #expect(abs(classifier.score(expected.text) - expected.score) < 1e-12, "\(expected.text)")
      count += 1
    }
    #expect(count > 40)
  }

  /// Every file that is shorter or longer is refused, and none is read past its end.
  @Test func damagedFiles() throws {
    let bytes = try Self.bytes()
    for length in [0, 3, 4, 8, 20, 59, 63, 66, bytes.count - 1] {
      #expect(throws: TextClassifierError.self) { try TextClassifier(Array(bytes[..<length])) }
    }
    #expect(throws: TextClassifierError.self) { try TextClassifier(bytes + [0]) }
    for (offset, value) in [(0, 0x58), (4, 2), (8, 0xFF), (12, 0), (27, 0x7F), (60, 0xFF)] as [(Int, UInt8)] {
      var broken = bytes
      broken[offset] = value
      if offset == 12 { broken.replaceSubrange(12..<16, with: [0, 0, 0, 0]) }
      if offset == 27 { broken.replaceSubrange(20..<28, with: [0, 0, 0, 0, 0, 0, 0xF0, 0x7F]) }
      #expect(throws: TextClassifierError.self, "byte \(offset)") { try TextClassifier(broken) }
    }
  }

  /// Windows of 8 tokens, 4 apart, cover every token.
  @Test(arguments: 0...40) func windowsCoverAll(_ count: Int) {
    let features = TextFeatures(Array(repeating: "a ", count: count).joined().utf8)
    let windows = features.windows(size: 8, stride: 4)
    #expect(windows.first?.lowerBound == 0)
    #expect(windows.last?.upperBound == count)
    for (window, next) in zip(windows, windows.dropFirst()) { #expect(next.lowerBound - window.lowerBound == 4) }
  }
}
