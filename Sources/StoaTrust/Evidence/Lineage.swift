/// From what models were made, by statements of provenance.
///
/// Pure: who signed the statements is for the caller to check before.
public struct Lineage: Sendable {
  /// A step: something was made from something else.
  public struct Step: Sendable, Equatable, Hashable {
    /// SHA-256 of what was made.
    public let product: String
    /// SHA-256 of what it was made from.
    public let base: String
    /// What the base is called; nil when not told.
    public let baseName: String?
    /// How it was made.
    public let buildType: String

    /// A step.
    public init(product: String, base: String, baseName: String? = nil, buildType: String) {
      self.product = product
      self.base = base
      self.baseName = baseName
      self.buildType = buildType
    }
  }

  private var stepsTo: [String: [Step]] = [:]

  /// The steps of statements; those that are no provenance, and dependencies without a SHA-256, are passed over.
  public init(_ statements: [InTotoStatement]) throws(TrustError) {
    for statement in statements where PredicateType(uri: statement.predicateType) == .derivation {
      let provenance = try Provenance(json: statement.predicate, source: "the derivation")
      for product in statement.subjects.compactMap({ $0.digests["sha256"] }) {
        for dependency in provenance.dependencies {
          guard let base = dependency.digests["sha256"] else { continue }
          add(Step(product: product, base: base, baseName: dependency.name, buildType: provenance.buildType))
        }
      }
    }
  }

  /// A lineage of given steps.
  public init(steps: [Step]) { for step in steps { add(step) } }

  private mutating func add(_ step: Step) {
    if !stepsTo[step.product, default: []].contains(step) { stepsTo[step.product, default: []].append(step) }
  }

  /// The last steps to a model.
  public func steps(to product: String) -> [Step] { stepsTo[product] ?? [] }

  /// All steps that led to a model, nearest first; each once, even where statements run in a circle.
  public func ancestry(of product: String) -> [Step] {
    var found: [Step] = []
    var seen: Set<String> = [product]
    var pending = [product][...]
    while let next = pending.popFirst() {
      for step in steps(to: next) {
        found.append(step)
        if seen.insert(step.base).inserted { pending.append(step.base) }
      }
    }
    return found
  }

  /// The shortest way from a model to something revoked that it was made from; empty when it is revoked itself, nil when
  /// nothing of it is.
  public func taint(of product: String, revoked: Set<String>) -> [Step]? {
    if revoked.contains(product) { return [] }
    var ways: [String: [Step]] = [product: []]
    var pending = [product][...]
    while let next = pending.popFirst() {
      for step in steps(to: next) where ways[step.base] == nil {
        let way = (ways[next] ?? []) + [step]
        if revoked.contains(step.base) { return way }
        ways[step.base] = way
        pending.append(step.base)
      }
    }
    return nil
  }
}
