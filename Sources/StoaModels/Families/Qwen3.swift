import StoaFormats
import StoaTensor

extension DecoderFamily {
  /// Qwen 3 and its mixtures of experts (Yang and others, 2025, arXiv:2505.09388).
  ///
  /// A Llama whose queries and keys are normalised head by head before they are rotated. Sources: transformers,
  /// `modeling_qwen3.py`, `modeling_qwen3_moe.py`; llama.cpp, `conversion/qwen.py`.
  static let qwen3 = DecoderFamily(
    title: "a Qwen3 model", architectures: ["qwen3", "qwen3moe"], modelTypes: ["qwen3", "qwen3_moe"],
    norm: .rootMeanSquare, layerPrefixes: ["model.layers."],
    readGGUF: { (c, reader) throws(ModelError) in
      c.queryKeyNorm = .heads
      try c.readWindows(reader, everyLayerBut: 0)
      if c.architecture == "qwen3moe" { try readQwenExperts(&c, reader) }
    },
    readHuggingFace: { (c, settings) throws(ModelError) in
      c.queryKeyNorm = .heads
      try settings.activation("silu")
      try readQwenWindows(&c, settings)
      if c.architecture == "qwen3_moe" { try readQwenExperts(&c, settings) }
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
        if let rules = c.expertRules, c.hasExperts(layer) {
          table.addExperts(c, rules)
        } else {
          table.addGatedNetwork(c)
        }
      }
      return table
    },
    architecture: { $0.expertRules == nil ? "qwen3" : "qwen3moe" },
    keys: { c in c.expertRules.map { qwenKeys($0, isUsual: true) } ?? [] })
}
