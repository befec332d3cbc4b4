import StoaFormats
import StoaModels

/// Encoders. Names and hyper-parameters: llama.cpp, `gguf-py/gguf/constants.py` and `conversion/bert.py`.
extension ModelFamily {
  /// BERT (Devlin and others, 2018, arXiv:1810.04805); the checkpoint: transformers, `modeling_bert.py`.
  static let bert = ModelFamily(
    architecture: "bert", modelTypes: ["bert"], title: "a BERT encoder",
    tensors: [
      TensorRule("embeddings.word_embeddings", "token_embd") { [$0.vocabularySize, $0.hiddenSize] },
      TensorRule("embeddings.position_embeddings", "position_embd") { [$0.contextLength, $0.hiddenSize] },
      TensorRule("embeddings.token_type_embeddings", "token_types") { [tokenTypes($0), $0.hiddenSize] },
      TensorRule("embeddings.LayerNorm", "token_embd_norm") { [$0.hiddenSize] }.withBias(),
    ],
    layerPrefix: "encoder.layer.",
    layerTensors: [
      TensorRule("attention.self.query", "attn_q") { [$0.hiddenSize, $0.hiddenSize] }.withBias(),
      TensorRule("attention.self.key", "attn_k") { [$0.hiddenSize, $0.hiddenSize] }.withBias(),
      TensorRule("attention.self.value", "attn_v") { [$0.hiddenSize, $0.hiddenSize] }.withBias(),
      TensorRule("attention.output.dense", "attn_output") { [$0.hiddenSize, $0.hiddenSize] }.withBias(),
      TensorRule("attention.output.LayerNorm", "attn_output_norm") { [$0.hiddenSize] }.withBias(),
      TensorRule("intermediate.dense", "ffn_up") { [$0.intermediateSize, $0.hiddenSize] }.withBias(),
      TensorRule("output.dense", "ffn_down") { [$0.hiddenSize, $0.intermediateSize] }.withBias(),
      TensorRule("output.LayerNorm", "layer_output_norm") { [$0.hiddenSize] }.withBias(),
    ],
    prefixes: ["", "bert."],
    // Heads for tasks other than vectors of texts.
    ignoredPrefixes: ["pooler.", "bert.pooler.", "cls.", "classifier."],
    ignoredSuffixes: [".position_ids"], check: checkEncoder, parameters: encoderParameters,
    folderParameters: poolingParameters)

  /// Nomic's encoder (Nussbaum and others, 2024, arXiv:2402.01613); the checkpoint: nomic-ai/nomic-embed-text-v1.5.
  static let nomicBERT = ModelFamily(
    architecture: "nomic-bert", modelTypes: ["nomic_bert"], title: "a Nomic BERT encoder",
    tensors: [
      TensorRule("embeddings.word_embeddings", "token_embd") { [$0.vocabularySize, $0.hiddenSize] },
      TensorRule("embeddings.token_type_embeddings", "token_types") { [tokenTypes($0), $0.hiddenSize] },
      TensorRule("emb_ln", "token_embd_norm") { [$0.hiddenSize] }.withBias(),
    ],
    layerPrefix: "encoder.layers.",
    layerTensors: [
      TensorRule("attn.Wqkv", "attn_qkv") { [3 * $0.hiddenSize, $0.hiddenSize] }.withBias(),
      TensorRule("attn.out_proj", "attn_output") { [$0.hiddenSize, $0.hiddenSize] }.withBias(),
      TensorRule("norm1", "attn_output_norm") { [$0.hiddenSize] }.withBias(),
      TensorRule("mlp.fc11", "ffn_up") { [$0.intermediateSize, $0.hiddenSize] }.withBias(),
      TensorRule("mlp.fc12", "ffn_gate") { [$0.intermediateSize, $0.hiddenSize] }.withBias(),
      TensorRule("mlp.fc2", "ffn_down") { [$0.hiddenSize, $0.intermediateSize] }.withBias(),
      TensorRule("norm2", "layer_output_norm") { [$0.hiddenSize] }.withBias(),
    ],
    prefixes: ["", "bert.", "nomic_bert."], ignoredPrefixes: ["pooler.", "cls."],
    ignoredSuffixes: [".rotary_emb.inv_freq"], check: checkEncoder, parameters: encoderParameters,
    folderParameters: poolingParameters)

  private static func tokenTypes(_ configuration: HuggingFaceConfiguration) -> Int {
    // transformers' default.
    configuration.raw["type_vocab_size"]?.intValue ?? 2
  }

  private static func checkEncoder(
    _ configuration: HuggingFaceConfiguration, path: String
  ) throws(ConversionError) {
    do throws(ModelError) {
      let read = try EncoderConfiguration(
        huggingFace: configuration, pooling: try EmbeddingPooling(directory: path), path: path)
      guard read.architecture != "bert" || configuration.hiddenActivation == "gelu" else {
        throw .unsupportedFeature(path: path, what: "GGUF's bert with the activation gelu and no other")
      }
    } catch {
      throw .refused(path: path, problem: error.description)
    }
  }

  private static func encoderParameters(_ configuration: HuggingFaceConfiguration) -> [(String, GGUFValue)] {
    func count(_ value: Int) -> GGUFValue { .u32(UInt32(clamping: value)) }
    guard let read = try? EncoderConfiguration(huggingFace: configuration, pooling: EmbeddingPooling(), path: "") else {
      return []
    }
    var pairs: [(String, GGUFValue)] = [
      ("block_count", count(read.layers)), ("context_length", count(read.contextLength)),
      ("embedding_length", count(read.width)), ("feed_forward_length", count(read.feedForwardWidth)),
      ("attention.head_count", count(read.heads)), ("attention.layer_norm_epsilon", .f32(read.normEpsilon)),
      ("attention.causal", .bool(false)), ("vocab_size", count(read.vocabularySize)),
    ]
    if let rope = read.rope { pairs.append(("rope.freq_base", .f32(Float(rope.theta)))) }
    return pairs
  }

  private static func poolingParameters(_ directory: String) throws(ConversionError) -> [(String, GGUFValue)] {
    do throws(ModelError) {
      let pooling = try EmbeddingPooling(directory: directory)
      var pairs: [(String, GGUFValue)] = [("pooling_type", .u32(pooling.kind.number))]
      if !pooling.isNormalized { pairs.append((EmbeddingPooling.lengthKey, .bool(true))) }
      return pairs
    } catch {
      throw .refused(path: directory, problem: error.description)
    }
  }
}
