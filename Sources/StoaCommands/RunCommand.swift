import ArgumentParser
import StoaEngine
import StoaFormats
import StoaHub
import StoaServer
import StoaTerminal
import StoaTrust

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Talk to a model, or let it answer one prompt.",
    discussion: """
      Without a prompt, at a terminal: a conversation; /help lists what it understands, Ctrl-C stops an answer.
      Without a prompt, from a pipe or file: the prompt is standard input, and the answer alone is printed.
      A model on the hub is downloaded on first use, once its size and licence are agreed to.

      Examples:
        stoa run primer
        stoa run hf.co/OWNER/REPO:Q4_K_M
        stoa run model.gguf "Why is the sky blue? One sentence." --temperature 0
        stoa run model.gguf --system "You are terse." < question.txt > answer.txt
        stoa run model.gguf "Invent a person." --json-schema person.json
        stoa run base.gguf --raw "Once upon a time" --max-tokens 100 --seed 7
      """)

  @OptionGroup var target: ModelArgument
  @Argument(help: "What to say to the model.") var prompt: String?
  @Flag(help: "Continue the text as it is, without the chat template; an empty one starts from nothing.") var raw =
    false
  @Option(help: ArgumentHelp("The system message: who the model is and how it should answer.", valueName: "text"))
  var system: String?
  @Flag(help: "If the prompt does not fit the context, drop the oldest part of it.") var truncate = false
  @Flag(help: "Print tokens, speed and seed to standard error after the answer.") var stats = false
  @OptionGroup(title: "Trust") var trust: TrustPolicyOptions
  @OptionGroup(title: "Trust") var rails: RailsOption
  @OptionGroup(title: "Receipt") var receipt: ReceiptOptions
  @Flag(name: .shortAndLong, help: "Download a model that is not in the library without asking.") var yes = false
  @OptionGroup(title: "Sampling") var sampling: SamplingOptions
  @OptionGroup(title: "Structured output") var structure: StructureOptions
  @OptionGroup(title: "Engine") var context: ContextOption
  @OptionGroup(title: "Engine") var threads: ThreadsOption
  @OptionGroup(title: "Engine") var tokenizer: TokenizerOption
  @OptionGroup(title: "Engine") var tuning: TuningOptions
  @OptionGroup var output: JSONOption
  var json: Bool { output.json }

  func validate() throws {
    if raw && system != nil {
      throw ValidationError("--system needs the chat template, which --raw leaves out")
    }
    if receipt.isWanted, structure.isGiven {
      throw ValidationError("a receipt of an answer that follows a grammar is given by stoa serve alone")
    }
  }

  func run() throws {
    let terminal = Terminal.current()
    let isChat = prompt == nil && terminal.isInteractive && !json
    if isChat {
      try structure.refuseInChat()
      try receipt.refuseInChat()
    }
    let receiptKey = try receipt.key()
    // Compiled first: a mistake in a schema should not have to wait for the model.
    let grammar = try structure.compiled()
    let pack = try rails.pack.map { try loadRails($0, gate: trust.packGate()).current }
    try FirstUse(reference: target.model, yes: yes, terminal: terminal).pullIfMissing()
    let gate = try trust.gate()
    let judge = TerminalGuardJudge(threads: threads.threads, gate: gate)
    let loaded = try LoadedModel.load(
      target, context: context.context, threads: threads.threads, tokenizerPath: tokenizer.path,
      tuning: tuning, gate: gate, journal: LoadJournal(trust))
    var settings = try sampling.settings(over: loaded.model.recommendedSampling)
    settings.options.constraint = try grammar.map { try loaded.model.constraint($0) }
    let text: String
    if let prompt {
      text = prompt
    } else if isChat {
      return try Chat(
        loaded, settings, system: system, raw: raw, truncates: truncate, rails: pack, judge: judge, terminal
      ).run()
    } else {
      text = try InputText.standardInput()
      if text.isEmpty && !raw {
        throw CommandFailure.usage("the prompt is empty", advice: "give it as an argument or on standard input")
      }
    }
    let guarding = try pack.map {
      try RequestGuard($0, model: loaded.location.name, systemPrompt: system, answers: judge.answer)
    }
    switch RailedAnswer.judge(text, guarding) {
    case .failure(let refusal): try refuse(refusal)
    case .success(let text): try answer(text, loaded, settings, guarding, receiptKey, terminal)
    }
  }

  private func answer(
    _ text: String, _ loaded: LoadedModel, _ settings: ChatSettings, _ rails: RequestGuard?,
    _ receiptKey: SigningKey?, _ terminal: Terminal
  ) throws {
    let tokens = try promptTokens(text, loaded, settings, terminal)
    var writer = AnswerWriter(isTerminal: terminal.outputIsTerminal, isSilent: json)
    var answer = RailedAnswer(rails)
    var options = settings.options
    options.watch = rails?.watch(loaded.model, shownTokens: options.shownTokens)
    let session = try loaded.model.makeSession()
    let result = try Interrupts.listen {
      try session.generate(
        prompt: tokens, options: options,
        isCancelled: { Interrupts.requested || answer.isOver || writer.failure != nil },
        onText: { writer.write(answer.append($0)) })
    }
    writer.write(answer.finish())
    try writer.finish()
    if json {
      try answer.json(of: result).print()
    } else if stats {
      Output.note(terminal.style(for: .error).dim(result.summary) + "\n")
    }
    let wasCancelled = result.finishReason == .cancelled && !answer.isOver
    if !wasCancelled, let receiptKey {
      try receipt.write(tokens, result, settings.options, loaded, rails: rails, key: receiptKey)
    }
    if wasCancelled { throw Interrupted() }
  }

  /// Says what a rail says to the prompt; the model is not asked.
  private func refuse(_ refusal: RequestGuard.Refusal) throws {
    if json { return try RailedAnswer.json(of: refusal).print() }
    var writer = AnswerWriter(isTerminal: Terminal.current().outputIsTerminal)
    writer.write(refusal.message)
    try writer.finish()
    if receipt.isWanted { Output.note("there is no receipt: nothing was generated\n") }
  }

  private func promptTokens(
    _ text: String, _ loaded: LoadedModel, _ settings: ChatSettings, _ terminal: Terminal
  ) throws -> [Int32] {
    // The beginning of a text is a token that the model itself may name: this needs no tokenizer.
    if raw, text.isEmpty, let bos = loaded.model.bosToken {
      if loaded.model.tokenizer == nil {
        note("\(loaded.location.name) comes without a tokenizer: the text is token ids", terminal)
      }
      return [bos]
    }
    let template = raw ? nil : loaded.model.chatTemplate
    let builder = PromptBuilder(
      model: loaded.model, tokenizer: try loaded.tokenizer(), template: template, truncates: truncate,
      maxTokens: settings.options.maxTokens)
    guard let template else {
      if !raw {
        note("\(loaded.location.name) \(loaded.missingTemplate): continuing the text as it is (--raw)", terminal)
      }
      return try builder.raw(text)
    }
    var conversation = Conversation(system: system)
    conversation.add(user: text)
    return try builder.chat(conversation, template: template).tokens
  }

  private func note(_ text: String, _ terminal: Terminal) {
    Output.note(terminal.style(for: .error).dim(PrintableText.line(text)) + "\n")
  }
}

/// Writes an answer as it comes.
struct AnswerWriter {
  let isSilent: Bool
  private(set) var failure: OutputError?
  private var endsLine = true
  private var wrap: WordWrap?

  init(isTerminal: Bool, isSilent: Bool = false) {
    self.isSilent = isSilent
    if isTerminal { wrap = WordWrap(columns: Terminal.size().columns) }
  }

  /// Writes a piece. A failed write is kept for `finish`: generation cannot throw through.
  mutating func write(_ text: String) {
    guard !isSilent, !text.isEmpty else { return }
    endsLine = text.hasSuffix("\n")
    // What a model says must not drive the terminal; a file gets it as it is.
    put(wrap?.push(PrintableText.block(text)) ?? text)
  }

  private mutating func put(_ text: String) {
    guard failure == nil else { return }
    do { try Output.write(text) } catch { failure = error }
  }

  /// Ends the last line.
  mutating func finish() throws(OutputError) {
    if !isSilent, let rest = wrap?.finish() { put(rest) }
    if let failure { throw failure }
    guard !isSilent, !endsLine else { return }
    endsLine = true
    try Output.write("\n")
  }
}

extension GenerationResult {
  /// The contract of `stoa run --json`.
  var json: JSONValue {
    [
      "text": .string(text), "tokens": .tokens(tokens), "prompt_tokens": .int(promptTokens),
      "completion_tokens": .int(completionTokens), "finish_reason": .string(finishReason.rawValue),
      "seed": .int(Int(truncatingIfNeeded: seed)),
    ]
  }

  /// One line for people: `212 tokens · 1,940 tokens/s · seed 8123`.
  var summary: String {
    var parts = [Format.plural(completionTokens, "token")]
    if completionTokens > 0, generateSeconds > 0 {
      parts.append("\(Format.perSecond(Double(completionTokens) / generateSeconds)) tokens/s")
    }
    parts.append("seed \(seed)")
    switch finishReason {
    case .stop: break
    case .length: parts.append("cut off at the limit")
    case .cancelled: parts.append("stopped")
    }
    return parts.joined(separator: " · ")
  }
}
