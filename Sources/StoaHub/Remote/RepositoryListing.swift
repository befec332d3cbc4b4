import StoaFormats

/// A file as the hub lists it.
package struct RepositoryFile: Sendable, Hashable {
  /// The path inside the repository.
  package let path: String
  /// The size in bytes; unknown on some mirrors.
  package let bytes: Int?
  /// The digest of the contents; unknown on some mirrors.
  package let digest: ContentDigest?

  package init(path: String, bytes: Int?, digest: ContentDigest?) {
    self.path = path
    self.bytes = bytes
    self.digest = digest
  }

  /// The name without its folder.
  package var name: String { lastComponent(path) }
}

/// What the hub says about a model: the part of its card that is kept with the bytes.
package struct RepositoryInfo: Sendable, Equatable {
  /// The repository's name as the hub has it now; a renamed one answers to its old name too.
  package let repository: String
  /// The commit that the revision is at.
  package let commit: String
  /// The licence as the card has it: an SPDX identifier in lower case, or `other`.
  package let licence: String?
  /// Name and address of a licence that is `other`.
  package let licenceName: String?
  package let licenceLink: String?
  /// The models this one was made of.
  package let baseModels: [String]
  /// Whether the publisher wants a licence accepted.
  package let isGated: Bool
  /// The files, where the answer has them.
  package let siblings: [RepositoryFile]

  /// The licence in words.
  package var licenceTitle: String? { licence == "other" ? licenceName ?? licence : licence }
}

/// One model of a search.
package struct SearchHit: Sendable, Equatable {
  package let repository: String
  package let downloads: Int?
  package let likes: Int?
  package let licence: String?
  /// The date of the last change, `2026-11-22`.
  package let updated: String?
  package let isGated: Bool
}

/// Reads what the hub's interface answers (https://huggingface.co/docs/hub/api).
///
/// The texts in it are strangers' words: they are shortened here and made harmless where they are shown.
package enum ListingParser {
  /// The longest answer that is read; a page of the listing has a thousand files at most.
  package static let byteLimit = 16 << 20
  /// The most files a repository may have here.
  package static let fileLimit = 50_000

  /// `GET /api/models/REPO/revision/REV?blobs=true`.
  package static func info(_ bytes: [UInt8], url: String) throws(RemoteError) -> RepositoryInfo {
    let json = try parse(bytes, url)
    guard case .gitBlob(let commit)? = ContentDigest(json["sha"]?.stringValue) else {
      throw .badAnswer(url: url, problem: "it names no commit")
    }
    let card = json["cardData"]
    var siblings: [RepositoryFile] = []
    for entry in try elements(json["siblings"] ?? .array([]), url) {
      guard let path = entry["rfilename"]?.stringValue else { continue }
      siblings.append(try file(path, entry, digest: entry["blobId"]))
    }
    return RepositoryInfo(
      repository: try repository(json, url), commit: commit,
      licence: text(first(card?["license"])) ?? licence(inTags: json["tags"]),
      licenceName: text(card?["license_name"]), licenceLink: text(card?["license_link"]),
      baseModels: Array(texts(card?["base_model"]).prefix(16)), isGated: isGated(json["gated"]), siblings: siblings)
  }

  /// One page of `GET /api/models/REPO/tree/COMMIT?recursive=true`.
  package static func tree(_ bytes: [UInt8], url: String) throws(RemoteError) -> [RepositoryFile] {
    var files: [RepositoryFile] = []
    for entry in try elements(parse(bytes, url), url) where entry["type"]?.stringValue == "file" {
      guard let path = entry["path"]?.stringValue else { throw .badAnswer(url: url, problem: "a file without a path") }
      files.append(try file(path, entry, digest: entry["oid"]))
    }
    return files
  }

  /// `GET /api/models?search=…`.
  package static func search(_ bytes: [UInt8], url: String) throws(RemoteError) -> [SearchHit] {
    try elements(parse(bytes, url), url).map { (entry) throws(RemoteError) in
      SearchHit(
        repository: try repository(entry, url), downloads: entry["downloads"]?.intValue,
        likes: entry["likes"]?.intValue,
        licence: text(first(entry["cardData"]?["license"])) ?? licence(inTags: entry["tags"]),
        updated: text(entry["lastModified"]).map { String($0.prefix(10)) }, isGated: isGated(entry["gated"]))
    }
  }

  /// The message in the body of a failure: `{"error": "…"}`.
  static func message(_ bytes: [UInt8]) -> String? {
    guard let json = try? JSONValue(parsing: bytes.span) else { return nil }
    return text(json["error"])
  }

  private static func parse(_ bytes: [UInt8], _ url: String) throws(RemoteError) -> JSONValue {
    do throws(JSONError) {
      return try JSONValue(parsing: bytes.span)
    } catch {
      throw .badAnswer(url: url, problem: "this is not JSON: \(error)")
    }
  }

  private static func elements(_ json: JSONValue, _ url: String) throws(RemoteError) -> [JSONValue] {
    guard let array = json.arrayValue else { throw .badAnswer(url: url, problem: "a list was expected") }
    guard array.count <= fileLimit else { throw .badAnswer(url: url, problem: "it lists more than \(fileLimit) files") }
    return array
  }

  private static func repository(_ json: JSONValue, _ url: String) throws(RemoteError) -> String {
    guard let name = json["id"]?.stringValue ?? json["modelId"]?.stringValue,
      let reference = try? HubReference(parsing: name), reference.repository == name
    else { throw .badAnswer(url: url, problem: "it has no name of a model") }
    return name
  }

  private static func file(_ path: String, _ entry: JSONValue, digest: JSONValue?) throws(RemoteError) -> RepositoryFile
  {
    if let problem = RemotePath.attack(in: path) { throw .badFileName(name: path, problem: problem) }
    let stored = entry["lfs"]
    let bytes = stored?["size"]?.intValue ?? entry["size"]?.intValue
    guard bytes ?? 0 >= 0 else { throw .badFileName(name: path, problem: "its size is negative") }
    // A file in large-file storage has the digest of its pointer as object id: that says nothing about the contents.
    let isStored = stored?.objectValue != nil
    let text = isStored ? stored?["oid"]?.stringValue ?? stored?["sha256"]?.stringValue : digest?.stringValue
    return RepositoryFile(path: path, bytes: bytes, digest: ContentDigest(text))
  }

  private static func licence(inTags tags: JSONValue?) -> String? {
    let tag = (tags?.arrayValue ?? []).lazy.compactMap(\.stringValue).first { $0.hasPrefix("license:") }
    return tag.map { String($0.dropFirst(8).prefix(100)) }
  }

  private static func isGated(_ json: JSONValue?) -> Bool {
    // false, or "auto" or "manual".
    json?.boolValue ?? (json?.stringValue != nil)
  }

  private static func first(_ json: JSONValue?) -> JSONValue? { json?.arrayValue?.first ?? json }

  private static func text(_ json: JSONValue?) -> String? {
    guard let text = json?.stringValue, !text.isEmpty else { return nil }
    return String(text.prefix(300))
  }

  private static func texts(_ json: JSONValue?) -> [String] {
    (json?.arrayValue ?? json.map { [$0] } ?? []).compactMap { text($0) }
  }
}
