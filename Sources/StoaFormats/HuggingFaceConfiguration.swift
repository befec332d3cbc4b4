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
  /// The whole file, or what it says of the text part of a model of text and images.
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
    guard let outer = json.objectValue else {
      throw .malformed(path: path, problem: "a configuration must be an object; this is \(json.kindName)")
    }
    let (members, prefix) = Self.textPart(of: outer)
    raw = .object(members)
    self.generation = generation
    let reader = ConfigurationReader(members: members, path: path, prefix: prefix)
    guard let modelType = try reader.string("model_type") else { throw reader.missing("model_type") }
    self.modelType = modelType
    architectures = try reader.strings("architectures") ?? []

    hiddenSize = try reader.requiredCount("hidden_size", "n_embd", "d_model")
    layers = try reader.requiredCount("num_hidden_layers", "n_layer", "num_layers")
    guard layers <= Self.maximumLayers else {
      throw reader.malformed(
        "\(reader.name("num_hidden_layers", "n_layer", "num_layers")) is \(layers); no model has more than "
          + "\(grouped(Self.maximumLayers)) layers")
    }
    heads = try reader.requiredCount("num_attention_heads", "n_head", "num_heads")
    let headsName = reader.name("num_attention_heads", "n_head", "num_heads")
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
        throw reader.malformed("\(headsName) is \(heads), among which \(hiddenSize) dimensions cannot be split")
      }
      headDimension = hiddenSize / heads
    }
    guard heads % self.kvHeads == 0 else {
      throw reader.malformed(
        "\(headsName) is \(heads), which cannot be shared out among \(self.kvHeads) key and value heads")
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

  private static func slidingWindow(_ reader: ConfigurationReader) throws(FormatError) -> Int? {
    // Qwen files give a window and say elsewhere that it is not used; some give 0 for none.
    if reader.members["sliding_window"]?.intValue == 0 { return nil }
    let window = try reader.count("sliding_window")
    return try reader.bool("use_sliding_window") == false ? nil : window
  }

  /// More than any model has; a file that claims more would only waste memory and time.
  private static let maximumLayers = 1024

  /// The members that describe the text part of a model, and what stands before their keys in messages.
  ///
  /// Models of text and images keep them in `text_config`, and some say beside it what concerns both parts.
  private static func textPart(of members: JSONObject) -> (members: JSONObject, prefix: String) {
    guard var text = members["text_config"]?.objectValue, text["model_type"] != nil else { return (members, "") }
    for key in ["bos_token_id", "eos_token_id"] {
      if let value = members[key], !value.isNull { text[key] = value }
    }
    for key in ["architectures", "dtype", "torch_dtype", "tie_word_embeddings", "quantization_config"] {
      if text[key] == nil, let value = members[key] { text[key] = value }
    }
    return (text, "text_config.")
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
