public import StoaFormats
import StoaTensor

/// The sizes and constants of a decoder model, whichever format they were read from.
public struct DecoderConfiguration: Sendable, Equatable {
  /// The name of the architecture, such as `llama`.
  public let architecture: String
  /// The width of the residual stream.
  public let width: Int
  /// Layers.
  public let layers: Int
  /// Query heads.
  public let heads: Int
  /// Heads of keys and values; query heads share them in groups.
  public let keyValueHeads: Int
  /// Values per head.
  public let headDimension: Int
  /// The width of the feed-forward networks.
  public let feedForwardWidth: Int
  /// Feed-forward networks of a layer, among which a router chooses; 0 when there is one and no router.
  public let experts: Int
  /// Experts that each token goes through.
  public let expertsUsed: Int
  /// Token ids, padding included.
  public let vocabularySize: Int
  /// The longest sequence the model was made for, in tokens.
  public let contextLength: Int
  /// Added to the mean square in norms.
  public let normEpsilon: Float
  /// Positions that attention reaches back, nil for all.
  public let slidingWindow: Int?
  /// The angles of rotary position embeddings.
  public let rope: RopeParameters
  /// Whether rotary pairs are neighbours (GGUF's `llama`) or half a head apart (Hugging Face).
  public let interleavedRope: Bool
  /// The token that starts every text, when the file says so.
  public let bosToken: Int32?
  /// The tokens that end an answer, as far as the configuration knows.
  public let eosTokens: [Int32]

  /// Query values of a token.
  package var queryWidth: Int { heads * headDimension }
  /// Key (or value) values of a token.
  package var keyValueWidth: Int { keyValueHeads * headDimension }
}

extension DecoderConfiguration {
  /// Reads the configuration of a checkpoint.
  package init(_ checkpoint: Checkpoint) throws(ModelError) {
    switch checkpoint {
    case .gguf(let file): try self.init(gguf: file)
    case .huggingFace(_, let configuration, _): try self.init(huggingFace: configuration, path: checkpoint.path)
    }
  }

  /// Reads `llama.*` keys of a GGUF file; missing or impossible values are errors that name the key.
  package init(gguf file: GGUFFile) throws(ModelError) {
    let path = file.files.first?.path ?? ""
    let architecture = file.metadata.string("general.architecture") ?? ""
    guard architecture == "llama" else { throw .unsupportedArchitecture(path: path, name: architecture) }
    let reader = KeyReader(metadata: file.metadata, prefix: architecture, path: path)
    self.architecture = architecture
    width = try reader.size("embedding_length")
    layers = try reader.size("block_count")
    heads = try reader.size("attention.head_count")
    keyValueHeads = try reader.size("attention.head_count_kv", default: heads)
    feedForwardWidth = try reader.size("feed_forward_length")
    experts = file.metadata.int("llama.expert_count") ?? 0
    expertsUsed = experts == 0 ? 0 : try reader.size("expert_used_count")
    contextLength = try reader.size("context_length")
    headDimension = try reader.size("attention.key_length", default: width / max(heads, 1))
    let valueDimension = try reader.size("attention.value_length", default: headDimension)
    guard valueDimension == headDimension else {
      throw .unsupportedFeature(path: path, what: "values that are wider or narrower than keys")
    }
    guard let epsilon = file.metadata.double("llama.attention.layer_norm_rms_epsilon") else {
      throw .missingKey(path: path, key: "llama.attention.layer_norm_rms_epsilon")
    }
    normEpsilon = Float(epsilon)
    slidingWindow = file.metadata.int("llama.attention.sliding_window").flatMap { $0 > 0 ? $0 : nil }
    guard let embedding = file.tensor("token_embd.weight"), embedding.shape.count == 2 else {
      throw .missingTensor(path: path, name: "token_embd.weight")
    }
    vocabularySize = embedding.shape[0]
    let rotated = try reader.size("rope.dimension_count", default: headDimension)
    let scaling: RopeScaling
    // As llama.cpp has it: linear unless a type is given, with an older key for the factor, 0 standing for none.
    switch file.metadata.string("llama.rope.scaling.type") ?? "linear" {
    case "none": scaling = .none
    case "linear":
      let factor =
        file.metadata.double("llama.rope.scaling.factor") ?? file.metadata.double("llama.rope.scale_linear") ?? 0
      scaling = factor == 0 ? .none : .linear(factor: factor)
    case let other: throw .unsupportedFeature(path: path, what: "rotary embeddings scaled by \(quoted(other))")
    }
    rope = RopeParameters(
      theta: file.metadata.double("llama.rope.freq_base") ?? 10_000, scaling: scaling,
      partialRotaryFactor: Double(rotated) / Double(headDimension))
    interleavedRope = true
    bosToken = file.metadata.int("tokenizer.ggml.bos_token_id").flatMap { Int32(exactly: $0) }
    eosTokens = [file.metadata.int("tokenizer.ggml.eos_token_id")].compactMap { $0.flatMap { Int32(exactly: $0) } }
    try check(path: path)
    try Self.checkLayers(layers, names: file.tensors.map(\.name), prefix: "blk.", path: path)
  }

  /// A file with more layers than it says would answer with part of the model.
  package static func checkLayers(
    _ layers: Int, names: [String], prefix: String, path: String
  ) throws(ModelError) {
    for name in names where name.hasPrefix(prefix) {
      guard let index = Int(name.dropFirst(prefix.count).prefix { $0 != "." }), index >= layers else { continue }
      throw .impossible(path: path, problem: "tensor \(quoted(name)) belongs to none of the \(layers) layers")
    }
  }

  /// Takes over the configuration of a Hugging Face model of the Llama family.
  package init(huggingFace configuration: HuggingFaceConfiguration, path: String) throws(ModelError) {
    guard ["llama", "mistral", "mixtral"].contains(configuration.modelType) else {
      throw .unsupportedArchitecture(path: path, name: configuration.modelType)
    }
    if configuration.modelType == "mixtral" {
      // transformers' defaults.
      experts = configuration.raw["num_local_experts"]?.intValue ?? 8
      expertsUsed = configuration.raw["num_experts_per_tok"]?.intValue ?? 2
    } else {
      (experts, expertsUsed) = (0, 0)
    }
    guard configuration.hiddenActivation == "silu" else {
      throw .unsupportedFeature(path: path, what: "the activation \(quoted(configuration.hiddenActivation))")
    }
    architecture = configuration.modelType
    width = configuration.hiddenSize
    layers = configuration.layers
    heads = configuration.heads
    keyValueHeads = configuration.kvHeads
    headDimension = configuration.headDimension
    feedForwardWidth = configuration.intermediateSize
    vocabularySize = configuration.vocabularySize
    contextLength = configuration.contextLength
    normEpsilon = Float(configuration.rmsNormEpsilon)
    slidingWindow = configuration.slidingWindow
    rope = configuration.rope
    interleavedRope = false
    bosToken = configuration.bosToken.flatMap { Int32(exactly: $0) }
    eosTokens = configuration.eosTokens.compactMap { Int32(exactly: $0) }
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
    try require(
      keyValueHeads >= 1 && heads % keyValueHeads == 0,
      "\(heads) query heads cannot share \(keyValueHeads) key and value heads")
    try require(
      (1...Compute.maxHeadDimension).contains(headDimension),
      "heads of \(grouped(headDimension)) dimensions; at most \(Compute.maxHeadDimension) are possible")
    try require((1...10_000_000).contains(feedForwardWidth), "a feed-forward width of \(grouped(feedForwardWidth))")
    try require(
      experts == 0 && expertsUsed == 0 || (1...1024).contains(experts) && (1...experts).contains(expertsUsed),
      "the model claims to use \(grouped(expertsUsed)) of \(grouped(experts)) experts")
    try require((1...100_000_000).contains(vocabularySize), "the model claims \(grouped(vocabularySize)) tokens")
    try require((1...1_000_000_000).contains(contextLength), "a context of \(grouped(contextLength)) tokens")
    try require(normEpsilon >= 0 && normEpsilon < 1, "the epsilon of norms is \(normEpsilon)")
    try require(rope.theta >= 1 && rope.theta.isFinite, "the base of rotary embeddings is \(rope.theta)")
    try require(rotaryPairs >= 1, "no dimension of a head is rotated")
  }

  /// Pairs of dimensions that are rotated in each head.
  package var rotaryPairs: Int {
    let rotated = (rope.partialRotaryFactor * Double(headDimension)).rounded()
    return rotated >= 2 && rotated <= Double(headDimension) ? Int(rotated) / 2 : 0
  }
}

/// Reads sizes of an architecture from GGUF metadata.
private struct KeyReader {
  let metadata: GGUFMetadata
  let prefix: String
  let path: String

  func size(_ name: String, default fallback: Int? = nil) throws(ModelError) -> Int {
    let key = "\(prefix).\(name)"
    guard let value = metadata[key] else {
      guard let fallback else { throw .missingKey(path: path, key: key) }
      return fallback
    }
    // Some writers give one number per layer; they agree in all models of this family.
    let numbers = metadata.ints(key) ?? [value.intValue].compactMap { $0 }
    guard let first = numbers.first, numbers.allSatisfy({ $0 == first }) else {
      throw .impossible(path: path, problem: "\(quoted(key)) must be one positive number")
    }
    guard first > 0 else { throw .impossible(path: path, problem: "\(quoted(key)) is \(first)") }
    return first
  }
}
