/// Watches a streamed answer for the place from which on it has to follow the grammar of calls.
///
/// Marks in reasoning do not count, as the parser does not look for calls there either.
package struct TriggerWatch: Sendable {
  private let trigger: CallTrigger
  private var parser: AnswerParser
  /// The content so far; only its end when a mark may stand anywhere.
  private var content = ""
  private var isOver = false

  package init(_ trigger: CallTrigger, format: DialogueFormat, startsInReasoning: Bool) {
    self.trigger = trigger
    parser = AnswerParser(
      format: format, tools: [], startsInReasoning: startsInReasoning, ids: CallIDs(seed: 0, format: format.calls))
  }

  /// What follows the first mark, once one has come: the grammar has to take it over; nil before and afterwards.
  package mutating func append(_ text: String) -> String? {
    guard !isOver else { return nil }
    for case .content(let text) in parser.append(text) { content += text }
    let bytes = Array(content.utf8)
    let marks = trigger.marks.map { Array($0.utf8) }
    if trigger.isOnlyAtStart {
      let said = bytes.drop { JSONScanner.isSpace($0) }
      if let mark = marks.first(where: { said.starts(with: $0) }) { return end(said.dropFirst(mark.count)) }
      isOver = !said.isEmpty && !marks.contains { $0.starts(with: said) }
      return nil
    }
    for start in bytes.indices {
      if let mark = marks.first(where: { bytes[start...].starts(with: $0) }) {
        return end(bytes[start...].dropFirst(mark.count))
      }
    }
    let kept = Search.partial(marks, at: bytes)
    content = String(decoding: bytes.suffix(kept), as: UTF8.self)
    return nil
  }

  private mutating func end(_ rest: ArraySlice<UInt8>) -> String {
    isOver = true
    return String(decoding: rest, as: UTF8.self) + parser.undecided
  }
}
