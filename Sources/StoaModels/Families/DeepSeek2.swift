import StoaFormats
import StoaTensor

extension DecoderFamily {
  /// DeepSeek V2 (DeepSeek-AI, 2024, arXiv:2405.04434), V3 and R1 (2024, arXiv:2412.19437; 2025, arXiv:2501.12948).
  ///
  /// Multi-head latent attention; after a few dense layers, mixtures of many small experts with shared ones. V2 weighs
  /// by the softmax over all experts; V3 by sigmoids, chooses with a bias that keeps experts equally busy, and makes the
  /// weights add up. Both may choose within the best groups of experts. Scores are scaled for YaRN as in the authors'
  /// code. Layers that predict further tokens are left out. Sources: transformers, `modeling_deepseek_v2.py`,
  /// `modeling_deepseek_v3.py`; llama.cpp, `conversion/deepseek.py`, `src/models/deepseek2.cpp`.
  static let deepSeek2 = DecoderFamily(
    title: "a DeepSeek model", architectures: ["deepseek2"], modelTypes: ["deepseek_v2", "deepseek_v3"],
    norm: .rootMeanSquare, layerPrefixes: ["model.layers."],
    ignoredLayers: { $0.raw["num_nextn_predict_layers"]?.intValue ?? 0 },
    readGGUF: { (c, reader) throws(ModelError) in
      c.interleavedRope = true
      let rotated = try reader.size("rope.dimension_count")
      // Files of absorbed matrices say the cached widths elsewhere, and the heads' own in keys with this ending.
      let queryDimension = try reader.size("attention.key_length_mla", default: c.headDimension)
      let valueDimension = try reader.size(
        "attention.value_length_mla", default: try reader.size("attention.value_length", default: c.headDimension))
      guard queryDimension > rotated else {
        throw .impossible(path: reader.path, problem: "\(rotated) of \(queryDimension) dimensions are rotated")
      }
      c.latent = LatentAttention(
        queryRank: reader.int("attention.q_lora_rank").flatMap { $0 > 0 ? $0 : nil },
        rank: try reader.size("attention.kv_lora_rank"), rotatedDimension: rotated,
        plainDimension: queryDimension - rotated, valueDimension: valueDimension)
      c.headDimension = queryDimension
      c.keyValueHeads = c.heads
      if case .yarn(var yarn) = c.rope.scaling {
        // 0.1 · mscale of all dimensions; the vectors themselves keep their lengths.
        yarn.attentionFactor = 1
        yarn.mscaleAllDimensions = (reader.double("rope.scaling.yarn_log_multiplier") ?? 0) * 10
        c.rope.scaling = .yarn(yarn)
      }
      setScale(&c)
      guard c.experts > 0 else { return }
      var rules = ExpertRules(width: try reader.size("expert_feed_forward_length"))
      rules.scores = reader.int("expert_gating_func") == 2 ? .sigmoid : .softmax
      rules.normalizes = reader.bool("expert_weights_norm") ?? false
      rules.scale = reader.double("expert_weights_scale").flatMap { $0 == 0 ? nil : $0 } ?? 1
      rules.groups = try reader.size("expert_group_count", default: 1)
      rules.groupsUsed = try reader.size("expert_group_used_count", default: rules.groups)
      rules.groupsByBestTwo = rules.scores == .sigmoid
      rules.sharedWidth =
        (reader.int("expert_shared_count") ?? 0).multipliedReportingOverflow(by: rules.width).partialValue
      let dense = max(0, min(reader.int("leading_dense_block_count") ?? 0, c.layers, 1024))
      rules.denseLayers = Set(0..<dense)
      rules.hasSelectionBias = reader.has("blk.\(dense).exp_probs_b.bias")
      c.expertRules = rules
    },
    readHuggingFace: { (c, settings) throws(ModelError) in
      try settings.activation("silu")
      c.interleavedRope = try settings.bool("rope_interleave") ?? true
      c.latent = LatentAttention(
        queryRank: try settings.int("q_lora_rank"), rank: try settings.required("kv_lora_rank"),
        rotatedDimension: try settings.required("qk_rope_head_dim"),
        plainDimension: try settings.required("qk_nope_head_dim"),
        valueDimension: try settings.required("v_head_dim"))
      c.headDimension = c.latent?.queryDimension ?? 0
      c.keyValueHeads = c.heads
      setScale(&c)
      let isThird = c.architecture == "deepseek_v3"
      guard let experts = try settings.int("n_routed_experts", from: 0), experts > 0 else { return }
      c.experts = experts
      c.expertsUsed = try settings.required("num_experts_per_tok")
      var rules = ExpertRules(width: try settings.required("moe_intermediate_size"))
      rules.scores = isThird ? .sigmoid : .softmax
      rules.hasSelectionBias = isThird
      rules.groupsByBestTwo = isThird
      // The second version's code reads the setting and does nothing with it.
      rules.normalizes = isThird ? try settings.bool("norm_topk_prob") ?? true : false
      rules.scale = try settings.double("routed_scaling_factor") ?? (isThird ? 2.5 : 1)
      if isThird || settings.string("topk_method") == "group_limited_greedy" {
        rules.groups = try settings.int("n_group") ?? 1
        rules.groupsUsed = try settings.int("topk_group") ?? rules.groups
      }
      rules.sharedWidth = rules.width * min(try settings.int("n_shared_experts", from: 0) ?? 0, 1 << 20)
      rules.denseLayers = Set(0..<min(try settings.int("first_k_dense_replace", from: 0) ?? 0, c.layers, 1024))
      c.expertRules = rules
    },
    tensors: { c in
      var table = TensorTable()
      table.addEnds(c)
      guard let latent = c.latent else { return table }
      for layer in 0..<c.layers {
        table.beginLayer(layer, "model.layers.")
        table.add("attn_norm", "input_layernorm", [c.width])
        addLatentAttention(&table, c, latent)
        table.add("ffn_norm", "post_attention_layernorm", [c.width])
        if let rules = c.expertRules, c.hasExperts(layer) {
          table.addExperts(c, rules)
          if rules.hasSelectionBias {
            table.addNamed("exp_probs_b.bias", "mlp.gate.e_score_correction_bias", [c.experts])
          }
        } else {
          table.addGatedNetwork(c)
        }
      }
      return table
    },
    keys: keys)

  private static func addLatentAttention(
    _ table: inout TensorTable, _ c: DecoderConfiguration, _ latent: LatentAttention
  ) {
    let queries = c.heads * latent.queryDimension
    if let rank = latent.queryRank {
      table.add("attn_q_a", "self_attn.q_a_proj", [rank, c.width], bias: .optional)
      table.add("attn_q_a_norm", "self_attn.q_a_layernorm", [rank])
      table.add("attn_q_b", "self_attn.q_b_proj", [queries, rank])
    } else {
      table.add("attn_q", "self_attn.q_proj", [queries, c.width])
    }
    table.add("attn_kv_a_mqa", "self_attn.kv_a_proj_with_mqa", [latent.cachedWidth, c.width], bias: .optional)
    table.add("attn_kv_a_norm", "self_attn.kv_a_layernorm", [latent.rank])
    // One matrix holds for each head what makes keys of the cached vector, which is wanted the other way around, and
    // then what makes values.
    let perHead = latent.plainDimension + latent.valueDimension
    let stored = [c.heads * perHead, latent.rank]
    table.add("attn_k_b", "self_attn.kv_b_proj", [c.heads, latent.rank, latent.plainDimension]) { source in
      source.shape = stored
      source.matrices = c.heads
      source.isTransposed = true
    }
    table.add("attn_v_b", "self_attn.kv_b_proj", [c.heads, latent.valueDimension, latent.rank]) { source in
      let first = latent.plainDimension
      source.shape = stored
      source.matrices = c.heads
      source.row = { first + $0 }
    }
    table.add("attn_output", "self_attn.o_proj", [c.width, c.attentionWidth], bias: .optional)
  }

  /// 1 / √(dimension of a query), twice as much longer as YaRN makes vectors.
  private static func setScale(_ c: inout DecoderConfiguration) {
    guard let latent = c.latent else { return }
    var scale = 1 / Double(latent.queryDimension).squareRoot()
    if case .yarn(let yarn) = c.rope.scaling, let mscale = yarn.mscaleAllDimensions, mscale != 0 {
      let factor = RotaryEmbedding.yarnScale(yarn.factor, mscale)
      scale *= factor * factor
    }
    c.softmaxScale = Float(scale)
  }

  @Sendable private static func keys(_ c: DecoderConfiguration) -> [(String, GGUFValue)] {
    guard let latent = c.latent else { return [] }
    func count(_ value: Int) -> GGUFValue { .u32(UInt32(clamping: value)) }
    var pairs: [(String, GGUFValue)] = [
      ("attention.kv_lora_rank", count(latent.rank)),
      ("attention.key_length_mla", count(latent.queryDimension)),
      ("attention.value_length_mla", count(latent.valueDimension)),
    ]
    if let rank = latent.queryRank { pairs.append(("attention.q_lora_rank", count(rank))) }
    if case .yarn(let yarn) = c.rope.scaling, let mscale = yarn.mscaleAllDimensions {
      pairs.append(("rope.scaling.yarn_log_multiplier", .f32(Float(0.1 * mscale))))
    }
    guard let rules = c.expertRules else { return pairs }
    pairs += [
      ("leading_dense_block_count", count(rules.denseLayers.count)),
      ("expert_shared_count", count(rules.sharedWidth / max(rules.width, 1))),
      ("expert_weights_scale", .f32(Float(rules.scale))),
      ("expert_gating_func", count(rules.scores == .sigmoid ? 2 : 1)),
      ("expert_weights_norm", .bool(rules.normalizes)),
    ]
    if rules.groups > 1 {
      pairs += [
        ("expert_group_count", count(rules.groups)), ("expert_group_used_count", count(rules.groupsUsed)),
      ]
    }
    return pairs
  }
}
