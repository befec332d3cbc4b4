import Foundation
import StoaFormats
import StoaTensor
import StoaTestSupport
import Testing

@testable import StoaModels

/// Encoders against transformers and sentence-transformers.
@Suite struct EncoderTests {
  static let names = ["bert", "nomic_bert"]
  private static func folder(_ name: String) -> String { OracleData.fixture("models/families/\(name)") }

  private func numbers(_ json: JSONValue, _ key: String) -> [Double] {
    (json[key]?.arrayValue ?? []).compactMap(\.doubleValue)
  }

  private func tokens(_ item: JSONValue) -> [Int32] { numbers(item, "input_ids").map { Int32($0) } }

  private func load(_ name: String, _ set: InstructionSet = .best, threads: Int = 2) throws -> EncoderModel {
    try EncoderModel(
      try Checkpoint.open(path: Self.folder(name)), compute: try Compute(instructionSet: set, threads: threads))
  }

  private func states(
    _ model: EncoderModel, _ ids: [Int32], types: [Int32]? = nil, chunk: Int = 512
  ) throws -> [[Float]] {
    var rows: [[Float]] = []
    try unsafe model.encode(ids, types: types, chunk: chunk) { unsafe rows.append(Array($0)) }
    return rows
  }

  private func mean(_ rows: [[Float]]) -> [Double] {
    (rows.first ?? []).indices.map { index in rows.reduce(0) { $0 + Double($1[index]) } / Double(rows.count) }
  }

  private func expectClose(_ ours: [Double], _ reference: [Double], _ tolerance: Double, _ what: Comment) {
    #expect(ours.count == reference.count, what)
    let worst = zip(ours, reference).map { abs($0 - $1) }.max() ?? .infinity
    #expect(worst <= tolerance, what)
  }

  private func check(_ folder: String) throws {
    let model = try EncoderModel(
      try Checkpoint.open(path: folder), compute: try Compute(instructionSet: .best, threads: 2))
    let expected = try JSONValue(path: folder + "/expected.json")
    let cases = expected["cases"]?.arrayValue ?? []
    #expect(cases.count >= 4)
    for item in cases {
      let ids = tokens(item)
      let what: Comment = "\(ids.count) tokens"
      let rows = try states(model, ids)
      expectClose(rows[0].map(Double.init), numbers(item, "last_hidden_first_token"), 1e-4, what)
      expectClose(mean(rows), numbers(item, "mean_pooled"), 1e-4, what)
      if item["last_hidden_last_token"] != nil {
        expectClose(rows[ids.count - 1].map(Double.init), numbers(item, "last_hidden_last_token"), 1e-4, what)
      }
      if item["typed_mean_pooled"] != nil {
        let types = ids.indices.map { Int32($0 >= (ids.count + 1) / 2 ? 1 : 0) }
        expectClose(mean(try states(model, ids, types: types)), numbers(item, "typed_mean_pooled"), 1e-4, what)
      }
    }
  }

  @Test("Hidden states are those of transformers", arguments: names)
  func hiddenStates(name: String) throws { try check(Self.folder(name)) }

  @Test("Hidden states are those of transformers", .oracle("models/generated_arch_dev/bert"))
  func givenHiddenStates() throws { try check(OracleData.path("models/generated_arch_dev/bert")) }

  @Test("Vectors are those of sentence-transformers", arguments: names)
  func embeddings(name: String) throws {
    let model = try load(name)
    let expected = try JSONValue(path: Self.folder(name) + "/expected_texts.json")
    #expect(model.configuration.pooling.kind.rawValue == expected["pooling"]?.stringValue)
    #expect(model.configuration.pooling.isNormalized == expected["normalised"]?.boolValue)
    let cases = expected["cases"]?.arrayValue ?? []
    #expect(!cases.isEmpty)
    for item in cases {
      let vector = try model.embedding(of: tokens(item))
      expectClose(vector.map(Double.init), numbers(item, "embedding"), 1e-4, "\(item["text"]?.stringValue ?? "")")
    }
  }

  @Test("Bits do not depend on instruction set, threads or chunks", arguments: names)
  func identity(name: String) throws {
    let ids = (0..<100).map { Int32($0 * 37 % 160) }
    let reference = try states(try load(name, .scalar, threads: 1), ids)
    for set in InstructionSet.available {
      for (threads, chunk) in [(1, 512), (2, 1), (3, 7), (2, 64)] {
        let rows = try states(try load(name, set, threads: threads), ids, chunk: chunk)
        #expect(identical(rows, reference), "\(set), \(threads) threads, chunks of \(chunk)")
      }
    }
  }

  @Test("Tokens and types outside the tables, and texts beyond the positions, are refused", arguments: names)
  func limits(name: String) throws {
    let model = try load(name)
    #expect(throws: ModelError.tokenOutOfRange(160, vocabularySize: 160)) { try states(model, [1, 160]) }
    #expect(throws: ModelError.tokenOutOfRange(-1, vocabularySize: 160)) { try states(model, [-1]) }
    #expect(throws: ModelError.tokenOutOfRange(2, vocabularySize: 2)) { try states(model, [1], types: [2]) }
    #expect(throws: ModelError.contextFull(capacity: 128, needed: 129)) {
      try states(model, [Int32](repeating: 1, count: 129))
    }
    #expect(try states(model, []).isEmpty)
  }

  // MARK: Configurations

  private func configuration(_ name: String, _ changes: [String: JSONValue]) throws -> EncoderConfiguration {
    var members = try JSONValue(path: Self.folder(name) + "/config.json").objectValue ?? JSONObject()
    for (key, value) in changes { members[key] = value }
    let read = try HuggingFaceConfiguration(json: .object(members), path: "config.json")
    return try EncoderConfiguration(huggingFace: read, pooling: EmbeddingPooling(), path: "model")
  }

  @Test("Nomic's configuration reads alike in the form of its publisher and in that of transformers")
  func nomicForms() throws {
    let published = try configuration("nomic_bert", [:])
    let own: JSONValue = [
      "model_type": "nomic_bert", "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4,
      "intermediate_size": 64, "vocab_size": 160, "max_position_embeddings": 128, "hidden_act": "silu",
      "layer_norm_eps": 1e-12,
    ]
    let read = try HuggingFaceConfiguration(json: own, path: "config.json")
    #expect(try EncoderConfiguration(huggingFace: read, pooling: EmbeddingPooling(), path: "model") == published)
  }

  @Test(
    "Options that change what is computed are refused by name",
    arguments: [
      ("bert", "position_embedding_type", "relative_key"), ("bert", "is_decoder", true), ("bert", "hidden_act", "relu"),
      ("nomic_bert", "prenorm", true), ("nomic_bert", "causal", true), ("nomic_bert", "rotary_emb_interleaved", true),
      ("nomic_bert", "rotary_emb_fraction", 0.5), ("nomic_bert", "rotary_scaling_factor", 2),
      ("nomic_bert", "activation_function", "gelu"), ("nomic_bert", "num_experts", 8),
    ] as [(String, String, JSONValue)])
  func options(name: String, key: String, value: JSONValue) throws {
    let error = #expect(throws: ModelError.self) { try configuration(name, [key: value]) }
    let said = error?.description ?? ""
    #expect(said.contains(key) || said.contains(value.stringValue ?? key), "\(said)")
  }

  @Test("Sizes that no model has are refused", arguments: names)
  func sizes(name: String) {
    let keys =
      name == "bert"
      ? ["hidden_size", "num_hidden_layers", "num_attention_heads"] : ["n_embd", "n_layer", "n_head"]
    for (key, values) in zip(keys, [[0, -1, 31], [0, -2, 1_000_000], [0, 5, -4, 1 << 20]]) {
      for value in values {
        #expect(throws: (any Error).self, "\(key) = \(value)") { try configuration(name, [key: .int(value)]) }
      }
    }
  }

  // MARK: Pooling

  private func pooling(_ files: [String: String]) throws -> EmbeddingPooling {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("stoa-\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, text) in files {
      let path = folder.appendingPathComponent(name)
      try FileManager.default.createDirectory(at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
      try text.write(to: path, atomically: false, encoding: .utf8)
    }
    return try EmbeddingPooling(directory: folder.path)
  }

  private func modules(_ parts: [(path: String, type: String)]) -> String {
    let items = parts.map { "{\"path\": \"\($0.path)\", \"type\": \"sentence_transformers.models.\($0.type)\"}" }
    return "[" + items.joined(separator: ", ") + "]"
  }

  @Test("Pooling is read in the forms of all releases of sentence-transformers")
  func poolingForms() throws {
    #expect(try pooling([:]) == EmbeddingPooling())
    let two = modules([("", "Transformer"), ("1_Pooling", "Pooling")])
    for (settings, kind) in [
      ("{\"pooling_mode_cls_token\": true, \"pooling_mode_mean_tokens\": false}", EmbeddingPooling.Kind.cls),
      ("{\"pooling_mode_mean_tokens\": true}", .mean), ("{\"pooling_mode_lasttoken\": true}", .last),
      ("{\"pooling_mode\": \"cls\"}", .cls), ("{\"pooling_mode\": [\"mean\"]}", .mean),
    ] {
      let found = try pooling(["modules.json": two, "1_Pooling/config.json": settings])
      #expect(found.kind == kind && !found.isNormalized, "\(settings)")
    }
    let three = modules([("", "Transformer"), ("pool", "Pooling"), ("2_Normalize", "Normalize")])
    #expect(try pooling(["modules.json": three, "pool/config.json": "{\"pooling_mode\": \"mean\"}"]).isNormalized)
  }

  @Test(
    "Pooling that is not supported, or malformed, is refused",
    arguments: [
      ("{\"pooling_mode_max_tokens\": true}", "Pooling", "1_Pooling"),
      ("{\"pooling_mode_cls_token\": true, \"pooling_mode_mean_tokens\": true}", "Pooling", "1_Pooling"),
      ("{}", "Pooling", "1_Pooling"), ("[]", "Pooling", "1_Pooling"), ("{", "Pooling", "1_Pooling"),
      ("{\"pooling_mode\": \"cls\"}", "Dense", "1_Pooling"), ("{\"pooling_mode\": \"cls\"}", "Pooling", "../other"),
      ("{\"pooling_mode\": \"cls\"}", "Pooling", "/etc"), ("{\"pooling_mode\": \"cls\"}", "Pooling", "missing"),
    ])
  func malformedPooling(settings: String, type: String, path: String) {
    #expect(throws: ModelError.self) {
      try pooling([
        "modules.json": modules([("", "Transformer"), (path, type)]), "1_Pooling/config.json": settings,
      ])
    }
  }
}
