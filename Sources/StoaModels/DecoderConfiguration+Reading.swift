import StoaFormats
import StoaTensor

extension DecoderConfiguration {
  /// The keys that nearly all architectures of GGUF have.
  mutating func readCommon(_ reader: KeyReader, norm: NormKind) throws(ModelError) {
    self.norm = norm
    width = try reader.size("embedding_length")
    layers = try reader.size("block_count")
    heads = try reader.size("attention.head_count")
    keyValueHeads = try reader.size("attention.head_count_kv", default: heads)
    feedForwardWidth = try reader.size("feed_forward_length", default: reader.int("expert_feed_forward_length"))
    experts = reader.int("expert_count") ?? 0
    expertsUsed = experts == 0 ? 0 : try reader.size("expert_used_count")
    contextLength = try reader.size("context_length")
    headDimension = try reader.size("attention.key_length", default: width / max(heads, 1))
    let key =
      norm == .rootMeanSquare ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon"
    normEpsilon = Float(try reader.number(key))
    // 0 stands for none.
    if let window = reader.int("attention.sliding_window"), window != 0 {
      slidingWindow = try reader.size("attention.sliding_window")
    }
    guard let embedding = reader.file.tensor("token_embd.weight"), embedding.shape.count == 2 else {
      throw .missingTensor(path: reader.path, name: "token_embd.weight")
    }
    vocabularySize = embedding.shape[0]
    tiesOutput = reader.file.tensor("output.weight") == nil
    let metadata = reader.file.metadata
    bosToken = metadata.int("tokenizer.ggml.bos_token_id").flatMap { Int32(exactly: $0) }
    eosTokens = [metadata.int("tokenizer.ggml.eos_token_id")].compactMap { $0.flatMap { Int32(exactly: $0) } }
    let rotated = try reader.size("rope.dimension_count", default: headDimension)
    rope = RopeParameters(
      theta: reader.double("rope.freq_base") ?? 10_000, scaling: try reader.ropeScaling(context: contextLength),
      partialRotaryFactor: Double(rotated) / Double(headDimension))
  }

  /// Sizes that Hugging Face's configurations of all decoders have.
  mutating func readCommon(_ configuration: HuggingFaceConfiguration, norm: NormKind) {
    self.norm = norm
    architecture = configuration.modelType
    width = configuration.hiddenSize
    layers = configuration.layers
    heads = configuration.heads
    keyValueHeads = configuration.kvHeads
    headDimension = configuration.headDimension
    feedForwardWidth = configuration.intermediateSize
    vocabularySize = configuration.vocabularySize
    contextLength = configuration.contextLength
    // Files of such models keep the context of before.
    if case .dynamicNTK(let factor, let original) = configuration.rope.scaling, Double(original) * factor <= 1e9 {
      contextLength = max(contextLength, Int(Double(original) * factor))
    }
    normEpsilon = Float(configuration.rmsNormEpsilon)
    slidingWindow = configuration.slidingWindow
    rope = configuration.rope
    tiesOutput = configuration.tieWordEmbeddings
    bosToken = configuration.bosToken.flatMap { Int32(exactly: $0) }
    eosTokens = configuration.eosTokens.compactMap { Int32(exactly: $0) }
  }
}

/// Reads the hyper-parameters of an architecture from GGUF metadata.
package struct KeyReader {
  let file: GGUFFile
  let prefix: String
  let path: String

  /// A positive size; some writers give one number per layer, which must agree.
  func size(_ name: String, default fallback: Int? = nil) throws(ModelError) -> Int {
    let key = "\(prefix).\(name)"
    guard let value = file.metadata[key] else {
      guard let fallback else { throw .missingKey(path: path, key: key) }
      return fallback
    }
    let numbers = file.metadata.ints(key) ?? [value.intValue].compactMap { $0 }
    guard let first = numbers.first, numbers.allSatisfy({ $0 == first }) else {
      throw .impossible(path: path, problem: "\(quoted(key)) must be one positive number")
    }
    guard first > 0 else { throw .impossible(path: path, problem: "\(quoted(key)) is \(first)") }
    return first
  }

  /// A number that must be there.
  func number(_ name: String) throws(ModelError) -> Double {
    guard let number = double(name) else { throw .missingKey(path: path, key: "\(prefix).\(name)") }
    return number
  }

  func int(_ name: String) -> Int? { file.metadata.int("\(prefix).\(name)") }
  func double(_ name: String) -> Double? { file.metadata.double("\(prefix).\(name)") }
  func bool(_ name: String) -> Bool? { file.metadata.bool("\(prefix).\(name)") }
  func has(_ tensor: String) -> Bool { file.tensor(tensor) != nil }

  /// As llama.cpp has it: linear unless a type is given, with an older key for the factor, 0 standing for none.
  fileprivate func ropeScaling(context: Int) throws(ModelError) -> RopeScaling {
    func factor() -> Double { double("rope.scaling.factor") ?? double("rope.scale_linear") ?? 0 }
    switch file.metadata.string("\(prefix).rope.scaling.type") ?? "linear" {
    case "none": return .none
    case "linear": return factor() == 0 ? .none : .linear(factor: factor())
    case "yarn":
      return .yarn(
        YarnScaling(
          factor: factor(), originalContext: int("rope.scaling.original_context_length") ?? context,
          betaFast: double("rope.scaling.yarn_beta_fast") ?? 32,
          betaSlow: double("rope.scaling.yarn_beta_slow") ?? 1,
          attentionFactor: double("rope.scaling.attn_factor").map { $0 * (0.1 * CanonicalMath.log(factor()) + 1) },
          mscale: nil, mscaleAllDimensions: nil, truncate: bool("rope.scaling.yarn_truncate") ?? true))
    // The factors are tensors.
    case "longrope":
      return .longrope(
        LongRopeScaling(
          shortFactors: [], longFactors: [], originalContext: try size("rope.scaling.original_context_length"),
          factor: nil, attentionFactor: double("rope.scaling.attn_factor")))
    case let other: throw .unsupportedFeature(path: path, what: "rotary embeddings scaled by \(quoted(other))")
    }
  }
}

/// Reads settings of one family from a Hugging Face configuration, with errors that name the key.
package struct SettingsReader {
  let configuration: HuggingFaceConfiguration
  let path: String

  init(_ configuration: HuggingFaceConfiguration, path: String) {
    self.configuration = configuration
    self.path = path
  }

  private func value(_ key: String) -> JSONValue? {
    guard let value = configuration.raw[key], !value.isNull else { return nil }
    return value
  }

  /// A whole number from `least` on; nil when absent.
  func int(_ key: String, from least: Int = 1) throws(ModelError) -> Int? {
    guard let value = value(key) else { return nil }
    guard let number = value.intValue, number >= least, number <= 1 << 31 else {
      throw .impossible(path: path, problem: "\(quoted(key)) must be a whole number from \(least) on")
    }
    return number
  }

  /// The same, which must be there.
  func required(_ key: String) throws(ModelError) -> Int {
    guard let number = try int(key) else { throw .missingKey(path: path, key: key) }
    return number
  }

  func double(_ key: String) throws(ModelError) -> Double? {
    guard let value = value(key) else { return nil }
    guard let number = value.doubleValue, number.isFinite else {
      throw .impossible(path: path, problem: "\(quoted(key)) must be a number")
    }
    return number
  }

  func bool(_ key: String) throws(ModelError) -> Bool? {
    guard let value = value(key) else { return nil }
    guard let bool = value.boolValue else {
      throw .impossible(path: path, problem: "\(quoted(key)) must be true or false")
    }
    return bool
  }

  func string(_ key: String) -> String? { value(key)?.stringValue }

  func ints(_ key: String) throws(ModelError) -> [Int]? {
    guard let value = value(key) else { return nil }
    guard let list = value.arrayValue else { throw .impossible(path: path, problem: "\(quoted(key)) must be a list") }
    return list.compactMap(\.intValue)
  }

  /// Which layers keep to the sliding window or chunks, when the file lists them.
  func layerTypes() throws(ModelError) -> [String]? {
    guard let list = value("layer_types")?.arrayValue else { return nil }
    let names = list.compactMap(\.stringValue)
    guard names.count == configuration.layers, list.count == names.count else {
      throw .impossible(path: path, problem: "\(quoted("layer_types")) must name the type of each layer")
    }
    let known = ["full_attention", "sliding_attention", "chunked_attention"]
    if let other = names.first(where: { !known.contains($0) }) {
      throw .unsupportedFeature(path: path, what: "layers of the type \(quoted(other))")
    }
    return names
  }

  /// Requires the activation of networks to be one of the given names.
  func activation(_ names: String..., default standard: String? = nil) throws(ModelError) {
    let keys = ["hidden_activation", "hidden_act", "activation_function", "activation"]
    let name = keys.lazy.compactMap { string($0) }.first ?? standard ?? configuration.hiddenActivation
    guard names.contains(name) else { throw .unsupportedFeature(path: path, what: "the activation \(quoted(name))") }
  }
}
