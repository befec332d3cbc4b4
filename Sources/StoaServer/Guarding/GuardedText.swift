package import StoaGuard

/// Text of an answer on its way through the rails and back from the vault, with the tokens that it came from.
package struct GuardedText: Sendable {
  private let program: GuardProgram
  /// The rails that look at alternatives of tokens, which are not worth a question to a guard model.
  private let patterns: GuardProgram
  private var rails: GuardStream
  private var restorer: VaultRestorer
  /// Nil when nothing was masked, so that nothing has to be looked for.
  private let restores: Bool
  /// Nil when nobody asks for the tokens.
  private var places: TokenPlaces?

  init(_ program: GuardProgram, _ request: RequestGuard, isJSON: Bool = false, tracksTokens: Bool = false) {
    places = tracksTokens ? TokenPlaces() : nil
    self.program = program
    patterns = program.withoutGuardModels
    rails = GuardStream(program, systemPrompt: request.systemPrompt, events: request.tally, dialogue: request.said)
    restores = !request.vault.isEmpty
    restorer = VaultRestorer(request.vault, escapesJSON: isJSON)
  }

  /// The text of an answer at a terminal.
  package init(_ request: RequestGuard) { self.init(request.programs.output, request) }

  /// Whether a rail ended the text.
  package var isOver: Bool { rails.isOver }

  /// What the rail that ended the text says in its place; empty for nothing.
  package var message: String { rails.isOver ? rails.verdict.message ?? "" : "" }

  /// What a guard model has to be asked before more may be shown; nil when nothing waits for one.
  package var question: GuardQuestion? { rails.question }

  /// Whether all that has come was shown or replaced: after the end of a text nothing is left then.
  var isComplete: Bool { rails.isComplete }

  /// What may be shown once the answer to `question` is known.
  package mutating func answer(_ answer: GuardAnswer) -> String { answerWithTokens(answer).text }

  /// What may be shown once this much is known; without the message of a rail that ends it.
  package mutating func append(_ text: String) -> String { append(text, []).text }

  /// The rest.
  package mutating func finish() -> String { finishWithTokens().text }

  /// What may be shown, and the tokens whose text it shows.
  mutating func append(_ text: String, _ entries: [TokenEntry]) -> (text: String, entries: [TokenEntry]) {
    places?.add(text, entries)
    return step { $0.feed(Array(text.utf8)) }
  }

  mutating func finishWithTokens() -> (text: String, entries: [TokenEntry]) { step { $0.finish() } }

  mutating func answerWithTokens(_ answer: GuardAnswer) -> (text: String, entries: [TokenEntry]) {
    step { $0.answer(answer) }
  }

  private mutating func step(_ take: (inout GuardStream) -> [UInt8]) -> (text: String, entries: [TokenEntry]) {
    let wasComplete = rails.isComplete
    let bytes = take(&rails)
    return pass(bytes, isLast: !wasComplete && rails.isComplete)
  }

  private mutating func pass(_ bytes: [UInt8], isLast: Bool) -> (text: String, entries: [TokenEntry]) {
    let bytes = bytes.dropLast(isLast ? message.utf8.count : 0)
    var shown = Array(bytes)
    var restored: Int?
    if restores {
      shown = restorer.feed(bytes)
      if isLast { shown += restorer.finish() }
      restored = restorer.decidedCount
    }
    var entries = places?.take(rails, restorer.restored, restored: restored) ?? []
    for index in entries.indices { hide(&entries[index].top) }
    return (String(decoding: shown, as: UTF8.self), entries)
  }

  /// Takes out the alternatives that a rail would not have shown either.
  private func hide(_ alternatives: inout [TokenEntry.Alternative]) {
    if program.rails.isEmpty { return }
    alternatives.removeAll { patterns.check($0.bytes).verdict.action.edits }
  }
}

/// Where the tokens of a text stand in it, until it is decided whether they are shown.
///
/// Tokens of which a rail took anything away go with it: what is forbidden is not shown as a log probability either.
private struct TokenPlaces: Sendable {
  private var waiting: [(entry: TokenEntry, range: Range<Int>)] = []
  /// The text from `start` on, in which no token was placed yet.
  private var text: [UInt8] = []
  private var start = 0
  /// Edits and restorations that lie before the tokens that wait.
  private var editCount = 0
  private var restorationCount = 0
  /// What those edits made the text longer by.
  private var growth = 0

  private static let longestGap = 64

  /// Adds text and the tokens that have come out with it.
  mutating func add(_ piece: String, _ entries: [TokenEntry]) {
    text += piece.utf8
    for entry in entries {
      // Marks of reasoning and calls are tokens too, but not of the text: they are not found.
      guard let place = find(entry.bytes) else { continue }
      let range = start + place..<start + place + entry.bytes.count
      waiting.append((entry, range))
      text.removeFirst(range.upperBound - start)
      start = range.upperBound
    }
  }

  private func find(_ bytes: [UInt8]) -> Int? {
    guard !bytes.isEmpty, bytes.count <= text.count else { return nil }
    return (0...min(text.count - bytes.count, Self.longestGap)).first {
      text[$0..<$0 + bytes.count].elementsEqual(bytes)
    }
  }

  /// The tokens that are shown whole.
  ///
  /// - Parameter restored: How much of what the rails gave is out; nil when nothing waits to be restored.
  mutating func take(_ rails: GuardStream, _ restorations: [Range<Int>], restored: Int?) -> [TokenEntry] {
    var taken: [TokenEntry] = []
    while let (entry, range) = waiting.first, range.upperBound <= rails.decidedCount {
      while editCount < rails.edits.count, rails.edits[editCount].range.upperBound <= range.lowerBound {
        growth += rails.edits[editCount].output.count - rails.edits[editCount].range.count
        editCount += 1
      }
      if editCount < rails.edits.count, rails.edits[editCount].range.overlaps(range) {
        waiting.removeFirst()
        continue
      }
      let output = range.lowerBound + growth..<range.upperBound + growth
      if let restored, output.upperBound > restored { break }
      waiting.removeFirst()
      while restorationCount < restorations.count, restorations[restorationCount].upperBound <= output.lowerBound {
        restorationCount += 1
      }
      if restorationCount < restorations.count, restorations[restorationCount].overlaps(output) { continue }
      taken.append(entry)
    }
    return taken
  }
}
