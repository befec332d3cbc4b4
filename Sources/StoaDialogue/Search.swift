/// Looks for marks in text.
enum Search {
  /// How much of a text comes before the first of some marks, without white space at the end, and whether a mark follows
  /// it directly. Before the end of the text, what may become a mark does not count.
  static func plainText(_ marks: [[UInt8]], in text: [UInt8], _ isEnd: Bool) -> (count: Int, isMarkNext: Bool) {
    var end = text.count
    if let mark = text.indices.first(where: { start in marks.contains { text[start...].starts(with: $0) } }) {
      if mark == 0 { return (0, true) }
      end = mark
    } else if !isEnd {
      end -= partial(marks, at: text)
    }
    while end > 0, JSONScanner.isSpace(text[end - 1]) { end -= 1 }
    return (end, false)
  }

  /// The length of the longest end of a text with which a mark may begin.
  static func partial(_ marks: [[UInt8]], at text: [UInt8]) -> Int {
    let longest = min(text.count, marks.map(\.count).max() ?? 0)
    return (0...longest).last { length in marks.contains { $0.starts(with: text.suffix(length)) } } ?? 0
  }
}
