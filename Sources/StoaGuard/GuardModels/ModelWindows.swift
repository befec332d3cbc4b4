/// Divides a text into windows of some bytes counted from its start, each of which waits for the verdict of a guard model.
///
/// A window is shown to the model with text before it, and ends before a scalar that it would cut. What a model is asked
/// depends on the text alone, not on the pieces in which it comes.
struct ModelWindows: Sendable {
  let rail: GuardModelRail
  private let dialogue: [GuardTurn]
  /// What is kept of the text: from `head` on `context` bytes that were judged, then those that are not.
  private var text: [UInt8] = []
  private var head = 0
  private var context = 0
  private var isFinished = false
  /// Where the first window begins that was not judged; no hit that is not told yet begins before.
  private(set) var frontier = 0

  init(_ rail: GuardModelRail, after dialogue: [GuardTurn] = []) {
    self.rail = rail
    self.dialogue = Self.shown(dialogue, before: rail)
  }

  mutating func feed(_ bytes: ArraySlice<UInt8>) { text += bytes }

  /// Says that no more text comes.
  mutating func finish() { isFinished = true }

  private var open: Int { text.count - head - context }

  /// Bytes of the window that waits for a verdict; nil when none does.
  private var count: Int? {
    if open >= rail.window { return rail.window - unfinished(before: head + context + rail.window) }
    return isFinished && open > 0 ? open : nil
  }

  /// The window that waits for a verdict.
  var window: Range<Int>? { count.map { frontier..<frontier + $0 } }

  /// What is asked about the window that waits.
  var question: GuardQuestion? {
    guard let count else { return nil }
    let end = head + context + count
    var start = head
    // Of what came before only whole scalars are shown.
    while context > 0, start < head + context, text[start] & 0xC0 == 0x80 { start += 1 }
    let judged = String(decoding: text[start..<end], as: UTF8.self)
    return GuardQuestion(rail.settings, dialogue + [GuardTurn(rail.role, judged)])
  }

  /// Goes on to the next window, and gives the one that has its verdict.
  mutating func advance() -> Range<Int>? {
    guard let count, let window else { return nil }
    frontier += count
    let end = head + context + count
    context = min(context + count, rail.context)
    head = end - context
    // Not for each window: the text after it may be long.
    if head > text.count - head {
      text.removeSubrange(..<head)
      head = 0
    }
    return window
  }

  /// How many bytes before `end` belong to a scalar whose end comes after it.
  private func unfinished(before end: Int) -> Int {
    for (back, byte) in text[max(head, end - 3)..<end].reversed().enumerated() {
      if byte & 0xC0 == 0x80 { continue }
      let needed = byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
      return needed > back + 1 ? back + 1 : 0
    }
    return 0
  }

  /// The last turns before the judged one that fit the context: speakers alternate and a user begins, as templates demand.
  private static func shown(_ dialogue: [GuardTurn], before rail: GuardModelRail) -> [GuardTurn] {
    var turns: [GuardTurn] = []
    var next = rail.role
    var room = rail.context
    for turn in dialogue.reversed() {
      if turn.role == next {
        // Of several in a row by one speaker the last counts.
        continue
      }
      room -= turn.text.utf8.count
      guard room >= 0 else { break }
      turns.insert(turn, at: 0)
      next = turn.role
    }
    if let first = turns.first, first.role == .assistant { turns.removeFirst() }
    return turns
  }
}
