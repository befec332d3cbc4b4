package import StoaEngine
package import StoaGuard
package import StoaTemplates
import StoaTokenizers

/// The rails on the way of one request, from what the client sends to what it gets.
package final class RequestGuard: Sendable {
  let version: GuardVersion
  let programs: GuardPrograms
  /// What is masked on the way to the model and restored on the way back.
  let vault = Vault()
  /// What answers must not show.
  let systemPrompt: String?
  let tally: GuardTally

  init(
    _ version: GuardVersion, for context: GuardContext, systemPrompt: String?, tally: GuardTally
  ) throws(RailError) {
    self.version = version
    programs = try version.programs(for: context)
    self.systemPrompt = systemPrompt
    self.tally = tally
  }

  /// The rails for answers at a terminal.
  package convenience init(
    _ version: GuardVersion, model: String, systemPrompt: String?
  ) throws(RailError) {
    try self.init(
      version, for: GuardContext(model: model), systemPrompt: systemPrompt,
      tally: GuardTally(
        MonitorOrigin(request: "", model: model, key: nil, api: "cli"), metrics: nil, observer: nil))
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
    try edited(text, programs.program(stage), tally)
  }

  private func edited(_ text: String, _ program: GuardProgram, _ events: (any EventSink)?) throws(Refusal) -> String {
    guard !text.isEmpty, !program.rails.isEmpty else { return text }
    let checked = program.check(Array(text.utf8), vault: vault, events: events)
    if checked.verdict.action.isFinal { throw Refusal(message: checked.verdict.message ?? "") }
    return checked.verdict.action.edits ? checked.text : text
  }

  /// A conversation as the model may see it.
  ///
  /// The client's messages and the results of tools are judged. What was answered before was judged then; in it is masked
  /// again what was restored for the client. What the system says is the deployer's own.
  package func judged(_ messages: [ChatMessage]) throws(Refusal) -> [ChatMessage] {
    var result: [ChatMessage] = []
    for var message in messages {
      switch message.role {
      case "system", "developer": break
      case "assistant": try mask(&message)
      case "tool": message.content = try edited(message.content, programs.toolResult, tally)
      default:
        message.content = try edited(message.content, programs.input, tally)
        if let name = message.name { message.name = try edited(name, programs.input, tally) }
      }
      result.append(message)
    }
    return result
  }

  private func mask(_ message: inout ChatMessage) throws(Refusal) {
    guard let masking = programs.masking else { return }
    message.content = try edited(message.content, masking, nil)
    if let reasoning = message.reasoning { message.reasoning = try edited(reasoning, masking, nil) }
    for index in message.toolCalls.indices {
      message.toolCalls[index].arguments = try edited(message.toolCalls[index].arguments, masking, nil)
    }
  }

  private func edited(
    _ content: ChatMessage.Content?, _ program: GuardProgram, _ events: (any EventSink)?
  ) throws(Refusal) -> ChatMessage.Content? {
    switch content {
    case nil: return nil
    case .text(let text): return .text(try edited(text, program, events))
    case .parts(let parts):
      var result: [TemplateValue] = []
      for part in parts { result.append(try edited(part, program, events)) }
      return .parts(result)
    }
  }

  /// The value with all texts in it judged, but for the words that say what a part is.
  private func edited(
    _ value: TemplateValue, _ program: GuardProgram, _ events: (any EventSink)?
  ) throws(Refusal) -> TemplateValue {
    switch value {
    case .string(let text): return .string(try edited(text, program, events))
    case .list(let items):
      var result: [TemplateValue] = []
      for item in items { result.append(try edited(item, program, events)) }
      return .list(result)
    case .dict(let entries):
      var result = entries
      for (key, value) in entries.entries where key != "type" { result[key] = try edited(value, program, events) }
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
