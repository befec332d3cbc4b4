import StoaDialogue
import StoaEngine
import StoaGuard
import StoaTokenizers

/// Makes the events of one choice out of the tokens that the engine generates.
struct ChoiceAssembler {
  let choice: Int
  private let tokenizer: Tokenizer?
  private let wantsLogprobs: Bool
  private var parser: AnswerParser?
  private var callCount = 0
  private var isReasoning = false
  /// Tokens whose text has not come out yet.
  private var waiting: [TokenEntry] = []
  private var waitingBytes = 0
  private var isFirst = true
  private(set) var reasoningTokens = 0
  private var rails: ChoiceGuard?
  /// Whether a rail ended the choice; nothing more comes of it.
  var isOver: Bool { rails?.isOver ?? false }

  /// - Parameters:
  ///   - parser: Nil when the text is the answer as it is.
  ///   - rails: What the events pass through; nil for nothing.
  init(
    choice: Int, tokenizer: Tokenizer?, wantsLogprobs: Bool, parser: AnswerParser?, rails: ChoiceGuard? = nil
  ) {
    self.rails = rails
    self.choice = choice
    self.tokenizer = tokenizer
    self.wantsLogprobs = wantsLogprobs
    self.parser = parser
  }

  /// The events that the next token completes.
  mutating func append(_ token: Int32, text: String, logprobs: TokenLogprobs?) -> [AnswerEvent] {
    if let logprobs { waiting.append(entry(logprobs)) }
    if isFirst, let first = waiting.first, first.bytes.first == 0x20, !text.isEmpty, !text.hasPrefix(" ") {
      // The space that SentencePiece models put in front of a text is not part of it.
      waiting[0].bytes.removeFirst()
    }
    if !text.isEmpty { isFirst = false }
    defer { if isReasoning { reasoningTokens += 1 } }
    return passed(events(parser?.append(text) ?? (text.isEmpty ? [] : [.content(text)])))
  }

  /// The events that were held back, and the end of the choice; for a choice whose rails ask no guard model.
  mutating func finish(text: String, _ result: GenerationResult) -> [AnswerEvent] {
    close(text: text) + [end(result)]
  }

  /// The events that were held back, but for what waits for a guard model.
  mutating func close(text: String) -> [AnswerEvent] {
    var parts: [AnswerPart] = text.isEmpty ? [] : [.content(text)]
    if parser != nil { parts = (parser?.append(text) ?? []) + (parser?.finish() ?? []) }
    return passed(events(parts)) + (rails?.finish() ?? [])
  }

  /// The end of the choice, once all is shown.
  func end(_ result: GenerationResult) -> AnswerEvent {
    if isOver { return refused }
    let end: EndReason = callCount > 0 ? .toolCalls : result.finishReason == .length ? .length : .stop
    return .choiceEnded(choice: choice, end, stopSequence: result.stopSequence)
  }

  /// What a guard model has to be asked before more comes; nil when nothing waits for one.
  var question: GuardQuestion? { rails?.question }

  /// The events that the answer to `question` lets pass.
  mutating func answer(_ answer: GuardAnswer) -> [AnswerEvent] { rails?.answer(answer) ?? [] }

  /// The end of a choice that a rail ended.
  var refused: AnswerEvent { .choiceEnded(choice: choice, .refused, stopSequence: nil) }

  private mutating func passed(_ events: [AnswerEvent]) -> [AnswerEvent] {
    guard rails != nil else { return events }
    var passed: [AnswerEvent] = []
    for event in events { passed += rails?.pass(event) ?? [] }
    return passed
  }

  private mutating func events(_ parts: [AnswerPart]) -> [AnswerEvent] {
    var events: [AnswerEvent] = []
    for part in parts {
      switch part {
      case .content(let text):
        isReasoning = false
        events.append(.content(choice: choice, text, entries(for: text)))
      case .reasoning(let text):
        isReasoning = true
        events.append(.reasoning(choice: choice, text, entries(for: text)))
      case .toolCall(let index, let id, let name):
        callCount = index + 1
        events.append(.toolCall(choice: choice, index: index, id: id, name: name))
      case .toolArguments(let index, let text):
        events.append(.toolArguments(choice: choice, index: index, text))
      case .toolCallEnd: break
      }
    }
    return events
  }

  /// The tokens that a piece of text came from: as many as have come out completely.
  private mutating func entries(for text: String) -> [TokenEntry] {
    guard wantsLogprobs, !waiting.isEmpty else { return [] }
    waitingBytes += text.utf8.count
    var taken: [TokenEntry] = []
    while let next = waiting.first, next.bytes.count <= waitingBytes {
      waitingBytes -= next.bytes.count
      taken.append(waiting.removeFirst())
    }
    return taken
  }

  private func entry(_ logprobs: TokenLogprobs) -> TokenEntry {
    TokenEntry(logprobs, tokenizer: tokenizer)
  }
}

extension TokenEntry {
  init(_ logprobs: TokenLogprobs, tokenizer: Tokenizer?) {
    func bytes(_ token: Int32) -> [UInt8] { tokenizer?.bytes(of: token, showSpecial: true) ?? Array("\(token)".utf8) }
    self.init(
      token: logprobs.chosen.token, bytes: bytes(logprobs.chosen.token), logprob: logprobs.chosen.logprob,
      top: logprobs.top.map { Alternative(token: $0.token, bytes: bytes($0.token), logprob: $0.logprob) })
  }
}
