package import StoaGuard
import StoaTemplates
import StoaTokenizers

/// What guard models are asked about a request.
extension RequestGuard {
  /// Asks guard models all that the rails will want to know of a prompt; to be called before the prompt is judged.
  func consult(about prompt: Prompt, _ tokenizer: Tokenizer?) async {
    let programs = [programs.input, programs.toolResult, programs.retrieval]
    guard programs.contains(where: { !$0.guardModels.isEmpty }) else { return }
    await models.ask(questions(about: prompt, tokenizer))
  }

  /// The questions in the order in which the rails will ask them; they have to be the very same.
  private func questions(about prompt: Prompt, _ tokenizer: Tokenizer?) -> [GuardQuestion] {
    var questions: [GuardQuestion] = []
    // One more than are asked, so that it is known when there are too many.
    let limit = GuardModelAnswers.mostQuestions + 1
    func ask(_ program: GuardProgram, about text: String, after dialogue: [GuardTurn] = []) {
      guard !program.guardModels.isEmpty, !text.isEmpty, questions.count < limit else { return }
      questions += program.questions(about: Array(text.utf8), after: dialogue, limit: limit)
    }
    func ask(_ program: GuardProgram, allIn value: TemplateValue, after dialogue: [GuardTurn] = []) {
      switch value {
      case .string(let text): ask(program, about: text, after: dialogue)
      case .list(let items): for item in items { ask(program, allIn: item, after: dialogue) }
      case .dict(let entries):
        for (key, value) in entries.entries where key != "type" { ask(program, allIn: value, after: dialogue) }
      default: break
      }
    }
    switch prompt {
    case .text(let text): ask(programs.input, about: text)
    case .tokens(let tokens):
      guard let tokenizer, tokens.allSatisfy({ $0 >= 0 && $0 < tokenizer.vocabularySize }) else { break }
      ask(programs.input, about: tokenizer.decode(tokens))
    case .chat(let chat):
      for (number, message) in chat.messages.enumerated() {
        if ["system", "developer", "assistant"].contains(message.role) { continue }
        let program = message.role == "tool" ? programs.toolResult : programs.input
        let dialogue = dialogue(chat.messages[..<number])
        switch message.content {
        case nil: break
        case .text(let text): ask(program, about: text, after: dialogue)
        case .parts(let parts): for part in parts { ask(program, allIn: part, after: dialogue) }
        }
        if message.role != "tool", let name = message.name { ask(programs.input, about: name) }
      }
      if let documents = chat.variables["documents"] { ask(programs.retrieval, allIn: documents) }
    }
    return questions
  }

  /// What was said in messages, as far as guard models may be shown it; empty where no rail asks one.
  func dialogue(_ messages: ArraySlice<ChatMessage>) -> [GuardTurn] {
    guard asksGuardModels else { return [] }
    var turns: [GuardTurn] = []
    var room = Self.longestDialogue
    for message in messages.reversed() where !["system", "developer"].contains(message.role) {
      let text = message.text
      room -= text.utf8.count
      guard room >= 0, turns.count < Self.mostTurns else { break }
      if !text.isEmpty { turns.append(GuardTurn(message.role == "assistant" ? .assistant : .user, text)) }
    }
    return turns.reversed()
  }

  private static let longestDialogue = 65_536
  private static let mostTurns = 32

  private var asksGuardModels: Bool {
    [programs.input, programs.toolResult, programs.output, programs.toolCall].contains { !$0.guardModels.isEmpty }
  }

  /// What a guard model says, asked now where somebody can wait for that, else looked up.
  package func answerNow(_ question: GuardQuestion) -> GuardAnswer {
    answers?(question) ?? models.lookup(question)
  }

  /// What a guard model says of a window of the answer.
  func answer(_ question: GuardQuestion) async -> GuardAnswer { await models.answer(question) }
}
