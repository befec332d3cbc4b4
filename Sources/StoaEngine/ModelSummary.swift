package import StoaFormats
package import StoaModels

/// What a model is, read from its files without loading the weights.
public struct ModelSummary: Sendable {
  /// A file of the model.
  public struct File: Sendable, Equatable {
    /// The path as it was opened.
    public let path: String
    /// The size in bytes.
    public let bytes: Int
    /// The version that was opened.
    package let identity: FileIdentity
  }

  /// The name in the metadata, or that of the file or folder.
  public let name: String
  /// The architecture, such as `llama`.
  public let architecture: String
  /// Whether the model makes vectors of texts instead of writing any.
  public let isEncoder: Bool
  /// The number of weights.
  public let parameters: Int
  /// The context that the model was made for, in tokens.
  public let contextLength: Int
  /// The type of the weights as users call it, such as `Q4_K_M`.
  public let quantization: String
  /// Token ids.
  public let vocabularySize: Int
  /// Layers.
  public let layers: Int
  /// The width of the residual stream.
  public let width: Int
  /// The files, in the order of their numbers or names.
  public let files: [File]
  /// The licence in the metadata.
  public let license: String?
  /// A sentence about the model in the metadata.
  public let about: String?

  /// The size of all files in bytes.
  public var fileBytes: Int { files.reduce(0) { $0 + $1.bytes } }
}

extension ModelSummary {
  package init(_ checkpoint: Checkpoint) throws(ModelError) {
    let path = checkpoint.path
    isEncoder = EncoderConfiguration.isEncoder(checkpoint)
    let weights = WeightFacts(checkpoint.tensors)
    var title: String?
    switch checkpoint {
    case .gguf(let file):
      title = file.metadata.string("general.name")
      quantization = file.quantizationName ?? ""
      license = file.metadata.string("general.license")
      about = file.metadata.string("general.description")
    case .huggingFace:
      quantization = weights.typeName ?? ""
      license = nil
      about = nil
    }
    if let given = title, !given.isEmpty {
      name = given
    } else {
      let last = path.split(separator: "/").last.map(String.init) ?? path
      name = last.hasSuffix(".gguf") ? String(last.dropLast(5)) : last
    }
    parameters = weights.parameters
    if isEncoder {
      let configuration = try EncoderConfiguration(checkpoint)
      architecture = configuration.architecture
      contextLength = configuration.contextLength
      vocabularySize = configuration.vocabularySize
      layers = configuration.layers
      width = configuration.width
    } else {
      let configuration = try DecoderConfiguration(checkpoint)
      architecture = configuration.architecture
      contextLength = configuration.contextLength
      vocabularySize = configuration.vocabularySize
      layers = configuration.layers
      width = configuration.width
    }
    files = checkpoint.files.map { File(path: $0.path, bytes: $0.count, identity: $0.identity) }
  }
}
