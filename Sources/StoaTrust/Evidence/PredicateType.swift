public import StoaFormats

/// The kinds of evidence that Stoa writes and reads; `docs/predicates` has a JSON Schema of each.
public enum PredicateType: String, Sendable, CaseIterable {
  /// How well a model did at a task.
  case evaluation
  /// How open a model is.
  case openness
  /// Under which licence it may be used.
  case licence
  /// What it was trained and tested on.
  case dataDocumentation = "data-documentation"
  /// Which rules its answers are held to.
  case guardPack = "guard-pack"
  /// What it was made from (SLSA provenance, version 1).
  case derivation

  /// The URI in a statement.
  public var uri: String {
    switch self {
    case .evaluation: "urn:stoa:predicate:evaluation-result:v1"
    case .derivation: "https://slsa.dev/provenance/v1"
    default: "urn:stoa:predicate:\(rawValue):v1"
    }
  }

  /// The kind that a statement's URI names; nil for those of others.
  public init?(uri: String) {
    guard let type = Self.allCases.first(where: { $0.uri == uri }) else { return nil }
    self = type
  }

  /// Throws, naming the member, unless a predicate is what the schema of its kind says.
  public func check(_ predicate: JSONValue, source: String) throws(TrustError) {
    let fields = try JSONFields(predicate, source: source)
    switch self {
    case .evaluation: _ = try EvaluationResult(fields)
    case .openness: _ = try OpennessEvidence(fields)
    case .licence: _ = try LicenceEvidence(fields)
    case .dataDocumentation: _ = try DataDocumentation(fields)
    case .guardPack: _ = try GuardPackEvidence(fields)
    case .derivation: _ = try Provenance(fields)
    }
  }
}
