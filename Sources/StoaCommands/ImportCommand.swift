import ArgumentParser
import StoaFormats
import StoaHub
import StoaTerminal

struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Put a model into the local library, by link or by copy.",
    discussion: """
      On one file system the library shares the bytes with the original (a hard link); from another disk they are \
      copied. The original is never changed, and removing the model from the library leaves it alone. A split GGUF \
      comes with all its parts.

      Examples:
        stoa import ~/Downloads/Llama-3.2-1B-Instruct-Q4_K_M.gguf
        stoa import ~/models/mistral-7b --name mistral
      """)

  @Argument(help: "A .gguf file or a safetensors folder.", completion: .file()) var path: String

  @Option(help: ArgumentHelp("The name in the library (default: the name of the file or folder).", valueName: "name"))
  var name: String?

  func run() throws {
    let library = ModelLibrary()
    let source = try library.resolve(path.contains("/") ? path : "./" + path)
    // Opening it finds what is no model, and half a download, before it gets a name.
    _ = try ModelFacts(source)
    let bar = ProgressBar("copying")
    defer { bar.finish() }
    let result = try Interrupts.listen {
      try library.importModel(
        at: source.path, name: name, progress: { bar.update($0, of: $1) }, isCancelled: { Interrupts.requested })
    }
    bar.finish()
    let model = result.model
    let way = result.isLinked ? "linked, no extra space" : "copied"
    try Output.write(
      "\(PrintableText.line(model.name)) · \(Format.bytes(model.bytes)) · \(way)\n"
        + "stoa run \(PrintableText.line(model.name))\n")
  }
}
