import Foundation
import StoaFormats
import StoaTensor
import StoaTestSupport
import Testing

@testable import StoaModels

/// A checkpoint with reference outputs of transformers beside it.
struct ModelFixture: CustomTestStringConvertible, Sendable {
  struct Case: Sendable {
    let tokens: [Int32]
    let lastLogits: [Double]
    let negativeLogLikelihoods: [Double]
    let greedy: [Int32]
  }

  let folder: String
  let testDescription: String

  static let inRepository = [
    "llama", "llama3_rope_old", "llama_bf16", "llama_sharded", "llama_tied_linear_old", "mistral_window",
    "mistral_window_bf16", "gguf_f32", "gguf_f16", "gguf_bf16", "gguf_linear_rope", "gguf_llama3_rope", "gguf_q4_0",
    "gguf_q4_k_m", "gguf_q8_0", "gguf_split", "gguf_mixed_32", "gguf_mixed_256", "mixtral", "gguf_mixtral_f16",
    "gguf_mixtral_q8_0",
  ].map { ModelFixture(folder: OracleData.fixture("models/" + $0), testDescription: $0) }

  static func named(_ name: String) -> ModelFixture {
    ModelFixture(folder: OracleData.fixture("models/" + name), testDescription: name)
  }

  static func inData(_ name: String) -> ModelFixture {
    ModelFixture(folder: OracleData.path("models/generated_arch_dev/" + name), testDescription: name)
  }

  func checkpoint() throws -> Checkpoint {
    for name in ["model.gguf", "model-00001-of-00004.gguf"]
    where FileManager.default.fileExists(atPath: folder + "/" + name) {
      return try Checkpoint.open(path: folder + "/" + name)
    }
    return try Checkpoint.open(path: folder)
  }

  /// How far logits may be from the reference: what the file says, or what the data's description says.
  func tolerance() throws -> Double { try expected()["tolerance"]?.doubleValue ?? 1e-3 }

  func cases() throws -> [Case] {
    try (expected()["cases"]?.arrayValue ?? []).map { item in
      func numbers(_ key: String) -> [Double] { (item[key]?.arrayValue ?? []).compactMap(\.doubleValue) }
      return Case(
        tokens: numbers("input_ids").map { Int32($0) }, lastLogits: numbers("last_logits"),
        negativeLogLikelihoods: numbers("token_nll"), greedy: numbers("greedy_next8").map { Int32($0) })
    }
  }

  private func expected() throws -> JSONValue { try JSONValue(path: folder + "/expected.json") }
}

/// Runs a model over tokens cut into chunks; logits of all tokens, of the batch's first sequence.
func logits(
  of model: any DecoderModel, for tokens: [Int32], chunk: Int = 512, cache type: CacheType = .f32,
  strangers: [[Int32]] = []
) throws -> [[Float]] {
  let workspace = try model.makeWorkspace(maxTokens: chunk * (strangers.count + 1))
  let cache = try model.makeCache(type: type, capacity: max(tokens.count, 1))
  let others = try strangers.map { try model.makeCache(type: type, capacity: max($0.count, 1)) }
  var rows: [[Float]] = []
  var start = 0
  while start < tokens.count {
    let end = min(start + chunk, tokens.count)
    var segments = [Segment(tokens: tokens[start..<end], cache: cache, logits: .all)]
    for (index, stranger) in strangers.enumerated() {
      let part = stranger[min(start, stranger.count)..<min(end, stranger.count)]
      segments.append(Segment(tokens: part, cache: others[index], logits: .last))
    }
    try unsafe model.forward(segments, workspace: workspace, isCancelled: { false }) { segment, _, logits in
      if segment == 0 { unsafe rows.append(Array(logits)) }
    }
    start = end
  }
  return rows
}

func mostLikely(_ logits: [Float]) -> Int32 {
  var best = 0
  for index in logits.indices where logits[index] > logits[best] { best = index }
  return Int32(best)
}

func identical(_ left: [[Float]], _ right: [[Float]]) -> Bool {
  left.map { $0.map(\.bitPattern) } == right.map { $0.map(\.bitPattern) }
}
