package import StoaFormats
import StoaTensor

/// The tensors of a model by the names of its format.
package enum Checkpoint: Sendable {
  case gguf(GGUFFile)
  case huggingFace(SafetensorsCheckpoint, HuggingFaceConfiguration, directory: String)

  /// Opens a `.gguf` file or a folder as published on Hugging Face.
  package static func open(path: String) throws(FormatError) -> Checkpoint {
    if isDirectory(path) {
      let configuration = try HuggingFaceConfiguration(directory: path)
      return .huggingFace(try SafetensorsCheckpoint(path: path), configuration, directory: path)
    }
    return .gguf(try GGUFFile(path: path))
  }

  /// Where the model lies, for messages.
  package var path: String {
    switch self {
    case .gguf(let file): file.files.first?.path ?? ""
    case .huggingFace(_, _, let directory): directory
    }
  }

  package var files: [MappedFile] {
    switch self {
    case .gguf(let file): file.files
    case .huggingFace(let checkpoint, _, _): checkpoint.files
    }
  }

  package var tensors: [TensorInfo] {
    switch self {
    case .gguf(let file): file.tensors
    case .huggingFace(let checkpoint, _, _): checkpoint.tensors
    }
  }

  /// The tensor of a name in this format, which must have the expected shape.
  func tensor(_ name: TensorName, shape: [Int]) throws(ModelError) -> TensorInfo {
    guard let tensor = try optionalTensor(name, shape: shape) else {
      throw .missingTensor(path: path, name: self.name(of: name))
    }
    return tensor
  }

  /// The same, nil when the file does not have the tensor.
  func optionalTensor(_ name: TensorName, shape: [Int]) throws(ModelError) -> TensorInfo? {
    let tensor: TensorInfo? =
      switch self {
      case .gguf(let file): file.tensor(name.gguf)
      case .huggingFace(let checkpoint, _, _): checkpoint.tensor(name.huggingFace)
      }
    guard let tensor else { return nil }
    guard tensor.shape == shape else {
      throw .wrongShape(path: tensor.file.path, tensor: tensor.name, shape: tensor.shape, expected: shape)
    }
    guard tensor.type.kernelType != nil else {
      throw .unsupportedType(path: tensor.file.path, tensor: tensor.name, type: tensor.type)
    }
    return tensor
  }

  /// The gate, up and down matrices of each expert of a layer where they are stacked in one tensor each, as in current
  /// GGUF files; nil where every expert has tensors of its own.
  func stackedExperts(
    _ layer: Int, _ configuration: DecoderConfiguration
  ) throws(ModelError) -> [[TensorInfo]]? {
    guard case .gguf(let file) = self, file.tensor("blk.\(layer).ffn_gate_exps.weight") != nil else { return nil }
    let (width, inner) = (configuration.width, configuration.feedForwardWidth)
    var experts = [[TensorInfo]](repeating: [], count: configuration.experts)
    for (name, rows, columns) in [("gate", inner, width), ("up", inner, width), ("down", width, inner)] {
      let name = TensorName.layer(layer, "ffn_\(name)_exps.weight", "")
      let stack = try tensor(name, shape: [configuration.experts, rows, columns])
      for index in experts.indices { experts[index].append(stack.matrix(index)) }
    }
    return experts
  }

  private func name(of name: TensorName) -> String {
    switch self {
    case .gguf: name.gguf
    case .huggingFace: name.huggingFace
    }
  }
}

/// What a tensor is called in both formats. Sources: llama.cpp, `gguf-py/gguf/constants.py`; transformers,
/// `modeling_llama.py`.
struct TensorName {
  let gguf: String
  let huggingFace: String

  static let embedding = TensorName(gguf: "token_embd.weight", huggingFace: "model.embed_tokens.weight")
  static let outputNorm = TensorName(gguf: "output_norm.weight", huggingFace: "model.norm.weight")
  static let output = TensorName(gguf: "output.weight", huggingFace: "lm_head.weight")
  static let ropeFactors = TensorName(gguf: "rope_freqs.weight", huggingFace: "rope_freqs.weight")

  static func layer(_ index: Int, _ gguf: String, _ huggingFace: String) -> TensorName {
    TensorName(gguf: "blk.\(index).\(gguf)", huggingFace: "model.layers.\(index).\(huggingFace)")
  }

  /// The bias that belongs to a weight.
  var bias: TensorName {
    TensorName(gguf: gguf.dropLast(6) + "bias", huggingFace: huggingFace.dropLast(6) + "bias")
  }
}

extension TensorInfo {
  /// Matrix `index` of a stack of them.
  func matrix(_ index: Int) -> TensorInfo {
    let bytes = byteCount / shape[0]
    return TensorInfo(
      name: name, type: type, typeName: typeName, shape: Array(shape.dropFirst()), file: file,
      offset: offset + index * bytes, byteCount: bytes, elementCount: elementCount / shape[0])
  }

  /// The tensor as a matrix in the mapped file; a vector is one row.
  var matrixSource: MatrixSource {
    unsafe MatrixSource(
      type: type, rows: shape.count > 1 ? shape[0] : 1, columns: shape.last ?? 1, bytes: file.base + offset, owner: file
    )
  }
}
