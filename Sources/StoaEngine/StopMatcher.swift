/// Finds stop strings in text that comes piece by piece, and holds back what may be the start of one.
///
/// Cutting the text into other pieces gives the same output.
package struct StopMatcher: Sendable {
  private let stops: [[UInt8]]
  private let longest: Int
  private var held: [UInt8] = []

  /// Whether a stop string was found; nothing more comes out then.
  package var isStopped: Bool { found != nil }
  /// The stop string that was found.
  package private(set) var found: String?

  /// Empty stop strings are ignored.
  package init(_ stops: [String]) {
    self.stops = stops.map { Array($0.utf8) }.filter { !$0.isEmpty }
    longest = self.stops.map(\.count).max() ?? 0
  }

  /// Takes the next piece and gives what can be shown: nothing of a stop string, nor of what may become one.
  package mutating func append(_ text: String) -> String {
    guard !isStopped else { return "" }
    guard longest > 0 else { return text }
    held += text.utf8
    var shown = 0
    while shown < held.count {
      let rest = held[shown...]
      if let stop = stops.first(where: { rest.starts(with: $0) }) {
        found = Self.text(stop[...])
        defer { held = [] }
        return Self.text(held[..<shown])
      }
      if rest.count < longest, stops.contains(where: { $0.count > rest.count && $0.starts(with: rest) }) { break }
      shown += 1
    }
    // A stop string starts at a character's first byte, so this cuts between characters.
    defer { held.removeFirst(shown) }
    return Self.text(held[..<shown])
  }

  /// What was held back, when no more text comes.
  package mutating func finish() -> String {
    defer { held = [] }
    return Self.text(held[...])
  }

  private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
}
