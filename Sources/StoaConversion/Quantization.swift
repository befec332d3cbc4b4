import StoaFormats
import StoaTensor

/// Turns a GGUF model into one of another type.
package struct GGUFQuantization: Sendable {
  /// The wanted type.
  package var fileType: FileType
  /// Types of particular tensors.
  package var types = TensorTypeOptions()
  /// How much each column matters.
  package var importance: ImportanceMatrix?
  /// Quantise also what is quantised already, and loses more than it would from the original.
  package var allowsRequantizing = false

  /// Quantises to `fileType`.
  package init(_ fileType: FileType) { self.fileType = fileType }

  /// Reads the model at `input`, of which a part may be given if it is split, and writes `output`.
  ///
  /// The file is that which llama.cpp's quantisation tool writes, to the byte: tensors in the order of the layers,
  /// metadata as in the input but for the keys that say how it was quantised.
  package func run(
    input: String, output: String, options: OutputOptions = OutputOptions()
  ) throws(ConversionError) -> OutputSummary {
    let file = try converting { () throws(FormatError) in try GGUFFile(path: input) }
    try GGUFOutput.check(path: output, inputs: file.files, options: options)
    guard !file.tensors.isEmpty else {
      throw .refused(path: input, problem: "the file holds no tensors", advice: "there is nothing to quantise")
    }
    let tensors = file.tensors.sorted { TensorTypeSelector.order($0.name, $1.name) }
    var selector = TensorTypeSelector(
      fileType, sizes: ModelSizes(file.metadata), options: types, hasImportance: importance != nil,
      tensors: tensors.map(\.name))
    var plans: [TensorPlan] = []
    var kept = 0
    for tensor in tensors {
      let chosen = selector.type(of: tensor.name, shape: tensor.shape, current: tensor.type)
      // Blocks of 4 bits in which a model is published have no original: they stay unless told otherwise.
      let stays = tensor.type == .mxfp4 && !allowsRequantizing
      if stays, chosen != .mxfp4 { kept += 1 }
      let plan = TensorPlan(copying: tensor, type: stays ? .mxfp4 : chosen)
      try check(plan, path: input)
      plans.append(plan)
    }

    let result = GGUFOutput(
      path: output, options: options, metadata: metadata(file.metadata), alignment: file.alignment, inputs: file.files)
    var unweighed = 0
    let overflows = try result.write(plans) { (plan) throws(ConversionError) in
      let weights = try weights(for: plan)
      if importance != nil, weights == nil, plan.type.isQuantized, !plan.isCopied, !Self.isLookedUp(plan.name) {
        unweighed += 1
      }
      return weights
    }
    var warnings: [String] = []
    if kept > 0 {
      let noun = kept == 1 ? "tensor stays" : "tensors stay"
      warnings.append("\(grouped(kept)) \(noun) MXFP4 as published; --allow-requantize gives them the other types too")
    }
    if unweighed > 0 {
      let noun = unweighed == 1 ? "tensor was" : "tensors were"
      warnings.append(
        "\(grouped(unweighed)) \(noun) quantised without weights: the importance matrix does not have them")
    }
    return OutputSummary(
      path: output, type: fileType.rawValue, plans: plans, fallbacks: selector.fallbacks, overflows: overflows,
      warnings: warnings)
  }

  private func check(_ plan: TensorPlan, path: String) throws(ConversionError) {
    if plan.isCopied { return }
    if plan.sourceType.isQuantized, !allowsRequantizing {
      throw .refused(
        path: path,
        problem: "tensor \(quoted(plan.name)) is quantised already (\(plan.sourceType.name)); "
          + "making it \(plan.type.name) loses more than starting from the original",
        advice: "quantise an F32, F16 or BF16 file of the same model, or pass --allow-requantize")
    }
    if importance?[plan.name] == nil, needsImportance(plan) {
      throw .refused(
        path: path, problem: "tensor \(quoted(plan.name)) of a \(fileType.rawValue) file needs an importance matrix",
        advice: "pass one with --imatrix, or choose --type Q2_K")
    }
  }

  /// Q2_K alone, without the types beside it that the mix Q2_K has, keeps too little without weights.
  private func needsImportance(_ plan: TensorPlan) -> Bool {
    fileType == .q2_K_S && plan.type == .q2_K && !Self.isLookedUp(plan.name)
  }

  private static func isLookedUp(_ name: String) -> Bool {
    ["token_embd.weight", "per_layer_token_embd.weight", "output.weight"].contains(name)
  }

  /// The weights of a tensor's columns, when there are any and they fit.
  private func weights(for plan: TensorPlan) throws(ConversionError) -> [Float]? {
    guard !plan.isCopied, plan.type.isQuantized, let values = importance?[plan.name] else { return nil }
    let expected = plan.columns * plan.matrices
    if values.count == expected { return values }
    // Embeddings are looked up, not multiplied with: what the matrix has of them is of another size.
    if plan.name == "token_embd.weight" || plan.name == "per_layer_token_embd.weight" { return nil }
    throw .refused(
      path: importance?.path ?? "",
      problem:
        "\(grouped(values.count)) weights for tensor \(quoted(plan.name)), which has \(grouped(expected)) columns",
      advice: "the importance matrix belongs to another model")
  }

  /// As llama.cpp writes it: the two keys move to the end.
  private func metadata(_ input: GGUFMetadata) -> GGUFMetadata {
    var result = input
    for key in ["split.no", "split.count", "split.tensors.count"] { result[key] = nil }
    var pairs: [(String, GGUFValue)] = [
      ("general.quantization_version", .u32(2)), ("general.file_type", .u32(fileType.number)),
    ]
    pairs += importance?.metadata ?? []
    for (key, value) in pairs {
      result[key] = nil
      result[key] = value
    }
    return result
  }
}
