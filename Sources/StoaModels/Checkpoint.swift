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

  /// The family and the sizes of the model.
  package func describe() throws(ModelError) -> (family: DecoderFamily, configuration: DecoderConfiguration) {
    let configuration = try DecoderConfiguration(self)
    guard case .huggingFace(_, let raw, _) = self else {
      return (try DecoderFamily.ofGGUF(configuration.architecture, path: path), configuration)
    }
    let family = try DecoderFamily.ofHuggingFace(raw.modelType, path: path)
    for prefix in family.layerPrefixes {
      try DecoderConfiguration.checkLayers(
        configuration.layers + family.ignoredLayers(raw), names: tensors.map(\.name), prefix: prefix, path: path)
    }
    return (family, configuration)
  }

  /// The tensor that a rule describes, nil when the file does not have it; its shape is checked.
  package func find(_ rule: TensorRule, _ family: DecoderFamily) throws(ModelError) -> FoundTensor? {
    switch self {
    case .gguf(let file):
      if let tensor = file.tensor(rule.name) {
        return try FoundTensor(rule, [tensor], stored: StoredTensor(rule.name, shape: rule.shape))
      }
      // Old files of mixtures of experts keep the matrices of each expert apart.
      guard rule.shape.count == 3, rule.name.contains("_exps.") else { return nil }
      var stored = StoredTensor(rule.name, shape: Array(rule.shape.dropFirst()))
      stored.names = (0..<rule.shape[0]).map { rule.name.replacing("_exps.", with: ".\($0).") }
      let tensors = stored.names.compactMap { file.tensor($0) }
      return tensors.isEmpty ? nil : try found(rule, tensors, stored)
    case .huggingFace(let checkpoint, let configuration, _):
      let tensors = rule.source.names.compactMap { family.tensor($0, in: checkpoint) }
      guard !tensors.isEmpty else { return nil }
      return try found(rule, tensors, rule.source, try encoding(of: tensors, rule, family, checkpoint, configuration))
    }
  }

  private func encoding(
    of tensors: [TensorInfo], _ rule: TensorRule, _ family: DecoderFamily, _ checkpoint: SafetensorsCheckpoint,
    _ configuration: HuggingFaceConfiguration
  ) throws(ModelError) -> StoredEncoding {
    if let name = rule.source.scaleNames.first {
      guard let scales = family.tensor(name, in: checkpoint) else { throw .missingTensor(path: path, name: name) }
      return .splitBlocks(scales: scales)
    }
    guard tensors.contains(where: { $0.float8 != nil }) else { return .plain }
    let block = try Float8Settings.block(configuration, path: path + "/config.json")
    var matrices: [ScaledFloat8] = []
    for tensor in tensors {
      guard let format = tensor.float8 else {
        throw .impossible(
          path: tensor.file.path,
          problem: "tensor \(quoted(tensor.name)) is of the type \(tensor.typeName), others that belong to it are not")
      }
      let scales = ScaledFloat8.scaleNames(of: tensor.name).lazy.compactMap { checkpoint.tensor($0) }.first
      matrices.append(try ScaledFloat8(tensor, format, scales: scales, block: block))
    }
    return .float8(matrices)
  }

  private func found(
    _ rule: TensorRule, _ tensors: [TensorInfo], _ stored: StoredTensor, _ encoding: StoredEncoding = .plain
  ) throws(ModelError) -> FoundTensor {
    if tensors.count < stored.names.count {
      let present = Set(tensors.map(\.name))
      throw .missingTensor(path: path, name: stored.names.first { !present.contains($0) } ?? rule.name)
    }
    return try FoundTensor(rule, tensors, stored: stored, encoding: encoding)
  }

  /// What the checkpoint calls the tensor of a rule.
  package func name(of rule: TensorRule) -> String {
    switch self {
    case .gguf: rule.name
    case .huggingFace: rule.source.names[0]
    }
  }
}

extension TensorInfo {
  /// The tensor as a matrix in the mapped file; a vector is one row.
  var matrixSource: MatrixSource {
    unsafe MatrixSource(
      type: type, rows: shape.count > 1 ? shape[0] : 1, columns: shape.last ?? 1, bytes: file.base + offset, owner: file
    )
  }
}
