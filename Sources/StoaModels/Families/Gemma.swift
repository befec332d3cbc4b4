import StoaFormats
import StoaTensor

extension DecoderFamily {
  /// Gemma 1 (Gemma team, 2024, arXiv:2403.08295).
  ///
  /// A Llama with embeddings multiplied by the root of the width, gelu in place of silu, and norms whose stored weights
  /// lack a 1 that GGUF files have. Sources: transformers, `modeling_gemma.py`; llama.cpp, `conversion/gemma.py`.
  static let gemma = DecoderFamily(
    title: "a Gemma model", architectures: ["gemma"], modelTypes: ["gemma"], norm: .rootMeanSquare,
    layerPrefixes: ["model.layers."],
    readGGUF: { (c, reader) throws(ModelError) in describe(&c) },
    readHuggingFace: { (c, settings) throws(ModelError) in
      // The first files say "gelu" and mean the approximation, as their authors' code does.
      try settings.activation("gelu", "gelu_pytorch_tanh", default: "gelu_pytorch_tanh")
      describe(&c)
    },
    tensors: { c in
      var table = TensorTable()
      table.addEnds(c, normAddend: 1)
      for layer in 0..<c.layers {
        table.beginLayer(layer, "model.layers.")
        addNorm(&table, "attn_norm", "input_layernorm", c)
        table.addAttention(c)
        addNorm(&table, "ffn_norm", "post_attention_layernorm", c)
        table.addGatedNetwork(c)
      }
      return table
    })

  /// Gemma 2 (Gemma team, 2024, arXiv:2408.00118).
  ///
  /// Gemma with norms before and after each block, soft caps on scores and logits, and a sliding window in every other
  /// layer. The scale of scores is in no key of llama.cpp's, which knows it for published sizes. Sources: transformers,
  /// `modeling_gemma2.py`; llama.cpp, `conversion/gemma.py`, `src/models/gemma2-iswa.cpp`.
  static let gemma2 = DecoderFamily(
    title: "a Gemma 2 model", architectures: ["gemma2"], modelTypes: ["gemma2"], norm: .rootMeanSquare,
    layerPrefixes: ["model.layers."],
    readGGUF: { (c, reader) throws(ModelError) in
      describe(&c)
      c.slidingWindow = c.slidingWindow ?? 4096
      try c.readWindows(reader, everyLayerBut: 2)
      c.attentionSoftCap = reader.double("attn_logit_softcapping").map { Float($0) }
      c.logitSoftCap = reader.double("final_logit_softcapping").map { Float($0) }
      readScale(&c, reader, largestLayers: 46)
    },
    readHuggingFace: { (c, settings) throws(ModelError) in
      try settings.activation("gelu_pytorch_tanh", default: "gelu_pytorch_tanh")
      describe(&c)
      if let types = try settings.layerTypes() { c.setWindows(types) } else { c.setWindows(everyLayerBut: 2) }
      c.attentionSoftCap = try settings.double("attn_logit_softcapping").map { Float($0) }
      c.logitSoftCap = try settings.double("final_logit_softcapping").map { Float($0) }
      c.softmaxScale = Float(1 / (try settings.double("query_pre_attn_scalar") ?? 256).squareRoot())
    },
    tensors: { c in gemmaTensors(c, hasQueryKeyNorms: false) },
    keys: { c in
      [("attn_logit_softcapping", c.attentionSoftCap), ("final_logit_softcapping", c.logitSoftCap)].compactMap {
        (key, cap) in cap.map { (key, .f32($0)) }
      } + scaleKey(c)
    })

  /// Gemma 3, the text model (Gemma team, 2025, arXiv:2503.19786).
  ///
  /// Gemma 2 without soft caps, with norms of each head's queries and keys; five of six layers keep to a sliding window
  /// and have rotations of their own. Sources: transformers, `modeling_gemma3.py`; llama.cpp, `conversion/gemma.py`.
  static let gemma3 = DecoderFamily(
    title: "a Gemma 3 model", architectures: ["gemma3"], modelTypes: ["gemma3_text", "gemma3"],
    norm: .rootMeanSquare, layerPrefixes: ["model.layers.", "language_model.model.layers."],
    aliases: languageModelAliases, ignoredPrefixes: visionPrefixes,
    readGGUF: { (c, reader) throws(ModelError) in
      describe(&c)
      c.queryKeyNorm = .heads
      c.logitSoftCap = reader.double("final_logit_softcapping").map { Float($0) }
      readScale(&c, reader, largestLayers: 62)
      try c.readWindows(reader, everyLayerBut: 6)
      c.localRope = RopeParameters(theta: reader.double("rope.freq_base_swa") ?? 10_000)
      setLocalRotations(&c)
    },
    readHuggingFace: { (c, settings) throws(ModelError) in
      try settings.activation("gelu_pytorch_tanh", default: "gelu_pytorch_tanh")
      describe(&c)
      c.queryKeyNorm = .heads
      c.logitSoftCap = try settings.double("final_logit_softcapping").map { Float($0) }
      c.softmaxScale = Float(1 / (try settings.double("query_pre_attn_scalar") ?? 256).squareRoot())
      if let types = try settings.layerTypes() {
        c.setWindows(types)
      } else {
        c.setWindows(everyLayerBut: try settings.int("sliding_window_pattern") ?? 6)
      }
      let byType = settings.configuration.ropeByLayerType
      if byType.isEmpty, settings.configuration.raw["rope_theta"] == nil { c.rope.theta = 1_000_000 }
      let localTheta = try settings.double("rope_local_base_freq") ?? 10_000
      c.localRope = byType["sliding_attention"] ?? RopeParameters(theta: localTheta)
      setLocalRotations(&c)
    },
    tensors: { c in gemmaTensors(c, hasQueryKeyNorms: true) },
    keys: { c in
      (c.logitSoftCap.map { [("final_logit_softcapping", .f32($0))] } ?? []) + scaleKey(c)
        + [("rope.freq_base_swa", .f32(Float(c.localRope?.theta ?? 10_000)))]
    })

  private static func describe(_ c: inout DecoderConfiguration) {
    c.nonlinearity = .geluTanh
    c.embeddingScale = Float(c.width).squareRoot()
  }

  private static func addNorm(_ table: inout TensorTable, _ name: String, _ stored: String, _ c: DecoderConfiguration) {
    table.add(name, stored, [c.width]) { $0.addend = 1 }
  }

  private static func setLocalRotations(_ c: inout DecoderConfiguration) {
    for layer in c.attention.indices where c.attention[layer].window != nil {
      c.attention[layer].rotation = .local
    }
  }

  /// The largest model of a generation scales by the width of a head as if heads shared the whole stream.
  private static func readScale(_ c: inout DecoderConfiguration, _ reader: KeyReader, largestLayers: Int) {
    if let scale = reader.double("attention.scale") {
      c.softmaxScale = Float(scale)
    } else if c.layers == largestLayers {
      c.softmaxScale = 1 / Float(c.width / max(c.heads, 1)).squareRoot()
    }
  }

  /// A key of Stoa's own, for scales that do not follow from the sizes.
  private static func scaleKey(_ c: DecoderConfiguration) -> [(String, GGUFValue)] {
    guard let scale = c.softmaxScale, scale != 1 / Float(c.headDimension).squareRoot() else { return [] }
    return [("attention.scale", .f32(scale))]
  }

  private static func gemmaTensors(_ c: DecoderConfiguration, hasQueryKeyNorms: Bool) -> TensorTable {
    var table = TensorTable()
    table.addEnds(c, normAddend: 1)
    for layer in 0..<c.layers {
      table.beginLayer(layer, "model.layers.")
      addNorm(&table, "attn_norm", "input_layernorm", c)
      table.addAttention(c)
      if hasQueryKeyNorms { table.addQueryKeyNorms(c, addend: 1) }
      addNorm(&table, "post_attention_norm", "post_attention_layernorm", c)
      addNorm(&table, "ffn_norm", "pre_feedforward_layernorm", c)
      table.addGatedNetwork(c)
      addNorm(&table, "post_ffw_norm", "post_feedforward_layernorm", c)
    }
    return table
  }
}
