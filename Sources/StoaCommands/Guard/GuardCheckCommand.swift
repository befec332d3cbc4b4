import ArgumentParser
import Foundation
import StoaFormats
import StoaGuard
import StoaServer
import StoaTerminal

struct GuardCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Put a text through the rails of a pack.",
    discussion: """
      Writes what would be passed on, and to standard error what was found. With --json one object: action, text and hits \
      with their offsets in UTF-8 bytes. How the text is divided by --split makes no difference to any of it.
      """)

  @OptionGroup var pack: PackOption
  @Option(
    help: ArgumentHelp("Where the text stands: input, output, retrieval, tool-call, tool-result.", valueName: "stage"))
  var direction = GuardStage.input
  @Option(help: ArgumentHelp("Feed this many bytes at a time.", valueName: "n")) var split: Int?
  @Option(help: ArgumentHelp("The model that rails are chosen for.", valueName: "model")) var model = ""
  @Option(
    help: ArgumentHelp("A file with the system prompt that must not leak.", valueName: "file"), completion: .file())
  var systemPrompt: String?
  @Argument(help: "The text; - or nothing is standard input.") var text = "-"
  @OptionGroup var output: JSONOption

  func validate() throws {
    if let split, split < 1 { throw ValidationError("--split takes a number of bytes from 1") }
  }

  func run() throws {
    let program = try loadPack(pack.pack).program(direction, for: GuardContext(model: model))
    noteWarnings(of: [program])
    if text != "-", FileManager.default.fileExists(atPath: text) {
      Output.note("a file's name is checked as a text; to check what is in it: stoa guard check - < \(text)\n")
    }
    let prompt = try systemPrompt.map { try InputText.file($0) }
    let bytes = text == "-" ? Array(try InputText.standardInput().utf8) : Array(text.utf8)
    let checked = program.check(
      bytes, pieces: split ?? max(1, bytes.count), systemPrompt: prompt, judge: TerminalGuardJudge().answer)
    if output.json { return try JSONValue.object(checked.json).print() }
    try Output.write(checked.text + (checked.text.isEmpty || checked.text.hasSuffix("\n") ? "" : "\n"))
    let style = Terminal.current().style(for: .error)
    for hit in checked.verdict.hits {
      Output.note(
        "\(style.bold(hit.action.rawValue))  \(hit.rail) (\(hit.hazard))  \(hit.pattern)  bytes \(hit.range.lowerBound)–\(hit.range.upperBound)\n"
      )
    }
    if checked.verdict.hits.isEmpty { Output.note("nothing found by \(program.pack)\n") }
  }
}
