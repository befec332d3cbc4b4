import StoaFormats
import StoaModels
import StoaTensor

extension ModelFamily {
  /// Llama (Touvron and others, 2023, arXiv:2302.13971) and Mistral (Jiang and others, 2023, arXiv:2310.06825).
  ///
  /// Names: llama.cpp, `gguf-py/gguf/constants.py` and `tensor_mapping.py`; hyper-parameters and the order of rows:
  /// `conversion/base.py` and `conversion/llama.py`; the checkpoint: transformers, `modeling_llama.py`.
  static let llama = ModelFamily(
    architecture: "llama", modelTypes: ["llama", "mistral"], title: "a Llama model",
    tensors: [
      TensorRule("model.embed_tokens", "token_embd") { [$0.vocabularySize, $0.hiddenSize] },
      TensorRule("model.norm", "output_norm") { [$0.hiddenSize] },
      TensorRule("lm_head", "output") { [$0.vocabularySize, $0.hiddenSize] }.used { !$0.tieWordEmbeddings },
    ],
    layerPrefix: "model.layers.",
    layerTensors: [
      TensorRule("input_layernorm", "attn_norm") { [$0.hiddenSize] },
      TensorRule("self_attn.q_proj", "attn_q") { [$0.heads * $0.headDimension, $0.hiddenSize] }
        .rows { .rotaryNeighbours(headDimension: $0.headDimension) }.withBias(),
      TensorRule("self_attn.k_proj", "attn_k") { [$0.kvHeads * $0.headDimension, $0.hiddenSize] }
        .rows { .rotaryNeighbours(headDimension: $0.headDimension) }.withBias(),
      TensorRule("self_attn.v_proj", "attn_v") { [$0.kvHeads * $0.headDimension, $0.hiddenSize] }.withBias(),
      TensorRule("self_attn.o_proj", "attn_output") { [$0.hiddenSize, $0.heads * $0.headDimension] }.withBias(),
      TensorRule("post_attention_layernorm", "ffn_norm") { [$0.hiddenSize] },
      TensorRule("mlp.gate_proj", "ffn_gate") { [$0.intermediateSize, $0.hiddenSize] }.withBias(),
      TensorRule("mlp.up_proj", "ffn_up") { [$0.intermediateSize, $0.hiddenSize] }.withBias(),
      TensorRule("mlp.down_proj", "ffn_down") { [$0.hiddenSize, $0.intermediateSize] }.withBias(),
    ],
    ignoredSuffixes: [".rotary_emb.inv_freq"],
    check: { (configuration, path) throws(ConversionError) in
      do throws(ModelError) { _ = try DecoderConfiguration(huggingFace: configuration, path: path) } catch {
        throw .refused(path: path, problem: error.description)
      }
      guard configuration.headDimension % 2 == 0, configuration.rope.partialRotaryFactor == 1 else {
        throw .refused(path: path, problem: "GGUF's llama rotates whole heads of an even width; this model does not")
      }
      switch configuration.rope.scaling {
      case .none, .linear, .llama3: break
      case .dynamicNTK, .yarn, .longrope:
        throw .refused(
          path: path, problem: "rotary embeddings scaled by NTK, YaRN or LongRoPE are not supported in Llama models")
      }
    },
    parameters: llamaParameters, computedTensors: llamaRopeFactors)

  private static func llamaParameters(_ configuration: HuggingFaceConfiguration) -> [(String, GGUFValue)] {
    func count(_ value: Int) -> GGUFValue { .u32(UInt32(clamping: value)) }
    var pairs: [(String, GGUFValue)] = [
      ("block_count", count(configuration.layers)),
      ("context_length", count(configuration.contextLength)),
      ("embedding_length", count(configuration.hiddenSize)),
      ("feed_forward_length", count(configuration.intermediateSize)),
      ("attention.head_count", count(configuration.heads)),
      ("attention.head_count_kv", count(configuration.kvHeads)),
      ("rope.freq_base", .f32(Float(configuration.rope.theta))),
      ("attention.layer_norm_rms_epsilon", .f32(Float(configuration.rmsNormEpsilon))),
      ("attention.key_length", count(configuration.headDimension)),
      ("attention.value_length", count(configuration.headDimension)),
      ("vocab_size", count(configuration.vocabularySize)),
      ("rope.dimension_count", count(configuration.headDimension)),
    ]
    if case .linear(let factor) = configuration.rope.scaling {
      pairs += [("rope.scaling.type", .string("linear")), ("rope.scaling.factor", .f32(Float(factor)))]
    }
    // llama.cpp does not look at this key in Llama models and attends to everything; Stoa keeps to the window.
    if let window = configuration.slidingWindow { pairs.append(("attention.sliding_window", count(window))) }
    return pairs
  }

  /// The divisors of the rotation frequencies of Llama 3.1 and later.
  private static func llamaRopeFactors(_ configuration: HuggingFaceConfiguration) -> [TensorPlan] {
    guard case .llama3 = configuration.rope.scaling else { return [] }
    let pairs = configuration.headDimension / 2
    var plain = configuration.rope
    plain.scaling = .none
    guard let scaled = try? RotaryEmbedding(configuration.rope, pairs: pairs, path: ""),
      let unscaled = try? RotaryEmbedding(plain, pairs: pairs, path: "")
    else { return [] }
    let factors = zip(unscaled.frequencies, scaled.frequencies).map { Float($0 / $1) }
    return [TensorPlan(name: "rope_freqs.weight", shape: [pairs], type: .f32, contents: .values(factors))]
  }
}
