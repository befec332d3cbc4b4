public import StoaFormats

/// How a model was made and from what: SLSA provenance, version 1 (slsa.dev/spec/v1.0/provenance).
public struct Provenance: Sendable, Equatable {
  /// What Stoa makes models by, and the prefix of such build types.
  public enum Relation: String, Sendable, CaseIterable {
    case quantized
    case converted
    case finetuned
    case merged
    case distilled
    case adapted

    static let prefix = "urn:stoa:build:"
    /// The build type of a step.
    public var buildType: String { Self.prefix + rawValue + ":v1" }

    init?(buildType: String) {
      guard let relation = Self.allCases.first(where: { $0.buildType == buildType }) else { return nil }
      self = relation
    }
  }

  /// Something that was used.
  public struct Dependency: Sendable, Equatable {
    /// What it is called.
    public var name: String?
    /// Where it is.
    public var uri: String?
    /// Digests in hexadecimal by their algorithm; a model's `sha256` is its root digest.
    public var digests: [String: String]

    /// Something that was used.
    public init(name: String? = nil, uri: String? = nil, digests: [String: String]) {
      self.name = name
      self.uri = uri
      self.digests = digests
    }
  }

  /// How it was built: a URI.
  public var buildType: String
  /// What whoever built it asked for.
  public var parameters: JSONObject
  /// What it was made from.
  public var dependencies: [Dependency]
  /// Who built it: a URI.
  public var builder: String
  /// Versions of the builder's parts.
  public var builderVersions: [String: String]
  /// When it was begun and done, in RFC 3339; nil when not told.
  public var started: String?
  /// When it was done.
  public var finished: String?

  /// What was done, when the build type is one of Stoa's.
  public var relation: Relation? { Relation(buildType: buildType) }

  /// What was done, in a word, when a build type is one of Stoa's.
  public static func relation(_ buildType: String) -> String? { Relation(buildType: buildType)?.rawValue }

  /// A step of Stoa's.
  public init(
    _ relation: Relation, parameters: JSONObject, dependencies: [Dependency], version: String, started: String? = nil,
    finished: String? = nil
  ) {
    buildType = relation.buildType
    self.parameters = parameters
    self.dependencies = dependencies
    builder = "urn:stoa:builder"
    builderVersions = ["stoa": version]
    self.started = started
    self.finished = finished
  }

  /// Reads a predicate; `source` names it in messages.
  public init(json: JSONValue, source: String) throws(TrustError) { try self.init(JSONFields(json, source: source)) }

  // Members that SLSA has and that are not needed here are let by: others write them.
  init(_ fields: JSONFields) throws(TrustError) {
    let definition = try fields.fields("buildDefinition")
    buildType = try definition.text("buildType")
    parameters = try definition.fields("externalParameters").object
    dependencies = []
    for dependency in try definition.objects("resolvedDependencies") {
      var digests: [String: String] = [:]
      if let digest = try dependency.optionalFields("digest") {
        for algorithm in digest.object.keys {
          _ = try digest.hexBytes(algorithm)
          digests[algorithm] = try digest.string(algorithm).lowercased()
        }
      }
      dependencies.append(
        Dependency(
          name: try dependency.optionalString("name"), uri: try dependency.optionalString("uri"), digests: digests))
    }
    let details = try fields.fields("runDetails")
    let builder = try details.fields("builder")
    self.builder = try builder.text("id")
    builderVersions = [:]
    if let versions = try builder.optionalFields("version") {
      for key in versions.object.keys { builderVersions[key] = try versions.string(key) }
    }
    let metadata = try details.optionalFields("metadata")
    started = try metadata?.optionalString("startedOn")
    finished = try metadata?.optionalString("finishedOn")
  }

  /// The predicate.
  public var json: JSONValue {
    let dependencies = dependencies.map { dependency -> JSONValue in
      var object = JSONObject()
      object["name"] = dependency.name.map { .string($0) }
      object["uri"] = dependency.uri.map { .string($0) }
      object["digest"] = .texts(dependency.digests)
      return .object(object)
    }
    var details: JSONObject = ["builder": ["id": .string(builder), "version": .texts(builderVersions)]]
    var metadata = JSONObject()
    metadata["startedOn"] = started.map { .string($0) }
    metadata["finishedOn"] = finished.map { .string($0) }
    if !metadata.isEmpty { details["metadata"] = .object(metadata) }
    return [
      "buildDefinition": [
        "buildType": .string(buildType), "externalParameters": .object(parameters),
        "resolvedDependencies": .array(dependencies),
      ],
      "runDetails": .object(details),
    ]
  }
}

extension JSONValue {
  fileprivate static func texts(_ members: [String: String]) -> JSONValue {
    .object(JSONObject(members.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
  }
}
