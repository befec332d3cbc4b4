import StoaFormats
import StoaTensor
import StoaTestSupport
import Testing

@testable import StoaModels

/// What multi-head latent attention is for: DeepSeek-V2, arXiv:2405.04434, section 2.1 and table 1.
@Suite struct LatentCacheTests {
  /// The sizes of `config.json` of deepseek-ai/DeepSeek-V2 that its caches depend on, and those that must be there.
  private static let published: JSONObject = [
    "model_type": "deepseek_v2", "architectures": ["DeepseekV2ForCausalLM"], "hidden_size": 5120,
    "num_hidden_layers": 60, "num_attention_heads": 128, "num_key_value_heads": 128, "kv_lora_rank": 512,
    "q_lora_rank": 1536, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128,
    "intermediate_size": 12_288, "moe_intermediate_size": 1536, "n_routed_experts": 160, "n_shared_experts": 2,
    "num_experts_per_tok": 6, "first_k_dense_replace": 1, "n_group": 8, "topk_group": 3,
    "topk_method": "group_limited_greedy", "routed_scaling_factor": 16.0, "vocab_size": 102_400,
    "max_position_embeddings": 163_840, "rms_norm_eps": 1e-6, "rope_theta": 10_000, "hidden_act": "silu",
  ]

  private func configuration() throws -> DecoderConfiguration {
    let settings = try HuggingFaceConfiguration(json: .object(Self.published), path: "config.json")
    return try DecoderConfiguration(huggingFace: settings, path: "config.json")
  }

  /// Bytes of a position: pages hold whole blocks of positions and nothing else.
  private func bytesPerToken(_ type: CacheType, layers: Int, _ shape: AttentionShape) throws -> Int {
    let layout = try CacheLayout(type: type, layers: layers, shape: shape)
    #expect(layout.pageBytes % Compute.keyBlock == 0)
    return layout.pageBytes / Compute.keyBlock
  }

  @Test("DeepSeek-V2 keeps the compressed vector and the rotated part of the key, and no more")
  func size() throws {
    let configuration = try configuration()
    let (layers, values) = (60, 512 + 64)
    func bytes(_ type: CacheType) throws -> Int {
      try bytesPerToken(type, layers: configuration.layers, configuration.attentionShape)
    }
    #expect(configuration.layers == layers)
    #expect(try bytes(.f16) == layers * values * 2)
    #expect(try bytes(.f32) == layers * values * 4)
    // And a scale of two bytes for each 32 values.
    #expect(try bytes(.q8_0) == layers * (values + values / 32 * 2))
    #expect(try bytes(.f16) == 69_120)
  }

  @Test("Keys and values of all heads would take 71 times as much; as the paper counts, 57 times")
  func ratio() throws {
    let configuration = try configuration()
    let compressed = try bytesPerToken(.f16, layers: 60, configuration.attentionShape)
    // Keys of 128 plain and 64 rotated dimensions, values of 128.
    let heads = AttentionShape(heads: 128, keyValueHeads: 128, headDimension: 192, valueDimension: 128)
    let whole = try bytesPerToken(.f16, layers: 60, heads)
    #expect(whole == 60 * 128 * (192 + 128) * 2)
    #expect(whole / compressed == 71)
    // Table 1 has 2 · heads · dimension of a head for multi-head attention, and 9/2 · dimension for this.
    let plain = AttentionShape(heads: 128, keyValueHeads: 128, headDimension: 128)
    let counted = try bytesPerToken(.f16, layers: 60, plain)
    #expect(2 * compressed == 60 * 9 * 128 * 2)
    #expect((Double(counted) / Double(compressed)).rounded() == 57)
  }

  @Test("A running model takes the memory that the layout says", arguments: ["deepseek_v2", "deepseek_v3"])
  func running(name: String) throws {
    let fixture = ModelFixture.named("families/" + name)
    let model = try loadModel(try fixture.checkpoint(), compute: try KernelSet.best.compute(threads: 1))
    let pool = try model.makePagePool(type: .f16)
    // Three layers, a compressed vector of 32 values and 8 that are rotated.
    #expect(pool.layout.pageBytes == Compute.keyBlock * 3 * (32 + 8) * 2)
    let cache = KeyValueCache(pool: pool, capacity: 128)
    let workspace = try model.makeWorkspace(maxTokens: 128)
    let tokens = [Int32](repeating: 5, count: Compute.keyBlock + 1)
    let segment = Segment(tokens: tokens[...], cache: cache, logits: .none)
    try unsafe model.forward([segment], workspace: workspace, isCancelled: { false }) { _, _, _ in }
    #expect(cache.count == tokens.count && pool.usedPages == 2)
  }
}
