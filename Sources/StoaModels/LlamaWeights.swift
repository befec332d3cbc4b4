import StoaFormats
import StoaTensor

/// A matrix with its bias, if it has one.
package struct Linear: Sendable {
  let matrix: Matrix
  let bias: FloatVector?
}

/// The weights of one layer.
struct LlamaLayer: Sendable {
  let attentionNorm: FloatVector
  let query: Linear
  let key: Linear
  let value: Linear
  let attentionOutput: Linear
  let feedForwardNorm: FloatVector
  let feedForward: FeedForward
}

/// What follows attention in a layer.
enum FeedForward: Sendable {
  case dense(GatedNetwork)
  /// Each token goes through the networks that the router chooses for it.
  case experts([GatedNetwork], router: Linear)
}

/// down(silu(gate(x)) · up(x)).
struct GatedNetwork: Sendable {
  let gate: Linear
  let up: Linear
  let down: Linear
}

/// All weights of a Llama model, laid out for the kernels.
struct LlamaWeights: Sendable {
  /// Rows are looked up in the mapped file.
  let embedding: TensorInfo
  let layers: [LlamaLayer]
  let outputNorm: FloatVector
  let output: Linear
  let ropeFactors: [Float]?
}

extension LlamaWeights {
  /// Checks all shapes, then reserves memory once and lays the weights out; `progress` gets the finished share.
  ///
  /// Pages of the file that were packed are dropped, so that the model is never in memory twice.
  init(
    _ checkpoint: Checkpoint, _ configuration: DecoderConfiguration, pool: WorkerPool,
    progress: ((Double) -> Void)?
  ) throws(ModelError) {
    let width = configuration.width
    var plan: [MatrixPlan] = []
    func find(_ name: TensorName, _ rows: Int, _ columns: Int) throws(ModelError) -> MatrixPlan {
      let weight = try checkpoint.tensor(name, shape: [rows, columns])
      let item = MatrixPlan(weight: weight, bias: try checkpoint.optionalTensor(name.bias, shape: [rows]))
      plan.append(item)
      return item
    }
    func vector(_ name: TensorName, _ count: Int) throws(ModelError) -> FloatVector {
      try Self.vector(try checkpoint.tensor(name, shape: [count]))
    }
    func network(_ names: [TensorName]) throws(ModelError) -> NetworkPlan {
      NetworkPlan(
        gate: try find(names[0], configuration.feedForwardWidth, width),
        up: try find(names[1], configuration.feedForwardWidth, width),
        down: try find(names[2], width, configuration.feedForwardWidth))
    }
    func networks(_ layer: Int) throws(ModelError) -> [NetworkPlan] {
      if configuration.experts == 0 {
        return [
          try network([
            .layer(layer, "ffn_gate.weight", "mlp.gate_proj.weight"),
            .layer(layer, "ffn_up.weight", "mlp.up_proj.weight"),
            .layer(layer, "ffn_down.weight", "mlp.down_proj.weight"),
          ])
        ]
      }
      if let stacked = try checkpoint.stackedExperts(layer, configuration) {
        return stacked.map { expert in
          let plans = expert.map { MatrixPlan(weight: $0, bias: nil) }
          plan += plans
          return NetworkPlan(gate: plans[0], up: plans[1], down: plans[2])
        }
      }
      var networks: [NetworkPlan] = []
      for expert in 0..<configuration.experts {
        let prefix = "block_sparse_moe.experts.\(expert)."
        networks.append(
          try network([
            .layer(layer, "ffn_gate.\(expert).weight", prefix + "w1.weight"),
            .layer(layer, "ffn_up.\(expert).weight", prefix + "w3.weight"),
            .layer(layer, "ffn_down.\(expert).weight", prefix + "w2.weight"),
          ]))
      }
      return networks
    }
    var layers: [LayerPlan] = []
    for index in 0..<configuration.layers {
      func name(_ gguf: String, _ huggingFace: String) -> TensorName {
        .layer(index, gguf + ".weight", huggingFace + ".weight")
      }
      layers.append(
        LayerPlan(
          attentionNorm: try vector(name("attn_norm", "input_layernorm"), width),
          query: try find(name("attn_q", "self_attn.q_proj"), configuration.queryWidth, width),
          key: try find(name("attn_k", "self_attn.k_proj"), configuration.keyValueWidth, width),
          value: try find(name("attn_v", "self_attn.v_proj"), configuration.keyValueWidth, width),
          attentionOutput: try find(name("attn_output", "self_attn.o_proj"), width, configuration.queryWidth),
          feedForwardNorm: try vector(name("ffn_norm", "post_attention_layernorm"), width),
          router: configuration.experts == 0
            ? nil : try find(name("ffn_gate_inp", "block_sparse_moe.gate"), configuration.experts, width),
          networks: try networks(index)))
    }
    let vocabulary = configuration.vocabularySize
    embedding = try checkpoint.tensor(.embedding, shape: [vocabulary, width])
    outputNorm = try vector(.outputNorm, width)
    let separateOutput: TensorInfo? =
      switch checkpoint {
      // In GGUF a missing output matrix means that it is the embedding; Hugging Face says so in the configuration.
      case .gguf: try checkpoint.optionalTensor(.output, shape: [vocabulary, width])
      case .huggingFace(_, let raw, _):
        raw.tieWordEmbeddings ? nil : try checkpoint.tensor(.output, shape: [vocabulary, width])
      }
    let output = MatrixPlan(weight: separateOutput ?? embedding, bias: nil)
    plan.append(output)
    if case .gguf = checkpoint,
      let factors = try checkpoint.optionalTensor(.ropeFactors, shape: [configuration.rotaryPairs])
    {
      let vector = try Self.vector(factors)
      ropeFactors = (0..<vector.count).map { unsafe vector.values[$0] }
    } else {
      ropeFactors = nil
    }

    let packer = try Packer(plan, pool: pool, progress: progress)
    self.output = try packer.pack(output)
    var packed: [LlamaLayer] = []
    for layer in layers { packed.append(try layer.pack(packer)) }
    self.layers = packed
  }

  private static func vector(_ tensor: TensorInfo) throws(ModelError) -> FloatVector {
    do throws(MemoryError) {
      if let vector = try unsafe FloatVector(tensor.matrixSource) { return vector }
    } catch {
      throw .outOfMemory(error)
    }
    throw .unsupportedType(path: tensor.file.path, tensor: tensor.name, type: tensor.type)
  }

  /// A matrix that was found and checked, but not laid out yet.
  fileprivate struct MatrixPlan {
    let weight: TensorInfo
    let bias: TensorInfo?
  }

  fileprivate struct LayerPlan {
    let attentionNorm: FloatVector
    let query, key, value, attentionOutput: MatrixPlan
    let feedForwardNorm: FloatVector
    let router: MatrixPlan?
    let networks: [NetworkPlan]

    func pack(_ packer: Packer) throws(ModelError) -> LlamaLayer {
      var packed: [GatedNetwork] = []
      let router = try router.map { (plan) throws(ModelError) in try packer.pack(plan) }
      for network in networks {
        packed.append(
          GatedNetwork(
            gate: try packer.pack(network.gate), up: try packer.pack(network.up), down: try packer.pack(network.down)))
      }
      return LlamaLayer(
        attentionNorm: attentionNorm, query: try packer.pack(query), key: try packer.pack(key),
        value: try packer.pack(value), attentionOutput: try packer.pack(attentionOutput),
        feedForwardNorm: feedForwardNorm,
        feedForward: router.map { .experts(packed, router: $0) } ?? .dense(packed[0]))
    }
  }

  fileprivate struct NetworkPlan {
    let gate, up, down: MatrixPlan
  }

  /// Lays matrices out one after the other in one arena.
  fileprivate final class Packer {
    private let arena: WeightArena
    private let pool: WorkerPool
    private let progress: ((Double) -> Void)?
    private let totalBytes: Int
    private var doneBytes = 0

    init(_ plan: [MatrixPlan], pool: WorkerPool, progress: ((Double) -> Void)?) throws(ModelError) {
      do throws(MemoryError) {
        arena = try WeightArena(
          plan.map { ($0.weight.type, $0.weight.shape[0], $0.weight.shape[1]) })
      } catch {
        throw .outOfMemory(error)
      }
      self.pool = pool
      self.progress = progress
      totalBytes = plan.reduce(0) { $0 + $1.weight.byteCount }
    }

    func pack(_ item: MatrixPlan) throws(ModelError) -> Linear {
      let tensor = item.weight
      guard let matrix = unsafe arena.matrix(tensor.matrixSource, on: pool) else {
        throw .unsupportedType(path: tensor.file.path, tensor: tensor.name, type: tensor.type)
      }
      if matrix.isPacked { tensor.file.discard(tensor.byteRange) }
      doneBytes += tensor.byteCount
      progress?(Double(doneBytes) / Double(max(totalBytes, 1)))
      var bias: FloatVector?
      if let tensor = item.bias { bias = try LlamaWeights.vector(tensor) }
      return Linear(matrix: matrix, bias: bias)
    }
  }
}
