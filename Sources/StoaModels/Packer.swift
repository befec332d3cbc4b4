import StoaFormats
import StoaTensor

/// Lays the matrices of a model out one after the other in one arena, layer by layer.
final class Packer {
  private let finder: TensorFinder
  private let configuration: DecoderConfiguration
  private let arena: WeightArena
  private let pool: WorkerPool
  private let progress: ((Double) -> Void)?
  private let totalBytes: Int
  private var doneBytes = 0
  /// Tensors of which something was laid out since the last look.
  private var finished: [FoundTensor] = []

  init(
    _ finder: TensorFinder, _ configuration: DecoderConfiguration, pool: WorkerPool, progress: ((Double) -> Void)?
  ) throws(ModelError) {
    self.finder = finder
    self.configuration = configuration
    self.pool = pool
    self.progress = progress
    // Memory that is not touched costs nothing, so the arena has room for whatever may be laid out; a matrix is cut in
    // up to three, each of which ends on a whole group of rows.
    var shapes: [(type: ElementType, rows: Int, columns: Int)] = []
    var bytes = 0
    for tensor in finder.all where tensor.rule.shape.count > 1 {
      for _ in 0..<tensor.matrices { shapes.append((tensor.type, tensor.rows + 48, tensor.columns)) }
      bytes += tensor.byteCount
    }
    do throws(MemoryError) { arena = try WeightArena(shapes) } catch { throw .outOfMemory(error) }
    totalBytes = bytes
  }

  /// The weights of a layer.
  func layer(_ index: Int) throws(ModelError) -> DecoderLayer {
    let prefix = "blk.\(index)."
    // With two norms of the same input Falcon calls that of attention the second.
    let hasSecondNorm = finder.has(prefix + "attn_norm_2.weight")
    // gpt-oss files name the norm before the network by its place after attention.
    let feedForwardNorm = hasSecondNorm ? "attn_norm" : configuration.hasSinks ? "post_attention_norm" : "ffn_norm"
    let layer = DecoderLayer(
      attentionNorm: try norm(prefix + (hasSecondNorm ? "attn_norm_2" : "attn_norm")),
      attention: try attention(prefix),
      attentionOutput: try linear(prefix + "attn_output"),
      attentionPostNorm: feedForwardNorm == "post_attention_norm"
        ? nil : try storedNorm(prefix + "post_attention_norm"),
      feedForwardNorm: try norm(prefix + feedForwardNorm),
      feedForward: configuration.hasExperts(index)
        ? .experts(try experts(prefix)) : .dense(try network(prefix, "", width: configuration.feedForwardWidth)),
      feedForwardPostNorm: try storedNorm(prefix + "post_ffw_norm"))
    release()
    return layer
  }

  /// The last norm and the matrix that gives logits.
  func output() throws(ModelError) -> (norm: Norm, matrix: Linear) {
    guard let norm = try norm("output_norm") else {
      throw .missingTensor(path: finder.checkpoint.path, name: "output_norm.weight")
    }
    let name = finder.has("output.weight") ? "output" : "token_embd"
    let matrix = try linear(name)
    // Rows of the embedding are still looked up in the file.
    if name == "output" { release() }
    return (norm, matrix)
  }

  /// Pages of the file that were packed or decoded are not needed any more.
  private func release() {
    for tensor in finished where tensor.type.blockSize > 1 || !tensor.isPlain { tensor.discard() }
    finished = []
  }

  // MARK: Attention

  private func attention(_ prefix: String) throws(ModelError) -> AttentionWeights {
    guard let latent = configuration.latent else { return .heads(try headWeights(prefix)) }
    return .latent(try latentWeights(prefix, latent))
  }

  private func headWeights(_ prefix: String) throws(ModelError) -> HeadWeights {
    let (queries, keys) = (configuration.queryWidth, configuration.keyValueWidth)
    let query: Linear
    let key: Linear
    let value: Linear
    if finder.has(prefix + "attn_qkv.weight") {
      let name = prefix + "attn_qkv"
      query = try linear(name, rows: 0..<queries)
      key = try linear(name, rows: queries..<queries + keys)
      value = try linear(name, rows: queries + keys..<queries + 2 * keys)
    } else {
      query = try linear(prefix + "attn_q")
      key = try linear(prefix + "attn_k")
      value = try linear(prefix + "attn_v")
    }
    let rotates = configuration.queryKeyNorm == .rotatedHeads
    let plain = rotates ? try Self.ones(configuration.headDimension, hasBias: false) : nil
    return HeadWeights(
      query: query, key: key, value: value, queryNorm: try storedNorm(prefix + "attn_q_norm") ?? plain,
      keyNorm: try storedNorm(prefix + "attn_k_norm") ?? plain,
      sinks: try finder.optionalVector(prefix + "attn_sinks.weight"))
  }

  private func latentWeights(_ prefix: String, _ latent: LatentAttention) throws(ModelError) -> LatentWeights {
    guard let norm = try storedNorm(prefix + "attn_kv_a_norm") else {
      throw .missingTensor(path: finder.checkpoint.path, name: prefix + "attn_kv_a_norm.weight")
    }
    let isCompressed = latent.queryRank != nil
    var keys: [Matrix] = []
    var values: [Matrix] = []
    for head in 0..<configuration.heads {
      keys.append(try linear(prefix + "attn_k_b", matrix: head).matrix)
      values.append(try linear(prefix + "attn_v_b", matrix: head).matrix)
    }
    return LatentWeights(
      queryDown: isCompressed ? try linear(prefix + "attn_q_a") : nil,
      queryNorm: isCompressed ? try storedNorm(prefix + "attn_q_a_norm") : nil,
      query: try linear(prefix + (isCompressed ? "attn_q_b" : "attn_q")), down: try linear(prefix + "attn_kv_a_mqa"),
      norm: norm, keys: keys, values: values)
  }

  // MARK: Feed-forward networks

  private func network(
    _ prefix: String, _ suffix: String, matrix: Int = 0, width: Int
  ) throws(ModelError) -> Network {
    func name(_ part: String) -> String { prefix + "ffn_" + part + suffix }
    let down = try linear(name("down"), matrix: matrix)
    guard configuration.isGated else {
      return Network(gate: nil, up: try linear(name("up"), matrix: matrix), down: down)
    }
    guard finder.has(name("gate") + ".weight") else {
      // Both in one: first the gate, then what it is multiplied with.
      return Network(
        gate: try linear(name("up"), matrix: matrix, rows: 0..<width),
        up: try linear(name("up"), matrix: matrix, rows: width..<2 * width), down: down)
    }
    return Network(
      gate: try linear(name("gate"), matrix: matrix), up: try linear(name("up"), matrix: matrix), down: down)
  }

  private func experts(_ prefix: String) throws(ModelError) -> Experts {
    guard let rules = configuration.expertRules else {
      throw .missingTensor(path: finder.checkpoint.path, name: prefix + "ffn_gate_inp.weight")
    }
    var networks: [Network] = []
    for expert in 0..<configuration.experts {
      networks.append(try network(prefix, "_exps", matrix: expert, width: rules.width))
    }
    return Experts(
      networks: networks, router: try linear(prefix + "ffn_gate_inp"),
      selectionBias: rules.hasSelectionBias ? try finder.vector(prefix + "exp_probs_b.bias") : nil,
      shared: rules.sharedWidth > 0 ? try network(prefix, "_shexp", width: rules.sharedWidth) : nil,
      sharedGate: rules.sharedIsGated ? try linear(prefix + "ffn_gate_inp_shexp") : nil)
  }

  // MARK: Pieces

  /// A norm of the residual stream; nil when the model has none of this name.
  private func norm(_ name: String) throws(ModelError) -> Norm? {
    configuration.norm == .layerWithoutWeights
      ? try Self.ones(configuration.width, hasBias: true) : try storedNorm(name)
  }

  private func storedNorm(_ name: String) throws(ModelError) -> Norm? {
    guard let weight = try finder.optionalVector(name + ".weight") else { return nil }
    var bias = try finder.optionalVector(name + ".bias")
    if bias == nil, configuration.norm != .rootMeanSquare {
      do throws(MemoryError) {
        bias = try FloatVector([Float](repeating: 0, count: weight.count))
      } catch { throw .outOfMemory(error) }
    }
    return Norm(weight: weight, bias: bias)
  }

  private static func ones(_ count: Int, hasBias: Bool) throws(ModelError) -> Norm {
    do throws(MemoryError) {
      return Norm(
        weight: try FloatVector([Float](repeating: 1, count: count)),
        bias: hasBias ? try FloatVector([Float](repeating: 0, count: count)) : nil)
    } catch { throw .outOfMemory(error) }
  }

  /// A matrix, or some of its rows, with the bias of the same rows.
  private func linear(_ name: String, matrix: Int = 0, rows: Range<Int>? = nil) throws(ModelError) -> Linear {
    let tensor = try finder.required(name + ".weight")
    // A single row may be stored as a vector.
    let range = rows ?? 0..<tensor.rows
    guard let packed = unsafe arena.matrix(try tensor.matrix(matrix, rows: range, on: pool), on: pool) else {
      throw .unsupportedType(path: finder.checkpoint.path, tensor: name + ".weight", type: tensor.type)
    }
    if finished.last !== tensor { finished.append(tensor) }
    doneBytes += tensor.byteCount / max(tensor.matrices * tensor.rows, 1) * range.count
    progress?(min(1, Double(doneBytes) / Double(max(totalBytes, 1))))
    guard let bias = finder[name + ".bias"] else { return Linear(matrix: packed, bias: nil) }
    let values = try finder.values(bias)
    let first = matrix * tensor.rows + range.lowerBound
    do throws(MemoryError) {
      return Linear(matrix: packed, bias: try FloatVector(Array(values[first..<first + range.count])))
    } catch { throw .outOfMemory(error) }
  }
}
