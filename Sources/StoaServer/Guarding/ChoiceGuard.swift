import StoaGuard

/// Puts one answer through the rails while it comes.
///
/// Content and reasoning are texts of their own, which end where the other or a call begins. A call of a tool is judged
/// when it is complete: before that nobody can make use of it. While `question` waits for a guard model nothing more is
/// shown: what comes meanwhile is kept until `answer` is called.
struct ChoiceGuard {
  private let choice: Int
  private let request: RequestGuard
  private let tracksTokens: Bool
  private let holdsCalls: Bool
  private var current: Current?
  private var call: Call?
  /// What came while a question was open, and what it ends.
  private var waiting: [Step] = []
  /// Whether a rail ended the answer.
  private(set) var isOver = false

  private enum Kind {
    case content, reasoning, arguments
  }

  /// The text that is judged.
  private struct Current {
    var kind: Kind
    var text: GuardedText
    /// The call whose arguments it is, with what may be shown of them so far.
    var call: Call?
  }

  private struct Call {
    var index: Int
    var id: String
    var name: String
    var arguments = ""
  }

  private enum Step {
    case event(AnswerEvent)
    /// The text or the call that has begun ends.
    case end
  }

  init(choice: Int, _ request: RequestGuard, tracksTokens: Bool) {
    self.choice = choice
    self.request = request
    self.tracksTokens = tracksTokens
    holdsCalls = !request.programs.toolCall.rails.isEmpty || !request.vault.isEmpty
  }

  /// What of the answer may be shown once the next event is known.
  mutating func pass(_ event: AnswerEvent) -> [AnswerEvent] { take(.event(event)) }

  /// What was held back of the text or the call that has begun.
  mutating func finish() -> [AnswerEvent] { take(.end) }

  /// What a guard model has to be asked before more may be shown; nil when nothing waits for one.
  var question: GuardQuestion? { isOver ? nil : current?.text.question }

  /// What may be shown once the answer to `question` is known.
  mutating func answer(_ answer: GuardAnswer) -> [AnswerEvent] {
    guard question != nil, var now = current else { return [] }
    current = nil
    let passed = now.text.answerWithTokens(answer)
    return shown(passed, &now) + goOn()
  }

  private mutating func take(_ step: Step) -> [AnswerEvent] {
    if isOver { return [] }
    waiting.append(step)
    return goOn()
  }

  /// Takes the steps that wait until one has to wait for a guard model.
  private mutating func goOn() -> [AnswerEvent] {
    var events: [AnswerEvent] = []
    while question == nil, !isOver, !waiting.isEmpty {
      switch waiting.removeFirst() {
      case .end: events += end()
      case .event(let event):
        // What ends a text may leave its last window without a verdict: the event comes after that.
        if endsCurrent(event) {
          waiting.insert(.event(event), at: 0)
          events += end()
        } else {
          events += begin(event)
        }
      }
    }
    return events
  }

  /// Whether an event is none of the text or call that has begun.
  private func endsCurrent(_ event: AnswerEvent) -> Bool {
    switch event {
    case .content: current.map { $0.kind != .content } ?? (call != nil)
    case .reasoning: current.map { $0.kind != .reasoning } ?? (call != nil)
    case .toolCall: current != nil || call != nil
    case .toolArguments, .started, .choiceEnded, .ended: false
    }
  }

  private mutating func begin(_ event: AnswerEvent) -> [AnswerEvent] {
    switch event {
    case .content(_, let text, let entries): return pass(text, entries, of: .content)
    case .reasoning(_, let text, let entries): return pass(text, entries, of: .reasoning)
    case .toolCall(_, let index, let id, let name):
      guard holdsCalls else { return [event] }
      call = Call(index: index, id: id, name: name)
      return []
    case .toolArguments(_, _, let text):
      guard call != nil else { return [event] }
      call?.arguments += text
      return []
    case .started, .choiceEnded, .ended: return [event]
    }
  }

  private mutating func pass(_ piece: String, _ entries: [TokenEntry], of kind: Kind) -> [AnswerEvent] {
    var now =
      current
      ?? Current(kind: kind, text: GuardedText(request.programs.output, request, tracksTokens: tracksTokens))
    // Not two copies of the buffers.
    current = nil
    let passed = now.text.append(piece, entries)
    return shown(passed, &now)
  }

  private mutating func end() -> [AnswerEvent] {
    if var now = current {
      current = nil
      let rest = now.text.finishWithTokens()
      return shown(rest, &now)
    }
    guard let call else { return [] }
    self.call = nil
    var text = GuardedText(request.programs.toolCall, request, isJSON: true)
    var arguments = text.append(call.arguments)
    arguments += text.finish()
    var now = Current(kind: .arguments, text: text, call: call)
    now.call?.arguments = ""
    return shown((arguments, []), &now)
  }

  /// What is shown of a text, which stays the current one unless it is complete.
  private mutating func shown(
    _ passed: (text: String, entries: [TokenEntry]), _ now: inout Current
  ) -> [AnswerEvent] {
    var events: [AnswerEvent] = []
    let isNothing = passed.text.isEmpty && passed.entries.isEmpty
    switch now.kind {
    case .content: if !isNothing { events = [.content(choice: choice, passed.text, passed.entries)] }
    case .reasoning: if !isNothing { events = [.reasoning(choice: choice, passed.text, passed.entries)] }
    case .arguments: now.call?.arguments += passed.text
    }
    if now.text.isOver {
      isOver = true
      waiting = []
      // What the rail says is for the reader.
      return now.text.message.isEmpty ? events : events + [.content(choice: choice, now.text.message, [])]
    }
    guard now.text.isComplete else {
      current = now
      return events
    }
    guard let call = now.call else { return events }
    events.append(.toolCall(choice: choice, index: call.index, id: call.id, name: call.name))
    if !call.arguments.isEmpty {
      events.append(.toolArguments(choice: choice, index: call.index, call.arguments))
    }
    return events
  }
}
