import ArgumentParser
import StoaFormats
import StoaHub
import StoaTerminal

struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the models of the local library.",
    discussion: "The library is a folder of plain files under their own names; stoa doctor says where it is.",
    aliases: ["ls"])

  @OptionGroup var output: JSONOption
  var json: Bool { output.json }

  func run() throws {
    let library = ModelLibrary()
    let models = (try? library.primer()).map { [$0] } ?? []
    let entries = (models + (try library.list())).map { location in
      Entry(location: location, origin: library.origin(of: location), facts: Result { try ModelFacts(location) })
    }
    if json {
      try JSONValue.object(["models": .array(entries.map(\.json))]).print()
      return
    }
    let style = Terminal.current().style(for: .output)
    for line in Columns.align(entries.map { $0.cells(style) }, rightAligned: [2, 4]) { try Output.write(line + "\n") }
    if entries.count == models.count {
      Output.note("the library is empty: stoa pull hf.co/OWNER/REPO or stoa import PATH puts a model into it\n")
    }
    for name in library.unfinishedDownloads() {
      let name = PrintableText.line(name)
      Output.note("unfinished: \(name); stoa pull goes on with it, stoa rm \(name) removes it\n")
    }
  }

  private struct Entry {
    let location: ModelLocation
    let origin: ModelOrigin?
    let facts: Result<ModelFacts, any Error>

    func cells(_ style: Style) -> [String] {
      let name = style.bold(PrintableText.line(location.name))
      let size = Format.bytes(location.bytes)
      switch facts {
      case .success(let facts):
        let note = location.origin == .primer ? "bundled" : origin.map(Self.words) ?? ""
        let architecture = PrintableText.line(facts.architectureTitle)
        return [
          name, architecture, Format.count(facts.parameters),
          PrintableText.line(facts.quantization ?? "–"), size, style.dim(note),
        ]
      case .failure:
        return [name, style.yellow("unreadable"), "", "", size, style.dim("stoa show says why")]
      }
    }

    private static func words(_ origin: ModelOrigin) -> String {
      PrintableText.line([origin.licenceTitle, origin.repository].compactMap { $0 }.joined(separator: " · "))
    }

    var json: JSONValue {
      var object: JSONObject = [
        "name": .string(location.name), "path": .string(location.path), "kind": .string(location.kind.rawValue),
        "bundled": .bool(location.origin == .primer), "bytes": .int(location.bytes),
        "repository": .text(origin?.repository), "licence": .text(origin?.licenceTitle),
      ]
      switch facts {
      case .success(let facts):
        object["architecture"] = .string(facts.architecture)
        object["parameters"] = .int(facts.parameters)
        object["context"] = .number(facts.context)
        object["quantization"] = .text(facts.quantization)
      case .failure(let error):
        object["error"] = .text(FailureReport(error).message)
      }
      return .object(object)
    }
  }
}
