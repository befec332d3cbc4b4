import StoaFormats
import StoaModels
import StoaTensor

/// What a model becomes in GGUF: its tensors with their types still those of the checkpoint, and its hyper-parameters.
struct PlannedModel {
  var plans: [TensorPlan]
  /// Keys without the architecture.
  let parameters: [(String, GGUFValue)]
  /// The architecture, and what the choice of types depends on.
  let sizes: ModelSizes

  /// A model of a family that is no decoder.
  init(
    _ family: ModelFamily, _ checkpoint: SafetensorsCheckpoint, _ configuration: HuggingFaceConfiguration,
    directory: String
  ) throws(ConversionError) {
    plans = try family.plan(checkpoint, configuration, path: directory)
    parameters = family.parameters(configuration) + (try family.folderParameters(directory))
    var sizes = ModelSizes(architecture: family.architecture)
    sizes.layers = configuration.layers
    sizes.heads = configuration.heads
    sizes.keyValueHeads = configuration.kvHeads
    self.sizes = sizes
  }

  /// A decoder. Every tensor of the checkpoint must be known: weights that were left out would make another model.
  init(
    _ checkpoint: SafetensorsCheckpoint, _ configuration: HuggingFaceConfiguration, directory: String
  ) throws(ConversionError) {
    let whole = Checkpoint.huggingFace(checkpoint, configuration, directory: directory)
    let (family, decoder) = try describing { () throws(ModelError) in try whole.describe() }
    try GGUFParameters.check(decoder, path: directory)
    var plans: [TensorPlan] = []
    var known: Set<String> = []
    for rule in family.tensors(decoder).rules {
      for name in rule.source.names { known.formUnion(family.names(name)) }
      known.formUnion(rule.source.scaleNames.flatMap { family.names($0) })
      guard let found = try describing({ () throws(ModelError) in try whole.find(rule, family) }) else {
        if rule.isOptional { continue }
        throw .model(.missingTensor(path: directory, name: whole.name(of: rule)))
      }
      known.formUnion(found.scales.map(\.name))
      guard [.f32, .f16, .bf16, .f64, .mxfp4].contains(found.type) else {
        throw .refused(
          path: directory,
          problem:
            "tensor \(quoted(whole.name(of: rule))) is of the type \(found.tensors[0].typeName); weights must be floating-point",
          advice: "convert the unquantised checkpoint of the model")
      }
      // Copies of whole rows know a way that is faster.
      let contents =
        found.isPlain && found.stored.isPlainList
        ? TensorPlan.Contents.tensors(found.tensors, order: rule.order) : .stored(found)
      plans.append(TensorPlan(name: rule.name, shape: rule.shape, type: found.type, contents: contents))
    }
    try Self.checkUnknown(checkpoint, known, family, decoder, configuration, directory)
    plans += GGUFParameters.computedTensors(decoder)
    self.plans = plans
    let architecture = family.architecture?(decoder) ?? family.architectures[0]
    parameters = GGUFParameters.pairs(decoder) + family.keys(decoder)
    var sizes = ModelSizes(architecture: architecture)
    sizes.layers = decoder.layers
    sizes.heads = decoder.heads
    sizes.keyValueHeads = decoder.keyValueHeads
    sizes.experts = decoder.experts
    self.sizes = sizes
  }

  private static func checkUnknown(
    _ checkpoint: SafetensorsCheckpoint, _ known: Set<String>, _ family: DecoderFamily,
    _ decoder: DecoderConfiguration, _ configuration: HuggingFaceConfiguration, _ directory: String
  ) throws(ConversionError) {
    let further = (0..<family.ignoredLayers(configuration)).flatMap { layer in
      family.layerPrefixes.map { "\($0)\(decoder.layers + layer)." }
    }
    // A tied output may be stored all the same.
    let tied = decoder.tiesOutput ? family.names("lm_head.weight") + ["embed_out.weight"] : []
    let suffixes =
      family.ignoredSuffixes + (Float8Settings.describe(configuration) ? Float8Settings.ignoredSuffixes : [])
    let unknown = checkpoint.tensors.map(\.name).filter { name in
      !known.contains(name) && !tied.contains(name) && !suffixes.contains { name.hasSuffix($0) }
        && !(family.ignoredPrefixes + further).contains { name.hasPrefix($0) }
    }
    guard let first = unknown.first else { return }
    let others = unknown.count > 1 ? " and \(grouped(unknown.count - 1)) more" : ""
    throw .refused(
      path: directory,
      problem: "the checkpoint holds tensors that \(family.title) does not have: \(quoted(first))\(others)",
      advice: "it may be quantised, an adapter, or of another architecture than its config.json says")
  }
}
