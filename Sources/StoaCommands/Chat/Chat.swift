import Foundation
import StoaEngine
import StoaFormats
import StoaHub
import StoaServer
import StoaTemplates
import StoaTensor
import StoaTerminal
import StoaTokenizers

/// A conversation at the terminal.
final class Chat {
  private let loaded: LoadedModel
  private var builder: PromptBuilder
  private let template: ChatTemplate?
  private let session: GenerationSession
  private let reader: LineReader
  private let style: Style
  private var settings: ChatSettings
  private var conversation: Conversation
  private var lastMessage: String?
  private var lastResult: GenerationResult?
  private var answers = 0
  /// The rails that prompts and answers pass; nil for none.
  private let rails: GuardVersion?
  /// Asks the guard models of the rails; they stay loaded from answer to answer.
  private let judge: TerminalGuardJudge

  init(
    _ loaded: LoadedModel, _ settings: ChatSettings, system: String?, raw: Bool, truncates: Bool,
    rails: GuardVersion?, judge: TerminalGuardJudge, _ terminal: Terminal
  ) throws {
    self.rails = rails
    self.judge = judge
    self.loaded = loaded
    self.settings = settings
    template = raw ? nil : loaded.model.chatTemplate
    builder = PromptBuilder(
      model: loaded.model, tokenizer: try loaded.tokenizer(), template: template, truncates: truncates,
      maxTokens: settings.options.maxTokens)
    builder.lengthAdvice = "/clear starts anew; a chat begun with --truncate forgets the oldest by itself"
    session = try loaded.model.makeSession()
    conversation = Conversation(system: system)
    style = terminal.style(for: .output)
    let home = ModelHome.prepared()
    reader = LineReader(
      prompt: style.cyan("› "), continuation: style.dim("… "), history: History(path: home?.history),
      completions: ChatInput.completions, terminal: terminal)
    reader.leavingHint = style.dim("  to leave: Ctrl-D or /exit")
  }

  /// Talks until the user leaves.
  func run() throws {
    try printHeader()
    while let line = try reader.read() {
      switch ChatInput(line) {
      case .nothing: continue
      case .exit: return
      case .message(let text): try attempt { try answer(text) }
      case .help: try printHelp()
      case .clear: try clear()
      case .system(let text): try setSystem(text)
      case .save(let path): try attempt { try save(to: path) }
      case .set(let name, let value): try attempt { try set(name, value) }
      case .retry: try attempt { try retry() }
      case .stats: try printStats()
      case .mistake(let message, let advice):
        try attempt { throw CommandFailure(message: message, advice: advice) }
      }
    }
  }

  // MARK: Answers

  private func answer(_ text: String) throws {
    let tokens: [Int32]
    var next = conversation
    let rails = try rails.map { version in
      try RequestGuard(
        version, model: loaded.location.name, systemPrompt: conversation.system, answers: judge.answer)
    }
    if let template {
      next.add(user: text)
      guard let judged = try judge(next, rails) else { return }
      let (prompt, kept) = try builder.chat(judged, template: template)
      tokens = prompt
      if rails == nil {
        next = kept
      } else {
        // What the model saw has placeholders; what is kept is what was said.
        while next.turns.count > kept.turns.count, next.removeOldestExchange() {}
      }
    } else {
      next.clear()
      next.add(user: text)
      guard let judged = try judge(next, rails) else { return }
      tokens = try builder.raw(judged.turns.last?.text ?? text)
    }
    var answer = RailedAnswer(rails)
    var options = settings.options
    options.watch = rails?.watch(loaded.model, shownTokens: options.shownTokens)
    var writer = AnswerWriter(isTerminal: true)
    // No echo while the answer streams: what is typed meanwhile goes to the next line, not into the text.
    let mode = TerminalMode.enter(.quiet)
    defer { mode?.leave() }
    let result = try Interrupts.listen {
      try session.generate(
        prompt: tokens, options: options,
        isCancelled: { Interrupts.requested || answer.isOver || writer.failure != nil },
        onText: { writer.write(answer.append($0)) })
    }
    writer.write(answer.finish())
    try writer.finish()
    try Output.write(style.dim("  " + result.summary) + "\n")
    if result.finishReason == .length, result.promptTokens + result.completionTokens >= loaded.model.contextLength {
      try Output.write(style.yellow("  the context is full: /clear starts anew") + "\n")
    }
    // A stopped answer stays: it is what the user read, and the next question may be about it.
    next.add(assistant: answer.shown)
    conversation = next
    lastMessage = text
    lastResult = result
    answers += 1
  }

  /// The conversation as the model may see it; nil when a rail has said no to it.
  private func judge(_ conversation: Conversation, _ rails: RequestGuard?) throws -> Conversation? {
    guard let rails else { return conversation }
    do throws(RequestGuard.Refusal) {
      return conversation.with(turns: try rails.judged(conversation.turns))
    } catch {
      var writer = AnswerWriter(isTerminal: true)
      writer.write(error.message)
      try writer.finish()
      return nil
    }
  }

  private func retry() throws {
    guard let lastMessage else {
      throw CommandFailure(message: "there is no answer to try again", advice: "say something first")
    }
    let before = conversation
    _ = conversation.removeLastExchange()
    do { try answer(lastMessage) } catch {
      conversation = before
      throw error
    }
  }

  /// Runs an action whose failure ends neither the program nor the conversation.
  private func attempt(_ action: () throws -> Void) throws {
    do { try action() } catch let error as OutputError {
      throw error
    } catch {
      Output.note(FailureReport(error).styled(Terminal.current().style(for: .error)))
    }
  }

  // MARK: Commands

  private func clear() throws {
    conversation.clear()
    lastMessage = nil
    lastResult = nil
    try Output.write(style.dim("  forgotten\(conversation.system == nil ? "" : ", but for the system message")") + "\n")
  }

  private func setSystem(_ text: String?) throws {
    guard let text else {
      let shown = conversation.system.map(PrintableText.block) ?? "none"
      return try Output.write(style.dim("  system: ") + shown + "\n")
    }
    guard template != nil else {
      return try attempt {
        throw CommandFailure(message: "this model takes no system message", advice: "it continues text as it is")
      }
    }
    conversation.system = text == "-" ? nil : text
    try Output.write(style.dim("  holds from the next answer on; /clear forgets what was said before") + "\n")
  }

  private func set(_ name: String?, _ value: String?) throws {
    guard let name, let value else {
      for line in Columns.align(settings.listing.map { ["  " + style.dim($0.name), $0.value] }) {
        try Output.write(line + "\n")
      }
      return
    }
    try settings.set(name, value)
  }

  private func save(to path: String) throws {
    let isJSON = path.lowercased().hasSuffix(".json")
    let name = loaded.location.name
    let text = isJSON ? conversation.json(model: name).text(.pretty) + "\n" : conversation.markdown(model: name)
    let expanded = NSString(string: path).expandingTildeInPath
    do {
      try Data(text.utf8).write(to: URL(fileURLWithPath: expanded), options: .withoutOverwriting)
    } catch CocoaError.fileWriteFileExists {
      throw CommandFailure(message: "\(path) is already there", advice: "choose another name; nothing was written")
    } catch {
      throw CommandFailure(
        message: "\(path): cannot write the file: \((error as NSError).localizedFailureReason ?? "\(error)")",
        advice: "choose another place")
    }
    try Output.write(
      style.dim("  saved \(Format.plural(conversation.turns.count, "message")) to \(PrintableText.line(path))") + "\n")
  }

  // MARK: Words

  private func printHeader() throws {
    let summary = loaded.model.summary
    let facts = [
      style.bold(PrintableText.line(loaded.location.name)),
      [
        PrintableText.line(ModelFacts.title(ofArchitecture: summary.architecture)),
        "\(Format.count(summary.parameters)) parameters",
        PrintableText.line(summary.quantization), Format.bytes(summary.fileBytes),
      ].joined(separator: ", "),
      "context \(Format.grouped(loaded.model.contextLength))",
    ]
    try Output.write(facts.joined(separator: " · ") + "\n")
    if loaded.location.origin == .primer {
      try Output.write(style.dim("bundled demonstration model: it tells small stories and knows what it is") + "\n")
    }
    if template == nil {
      try Output.write(style.dim("\(loaded.missingTemplate): each text you type is continued as it is") + "\n")
    }
    try Output.write(style.dim("/help lists commands, Ctrl-D leaves") + "\n")
  }

  private func printHelp() throws {
    let rows = (ChatInput.commands + ChatInput.keys).map { ["  " + style.cyan($0.usage), $0.meaning] }
    for line in Columns.align(rows) { try Output.write(line + "\n") }
  }

  private func printStats() throws {
    var rows: [(String, String)] = [
      ("model", PrintableText.line(loaded.location.path)),
      ("answers", Format.grouped(answers)),
      ("computing on", "\(loaded.model.instructionSet.rawValue), \(Format.plural(loaded.model.threads, "thread"))"),
    ]
    if let result = lastResult {
      let used = result.promptTokens + result.completionTokens
      rows.append(("context", "\(Format.grouped(used)) of \(Format.grouped(loaded.model.contextLength)) tokens used"))
      let fresh = result.promptTokens - result.cachedTokens
      rows.append(
        (
          "last prompt",
          "\(Format.plural(result.promptTokens, "token")), \(Format.grouped(result.cachedTokens)) remembered, "
            + speed(fresh, result.promptSeconds)
        ))
      rows.append(
        (
          "last answer",
          "\(Format.plural(result.completionTokens, "token")), \(speed(result.completionTokens, result.generateSeconds))"
        ))
    }
    for line in Columns.align(rows.map { ["  " + style.dim($0.0), $0.1] }) { try Output.write(line + "\n") }
  }

  private func speed(_ tokens: Int, _ seconds: Double) -> String {
    seconds > 0 ? "\(Format.perSecond(Double(tokens) / seconds)) tokens/s" : "–"
  }
}
