import StoaFormats
import StoaHub
import StoaModels
import StoaTokenizers

/// What can be said about a model from its files alone, without the engine.
struct ModelFacts {
  let location: ModelLocation
  /// The architecture's name in the file, such as `llama`.
  let architecture: String
  /// The name that the publisher gave the model inside the file.
  let title: String?
  let parameters: Int
  /// The context the model was trained for.
  let context: Int?
  let quantization: String?
  let tensors: [TensorInfo]
  let sizes: Sizes
  private let source: Source

  /// The main dimensions, as far as the files tell.
  struct Sizes: Equatable {
    var layers: Int?
    var width: Int?
    var feedForward: Int?
    var heads: Int?
    var kvHeads: Int?
    var vocabulary: Int?
  }

  private enum Source {
    case gguf(GGUFFile)
    case folder(String)
  }

  init(_ location: ModelLocation) throws {
    self.location = location
    let stated: String?
    switch location.kind {
    case .gguf:
      let file = try GGUFFile(path: location.path)
      source = .gguf(file)
      let metadata = file.metadata
      architecture = metadata.string("general.architecture") ?? "unknown"
      let prefix = architecture + "."
      title = metadata.string("general.name")
      context = metadata.int(prefix + "context_length")
      stated = file.quantizationName
      tensors = file.tensors
      let feedForward = metadata.int(prefix + "feed_forward_length")
      sizes = Sizes(
        layers: metadata.int(prefix + "block_count"), width: metadata.int(prefix + "embedding_length"),
        feedForward: feedForward, heads: metadata.int(prefix + "attention.head_count"),
        kvHeads: metadata.int(prefix + "attention.head_count_kv"),
        vocabulary: metadata.array("tokenizer.ggml.tokens")?.count ?? metadata.int(prefix + "vocab_size"))
    case .safetensors:
      let configuration = try HuggingFaceConfiguration(directory: location.path)
      let checkpoint = try SafetensorsCheckpoint(path: location.path)
      source = .folder(location.path)
      architecture = configuration.modelType
      title = nil
      context = configuration.contextLength
      tensors = checkpoint.tensors
      stated = nil
      sizes = Sizes(
        layers: configuration.layers, width: configuration.hiddenSize, feedForward: configuration.intermediateSize,
        heads: configuration.heads, kvHeads: configuration.kvHeads, vocabulary: configuration.vocabularySize)
    }
    let weights = WeightFacts(tensors)
    parameters = weights.parameters
    quantization = stated ?? weights.typeName
  }

  /// The tokenizer that comes with the model.
  func tokenizer() throws -> Tokenizer {
    switch source {
    case .gguf(let file): try Tokenizer(gguf: file)
    case .folder(let path): try Tokenizer(huggingFaceDirectory: path)
    }
  }

  /// The architecture as people write it.
  var architectureTitle: String { Self.title(ofArchitecture: architecture) }

  /// An architecture's name as people write it.
  static func title(ofArchitecture architecture: String) -> String {
    let titles = [
      "llama": "Llama", "mistral": "Mistral", "mixtral": "Mixtral", "qwen2": "Qwen 2", "qwen3": "Qwen 3",
      "gemma2": "Gemma 2", "phi3": "Phi 3", "gpt2": "GPT-2", "falcon": "Falcon", "gpt_neox": "GPT-NeoX",
      "gptneox": "GPT-NeoX", "olmo": "OLMo", "olmo2": "OLMo 2", "bert": "BERT",
      "nomic-bert": "Nomic BERT", "nomic_bert": "Nomic BERT",
    ]
    return titles[architecture] ?? architecture
  }
}
