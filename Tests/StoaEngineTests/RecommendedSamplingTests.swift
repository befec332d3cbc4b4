import Foundation
import StoaFormats
import StoaModels
import StoaTestSupport
import Testing

@testable import StoaEngine

@Suite struct RecommendedSamplingTests {
  private func recommended(_ generation: JSONValue) throws -> SamplingParameters {
    let folder = OracleData.fixture("models/llama")
    let configuration = try HuggingFaceConfiguration(
      json: JSONValue(path: folder + "/config.json"), generation: generation, path: folder + "/config.json")
    let tensors = try SafetensorsCheckpoint(path: folder)
    return SamplingParameters(recommendedBy: .huggingFace(tensors, configuration, directory: folder))
  }

  @Test("generation_config.json replaces the defaults that it names")
  func generationConfiguration() throws {
    let given = try recommended(["temperature": 0.6, "top_k": 20, "repetition_penalty": 1.1, "do_sample": true])
    var expected = SamplingParameters()
    expected.temperature = 0.6
    expected.topK = 20
    expected.repetitionPenalty = 1.1
    #expect(given == expected)
  }

  @Test("Values that make no sense are left out")
  func nonsense() throws {
    let given = try recommended(
      ["temperature": -1, "top_k": -5, "top_p": 0, "min_p": "much", "typical_p": 7, "repetition_penalty": 0])
    #expect(given == SamplingParameters())
  }

  @Test("GGUF names them general.sampling.*")
  func gguf() throws {
    let package = try ModelPackage(
      path: OracleData.repository.appendingPathComponent("models/primer/primer-q8_0.gguf").path)
    #expect(SamplingParameters(recommendedBy: package.checkpoint).temperature == 0.5)
  }
}
