import StoaFormats
import StoaTensor

extension DecoderFamily {
  /// Qwen 1.5 to 2.5 and their mixtures of experts (Yang and others, 2024, arXiv:2407.10671, 2412.15115).
  ///
  /// A Llama with biases on queries, keys and values. The mixtures weigh experts by the softmax over all of them and
  /// have a shared one with a gate of its own. Some models let only the upper layers keep to a sliding window, which
  /// llama.cpp's files do not say. Sources: transformers, `modeling_qwen2.py`, `modeling_qwen2_moe.py`; llama.cpp,
  /// `conversion/qwen.py`.
  static let qwen2 = DecoderFamily(
    title: "a Qwen2 model", architectures: ["qwen2", "qwen2moe"], modelTypes: ["qwen2", "qwen2_moe"],
    norm: .rootMeanSquare, layerPrefixes: ["model.layers."],
    readGGUF: { (c, reader) throws(ModelError) in
      try c.readWindows(reader, everyLayerBut: 0)
      guard c.architecture == "qwen2moe" else { return }
      try readQwenExperts(&c, reader)
      c.expertRules?.sharedWidth = try reader.size(
        "expert_shared_feed_forward_length", default: c.feedForwardWidth)
      c.expertRules?.sharedIsGated = true
    },
    readHuggingFace: { (c, settings) throws(ModelError) in
      try settings.activation("silu")
      try readQwenWindows(&c, settings)
      guard c.architecture == "qwen2_moe" else { return }
      try readQwenExperts(&c, settings)
      c.expertRules?.sharedWidth = try settings.required("shared_expert_intermediate_size")
      c.expertRules?.sharedIsGated = true
    },
    tensors: { c in
      var table = TensorTable()
      table.addEnds(c)
      for layer in 0..<c.layers {
        table.beginLayer(layer, "model.layers.")
        table.add("attn_norm", "input_layernorm", [c.width])
        table.addAttention(c, bias: .optional, outputBias: TensorTable.Bias.none)
        table.add("ffn_norm", "post_attention_layernorm", [c.width])
        if let rules = c.expertRules, c.hasExperts(layer) {
          table.addExperts(c, rules, shared: "shared_expert")
        } else {
          table.addGatedNetwork(c)
        }
      }
      return table
    },
    architecture: { $0.expertRules == nil ? "qwen2" : "qwen2moe" },
    keys: { c in
      guard let rules = c.expertRules else { return [] }
      return [("expert_shared_feed_forward_length", .u32(UInt32(clamping: rules.sharedWidth)))] + qwenKeys(rules)
    })
}

/// The layers of a Qwen model that keep to the window.
func readQwenWindows(_ c: inout DecoderConfiguration, _ settings: SettingsReader) throws(ModelError) {
  guard let window = c.slidingWindow else { return }
  if let types = try settings.layerTypes() { return c.setWindows(types) }
  let first = try settings.int("max_window_layers", from: 0) ?? 28
  c.attention = (0..<min(c.layers, 1024)).map { LayerAttention(window: $0 >= first ? window : nil) }
}

/// The experts of a Qwen mixture in GGUF, which does not keep whether weights are made to add up to one.
func readQwenExperts(_ c: inout DecoderConfiguration, _ reader: KeyReader) throws(ModelError) {
  guard c.experts > 0 else { throw .missingKey(path: reader.path, key: "\(reader.prefix).expert_count") }
  var rules = ExpertRules(width: try reader.size("expert_feed_forward_length", default: c.feedForwardWidth))
  rules.scores = .softmax
  rules.normalizes = reader.bool("expert_weights_norm") ?? (c.architecture == "qwen3moe")
  rules.denseLayers = Set((0..<max(0, min(c.layers, 1024))).filter { !reader.has("blk.\($0).ffn_gate_inp.weight") })
  c.expertRules = rules
}

/// Whether weights add up to one, where a model is not as others of its kind.
func qwenKeys(_ rules: ExpertRules, isUsual: Bool = false) -> [(String, GGUFValue)] {
  rules.normalizes == isUsual ? [] : [("expert_weights_norm", .bool(rules.normalizes))]
}

/// The same in a Hugging Face configuration.
func readQwenExperts(_ c: inout DecoderConfiguration, _ settings: SettingsReader) throws(ModelError) {
  // transformers 5 writes the second name.
  if let experts = try settings.int("num_experts") {
    c.experts = experts
  } else {
    c.experts = try settings.required("num_local_experts")
  }
  c.expertsUsed = try settings.required("num_experts_per_tok")
  var rules = ExpertRules(width: try settings.required("moe_intermediate_size"))
  rules.scores = .softmax
  rules.normalizes = try settings.bool("norm_topk_prob") ?? false
  let step = try settings.int("decoder_sparse_step") ?? 1
  let dense = Set(try settings.ints("mlp_only_layers") ?? [])
  rules.denseLayers = Set((0..<min(c.layers, 1024)).filter { dense.contains($0) || ($0 + 1) % step != 0 })
  c.expertRules = rules
}
