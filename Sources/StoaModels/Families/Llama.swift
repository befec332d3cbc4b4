import StoaFormats
import StoaTensor

extension DecoderFamily {
  /// Llama 1 to 3.3 (Touvron and others, 2023, arXiv:2302.13971, 2307.09288; Llama team, 2024, arXiv:2407.21783), and
  /// those built like it: Mistral (Jiang and others, 2023, arXiv:2310.06825) with a sliding window, Mixtral (2024,
  /// arXiv:2401.04088) with experts, DeepSeek LLM (2024, arXiv:2401.02954), Falcon 3.
  ///
  /// x += attention(norm(x)), then x += down(silu(gate(norm(x))) · up(norm(x))). GGUF rotates neighbouring values, so
  /// its rows of queries and keys are in another order. Sources: llama.cpp, `conversion/llama.py`; transformers,
  /// `modeling_llama.py`, `modeling_mixtral.py`.
  static let llama = DecoderFamily(
    title: "a Llama model", architectures: ["llama"], modelTypes: ["llama", "mistral", "mixtral"],
    norm: .rootMeanSquare, layerPrefixes: ["model.layers."],
    readGGUF: { (c, reader) throws(ModelError) in
      c.interleavedRope = true
      if c.experts > 0 { c.expertRules = ExpertRules(width: c.feedForwardWidth) }
    },
    readHuggingFace: { (c, settings) throws(ModelError) in
      try settings.activation("silu")
      guard c.architecture == "mixtral" else { return }
      // transformers' defaults.
      c.experts = try settings.int("num_local_experts", from: 0) ?? 8
      c.expertsUsed = try settings.int("num_experts_per_tok", from: 0) ?? 2
      c.expertRules = ExpertRules(width: c.feedForwardWidth)
    },
    tensors: { c in
      var table = TensorTable()
      table.addEnds(c)
      for layer in 0..<c.layers {
        table.beginLayer(layer, "model.layers.")
        table.add("attn_norm", "input_layernorm", [c.width])
        table.addAttention(c, bias: .optional, interleaved: true)
        table.add("ffn_norm", "post_attention_layernorm", [c.width])
        if let rules = c.expertRules {
          table.addExperts(c, rules, prefix: "block_sparse_moe.", parts: ("w1", "w3", "w2"))
        } else {
          table.addGatedNetwork(c, bias: .optional)
        }
      }
      return table
    })
}
