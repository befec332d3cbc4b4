import StoaFormats
import StoaModels
import StoaTensor

/// How the models of a family that is no decoder go from Hugging Face's form to GGUF: names, shapes, hyper-parameters.
///
/// A family is one file with one value of this type, listed in `all`.
struct ModelFamily: Sendable {
  /// `general.architecture`, and the prefix of the hyper-parameters' keys.
  let architecture: String
  /// `model_type` of the configurations that belong to the family.
  let modelTypes: Set<String>
  /// What to call the family in messages.
  let title: String
  /// Tensors outside the layers.
  let tensors: [TensorRule]
  /// What stands before the number of a layer in the checkpoint, such as `model.layers.`.
  let layerPrefix: String
  /// Tensors of each layer, named without the prefix.
  let layerTensors: [TensorRule]
  /// What may stand before all names; models with a head of their own nest the rest.
  var prefixes = [""]
  /// Beginnings of names of what the family does not need.
  var ignoredPrefixes: [String] = []
  /// Ends of names that older checkpoints carry and nobody needs.
  var ignoredSuffixes: [String] = []
  /// Refuses configurations that the family's key-value pairs cannot express; `path` is for messages.
  let check: @Sendable (HuggingFaceConfiguration, _ path: String) throws(ConversionError) -> Void
  /// The hyper-parameters, keys without the architecture.
  let parameters: @Sendable (HuggingFaceConfiguration) -> [(String, GGUFValue)]

  /// Hyper-parameters that are written in other files of the folder.
  var folderParameters: @Sendable (_ directory: String) throws(ConversionError) -> [(String, GGUFValue)] = { _ in [] }

  /// The families that are no decoders; those are in `DecoderFamily`.
  static let all: [ModelFamily] = [.bert, .nomicBERT]
}

/// One tensor of a family, or one of each layer: its two names and its shape.
struct TensorRule: Sendable {
  /// The name in the checkpoint, without `.weight`.
  let source: String
  /// The name in GGUF, without `.weight`.
  let target: String
  /// The shape that the configuration promises.
  let shape: @Sendable (HuggingFaceConfiguration) -> [Int]
  /// Whether there may be a bias of as many values as the weight has rows.
  var mayHaveBias = false

  init(
    _ source: String, _ target: String, _ shape: @escaping @Sendable (HuggingFaceConfiguration) -> [Int]
  ) {
    self.source = source
    self.target = target
    self.shape = shape
  }

  /// The same with a bias, where the checkpoint has one.
  func withBias() -> TensorRule {
    var copy = self
    copy.mayHaveBias = true
    return copy
  }
}

extension ModelFamily {
  /// The tensors of a checkpoint as they go to GGUF, with their types still those of the checkpoint.
  ///
  /// Every tensor of the checkpoint must be known: weights that were left out would make another model.
  func plan(
    _ checkpoint: SafetensorsCheckpoint, _ configuration: HuggingFaceConfiguration, path: String
  ) throws(ConversionError) -> [TensorPlan] {
    var planner = Planner(checkpoint: checkpoint, configuration: configuration, path: path)
    let prefix = prefixes.first { prefix in
      tensors.first.map { checkpoint.tensor("\(prefix)\($0.source).weight") != nil } ?? true
    }
    for rule in tensors { try planner.add(rule, prefix ?? "", "") }
    for layer in 0..<configuration.layers {
      for rule in layerTensors { try planner.add(rule, "\(prefix ?? "")\(layerPrefix)\(layer).", "blk.\(layer).") }
    }
    let unknown = checkpoint.tensors.map(\.name).filter { name in
      !planner.known.contains(name) && !ignoredSuffixes.contains { name.hasSuffix($0) }
        && !ignoredPrefixes.contains { name.hasPrefix($0) }
    }
    if let first = unknown.first {
      let others = unknown.count > 1 ? " and \(grouped(unknown.count - 1)) more" : ""
      throw .refused(
        path: path, problem: "the checkpoint holds tensors that \(title) does not have: \(quoted(first))\(others)",
        advice: "it may be quantised, an adapter, or of another architecture than its config.json says")
    }
    return planner.plans
  }

  private struct Planner {
    let checkpoint: SafetensorsCheckpoint
    let configuration: HuggingFaceConfiguration
    let path: String
    var plans: [TensorPlan] = []
    var known: Set<String> = []

    mutating func add(_ rule: TensorRule, _ sourcePrefix: String, _ targetPrefix: String) throws(ConversionError) {
      let (source, target) = (sourcePrefix + rule.source, targetPrefix + rule.target)
      // The first BERT checkpoints call the parts of a norm gamma and beta.
      known.formUnion(["weight", "bias", "gamma", "beta"].map { "\(source).\($0)" })
      let shape = rule.shape(configuration)
      guard let weight = checkpoint.tensor(source + ".weight") ?? checkpoint.tensor(source + ".gamma") else {
        throw .refused(
          path: path, problem: "tensor \(quoted(source + ".weight")) is missing",
          advice: "the checkpoint is incomplete, or of another architecture than its config.json says")
      }
      try add(weight, as: target + ".weight", shape: shape)
      if let bias = checkpoint.tensor(source + ".bias") ?? checkpoint.tensor(source + ".beta") {
        guard rule.mayHaveBias else {
          throw .refused(path: path, problem: "tensor \(quoted(bias.name)) has no place in the model")
        }
        try add(bias, as: target + ".bias", shape: [shape[0]])
      }
    }

    private mutating func add(
      _ tensor: TensorInfo, as name: String, shape: [Int]
    ) throws(ConversionError) {
      guard tensor.shape == shape else {
        throw .refused(
          path: tensor.file.path,
          problem: "tensor \(quoted(tensor.name)) has the shape \(tensor.shape); config.json promises \(shape)",
          advice: "the files may belong to different models")
      }
      guard [.f32, .f16, .bf16, .f64].contains(tensor.type) else {
        throw .refused(
          path: tensor.file.path,
          problem: "tensor \(quoted(tensor.name)) is of the type \(tensor.typeName); weights must be floating-point",
          advice: "convert the unquantised checkpoint of the model")
      }
      plans.append(
        TensorPlan(name: name, shape: shape, type: tensor.type, contents: .tensors([tensor], order: .asStored)))
    }
  }
}
