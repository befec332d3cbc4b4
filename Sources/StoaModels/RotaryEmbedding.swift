package import StoaFormats
import StoaTensor

/// The angles of rotary position embeddings (Su and others, 2021, arXiv:2104.09864).
///
/// Angles are computed in double precision by functions of fixed order, so they are the same on every machine. They
/// depend on the position alone, so that texts computed piece by piece are those computed at once: variants that look
/// at the length of the text take the position's own.
package struct RotaryEmbedding: Sendable {
  /// Radians per position, one per rotated pair.
  package let frequencies: [Double]
  /// For bases that grow with the position: the base, the factor and the context they grow from.
  private var growing: (theta: Double, factor: Double, context: Double)?
  /// A factor on the rotated vectors.
  private var factor = 1.0

  /// `factors`, when the file has them, divide the frequencies one by one (GGUF's `rope_freqs.weight`); `long` and
  /// `short` are those of LongRoPE.
  package init(
    _ parameters: RopeParameters, pairs: Int, factors: [Float]? = nil, long: [Float]? = nil, short: [Float]? = nil,
    context: Int = 0, path: String
  ) throws(ModelError) {
    var frequencies = Self.plain(theta: parameters.theta, pairs: pairs)
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
    case .dynamicNTK(let factor, let context):
      guard factor >= 1, pairs > 1, context > 0 else {
        throw .impossible(path: path, problem: "rotary embeddings are scaled by \(factor) from \(context) positions on")
      }
      growing = (parameters.theta, factor, Double(context))
    case .yarn(let yarn):
      guard yarn.factor >= 1, yarn.originalContext > 0, yarn.betaFast > 0, yarn.betaSlow > 0 else {
        throw .impossible(path: path, problem: "the factors of YaRN contradict each other")
      }
      frequencies = Self.yarn(yarn, theta: parameters.theta, frequencies)
      factor = Self.yarnFactor(yarn)
    case .longrope(let longrope):
      let short = short?.map(Double.init) ?? longrope.shortFactors
      let long = long?.map(Double.init) ?? longrope.longFactors
      guard short.count == pairs, long.count == pairs, longrope.originalContext > 0 else {
        throw .impossible(
          path: path, problem: "LongRoPE has \(short.count) and \(long.count) factors for \(pairs) rotated pairs")
      }
      // What a model was made for decides, not how long a text is so far: keys that are computed stay.
      frequencies = zip(frequencies, context > longrope.originalContext ? long : short).map { $0 / $1 }
      factor = Self.longropeFactor(longrope, context: context)
    }
    if let factors {
      frequencies = zip(frequencies, factors).map { $0 / Double($1) }
    }
    try Self.check(frequencies, pairs, path)
    guard factor > 0, factor.isFinite else {
      throw .impossible(path: path, problem: "rotated vectors are scaled by \(factor)")
    }
    self.frequencies = frequencies
  }

  private static func plain(theta: Double, pairs: Int) -> [Double] {
    (0..<pairs).map { CanonicalMath.pow(theta, -Double($0) / Double(pairs)) }
  }

  /// The fastest pair of real models turns by one radian per position.
  private static func check(_ frequencies: [Double], _ pairs: Int, _ path: String) throws(ModelError) {
    guard frequencies.count == pairs, frequencies.allSatisfy({ $0 > 0 && $0 <= 1000 }) else {
      throw .impossible(path: path, problem: "the frequencies of the rotary embeddings are no possible numbers")
    }
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

  /// YaRN: pairs that turn often within the old context are kept, those that turn seldom stretched, a ramp between.
  ///
  /// Source: Peng and others, 2023 (arXiv:2309.00071); transformers, `_compute_yarn_parameters`.
  private static func yarn(_ yarn: YarnScaling, theta: Double, _ frequencies: [Double]) -> [Double] {
    let dimension = Double(2 * frequencies.count)
    func pair(turns: Double) -> Double {
      dimension * CanonicalMath.log(Double(yarn.originalContext) / (turns * 2 * Double.pi))
        / (2 * CanonicalMath.log(theta))
    }
    var (low, high) = (pair(turns: yarn.betaFast), pair(turns: yarn.betaSlow))
    if yarn.truncate { (low, high) = (low.rounded(.down), high.rounded(.up)) }
    (low, high) = (max(low, 0), min(high, dimension - 1))
    if low == high { high += 0.001 }
    return frequencies.enumerated().map { index, frequency in
      let stretched = min(max((Double(index) - low) / (high - low), 0), 1)
      return frequency / yarn.factor * stretched + frequency * (1 - stretched)
    }
  }

  /// How much longer LongRoPE makes vectors.
  package static func longropeFactor(_ longrope: LongRopeScaling, context: Int) -> Double {
    if let factor = longrope.attentionFactor { return factor }
    let growth = longrope.factor ?? Double(context) / Double(longrope.originalContext)
    guard growth > 1 else { return 1 }
    return (1 + CanonicalMath.log(growth) / CanonicalMath.log(Double(longrope.originalContext))).squareRoot()
  }

  /// How much longer vectors become, which sharpens the softmax.
  package static func yarnFactor(_ yarn: YarnScaling) -> Double {
    if let factor = yarn.attentionFactor { return factor }
    if let mscale = yarn.mscale, let all = yarn.mscaleAllDimensions {
      return yarnScale(yarn.factor, mscale) / yarnScale(yarn.factor, all)
    }
    return yarnScale(yarn.factor, 1)
  }

  package static func yarnScale(_ factor: Double, _ mscale: Double) -> Double {
    factor <= 1 ? 1 : 0.1 * mscale * CanonicalMath.log(factor) + 1
  }

  /// The cosines and sines of one position, one per pair.
  package func angles(
    position: Int, cosines: UnsafeMutablePointer<Float>, sines: UnsafeMutablePointer<Float>
  ) {
    for (pair, frequency) in frequencies(at: position).enumerated() {
      let (sine, cosine) = CanonicalMath.sineAndCosine(Double(position) * frequency)
      unsafe cosines[pair] = Float(cosine * factor)
      unsafe sines[pair] = Float(sine * factor)
    }
  }

  private func frequencies(at position: Int) -> [Double] {
    if let growing, Double(position + 1) > growing.context {
      let pairs = Double(frequencies.count)
      let growth = growing.factor * Double(position + 1) / growing.context - (growing.factor - 1)
      return Self.plain(
        theta: growing.theta * CanonicalMath.pow(growth, pairs / (pairs - 1)), pairs: frequencies.count)
    }
    return frequencies
  }
}
