package import StoaHub
package import StoaTrust

/// Decides about models before they are loaded, and makes sure that what was loaded is what was decided about.
package struct ModelGate: Sendable {
  private let judge: @Sendable (ModelLocation) throws -> ModelTrust.Outcome

  /// A gate that asks `judge`, which may take long: it hashes.
  package init(_ judge: @escaping @Sendable (ModelLocation) throws -> ModelTrust.Outcome) { self.judge = judge }

  /// What is decided about a model; throws `ModelRefused` when it must not be loaded.
  package func admit(_ location: ModelLocation) throws -> ModelTrust.Outcome {
    let outcome = try judge(location)
    guard outcome.verdict.decision < .refuse else { throw ModelRefused(outcome: outcome) }
    return outcome
  }

  /// What is decided about a model, refused or not.
  func outcome(_ location: ModelLocation) throws -> ModelTrust.Outcome { try judge(location) }
}

/// A model is not loaded because of what its signature, certificate or files are.
package struct ModelRefused: Error, CustomStringConvertible {
  package let outcome: ModelTrust.Outcome
  package var verdict: TrustVerdict { outcome.verdict }

  package init(outcome: ModelTrust.Outcome) { self.outcome = outcome }

  package var description: String { "the model '\(verdict.model)' is \(verdict.line)" }

  /// The worst of what is wrong, by the name that clients see.
  var state: String { verdict.problems.first?.state?.rawValue ?? verdict.status.rawValue }
}
