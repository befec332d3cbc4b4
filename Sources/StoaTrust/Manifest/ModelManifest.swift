import Crypto
import StoaFormats

/// Which files a model is made of and what their digests are: the predicate of OpenSSF Model Signing 1.0, section 5.
public struct ModelManifest: Equatable, Sendable {
  /// The type of the predicate.
  public static let predicateType = "https://model_signing/signature/v1.0"
  /// A manifest of more files than this is not read.
  static let maximumResources = 1_000_000

  /// A file, or a piece of one, and its SHA-256.
  public struct Resource: Hashable, Sendable {
    /// The path inside the model with `/` between its parts.
    public var path: String
    /// The first byte and the one behind the last when files are cut into shards; nil for whole files.
    public var bytes: Range<Int>?
    /// SHA-256, 32 bytes.
    public var digest: [UInt8]

    /// How a manifest names it: the path, or `path:start:end`.
    public var name: String { bytes.map { "\(path):\($0.lowerBound):\($0.upperBound)" } ?? path }
  }

  /// How files are found and hashed, so that others can do the same.
  public struct Serialization: Equatable, Sendable {
    /// The length of shards in bytes; nil when each file is hashed as a whole.
    public var shardSize: Int?
    /// Whether links are followed.
    public var allowsSymbolicLinks: Bool
    /// Paths inside the model that are left out, each with all that is below it.
    public var ignoredPaths: [String]
  }

  /// The name of the model, for people.
  public var modelName: String
  /// The files in the order of the statement.
  public var resources: [Resource]
  /// How they were found and hashed.
  public var serialization: Serialization

  /// The name of the only resource of a model that is one file. The specification (section 6.1.2) says the name of the
  /// file; `model-signing` 1.1.1 writes and demands a dot, so a dot is written and both are read.
  static let singleFile = "."

  /// D: SHA-256 over the digests in the order of the resources (section 6.5.1). Names do not enter.
  public var rootDigest: [UInt8] {
    var hash = SHA256()
    for resource in resources { hash.update(data: resource.digest) }
    return Array(hash.finalize())
  }

  /// The statement to sign.
  public var statement: InTotoStatement {
    var serialization: JSONObject = JSONObject([
      ("method", .string(self.serialization.shardSize == nil ? "files" : "shards")),
      ("hash_type", "sha256"),
    ])
    serialization["shard_size"] = self.serialization.shardSize.map { .int($0) }
    serialization["allow_symlinks"] = .bool(self.serialization.allowsSymbolicLinks)
    if !self.serialization.ignoredPaths.isEmpty {
      serialization["ignore_paths"] = .array(self.serialization.ignoredPaths.map { .string($0) })
    }
    let resources = resources.map { resource -> JSONValue in
      ["name": .string(resource.name), "algorithm": "sha256", "digest": .string(Hex.encode(resource.digest))]
    }
    return InTotoStatement(
      subjects: [.init(name: modelName, digests: ["sha256": Hex.encode(rootDigest)])],
      predicateType: Self.predicateType,
      predicate: ["serialization": .object(serialization), "resources": .array(resources)])
  }
}

// MARK: Reading a statement

extension ModelManifest {
  /// Reads what a statement says about a model; `source` names it in messages.
  public init(_ statement: InTotoStatement, source: String) throws(TrustError) {
    guard statement.predicateType == Self.predicateType else {
      throw .unsupported(
        source: source, problem: "this is a statement of type \(quoted(statement.predicateType))",
        advice: "a model is signed by a statement of type \(Self.predicateType)")
    }
    guard statement.subjects.count == 1, let subject = statement.subjects.first else {
      throw .malformed(
        source: source, problem: "the statement is about \(statement.subjects.count) subjects, not one model")
    }
    let predicate = try JSONFields(statement.predicate, source: source, path: "predicate")
    modelName = subject.name
    serialization = try Serialization(predicate.fields("serialization"))
    resources = []
    let entries = try predicate.objects("resources")
    guard (1...Self.maximumResources).contains(entries.count) else {
      throw predicate.malformed(
        "resources", "has \(entries.count) entries; there must be from 1 to \(grouped(Self.maximumResources))")
    }
    resources.reserveCapacity(entries.count)
    var names: Set<[UInt8]> = []
    for entry in entries {
      let resource = try Resource(entry, shardSize: serialization.shardSize)
      guard names.insert(Array(resource.name.utf8)).inserted else {
        throw entry.malformed("name", "is \(quoted(resource.name)), which is there twice")
      }
      resources.append(resource)
    }
    guard let digest = subject.digests["sha256"] else {
      throw .malformed(source: source, problem: "the statement has no SHA-256 of the model")
    }
    guard digest == Hex.encode(rootDigest) else {
      throw .malformed(
        source: source,
        problem: "the statement contradicts itself: the model's digest is \(digest), "
          + "but its files' digests amount to \(Hex.encode(rootDigest))")
    }
  }
}

extension ModelManifest.Serialization {
  fileprivate init(_ fields: JSONFields) throws(TrustError) {
    let hash = try fields.string("hash_type")
    guard hash == "sha256" else {
      throw .unsupported(
        source: fields.source, problem: "the model's files are hashed by \(quoted(hash))",
        advice: "only sha256 is supported, the one that the specification demands: sign the model again")
    }
    let method = try fields.string("method")
    switch method {
    case "files": shardSize = nil
    case "shards":
      let size = try fields.integer("shard_size")
      guard size > 0 else { throw fields.malformed("shard_size", "is \(size); it must be greater than 0") }
      shardSize = size
    default: throw .unsupported(source: fields.source, problem: "the model is cut up by the method \(quoted(method))")
    }
    allowsSymbolicLinks = try fields.bool("allow_symlinks")
    ignoredPaths = try fields.strings("ignore_paths")
  }
}

extension ModelManifest.Resource {
  fileprivate init(_ fields: JSONFields, shardSize: Int?) throws(TrustError) {
    let algorithm = try fields.string("algorithm")
    // model-signing 1.1 names the size of shards once more here.
    guard algorithm == "sha256" || shardSize.map({ algorithm == "sha256-sharded-\($0)" }) == true else {
      throw fields.malformed("algorithm", "is \(quoted(algorithm)) in a manifest of sha256")
    }
    digest = try fields.hexBytes("digest")
    guard digest.count == SHA256.byteCount else {
      throw fields.malformed("digest", "has \(digest.count) bytes; SHA-256 has \(SHA256.byteCount)")
    }
    let name = try fields.string("name")
    path = name
    if let shardSize {
      // A name may hold colons itself: the last two are meant (section 6.3.2).
      let parts = name.split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count >= 3, let start = Int(parts[parts.count - 2]), let end = Int(parts[parts.count - 1]),
        start >= 0, start < end, start % shardSize == 0, end - start <= shardSize
      else { throw fields.malformed("name", "is \(quoted(name)), which names no shard of \(shardSize) bytes") }
      bytes = start..<end
      path = parts.dropLast(2).joined(separator: ":")
    }
    guard path == ModelManifest.singleFile || ModelPath.isCanonical(path) else {
      throw fields.malformed("name", "is \(quoted(name)), which is no path inside a model")
    }
  }
}

/// Paths inside a model (section 6.1.2).
enum ModelPath {
  /// Whether a path is relative, without `.`, `..`, empty parts and a slash at the end.
  static func isCanonical(_ path: String) -> Bool {
    guard !path.utf8.contains(0) else { return false }
    return path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy { part in
      !part.isEmpty && !part.elementsEqual(".".utf8) && !part.elementsEqual("..".utf8)
    }
  }

  /// Refuses what cannot be left out (section 6.2.1): a path outside the model, or a pattern.
  static func check(_ ignored: String) throws(TrustError) {
    guard isCanonical(ignored), !ignored.utf8.contains(where: isPattern) else {
      throw .unsupported(
        source: ignored, problem: "this is no path inside the model",
        advice: "paths to leave out are relative to the model's folder, without patterns")
    }
  }

  private static func isPattern(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "*") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "[")
  }

  /// Whether `path` is `folder` or lies below it.
  static func isPath(_ path: String, at folder: String) -> Bool {
    let (path, folder) = (path.utf8, folder.utf8)
    guard path.starts(with: folder) else { return false }
    let rest = path.dropFirst(folder.count)
    return rest.isEmpty || rest.first == UInt8(ascii: "/")
  }

  /// Whether `left` comes before `right`: by code points, which for UTF-8 is by bytes.
  static func isBefore(_ left: String, _ right: String) -> Bool { left.utf8.lexicographicallyPrecedes(right.utf8) }
}
