import Foundation
import StoaFormats
import StoaTensor
import StoaTestSupport
import StoaTokenizers
import Testing

@testable import StoaEngine

/// The bundled model against what llama.cpp and PyTorch made of the same file (`models/primer/reference.json`).
@Suite struct PrimerTests {
  private let folder = OracleData.repository.appendingPathComponent("models/primer").path

  private func load() throws -> LanguageModel { try LanguageModel.load(path: folder + "/primer-q8_0.gguf") }

  private func reference() throws -> JSONValue { try JSONValue(path: folder + "/reference.json") }

  private func ids(_ value: JSONValue?) -> [Int32] {
    (value?.arrayValue ?? []).compactMap(\.intValue).map { Int32($0) }
  }

  @Test("Prompts have the same tokens, by the template and by the text")
  func prompts() throws {
    let model = try load()
    let tokenizer = try #require(model.tokenizer)
    for item in try reference()["greedy"]?.arrayValue ?? [] {
      let prompt = try #require(item["prompt"]?.stringValue)
      #expect(tokenizer.encode(prompt, addSpecial: false) == ids(item["prompt_ids"]))
    }
    #expect(model.chatTemplate != nil)
  }

  /// Both engines quantise activations, each in its own way, so a near tie may fall differently; then the other token
  /// must be next to the best.
  @Test("Greedy answers are those of llama.cpp up to near ties")
  func greedy() throws {
    let model = try load()
    let session = try model.makeSession()
    for item in try reference()["greedy"]?.arrayValue ?? [] {
      let (prompt, expected) = (ids(item["prompt_ids"]), ids(item["generated_ids"]))
      var options = GenerationOptions()
      options.sampling = .greedy
      options.maxTokens = expected.count
      let result = try session.generate(prompt: prompt, options: options)
      let common = zip(result.tokens, expected).prefix { $0 == $1 }.count
      guard common < min(result.tokens.count, expected.count) else { continue }
      let logits = try session.logits(for: prompt + expected[..<common])
      let margin = logits[Int(result.tokens[common])] - logits[Int(expected[common])]
      #expect(margin < 0.25, "after \(common) tokens")
    }
  }

  @Test("Losses of held-out texts are those of PyTorch")
  func heldOut() throws {
    let model = try load()
    for item in try reference()["held_out"]?.arrayValue ?? [] {
      let tokens = Array(ids(item["ids"]).drop { $0 == model.bosToken })
      let expected = try #require(item["mean_loss"]?.doubleValue)
      let result = try perplexity(model: model, tokens: tokens, context: min(tokens.count + 1, model.contextLength))
      #expect(abs(result.nll - expected) < 0.01 * expected + 0.005)
    }
  }
}
