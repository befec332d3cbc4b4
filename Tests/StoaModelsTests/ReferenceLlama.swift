import StoaFormats
import StoaTensor

@testable import StoaModels

/// A forward pass of the Llama family that is written to be read: one token at a time, plain loops, no kernels.
///
/// It is the oracle for the fast one. Source: Touvron and others, 2023 (arXiv:2302.13971).
struct ReferenceLlama {
  let configuration: DecoderConfiguration
  private let weights: TensorFinder
  let frequencies: [Double]
  /// (layer, position) → (heads × dimension)
  private var keys: [[[Float]]]
  private var values: [[[Float]]]

  init(_ checkpoint: Checkpoint) throws {
    let (family, configuration) = try checkpoint.describe()
    self.configuration = configuration
    weights = try TensorFinder(checkpoint, family, configuration)
    frequencies =
      try RotaryEmbedding(
        configuration.rope, pairs: configuration.rotaryPairs, factors: try weights.optionalValues("rope_freqs.weight"),
        path: ""
      ).frequencies
    keys = Array(repeating: [], count: configuration.layers)
    values = keys
  }

  /// The logits after each token.
  mutating func logits(for tokens: [Int32]) throws -> [[Float]] {
    let c = configuration
    let embedding = try matrix("token_embd")
    var streams = tokens.map { embedding[Int($0)] }
    for layer in 0..<c.layers {
      func weight(_ name: String) throws -> [[Float]] { try matrix("blk.\(layer).\(name)") }
      let attentionNorm = try weight("attn_norm")[0]
      let (query, key, value) = (try weight("attn_q"), try weight("attn_k"), try weight("attn_v"))
      let output = try weight("attn_output")
      let feedForwardNorm = try weight("ffn_norm")[0]
      let (gate, up, down) = (try weight("ffn_gate"), try weight("ffn_up"), try weight("ffn_down"))
      for position in streams.indices {
        let input = normalize(streams[position], attentionNorm)
        keys[layer].append(rotate(multiply(key, input), position))
        values[layer].append(multiply(value, input))
        let attended = attend(rotate(multiply(query, input), position), layer: layer, position: position)
        streams[position] = zip(streams[position], multiply(output, attended)).map(+)
      }
      for position in streams.indices {
        let input = normalize(streams[position], feedForwardNorm)
        let inner = zip(multiply(gate, input), multiply(up, input)).map { silu($0) * $1 }
        streams[position] = zip(streams[position], multiply(down, inner)).map(+)
      }
    }
    let outputNorm = try matrix("output_norm")[0]
    let output = weights.has("output.weight") ? try matrix("output") : embedding
    return streams.map { multiply(output, normalize($0, outputNorm)) }
  }

  // MARK: The parts

  private func multiply(_ matrix: [[Float]], _ x: [Float]) -> [Float] {
    matrix.map { row in Float(zip(row, x).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }) }
  }

  private func normalize(_ x: [Float], _ weight: [Float]) -> [Float] {
    let meanSquare = x.reduce(0) { $0 + $1 * $1 } / Float(x.count)
    let scale = 1 / (meanSquare + configuration.normEpsilon).squareRoot()
    return zip(x, weight).map { $0 * scale * $1 }
  }

  private func silu(_ x: Float) -> Float { Float(Double(x) / (1 + CanonicalMath.exp(-Double(x)))) }

  /// Turns each pair of dimensions by its angle at `position`.
  private func rotate(_ x: [Float], _ position: Int) -> [Float] {
    var result = x
    let dimension = configuration.headDimension
    for head in stride(from: 0, to: x.count, by: dimension) {
      for (pair, frequency) in frequencies.enumerated() {
        let (sine, cosine) = CanonicalMath.sineAndCosine(Double(position) * frequency)
        let first = head + (configuration.interleavedRope ? 2 * pair : pair)
        let second = configuration.interleavedRope ? first + 1 : first + frequencies.count
        result[first] = x[first] * Float(cosine) - x[second] * Float(sine)
        result[second] = x[second] * Float(cosine) + x[first] * Float(sine)
      }
    }
    return result
  }

  private func attend(_ query: [Float], layer: Int, position: Int) -> [Float] {
    let c = configuration
    let first = c.slidingWindow.map { max(0, position + 1 - $0) } ?? 0
    var result: [Float] = []
    for head in 0..<c.heads {
      let base = head / (c.heads / c.keyValueHeads) * c.headDimension
      let q = query[head * c.headDimension..<(head + 1) * c.headDimension]
      let scores = (first...position).map { other in
        zip(q, keys[layer][other][base...]).reduce(0.0) { $0 + Double($1.0 * $1.1) }
          / Double(c.headDimension).squareRoot()
      }
      let best = scores.max() ?? 0
      let weights = scores.map { CanonicalMath.exp($0 - best) }
      let sum = weights.reduce(0, +)
      for d in 0..<c.headDimension {
        let value = zip(first...position, weights).reduce(0.0) { $0 + $1.1 * Double(values[layer][$1.0][base + d]) }
        result.append(Float(value / sum))
      }
    }
    return result
  }

  // MARK: Weights as rows of floats

  private func matrix(_ name: String) throws -> [[Float]] {
    let tensor = try weights.required(name + ".weight")
    let values = try weights.values(tensor)
    return stride(from: 0, to: values.count, by: tensor.columns).map { Array(values[$0..<$0 + tensor.columns]) }
  }
}
