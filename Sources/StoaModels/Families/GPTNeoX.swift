import StoaFormats
import StoaTensor

extension DecoderFamily {
  /// GPT-NeoX (Black and others, 2022, arXiv:2204.06745) and Pythia (Biderman and others, 2023, arXiv:2304.01373).
  ///
  /// Attention and the network read the same residual stream, each through a layer norm of its own; some models run them
  /// one after the other. A part of each head is rotated; gelu without a second factor, biases everywhere. Queries, keys
  /// and values are stored head by head. Sources: transformers, `modeling_gpt_neox.py`; llama.cpp,
  /// `conversion/gptneox.py`.
  static let gptNeoX = DecoderFamily(
    title: "a GPT-NeoX model", architectures: ["gptneox"], modelTypes: ["gpt_neox"], norm: .layer,
    layerPrefixes: ["gpt_neox.layers."],
    ignoredSuffixes: [".rotary_emb.inv_freq", ".attention.bias", ".attention.masked_bias"],
    readGGUF: { (c, reader) throws(ModelError) in
      c.isParallel = reader.bool("use_parallel_residual") ?? true
      c.isGated = false
      c.nonlinearity = reader.file.metadata.string("gptneox.activation") == "gelu_tanh" ? .geluTanh : .gelu
    },
    readHuggingFace: { (c, settings) throws(ModelError) in
      try settings.activation("gelu", "gelu_new", "gelu_fast", "gelu_pytorch_tanh", default: "gelu")
      c.isParallel = try settings.bool("use_parallel_residual") ?? true
      c.isGated = false
      c.nonlinearity = (settings.string("hidden_act") ?? "gelu") == "gelu" ? .gelu : .geluTanh
    },
    tensors: { c in
      var table = TensorTable()
      table.addEnds(
        c, embedding: "gpt_neox.embed_in", norm: "gpt_neox.final_layer_norm", output: "embed_out",
        normBias: .required)
      for layer in 0..<c.layers {
        table.beginLayer(layer, "gpt_neox.layers.")
        table.add("attn_norm", "input_layernorm", [c.width], bias: .required)
        table.addGroupedAttention(c, "attention.query_key_value", bias: .optional)
        table.add("attn_output", "attention.dense", [c.width, c.queryWidth], bias: .optional)
        table.add("ffn_norm", "post_attention_layernorm", [c.width], bias: .required)
        table.addPlainNetwork(c, up: "mlp.dense_h_to_4h", down: "mlp.dense_4h_to_h", bias: .required)
      }
      return table
    },
    keys: { c in
      // The second key is Stoa's own: llama.cpp approximates gelu in all models.
      [("use_parallel_residual", .bool(c.isParallel))]
        + (c.nonlinearity == .geluTanh ? [("activation", .string("gelu_tanh"))] : [])
    })
}
