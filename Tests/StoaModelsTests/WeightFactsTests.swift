import StoaFormats
import StoaTestSupport
import Testing

@testable import StoaModels

/// How many weights there are, against the configurations.
struct WeightFactsTests {
  private static func folder(_ name: String) -> String { OracleData.fixture("models/families/\(name)") }

  @Test("Scales of FP8 weights are no weights", arguments: ["deepseek_v3_fp8", "llama_fp8_rows", "llama_fp8_tensors"])
  func float8(name: String) throws {
    let tensors = try SafetensorsCheckpoint(path: Self.folder(name)).tensors
    let scales = tensors.filter { $0.name.contains("scale") }
    try #require(!scales.isEmpty)
    let all = tensors.reduce(0) { $0 + $1.elementCount }
    #expect(WeightFacts(tensors).parameters == all - scales.reduce(0) { $0 + $1.elementCount })
  }

  @Test("Experts that are packed by four bits count whole")
  func packed() throws {
    let path = Self.folder("gpt_oss")
    let tensors = try SafetensorsCheckpoint(path: path).tensors
    let configuration = try HuggingFaceConfiguration(directory: path)
    func number(_ key: String) throws -> Int { try #require(configuration.raw[key]?.intValue) }
    let width = try number("hidden_size")
    let inner = try number("intermediate_size")
    let experts = try number("num_hidden_layers") * number("num_local_experts") * 3 * width * inner
    let others = tensors.filter { !$0.name.hasSuffix("_blocks") && !$0.name.hasSuffix("_scales") }
    let facts = WeightFacts(tensors)
    #expect(facts.parameters == experts + others.reduce(0) { $0 + $1.elementCount })
  }
}
