import ArgumentParser
import StoaHub
import StoaTerminal

struct RemoveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rm", abstract: "Remove a model from the local library.",
    discussion: "Only the library's own files go. An original that was linked stays where it is.",
    aliases: ["remove"])

  @Argument(
    help: "The name of the model, as stoa list shows it.",
    completion: .custom { _, _, prefix in ModelArgument.names(startingWith: prefix) })
  var name: String

  func run() throws {
    let library = ModelLibrary()
    let model: ModelLocation
    do {
      model = try library.remove(name)
    } catch {
      guard try library.removeUnfinishedDownload(name) else { throw error }
      try Output.write("removed the unfinished download of \(PrintableText.line(name))\n")
      return
    }
    try Output.write("removed \(PrintableText.line(model.name)) (\(Format.bytes(model.bytes)))\n")
  }
}
