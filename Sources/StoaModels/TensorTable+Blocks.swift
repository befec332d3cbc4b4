import StoaFormats
import StoaTensor

/// Blocks that many families have under the same names.
extension TensorTable {
  /// Embedding, last norm and output matrix, as most checkpoints call them.
  mutating func addEnds(
    _ c: DecoderConfiguration, embedding: String = "model.embed_tokens", norm: String = "model.norm",
    output: String = "lm_head", normBias: Bias = .none, normAddend: Float = 0
  ) {
    endLayers()
    add("token_embd", embedding, [c.vocabularySize, c.width])
    if c.norm != .layerWithoutWeights { add("output_norm", norm, [c.width], bias: normBias) { $0.addend = normAddend } }
    if !c.tiesOutput { add("output", output, [c.vocabularySize, c.width]) }
    // Divisors of the frequencies in GGUF; Hugging Face computes them.
    add("rope_freqs", "rope_freqs", [c.rotaryPairs], isOptional: true)
  }

  /// Matrices of queries, keys and values apart from each other.
  mutating func addAttention(
    _ c: DecoderConfiguration, prefix: String = "self_attn.", bias: Bias = .none, outputBias: Bias? = nil,
    interleaved: Bool = false, output: String = "o_proj"
  ) {
    let order = interleaved ? RowOrder.rotaryNeighbours(headDimension: c.headDimension) : .asStored
    add("attn_q", prefix + "q_proj", [c.queryWidth, c.width], bias: bias, order: order)
    add("attn_k", prefix + "k_proj", [c.keyValueWidth, c.width], bias: bias, order: order)
    add("attn_v", prefix + "v_proj", [c.keyValueWidth, c.width], bias: bias)
    add("attn_output", prefix + output, [c.width, c.queryWidth], bias: outputBias ?? bias)
  }

  /// Norms of queries and keys.
  mutating func addQueryKeyNorms(_ c: DecoderConfiguration, addend: Float = 0) {
    let isWhole = c.queryKeyNorm == .whole
    add("attn_q_norm", "self_attn.q_norm", [isWhole ? c.queryWidth : c.headDimension]) { $0.addend = addend }
    add("attn_k_norm", "self_attn.k_norm", [isWhole ? c.keyValueWidth : c.headDimension]) { $0.addend = addend }
  }

  /// down(f(gate(x)) · up(x)).
  mutating func addGatedNetwork(_ c: DecoderConfiguration, prefix: String = "mlp.", bias: Bias = .none) {
    add("ffn_gate", prefix + "gate_proj", [c.feedForwardWidth, c.width], bias: bias)
    add("ffn_up", prefix + "up_proj", [c.feedForwardWidth, c.width], bias: bias)
    add("ffn_down", prefix + "down_proj", [c.width, c.feedForwardWidth], bias: bias)
  }

  /// down(f(up(x))).
  mutating func addPlainNetwork(_ c: DecoderConfiguration, up: String, down: String, bias: Bias) {
    add("ffn_up", up, [c.feedForwardWidth, c.width], bias: bias)
    add("ffn_down", down, [c.width, c.feedForwardWidth], bias: bias)
  }

  /// Experts whose matrices are stored one by one, the router, and what every token goes through besides.
  mutating func addExperts(
    _ c: DecoderConfiguration, _ rules: ExpertRules, prefix: String = "mlp.", router: String = "gate",
    parts: (gate: String, up: String, down: String) = ("gate_proj", "up_proj", "down_proj"),
    shared: String = "shared_experts"
  ) {
    add("ffn_gate_inp", prefix + router, [c.experts, c.width])
    addExperts("ffn_gate_exps", "\(prefix)experts.{}.\(parts.gate)", count: c.experts, [rules.width, c.width])
    addExperts("ffn_up_exps", "\(prefix)experts.{}.\(parts.up)", count: c.experts, [rules.width, c.width])
    addExperts("ffn_down_exps", "\(prefix)experts.{}.\(parts.down)", count: c.experts, [c.width, rules.width])
    guard rules.sharedWidth > 0 else { return }
    add("ffn_gate_shexp", "\(prefix)\(shared).gate_proj", [rules.sharedWidth, c.width])
    add("ffn_up_shexp", "\(prefix)\(shared).up_proj", [rules.sharedWidth, c.width])
    add("ffn_down_shexp", "\(prefix)\(shared).down_proj", [c.width, rules.sharedWidth])
    if rules.sharedIsGated {
      add("ffn_gate_inp_shexp", "\(prefix)\(shared)_gate", [c.width]) { $0.shape = [1, c.width] }
    }
  }

  /// Queries, keys and values in one matrix, stored group by group: the queries of a group, its key, its value.
  mutating func addGroupedAttention(_ c: DecoderConfiguration, _ stored: String, bias: Bias) {
    let (dimension, groups, perGroup) = (c.headDimension, c.keyValueHeads, c.heads / c.keyValueHeads)
    add("attn_qkv", stored, [c.queryWidth + 2 * c.keyValueWidth, c.width], bias: bias) { source in
      source.row = { row in
        let (head, offset) = row.quotientAndRemainder(dividingBy: dimension)
        let queries = groups * perGroup
        let (group, place) =
          head < queries
          ? (head / perGroup, head % perGroup)
          : ((head - queries) % groups, perGroup + (head - queries) / groups)
        return (group * (perGroup + 2) + place) * dimension + offset
      }
    }
  }
}

extension DecoderConfiguration {
  /// Gives each layer the window or the whole text, by the names of Hugging Face's layer types.
  mutating func setWindows(_ types: [String]) {
    attention = types.map { LayerAttention(window: $0 == "sliding_attention" ? slidingWindow : nil) }
  }

  /// The windows of layers in a GGUF file: as its list says, or else as `standard` has them.
  mutating func readWindows(_ reader: KeyReader, everyLayerBut standard: Int) throws(ModelError) {
    let key = "\(reader.prefix).attention.sliding_window_pattern"
    guard let value = reader.file.metadata[key] else { return setWindows(everyLayerBut: standard) }
    if let pattern = value.intValue, pattern >= 1 { return setWindows(everyLayerBut: pattern) }
    guard case .bool(let flags)? = reader.file.metadata.array(key), flags.count == layers else {
      throw .impossible(path: reader.path, problem: "\(quoted(key)) must say of each layer whether it has the window")
    }
    setWindows(flags.map { $0 ? "sliding_attention" : "full_attention" })
  }

  /// Every `pattern`th layer sees everything, counted so that the last of each run does.
  mutating func setWindows(everyLayerBut pattern: Int) {
    // 0: no layer does.
    attention = (0..<max(0, min(layers, 1024))).map { layer in
      LayerAttention(window: pattern > 0 && (layer + 1) % pattern == 0 ? nil : slidingWindow)
    }
  }
}
