import ArgumentParser
import StoaEngine
import StoaFormats
import StoaHub
import StoaTemplates
import StoaTerminal
import StoaTokenizers

struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Say what a model is: architecture, size, tokenizer, files.",
    discussion: """
      Reads only the headers of the files; nothing is loaded. With --json the files are hashed, which is remembered.

      Examples:
        stoa show primer
        stoa show model.gguf --tensors
        stoa show llama --template > template.jinja
      """)

  @OptionGroup var target: ModelArgument
  @OptionGroup var output: JSONOption
  @Flag(help: "List the tensors.") var tensors = false
  @Flag(help: "Print the chat template.") var template = false
  var json: Bool { output.json }

  func run() throws {
    let facts = try ModelFacts(target.resolve())
    let tokenizer = Result { try facts.tokenizer() }
    if template { return try printTemplate(facts, tokenizer) }
    if json { return try printJSON(facts, try? tokenizer.get()) }
    if tensors { return try printTensors(facts) }
    try printSummary(facts, tokenizer)
  }

  /// How a conversation becomes a prompt.
  private func chat(_ tokenizer: Tokenizer, _ facts: ModelFacts) -> String {
    guard tokenizer.chatTemplate == nil else { return "template included" }
    guard let package = try? ModelPackage(path: facts.location.path) else { return "no template" }
    if package.summary.isEncoder { return "none: the model makes vectors of texts" }
    if let family = package.familyTemplate { return "no template: the format of \(family.name) is used" }
    return "no template: a base model, or use run --raw"
  }

  private func printSummary(_ facts: ModelFacts, _ tokenizer: Result<Tokenizer, any Error>) throws {
    let style = Terminal.current().style(for: .output)
    var rows: [(String, String)] = []
    func add(_ label: String, _ value: String?) {
      if let value, !value.isEmpty { rows.append((label, PrintableText.line(value))) }
    }
    add("title", facts.title == facts.location.name ? nil : facts.title)
    add("architecture", facts.architectureTitle)
    add("parameters", "\(Format.count(facts.parameters)) (\(Format.grouped(facts.parameters)))")
    add("quantization", facts.quantization)
    add("context", facts.context.map { Format.grouped($0) + " tokens" })
    let sizes = facts.sizes
    let dimensions = [
      sizes.layers.map { Format.plural($0, "layer") }, sizes.width.map { "width \(Format.grouped($0))" },
      sizes.feedForward.map { "feed-forward \(Format.grouped($0))" },
      sizes.heads.map { heads in "\(heads) heads" + (sizes.kvHeads.map { " on \($0) key/value" } ?? "") },
    ]
    add("dimensions", dimensions.compactMap { $0 }.joined(separator: ", "))
    switch tokenizer {
    case .success(let tokenizer):
      add("tokenizer", "\(tokenizer.name), \(Format.grouped(tokenizer.vocabularySize)) tokens")
      add("chat", chat(tokenizer, facts))
    case .failure(TokenizerError.missing):
      add("tokenizer", "none; run takes one with --tokenizer FILE")
    case .failure(let error):
      add("tokenizer", "none that can be used: \(FailureReport(error).message ?? "unknown")")
    }
    add("tensors", Format.grouped(facts.tensors.count))
    let files = facts.location.files
    add("files", "\(Format.plural(files.count, "file")), \(Format.bytes(facts.location.bytes))")
    if let origin = ModelLibrary().origin(of: facts.location) {
      add("from", "\(origin.page) at \(origin.commit.prefix(8)), \(origin.retrieved.prefix(10))")
      add(
        "licence", [origin.licenceTitle ?? "none stated", origin.licenceLink].compactMap { $0 }.joined(separator: ", "))
      add("made of", origin.baseModels.joined(separator: ", "))
    }
    add("path", facts.location.path)
    try Output.write(style.bold(PrintableText.line(facts.location.name)) + "\n")
    for line in Columns.align(rows.map { ["  " + style.dim($0.0), $0.1] }) { try Output.write(line + "\n") }
  }

  private func printTensors(_ facts: ModelFacts) throws {
    let rows = facts.tensors.map { tensor in
      [
        PrintableText.line(tensor.name), tensor.typeName, tensor.shape.map(String.init).joined(separator: " × "),
        Format.bytes(tensor.byteCount),
      ]
    }
    for line in Columns.align(rows, rightAligned: [3]) { try Output.write(line + "\n") }
  }

  private func printTemplate(_ facts: ModelFacts, _ tokenizer: Result<Tokenizer, any Error>) throws {
    guard let template = try tokenizer.get().chatTemplate else {
      throw CommandFailure(
        message: "\(facts.location.name) has no chat template",
        advice: "it is a base model: stoa run --raw continues a text")
    }
    if json { return try JSONValue.object(["template": .string(template)]).print() }
    // To a file go the template's own bytes; to a terminal, nothing that could drive it.
    let shown = Terminal.current().outputIsTerminal ? PrintableText.block(template) : template
    try Output.write(shown.hasSuffix("\n") ? shown : shown + "\n")
  }

  private func printJSON(_ facts: ModelFacts, _ tokenizer: Tokenizer?) throws {
    let sizes = facts.sizes
    var object: JSONObject = [
      "name": .string(facts.location.name),
      "title": .text(facts.title),
      "architecture": .string(facts.architecture),
      "parameters": .int(facts.parameters),
      "context": .number(facts.context),
      "quantization": .text(facts.quantization),
      "tokenizer": .text(tokenizer?.name),
      "vocabulary": .number(tokenizer?.vocabularySize ?? sizes.vocabulary),
      "chat_template": .bool(tokenizer?.chatTemplate != nil),
      "layers": .number(sizes.layers),
      "width": .number(sizes.width),
      "feed_forward": .number(sizes.feedForward),
      "heads": .number(sizes.heads),
      "kv_heads": .number(sizes.kvHeads),
      "kind": .string(facts.location.kind.rawValue),
      "path": .string(facts.location.path),
      "bytes": .int(facts.location.bytes),
      "origin": ModelLibrary().origin(of: facts.location)?.json ?? .null,
      "files": .array(try hashedFiles(facts.location)),
    ]
    if tensors {
      object["tensors"] = .array(
        facts.tensors.map { tensor in
          [
            "name": .string(tensor.name), "type": .string(tensor.typeName),
            "shape": .array(tensor.shape.map(JSONValue.int)), "bytes": .int(tensor.byteCount),
          ]
        })
    }
    try JSONValue.object(object).print()
  }

  private func hashedFiles(_ location: ModelLocation) throws -> [JSONValue] {
    let digests = FileDigests(home: ModelLibrary().home)
    let bar = ProgressBar("hashing")
    defer { bar.finish() }
    var before = 0
    return try Interrupts.listen {
      try location.files.map { file in
        let digest = try digests.sha256(
          of: file.path, progress: { done, _ in bar.update(before + done, of: location.bytes) },
          isCancelled: { Interrupts.requested })
        before += file.bytes
        return ["name": .string(file.name), "bytes": .int(file.bytes), "sha256": .string(digest)]
      }
    }
  }
}
