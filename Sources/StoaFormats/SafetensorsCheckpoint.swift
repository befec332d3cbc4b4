import Glibc

/// The tensors of a safetensors file, or of all files of a sharded checkpoint.
public struct SafetensorsCheckpoint: Sendable {
  /// All tensors, in the order of the files and of their data.
  public let tensors: [TensorInfo]
  /// The free-form pairs of the files; of a key in several files the first counts.
  public let metadata: [String: String]
  /// The mapped files, sorted by name.
  public let files: [MappedFile]

  private let indices: [String: Int]

  /// Opens a `.safetensors` file, a `.safetensors.index.json`, or a folder that holds `model.safetensors` or
  /// `model.safetensors.index.json`.
  public init(path: String) throws(FormatError) {
    if isDirectory(path) {
      let folder = path.hasSuffix("/") ? path : path + "/"
      if exists(folder + "model.safetensors") {
        try self.init(files: [try MappedFile(path: folder + "model.safetensors")])
      } else if exists(folder + "model.safetensors.index.json") {
        try self.init(indexPath: folder + "model.safetensors.index.json")
      } else {
        throw Self.nothing(in: folder)
      }
    } else if path.hasSuffix(".json") {
      try self.init(indexPath: path)
    } else {
      try self.init(files: [try MappedFile(path: path)])
    }
  }

  /// Reads files that are already mapped.
  package init(files: [MappedFile]) throws(FormatError) {
    var tensors: [TensorInfo] = []
    var indices: [String: Int] = [:]
    var metadata: [String: String] = [:]
    for file in files {
      let contents = try SafetensorsParser.parse(file)
      metadata.merge(contents.metadata) { first, _ in first }
      for tensor in contents.tensors {
        guard indices.updateValue(tensors.count, forKey: tensor.name) == nil else {
          throw .malformed(
            path: file.path, problem: "tensor \(quoted(tensor.name)) is also in another file of the checkpoint")
        }
        tensors.append(tensor)
      }
    }
    self.files = files
    self.tensors = tensors
    self.indices = indices
    self.metadata = metadata
  }

  /// The tensor called `name`.
  public func tensor(_ name: String) -> TensorInfo? { indices[name].map { tensors[$0] } }

  // MARK: Sharded checkpoints

  private init(indexPath: String) throws(FormatError) {
    let index = try JSONValue(path: indexPath)
    guard let map = index["weight_map"]?.objectValue else {
      throw .malformed(path: indexPath, problem: "the index has no \"weight_map\"")
    }
    var names: Set<String> = []
    for (tensor, value) in map {
      guard let name = value.stringValue else {
        throw .malformed(path: indexPath, problem: "the file of tensor \(quoted(tensor)) is \(value.kindName)")
      }
      // An index may come from anywhere; it must not reach outside its folder.
      guard !name.isEmpty, name != ".", name != "..",
        !name.utf8.contains(where: { $0 == 0x2F || $0 == 0x5C || $0 == 0 })
      else {
        throw .malformed(
          path: indexPath, problem: "the file name \(quoted(name)) of tensor \(quoted(tensor)) is not a plain name",
          advice: "all files of a checkpoint must lie in its folder")
      }
      names.insert(name)
    }
    let folder = splitPath(indexPath).folder
    var files: [MappedFile] = []
    for name in names.sorted() {
      do throws(FormatError) {
        files.append(try MappedFile(path: folder + name))
      } catch .system(let path, operation: "open", let code) {
        throw .unsupported(
          path: path, problem: "this file of the checkpoint cannot be opened: \(systemMessage(code))",
          advice: "all files that \(splitPath(indexPath).name) names must lie in its folder")
      }
    }
    try self.init(files: files)
    for (tensor, value) in map {
      guard let found = self.tensor(tensor), splitPath(found.file.path).name == value.stringValue else {
        throw .malformed(
          path: indexPath,
          problem: "tensor \(quoted(tensor)) is not in \(quoted(value.stringValue ?? "")), where the index places it",
          advice: "the files may belong to different versions of the model")
      }
    }
  }

  /// Why a folder holds no checkpoint, from what lies in it instead.
  private static func nothing(in folder: String) -> FormatError {
    let names = directoryContents(folder)
    let advice: String
    if let name = names.first(where: { $0.hasSuffix(".gguf") }) {
      advice = "to run \(quoted(name)), give the path of that file"
    } else if let name = names.first(where: ModelFileKind.isForeignModel) {
      advice =
        "files such as \(quoted(name)) can run code when opened and are not read; "
        + "use the model's safetensors or GGUF files instead"
    } else {
      advice = "give a folder as published on Hugging Face, or a .gguf file"
    }
    return .unsupported(
      path: folder, problem: "the folder holds neither model.safetensors nor model.safetensors.index.json",
      advice: advice)
  }
}
