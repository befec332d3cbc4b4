import StoaFormats
import StoaTensor

extension DecoderFamily {
  /// Falcon 7B, 40B, 180B and RW (Almazrouei and others, 2023, arXiv:2311.16867; Penedo and others, 2023,
  /// arXiv:2306.01116).
  ///
  /// Attention and the network read the same residual stream: through one norm in the 7B model, which has one head of
  /// keys and values, through two in the larger ones, which have several. RW models run them one after the other and let
  /// scores fall with distance, before they are scaled, instead of rotating; llama.cpp has no such models, so the keys that say so are Stoa's own.
  /// Transformers rounds these distances to bfloat16, and its eager attention (5.23) counts them twice, once in the mask
  /// and once in the scores; its default attention, and Stoa, count them once as the authors' code does. Sources: transformers, `modeling_falcon.py`;
  /// llama.cpp, `conversion/falcon.py`.
  static let falcon = DecoderFamily(
    title: "a Falcon model", architectures: ["falcon"], modelTypes: ["falcon"], norm: .layer,
    layerPrefixes: ["transformer.h."],
    readGGUF: { (c, reader) throws(ModelError) in
      describe(
        &c, isParallel: reader.bool("use_parallel_residual") ?? true,
        hasSlopes: (reader.double("attention.max_alibi_bias") ?? 0) > 0,
        hasTwoNorms: reader.has("blk.0.attn_norm_2.weight"))
    },
    readHuggingFace: { (c, settings) throws(ModelError) in
      try settings.activation("gelu", default: "gelu")
      let isNew = try settings.bool("new_decoder_architecture") ?? false
      let isParallel = try settings.bool("parallel_attn") ?? true
      let norms = try settings.int("num_ln_in_parallel_attn") ?? 2
      describe(
        &c, isParallel: isNew || isParallel, hasSlopes: try settings.bool("alibi") ?? false,
        hasTwoNorms: isNew && norms == 2)
      // Without heads of their own keys and values have as many as queries, whatever else the file says.
      if !isNew { c.keyValueHeads = try settings.bool("multi_query") ?? true ? 1 : c.heads }
    },
    tensors: { c in
      var table = TensorTable()
      table.addEnds(
        c, embedding: "transformer.word_embeddings", norm: "transformer.ln_f", normBias: .required)
      for layer in 0..<c.layers {
        table.beginLayer(layer, "transformer.h.")
        if c.variant == "two norms" {
          table.add("attn_norm_2", "ln_attn", [c.width], bias: .required)
          table.add("attn_norm", "ln_mlp", [c.width], bias: .required)
        } else {
          table.add("attn_norm", "input_layernorm", [c.width], bias: .required)
        }
        table.addGroupedAttention(c, "self_attention.query_key_value", bias: .optional)
        table.add("attn_output", "self_attention.dense", [c.width, c.queryWidth], bias: .optional)
        if !c.isParallel { table.add("ffn_norm", "post_attention_layernorm", [c.width], bias: .required) }
        table.addPlainNetwork(c, up: "mlp.dense_h_to_4h", down: "mlp.dense_4h_to_h", bias: .optional)
      }
      return table
    },
    keys: { c in
      (c.isParallel ? [] : [("use_parallel_residual", .bool(false))])
        + (c.hasSlopes ? [("attention.max_alibi_bias", .f32(8))] : []) + [("tensor_data_layout", .string("jploski"))]
    })

  private static func describe(
    _ c: inout DecoderConfiguration, isParallel: Bool, hasSlopes: Bool, hasTwoNorms: Bool
  ) {
    c.isGated = false
    c.nonlinearity = .gelu
    c.isParallel = isParallel
    c.variant = hasTwoNorms ? "two norms" : ""
    c.hasSlopes = hasSlopes
    c.scalesSlopes = true
    if hasSlopes {
      c.attention = Array(repeating: LayerAttention(rotation: .none), count: max(0, min(c.layers, 1024)))
    }
  }
}
