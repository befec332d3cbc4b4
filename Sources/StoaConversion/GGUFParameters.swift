import StoaFormats
import StoaModels
import StoaTensor

/// The hyper-parameters that decoders have in common, as GGUF has them.
///
/// Keys: the GGUF specification; llama.cpp, `gguf-py/gguf/constants.py` and `conversion/base.py`.
enum GGUFParameters {
  /// Refuses what the keys cannot express.
  static func check(_ c: DecoderConfiguration, path: String) throws(ConversionError) {
    switch c.rope.scaling {
    case .dynamicNTK:
      throw .refused(
        path: path, problem: "GGUF cannot express rotary embeddings scaled by NTK, which grow with the text")
    case .longrope where c.architecture != "phi3":
      throw .refused(path: path, problem: "GGUF expresses LongRoPE for Phi-3 models only")
    case .none, .linear, .llama3, .yarn, .longrope: break
    }
    if c.architecture == "llama" || c.architecture == "mistral", c.rotaryPairs * 2 != c.headDimension {
      throw .refused(path: path, problem: "GGUF's llama rotates whole heads of an even width; this model does not")
    }
  }

  /// The pairs, keys without the architecture.
  static func pairs(_ c: DecoderConfiguration) -> [(String, GGUFValue)] {
    let shape = c.attentionShape
    let isWithin = c.latent == nil
    let epsilon = c.norm == .rootMeanSquare ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon"
    var pairs: [(String, GGUFValue)] = [
      ("block_count", count(c.layers)), ("context_length", count(c.contextLength)),
      ("embedding_length", count(c.width)), ("feed_forward_length", count(c.feedForwardWidth)),
      ("attention.head_count", count(c.heads)),
      ("attention.head_count_kv", count(isWithin ? c.keyValueHeads : 1)), (epsilon, .f32(c.normEpsilon)),
      ("attention.key_length", count(shape.headDimension)), ("attention.value_length", count(shape.valueDimension)),
      ("vocab_size", count(c.vocabularySize)),
    ]
    if c.attention.contains(where: { $0.rotation != .none }) {
      pairs += [
        ("rope.dimension_count", count(2 * c.rotaryPairs)), ("rope.freq_base", .f32(Float(c.rope.theta))),
      ]
      pairs += scaling(c)
    }
    // llama.cpp does not look at this key in some models and attends to everything; Stoa keeps to the window.
    if let window = c.slidingWindow {
      pairs.append(("attention.sliding_window", count(window)))
      let isWindowed = c.attention.map { $0.window != nil }
      if isWindowed.contains(false) { pairs.append(("attention.sliding_window_pattern", .array(.bool(isWindowed)))) }
    }
    guard c.experts > 0, let rules = c.expertRules else { return pairs }
    pairs += [("expert_count", count(c.experts)), ("expert_used_count", count(c.expertsUsed))]
    if rules.width != c.feedForwardWidth { pairs.append(("expert_feed_forward_length", count(rules.width))) }
    return pairs
  }

  static func count(_ value: Int) -> GGUFValue { .u32(UInt32(clamping: value)) }

  private static func scaling(_ c: DecoderConfiguration) -> [(String, GGUFValue)] {
    switch c.rope.scaling {
    case .none, .llama3, .dynamicNTK: return []
    case .linear(let factor):
      return [("rope.scaling.type", .string("linear")), ("rope.scaling.factor", .f32(Float(factor)))]
    case .yarn(let yarn):
      var pairs: [(String, GGUFValue)] = [
        ("rope.scaling.type", .string("yarn")), ("rope.scaling.factor", .f32(Float(yarn.factor))),
        ("rope.scaling.original_context_length", count(yarn.originalContext)),
        ("rope.scaling.yarn_beta_fast", .f32(Float(yarn.betaFast))),
        ("rope.scaling.yarn_beta_slow", .f32(Float(yarn.betaSlow))),
      ]
      // llama.cpp multiplies this by what YaRN proposes.
      let proposed = RotaryEmbedding.yarnScale(yarn.factor, 1)
      let factor = RotaryEmbedding.yarnFactor(yarn)
      if c.latent == nil, factor != proposed {
        pairs.append(("rope.scaling.attn_factor", .f32(Float(factor / proposed))))
      }
      if !yarn.truncate { pairs.append(("rope.scaling.yarn_truncate", .bool(false))) }
      return pairs
    case .longrope(let longrope):
      let factor = RotaryEmbedding.longropeFactor(longrope, context: c.contextLength)
      return [
        ("rope.scaling.original_context_length", count(longrope.originalContext)),
        ("rope.scaling.attn_factor", .f32(Float(factor))),
      ]
    }
  }

  /// Divisors of rotation frequencies: those of Llama 3.1 and later, and those of LongRoPE.
  static func computedTensors(_ c: DecoderConfiguration) -> [TensorPlan] {
    func plan(_ name: String, _ values: [Float]) -> TensorPlan {
      TensorPlan(name: name, shape: [values.count], type: .f32, contents: .values(values))
    }
    switch c.rope.scaling {
    case .llama3:
      var plain = c.rope
      plain.scaling = .none
      guard let scaled = try? RotaryEmbedding(c.rope, pairs: c.rotaryPairs, path: ""),
        let unscaled = try? RotaryEmbedding(plain, pairs: c.rotaryPairs, path: "")
      else { return [] }
      return [plan("rope_freqs.weight", zip(unscaled.frequencies, scaled.frequencies).map { Float($0 / $1) })]
    case .longrope(let longrope):
      return [
        plan("rope_factors_long.weight", longrope.longFactors.map { Float($0) }),
        plan("rope_factors_short.weight", longrope.shortFactors.map { Float($0) }),
      ]
    case .none, .linear, .dynamicNTK, .yarn: return []
    }
  }
}
