import ArgumentParser
import StoaEngine
import StoaFormats
import StoaTerminal
import StoaTokenizers

struct TokenizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenize", abstract: "Turn text into the model's token ids.",
    discussion: """
      Special tokens in the text are recognised, and the model's own (such as the one for the beginning) are added. \
      With --no-special the text is plain text, and nothing is added.

      Examples:
        stoa tokenize primer "Once upon a time"
        stoa tokenize model.gguf - --json < chapter.txt
      """)

  @OptionGroup var target: ModelArgument
  @Argument(help: "The text; - or nothing reads standard input.") var text: String?
  @Flag(name: .customLong("no-special"), help: "Add no special tokens, and take those in the text as plain text.")
  var noSpecial = false
  @OptionGroup var tokenizer: TokenizerOption
  @OptionGroup var output: JSONOption
  var json: Bool { output.json }

  func run() throws {
    let tokenizer = try loadTokenizer()
    let text =
      switch text {
      case nil, "-": try InputText.file("-")
      case let text?: text
      }
    let ids = tokenizer.encode(text, parseSpecial: !noSpecial, addSpecial: !noSpecial)
    if json { return try JSONValue.object(["tokens": .tokens(ids)]).print() }
    let style = Terminal.current().style(for: .output)
    var lines = ""
    for id in ids {
      let padding = String(repeating: " ", count: max(0, 7 - String(id).count))
      lines += padding + "\(id)  " + style.cyan(PrintableText.line(tokenizer.text(of: id))) + "\n"
    }
    try Output.write(lines)
    Output.note(Terminal.current().style(for: .error).dim(Format.plural(ids.count, "token") + "\n"))
  }

  private func loadTokenizer() throws -> Tokenizer {
    if let path = tokenizer.path { return try Tokenizer(path: path) }
    return try ModelFacts(target.resolve()).tokenizer()
  }
}
