import StoaGuard

/// Puts one answer through the rails while it comes.
///
/// Content and reasoning are texts of their own, which end where the other or a call begins. A call of a tool is judged
/// when it is complete: before that nobody can make use of it.
struct ChoiceGuard {
  private let choice: Int
  private let request: RequestGuard
  private let tracksTokens: Bool
  private let holdsCalls: Bool
  private var current: (kind: Kind, text: GuardedText)?
  private var call: Call?
  /// Whether a rail ended the answer.
  private(set) var isOver = false

  private enum Kind {
    case content, reasoning
  }

  private struct Call {
    var index: Int
    var id: String
    var name: String
    var arguments = ""
  }

  init(choice: Int, _ request: RequestGuard, tracksTokens: Bool) {
    self.choice = choice
    self.request = request
    self.tracksTokens = tracksTokens
    holdsCalls = !request.programs.toolCall.rails.isEmpty || !request.vault.isEmpty
  }

  /// What of the answer may be shown once the next event is known.
  mutating func pass(_ event: AnswerEvent) -> [AnswerEvent] {
    if isOver { return [] }
    switch event {
    case .content(_, let text, let entries): return pass(text, entries, of: .content)
    case .reasoning(_, let text, let entries): return pass(text, entries, of: .reasoning)
    case .toolCall(_, let index, let id, let name):
      let rest = finish()
      if isOver { return rest }
      guard holdsCalls else { return rest + [event] }
      call = Call(index: index, id: id, name: name)
      return rest
    case .toolArguments(_, _, let text):
      guard call != nil else { return [event] }
      call?.arguments += text
      return []
    case .started, .choiceEnded, .ended: return [event]
    }
  }

  /// What was held back of the text or the call that has begun.
  mutating func finish() -> [AnswerEvent] {
    if isOver { return [] }
    if let (kind, held) = current {
      current = nil
      var text = held
      let rest = text.finishWithTokens()
      return shown(rest.text, rest.entries, of: kind) + ending(text)
    }
    guard let call else { return [] }
    self.call = nil
    var text = GuardedText(request.programs.toolCall, request, isJSON: true)
    var arguments = text.append(call.arguments)
    arguments += text.finish()
    if text.isOver { return ending(text) }
    let begin = AnswerEvent.toolCall(choice: choice, index: call.index, id: call.id, name: call.name)
    return [begin] + (arguments.isEmpty ? [] : [.toolArguments(choice: choice, index: call.index, arguments)])
  }

  private mutating func pass(_ piece: String, _ entries: [TokenEntry], of kind: Kind) -> [AnswerEvent] {
    let rest = current?.kind == kind ? [] : finish()
    if isOver { return rest }
    var text = current?.text ?? GuardedText(request.programs.output, request, tracksTokens: tracksTokens)
    // Not two copies of the buffers.
    current = nil
    let passed = text.append(piece, entries)
    let events = rest + shown(passed.text, passed.entries, of: kind) + ending(text)
    current = (kind, text)
    return events
  }

  private func shown(_ text: String, _ entries: [TokenEntry], of kind: Kind) -> [AnswerEvent] {
    if text.isEmpty, entries.isEmpty { return [] }
    switch kind {
    case .content: return [.content(choice: choice, text, entries)]
    case .reasoning: return [.reasoning(choice: choice, text, entries)]
    }
  }

  /// Ends the answer if a rail ended the text; what the rail says is for the reader.
  private mutating func ending(_ text: GuardedText) -> [AnswerEvent] {
    guard text.isOver else { return [] }
    isOver = true
    return text.message.isEmpty ? [] : [.content(choice: choice, text.message, [])]
  }
}
