import StoaFormats
import StoaTensor

extension DecoderFamily {
  /// Phi-3 and Phi-4 (Abdin and others, 2024, arXiv:2404.14219, 2412.08905).
  ///
  /// A Llama with queries, keys and values in one matrix and both factors of the network in another; some rotate a part
  /// of each head only, some with LongRoPE (Ding and others, 2024, arXiv:2402.13753). Sources: transformers,
  /// `modeling_phi3.py`; llama.cpp, `conversion/phi.py`.
  static let phi3 = DecoderFamily(
    title: "a Phi-3 model", architectures: ["phi3"], modelTypes: ["phi3"], norm: .rootMeanSquare,
    layerPrefixes: ["model.layers."],
    readGGUF: { (c, reader) throws(ModelError) in
      // The factors are tensors; the keys name a type of scaling only sometimes.
      guard reader.has("rope_factors_long.weight") else { return }
      c.rope.scaling = .longrope(
        LongRopeScaling(
          shortFactors: [], longFactors: [],
          originalContext: try reader.size("rope.scaling.original_context_length"), factor: nil,
          attentionFactor: reader.double("rope.scaling.attn_factor")))
    },
    readHuggingFace: { (c, settings) throws(ModelError) in try settings.activation("silu") },
    tensors: { c in
      var table = TensorTable()
      table.addEnds(c)
      table.addNamed("rope_factors_long.weight", "rope_factors_long.weight", [c.rotaryPairs], isOptional: true)
      table.addNamed("rope_factors_short.weight", "rope_factors_short.weight", [c.rotaryPairs], isOptional: true)
      for layer in 0..<c.layers {
        table.beginLayer(layer, "model.layers.")
        table.add("attn_norm", "input_layernorm", [c.width])
        table.add("attn_qkv", "self_attn.qkv_proj", [c.queryWidth + 2 * c.keyValueWidth, c.width])
        table.add("attn_output", "self_attn.o_proj", [c.width, c.queryWidth])
        table.add("ffn_norm", "post_attention_layernorm", [c.width])
        table.add("ffn_up", "mlp.gate_up_proj", [2 * c.feedForwardWidth, c.width])
        table.add("ffn_down", "mlp.down_proj", [c.width, c.feedForwardWidth])
      }
      return table
    })
}
