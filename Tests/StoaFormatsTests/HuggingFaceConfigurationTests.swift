import Foundation
import StoaTensor
import StoaTestSupport
import Testing

@testable import StoaFormats

@Suite struct HuggingFaceConfigurationTests {
  /// What transformers 5 makes of published configurations in their old and new forms.
  @Test func equalsTransformers() throws {
    let cases = try #require(try JSONValue(path: fixture("configurations.json")).arrayValue)
    #expect(cases.count == 12)
    for entry in cases {
      let name = try #require(entry["name"]?.stringValue)
      let json = try #require(entry["config"])
      let expected = try #require(entry["expected"])
      let read = try HuggingFaceConfiguration(json: json, path: name)
      #expect(read.hiddenSize == expected["hidden_size"]?.intValue, "\(name)")
      #expect(read.layers == expected["layers"]?.intValue, "\(name)")
      #expect(read.heads == expected["heads"]?.intValue, "\(name)")
      #expect(read.kvHeads == expected["kv_heads"]?.intValue, "\(name)")
      #expect(read.vocabularySize == expected["vocab_size"]?.intValue, "\(name)")
      #expect(read.contextLength == expected["context"]?.intValue, "\(name)")
      #expect(read.rmsNormEpsilon == expected["epsilon"]?.doubleValue, "\(name)")
      #expect(read.tieWordEmbeddings == expected["tied"]?.boolValue, "\(name)")
      #expect(read.hiddenActivation == expected["activation"]?.stringValue, "\(name)")
      #expect(read.slidingWindow == expected["sliding_window"]?.intValue, "\(name)")
      // transformers invents token ids where a file has none; we do not.
      if json["eos_token_id"] != nil {
        #expect(read.eosTokens == expected["eos"]?.arrayValue?.compactMap { $0.intValue }, "\(name)")
      } else {
        #expect(read.eosTokens.isEmpty)
      }
      guard let rope = expected["rope_parameters"], !rope.isNull else { continue }
      let byLayer = rope["full_attention"] == nil ? [("", rope)] : rope.objectValue.map { Array($0) } ?? []
      for (layerType, parameters) in byLayer {
        let rope = layerType.isEmpty ? read.rope : try #require(read.ropeByLayerType[layerType])
        #expect(rope.theta == parameters["rope_theta"]?.doubleValue, "\(name)")
        #expect(rope.partialRotaryFactor == parameters["partial_rotary_factor"]?.doubleValue ?? 1, "\(name)")
        #expect(rope.scaling == expectedScaling(parameters, context: read.contextLength), "\(name)")
      }
    }
  }

  /// The normalised parameters of transformers in our form.
  private func expectedScaling(_ parameters: JSONValue, context: Int) -> RopeScaling? {
    let factor = parameters["factor"]?.doubleValue ?? 0
    let original = parameters["original_max_position_embeddings"]?.intValue ?? -1
    switch parameters["rope_type"]?.stringValue {
    case "default": return RopeScaling.none
    case "linear": return .linear(factor: factor)
    case "dynamic": return .dynamicNTK(factor: factor, originalContext: context)
    case "llama3":
      return .llama3(
        factor: factor, lowFrequencyFactor: parameters["low_freq_factor"]?.doubleValue ?? 0,
        highFrequencyFactor: parameters["high_freq_factor"]?.doubleValue ?? 0, originalContext: original)
    case "yarn":
      return .yarn(
        YarnScaling(
          factor: factor, originalContext: original, betaFast: 32, betaSlow: 1, attentionFactor: nil,
          mscale: parameters["mscale"]?.doubleValue, mscaleAllDimensions: parameters["mscale_all_dim"]?.doubleValue,
          truncate: true))
    case "longrope":
      return .longrope(
        LongRopeScaling(
          shortFactors: [Double](repeating: 1, count: 8), longFactors: [Double](repeating: 1.5, count: 8),
          originalContext: original, factor: nil, attentionFactor: nil))
    default: return nil
    }
  }

  private let minimal: JSONObject = [
    "model_type": "llama", "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 320,
  ]

  @Test func defaults() throws {
    let read = try HuggingFaceConfiguration(json: .object(minimal), path: "config.json")
    #expect(read.kvHeads == 4)
    #expect(read.headDimension == 16)
    #expect(read.rope == RopeParameters())
    #expect(read.slidingWindow == nil)
    #expect(!read.tieWordEmbeddings)
    #expect(!read.attentionBias)
    #expect(read.elementType == nil)
    #expect(read.bosToken == nil)
  }

  @Test func generationConfigurationComesFirst() throws {
    var json = minimal
    json["eos_token_id"] = 2
    json["bos_token_id"] = 1
    json["torch_dtype"] = "bfloat16"
    let generation: JSONValue = ["eos_token_id": [7, 2, 9], "bos_token_id": nil]
    let read = try HuggingFaceConfiguration(json: .object(json), generation: generation, path: "config.json")
    #expect(read.eosTokens == [7, 2, 9])
    #expect(read.bosToken == 1)
    #expect(read.elementType == .bf16)
  }

  @Test("The text part of a model of text and images is read, with what is said of both parts")
  func textPart() throws {
    var text = minimal
    text["eos_token_id"] = 2
    let outer: JSONValue = [
      "model_type": "both", "dtype": "bfloat16", "eos_token_id": [2, 3],
      "text_config": .object(text), "vision_config": ["hidden_size": 7],
    ]
    let read = try HuggingFaceConfiguration(json: outer, path: "config.json")
    let plain = try HuggingFaceConfiguration(json: .object(text), path: "config.json")
    #expect(read.modelType == plain.modelType && read.hiddenSize == plain.hiddenSize)
    #expect(read.eosTokens == [2, 3] && read.elementType == .bf16)
    text["num_hidden_layers"] = nil
    let error = formatError { () throws(FormatError) in
      _ = try HuggingFaceConfiguration(json: ["model_type": "both", "text_config": .object(text)], path: "config.json")
    }
    #expect(error?.description.contains("\"num_hidden_layers\" is missing") == true)
  }

  @Test("A window that is not used is still a number of positions")
  func unusedWindow() throws {
    var json = minimal
    json["use_sliding_window"] = false
    json["sliding_window"] = 8
    #expect(try HuggingFaceConfiguration(json: .object(json), path: "config.json").slidingWindow == nil)
    json["sliding_window"] = -8
    let error = formatError { () throws(FormatError) in
      _ = try HuggingFaceConfiguration(json: .object(json), path: "config.json")
    }
    #expect(error?.description.contains("\"sliding_window\" is -8") == true)
  }

  private static let faultCases: [(String, JSONValue?, String)] = [
    ("hidden_size", nil, "\"hidden_size\" is missing"),
    ("model_type", nil, "\"model_type\" is missing"),
    ("num_hidden_layers", "12", "\"num_hidden_layers\" is a string; it must be a whole number"),
    ("num_hidden_layers", 0, "must be from 1 to"),
    ("num_hidden_layers", -5, "must be from 1 to"),
    ("vocab_size", .int(.max), "must be from 1 to"),
    ("num_attention_heads", 5, "\"num_attention_heads\" is 5"),
    ("num_hidden_layers", 1_000_000, "\"num_hidden_layers\" is 1000000"),
    ("num_key_value_heads", 3, "cannot share 3 heads"),
    ("rms_norm_eps", 0.0, "must be greater than 0"),
    ("rope_theta", -1, "must be greater than 0"),
    ("tie_word_embeddings", 1, "must be true or false"),
    ("architectures", "Llama", "must be a list of texts"),
    ("eos_token_id", "</s>", "must be a token id"),
    ("rope_scaling", "linear", "\"rope_scaling\" is a string; it must be an object"),
    ("rope_scaling", ["type": "linear"], "\"rope_scaling.factor\" is missing"),
    ("rope_scaling", ["type": "wavy"], "type \"wavy\" are not supported"),
    ("rope_parameters", ["rope_type": "longrope", "short_factor": [1, "a"]], "must hold numbers"),
    ("rope_parameters", ["rope_type": "default", "partial_rotary_factor": 2], "is above 1"),
  ]

  @Test(arguments: faultCases) func faults(_ key: String, _ value: JSONValue?, _ message: String) {
    var json = minimal
    json[key] = value
    let error = formatError { () throws(FormatError) in
      _ = try HuggingFaceConfiguration(json: .object(json), path: "config.json")
    }
    #expect(error?.description.hasPrefix("config.json: ") == true)
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "accepted")")
  }

  @Test func foldersWithoutAConfiguration() throws {
    try withTemporaryFolder { folder in
      let error = formatError { () throws(FormatError) in _ = try HuggingFaceConfiguration(directory: folder) }
      #expect(error?.description.contains("no config.json") == true)
    }
  }

  /// Every generated checkpoint: sizes in the configuration are those of its tensors.
  @Test(
    .oracle("models/generated_arch_dev"),
    arguments: [
      "bert", "deepseek_v2", "deepseek_v3", "falcon_alibi", "falcon_mqa", "falcon_newarch", "gemma2", "gpt2",
      "gpt_neox_parallel", "gpt_neox_sequential", "llama", "llama3_ropescaling", "llama_sharded", "mistral_swa",
      "mistral_swa_bf16", "mixtral", "olmo", "olmo2", "phi3", "qwen2", "qwen2_moe", "qwen3",
    ])
  func generatedCheckpoints(_ name: String) throws {
    let folder = OracleData.path("models/generated_arch_dev/" + name)
    let configuration = try HuggingFaceConfiguration(directory: folder)
    let checkpoint = try SafetensorsCheckpoint(path: folder)
    #expect(configuration.layers == 3)
    let embedding = try #require(
      checkpoint.tensors.first { tensor in
        ["embed_tokens.weight", "word_embeddings.weight", "wte.weight", "embed_in.weight"].contains {
          tensor.name.hasSuffix($0)
        }
      })
    #expect(embedding.shape == [configuration.vocabularySize, configuration.hiddenSize])
    #expect(embedding.type == configuration.elementType)
    if let keys = checkpoint.tensors.first(where: { $0.name.hasSuffix("layers.0.self_attn.k_proj.weight") }) {
      #expect(keys.shape[0] == configuration.kvHeads * configuration.headDimension)
    }
    if let fused = checkpoint.tensor("transformer.h.0.self_attention.query_key_value.weight") {
      let heads = configuration.heads + 2 * configuration.kvHeads
      #expect(fused.shape[0] == heads * configuration.headDimension)
    }
    let hasOutput = checkpoint.tensor("lm_head.weight") != nil || checkpoint.tensor("embed_out.weight") != nil
    #expect(hasOutput != configuration.tieWordEmbeddings)
    if name == "llama3_ropescaling" {
      #expect(configuration.rope.theta == 500_000)
      let scaling = RopeScaling.llama3(
        factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContext: 32)
      #expect(configuration.rope.scaling == scaling)
    }
    if name.hasPrefix("mistral") { #expect(configuration.slidingWindow == 8) }
  }
}
