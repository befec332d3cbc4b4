import StoaFormats
import StoaTensor

extension DecoderFamily {
  /// OLMo 1 (Groeneveld and others, 2024, arXiv:2402.00838).
  ///
  /// A Llama with layer norms that have no weights; some models limit queries, keys and values. GGUF has rows of queries
  /// and keys as in Llama files. Sources: transformers, `modeling_olmo.py`; llama.cpp, `conversion/olmo.py`.
  static let olmo = DecoderFamily(
    title: "an OLMo model", architectures: ["olmo"], modelTypes: ["olmo"], norm: .layerWithoutWeights,
    layerPrefixes: ["model.layers."],
    readGGUF: { (c, reader) throws(ModelError) in
      c.interleavedRope = true
      if let limit = reader.double("attention.clamp_kqv"), limit != 0 { c.clip = Float(limit) }
    },
    readHuggingFace: { (c, settings) throws(ModelError) in
      try settings.activation("silu")
      // Not in the configuration: transformers' `OlmoLayerNorm`.
      c.normEpsilon = 1e-5
      c.clip = try settings.double("clip_qkv").map { Float($0) }
    },
    tensors: { c in
      var table = TensorTable()
      table.addEnds(c)
      for layer in 0..<c.layers {
        table.beginLayer(layer, "model.layers.")
        table.addAttention(c, bias: .optional, interleaved: true)
        table.addGatedNetwork(c)
      }
      return table
    },
    keys: { c in c.clip.map { [("attention.clamp_kqv", .f32($0))] } ?? [] })

  /// OLMo 2 (OLMo team, 2024, arXiv:2501.00656) and OLMo 3 (2025).
  ///
  /// Norms stand after the blocks instead of before them, and queries and keys are normalised over all heads together.
  /// In OLMo 3 three of four layers keep to a sliding window, and only the others' rotations are scaled. Sources:
  /// transformers, `modeling_olmo2.py`, `modeling_olmo3.py`; llama.cpp, `conversion/olmo.py`, `src/models/olmo2.cpp`.
  static let olmo2 = DecoderFamily(
    title: "an OLMo 2 model", architectures: ["olmo2"], modelTypes: ["olmo2", "olmo3"], norm: .rootMeanSquare,
    layerPrefixes: ["model.layers."],
    readGGUF: { (c, reader) throws(ModelError) in
      c.queryKeyNorm = .whole
      guard c.slidingWindow != nil else { return }
      try c.readWindows(reader, everyLayerBut: 4)
      rotateWindowsPlainly(&c)
    },
    readHuggingFace: { (c, settings) throws(ModelError) in
      try settings.activation("silu")
      c.queryKeyNorm = .whole
      guard c.slidingWindow != nil else { return }
      if let types = try settings.layerTypes() { c.setWindows(types) } else { c.setWindows(everyLayerBut: 4) }
      rotateWindowsPlainly(&c)
    },
    tensors: { c in
      var table = TensorTable()
      table.addEnds(c)
      for layer in 0..<c.layers {
        table.beginLayer(layer, "model.layers.")
        table.addAttention(c, bias: .optional)
        table.addQueryKeyNorms(c)
        table.add("post_attention_norm", "post_attention_layernorm", [c.width])
        table.addGatedNetwork(c)
        table.add("post_ffw_norm", "post_feedforward_layernorm", [c.width])
      }
      return table
    })

  /// Layers with a window have rotations that are not scaled.
  private static func rotateWindowsPlainly(_ c: inout DecoderConfiguration) {
    guard c.rope.scaling != .none else { return }
    c.localRope = RopeParameters(theta: c.rope.theta, partialRotaryFactor: c.rope.partialRotaryFactor)
    for layer in c.attention.indices where c.attention[layer].window != nil {
      c.attention[layer].rotation = .local
    }
  }

  /// OLMoE (Muennighoff and others, 2024, arXiv:2409.02060).
  ///
  /// A mixture of small experts, weighted by the softmax over all of them, with queries and keys normalised over all
  /// heads together. Sources: transformers, `modeling_olmoe.py`; llama.cpp, `conversion/olmo.py`.
  static let olmoe = DecoderFamily(
    title: "an OLMoE model", architectures: ["olmoe"], modelTypes: ["olmoe"], norm: .rootMeanSquare,
    layerPrefixes: ["model.layers."],
    readGGUF: { (c, reader) throws(ModelError) in
      c.queryKeyNorm = .whole
      try readQwenExperts(&c, reader)
      if let limit = reader.double("attention.clamp_kqv"), limit != 0 { c.clip = Float(limit) }
    },
    readHuggingFace: { (c, settings) throws(ModelError) in
      try settings.activation("silu")
      c.queryKeyNorm = .whole
      c.clip = try settings.double("clip_qkv").map { Float($0) }
      c.experts = try settings.int("num_experts") ?? 64
      c.expertsUsed = try settings.int("num_experts_per_tok") ?? 8
      c.expertRules = ExpertRules(width: c.feedForwardWidth, scores: .softmax)
      c.expertRules?.normalizes = try settings.bool("norm_topk_prob") ?? false
    },
    tensors: { c in
      var table = TensorTable()
      table.addEnds(c)
      for layer in 0..<c.layers {
        table.beginLayer(layer, "model.layers.")
        table.add("attn_norm", "input_layernorm", [c.width])
        table.addAttention(c, bias: .optional)
        table.addQueryKeyNorms(c)
        table.add("ffn_norm", "post_attention_layernorm", [c.width])
        if let rules = c.expertRules { table.addExperts(c, rules) }
      }
      return table
    },
    keys: { c in
      (c.clip.map { [("attention.clamp_kqv", .f32($0))] } ?? []) + (c.expertRules.map { qwenKeys($0) } ?? [])
    })
}
