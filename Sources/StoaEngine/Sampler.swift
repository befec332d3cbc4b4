package import StoaGrammar
package import StoaTensor

/// A token that may be chosen, and its logit.
struct Candidate {
  let token: Int32
  let logit: Float

  /// The canonical order: the more likely first, ties by token id.
  static func precedes(_ left: Candidate, _ right: Candidate) -> Bool {
    left.logit > right.logit || (left.logit == right.logit && left.token < right.token)
  }
}

/// What a token's alternatives were.
public struct TokenLogprob: Sendable, Equatable {
  /// The token id.
  public let token: Int32
  /// The natural logarithm of the model's probability, before penalties and temperature.
  public let logprob: Double

  package init(token: Int32, logprob: Double) {
    self.token = token
    self.logprob = logprob
  }
}

/// Chooses tokens; a value per sequence.
package struct Sampler {
  package let parameters: SamplingParameters
  private let random: RandomSource
  private let compute: Compute
  private var contextCounts: [Int32: Int] = [:]
  private var answerCounts: [Int32: Int] = [:]
  /// The tokens that the counts are of, oldest first; `true` marks tokens of the answer.
  private var window: [(token: Int32, isAnswer: Bool)] = []
  private var windowStart = 0

  /// A sampler for an answer to `prompt`.
  package init(
    parameters: SamplingParameters, seed: UInt64, choice: UInt64 = 0, prompt: [Int32], compute: Compute
  ) {
    self.parameters = parameters
    random = RandomSource(seed: seed, choice: choice)
    self.compute = compute
    guard hasPenalties else { return }
    for token in prompt { record(token, isAnswer: false) }
  }

  private var hasPenalties: Bool {
    parameters.repetitionPenalty != 1 || parameters.presencePenalty != 0 || parameters.frequencyPenalty != 0
  }

  /// Remembers a token of the answer for the penalties.
  package mutating func record(_ token: Int32) {
    if hasPenalties { record(token, isAnswer: true) }
  }

  /// Chooses the token at `position` of the sequence, one that `mask` allows.
  package func choose(
    _ raw: UnsafeBufferPointer<Float>, position: Int, mask: TokenMask? = nil
  ) throws(EngineError) -> Int32 {
    guard hasPenalties || !parameters.logitBias.isEmpty || mask != nil else {
      return try unsafe draw(raw, position: position)
    }
    var adjusted = unsafe penalized(raw)
    if let mask { Self.exclude(&adjusted, outside: mask) }
    return try unsafe adjusted.withUnsafeBufferPointer { (logits) throws(EngineError) in
      try unsafe draw(logits, position: position)
    }
  }

  // MARK: Penalties and bias

  private mutating func record(_ token: Int32, isAnswer: Bool) {
    contextCounts[token, default: 0] += 1
    if isAnswer { answerCounts[token, default: 0] += 1 }
    guard let limit = parameters.penaltyWindow else { return }
    window.append((token, isAnswer))
    while window.count - windowStart > limit {
      let old = window[windowStart]
      windowStart += 1
      Self.decrement(&contextCounts, old.token)
      if old.isAnswer { Self.decrement(&answerCounts, old.token) }
    }
    if windowStart > 4096 {
      window.removeFirst(windowStart)
      windowStart = 0
    }
  }

  private static func decrement(_ counts: inout [Int32: Int], _ token: Int32) {
    guard let count = counts[token] else { return }
    counts[token] = count > 1 ? count - 1 : nil
  }

  private func penalized(_ raw: UnsafeBufferPointer<Float>) -> [Float] {
    var logits = unsafe Array(raw)
    let repetition = Float(parameters.repetitionPenalty)
    if repetition != 1 {
      for token in contextCounts.keys where Int(token) < logits.count {
        let logit = logits[Int(token)]
        logits[Int(token)] = logit > 0 ? logit / repetition : logit * repetition
      }
    }
    for (token, count) in answerCounts where Int(token) < logits.count {
      logits[Int(token)] -= Float(parameters.presencePenalty) + Float(parameters.frequencyPenalty) * Float(count)
    }
    for (token, bias) in parameters.logitBias where token >= 0 && Int(token) < logits.count {
      logits[Int(token)] += bias
    }
    return logits
  }

  /// Tokens outside the mask are no candidates, whatever their bias.
  private static func exclude(_ logits: inout [Float], outside mask: TokenMask) {
    for (index, word) in mask.words.enumerated() where word != .max {
      for token in 64 * index..<min(64 * index + 64, logits.count) where word >> UInt64(token & 63) & 1 == 0 {
        logits[token] = -.infinity
      }
    }
    for token in logits.indices.dropFirst(64 * mask.words.count) { logits[token] = -.infinity }
  }

  // MARK: The draw

  private func draw(_ logits: UnsafeBufferPointer<Float>, position: Int) throws(EngineError) -> Int32 {
    let best = try unsafe Self.mostLikely(logits)
    guard parameters.temperature > 0, parameters.topK != 1 else { return best.token }
    var candidates = unsafe likely(logits, best: best)
    keepTypical(&candidates)
    keepTop(&candidates)
    if parameters.minP > 0 {
      let limit = best.logit + Float(CanonicalMath.log(parameters.minP))
      if let cut = candidates.firstIndex(where: { $0.logit < limit }), cut > 0 {
        candidates.removeSubrange(cut...)
      }
    }
    let weights = Self.weights(candidates, temperature: parameters.temperature)
    let threshold = random.uniform(position: position) * weights.reduce(0, +)
    var sum = 0.0
    for (candidate, weight) in zip(candidates, weights) {
      sum += weight
      if sum > threshold { return candidate.token }
    }
    return candidates.last?.token ?? best.token
  }

  /// The most likely token, of equal ones that with the lowest id.
  package static func mostLikely(_ logits: UnsafeBufferPointer<Float>) throws(EngineError) -> (
    token: Int32, logit: Float
  ) {
    var best: (token: Int32, logit: Float)?
    for index in logits.indices {
      let logit = unsafe logits[index]
      guard !logit.isNaN else { throw .notANumber }
      if logit > best?.logit ?? -.infinity { best = (Int32(truncatingIfNeeded: index), logit) }
    }
    guard let best, best.logit.isFinite else { throw .notANumber }
    return best
  }

  /// The candidates in canonical order, as many as top-k allows.
  private func likely(_ logits: UnsafeBufferPointer<Float>, best: (token: Int32, logit: Float)) -> [Candidate] {
    // 30 nats (at temperature 1) below the best a token has no chance worth sorting it for.
    let floor = best.logit - 30 * Float(max(1, parameters.temperature))
    let limit = parameters.topK == 0 ? Int.max : parameters.topK
    var kept: [Candidate] = []
    var threshold = floor
    for index in logits.indices {
      let logit = unsafe logits[index]
      guard logit >= threshold else { continue }
      kept.append(Candidate(token: Int32(truncatingIfNeeded: index), logit: logit))
      // Cut back now and then, so that sorting costs little whatever k is.
      if kept.count >= 2048, kept.count / 4 >= limit {
        kept.sort(by: Candidate.precedes)
        kept.removeSubrange(limit...)
        threshold = max(threshold, kept.last?.logit ?? threshold)
      }
    }
    kept.sort(by: Candidate.precedes)
    if kept.count > limit { kept.removeSubrange(limit...) }
    return kept
  }

  /// Locally typical sampling: keeps the tokens closest to the expected surprise, in canonical order again.
  private func keepTypical(_ candidates: inout [Candidate]) {
    guard parameters.typicalP < 1, candidates.count > 1 else { return }
    let weights = Self.weights(candidates, temperature: 1)
    let sum = weights.reduce(0, +)
    let logSum = CanonicalMath.log(sum)
    let best = Double(candidates[0].logit)
    let surprises = candidates.map { logSum - (Double($0.logit) - best) }
    let entropy = zip(weights, surprises).reduce(0) { $0 + $1.0 / sum * $1.1 }
    let order = candidates.indices.sorted {
      let (left, right) = (abs(surprises[$0] - entropy), abs(surprises[$1] - entropy))
      return left < right || (left == right && $0 < $1)
    }
    var mass = 0.0
    var kept: [Int] = []
    for index in order {
      kept.append(index)
      mass += weights[index] / sum
      if mass >= parameters.typicalP { break }
    }
    candidates = kept.sorted().map { candidates[$0] }
  }

  /// Nucleus sampling.
  private func keepTop(_ candidates: inout [Candidate]) {
    guard parameters.topP < 1 else { return }
    let weights = Self.weights(candidates, temperature: 1)
    let limit = parameters.topP * weights.reduce(0, +)
    var mass = 0.0
    for (index, weight) in weights.enumerated() {
      mass += weight
      if mass >= limit {
        candidates.removeSubrange((index + 1)...)
        return
      }
    }
  }

  /// Probabilities up to a common factor, in the candidates' order.
  private static func weights(_ candidates: [Candidate], temperature: Double) -> [Double] {
    let best = candidates.map(\.logit).max() ?? 0
    return candidates.map { CanonicalMath.exp(max(-700, (Double($0.logit) - Double(best)) / temperature)) }
  }

  // MARK: Log probabilities

  /// The logarithm of the sum of exponentials of the logits, in a fixed order of operations.
  package static func logSumExp(_ logits: UnsafeBufferPointer<Float>, compute: Compute) throws(EngineError) -> Double {
    let best = try unsafe mostLikely(logits).logit
    let exponentials = compute.exponentials(unsafe logits.map { $0 - best })
    return Double(best) + CanonicalMath.log(exponentials.reduce(0) { $0 + Double($1) })
  }

  /// The chosen token's log probability, those of the `top` most likely tokens, and those of `also` that are not among them.
  package func logprobs(
    _ logits: UnsafeBufferPointer<Float>, chosen: Int32, top: Int, also: [Int32] = []
  ) throws(EngineError) -> TokenLogprobs {
    let total = try unsafe Self.logSumExp(logits, compute: compute)
    func entry(_ token: Int32) -> TokenLogprob {
      TokenLogprob(token: token, logprob: Double(unsafe logits[Int(token)]) - total)
    }
    // Few are wanted of many: each is put into its place among the best so far.
    var best: [Candidate] = []
    for index in logits.indices where top > 0 {
      let candidate = unsafe Candidate(token: Int32(truncatingIfNeeded: index), logit: logits[index])
      if best.count >= top, let last = best.last, !Candidate.precedes(candidate, last) { continue }
      if best.count >= top { best.removeLast() }
      best.insert(candidate, at: best.firstIndex { Candidate.precedes(candidate, $0) } ?? best.count)
    }
    let others = also.filter { token in !best.contains { $0.token == token } }
    return TokenLogprobs(chosen: entry(chosen), top: best.map { entry($0.token) } + others.map(entry))
  }
}
