import StoaFormats
import StoaTensor

/// A norm that takes the mean away, scales and shifts.
struct LayerNorm: Sendable {
  let weight: FloatVector
  let bias: FloatVector
}

/// The weights of one layer of an encoder.
struct EncoderLayer: Sendable {
  let query: Linear
  let key: Linear
  let value: Linear
  let attentionOutput: Linear
  let attentionNorm: LayerNorm
  /// Nil where nothing gates `up`.
  let gate: Linear?
  let up: Linear
  let down: Linear
  let outputNorm: LayerNorm
}

/// All weights of an encoder, laid out for the kernels.
struct EncoderWeights: Sendable {
  /// Rows are looked up in the mapped files.
  let tokenEmbedding: TensorInfo
  let positionEmbedding: TensorInfo?
  let typeEmbedding: TensorInfo?
  let embeddingNorm: LayerNorm
  let layers: [EncoderLayer]
}

extension EncoderWeights {
  /// Finds and checks all tensors, reserves memory for them, and lays them out.
  init(
    _ checkpoint: Checkpoint, _ configuration: EncoderConfiguration, pool: WorkerPool, progress: ((Double) -> Void)?
  ) throws(ModelError) {
    let finder = EncoderTensors(checkpoint)
    let (width, inner) = (configuration.width, configuration.feedForwardWidth)
    tokenEmbedding = try finder.matrix(.tokens, rows: configuration.vocabularySize, columns: width)
    positionEmbedding =
      configuration.rope == nil
      ? try finder.matrix(.positions, rows: configuration.contextLength, columns: width) : nil
    typeEmbedding = try finder.typeEmbedding(columns: width)
    embeddingNorm = try finder.norm(.embeddingNorm, count: width)

    var plans: [EncoderTensors.LayerPlan] = []
    for layer in 0..<configuration.layers {
      plans.append(try finder.layer(layer, width: width, inner: inner, isGated: configuration.isGated))
    }
    let packer = try WeightPacker(plans.flatMap(\.matrices), pool: pool, progress: progress)
    var layers: [EncoderLayer] = []
    for plan in plans { layers.append(try plan.pack(packer)) }
    self.layers = layers
  }
}

/// Finds the tensors of an encoder, whatever their names.
///
/// Sources: llama.cpp, `gguf-py/gguf/constants.py` and `tensor_mapping.py`; transformers, `modeling_bert.py`; the
/// published checkpoint nomic-ai/nomic-embed-text-v1.5.
private struct EncoderTensors {
  /// The parts of an encoder.
  enum Part {
    case tokens, positions, types, embeddingNorm
    case query, key, value, fusedAttention, attentionOutput, attentionNorm, gate, up, down, outputNorm
  }

  /// A matrix with its bias, found and checked but not laid out.
  typealias MatrixPlan = WeightPacker.Plan

  struct LayerPlan {
    let query, key, value, attentionOutput, up, down: MatrixPlan
    let gate: MatrixPlan?
    let attentionNorm, outputNorm: LayerNorm

    var matrices: [MatrixPlan] { [query, key, value, attentionOutput, up, down] + (gate.map { [$0] } ?? []) }

    func pack(_ packer: WeightPacker) throws(ModelError) -> EncoderLayer {
      EncoderLayer(
        query: try packer.pack(query), key: try packer.pack(key), value: try packer.pack(value),
        attentionOutput: try packer.pack(attentionOutput), attentionNorm: attentionNorm,
        gate: try gate.map { (plan) throws(ModelError) in try packer.pack(plan) }, up: try packer.pack(up),
        down: try packer.pack(down), outputNorm: outputNorm)
    }
  }

  private let checkpoint: Checkpoint
  private let tensors: [String: TensorInfo]
  /// What stands before all names: models with a head of their own nest the encoder.
  private let prefix: String

  init(_ checkpoint: Checkpoint) {
    self.checkpoint = checkpoint
    tensors = Dictionary(checkpoint.tensors.map { ($0.name, $0) }) { first, _ in first }
    prefix =
      ["bert.", "nomic_bert."].first { [tensors] in tensors["\($0)embeddings.word_embeddings.weight"] != nil } ?? ""
  }

  /// The names that a part may have, without `.weight`; the first is the one to miss.
  private func names(_ part: Part, layer: Int?) -> [String] {
    if case .gguf = checkpoint {
      let name =
        switch part {
        case .tokens: "token_embd"
        case .positions: "position_embd"
        case .types: "token_types"
        case .embeddingNorm: "token_embd_norm"
        case .query: "attn_q"
        case .key: "attn_k"
        case .value: "attn_v"
        case .fusedAttention: "attn_qkv"
        case .attentionOutput: "attn_output"
        case .attentionNorm: "attn_output_norm"
        case .gate: "ffn_gate"
        case .up: "ffn_up"
        case .down: "ffn_down"
        case .outputNorm: "layer_output_norm"
        }
      return [layer.map { "blk.\($0).\(name)" } ?? name]
    }
    let (bert, nomic) =
      switch part {
      case .tokens: ("embeddings.word_embeddings", "embeddings.word_embeddings")
      case .positions: ("embeddings.position_embeddings", "embeddings.position_embeddings")
      case .types: ("embeddings.token_type_embeddings", "embeddings.token_type_embeddings")
      case .embeddingNorm: ("embeddings.LayerNorm", "emb_ln")
      case .query: ("attention.self.query", "attn.q_proj")
      case .key: ("attention.self.key", "attn.k_proj")
      case .value: ("attention.self.value", "attn.v_proj")
      case .fusedAttention: ("attention.self.qkv", "attn.Wqkv")
      case .attentionOutput: ("attention.output.dense", "attn.out_proj")
      case .attentionNorm: ("attention.output.LayerNorm", "norm1")
      case .gate: ("intermediate.gate", "mlp.fc12")
      case .up: ("intermediate.dense", "mlp.fc11")
      case .down: ("output.dense", "mlp.fc2")
      case .outputNorm: ("output.LayerNorm", "norm2")
      }
    guard let layer else { return [prefix + bert, prefix + nomic] }
    return ["\(prefix)encoder.layer.\(layer).\(bert)", "\(prefix)encoder.layers.\(layer).\(nomic)"]
  }

  private func find(_ part: Part, layer: Int?, shape: [Int]) throws(ModelError) -> MatrixPlan? {
    for name in names(part, layer: layer) {
      guard let weight = tensors[name + ".weight"] else { continue }
      let bias = tensors[name + ".bias"]
      try weight.check(shape: shape)
      if let bias { try bias.check(shape: [shape[0]]) }
      return MatrixPlan(weight: weight, bias: bias)
    }
    return nil
  }

  private func missing(_ part: Part, _ layer: Int?) -> ModelError {
    .missingTensor(path: checkpoint.path, name: (names(part, layer: layer).first ?? "") + ".weight")
  }

  func matrix(_ part: Part, rows: Int, columns: Int) throws(ModelError) -> TensorInfo {
    guard let found = try find(part, layer: nil, shape: [rows, columns]) else { throw missing(part, nil) }
    return found.weight
  }

  /// The embeddings of token types, of which there may be any number.
  func typeEmbedding(columns: Int) throws(ModelError) -> TensorInfo? {
    for name in names(.types, layer: nil) {
      guard let tensor = tensors[name + ".weight"] else { continue }
      try tensor.check(shape: [max(1, tensor.shape.first ?? 1), columns])
      return tensor
    }
    return nil
  }

  func norm(_ part: Part, layer: Int? = nil, count: Int) throws(ModelError) -> LayerNorm {
    for name in names(part, layer: layer) {
      // The first BERT checkpoints say gamma and beta.
      for (weight, bias) in [("weight", "bias"), ("gamma", "beta")] {
        guard let weight = tensors["\(name).\(weight)"] else { continue }
        guard let bias = tensors["\(name).\(bias)"] else {
          throw .missingTensor(path: checkpoint.path, name: "\(name).\(bias)")
        }
        for tensor in [weight, bias] { try tensor.check(shape: [count]) }
        return LayerNorm(weight: try weight.vector(), bias: try bias.vector())
      }
    }
    throw missing(part, layer)
  }

  func layer(_ index: Int, width: Int, inner: Int, isGated: Bool) throws(ModelError) -> LayerPlan {
    func find(_ part: Part, _ rows: Int, _ columns: Int) throws(ModelError) -> MatrixPlan {
      guard let found = try self.find(part, layer: index, shape: [rows, columns]) else { throw missing(part, index) }
      return found
    }
    let attention: [MatrixPlan]
    if let fused = try self.find(.fusedAttention, layer: index, shape: [3 * width, width]) {
      attention = (0..<3).map { part in
        let rows = part * width..<(part + 1) * width
        return MatrixPlan(weight: fused.weight.rows(rows), bias: fused.bias?.rows(rows))
      }
    } else {
      attention = [try find(.query, width, width), try find(.key, width, width), try find(.value, width, width)]
    }
    return LayerPlan(
      query: attention[0], key: attention[1], value: attention[2],
      attentionOutput: try find(.attentionOutput, width, width), up: try find(.up, inner, width),
      down: try find(.down, width, inner), gate: isGated ? try find(.gate, inner, width) : nil,
      attentionNorm: try norm(.attentionNorm, layer: index, count: width),
      outputNorm: try norm(.outputNorm, layer: index, count: width))
  }
}
