import StoaFormats

/// Where a model is, and which files it is made of.
public struct ModelLocation: Sendable, Equatable {
  /// How the model was found.
  public enum Origin: String, Sendable {
    /// By a path.
    case path
    /// By its name in the local library.
    case library
    /// The bundled model.
    case primer
  }

  /// How the model is stored.
  public enum Kind: String, Sendable {
    /// One GGUF file, or the parts of a split one.
    case gguf
    /// A folder with `config.json` and safetensors files, as transformers writes it.
    case safetensors
  }

  /// One file of a model.
  public struct File: Sendable, Equatable {
    /// The path inside the model's folder.
    public let name: String
    /// The path in the file system.
    public let path: String
    /// The size in bytes.
    public let bytes: Int
  }

  /// The name to show.
  public let name: String
  /// The path of the GGUF file, of the first part of a split one, or of the folder.
  public let path: String
  /// How the model is stored.
  public let kind: Kind
  /// How the model was found.
  public let origin: Origin
  /// All files of the model, in order of their names.
  public let files: [File]

  /// The size of all files in bytes.
  public var bytes: Int { files.reduce(0) { $0 + $1.bytes } }

  /// Describes what lies at a path: a GGUF file with its other parts, or a folder with one model in it.
  static func inspect(_ path: String, name: String? = nil, origin: Origin) throws(HubError) -> ModelLocation {
    let status = try FileStatus(path)
    let path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    if status.isFile { return try inspectFile(path, status, name, origin) }
    guard status.isFolder else {
      throw .notAModel(
        path: path, problem: "this is neither a file nor a folder", advice: "give a .gguf file or a safetensors folder")
    }
    return try inspectFolder(path, name, origin)
  }

  private static func inspectFile(
    _ path: String, _ status: FileStatus, _ name: String?, _ origin: Origin
  ) throws(HubError) -> ModelLocation {
    let fileName = lastComponent(path)
    if fileName.hasSuffix(".safetensors") || fileName == "config.json" || fileName.hasSuffix(".safetensors.index.json")
    {
      throw .notAModel(
        path: path, problem: "this is one file of a safetensors model",
        advice: "give the folder that holds it: \(shown(parent(of: path)))")
    }
    guard let split = SplitName(fileName) else {
      let file = File(name: fileName, path: path, bytes: status.size)
      return ModelLocation(
        name: name ?? ModelName.withoutExtension(fileName), path: path, kind: .gguf, origin: origin, files: [file])
    }
    var files: [File] = []
    for index in 1...split.count {
      let part = SplitName.fileName(base: split.base, index: index, count: split.count)
      let partPath = parent(of: path) + "/" + part
      guard let partStatus = try? FileStatus(partPath), partStatus.isFile else {
        throw .missingShard(path: path, missing: part)
      }
      files.append(File(name: part, path: partPath, bytes: partStatus.size))
    }
    return ModelLocation(
      name: name ?? split.base, path: files[0].path, kind: .gguf, origin: origin, files: files)
  }

  private static func inspectFolder(
    _ path: String, _ name: String?, _ origin: Origin
  ) throws(HubError) -> ModelLocation {
    let files = try FolderFiles.collect(in: path)
    let top = files.filter { !$0.name.contains("/") }
    if top.contains(where: { $0.name.hasSuffix(".safetensors") }) {
      guard top.contains(where: { $0.name == "config.json" }) else {
        throw .notAModel(
          path: path, problem: "the folder has safetensors files but no config.json",
          advice: "fetch config.json of the same model; it says how the tensors belong together")
      }
      return ModelLocation(
        name: name ?? lastComponent(path), path: path, kind: .safetensors, origin: origin, files: files)
    }
    let models = top.filter { $0.name.hasSuffix(".gguf") && (SplitName($0.name)?.index ?? 1) == 1 }
    switch models.count {
    case 1: return try inspect(models[0].path, name: name, origin: origin)
    case 0:
      let foreign = top.first { ModelFileKind.isForeignModel($0.name) }
      throw .notAModel(
        path: path, problem: "the folder has no .gguf and no .safetensors file",
        advice: foreign.map {
          "files such as \(shown($0.name)) can run code when opened and are not read; "
            + "use the model's safetensors or GGUF files"
        } ?? "give a .gguf file or a safetensors folder")
    default:
      throw .notAModel(
        path: path, problem: "the folder has \(models.count) GGUF models",
        advice: "give one of them: " + models.prefix(4).map { shown($0.name) }.joined(separator: ", "))
    }
  }
}

/// The last component of a path.
func lastComponent(_ path: String) -> String {
  path.split(separator: "/").last.map(String.init) ?? path
}

/// The folder of a path; `.` for a bare name.
func parent(of path: String) -> String {
  guard let slash = path.lastIndex(of: "/") else { return "." }
  return slash == path.startIndex ? "/" : String(path[..<slash])
}
