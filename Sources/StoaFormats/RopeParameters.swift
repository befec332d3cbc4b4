/// How rotary position embeddings are computed.
public struct RopeParameters: Sendable, Equatable {
  /// The base of the rotation frequencies.
  public var theta: Double
  /// How frequencies are changed to reach a longer context.
  public var scaling: RopeScaling
  /// The part of each head that is rotated, up to 1.
  public var partialRotaryFactor: Double

  /// Plain rotary embeddings unless more is said.
  public init(theta: Double = 10_000, scaling: RopeScaling = .none, partialRotaryFactor: Double = 1) {
    self.theta = theta
    self.scaling = scaling
    self.partialRotaryFactor = partialRotaryFactor
  }
}

/// The ways to stretch rotary embeddings. Source: transformers, `modeling_rope_utils.py`.
public enum RopeScaling: Sendable, Equatable {
  case none
  /// All frequencies divided by `factor`.
  case linear(factor: Double)
  /// The base grows with the length beyond `originalContext`.
  case dynamicNTK(factor: Double, originalContext: Int)
  /// Low frequencies divided by `factor`, high ones kept, a ramp between: Llama 3.1.
  case llama3(factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalContext: Int)
  case yarn(YarnScaling)
  case longrope(LongRopeScaling)
}

/// YaRN (Peng and others, 2023, arXiv:2309.00071).
public struct YarnScaling: Sendable, Equatable {
  /// By how much the context grows.
  public var factor: Double
  /// The context of pre-training.
  public var originalContext: Int
  /// Rotations within `originalContext` above which a frequency is kept.
  public var betaFast: Double
  /// Rotations within `originalContext` below which a frequency is divided by `factor`.
  public var betaSlow: Double
  /// The factor on the rotated vectors; nil: computed from `factor`, `mscale` and `mscaleAllDimensions`.
  public var attentionFactor: Double?
  /// DeepSeek's variant of the attention factor.
  public var mscale: Double?
  /// DeepSeek's variant of the attention factor.
  public var mscaleAllDimensions: Double?
  /// Whether the ends of the ramp are rounded to whole dimensions.
  public var truncate: Bool

  /// The given values.
  public init(
    factor: Double, originalContext: Int, betaFast: Double = 32, betaSlow: Double = 1, attentionFactor: Double? = nil,
    mscale: Double? = nil, mscaleAllDimensions: Double? = nil, truncate: Bool = true
  ) {
    self.factor = factor
    self.originalContext = originalContext
    self.betaFast = betaFast
    self.betaSlow = betaSlow
    self.attentionFactor = attentionFactor
    self.mscale = mscale
    self.mscaleAllDimensions = mscaleAllDimensions
    self.truncate = truncate
  }
}

/// LongRoPE (Ding and others, 2024, arXiv:2402.13753), as in Phi-3.
public struct LongRopeScaling: Sendable, Equatable {
  /// The divisor of each frequency up to `originalContext`.
  public var shortFactors: [Double]
  /// The divisor of each frequency beyond `originalContext`.
  public var longFactors: [Double]
  /// The context of pre-training.
  public var originalContext: Int
  /// By how much the context grows; nil: the model's context over `originalContext`.
  public var factor: Double?
  /// The factor on the rotated vectors; nil: computed from the growth of the context.
  public var attentionFactor: Double?

  /// The given values.
  public init(
    shortFactors: [Double], longFactors: [Double], originalContext: Int, factor: Double? = nil,
    attentionFactor: Double? = nil
  ) {
    self.shortFactors = shortFactors
    self.longFactors = longFactors
    self.originalContext = originalContext
    self.factor = factor
    self.attentionFactor = attentionFactor
  }
}

extension RopeParameters {
  /// Reads `rope_parameters` (transformers 5) or `rope_theta` and `rope_scaling` (before), for all layers and, where a
  /// model's layers differ, for each type of layer.
  static func read(
    _ configuration: ConfigurationReader, modelType: String, context: Int
  ) throws(FormatError) -> (all: RopeParameters, byLayerType: [String: RopeParameters]) {
    let theta = try configuration.number("rope_theta", "rotary_emb_base") ?? 10_000
    // GPT-NeoX rotates a quarter of each head unless its configuration says otherwise.
    let part =
      try configuration.number("partial_rotary_factor", "rotary_pct") ?? (modelType == "gpt_neox" ? 0.25 : 1)
    guard let nested = try configuration.object("rope_parameters", "rope_scaling") else {
      return (RopeParameters(theta: theta, partialRotaryFactor: part), [:])
    }
    func read(_ reader: ConfigurationReader) throws(FormatError) -> RopeParameters {
      let part = try reader.number("partial_rotary_factor") ?? part
      guard part <= 1 else { throw reader.malformed("\"\(reader.prefix)partial_rotary_factor\" is above 1") }
      return RopeParameters(
        theta: try reader.number("rope_theta") ?? theta,
        scaling: try RopeScaling.read(reader, configuration: configuration, context: context),
        partialRotaryFactor: part)
    }
    // With layers of several types, each type's name leads to an object of its own.
    let layerTypes = nested.members.filter { $0.key.hasSuffix("_attention") && $0.value.objectValue != nil }
    guard !layerTypes.isEmpty else { return (try read(nested), [:]) }
    var byLayerType: [String: RopeParameters] = [:]
    for (key, _) in layerTypes {
      if let reader = try nested.object(key) { byLayerType[key] = try read(reader) }
    }
    let all = byLayerType["full_attention"] ?? RopeParameters(theta: theta, partialRotaryFactor: part)
    return (all, byLayerType)
  }
}

extension RopeScaling {
  fileprivate static func read(
    _ reader: ConfigurationReader, configuration: ConfigurationReader, context: Int
  ) throws(FormatError) -> RopeScaling {
    /// Phi-3 keeps this beside the other sizes, and there it has priority.
    func originalContext() throws(FormatError) -> Int {
      if let count = try configuration.count("original_max_position_embeddings") { return count }
      return try reader.count("original_max_position_embeddings") ?? context
    }
    let type = try reader.string("rope_type", "type") ?? "default"
    switch type {
    case "default": return .none
    case "linear": return .linear(factor: try reader.requiredNumber("factor"))
    case "dynamic": return .dynamicNTK(factor: try reader.requiredNumber("factor"), originalContext: context)
    case "llama3":
      return .llama3(
        factor: try reader.requiredNumber("factor"),
        lowFrequencyFactor: try reader.requiredNumber("low_freq_factor"),
        highFrequencyFactor: try reader.requiredNumber("high_freq_factor"),
        originalContext: try originalContext())
    case "yarn":
      return .yarn(
        YarnScaling(
          factor: try reader.requiredNumber("factor"), originalContext: try originalContext(),
          betaFast: try reader.number("beta_fast") ?? 32, betaSlow: try reader.number("beta_slow") ?? 1,
          attentionFactor: try reader.number("attention_factor"), mscale: try reader.number("mscale"),
          mscaleAllDimensions: try reader.number("mscale_all_dim"), truncate: try reader.bool("truncate") ?? true))
    // "su" is the name in the first Phi-3 files.
    case "longrope", "su":
      return .longrope(
        LongRopeScaling(
          shortFactors: try reader.requiredNumbers("short_factor"),
          longFactors: try reader.requiredNumbers("long_factor"), originalContext: try originalContext(),
          factor: try reader.number("factor"), attentionFactor: try reader.number("attention_factor")))
    default:
      throw .unsupported(
        path: reader.path, problem: "rotary embeddings of the type \(quoted(type)) are not supported", advice: nil)
    }
  }
}
