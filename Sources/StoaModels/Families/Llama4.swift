import StoaFormats
import StoaTensor

extension DecoderFamily {
  /// Llama 4, the text model (Meta, 2025; transformers, `modeling_llama4.py`).
  ///
  /// Three of four layers are rotated and look no further back than the start of their chunk; the fourth is not rotated,
  /// sees everything, and has queries that grow with their position. Queries and keys are normalised after rotation in
  /// some models. Layers alternate between one network and a mixture whose experts get their input weighted by a
  /// sigmoid; every token goes through a shared expert as well. What llama.cpp (`conversion/llama.py`,
  /// `src/models/llama-iswa.cpp`) knows without keys is in keys of Stoa's own.
  static let llama4 = DecoderFamily(
    title: "a Llama 4 model", architectures: ["llama4"], modelTypes: ["llama4_text", "llama4"],
    norm: .rootMeanSquare, layerPrefixes: ["model.layers.", "language_model.model.layers."],
    aliases: languageModelAliases, ignoredPrefixes: visionPrefixes,
    readGGUF: { (c, reader) throws(ModelError) in
      let metadata = reader.file.metadata
      var isRotated = (0..<max(0, min(c.layers, 1024))).map { ($0 + 1) % 4 != 0 }
      if case .bool(let values)? = metadata.array("llama4.attention.rotated_layers"), values.count == c.layers {
        isRotated = Array(values)
      }
      describe(
        &c, isRotated: isRotated, chunk: try reader.size("attention.chunk_size", default: 8192),
        temperature: .init(
          scale: reader.double("attention.temperature_scale") ?? 0.1,
          floor: reader.double("attention.temperature_length") ?? 8192),
        normalizes: reader.bool("attention.use_qk_norm") ?? (c.experts != 128),
        expertWidth: try reader.size("expert_feed_forward_length", default: c.feedForwardWidth))
      let step = try reader.size("interleave_moe_layer_step", default: 1)
      c.expertRules?.denseLayers = Set((0..<max(0, min(c.layers, 1024))).filter { ($0 + 1) % step != 0 })
    },
    readHuggingFace: { (c, settings) throws(ModelError) in
      try settings.activation("silu")
      c.experts = try settings.int("num_local_experts") ?? 16
      c.expertsUsed = try settings.int("num_experts_per_tok") ?? 1
      let layers = 0..<max(0, min(c.layers, 1024))
      let interval = try settings.int("no_rope_layer_interval") ?? 4
      var isRotated = layers.map { ($0 + 1) % interval != 0 }
      if let flags = try settings.ints("no_rope_layers"), !flags.isEmpty {
        guard flags.count == c.layers else {
          throw .impossible(
            path: settings.path, problem: "\"no_rope_layers\" names \(flags.count) of \(c.layers) layers")
        }
        isRotated = flags.map { $0 != 0 }
      }
      let isTuned = try settings.bool("attn_temperature_tuning") ?? true
      let expertWidth = c.feedForwardWidth
      describe(
        &c, isRotated: isRotated, chunk: try settings.int("attention_chunk_size") ?? 8192,
        temperature: isTuned
          ? .init(
            scale: try settings.double("attn_scale") ?? 0.1, floor: try settings.double("floor_scale") ?? 8192) : nil,
        normalizes: try settings.bool("use_qk_norm") ?? true, expertWidth: expertWidth)
      c.feedForwardWidth = try settings.int("intermediate_size_mlp") ?? expertWidth
      let step = try settings.int("interleave_moe_layer_step") ?? 1
      let mixtures = try settings.ints("moe_layers") ?? layers.filter { ($0 + 1) % step == 0 }
      c.expertRules?.denseLayers = Set(layers).subtracting(mixtures)
    },
    tensors: { c in
      var table = TensorTable()
      table.addEnds(c)
      for layer in 0..<c.layers {
        table.beginLayer(layer, "model.layers.")
        table.add("attn_norm", "input_layernorm", [c.width])
        table.addAttention(c, bias: .optional)
        table.add("ffn_norm", "post_attention_layernorm", [c.width])
        if let rules = c.expertRules, c.hasExperts(layer) {
          addExperts(&table, c, rules)
        } else {
          table.addGatedNetwork(c, prefix: "feed_forward.")
        }
      }
      return table
    },
    keys: { c in
      var pairs: [(String, GGUFValue)] = [
        ("interleave_moe_layer_step", .u32(c.expertRules?.denseLayers.isEmpty ?? true ? 1 : 2)),
        ("attention.rotated_layers", .array(.bool(c.attention.map { $0.rotation != .none }))),
        ("attention.use_qk_norm", .bool(c.queryKeyNorm == .rotatedHeads)),
      ]
      if let chunk = c.attention.lazy.compactMap(\.chunk).first {
        pairs.append(("attention.chunk_size", .u32(UInt32(clamping: chunk))))
      }
      if let temperature = c.attention.lazy.compactMap(\.temperature).first {
        pairs += [
          ("attention.temperature_scale", .f32(Float(temperature.scale))),
          ("attention.temperature_length", .u32(UInt32(temperature.floor))),
        ]
      }
      return pairs
    })

  /// What stands before a text model's names in one with other senses.
  static let languageModelAliases = [
    (from: "model.", to: "language_model.model."), (from: "model.", to: "model.language_model."),
    (from: "lm_head", to: "language_model.lm_head"),
  ]
  static let visionPrefixes = [
    "vision_tower.", "vision_model.", "multi_modal_projector.", "model.vision_tower.", "model.vision_model.",
    "model.multi_modal_projector.",
  ]

  private static func describe(
    _ c: inout DecoderConfiguration, isRotated: [Bool], chunk: Int, temperature: LayerAttention.Temperature?,
    normalizes: Bool, expertWidth: Int
  ) {
    c.interleavedRope = true
    c.queryKeyNorm = normalizes ? .rotatedHeads : .none
    c.attention = isRotated.map {
      $0 ? LayerAttention(chunk: chunk) : LayerAttention(rotation: .none, temperature: temperature)
    }
    var rules = ExpertRules(width: expertWidth, scores: .sigmoid)
    rules.weighsInput = true
    rules.sharedWidth = expertWidth
    c.expertRules = rules
  }

  /// Both factors of all experts lie in one tensor, matrices as columns.
  private static func addExperts(_ table: inout TensorTable, _ c: DecoderConfiguration, _ rules: ExpertRules) {
    let prefix = "feed_forward."
    table.add("ffn_gate_inp", prefix + "router", [c.experts, c.width])
    for (name, first) in [("ffn_gate_exps.weight", 0), ("ffn_up_exps.weight", rules.width)] {
      table.addNamed(name, prefix + "experts.gate_up_proj", [c.experts, rules.width, c.width]) { source in
        source.shape = [c.experts, c.width, 2 * rules.width]
        source.isTransposed = true
        source.row = { first + $0 }
      }
    }
    table.addNamed("ffn_down_exps.weight", prefix + "experts.down_proj", [c.experts, c.width, rules.width]) { source in
      source.shape = [c.experts, rules.width, c.width]
      source.isTransposed = true
    }
    table.add("ffn_gate_shexp", prefix + "shared_expert.gate_proj", [rules.sharedWidth, c.width])
    table.add("ffn_up_shexp", prefix + "shared_expert.up_proj", [rules.sharedWidth, c.width])
    table.add("ffn_down_shexp", prefix + "shared_expert.down_proj", [c.width, rules.sharedWidth])
  }
}
