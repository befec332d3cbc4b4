import ArgumentParser
import StoaFormats
import StoaTerminal

struct StopCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stop", abstract: "Unload a model from a running server; the server goes on.",
    discussion: "The model is loaded again when it is next asked for. A server that wants a key takes it from "
      + "$STOA_API_KEY.")

  @Argument(help: "The name of the model, as stoa ps shows it.") var model: String
  @OptionGroup var server: ServerOption

  func run() throws {
    let client = try server.client()
    guard try isLoaded(client) else {
      throw CommandFailure(message: "\(model) is not loaded", advice: "stoa ps lists the models that are")
    }
    _ = try client.post("/api/generate", ["model": .string(model), "keep_alive": 0])
    // The server keeps a model that is in use, and says nothing about it.
    guard try !isLoaded(client) else {
      throw CommandFailure(
        message: "\(model) is in use and stays loaded", advice: "try again when its requests are done")
    }
    try Output.write("unloaded \(PrintableText.line(model))\n")
  }

  private func isLoaded(_ client: ServerClient) throws -> Bool {
    let models = try client.get("/api/ps")["models"]?.arrayValue ?? []
    let tag = ":latest"
    let plain = model.hasSuffix(tag) ? String(model.dropLast(tag.count)) : model
    return models.contains { [model, plain].contains($0["name"]?.stringValue) }
  }
}
