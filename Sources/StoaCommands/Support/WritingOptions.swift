import ArgumentParser
import StoaConversion
import StoaFormats
import StoaTensor
import StoaTerminal

/// The name of a file type, such as `Q4_K_M`.
struct FileTypeName: ExpressibleByArgument {
  let type: FileType

  init?(argument: String) {
    guard let type = FileType(name: argument) else { return nil }
    self.type = type
  }

  static var allValueStrings: [String] { FileType.allCases.map(\.rawValue) }
}

/// The name of a tensor's type, such as `Q6_K`.
struct ElementTypeName: ExpressibleByArgument {
  let type: ElementType

  init?(argument: String) {
    guard let type = ElementType.targets.first(where: { $0.name == argument.uppercased() }) else { return nil }
    self.type = type
  }

  static var allValueStrings: [String] { ElementType.targets.map(\.name) }
}

/// Types of particular tensors.
struct TensorTypeFlags: ParsableArguments {
  @Option(help: ArgumentHelp("The type of the output layer.", valueName: "type")) var outputTensorType: ElementTypeName?
  @Option(help: ArgumentHelp("The type of the token embedding.", valueName: "type"))
  var tokenEmbeddingType: ElementTypeName?

  var options: TensorTypeOptions {
    var options = TensorTypeOptions()
    options.output = outputTensorType?.type
    options.embedding = tokenEmbeddingType?.type
    return options
  }
}

/// How a large file is written.
struct WritingOptions: ParsableArguments {
  @Flag(help: "Replace a file of the output's name.") var force = false
  @OptionGroup var threads: ThreadsOption

  /// Runs `work` with a progress line; Ctrl-C ends it and leaves nothing behind.
  func run(
    _ title: String, _ work: (OutputOptions) throws(ConversionError) -> OutputSummary
  ) throws(ConversionError) -> OutputSummary {
    let bar = ProgressBar(title)
    defer { bar.finish() }
    var options = OutputOptions()
    options.replaces = force
    options.threads = threads.threads
    options.progress = { bar.update($0, of: $1) }
    options.isCancelled = { Interrupts.requested }
    return try Interrupts.listen { () throws(ConversionError) in try work(options) }
  }
}

extension OutputSummary {
  /// Warnings go to standard error, the summary to standard output.
  ///
  /// - Parameter statement: Where it is stated what the model was made from.
  func print(json: Bool, statement: String?) throws {
    let style = Terminal.current().style(for: .error)
    for warning in warnings { Output.note(style.yellow("warning:") + " " + PrintableText.line(warning) + "\n") }
    if json {
      let counts = tensors.sorted { $0.key < $1.key }.map { ($0.key, JSONValue.int($0.value)) }
      return try JSONValue.object([
        "path": .string(path), "type": .string(type), "input_bytes": .int(inputBytes),
        "output_bytes": .int(outputBytes), "tensors": .object(JSONObject(counts)), "fallbacks": .int(fallbacks),
        "overflows": .int(overflows), "warnings": .array(warnings.map { .string($0) }), "provenance": .text(statement),
      ]).print()
    }
    let counts = tensors.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) \($0.key)" }
    try Output.write(
      "\(PrintableText.line(path)) · \(type) · \(Format.bytes(inputBytes)) → \(Format.bytes(outputBytes))\n"
        + "tensors: \(counts.joined(separator: ", "))\n")
  }
}
