import StoaFormats
import StoaTensor

extension DecoderFamily {
  /// gpt-oss (OpenAI, 2025, arXiv:2508.10925).
  ///
  /// Every other layer keeps to a sliding window; each head has a sink, a score without a value. Experts have biases and
  /// an activation of their own, and are stored in 4-bit blocks (MXFP4, OCP Microscaling Formats 1.0), which are multiplied
  /// with as they are. The two factors of an expert lie row by row. Sources: transformers,
  /// `modeling_gpt_oss.py`; llama.cpp, `conversion/gpt_oss.py`.
  static let gptOSS = DecoderFamily(
    title: "a gpt-oss model", architectures: ["gpt-oss"], modelTypes: ["gpt_oss"], norm: .rootMeanSquare,
    layerPrefixes: ["model.layers."],
    readGGUF: { (c, reader) throws(ModelError) in
      if case .yarn(var yarn) = c.rope.scaling {
        yarn.truncate = false
        c.rope.scaling = .yarn(yarn)
      }
      describe(&c, width: try reader.size("expert_feed_forward_length", default: c.feedForwardWidth))
      try c.readWindows(reader, everyLayerBut: 2)
    },
    readHuggingFace: { (c, settings) throws(ModelError) in
      try settings.activation("silu", default: "silu")
      c.experts = try settings.required("num_local_experts")
      c.expertsUsed = try settings.int("num_experts_per_tok") ?? 4
      describe(&c, width: c.feedForwardWidth)
      let types =
        try settings.layerTypes()
        ?? (0..<max(0, min(c.layers, 1024))).map { $0 % 2 == 0 ? "sliding_attention" : "full_attention" }
      c.setWindows(types)
    },
    tensors: { c in
      var table = TensorTable()
      table.addEnds(c)
      guard let rules = c.expertRules else { return table }
      for layer in 0..<c.layers {
        table.beginLayer(layer, "model.layers.")
        table.add("attn_norm", "input_layernorm", [c.width])
        table.addAttention(c, bias: .optional)
        table.addNamed("attn_sinks.weight", "self_attn.sinks", [c.heads])
        // llama.cpp calls the norm after attention by its place.
        table.add("post_attention_norm", "post_attention_layernorm", [c.width])
        table.add("ffn_gate_inp", "mlp.router", [c.experts, c.width], bias: .required)
        addExperts(&table, c, rules)
      }
      return table
    },
    keys: { c in [("expert_feed_forward_length", .u32(UInt32(clamping: c.expertRules?.width ?? 0)))] })

  private static func describe(_ c: inout DecoderConfiguration, width: Int) {
    c.nonlinearity = .swigluOAI
    c.hasSinks = true
    c.expertRules = ExpertRules(width: width)
  }

  private static func addExperts(_ table: inout TensorTable, _ c: DecoderConfiguration, _ rules: ExpertRules) {
    let stored = "mlp.experts.gate_up_proj"
    for (name, first) in [("gate", 0), ("up", 1)] {
      table.addNamed("ffn_\(name)_exps.weight", stored + "_blocks", [c.experts, rules.width, c.width]) { source in
        source.setBlocks(rows: 2 * rules.width, columns: c.width, experts: c.experts)
        source.row = { 2 * $0 + first }
      }
      // One value a row, so that the rows can be picked.
      table.addNamed("ffn_\(name)_exps.bias", stored + "_bias", [c.experts, rules.width, 1]) { source in
        source.shape = [c.experts, 2 * rules.width, 1]
        source.row = { 2 * $0 + first }
      }
    }
    table.addNamed("ffn_down_exps.weight", "mlp.experts.down_proj_blocks", [c.experts, c.width, rules.width]) {
      $0.setBlocks(rows: c.width, columns: rules.width, experts: c.experts)
    }
    table.addNamed("ffn_down_exps.bias", "mlp.experts.down_proj_bias", [c.experts, c.width])
  }
}

extension StoredTensor {
  /// Blocks of 32 values in 16 bytes, with their scales in a tensor beside them.
  fileprivate mutating func setBlocks(rows: Int, columns: Int, experts: Int) {
    scaleNames = names.map { $0.replacing("_blocks", with: "_scales") }
    shape = [experts, rows, columns / 32, 16]
    matrices = experts
  }
}
