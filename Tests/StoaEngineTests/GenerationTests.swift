import Foundation
import StoaFormats
import StoaTensor
import StoaTestSupport
import StoaTokenizers
import Testing

@testable import StoaEngine

@Suite struct GenerationTests {
  private func load(_ name: String, _ change: (inout LoadOptions) -> Void = { _ in }) throws -> LanguageModel {
    var options = LoadOptions()
    options.threads = 2
    change(&options)
    return try LanguageModel.load(path: OracleData.fixture("models/" + name), options: options)
  }

  private func options(_ change: (inout GenerationOptions) -> Void = { _ in }) -> GenerationOptions {
    var options = GenerationOptions()
    options.sampling = .greedy
    options.maxTokens = 12
    change(&options)
    return options
  }

  @Test("Greedy answers equal those of transformers")
  func greedy() throws {
    let session = try load("llama").makeSession()
    let expected = try JSONValue(path: OracleData.fixture("models/llama/expected.json"))
    for item in expected["cases"]?.arrayValue ?? [] {
      let prompt = (item["input_ids"]?.arrayValue ?? []).compactMap(\.intValue).map { Int32($0) }
      let greedy = (item["greedy_next8"]?.arrayValue ?? []).compactMap(\.intValue).map { Int32($0) }
      let result = try session.generate(prompt: prompt, options: options { $0.maxTokens = 8 })
      // The reference goes on past end tokens; an answer ends there.
      let end = greedy.firstIndex { session.model.endTokens.contains($0) }
      #expect(result.tokens == Array(greedy[..<(end ?? greedy.count)]))
      #expect(result.finishReason == (end == nil ? .length : .stop))
    }
  }

  @Test("An answer does not depend on chunks, cache contents or what was asked before")
  func sessionsAreRepeatable() throws {
    let prompt: [Int32] = (0..<60).map { ($0 * 7 + 1) % 90 + 3 }
    let sampled = options {
      $0.sampling = SamplingParameters(); $0.sampling.seed = 9; $0.sampling.temperature = 1.5
    }
    let reference = try load("llama").makeSession().generate(prompt: prompt, options: sampled)
    #expect(reference.cachedTokens == 0)
    for chunk in [1, 7, 64] {
      let session = try load("llama") { $0.prefillChunk = chunk }.makeSession()
      #expect(try session.generate(prompt: prompt, options: sampled).tokens == reference.tokens)
    }
    let session = try load("llama").makeSession()
    _ = try session.generate(prompt: Array(prompt[..<30]) + [4, 5, 6], options: options())
    let again = try session.generate(prompt: prompt, options: sampled)
    #expect(again.cachedTokens == 30)
    #expect(again.tokens == reference.tokens)
    let third = try session.generate(prompt: prompt, options: sampled)
    #expect(third.cachedTokens == prompt.count - 1)
    #expect(third.tokens == reference.tokens)
  }

  @Test("The text is that of the tokens, whole and in pieces")
  func text() throws {
    let model = try load("llama")
    let tokenizer = try #require(model.tokenizer)
    var pieces: [String] = []
    let prompt = tokenizer.encode("Hello")
    let result = try model.makeSession().generate(prompt: prompt, options: options()) {
      false
    } onText: {
      pieces.append($0)
    }
    #expect(pieces.joined() == result.text)
    var detokenizer = tokenizer.detokenizer(continuing: true)
    let expected = result.tokens.map { detokenizer.append($0) }.joined() + detokenizer.finish()
    #expect(result.text == expected)
  }

  @Test("Stop strings, limits and cancellation end an answer")
  func endings() throws {
    let model = try load("llama")
    let tokenizer = try #require(model.tokenizer)
    let prompt = tokenizer.encode("Hello")
    let session = try model.makeSession()
    let whole = try session.generate(prompt: prompt, options: options { $0.maxTokens = 30 })
    #expect(whole.tokens.count <= 30)
    if whole.text.count > 6 {
      let stop = String(whole.text.dropFirst(3).prefix(2))
      let stopped = try session.generate(
        prompt: prompt,
        options: options {
          $0.maxTokens = 30; $0.stop = [stop]
        })
      #expect(stopped.finishReason == .stop)
      #expect(!stopped.text.contains(stop))
      #expect(whole.text.hasPrefix(stopped.text))
    }
    #expect(try session.generate(prompt: prompt, options: options { $0.maxTokens = 0 }).tokens.isEmpty)
    let cancelled = try session.generate(prompt: prompt, options: options(), isCancelled: { true })
    #expect(cancelled.finishReason == .cancelled)
    #expect(cancelled.tokens.isEmpty)
  }

  @Test("A prompt that does not fit is an error that says by how much")
  func tooLong() throws {
    let model = try load("llama") { $0.contextLength = 16 }
    let session = try model.makeSession()
    #expect(throws: EngineError.promptTooLong(tokens: 20, context: 16)) {
      try session.generate(prompt: [Int32](repeating: 5, count: 20))
    }
    #expect(throws: EngineError.emptyPrompt) { try session.generate(prompt: []) }
    let full = try session.generate(
      prompt: [Int32](repeating: 5, count: 16),
      options: options { $0.sampling.logitBias = [0: -100, 1: -100, 2: -100] })
    #expect(full.tokens.isEmpty)
    #expect(full.finishReason == .length)
    #expect(throws: EngineError.self) { try load("llama") { $0.contextLength = 1_000_000 } }
  }

  @Test("Log probabilities come with each token when asked for")
  func logprobs() throws {
    let session = try load("llama").makeSession()
    let result = try session.generate(prompt: [1, 5, 9], options: options { $0.topLogprobs = 3 })
    #expect(result.logprobs.count == result.tokens.count)
    for (token, entry) in zip(result.tokens, result.logprobs) {
      #expect(entry.chosen.token == token)
      #expect(entry.top.first?.token == token)
      #expect(entry.top.count == 3)
    }
  }

  @Test("Perplexity is that of transformers' log-likelihoods")
  func perplexityOfFixture() throws {
    let model = try load("llama")
    let expected = try JSONValue(path: OracleData.fixture("models/llama/expected.json"))
    for item in (expected["cases"]?.arrayValue ?? []).dropFirst() {
      let tokens = (item["input_ids"]?.arrayValue ?? []).compactMap(\.intValue).map { Int32($0) }
      let nll = (item["token_nll"]?.arrayValue ?? []).compactMap(\.doubleValue)
      guard tokens.first == model.bosToken else { continue }
      let result = try perplexity(model: model, tokens: Array(tokens.dropFirst()), context: tokens.count)
      #expect(result.tokens == nll.count)
      #expect(abs(result.nll - nll.reduce(0, +) / Double(nll.count)) < 1e-4)
    }
  }

  @Test("The benchmark measures what it is asked for")
  func benchmarks() throws {
    let model = try load("gguf_q8_0/model.gguf")
    let result = try benchmark(model: model, prompt: 40, generate: 5, batch: 3, repetitions: 1)
    #expect(result.promptRate > 0 && result.generateRate > 0)
    #expect(try benchmark(model: model, prompt: 8, generate: 0, repetitions: 1).generateRate == 0)
    #expect(throws: EngineError.self) { try benchmark(model: model, prompt: 10_000_000, generate: 1) }
  }

  @Test(
    "Real text out of a real model", .oracle("models/derived_stories260K_gguf"), arguments: ["F32", "F16"])
  func stories(type: String) throws {
    let folder = OracleData.path("models/derived_stories260K_gguf/stories260K-\(type)")
    let expected = try String(contentsOfFile: folder + ".greedy.txt", encoding: .utf8)
      .replacingOccurrences(of: "<0x0A>", with: "\n")
    let model = try LanguageModel.load(path: folder + ".gguf")
    let result = try model.makeSession().generate(
      prompt: [try #require(model.bosToken)], options: options { $0.maxTokens = 200 })
    #expect(result.text.hasPrefix(expected.trimmingCharacters(in: .whitespacesAndNewlines)))
  }
}
