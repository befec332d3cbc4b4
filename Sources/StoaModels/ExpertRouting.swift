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

  /// Chooses the experts of the largest logits for each token, ties to the lower number, and weighs them by the softmax
  /// over those chosen, in binary64 and in ascending order.
  ///
  /// Source: Jiang and others, "Mixtral of Experts", 2024 (arXiv:2401.04088).
  ///
  /// - Parameter logits: `[tokens][experts]`.
  init(logits: UnsafeBufferPointer<Float>, experts: Int, used: Int) {
    self.used = used
    let tokens = logits.count / experts
    var counts = [Int](repeating: 0, count: experts)
    shares.reserveCapacity(tokens * used)
    for token in 0..<tokens {
      let row = unsafe UnsafeBufferPointer(rebasing: logits[token * experts..<(token + 1) * experts])
      let chosen = unsafe Self.largest(row, used)
      let best = Double(chosen.map { unsafe row[$0] }.max() ?? 0)
      let weights = chosen.map { unsafe CanonicalMath.exp(Double(row[$0]) - best) }
      let sum = weights.reduce(0, +)
      for (expert, weight) in zip(chosen, weights) {
        counts[expert] += 1
        shares.append(Share(expert: expert, weight: Float(weight / sum)))
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

  /// The positions of the largest values, in ascending order. A NaN counts as smaller than any number.
  private static func largest(_ values: UnsafeBufferPointer<Float>, _ count: Int) -> [Int] {
    var chosen: [Int] = []
    for index in values.indices {
      // After all that are as large, so that of equal ones the first stay.
      let place = chosen.firstIndex { unsafe values[$0] < values[index] || values[$0].isNaN } ?? chosen.count
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
  /// The inputs of the experts, those of one expert side by side.
  let input: Activations
  /// Their gated values.
  let inner: Activations
  let up: UnsafeMutablePointer<Float>
  /// Their outputs.
  let outputs: UnsafeMutablePointer<Float>
  private let memory: [Memory]

  init(_ configuration: DecoderConfiguration, maxTokens: Int) throws(MemoryError) {
    let (rows, overflow) = maxTokens.multipliedReportingOverflow(by: configuration.expertsUsed)
    guard !overflow else { throw .cannotReserve(bytes: Int.max) }
    let logits = try Memory.of(Float.self, rows: maxTokens, columns: configuration.experts)
    let up = try Memory.of(Float.self, rows: rows, columns: configuration.feedForwardWidth)
    let outputs = try Memory.of(Float.self, rows: rows, columns: configuration.width)
    input = try Activations(capacity: rows, maxColumns: configuration.width)
    inner = try Activations(capacity: rows, maxColumns: configuration.feedForwardWidth)
    memory = [logits, up, outputs]
    unsafe self.logits = logits.pointer(to: Float.self)
    unsafe self.up = up.pointer(to: Float.self)
    unsafe self.outputs = outputs.pointer(to: Float.self)
  }
}
