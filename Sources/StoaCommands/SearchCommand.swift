import ArgumentParser
import StoaFormats
import StoaHub
import StoaTerminal

struct SearchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "search", abstract: "Search the Hugging Face hub for GGUF models.",
    discussion: """
      The most downloaded come first. stoa pull takes the names as they are.

      Examples:
        stoa search llama 3.2 instruct
        stoa search qwen3 --limit 50 --json
      """)

  @Argument(help: ArgumentHelp("What the model's name contains.", valueName: "words")) var words: [String]

  @Option(help: ArgumentHelp("The most models to list.", valueName: "n"))
  var limit = 20

  @OptionGroup var output: JSONOption

  func validate() throws {
    if !(1...1000).contains(limit) { throw ValidationError("--limit must be between 1 and 1000") }
  }

  func run() throws {
    let hits = try HubAccess().search(words.joined(separator: " "), limit: limit)
    if output.json { return try JSONValue.object(["models": .array(hits.map(\.json))]).print() }
    if hits.isEmpty {
      Output.note("no model has all of these words; try fewer\n")
      return
    }
    let style = Terminal.current().style(for: .output)
    let title = ["name", "downloads", "likes", "licence", "updated", ""].map(style.dim)
    for line in Columns.align([title] + hits.map { $0.cells(style) }, rightAligned: [1, 2]) {
      try Output.write(line + "\n")
    }
  }
}

extension SearchHit {
  fileprivate func cells(_ style: Style) -> [String] {
    [
      style.bold(PrintableText.line(repository)), downloads.map(Format.count) ?? "–", likes.map(Format.grouped) ?? "–",
      licence.map(PrintableText.line) ?? "–", updated.map(PrintableText.line) ?? "–", isGated ? style.dim("gated") : "",
    ]
  }

  fileprivate var json: JSONValue {
    [
      "name": .string(repository), "downloads": .number(downloads), "likes": .number(likes), "licence": .text(licence),
      "updated": .text(updated), "gated": .bool(isGated),
    ]
  }
}
