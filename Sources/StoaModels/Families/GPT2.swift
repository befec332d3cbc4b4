import StoaFormats
import StoaTensor

extension DecoderFamily {
  /// GPT-2 (Radford and others, 2019, "Language Models are Unsupervised Multitask Learners").
  ///
  /// Learnt positions are added to the embedding in place of rotations; layer norms, biases everywhere, a network with
  /// gelu and no second factor. The checkpoints store matrices as columns. Sources: transformers, `modeling_gpt2.py`;
  /// llama.cpp, `conversion/gpt2.py`.
  static let gpt2 = DecoderFamily(
    title: "a GPT-2 model", architectures: ["gpt2"], modelTypes: ["gpt2"], norm: .layer,
    layerPrefixes: ["transformer.h.", "h."], aliases: [("transformer.", "")],
    ignoredSuffixes: [".attn.bias", ".attn.masked_bias"],
    readGGUF: { (c, reader) throws(ModelError) in describe(&c) },
    readHuggingFace: { (c, settings) throws(ModelError) in
      try settings.activation("gelu_new", "gelu_pytorch_tanh", default: "gelu_new")
      if try settings.bool("scale_attn_by_inverse_layer_idx") == true {
        throw .unsupportedFeature(path: settings.path, what: "scores that are scaled layer by layer")
      }
      describe(&c)
    },
    tensors: { c in
      var table = TensorTable()
      table.addEnds(
        c, embedding: "transformer.wte", norm: "transformer.ln_f", normBias: .required)
      table.add("position_embd", "transformer.wpe", [c.learnedPositions, c.width])
      for layer in 0..<c.layers {
        table.beginLayer(layer, "transformer.h.")
        func matrix(_ name: String, _ stored: String, _ rows: Int, _ columns: Int) {
          table.add(name, stored, [rows, columns], bias: .required) {
            $0.shape = [columns, rows]
            $0.isTransposed = true
          }
        }
        table.add("attn_norm", "ln_1", [c.width], bias: .required)
        matrix("attn_qkv", "attn.c_attn", 3 * c.width, c.width)
        matrix("attn_output", "attn.c_proj", c.width, c.width)
        table.add("ffn_norm", "ln_2", [c.width], bias: .required)
        matrix("ffn_up", "mlp.c_fc", c.feedForwardWidth, c.width)
        matrix("ffn_down", "mlp.c_proj", c.width, c.feedForwardWidth)
      }
      return table
    })

  private static func describe(_ c: inout DecoderConfiguration) {
    c.isGated = false
    c.nonlinearity = .geluTanh
    c.learnedPositions = c.contextLength
    c.attention = Array(repeating: LayerAttention(rotation: .none), count: max(0, min(c.layers, 1024)))
  }
}
