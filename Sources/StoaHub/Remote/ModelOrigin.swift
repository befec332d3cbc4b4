import Foundation
package import StoaFormats

/// Where a model of the library came from: a small JSON file beside it, `NAME.origin.json`.
public struct ModelOrigin: Sendable, Equatable {
  /// One file as its publisher announced it.
  public struct File: Sendable, Equatable {
    /// The path in the repository.
    public let path: String
    /// The size in bytes.
    public let bytes: Int
    /// `sha256:…`, or `git:…` for small files that the hub knows by git's SHA-1.
    public let digest: String
  }

  /// The server it was fetched from.
  public let endpoint: String
  /// `OWNER/REPO`.
  public let repository: String
  /// The branch, tag or commit that was asked for.
  public let revision: String
  /// The commit that this was.
  public let commit: String
  /// The model's files.
  public let files: [File]
  /// The licence as the model's card has it.
  public let licence: String?
  /// The name of a licence that the card calls `other`.
  public let licenceName: String?
  /// The address of a licence that the card calls `other`.
  public let licenceLink: String?
  /// The models this one was made of, as its card says.
  public let baseModels: [String]
  /// When it was fetched: ISO 8601, UTC.
  public let retrieved: String

  /// The address of the repository for people.
  public var page: String { endpoint + "/" + repository }

  /// The licence in words.
  public var licenceTitle: String? { licence == "other" ? licenceName ?? licence : licence }

  /// The record as JSON.
  package var json: JSONValue {
    func text(_ value: String?) -> JSONValue { value.map(JSONValue.string) ?? .null }
    return [
      "version": 1, "endpoint": .string(endpoint), "repository": .string(repository), "revision": .string(revision),
      "commit": .string(commit), "licence": text(licence), "licence_name": text(licenceName),
      "licence_link": text(licenceLink), "base_models": .array(baseModels.map(JSONValue.string)),
      "retrieved": .string(retrieved),
      "files": .array(
        files.map { file in
          ["path": .string(file.path), "bytes": .int(file.bytes), "digest": .string(file.digest)]
        }),
    ]
  }

  /// Reads a record; nil when it is none.
  init?(_ json: JSONValue) {
    guard let endpoint = json["endpoint"]?.stringValue, let repository = json["repository"]?.stringValue,
      let revision = json["revision"]?.stringValue, let commit = json["commit"]?.stringValue,
      let retrieved = json["retrieved"]?.stringValue
    else { return nil }
    self.endpoint = endpoint
    self.repository = repository
    self.revision = revision
    self.commit = commit
    self.retrieved = retrieved
    licence = json["licence"]?.stringValue
    licenceName = json["licence_name"]?.stringValue
    licenceLink = json["licence_link"]?.stringValue
    baseModels = (json["base_models"]?.arrayValue ?? []).compactMap(\.stringValue)
    files = (json["files"]?.arrayValue ?? []).compactMap { file in
      guard let path = file["path"]?.stringValue, let bytes = file["bytes"]?.intValue,
        let digest = file["digest"]?.stringValue
      else { return nil }
      return File(path: path, bytes: bytes, digest: digest)
    }
  }

  /// The record of a download that ends now.
  init(endpoint: String, revision: String?, info: RepositoryInfo, files: [File]) {
    self.endpoint = endpoint
    self.revision = revision ?? HubReference.defaultRevision
    self.files = files
    repository = info.repository
    commit = info.commit
    licence = info.licence
    licenceName = info.licenceName
    licenceLink = info.licenceLink
    baseModels = info.baseModels
    retrieved = Date().formatted(.iso8601)
  }

  /// Whether this is what a reference asks for, apart from its selector.
  func answers(_ reference: HubReference, endpoint: String) -> Bool {
    guard self.endpoint == endpoint, repository.lowercased() == reference.repository.lowercased() else { return false }
    guard let wanted = reference.revision else { return true }
    return revision == wanted || commit == wanted.lowercased()
  }
}

extension ModelLibrary {
  private static let originSuffix = ".origin.json"
  private static let originByteLimit = 4 << 20

  /// Where a model of the library came from, if it was pulled.
  public func origin(of model: ModelLocation) -> ModelOrigin? {
    guard model.origin == .library else { return nil }
    let json = try? JSONValue(path: originPath(model.name), maximumByteCount: Self.originByteLimit)
    return json.flatMap(ModelOrigin.init)
  }

  /// The model of the library that a reference to the hub means, found without the network.
  public func model(for reference: HubReference, endpoint: String) throws(HubError) -> ModelLocation? {
    let models = try list().filter { origin(of: $0)?.answers(reference, endpoint: endpoint) == true }
    // The same choice as in the repository, among the files that were fetched from it.
    var owners: [String: ModelLocation] = [:]
    var files: [RepositoryFile] = []
    for model in models {
      for file in origin(of: model)?.files ?? [] where owners[file.path] == nil {
        owners[file.path] = model
        files.append(RepositoryFile(path: file.path, bytes: file.bytes, digest: ContentDigest(file.digest)))
      }
    }
    let choice = try? FileSelection.choose(
      from: files, selector: reference.selector, repository: reference.repository)
    return choice?.files.first.flatMap { owners[$0.path] }
  }

  func saveOrigin(_ origin: ModelOrigin, name: String) throws(HubError) {
    let path = originPath(name)
    do {
      try Data((origin.json.text(.pretty) + "\n").utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw .system(path: path, operation: "write", problem: (error as NSError).localizedFailureReason ?? "\(error)")
    }
  }

  func removeOrigin(name: String) { try? FileManager.default.removeItem(atPath: originPath(name)) }

  private func originPath(_ name: String) -> String { home.models + "/" + name + Self.originSuffix }
}
