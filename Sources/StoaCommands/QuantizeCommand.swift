import ArgumentParser
import Foundation
import StoaConversion
import StoaFormats
import StoaTensor
import StoaTerminal
import StoaTrust

struct QuantizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quantize", abstract: "Make a GGUF model smaller.",
    discussion: """
      Q8_0 is next to lossless, Q4_K_M the usual compromise. Start from F32, F16 or BF16: what is quantised already loses \
      more. The result is that of llama.cpp's llama-quantize, to the byte. The input is never changed; the file appears \
      when it is complete, and beside it a statement about what it was made from.

      Examples:
        stoa quantize model-f16.gguf model-q4.gguf --type Q4_K_M
        stoa quantize model-f16.gguf model-iq4.gguf --type IQ4_XS --imatrix model.imatrix
      """)

  @Argument(help: "A GGUF file; of a split model any part.", completion: .file(extensions: ["gguf"])) var input: String
  @Argument(help: "The GGUF file to write.", completion: .file(extensions: ["gguf"])) var output: String
  @Option(help: ArgumentHelp("\(FileType.names).", valueName: "type")) var type: FileTypeName
  @Option(
    help: ArgumentHelp("How much each column matters, as llama-imatrix writes it.", valueName: "file"),
    completion: .file())
  var imatrix: String?
  @Flag(help: "Every matrix gets the same type, without the mix that a type otherwise stands for.") var pure = false
  @Flag(help: "Also quantise tensors that are quantised already.") var allowRequantize = false
  @OptionGroup var types: TensorTypeFlags
  @OptionGroup var writing: WritingOptions
  @OptionGroup var provenance: ProvenanceOptions
  @OptionGroup var json: JSONOption

  func run() throws {
    let key = try provenance.key()
    let started = Date()
    var quantization = GGUFQuantization(type.type)
    quantization.types = types.options
    quantization.types.isPure = pure
    quantization.importance = try imatrix.map { path throws(ConversionError) in try ImportanceMatrix(path: path) }
    quantization.allowsRequantizing = allowRequantize
    let summary = try writing.run("quantising") { (options) throws(ConversionError) in
      try quantization.run(input: input, output: output, options: options)
    }
    var parameters: JSONObject = ["type": .string(type.type.rawValue), "pure": .bool(pure)]
    parameters["outputTensorType"] = types.outputTensorType.map { .string($0.type.name) }
    parameters["tokenEmbeddingType"] = types.tokenEmbeddingType.map { .string($0.type.name) }
    let statement = try provenance.write(
      .quantized, from: ProvenanceOptions.parts(of: input) + (imatrix.map { [$0] } ?? []), to: output,
      parameters: parameters, started: started, key: key)
    try summary.print(json: json.json, statement: statement)
  }
}
