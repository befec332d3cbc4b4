import ArgumentParser
import Foundation
import StoaConversion
import StoaFormats
import StoaTensor
import StoaTerminal
import StoaTrust

struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert", abstract: "Turn a Hugging Face folder into one GGUF file.",
    discussion: """
      Takes config.json, the safetensors files, the tokenizer and the chat template of the folder. Without --type the \
      weights keep their type, and nothing is lost. What was there is never changed; the file appears when it is complete, and \
      beside it a statement about what it was made from.

      Examples:
        stoa convert ~/models/mistral-7b mistral.gguf
        stoa convert ~/models/llama-3.2-1b llama-q4.gguf --type Q4_K_M
      """)

  @Argument(help: "A folder as published on Hugging Face.", completion: .directory) var directory: String
  @Argument(help: "The GGUF file to write.", completion: .file(extensions: ["gguf"])) var output: String
  @Option(
    help: ArgumentHelp(
      "F32, F16, BF16, Q8_0, Q4_K_M … (default: the types of the folder; a wrong name lists all).", valueName: "type"))
  var type: FileTypeName?
  @Option(
    name: .customLong("pre"),
    help: ArgumentHelp(
      "The pre-tokeniser of llama.cpp to write down, when the tokenizer's own is not recognised.", valueName: "name"))
  var preTokenizer: String?
  @Option(help: ArgumentHelp("The name of the model (default: from its card, or the folder's).", valueName: "name"))
  var name: String?
  @OptionGroup var types: TensorTypeFlags
  @OptionGroup var writing: WritingOptions
  @OptionGroup var provenance: ProvenanceOptions
  @OptionGroup var json: JSONOption

  func run() throws {
    let key = try provenance.key()
    let started = Date()
    var conversion = ModelConversion()
    conversion.fileType = type?.type
    conversion.types = types.options
    conversion.preTokenizer = preTokenizer
    conversion.name = name
    let summary = try writing.run("converting") { (options) throws(ConversionError) in
      try conversion.run(directory: directory, output: output, options: options)
    }
    var parameters: JSONObject = ["type": .string(summary.type)]
    parameters["preTokenizer"] = preTokenizer.map { .string($0) }
    let statement = try provenance.write(
      .converted, from: [directory], to: output, parameters: parameters, started: started, key: key)
    try summary.print(json: json.json, statement: statement)
  }
}
