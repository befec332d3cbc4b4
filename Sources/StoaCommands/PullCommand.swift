import ArgumentParser
import StoaFormats
import StoaHub
import StoaTerminal

struct PullCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pull", abstract: "Download a model from the Hugging Face hub into the local library.",
    discussion: """
      A repository with GGUF files gives the one named, by file or quantisation, or else its Q4_K_M; any other gives its \
      safetensors checkpoint. Formats that can run code are refused. Every byte is checked against the digest that the \
      hub has of it. An interrupted download goes on where it stopped.

      Gated models: accept the licence on the model's page, then set HF_TOKEN. The token goes to the hub and to no other \
      host. HF_ENDPOINT names a mirror; https_proxy and no_proxy are heeded.

      Examples:
        stoa pull hf.co/bartowski/Llama-3.2-1B-Instruct-GGUF
        stoa pull hf.co/bartowski/Llama-3.2-1B-Instruct-GGUF:Q8_0
        stoa pull hf.co/Qwen/Qwen3-0.6B@main --name qwen
        stoa pull https://huggingface.co/OWNER/REPO/blob/main/model-Q5_K_M.gguf
      """)

  @Argument(help: ArgumentHelp("hf.co/OWNER/REPO[:FILE or QUANT][@REVISION], or its web address.", valueName: "model"))
  var model: String

  @Option(help: ArgumentHelp("The name in the library (default: the publisher's own).", valueName: "name"))
  var name: String?

  @Option(help: ArgumentHelp("A branch, tag or commit (default: main).", valueName: "revision"))
  var revision: String?

  @Option(help: ArgumentHelp("Connections to use at once.", valueName: "n"))
  var connections = 8

  @Option(help: ArgumentHelp("Attempts in a row without progress before giving up.", valueName: "n"))
  var attempts = 6

  @Flag(help: "Say what would be downloaded, and stop.") var dryRun = false
  @OptionGroup var output: JSONOption

  func validate() throws {
    if !(1...32).contains(connections) { throw ValidationError("--connections must be between 1 and 32") }
    if !(1...100).contains(attempts) { throw ValidationError("--attempts must be between 1 and 100") }
  }

  func run() throws {
    let hub = try HubAccess(connections: connections, attempts: attempts)
    let plan = try hub.plan(hub.settings.reference(model, revision: revision), name: name)
    if dryRun { return try printPlan(plan) }
    let style = Terminal.current().style(for: .error)
    if plan.existing == nil { Output.note(style.dim(plan.summary) + "\n") }
    if let note = plan.note { Output.note(style.dim(note) + "\n") }
    let start = ContinuousClock.now
    let result = try hub.pull(plan)
    if output.json {
      let seconds = (ContinuousClock.now - start).seconds
      try result.json(seconds: seconds).print()
      return
    }
    let way = plan.existing != nil ? "already in the library" : "checked, sha256"
    let name = PrintableText.line(result.model.name)
    try Output.write("\(name) · \(Format.bytes(result.model.bytes)) · \(way)\nstoa run \(name)\n")
  }

  private func printPlan(_ plan: PullPlan) throws {
    guard output.json else {
      try Output.write(plan.summary + "\n")
      let rows = plan.files.map { [PrintableText.line($0.path), $0.bytes.map(Format.bytes) ?? "?"] }
      for line in Columns.align(rows, rightAligned: [1]) { try Output.write("  " + line + "\n") }
      return
    }
    let object: JSONObject = [
      "name": .string(plan.name), "repository": .string(plan.repository), "commit": .string(plan.commit),
      "licence": .text(plan.licence), "base_models": .array(plan.baseModels.map(JSONValue.string)),
      "bytes": .number(plan.bytes), "in_library": .bool(plan.existing != nil),
      "files": .array(plan.files.map { ["path": .string($0.path), "bytes": .number($0.bytes)] }),
    ]
    try JSONValue.object(object).print()
  }
}

extension PullResult {
  /// The contract of `stoa pull --json`.
  fileprivate func json(seconds: Double) -> JSONValue {
    [
      "name": .string(model.name), "path": .string(model.path), "kind": .string(model.kind.rawValue),
      "bytes": .int(model.bytes), "downloaded_bytes": .int(downloadedBytes), "seconds": .double(seconds),
      "origin": origin.json,
    ]
  }
}
