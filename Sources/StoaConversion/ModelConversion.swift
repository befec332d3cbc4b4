import StoaFormats
import StoaModels
import StoaTensor

/// Turns a folder as published on Hugging Face into a GGUF file.
package struct ModelConversion: Sendable {
  /// The wanted type; nil keeps the types of the checkpoint's matrices.
  package var fileType: FileType?
  /// Types of particular tensors.
  package var types = TensorTypeOptions()
  /// `tokenizer.ggml.pre`, for tokenizers whose pre-tokeniser is not recognised.
  package var preTokenizer: String?
  /// `general.name`; nil takes it from the model card or the folder.
  package var name: String?

  /// Keeps the types of the checkpoint.
  package init() {}

  /// Converts the model in `directory` and writes `output`.
  package func run(
    directory: String, output: String, options: OutputOptions = OutputOptions()
  ) throws(ConversionError) -> OutputSummary {
    if fileType == .q2_K_S {
      throw .refused(
        path: directory, problem: "a Q2_K_S file needs an importance matrix",
        advice: "convert to F16 or BF16, then: stoa quantize --type Q2_K_S --imatrix FILE")
    }
    let configuration = try converting { () throws(FormatError) in
      try HuggingFaceConfiguration(directory: directory)
    }
    let family = ModelFamily.all.first { $0.modelTypes.contains(configuration.modelType) }
    // Before the weights are opened, so that what cannot be converted is refused at once.
    if let family {
      try family.check(configuration, directory)
    } else {
      try describing { () throws(ModelError) in
        _ = try DecoderConfiguration(huggingFace: configuration, path: directory)
      }
    }
    try checkQuantization(configuration, directory)
    let checkpoint = try converting { () throws(FormatError) in try SafetensorsCheckpoint(path: directory) }
    try GGUFOutput.check(path: output, inputs: checkpoint.files, options: options)
    var model: PlannedModel
    if let family {
      model = try PlannedModel(family, checkpoint, configuration, directory: directory)
    } else {
      model = try PlannedModel(checkpoint, configuration, directory: directory)
    }
    let (type, fallbacks) = chooseTypes(&model)
    let tokenizer = try TokenizerMetadata(
      directory: directory, configuration: configuration, preTokenizer: preTokenizer)
    var metadata = GGUFMetadata()
    metadata["general.architecture"] = .string(model.sizes.architecture)
    let parameters = model.plans.reduce(0) { $0 + ($1.name.hasPrefix("rope_") ? 0 : $1.shape.reduce(1, *)) }
    for (key, value) in GeneralMetadata.read(directory: directory, name: name, parameters: parameters) {
      metadata[key] = value
    }
    for (key, value) in model.parameters { metadata["\(model.sizes.architecture).\(key)"] = value }
    metadata["general.file_type"] = .u32(type.number)
    metadata["general.quantization_version"] = .u32(2)
    for (key, value) in tokenizer.pairs { metadata[key] = value }

    let result = GGUFOutput(path: output, options: options, metadata: metadata, inputs: checkpoint.files)
    let overflows = try result.write(model.plans) { (_) throws(ConversionError) in nil }
    return OutputSummary(
      path: output, type: type.rawValue, plans: model.plans, fallbacks: fallbacks, overflows: overflows,
      warnings: tokenizer.warnings)
  }

  /// Refuses quantised checkpoints, other than of the one type that GGUF has too, and of 8-bit floating point, in which
  /// models are published that there is no original of.
  private func checkQuantization(
    _ configuration: HuggingFaceConfiguration, _ directory: String
  ) throws(ConversionError) {
    guard let quantization = configuration.raw["quantization_config"], !quantization.isNull else { return }
    let method = quantization["quant_method"]?.stringValue
    if method == "mxfp4" || Float8Settings.describe(configuration) { return }
    throw .refused(
      path: directory,
      problem:
        "the checkpoint is quantised\(method.map { " (\(quoted($0)))" } ?? ""), which loses what GGUF types would keep",
      advice: "convert the model it was made from")
  }

  /// Sorts the tensors and gives each its type; norms, biases and other small tensors are F32.
  ///
  /// Converting to a type gives the tensors that converting to F32 and quantising to the type would.
  private func chooseTypes(_ model: inout PlannedModel) -> (type: FileType, fallbacks: Int) {
    var plans = model.plans
    defer { model.plans = plans }
    plans.sort { TensorTypeSelector.order($0.name, $1.name) }
    var bytes: [ElementType: Int] = [:]
    for plan in plans
    where plan.type != .mxfp4 && TensorTypeSelector.allowsQuantization(plan.name, shape: plan.shape) {
      bytes[plan.type, default: 0] += plan.byteCount ?? 0
    }
    let dominant = bytes.max { ($0.value, $0.key.rawValue) < ($1.value, $1.key.rawValue) }?.key ?? .f32
    let type = fileType ?? FileType(plain: dominant)
    var selector = TensorTypeSelector(
      type, sizes: model.sizes, options: types, hasImportance: false, tensors: plans.map(\.name))
    for index in plans.indices {
      let plan = plans[index]
      let isMatrix = TensorTypeSelector.allowsQuantization(plan.name, shape: plan.shape)
      // 4-bit blocks stay what they are, as in llama.cpp's converter.
      if plan.type == .mxfp4 { continue }
      if !isMatrix {
        plans[index].type = .f32
      } else if fileType == nil, types.output == nil, types.embedding == nil, plan.type != .f64 {
        continue
      } else {
        plans[index].type = selector.type(of: plan.name, shape: plan.shape, current: .f32)
      }
    }
    return (type, selector.fallbacks)
  }
}
