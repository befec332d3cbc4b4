import StoaTensor

/// Which experts the tokens of a batch go through, with the rows that the tokens take when they are gathered by expert.
struct ExpertRouting {
  /// A token's share in an expert.
  struct Share {
    let expert: Int
    let weight: Float
    /// The token's row among those of all experts.
    var row = 0
  }

  /// `[tokens][used]`, by ascending expert.
  private(set) var shares: [Share] = []
  /// The rows of each expert.
  private(set) var rows: [Range<Int>] = []
  private let used: Int

  /// Chooses the experts of the largest scores for each token, ties to the lower number, and weighs them as the rules
  /// say, in binary64 and in ascending order.
  ///
  /// Sources: Jiang and others, "Mixtral of Experts", 2024 (arXiv:2401.04088); DeepSeek-AI, 2024 (arXiv:2405.04434,
  /// 2412.19437) for groups, sigmoids and the selection bias.
  ///
  /// - Parameter logits: `[tokens][experts]`.
  init(
    logits: UnsafeBufferPointer<Float>, experts: Int, used: Int, rules: ExpertRules, selectionBias: FloatVector? = nil
  ) {
    self.used = used
    let tokens = logits.count / experts
    var counts = [Int](repeating: 0, count: experts)
    shares.reserveCapacity(tokens * used)
    for token in 0..<tokens {
      let row = unsafe UnsafeBufferPointer(rebasing: logits[token * experts..<(token + 1) * experts])
      for (expert, weight) in unsafe Self.choose(row, used, rules, selectionBias) {
        counts[expert] += 1
        shares.append(Share(expert: expert, weight: weight))
      }
    }
    var next = 0
    for count in counts {
      rows.append(next..<next + count)
      next += count
    }
    var free = rows.map(\.lowerBound)
    for index in shares.indices {
      shares[index].row = free[shares[index].expert]
      free[shares[index].expert] += 1
    }
  }

  /// The shares of a token.
  func shares(ofToken token: Int) -> ArraySlice<Share> { shares[token * used..<(token + 1) * used] }

  /// The experts of one token in ascending order, with their weights.
  private static func choose(
    _ logits: UnsafeBufferPointer<Float>, _ used: Int, _ rules: ExpertRules, _ bias: FloatVector?
  ) -> [(expert: Int, weight: Float)] {
    let scores: [Double]
    switch rules.scores {
    case .softmaxOfChosen: scores = unsafe logits.map { Double($0) }
    case .softmax:
      let best = Double(unsafe logits.reduce(-Float.infinity) { $0 < $1 ? $1 : $0 })
      let powers = unsafe logits.map { CanonicalMath.exp(Double($0) - best) }
      let sum = powers.reduce(0, +)
      scores = powers.map { $0 / sum }
    case .sigmoid: scores = unsafe logits.map { 1 / (1 + CanonicalMath.exp(-Double($0))) }
    }
    var ranks = scores
    if let bias { for index in ranks.indices { ranks[index] += Double(unsafe bias.values[index]) } }
    if rules.groupsUsed < rules.groups {
      let size = ranks.count / rules.groups
      let groupRanks = (0..<rules.groups).map { group in
        let members = Array(ranks[group * size..<(group + 1) * size])
        return largest(members, rules.groupsByBestTwo ? 2 : 1).reduce(0) { $0 + members[$1] }
      }
      let chosen = Set(largest(groupRanks, rules.groupsUsed))
      for index in ranks.indices where !chosen.contains(index / size) { ranks[index] = -.infinity }
    }
    let chosen = largest(ranks, used)
    var weights: [Double]
    if rules.scores == .softmaxOfChosen {
      let best = chosen.map { scores[$0] }.max() ?? 0
      weights = chosen.map { CanonicalMath.exp(scores[$0] - best) }
      let sum = weights.reduce(0, +)
      weights = weights.map { $0 / sum }
    } else {
      weights = chosen.map { scores[$0] }
      if rules.normalizes {
        let sum = weights.reduce(0, +) + 1e-20
        weights = weights.map { $0 / sum }
      }
    }
    if rules.scale != 1 { weights = weights.map { $0 * rules.scale } }
    return zip(chosen, weights).map { ($0, Float($1)) }
  }

  /// The positions of the largest values, in ascending order. A NaN counts as smaller than any number.
  private static func largest(_ values: [Double], _ count: Int) -> [Int] {
    var chosen: [Int] = []
    for index in values.indices {
      // After all that are as large, so that of equal ones the first stay.
      let place = chosen.firstIndex { values[$0] < values[index] || values[$0].isNaN } ?? chosen.count
      if place < count {
        chosen.insert(index, at: place)
        if chosen.count > count { chosen.removeLast() }
      }
    }
    return chosen.sorted()
  }
}

/// Scratch memory of mixtures of experts, for every token in every expert it goes through.
@safe package final class ExpertWorkspace {
  /// `[tokens][experts]`: what the router says.
  let logits: UnsafeMutablePointer<Float>
  /// `[tokens]`: what the gate of the shared expert says.
  let sharedGates: UnsafeMutablePointer<Float>
  /// The inputs of the experts, those of one expert side by side.
  let input: Activations
  /// Their gated values.
  let inner: Activations
  let up: UnsafeMutablePointer<Float>
  /// Their outputs.
  let outputs: UnsafeMutablePointer<Float>
  private let memory: [Memory]

  init(_ configuration: DecoderConfiguration, _ rules: ExpertRules, maxTokens: Int) throws(MemoryError) {
    let (rows, overflow) = maxTokens.multipliedReportingOverflow(by: configuration.expertsUsed)
    guard !overflow else { throw .cannotReserve(bytes: Int.max) }
    let logits = try Memory.of(Float.self, rows: maxTokens, columns: configuration.experts)
    let sharedGates = try Memory.of(Float.self, count: maxTokens)
    let up = try Memory.of(Float.self, rows: rows, columns: rules.width)
    let outputs = try Memory.of(Float.self, rows: rows, columns: configuration.width)
    input = try Activations(capacity: rows, maxColumns: configuration.width)
    inner = try Activations(capacity: rows, maxColumns: rules.width)
    memory = [logits, sharedGates, up, outputs]
    unsafe self.logits = logits.pointer(to: Float.self)
    unsafe self.sharedGates = sharedGates.pointer(to: Float.self)
    unsafe self.up = up.pointer(to: Float.self)
    unsafe self.outputs = outputs.pointer(to: Float.self)
  }
}
