import Foundation

/// The local library: models under their own names as plain files in one folder, which other programs can open too.
public struct ModelLibrary: Sendable {
  /// The folders this library lives in.
  public let home: StoaHome
  private let environment: [String: String]

  /// A library in a given home.
  public init(
    home: StoaHome = .standard(), environment: [String: String] = StoaHome.environment
  ) {
    self.home = home
    self.environment = environment
  }

  /// All models of the library in order of their names. What is in the folder and is no model is left out.
  public func list() throws(HubError) -> [ModelLocation] {
    guard FileManager.default.fileExists(atPath: home.models) else { return [] }
    var models: [ModelLocation] = []
    for entry in try FolderFiles.entries(of: home.models) where !entry.hasPrefix(".") {
      let path = home.models + "/" + entry
      if entry.hasSuffix(".gguf") {
        if let split = SplitName(entry), split.index > 1 { continue }
      } else if (try? FileStatus(path))?.isFolder != true {
        continue
      }
      if let model = try? ModelLocation.inspect(path, name: Self.name(ofEntry: entry), origin: .library) {
        models.append(model)
      }
    }
    return models
  }

  /// The bundled model.
  public func primer() throws(HubError) -> ModelLocation {
    try ModelLocation.inspect(Primer.find(environment: environment), name: "primer", origin: .primer)
  }

  /// Finds the model that a reference means: `primer`, a path to a GGUF file or a safetensors folder, or a name in the
  /// library, with or without `.gguf`.
  ///
  /// What looks like a path (a slash in it, or a file that is there and ends in `.gguf`) is one; of other words the
  /// library comes first. A part of a name is never taken for the name: the error lists what it could be.
  public func resolve(_ reference: String) throws(HubError) -> ModelLocation {
    if reference == "primer" { return try primer() }
    guard !reference.isEmpty, !reference.utf8.contains(0) else {
      throw .notFound(reference: reference, suggestions: [])
    }
    let path = expanded(reference)
    let exists = FileManager.default.fileExists(atPath: path)
    if path.contains("/") {
      guard exists else {
        throw .system(
          path: reference, operation: "open",
          problem: "no such file or folder\ncheck the path; stoa list shows the library")
      }
      return try .inspect(path, origin: .path)
    }
    if exists && path.lowercased().hasSuffix(".gguf") { return try .inspect(path, origin: .path) }
    let models = try list()
    if let model = models.first(where: { entryNames($0).contains(reference) }) { return model }
    if exists { return try .inspect(path, origin: .path) }
    throw unknown(reference, among: models.map(\.name))
  }

  /// Removes a model from the library. Only what lies in the library is touched: a linked original stays where it is.
  public func remove(_ name: String) throws(HubError) -> ModelLocation {
    if name == "primer" { throw .primerIsFixed }
    let models = try list()
    guard let model = models.first(where: { entryNames($0).contains(name) }) else {
      throw unknown(name, among: models.map(\.name))
    }
    do {
      if model.kind == .safetensors || !isDirectlyInLibrary(model.path) {
        try FileManager.default.removeItem(atPath: home.models + "/" + topEntry(model))
      } else {
        for file in model.files { try FileManager.default.removeItem(atPath: file.path) }
      }
      removeOrigin(name: model.name)
    } catch {
      throw .system(
        path: model.path, operation: "remove", problem: (error as NSError).localizedFailureReason ?? "\(error)")
    }
    return model
  }

  /// The name of a library entry: the file name without `.gguf` and without the numbers of a split.
  static func name(ofEntry entry: String) -> String {
    SplitName(entry)?.base ?? ModelName.withoutExtension(entry)
  }

  private func entryNames(_ model: ModelLocation) -> [String] {
    [model.name, topEntry(model)] + (model.kind == .gguf ? [model.name + ".gguf"] : [])
  }

  /// The entry of the library's folder that a model lies in or is.
  private func topEntry(_ model: ModelLocation) -> String {
    let relative = model.path.dropFirst(home.models.count + 1)
    return relative.split(separator: "/").first.map(String.init) ?? model.name
  }

  private func isDirectlyInLibrary(_ path: String) -> Bool { parent(of: path) == home.models }

  private func unknown(_ reference: String, among names: [String]) -> HubError {
    let candidates = names.filter { $0.hasPrefix(reference) }
    if !candidates.isEmpty { return .incompleteName(reference: reference, candidates: candidates) }
    let suggestions = ModelName.suggestions(for: reference, among: names + ["primer"])
    return .notFound(reference: reference, suggestions: suggestions)
  }

  private func expanded(_ reference: String) -> String {
    guard reference.hasPrefix("~/") else { return reference }
    return (environment["HOME"] ?? NSHomeDirectory()) + reference.dropFirst()
  }
}
