public import StoaTensor

/// The `config.json` of a Hugging Face model, with what decoder models have in common in typed form.
///
/// Files of transformers 5 (`rope_parameters`, `dtype`) and older ones (`rope_theta`, `rope_scaling`, `torch_dtype`)
/// read alike, and the names that GPT-2, Falcon and others use for the same sizes are known. Settings that a file leaves
/// out get the default of transformers; token ids do not. Whatever else an architecture needs is in `raw`.
public struct HuggingFaceConfiguration: Sendable {
  /// The architecture, such as `llama`.
  public let modelType: String
  /// The classes of transformers that implement the model, such as `LlamaForCausalLM`.
  public let architectures: [String]
  /// The whole file.
  public let raw: JSONValue
  /// The whole `generation_config.json`, nil when there is none.
  public let generation: JSONValue?

  /// The width of the residual stream.
  public let hiddenSize: Int
  /// The number of layers.
  public let layers: Int
  /// The number of query heads.
  public let heads: Int
  /// The number of key and value heads.
  public let kvHeads: Int
  /// The width of a head.
  public let headDimension: Int
  /// The width of the feed-forward networks.
  public let intermediateSize: Int
  /// The number of token ids, padding of the embedding included.
  public let vocabularySize: Int
  /// The longest sequence in tokens.
  public let contextLength: Int
  /// The number added to the variance in normalisation layers.
  public let rmsNormEpsilon: Double
  /// How many positions back attention reaches; nil: all.
  public let slidingWindow: Int?
  /// Whether the output layer is the embedding.
  public let tieWordEmbeddings: Bool
  /// Whether the projections of attention have biases.
  public let attentionBias: Bool
  /// Whether the projections of the feed-forward networks have biases.
  public let mlpBias: Bool
  /// The activation function, such as `silu`.
  public let hiddenActivation: String
  /// The token before every text.
  public let bosToken: Int?
  /// The tokens that end an answer: those of `generation_config.json`, then those of `config.json`.
  public let eosTokens: [Int]
  /// The type of the weights, when the file says so and it is F32, F16 or BF16.
  public let elementType: ElementType?
  /// Rotary position embeddings; of layers with full attention where layers differ.
  public let rope: RopeParameters
  /// Rotary position embeddings by type of layer, where layers differ; otherwise empty.
  public let ropeByLayerType: [String: RopeParameters]

  /// Reads `config.json` and, if it is there, `generation_config.json` in a folder.
  public init(directory: String) throws(FormatError) {
    let folder = directory.hasSuffix("/") ? directory : directory + "/"
    let path = folder + "config.json"
    guard exists(path) else {
      throw .unsupported(
        path: directory, problem: "the folder holds no config.json",
        advice: "give a folder as published on Hugging Face, or a .gguf file")
    }
    let generationPath = folder + "generation_config.json"
    let generation = exists(generationPath) ? try Self.load(generationPath) : nil
    try self.init(json: try Self.load(path), generation: generation, path: path)
  }

  /// Reads the contents of `config.json` and `generation_config.json`; `path` is for messages.
  public init(json: JSONValue, generation: JSONValue? = nil, path: String) throws(FormatError) {
    guard var members = json.objectValue else {
      throw .malformed(path: path, problem: "a configuration must be an object; this is \(json.kindName)")
    }
    if let text = members["text_config"]?.objectValue, text["model_type"] != nil {
      members = Self.textModel(text, of: members)
    }
    raw = .object(members)
    self.generation = generation
    let reader = ConfigurationReader(members: members, path: path)
    guard let modelType = try reader.string("model_type") else { throw reader.missing("model_type") }
    self.modelType = modelType
    architectures = try reader.strings("architectures") ?? []

    hiddenSize = try reader.requiredCount("hidden_size", "n_embd", "d_model")
    layers = try reader.requiredCount("num_hidden_layers", "n_layer", "num_layers", atMost: 1024)
    heads = try reader.requiredCount("num_attention_heads", "n_head", "num_heads")
    vocabularySize = try reader.requiredCount("vocab_size")
    // Old Falcon files say in words that all query heads share one key and value head.
    let isMultiQuery = try reader.bool("multi_query") ?? false
    let isNewFalcon = try reader.bool("new_decoder_architecture") ?? false
    let kvHeads = try reader.count("num_key_value_heads", "num_kv_heads", "n_head_kv") ?? heads
    self.kvHeads = isMultiQuery && !isNewFalcon ? 1 : kvHeads
    if let dimension = try reader.count("head_dim") {
      headDimension = dimension
    } else {
      guard hiddenSize % heads == 0 else {
        throw reader.malformed(
          "\(Self.named(members, Self.headKeys, heads)): \(hiddenSize) hidden dimensions cannot be split among as many")
      }
      headDimension = hiddenSize / heads
    }
    guard heads % self.kvHeads == 0 else {
      throw reader.malformed(
        "\(Self.named(members, Self.headKeys, heads)): so many query heads cannot share \(kvHeads) heads of keys and values"
      )
    }
    intermediateSize =
      try reader.count("intermediate_size", "n_inner", "ffn_hidden_size", "ffn_dim") ?? 4 * hiddenSize
    // transformers' default for Llama and Falcon, whose first published files leave it out.
    contextLength =
      try reader.count("max_position_embeddings", "n_positions", "max_sequence_length", "n_ctx", "seq_length") ?? 2048
    rmsNormEpsilon =
      try reader.number("rms_norm_eps", "layer_norm_eps", "layer_norm_epsilon", "norm_eps", "norm_epsilon") ?? 1e-6
    slidingWindow = try Self.slidingWindow(reader)
    tieWordEmbeddings = try reader.bool("tie_word_embeddings") ?? Self.tiesByDefault.contains(modelType)
    attentionBias = try reader.bool("attention_bias", "qkv_bias", "bias") ?? false
    mlpBias = try reader.bool("mlp_bias") ?? false
    hiddenActivation =
      try reader.string("hidden_activation", "hidden_act", "activation_function", "activation") ?? "silu"
    elementType = Self.elementType(try reader.string("dtype", "torch_dtype"))
    (rope, ropeByLayerType) = try RopeParameters.read(reader, modelType: modelType, context: contextLength)

    let generationReader = ConfigurationReader(
      members: generation?.objectValue ?? JSONObject(), path: splitPath(path).folder + "generation_config.json")
    let bosTokens = try generationReader.tokens("bos_token_id") + (try reader.tokens("bos_token_id"))
    bosToken = bosTokens.first
    var eosTokens: [Int] = []
    for token in try generationReader.tokens("eos_token_id") + (try reader.tokens("eos_token_id"))
    where !eosTokens.contains(token) { eosTokens.append(token) }
    self.eosTokens = eosTokens
  }

  /// The models whose output layer is the embedding unless the file says otherwise, as in transformers.
  private static let tiesByDefault: Set<String> = [
    "gpt2", "falcon", "bert", "gemma", "gemma2", "gemma3", "gemma3_text", "bloom", "opt", "cohere",
  ]

  private static let headKeys = ["num_attention_heads", "n_head", "num_heads"]

  /// What a setting is, under the name that the file has for it.
  private static func named(_ members: JSONObject, _ keys: [String], _ value: Int) -> String {
    "\"\(keys.first { members[$0] != nil } ?? keys[0])\" is \(value)"
  }

  /// The sizes that shapes of tensors follow from, under the names that the file has for them.
  package var sizeSettings: [(key: String, value: Int)] {
    [
      ["hidden_size", "n_embd", "d_model"], Self.headKeys, ["num_key_value_heads", "num_kv_heads", "n_head_kv"],
      ["head_dim"], ["intermediate_size", "n_inner", "ffn_hidden_size", "ffn_dim"], ["vocab_size"],
    ].compactMap { keys in
      keys.lazy.compactMap { key in raw[key]?.intValue.map { (key, $0) } }.first
    }
  }

  /// The settings of the text model in one with other senses: its own, then the whole model's, then transformers' own
  /// for Gemma 3, whose published files leave out what is as usual.
  private static func textModel(_ text: JSONObject, of whole: JSONObject) -> JSONObject {
    var members = text
    for key in ["eos_token_id", "bos_token_id", "tie_word_embeddings", "dtype", "torch_dtype", "quantization_config"] {
      if members[key] == nil || key == "eos_token_id", let value = whole[key] { members[key] = value }
    }
    guard text["model_type"]?.stringValue == "gemma3_text" else { return members }
    for (key, value) in [
      ("vocab_size", 262_208), ("num_attention_heads", 8), ("num_key_value_heads", 4), ("head_dim", 256),
      ("max_position_embeddings", 131_072),
    ] where members[key] == nil {
      members[key] = .int(value)
    }
    return members
  }

  private static func slidingWindow(_ reader: ConfigurationReader) throws(FormatError) -> Int? {
    // Qwen files give a window and say elsewhere that it is not used; some give 0 for none.
    if reader.members["sliding_window"]?.intValue == 0 { return nil }
    let window = try reader.count("sliding_window")
    return try reader.bool("use_sliding_window") == false ? nil : window
  }

  private static func elementType(_ name: String?) -> ElementType? {
    switch name {
    case "float32", "torch.float32": .f32
    case "float16", "torch.float16", "half": .f16
    case "bfloat16", "torch.bfloat16": .bf16
    default: nil
    }
  }

  private static let maximumByteCount = 16 << 20

  private static func load(_ path: String) throws(FormatError) -> JSONValue {
    try JSONValue(path: path, maximumByteCount: maximumByteCount)
  }
}
