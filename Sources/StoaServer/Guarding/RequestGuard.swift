package import StoaEngine
package import StoaGuard
package import StoaTemplates
import StoaTokenizers
import Synchronization

/// The rails on the way of one request, from what the client sends to what it gets.
package final class RequestGuard: Sendable {
  let version: GuardVersion
  let programs: GuardPrograms
  /// What is masked on the way to the model and restored on the way back.
  let vault = Vault()
  /// What answers must not show.
  let systemPrompt: String?
  let tally: GuardTally
  /// What guard models say of the request's texts and of the answer.
  let models: GuardModelAnswers
  /// Answers the questions of rails at once, where somebody can wait for that; nil to look them up in `models`.
  let answers: (@Sendable (GuardQuestion) -> GuardAnswer)?
  /// The conversation that is answered.
  private let conversation = Mutex<[GuardTurn]>([])

  init(
    _ version: GuardVersion, for context: GuardContext, systemPrompt: String?, tally: GuardTally,
    judge: (any GuardModelJudge)? = nil, answers: (@Sendable (GuardQuestion) -> GuardAnswer)? = nil
  ) throws(RailError) {
    self.version = version
    models = GuardModelAnswers(judge)
    self.answers = answers
    programs = try version.programs(for: context)
    self.systemPrompt = systemPrompt
    self.tally = tally
  }

  /// The rails for answers at a terminal; `answers` asks guard models.
  package convenience init(
    _ version: GuardVersion, model: String, systemPrompt: String?,
    answers: (@Sendable (GuardQuestion) -> GuardAnswer)? = nil
  ) throws(RailError) {
    try self.init(
      version, for: GuardContext(model: model), systemPrompt: systemPrompt,
      tally: GuardTally(
        MonitorOrigin(request: "", model: model, key: nil, api: "cli"), metrics: nil, observer: nil), answers: answers)
  }

  /// The severest action so far.
  package var action: GuardAction { tally.action }

  /// Leads an answer of the model around what rails with `avoid` find; nil when there is nothing to avoid.
  package func watch(_ model: LanguageModel, shownTokens: Set<Int32>) -> (any AnswerWatch)? {
    programs.avoidance?.watch(model, shownTokens: shownTokens)
  }

  /// How the header names the pack, with the verdict when it is final.
  func header(isFinal: Bool) -> String { version.label + (isFinal ? "; action=\(action.rawValue)" : "") }

  // MARK: What the client sends

  /// That a rail ended the way of a text.
  package struct Refusal: Error, Sendable, Equatable {
    /// What is answered instead; empty for nothing.
    package var message: String
  }

  /// The text as the model may see it.
  package func judged(_ text: String, at stage: GuardStage = .input) throws(Refusal) -> String {
    let passed = try edited(text, programs.program(stage), tally)
    if stage == .input { note([GuardTurn(.user, passed)]) }
    return passed
  }

  private func edited(
    _ text: String, _ program: GuardProgram, _ events: (any EventSink)?, _ dialogue: [GuardTurn] = []
  ) throws(Refusal) -> String {
    guard !text.isEmpty, !program.rails.isEmpty else { return text }
    let checked = program.check(
      Array(text.utf8), vault: vault, events: events, dialogue: dialogue, judge: answerNow)
    if checked.verdict.action.isFinal { throw Refusal(message: checked.verdict.message ?? "") }
    return checked.verdict.action.edits ? checked.text : text
  }

  /// A conversation as the model may see it.
  ///
  /// The client's messages and the results of tools are judged. What was answered before was judged then; in it is masked
  /// again what was restored for the client. What the system says is the deployer's own.
  package func judged(_ messages: [ChatMessage]) throws(Refusal) -> [ChatMessage] {
    var result: [ChatMessage] = []
    for (number, var message) in messages.enumerated() {
      let dialogue = dialogue(messages[..<number])
      switch message.role {
      case "system", "developer": break
      case "assistant": try mask(&message)
      case "tool": message.content = try edited(message.content, programs.toolResult, tally, dialogue)
      default:
        message.content = try edited(message.content, programs.input, tally, dialogue)
        if let name = message.name { message.name = try edited(name, programs.input, tally) }
      }
      result.append(message)
    }
    note(dialogue(result[...]))
    return result
  }

  /// Keeps the conversation, with which guard models see the answer.
  private func note(_ turns: [GuardTurn]) { conversation.withLock { $0 = turns } }

  /// The conversation that is answered, as the model sees it.
  var said: [GuardTurn] { conversation.withLock { $0 } }

  private func mask(_ message: inout ChatMessage) throws(Refusal) {
    guard let masking = programs.masking else { return }
    message.content = try edited(message.content, masking, nil)
    if let reasoning = message.reasoning { message.reasoning = try edited(reasoning, masking, nil) }
    for index in message.toolCalls.indices {
      message.toolCalls[index].arguments = try edited(message.toolCalls[index].arguments, masking, nil)
    }
  }

  private func edited(
    _ content: ChatMessage.Content?, _ program: GuardProgram, _ events: (any EventSink)?, _ dialogue: [GuardTurn] = []
  ) throws(Refusal) -> ChatMessage.Content? {
    switch content {
    case nil: return nil
    case .text(let text): return .text(try edited(text, program, events, dialogue))
    case .parts(let parts):
      var result: [TemplateValue] = []
      for part in parts { result.append(try edited(part, program, events, dialogue)) }
      return .parts(result)
    }
  }

  /// The value with all texts in it judged, but for the words that say what a part is.
  private func edited(
    _ value: TemplateValue, _ program: GuardProgram, _ events: (any EventSink)?, _ dialogue: [GuardTurn] = []
  ) throws(Refusal) -> TemplateValue {
    switch value {
    case .string(let text): return .string(try edited(text, program, events, dialogue))
    case .list(let items):
      var result: [TemplateValue] = []
      for item in items { result.append(try edited(item, program, events, dialogue)) }
      return .list(result)
    case .dict(let entries):
      var result = entries
      for (key, value) in entries.entries where key != "type" {
        result[key] = try edited(value, program, events, dialogue)
      }
      return .dict(result)
    default: return value
    }
  }

  // MARK: Requests

  /// What is answered to a request in place of the model; nil when the model may answer what has become of the request.
  func judge(_ request: inout AnswerRequest, _ tokenizer: Tokenizer?) -> Refusal? {
    do throws(Refusal) {
      request.prompt = try judged(request.prompt, tokenizer)
      return nil
    } catch {
      return error
    }
  }

  /// The prompt as the model may see it.
  func judged(_ prompt: Prompt, _ tokenizer: Tokenizer?) throws(Refusal) -> Prompt {
    switch prompt {
    case .text(let text): return .text(try judged(text))
    case .tokens(let tokens):
      // Tokens are text to the model, and so they are to the rails.
      guard let tokenizer, tokens.allSatisfy({ $0 >= 0 && $0 < tokenizer.vocabularySize }) else { return prompt }
      let text = tokenizer.decode(tokens)
      let passed = try judged(text)
      return passed == text ? prompt : .text(passed)
    case .chat(var chat):
      chat.messages = try judged(chat.messages)
      if let documents = chat.variables["documents"] {
        chat.variables["documents"] = try edited(documents, programs.retrieval, tally)
      }
      return .chat(chat)
    }
  }

  /// Whether something was masked.
  var hasMasked: Bool { !vault.isEmpty }

  /// The text with what was masked in it put back.
  package func restored(_ text: String) -> String {
    guard hasMasked else { return text }
    var restorer = VaultRestorer(vault)
    let bytes = restorer.feed(text.utf8)
    return String(decoding: bytes + restorer.finish(), as: UTF8.self)
  }
}

extension Prompt {
  /// What the system says in it.
  var systemPrompt: String? {
    guard case .chat(let chat) = self else { return nil }
    let texts = chat.messages.filter { ["system", "developer"].contains($0.role) }.map(\.text)
    return texts.isEmpty ? nil : texts.joined(separator: "\n")
  }
}
