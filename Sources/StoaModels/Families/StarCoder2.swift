import StoaFormats
import StoaTensor

extension DecoderFamily {
  /// StarCoder2 (Lozhkov and others, 2024, arXiv:2402.19173).
  ///
  /// A Llama with layer norms, biases, a gelu network without a second factor and a sliding window in all layers.
  /// Sources: transformers, `modeling_starcoder2.py`; llama.cpp, `conversion/starcoder.py`.
  static let starCoder2 = DecoderFamily(
    title: "a StarCoder2 model", architectures: ["starcoder2"], modelTypes: ["starcoder2"], norm: .layer,
    layerPrefixes: ["model.layers."],
    readGGUF: { (c, reader) throws(ModelError) in
      c.isGated = false
      c.nonlinearity = .geluTanh
    },
    readHuggingFace: { (c, settings) throws(ModelError) in
      try settings.activation("gelu_pytorch_tanh", default: "gelu_pytorch_tanh")
      c.normEpsilon = Float(try settings.double("norm_epsilon") ?? 1e-5)
      c.tiesOutput = try settings.bool("tie_word_embeddings") ?? true
      c.isGated = false
      c.nonlinearity = .geluTanh
    },
    tensors: { c in
      var table = TensorTable()
      table.addEnds(c, normBias: .required)
      for layer in 0..<c.layers {
        table.beginLayer(layer, "model.layers.")
        table.add("attn_norm", "input_layernorm", [c.width], bias: .required)
        table.addAttention(c, bias: .optional)
        table.add("ffn_norm", "post_attention_layernorm", [c.width], bias: .required)
        table.addPlainNetwork(c, up: "mlp.c_fc", down: "mlp.c_proj", bias: .optional)
      }
      return table
    })
}
