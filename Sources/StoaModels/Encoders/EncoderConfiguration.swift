package import StoaFormats
package import StoaTensor

/// The sizes and constants of an encoder: a model that makes vectors of texts, whichever format they were read from.
public struct EncoderConfiguration: Sendable, Equatable {
  /// The name of the architecture in GGUF, such as `bert`.
  public let architecture: String
  /// The width of the residual stream.
  public let width: Int
  /// Layers.
  public let layers: Int
  /// Heads.
  public let heads: Int
  /// The width of the feed-forward networks.
  public let feedForwardWidth: Int
  /// Token ids, padding included.
  public let vocabularySize: Int
  /// The longest text in tokens.
  public let contextLength: Int
  /// Added to the variance in norms.
  public let normEpsilon: Float
  /// What feed-forward networks put between their matrices.
  package let nonlinearity: Nonlinearity
  /// Whether a second matrix gates the feed-forward networks.
  package let isGated: Bool
  /// The angles of rotary position embeddings; nil where every position has an embedding of its own.
  package let rope: RopeParameters?
  /// How the vectors of tokens become one.
  public let pooling: EmbeddingPooling

  /// Values per head.
  package var headDimension: Int { width / heads }
}

extension EncoderConfiguration {
  /// The architectures by their names in GGUF and in `config.json`.
  private static let architectures = ["bert": "bert", "nomic-bert": "nomic_bert"]

  /// The names of all architectures, for messages.
  static var names: [String] { Set(architectures.flatMap { [$0.key, $0.value] }).sorted() }

  /// Whether a checkpoint is of an encoder that this version runs.
  package static func isEncoder(_ checkpoint: Checkpoint) -> Bool {
    switch checkpoint {
    case .gguf(let file): architectures.keys.contains(file.metadata.string("general.architecture") ?? "")
    case .huggingFace(_, let configuration, _): architectures.values.contains(configuration.modelType)
    }
  }

  /// Reads the configuration of a checkpoint; missing or impossible values are errors that name the key.
  package init(_ checkpoint: Checkpoint) throws(ModelError) {
    switch checkpoint {
    case .gguf(let file): try self.init(gguf: file)
    case .huggingFace(_, let configuration, let directory):
      try self.init(
        huggingFace: configuration, pooling: try EmbeddingPooling(directory: directory), path: checkpoint.path)
    }
  }

  /// Reads `bert.*` or `nomic-bert.*` keys. Source: llama.cpp, `gguf-py/gguf/constants.py`, `src/models/bert.cpp`.
  init(gguf file: GGUFFile) throws(ModelError) {
    let path = file.files.first?.path ?? ""
    let metadata = file.metadata
    architecture = metadata.string("general.architecture") ?? ""
    guard Self.architectures.keys.contains(architecture) else {
      throw .unsupportedArchitecture(path: path, name: architecture)
    }
    let prefix = architecture + "."
    func size(_ name: String) throws(ModelError) -> Int {
      guard let value = metadata.int(prefix + name) else { throw .missingKey(path: path, key: prefix + name) }
      return value
    }
    width = try size("embedding_length")
    layers = try size("block_count")
    heads = try size("attention.head_count")
    feedForwardWidth = try size("feed_forward_length")
    contextLength = try size("context_length")
    guard let epsilon = metadata.double(prefix + "attention.layer_norm_epsilon") else {
      throw .missingKey(path: path, key: prefix + "attention.layer_norm_epsilon")
    }
    normEpsilon = Float(epsilon)
    guard metadata.bool(prefix + "attention.causal") != true else {
      throw .unsupportedFeature(path: path, what: "an encoder whose tokens see only those before them")
    }
    guard let embedding = file.tensor("token_embd.weight"), embedding.shape.count == 2 else {
      throw .missingTensor(path: path, name: "token_embd.weight")
    }
    vocabularySize = embedding.shape[0]
    isGated = architecture == "nomic-bert"
    nonlinearity = isGated ? .silu : .gelu
    rope = isGated ? RopeParameters(theta: metadata.double(prefix + "rope.freq_base") ?? 1000) : nil
    pooling = try EmbeddingPooling(gguf: metadata, prefix: prefix, path: path)
    try check(path: path)
    try DecoderConfiguration.checkLayers(layers, names: file.tensors.map(\.name), prefix: "blk.", path: path)
  }

  /// Takes over the configuration of a Hugging Face model of the types `bert` and `nomic_bert`.
  package init(
    huggingFace configuration: HuggingFaceConfiguration, pooling: EmbeddingPooling, path: String
  ) throws(ModelError) {
    guard let architecture = Self.architectures.first(where: { $0.value == configuration.modelType })?.key else {
      throw .unsupportedArchitecture(path: path, name: configuration.modelType)
    }
    self.architecture = architecture
    self.pooling = pooling
    width = configuration.hiddenSize
    layers = configuration.layers
    heads = configuration.heads
    feedForwardWidth = configuration.intermediateSize
    vocabularySize = configuration.vocabularySize
    contextLength = configuration.contextLength
    let raw = configuration.raw
    let hasEpsilon = ["layer_norm_eps", "layer_norm_epsilon"].contains { raw[$0]?.doubleValue != nil }
    // The default of both in transformers.
    normEpsilon = hasEpsilon ? Float(configuration.rmsNormEpsilon) : 1e-12
    /// Refuses an option unless it has the one value that the published models give it.
    func require(_ key: String, _ isUsual: (JSONValue) -> Bool) throws(ModelError) {
      guard let value = raw[key], !value.isNull, !isUsual(value) else { return }
      throw .unsupportedFeature(path: path, what: "\(quoted(key)) of \(value.text())")
    }
    switch architecture {
    case "bert":
      isGated = false
      rope = nil
      try require("position_embedding_type") { $0.stringValue == "absolute" }
      try require("is_decoder") { $0.boolValue == false }
    default:
      isGated = true
      let partial = configuration.rope.partialRotaryFactor
      guard configuration.rope.scaling == .none, partial == 1 else {
        throw .unsupportedFeature(path: path, what: "rotary embeddings in part or scaled, in an encoder")
      }
      let saysBase =
        raw["rotary_emb_base"] ?? raw["rope_theta"] ?? (raw["rope_parameters"] ?? .null)["rope_theta"]
      rope = RopeParameters(theta: saysBase == nil ? 1000 : configuration.rope.theta)
      for key in ["prenorm", "causal", "use_rms_norm", "parallel_block", "rotary_emb_interleaved"] {
        try require(key) { $0.boolValue == false }
      }
      try require("rotary_emb_fraction") { $0.doubleValue == 1 }
      for key in ["rotary_scaling_factor", "rotary_emb_scale_base", "num_experts", "moe_every_n_layers"] {
        try require(key) { $0.doubleValue == 0 }
      }
    }
    switch (architecture, configuration.hiddenActivation) {
    case ("bert", "gelu"): nonlinearity = .gelu
    case ("bert", "gelu_new"), ("bert", "gelu_pytorch_tanh"): nonlinearity = .geluTanh
    case ("nomic-bert", "silu"), ("nomic-bert", "swiglu"): nonlinearity = .silu
    default:
      throw .unsupportedFeature(path: path, what: "the activation \(quoted(configuration.hiddenActivation))")
    }
    try check(path: path)
  }

  /// Refuses sizes that no model has, before memory is reserved for them.
  private func check(path: String) throws(ModelError) {
    func require(_ condition: Bool, _ problem: @autoclosure () -> String) throws(ModelError) {
      if !condition { throw .impossible(path: path, problem: problem()) }
    }
    try require((1...1024).contains(layers), "the model claims \(grouped(layers)) layers")
    try require((1...1_000_000).contains(width), "the model claims a width of \(grouped(width))")
    try require((1...65_536).contains(heads), "the model claims \(grouped(heads)) heads")
    try require(width % heads == 0, "\(grouped(width)) dimensions cannot be split among \(grouped(heads)) heads")
    try require(
      headDimension <= Compute.maxHeadDimension,
      "heads of \(grouped(headDimension)) dimensions; at most \(Compute.maxHeadDimension) are possible")
    try require(
      rope == nil || headDimension % 2 == 0, "heads of \(headDimension) dimensions cannot be rotated in pairs")
    try require((1...10_000_000).contains(feedForwardWidth), "a feed-forward width of \(grouped(feedForwardWidth))")
    try require((1...100_000_000).contains(vocabularySize), "the model claims \(grouped(vocabularySize)) tokens")
    try require((1...1_000_000_000).contains(contextLength), "a context of \(grouped(contextLength)) tokens")
    try require(normEpsilon >= 0 && normEpsilon < 1, "the epsilon of norms is \(normEpsilon)")
    if let rope {
      try require(rope.theta >= 1 && rope.theta.isFinite, "the base of rotary embeddings is \(rope.theta)")
    }
  }
}
