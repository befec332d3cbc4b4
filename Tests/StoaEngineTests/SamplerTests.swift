import StoaTensor
import Testing

@testable import StoaEngine

@Suite struct SamplerTests {
  private func compute() throws -> Compute { try Compute(instructionSet: .best, threads: 1) }

  private func choose(
    _ logits: [Float], _ change: (inout SamplingParameters) -> Void, seed: UInt64 = 1, prompt: [Int32] = [],
    draws: Int = 1, position: Int = 0
  ) throws -> [Int32] {
    var parameters = SamplingParameters()
    parameters.topK = 0
    parameters.topP = 1
    parameters.minP = 0
    parameters.temperature = 1
    change(&parameters)
    try parameters.validate()
    var sampler = Sampler(parameters: parameters, seed: seed, prompt: prompt, compute: try compute())
    return try (0..<draws).map { index in
      let token = try unsafe logits.withUnsafeBufferPointer {
        try unsafe sampler.choose($0, position: position + index)
      }
      sampler.record(token)
      return token
    }
  }

  /// Which tokens come up in many draws.
  private func support(_ logits: [Float], _ change: (inout SamplingParameters) -> Void) throws -> Set<Int32> {
    Set(try choose(logits, change, draws: 4000))
  }

  @Test("Greedy takes the most likely token, of equal ones the lowest")
  func greedy() throws {
    #expect(try choose([1, 3, 3, 2]) { $0.temperature = 0 } == [1])
    #expect(try choose([1, 3, 3, 2]) { $0.topK = 1 } == [1])
  }

  @Test("Frequencies follow the softmax")
  func distribution() throws {
    let logits: [Float] = [0, 1, 2, -1]
    for temperature in [0.5, 1.0, 2.0] {
      let draws = try choose(logits, { $0.temperature = temperature }, draws: 40_000)
      let weights = logits.map { CanonicalMath.exp(Double($0) / temperature) }
      for token in logits.indices {
        let share = Double(draws.count { $0 == Int32(token) }) / Double(draws.count)
        let expected = weights[token] / weights.reduce(0, +)
        // Five standard deviations.
        #expect(abs(share - expected) < 5 * (expected * (1 - expected) / 40_000).squareRoot())
      }
    }
  }

  @Test("The filters keep what their papers say")
  func filters() throws {
    // Probabilities 0.5, 0.25, 0.125, 0.0625, 0.0625.
    let logits = [0.5, 0.25, 0.125, 0.0625, 0.0625].map { Float(CanonicalMath.log($0)) }
    #expect(try support(logits) { $0.topK = 3 } == [0, 1, 2])
    #expect(try support(logits) { $0.topP = 0.7 } == [0, 1])
    #expect(try support(logits) { $0.topP = 0.76 } == [0, 1, 2])
    #expect(try support(logits) { $0.minP = 0.2 } == [0, 1, 2])
    #expect(try support(logits) { $0.minP = 0.6 } == [0])
    // The entropy is 1.875 bits; surprises are 1, 2, 3, 4, 4 bits, so the second is the most typical, then the first.
    #expect(try support(logits) { $0.typicalP = 0.2 } == [1])
    #expect(try support(logits) { $0.typicalP = 0.7 } == [0, 1])
    #expect(
      try support(logits) {
        $0.topK = 2; $0.minP = 0.9
      } == [0])
    #expect(try support(logits) { _ in } == [0, 1, 2, 3, 4])
  }

  @Test("Top-k of a large vocabulary is that of a full sort", arguments: [1, 5, 40, 600, 3000])
  func largeVocabulary(k: Int) throws {
    var state: UInt64 = 88_172_645_463_325_252
    let logits = (0..<50_000).map { _ -> Float in
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return Float(state % 997) / 400
    }
    let best = logits.indices.sorted { logits[$0] > logits[$1] || (logits[$0] == logits[$1] && $0 < $1) }.prefix(k)
    let drawn = try support(logits) { $0.topK = k }
    #expect(drawn.isSubset(of: Set(best.map(Int32.init))))
    #expect(drawn.count >= min(k, 500))
  }

  @Test("Penalties and bias change the logits as documented")
  func penalties() throws {
    let logits: [Float] = [2, 1.9, -1]
    #expect(
      try choose(
        logits,
        {
          $0.temperature = 0; $0.repetitionPenalty = 1.2
        }, prompt: [0]) == [1])
    #expect(
      try choose(
        logits,
        {
          $0.temperature = 0; $0.repetitionPenalty = 1.2
        }, prompt: [1]) == [0])
    // Presence and frequency count the answer, not the prompt.
    #expect(
      try choose(
        logits,
        {
          $0.temperature = 0; $0.presencePenalty = 1
        }, prompt: [0]) == [0])
    #expect(
      try choose(
        logits,
        {
          $0.temperature = 0; $0.presencePenalty = 0.5
        }, draws: 3) == [0, 1, 0])
    #expect(
      try choose(
        logits,
        {
          $0.temperature = 0; $0.frequencyPenalty = 0.08
        }, draws: 5) == [0, 0, 1, 0, 1])
    #expect(
      try choose(logits) {
        $0.temperature = 0; $0.logitBias = [2: 10, 99: 5, -4: 5]
      } == [2])
    #expect(
      try choose(logits) {
        $0.temperature = 0; $0.logitBias = [0: -.infinity]
      } == [1])
    // A window of one token forgets the first choice.
    #expect(
      try choose(
        logits,
        {
          $0.temperature = 0; $0.presencePenalty = 5; $0.penaltyWindow = 1
        }, draws: 4)
        == [0, 1, 0, 1])
  }

  @Test("A draw depends on seed and position alone")
  func repeatable() throws {
    let logits = [Float](repeating: 0, count: 1000)
    let all = try choose(logits, { _ in }, seed: 5, draws: 20)
    #expect(try choose(logits, { _ in }, seed: 5, draws: 20) == all)
    #expect(try choose(logits, { _ in }, seed: 5, draws: 5, position: 15) == Array(all[15...]))
    #expect(try choose(logits, { _ in }, seed: 6, draws: 20) != all)
  }

  @Test("Log probabilities sum to one and keep their order")
  func logprobs() throws {
    let logits: [Float] = [0.3, -2, 5, 1]
    let sampler = Sampler(parameters: .greedy, seed: 0, prompt: [], compute: try compute())
    let result = try unsafe logits.withUnsafeBufferPointer { try unsafe sampler.logprobs($0, chosen: 3, top: 4) }
    #expect(result.top.map(\.token) == [2, 3, 0, 1])
    #expect(abs(result.top.reduce(0) { $0 + CanonicalMath.exp($1.logprob) } - 1) < 1e-6)
    #expect(result.chosen == result.top[1])
  }

  @Test("Logits that are not numbers are an error")
  func notNumbers() throws {
    for logits in [[Float.nan, .nan], [], [-.infinity], [.infinity, 1]] {
      #expect(throws: EngineError.notANumber) { try choose(logits) { _ in } }
    }
  }

  @Test("Parameters outside their range are refused by name")
  func validation() {
    let changes: [(inout SamplingParameters) -> Void] = [
      { $0.temperature = -1 }, { $0.temperature = .nan }, { $0.topK = -1 }, { $0.topP = 0 }, { $0.topP = 1.1 },
      { $0.minP = -0.1 }, { $0.typicalP = 0 }, { $0.repetitionPenalty = 0 }, { $0.presencePenalty = .infinity },
      { $0.frequencyPenalty = .nan }, { $0.logitBias = [1: .nan] }, { $0.penaltyWindow = -1 },
    ]
    for change in changes {
      var parameters = SamplingParameters()
      change(&parameters)
      #expect(throws: EngineError.self) { try parameters.validate() }
    }
  }
}
