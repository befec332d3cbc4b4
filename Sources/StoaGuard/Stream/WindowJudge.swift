/// Judges a text with a classifier, as a whole or in windows of some bytes counted from its start.
///
/// A window is judged together with as many bytes before it, so that what stands across its border is seen. It ends before a scalar
/// that it would cut.
struct WindowJudge: Sendable {
  private let rail: ClassifierRail
  /// What is kept of the text: `context` bytes that were judged, then the window that is open.
  private var text: [UInt8] = []
  private var context = 0
  /// Where the open window begins; no hit that is not told yet begins before.
  private(set) var frontier = 0

  init(_ rail: ClassifierRail) { self.rail = rail }

  /// Reads the next bytes and tells the windows that count with their scores.
  mutating func feed(_ bytes: ArraySlice<UInt8>, hit: (ClassifierRail, Range<Int>, Double) -> Void) {
    guard let size = rail.window else {
      text += bytes
      return
    }
    var rest = bytes
    while !rest.isEmpty {
      let count = min(size - (text.count - context), rest.count)
      text += rest.prefix(count)
      rest = rest.dropFirst(count)
      if text.count - context == size { judge(size - unfinished, keeping: size, hit) }
    }
  }

  /// Judges what is left.
  mutating func finish(hit: (ClassifierRail, Range<Int>, Double) -> Void) {
    if text.count > context { judge(text.count - context, keeping: 0, hit) }
  }

  /// How many bytes at the end belong to a scalar whose end is still to come.
  private var unfinished: Int {
    for (back, byte) in text.suffix(3).reversed().enumerated() {
      if byte & 0xC0 == 0x80 { continue }
      let needed = byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
      return needed > back + 1 ? back + 1 : 0
    }
    return 0
  }

  private mutating func judge(_ count: Int, keeping kept: Int, _ hit: (ClassifierRail, Range<Int>, Double) -> Void) {
    let end = context + count
    let score = rail.classifier.score(text[..<end])
    if score >= rail.threshold { hit(rail, frontier..<frontier + count, score) }
    frontier += count
    context = min(end, kept)
    text.removeSubrange(..<(end - context))
  }
}
