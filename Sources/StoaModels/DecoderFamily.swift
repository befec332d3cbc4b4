package import StoaFormats

/// A family of decoder models: what its configurations say and what its tensors are called.
///
/// A family is one file in `Families` with one value of this type, listed in `all`; blocks that families share are in
/// `TensorTable+Blocks.swift` and `DecoderConfiguration`, and everything that computes reads those alone.
package struct DecoderFamily: Sendable {
  /// What users call it.
  package let title: String
  /// The names in `general.architecture` of GGUF files; a converted file gets the first, unless `architecture` says
  /// otherwise.
  package let architectures: [String]
  /// The names in `model_type` of Hugging Face configurations.
  package let modelTypes: [String]
  let norm: NormKind
  /// What stands before the number of a layer in names of the checkpoint.
  package let layerPrefixes: [String]
  /// Other beginnings of names, tried in turn: what the table says, and what may stand in its place.
  var aliases: [(from: String, to: String)] = []
  /// Ends of names that checkpoints carry and nobody needs.
  package var ignoredSuffixes: [String] = [".rotary_emb.inv_freq"]
  /// Beginnings of names that belong to other parts of a larger model.
  package var ignoredPrefixes: [String] = []
  /// Layers beyond those that the model computes, such as ones that predict several tokens at once.
  package var ignoredLayers: @Sendable (HuggingFaceConfiguration) -> Int = { _ in 0 }
  /// Takes what is the family's own from a GGUF file; the common keys have been read.
  let readGGUF: @Sendable (inout DecoderConfiguration, KeyReader) throws(ModelError) -> Void
  /// The same from a Hugging Face configuration.
  let readHuggingFace: @Sendable (inout DecoderConfiguration, SettingsReader) throws(ModelError) -> Void
  /// All tensors of a model.
  package let tensors: @Sendable (DecoderConfiguration) -> TensorTable
  /// The architecture that a converted model gets, where there are several.
  package var architecture: (@Sendable (DecoderConfiguration) -> String)?
  /// Hyper-parameters of a converted model beside the common ones, keys without the architecture.
  package var keys: @Sendable (DecoderConfiguration) -> [(String, GGUFValue)] = { _ in [] }

  /// All families.
  package static let all: [DecoderFamily] = [
    .llama, .qwen2, .qwen3, .olmo, .olmo2, .olmoe, .phi3, .gpt2, .gptNeoX, .falcon, .starCoder2, .gemma, .gemma2,
    .gemma3, .deepSeek2, .llama4, .gptOSS,
  ]

  /// The family of a GGUF architecture.
  package static func ofGGUF(_ architecture: String, path: String) throws(ModelError) -> DecoderFamily {
    if let family = all.first(where: { $0.architectures.contains(architecture) }) { return family }
    throw .unsupportedArchitecture(path: path, name: architecture)
  }

  /// The family of a `model_type`.
  package static func ofHuggingFace(_ modelType: String, path: String) throws(ModelError) -> DecoderFamily {
    if let family = all.first(where: { $0.modelTypes.contains(modelType) }) { return family }
    throw .unsupportedArchitecture(path: path, name: modelType)
  }

  /// The tensor of a name, or of one of its aliases.
  func tensor(_ name: String, in checkpoint: SafetensorsCheckpoint) -> TensorInfo? {
    names(name).lazy.compactMap { checkpoint.tensor($0) }.first
  }

  /// A name and what else it may be.
  package func names(_ name: String) -> [String] {
    [name] + aliases.filter { name.hasPrefix($0.from) }.map { $0.to + name.dropFirst($0.from.count) }
  }

  /// The architectures that can be run, for messages.
  static var supported: [String] { Set(all.flatMap { $0.architectures + $0.modelTypes }).sorted() }
}
