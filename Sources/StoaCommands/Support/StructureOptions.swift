import ArgumentParser
import StoaFormats
import StoaGrammar

/// The options that say what an answer has to look like.
struct StructureOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Answer with JSON that satisfies the JSON Schema in this file.", valueName: "file"),
    completion: .file())
  var jsonSchema: String?

  @Flag(help: "Answer with a JSON object.")
  var jsonObject = false

  @Option(
    help: ArgumentHelp("Answer with a text of the GBNF grammar in this file.", valueName: "file"),
    completion: .file())
  var grammar: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Answer with a text that this regular expression matches as a whole.", valueName: "pattern"))
  var regex: String?

  /// The options that were given.
  private var given: [String] {
    [
      jsonSchema.map { _ in "--json-schema" }, jsonObject ? "--json-object" : nil, grammar.map { _ in "--grammar" },
      regex.map { _ in "--regex" },
    ].compactMap { $0 }
  }

  /// Whether there is one of the options.
  var isGiven: Bool { !given.isEmpty }

  func validate() throws {
    if given.count > 1 { throw ValidationError("only one of \(given.joined(separator: " and ")) can be used") }
  }

  /// Throws when there is one of the options: a conversation is not one text.
  func refuseInChat() throws(CommandFailure) {
    guard let option = given.first else { return }
    throw .usage("\(option) is for a single answer, not for a chat", advice: "give a prompt as an argument")
  }

  /// What was asked for, compiled; nil for any text.
  func compiled() throws -> CompiledGrammar? {
    if let jsonSchema {
      let schema = try JSONValue(path: jsonSchema, maximumByteCount: 16 << 20)
      return try Self.compile(jsonSchema) { () throws(GrammarError) in try Grammar(jsonSchema: schema) }
    }
    if let grammar {
      let text = try InputText.file(grammar)
      return try Self.compile(grammar) { () throws(GrammarError) in try Grammar(gbnf: text) }
    }
    if let regex { return try Self.compile("--regex") { () throws(GrammarError) in try Grammar(regex: regex) } }
    return jsonObject ? try CompiledGrammar(Grammar.jsonObject()) : nil
  }

  /// Compiles a grammar; failures name the file or option that it comes from.
  private static func compile(
    _ name: String, _ grammar: () throws(GrammarError) -> Grammar
  ) throws(CommandFailure) -> CompiledGrammar {
    do throws(GrammarError) {
      return try CompiledGrammar(grammar())
    } catch {
      let lines = error.description.split(separator: "\n").map(String.init)
      let separator = if case .gbnf = error { ":" } else { ": " }
      throw CommandFailure(
        message: name + separator + lines[0],
        advice: lines.count > 1 ? lines[1] : "docs/STRUCTURED.md lists what is taken")
    }
  }
}
