import StoaGrammar
import StoaTestSupport
import StoaTokenizers
import Testing

@testable import StoaEngine

@Suite struct ConstraintTests {
  private func load() throws -> LanguageModel {
    var options = LoadOptions()
    options.threads = 2
    return try LanguageModel.load(path: OracleData.fixture("models/llama"), options: options)
  }

  private func options(_ pattern: String, _ model: LanguageModel, seed: UInt64 = 1) throws -> GenerationOptions {
    var options = GenerationOptions()
    options.constraint = try model.constraint(CompiledGrammar(Grammar(regex: pattern)))
    options.sampling.seed = seed
    options.maxTokens = 60
    return options
  }

  @Test("Answers follow the grammar, greedy and sampled, and stop when nothing can follow")
  func follows() throws {
    let model = try load()
    let session = try model.makeSession()
    let prompt: [Int32] = [1, 20, 30, 40]
    for seed in 0..<8 as Range<UInt64> {
      var options = try options("(?:yes|no)(?: [a-c]{2,4}){3}!", model, seed: seed)
      if seed == 0 { options.sampling = .greedy }
      let result = try session.generate(prompt: prompt, options: options)
      #expect(result.finishReason == .stop)
      #expect(try result.text.wholeMatch(of: Regex("(?:yes|no)(?: [a-c]{2,4}){3}!")) != nil, "\(result.text)")
      #expect(try session.generate(prompt: prompt, options: options).tokens == result.tokens)
    }
  }

  @Test("A bias cannot bring back what the grammar excludes, and log probabilities are the model's own")
  func biasAndLogprobs() throws {
    let model = try load()
    var options = try options("[ab]{5}", model)
    options.sampling = .greedy
    for token in 0..<(model.tokenizer?.vocabularySize ?? 0) {
      options.sampling.logitBias[Int32(token)] = Float(token % 7) * 100
    }
    options.topLogprobs = 3
    let session = try model.makeSession()
    let result = try session.generate(prompt: [1, 20, 30, 40], options: options)
    #expect(result.text.allSatisfy { "ab".contains($0) } && result.text.count == 5)
    var free = GenerationOptions()
    free.sampling = .greedy
    free.maxTokens = 1
    free.topLogprobs = 3
    let unconstrained = try session.generate(prompt: [1, 20, 30, 40], options: free)
    #expect(result.logprobs.first?.top == unconstrained.logprobs.first?.top)
  }

  @Test("A grammar of nothing but the empty text ends at once; one beyond the limit is cut off")
  func ends() throws {
    let model = try load()
    let session = try model.makeSession()
    let empty = try session.generate(prompt: [1, 20], options: options("", model))
    #expect(empty.tokens.isEmpty && empty.finishReason == .stop)
    var long = try options("[a-z]{500}", model)
    long.maxTokens = 5
    let cut = try session.generate(prompt: [1, 20], options: long)
    #expect(cut.finishReason == .length && cut.tokens.count == 5)
  }

  @Test("An answer under a grammar ends within its limit, whatever the model would rather write", arguments: 6...40)
  func limits(_ limit: Int) throws {
    let model = try load()
    let session = try model.makeSession()
    let pattern = #"\{"name": "[a-z ]*", "list": \[("[a-z]*"(, "[a-z]*")*)?\]\}"#
    for seed in 0..<4 as Range<UInt64> {
      var options = try options(pattern, model, seed: seed)
      options.sampling.temperature = 2
      options.maxTokens = limit
      let result = try session.generate(prompt: [1, 20, 30, 40], options: options)
      #expect(result.tokens.count <= limit)
      // Nothing shorter matches than the names and the brackets.
      let shortest = model.tokenizer?.encode("{\"name\": \"\", \"list\": []}", addSpecial: false).count ?? 0
      if limit >= shortest { #expect(result.finishReason == .stop, "\(limit): \(result.text)") }
      if result.finishReason == .stop {
        #expect(try result.text.wholeMatch(of: Regex(pattern)) != nil, "\(result.text)")
      }
    }
  }
}
