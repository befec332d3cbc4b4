import StoaFormats
import StoaTensor

/// A matrix with its bias, if it has one.
struct Linear: Sendable {
  let matrix: Matrix
  let bias: FloatVector?
}

/// The weights of a norm.
struct Norm: Sendable {
  let weight: FloatVector
  /// Nil for root mean square norms.
  let bias: FloatVector?
}

/// The weights of one layer; norms that a model lacks are nil.
struct DecoderLayer: Sendable {
  let attentionNorm: Norm?
  let attention: AttentionWeights
  let attentionOutput: Linear
  let attentionPostNorm: Norm?
  let feedForwardNorm: Norm?
  let feedForward: FeedForward
  let feedForwardPostNorm: Norm?
}

enum AttentionWeights: Sendable {
  case heads(HeadWeights)
  case latent(LatentWeights)
}

/// Attention with keys and values per head.
struct HeadWeights: Sendable {
  let query, key, value: Linear
  let queryNorm, keyNorm: Norm?
  let sinks: FloatVector?
}

/// Multi-head latent attention, with the matrices of keys and values per head, so that both can stay compressed.
struct LatentWeights: Sendable {
  /// Compresses queries; nil when they are not.
  let queryDown: Linear?
  let queryNorm: Norm?
  let query: Linear
  /// Gives the cached vector: what keys and values come from, then the part of the key that is rotated.
  let down: Linear
  let norm: Norm
  /// Per head, from a query to what it is compared with.
  let keys: [Matrix]
  /// Per head, from a weighted cached vector to the output.
  let values: [Matrix]
}

/// What follows attention in a layer.
enum FeedForward: Sendable {
  case dense(Network)
  case experts(Experts)
}

/// down(f(gate(x)) · up(x)), or down(f(up(x))).
struct Network: Sendable {
  let gate: Linear?
  let up: Linear
  let down: Linear
}

/// Networks among which a router chooses for each token.
struct Experts: Sendable {
  let networks: [Network]
  let router: Linear
  let selectionBias: FloatVector?
  let shared: Network?
  let sharedGate: Linear?
}

/// All weights of a decoder, laid out for the kernels.
struct DecoderWeights: Sendable {
  /// Rows are looked up in the mapped file.
  let embedding: TensorInfo
  /// A row for each position.
  let positions: FloatVector?
  let layers: [DecoderLayer]
  let outputNorm: Norm
  let output: Linear
  /// Divisors of the rotary frequencies, when the file has them.
  let ropeFactors: [Float]?
  let longRopeFactors, shortRopeFactors: [Float]?
  /// Per head, for models whose scores fall with distance.
  let slopes: FloatVector?
}

extension DecoderWeights {
  /// Checks all shapes, then reserves memory once and lays the weights out; `progress` gets the finished share.
  ///
  /// Pages of the file that were packed are dropped, so that the model is never in memory twice.
  init(
    _ checkpoint: Checkpoint, _ family: DecoderFamily, _ configuration: DecoderConfiguration, pool: WorkerPool,
    progress: ((Double) -> Void)?
  ) throws(ModelError) {
    let finder = try TensorFinder(checkpoint, family, configuration)
    let embedding = try finder.required("token_embd.weight")
    self.embedding = embedding.tensors[0]
    // Its rows are read as they lie in the file.
    guard embedding.isPlain else {
      let (name, type) = (self.embedding.name, self.embedding.typeName)
      throw .unsupportedFeature(path: checkpoint.path, what: "an embedding of the type \(type) (\(quoted(name)))")
    }
    let packer = try Packer(finder, configuration, pool: pool, progress: progress)
    var layers: [DecoderLayer] = []
    for index in 0..<configuration.layers { layers.append(try packer.layer(index)) }
    self.layers = layers
    (outputNorm, output) = try packer.output()
    positions = configuration.learnedPositions > 0 ? try finder.vector("position_embd.weight") : nil
    ropeFactors = try finder.optionalValues("rope_freqs.weight")
    longRopeFactors = try finder.optionalValues("rope_factors_long.weight")
    shortRopeFactors = try finder.optionalValues("rope_factors_short.weight")
    do throws(MemoryError) {
      slopes = configuration.hasSlopes ? try FloatVector(alibiSlopes(configuration)) : nil
    } catch { throw .outOfMemory(error) }
  }
}

/// How much each head's scores fall per position: for a power of two of heads, 2^(−8 i / heads) for i from 1 on; for
/// others those of the next lower power, and then every second one of twice as many.
///
/// Source: Press and others, 2021 (arXiv:2108.12409), `get_slopes` in the authors' code.
private func alibiSlopes(_ configuration: DecoderConfiguration) -> [Float] {
  let heads = configuration.heads
  func slopes(_ count: Int) -> [Double] {
    (1...count).map { CanonicalMath.pow(2, -8 * Double($0) / Double(count)) }
  }
  var power = 1
  while power * 2 <= heads { power *= 2 }
  let rest = heads - power
  let others = rest == 0 ? [] : stride(from: 0, to: 2 * rest, by: 2).map { slopes(2 * power)[$0] }
  let scale = configuration.scalesSlopes ? 1 / Double(configuration.headDimension).squareRoot() : 1
  return (slopes(power) + others).map { Float($0 * scale) }
}

/// The tensors of a checkpoint by their names in GGUF.
final class TensorFinder {
  let checkpoint: Checkpoint
  private let found: [String: FoundTensor]

  /// Looks for all tensors; one that is missing and not optional is an error, and so is a wrong shape.
  init(
    _ checkpoint: Checkpoint, _ family: DecoderFamily, _ configuration: DecoderConfiguration
  ) throws(ModelError) {
    self.checkpoint = checkpoint
    var found: [String: FoundTensor] = [:]
    for rule in family.tensors(configuration).rules {
      if let tensor = try Self.find(rule, checkpoint, family) {
        guard tensor.type.kernelType != nil else {
          throw .unsupportedType(path: checkpoint.path, tensor: checkpoint.name(of: rule), type: tensor.type)
        }
        found[rule.name] = tensor
      } else if !rule.isOptional {
        throw .missingTensor(path: checkpoint.path, name: checkpoint.name(of: rule))
      }
    }
    self.found = found
  }

  /// A wrong shape may be a wrong configuration: its sizes are part of the message.
  private static func find(
    _ rule: TensorRule, _ checkpoint: Checkpoint, _ family: DecoderFamily
  ) throws(ModelError) -> FoundTensor? {
    do throws(ModelError) {
      return try checkpoint.find(rule, family)
    } catch {
      guard case .wrongShape = error, case .huggingFace(_, let configuration, _) = checkpoint else { throw error }
      let sizes = configuration.sizeSettings.map { "\(quoted($0.key)) is \($0.value)" }.joined(separator: ", ")
      throw .impossible(path: "", problem: error.description + "\nconfig.json: \(sizes)")
    }
  }

  subscript(_ name: String) -> FoundTensor? { found[name] }

  var all: Dictionary<String, FoundTensor>.Values { found.values }

  func has(_ name: String) -> Bool { found[name] != nil }

  /// A tensor that the family's table has.
  func required(_ name: String) throws(ModelError) -> FoundTensor {
    guard let tensor = found[name] else { throw .missingTensor(path: checkpoint.path, name: name) }
    return tensor
  }

  func vector(_ name: String) throws(ModelError) -> FloatVector { try Self.vector(try required(name)) }

  func optionalVector(_ name: String) throws(ModelError) -> FloatVector? {
    guard let tensor = found[name] else { return nil }
    return try Self.vector(tensor)
  }

  func optionalValues(_ name: String) throws(ModelError) -> [Float]? {
    guard let tensor = found[name] else { return nil }
    return try values(tensor)
  }

  /// All values of a small tensor, row by row.
  func values(_ tensor: FoundTensor) throws(ModelError) -> [Float] {
    var values: [Float] = []
    for matrix in 0..<tensor.matrices {
      let vector = try Self.vector(tensor, matrix: matrix)
      values += (0..<vector.count).map { unsafe vector.values[$0] }
    }
    return values
  }

  private static func vector(_ tensor: FoundTensor, matrix: Int = 0) throws(ModelError) -> FloatVector {
    let source = unsafe try tensor.matrix(matrix, rows: 0..<tensor.rows)
    do throws(MemoryError) {
      if let vector = try unsafe FloatVector(source) { return vector }
    } catch {
      throw .outOfMemory(error)
    }
    throw .unsupportedType(path: "", tensor: tensor.rule.name, type: tensor.type)
  }
}
