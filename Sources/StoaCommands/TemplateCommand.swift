import ArgumentParser
import Foundation
import StoaEngine
import StoaFormats
import StoaTemplates
import StoaTerminal

struct TemplateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "template", abstract: "Turn a conversation into the text that the model reads.",
    discussion: """
      Renders a chat template over messages exactly as they are, with the settings of Hugging Face transformers. The \
      template is a .jinja file, a tokenizer_config.json, or that of a model: a .gguf file, a folder, a name in the \
      library.

      MESSAGES is a JSON list such as [{"role": "user", "content": "Hello"}], or an object with the key "messages"; \
      TOOLS is a JSON list of function schemas. Files named - are read from standard input.

      A token or variable that is neither given nor known from the model is undefined.

      Examples:
        stoa template model.gguf --messages talk.json
        stoa template chat.jinja --messages - --bos "<s>" --eos "</s>" --json
        stoa template llama --messages talk.json --set enable_thinking=false
      """)

  @Argument(
    help: ArgumentHelp("A .jinja file, a tokenizer_config.json, or a model.", valueName: "model"),
    completion: .file())
  var model: String
  @Option(help: ArgumentHelp("The conversation as JSON; - reads standard input.", valueName: "file"))
  var messages: String
  @Option(help: ArgumentHelp("The tools that the model may call, as JSON.", valueName: "file"))
  var tools: String?
  @Option(help: ArgumentHelp("The token that begins a text.", valueName: "text"))
  var bos: String?
  @Option(help: ArgumentHelp("The token that ends a text.", valueName: "text"))
  var eos: String?
  @Flag(name: .customLong("no-generation-prompt"), help: "End after the last message, without the start of an answer.")
  var noGenerationPrompt = false
  @Option(
    name: .customLong("template"),
    help: ArgumentHelp("Which of several templates of the model, such as tool_use.", valueName: "name"))
  var name: String?
  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp("A further variable; may be given several times.", valueName: "key=json"))
  var variables: [TemplateVariable] = []
  @Option(
    help: ArgumentHelp("The time that the template may show (default: now).", valueName: "yyyy-mm-ddThh:mm:ss"))
  var now: TemplateTime?
  @OptionGroup var output: JSONOption

  func validate() throws {
    if messages == "-", tools == "-" { throw ValidationError("only one of --messages and --tools can be -") }
  }

  func run() throws {
    var context: [String: TemplateValue] = [:]
    let tools = try tools.map { try Self.document($0) }
    let source = try TemplateSource(model, template: name, withTools: tools != nil)
    for (name, text) in source.tokens { context[name] = .string(text) }
    if let bos { context["bos_token"] = .string(bos) }
    if let eos { context["eos_token"] = .string(eos) }
    context["messages"] = try Self.messages(messages)
    context["tools"] = tools ?? TemplateValue.none
    context["documents"] = TemplateValue.none
    context["add_generation_prompt"] = .bool(!noGenerationPrompt)
    for variable in variables { context[variable.name] = variable.value }
    let text = try render(source, context)
    if output.json { return try JSONValue.object(["text": .string(text)]).print() }
    guard Terminal.current().outputIsTerminal else { return try Output.write(text) }
    // Nothing that could drive the terminal, and the prompt of the shell on a line of its own.
    let shown = PrintableText.block(text)
    try Output.write(shown.hasSuffix("\n") ? shown : shown + "\n")
  }

  private func render(_ source: TemplateSource, _ context: [String: TemplateValue]) throws -> String {
    do throws(TemplateError) {
      return try Template(source: source.text).render(context, now: now?.date ?? TemplateTime.current)
    } catch {
      let advice: String? =
        switch error.kind {
        case .undefined where error.message.hasPrefix("'bos_token'"): "give it with --bos TEXT"
        case .undefined where error.message.hasPrefix("'eos_token'"): "give it with --eos TEXT"
        case .undefined: "give what is missing in the messages, or with --set NAME=JSON"
        default: nil
        }
      throw CommandFailure(message: "\(source.path): \(error.description)", advice: advice)
    }
  }

  private static func messages(_ path: String) throws -> TemplateValue {
    var document = try document(path)
    if let inner = document["messages"] { document = inner }
    guard case .list(let messages) = document, messages.allSatisfy({ if case .dict = $0 { true } else { false } })
    else {
      throw CommandFailure(
        message: "\(shown(path)): the conversation must be a JSON list of messages",
        advice: "for example: [{\"role\": \"user\", \"content\": \"Hello\"}]")
    }
    return document
  }

  private static func document(_ path: String) throws -> TemplateValue {
    let text = try InputText.file(path)
    do throws(TemplateError) {
      return try TemplateValue(json: text)
    } catch {
      throw CommandFailure(message: "\(shown(path)): \(error.message)", advice: "give a JSON file")
    }
  }

  private static func shown(_ path: String) -> String { path == "-" ? "standard input" : path }
}

/// A variable for a template, given as `name=JSON`.
struct TemplateVariable: ExpressibleByArgument {
  let name: String
  let value: TemplateValue

  init?(argument: String) {
    guard let equals = argument.firstIndex(of: "="), equals > argument.startIndex,
      let value = try? TemplateValue(json: String(argument[argument.index(after: equals)...]))
    else { return nil }
    name = String(argument[..<equals])
    self.value = value
  }
}

/// A point in time, given as `2025-07-04T09:05:03` or `2025-07-04`.
struct TemplateTime: ExpressibleByArgument {
  let date: TemplateDate

  init?(argument: String) {
    let halves = argument.split(separator: "T", omittingEmptySubsequences: false)
    let day = halves[0].split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    let time = halves.count > 1 ? halves[1].split(separator: ":", omittingEmptySubsequences: false).map { Int($0) } : []
    guard halves.count <= 2, day.count == 3, halves.count == 1 || time.count == 3, let year = day[0],
      let month = day[1], let dayOfMonth = day[2], (1...9999).contains(year), (1...12).contains(month),
      (1...31).contains(dayOfMonth)
    else { return nil }
    let parts = time.compactMap { $0 }
    guard parts.count == time.count, zip(parts, [24, 60, 60]).allSatisfy({ $0 >= 0 && $0 < $1 }) else { return nil }
    date = TemplateDate(
      year: year, month: month, day: dayOfMonth, hour: parts.first ?? 0, minute: parts.count > 1 ? parts[1] : 0,
      second: parts.count > 2 ? parts[2] : 0)
  }

  /// What the clock on the wall says.
  static var current: TemplateDate {
    let parts = Calendar(identifier: .gregorian).dateComponents(
      [.year, .month, .day, .hour, .minute, .second], from: Date())
    return TemplateDate(
      year: parts.year ?? 1970, month: parts.month ?? 1, day: parts.day ?? 1, hour: parts.hour ?? 0,
      minute: parts.minute ?? 0, second: parts.second ?? 0)
  }
}
