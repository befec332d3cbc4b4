package import StoaFormats
import StoaTensor

/// The angles of rotary position embeddings (Su and others, 2021, arXiv:2104.09864).
///
/// Angles are computed in double precision by functions of fixed order, so they are the same on every machine.
package struct RotaryEmbedding: Sendable {
  /// Radians per position, one per rotated pair.
  package let frequencies: [Double]

  /// `factors`, when the file has them, divide the frequencies one by one (GGUF's `rope_freqs.weight`).
  package init(
    _ parameters: RopeParameters, pairs: Int, factors: [Float]? = nil, path: String
  ) throws(ModelError) {
    var frequencies = (0..<pairs).map { CanonicalMath.pow(parameters.theta, -Double($0) / Double(pairs)) }
    switch parameters.scaling {
    case .none: break
    case .linear(let factor):
      guard factor > 0 else { throw .impossible(path: path, problem: "rotary embeddings are scaled by \(factor)") }
      frequencies = frequencies.map { $0 / factor }
    case .llama3(let factor, let low, let high, let context):
      guard factor > 0, low > 0, high > low, context > 0 else {
        throw .impossible(path: path, problem: "the factors of the scaled rotary embeddings contradict each other")
      }
      frequencies = frequencies.map {
        Self.llama3($0, factor: factor, low: low, high: high, context: Double(context))
      }
    case .dynamicNTK, .yarn, .longrope:
      throw .unsupportedFeature(path: path, what: "rotary embeddings scaled by NTK, YaRN or LongRoPE")
    }
    if let factors {
      frequencies = zip(frequencies, factors).map { $0 / Double($1) }
    }
    // The fastest pair of real models turns by one radian per position.
    guard frequencies.count == pairs, frequencies.allSatisfy({ $0 > 0 && $0 <= 1000 }) else {
      throw .impossible(path: path, problem: "the frequencies of the rotary embeddings are no possible numbers")
    }
    self.frequencies = frequencies
  }

  /// Llama 3.1: wavelengths beyond the old context are stretched by `factor`, short ones kept, with a ramp between.
  ///
  /// Source: transformers, `modeling_rope_utils.py`, `_compute_llama3_parameters`.
  private static func llama3(
    _ frequency: Double, factor: Double, low: Double, high: Double, context: Double
  ) -> Double {
    let turns = context * frequency / (2 * Double.pi)
    if turns < low { return frequency / factor }
    if turns > high { return frequency }
    let smooth = (turns - low) / (high - low)
    return (1 - smooth) * frequency / factor + smooth * frequency
  }

  /// The cosines and sines of one position, one per pair.
  package func angles(
    position: Int, cosines: UnsafeMutablePointer<Float>, sines: UnsafeMutablePointer<Float>
  ) {
    for (pair, frequency) in frequencies.enumerated() {
      let (sine, cosine) = CanonicalMath.sineAndCosine(Double(position) * frequency)
      unsafe cosines[pair] = Float(cosine)
      unsafe sines[pair] = Float(sine)
    }
  }
}
