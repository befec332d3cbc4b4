public import ArgumentParser
import StoaFormats
import StoaGuard
import StoaHub
import StoaServer
import StoaTerminal

/// Asks a guard model about one text.
struct GuardJudgeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "judge", abstract: "Ask a guard model whether a text is unsafe.",
    discussion: """
      Asks as a rail with the detector guard-model does, and writes the probability that the text is unsafe, and the \
      categories if it counts. With --json also the prompts as the model read them, their tokens, and the tokens between \
      which it chose. A text of an assistant is judged with what --said gives.

      Examples:
        stoa guard judge llama-guard3 "How do I whittle a knife?"
        stoa guard judge shieldgemma --role assistant --said "Who are you?" "I am a lighthouse." --json
        stoa guard judge llama-guard3 --categories S1,S10 - < text.txt
      """)

  @OptionGroup var target: ModelArgument
  @Argument(help: "The text; - or nothing is standard input.") var text = "-"
  @Option(help: "Who has written the text: user or assistant.") var role = GuardTurn.Role.user
  @Option(help: ArgumentHelp("What was said to the assistant before.", valueName: "text")) var said: String?
  @Option(help: "llama-guard, llama-guard-2, shieldgemma or granite-guardian; left out: by the model's template.")
  var style: GuardModelStyle?
  @Option(help: ArgumentHelp("Ask about these categories alone, separated by commas.", valueName: "names"))
  var categories: String?
  @Option(help: ArgumentHelp("The probability from which on a text counts.", valueName: "p")) var threshold = 0.5
  @Option(help: ArgumentHelp("The words of the verdict, the safe one first.", valueName: "safe,unsafe"))
  var words: String?
  @Flag(help: "Use the published prompt although the model has a template of its own.") var publishedPrompt = false
  @OptionGroup var threads: ThreadsOption
  @OptionGroup var output: JSONOption

  func validate() throws {
    guard (0...1).contains(threshold) else { throw ValidationError("--threshold takes a number from 0 to 1") }
    if let words, Self.list(words).count != 2 {
      throw ValidationError("--words takes two words, as in --words safe,unsafe")
    }
  }

  func run() throws {
    var settings = GuardModelSettings(
      model: try target.resolve().path, style: style, categories: categories.map(Self.list), threshold: threshold,
      isPublishedPrompt: publishedPrompt)
    if let words = words.map(Self.list) { settings.words = GuardVerdictWords(safe: [words[0]], harmful: [words[1]]) }
    let judged = text == "-" ? try InputText.standardInput() : text
    let question = GuardQuestion(settings, (said.map { [GuardTurn(.user, $0)] } ?? []) + [GuardTurn(role, judged)])
    let exam: GuardModelExam
    do throws(GuardModelError) {
      exam = try Interrupts.listen { () throws(GuardModelError) -> GuardModelExam in
        try TerminalGuardJudge(threads: threads.threads).exam(question)
      }
    } catch {
      if Interrupts.requested { throw Interrupted() }
      throw CommandFailure(message: error.description, advice: nil)
    }
    let judgment = exam.judgment
    let isUnsafe = judgment.score >= threshold
    if output.json {
      return try JSONValue.object([
        "style": .string(exam.style.rawValue), "score": .double(judgment.score), "unsafe": .bool(isUnsafe),
        "class": judgment.hazard.map(JSONValue.string) ?? .null,
        "categories": .array(judgment.categories.map(JSONValue.string)), "prompts": .array(exam.prompts.map(\.json)),
      ]).print()
    }
    let names = judgment.categories.joined(separator: ", ")
    try Output.write(
      "\(isUnsafe ? "unsafe" : "safe")  \(judgment.score)\(names.isEmpty ? "" : "  \(PrintableText.line(names))")\n")
  }

  private static func list(_ text: String) -> [String] {
    text.split(separator: ",").map { String($0.drop { $0 == " " }) }.filter { !$0.isEmpty }
  }
}

extension GuardModelExam.Prompt {
  fileprivate var json: JSONValue {
    .object([
      "category": category.map { .string($0.name) } ?? .null, "text": .string(text), "tokens": .tokens(tokens),
      "safe": .tokens(safe.map(\.token)), "unsafe": .tokens(harmful.map(\.token)),
      "score": score.map { .double($0) } ?? .null,
    ])
  }
}

extension GuardModelStyle: ExpressibleByArgument {}
extension GuardTurn.Role: ExpressibleByArgument {}
