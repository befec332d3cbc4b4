import StoaFormats
import StoaTensor
import StoaTestSupport
import Testing

@testable import StoaModels

@Suite struct DecoderTests {
  private func load(_ fixture: ModelFixture, set: KernelSet = .best, threads: Int = 2) throws -> any DecoderModel {
    try loadModel(try fixture.checkpoint(), compute: try set.compute(threads: threads))
  }

  private func check(_ fixture: ModelFixture) throws {
    let model = try load(fixture)
    let tolerance = try fixture.tolerance()
    for item in try fixture.cases() {
      let rows = try logits(of: model, for: item.tokens)
      let last = try #require(rows.last)
      #expect(last.count == item.lastLogits.count)
      let distance = zip(last, item.lastLogits).map { abs(Double($0) - $1) }.max() ?? .infinity
      #expect(distance <= tolerance, "\(item.tokens.count) tokens")
      guard tolerance <= 1e-3 else { continue }
      for (index, nll) in item.negativeLogLikelihoods.enumerated() {
        let row = rows[index].map(Double.init)
        let best = row.max() ?? 0
        let sum = row.reduce(0) { $0 + CanonicalMath.exp($1 - best) }
        let own = best + CanonicalMath.log(sum) - row[Int(item.tokens[index + 1])]
        #expect(abs(own - nll) <= 1e-3)
      }
      var tokens = item.tokens
      for expected in item.greedy {
        let next = mostLikely(try #require(try logits(of: model, for: tokens).last))
        #expect(next == expected)
        tokens.append(next)
      }
    }
  }

  /// Families are checked by Tests/Oracles, but for these, whose weights are read like no others.
  private static let published = ["deepseek_v3_fp8", "llama_fp8_rows", "llama_fp8_tensors", "gpt_oss"].map {
    ModelFixture.named("families/" + $0)
  }

  @Test("Logits and greedy tokens equal those of transformers", arguments: ModelFixture.inRepository + published)
  func fixtures(fixture: ModelFixture) throws { try check(fixture) }

  // The folder mistral_swa_bf16 is checked by Tests/Oracles against its own rounded weights: its reference logits are
  // those of the weights before rounding. Those of falcon_alibi count the distances of keys twice (see Falcon.swift).
  @Test(
    "Logits and greedy tokens equal the reference data", .oracle("models/generated_arch_dev"),
    arguments: [
      "llama", "llama3_ropescaling", "llama_sharded", "mistral_swa", "mixtral", "qwen2", "qwen2_moe", "qwen3", "olmo",
      "olmo2", "phi3", "gpt2", "gpt_neox_parallel", "gpt_neox_sequential", "falcon_mqa", "falcon_newarch",
      "gemma2", "deepseek_v2", "deepseek_v3",
    ])
  func referenceData(name: String) throws { try check(.inData(name)) }

  @Test(
    "The fast pass equals the readable one",
    arguments: ["llama", "llama3_rope_old", "mistral_window", "gguf_f32", "gguf_llama3_rope"])
  func readablePass(name: String) throws {
    let fixture = ModelFixture.named(name)
    let tokens = try #require(try fixture.cases().last).tokens
    var reference = try ReferenceLlama(try fixture.checkpoint())
    let expected = try reference.logits(for: tokens)
    let result = try logits(of: try load(fixture), for: tokens)
    for (left, right) in zip(expected, result) {
      #expect(zip(left, right).allSatisfy { abs($0 - $1) < 1e-4 })
    }
  }

  @Test(
    "Bits do not depend on instruction set, threads, chunks or company",
    arguments: ModelFixture.inRepository + [ModelFixture.named("families/gpt_oss")])
  func identity(fixture: ModelFixture) throws {
    let tokens = try #require(try fixture.cases().last).tokens
    let strangers = (1...7).map { shift in tokens.map { ($0 + Int32(shift * 13)) % 100 } }
    for type in CacheType.allCases {
      let reference = try logits(of: try load(fixture, set: .scalar, threads: 1), for: tokens, cache: type)
      for set in KernelSet.all {
        for threads in [1, 2, 4] {
          let model = try load(fixture, set: set, threads: threads)
          let chunks = set == .best ? [1, 7, 64, 512] : [512]
          for chunk in chunks {
            let result = try logits(of: model, for: tokens, chunk: chunk, cache: type)
            #expect(identical(result, reference), "\(set), \(threads) threads, chunks of \(chunk), \(type)")
          }
          if set == .best, threads == 2 {
            let result = try logits(of: model, for: tokens, chunk: 7, cache: type, strangers: strangers)
            #expect(identical(result, reference), "with seven strangers, \(type)")
          }
        }
      }
    }
  }

  @Test("What does not fit or exist is an error")
  func limits() throws {
    let model = try load(.named("llama"))
    #expect(throws: ModelError.self) { try logits(of: model, for: [-1]) }
    #expect(throws: ModelError.self) { try logits(of: model, for: [Int32.max]) }
    let cache = try model.makeCache(type: .f16, capacity: 2)
    let workspace = try model.makeWorkspace(maxTokens: 8)
    #expect(throws: ModelError.contextFull(capacity: 2, needed: 3)) {
      try unsafe model.forward(
        [Segment(tokens: [1, 2, 3], cache: cache, logits: .last)], workspace: workspace, isCancelled: { false }
      ) { _, _, _ in }
    }
    #expect(throws: ModelError.cancelled) {
      try unsafe model.forward(
        [Segment(tokens: [1], cache: cache, logits: .last)], workspace: workspace, isCancelled: { true }
      ) { _, _, _ in }
    }
    #expect(cache.count == 0)
  }
}
