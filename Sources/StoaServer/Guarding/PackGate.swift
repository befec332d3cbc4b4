import Foundation
import StoaFormats
import StoaGuard
package import StoaTrust

/// Decides about packs by their signatures before they are used, and makes sure that what was read is what was signed.
///
/// Every folder and file of rails is signed by itself, those that are extended too. Packs that come along are part of
/// the program.
package struct PackGate: Sendable {
  private let judge: @Sendable (ModelFolder, _ names: [String]) throws -> ModelTrust.Outcome

  /// A gate that asks `judge` about each folder or file of rails.
  package init(_ judge: @escaping @Sendable (ModelFolder, _ names: [String]) throws -> ModelTrust.Outcome) {
    self.judge = judge
  }

  /// A gate by a trust store.
  ///
  /// - Parameters:
  ///   - fallback: What is done about packs that are not as demanded, where the store says nothing.
  ///   - isCancelled: Asked while files are hashed.
  package init(store: TrustStore, fallback: TrustMode, isCancelled: @escaping @Sendable () -> Bool = { false }) {
    var store = store
    // What certificates of models are about, rails have not got: who signed them is all that is asked.
    store.required = min(store.required, .signed)
    store.thresholds = []
    store.jurisdictions = []
    store.isLogProofOptional = true
    let trust = ModelTrust(store: store, mode: fallback)
    self.init { folder, names in
      try trust.judge(folder, names: names, hasher: ModelHasher(isCancelled: isCancelled), time: Date())
    }
  }

  /// Reads a pack, and gives it with what was decided about each of its folders and files.
  ///
  /// - Throws: `PackRefused` when a signature does not let it be used; `PackError` when it has mistakes; `TrustError`
  ///   when its files cannot be read or change meanwhile.
  func load(_ source: String) throws -> (pack: GuardPack, verdicts: [TrustVerdict]) {
    // The first time only for where its files are.
    let first = try GuardPack(source)
    var outcomes: [(folder: ModelFolder, outcome: ModelTrust.Outcome)] = []
    for root in first.roots {
      let folder = try ModelFolder(path: root)
      let outcome = try judge(folder, [root, first.name])
      guard outcome.verdict.decision < .refuse else { throw PackRefused(root: folder.path, verdict: outcome.verdict) }
      outcomes.append((folder, outcome))
    }
    let pack = try GuardPack(source)
    guard pack.digest == first.digest, pack.roots == first.roots else {
      throw TrustError.file(.changed(path: pack.roots.first ?? source))
    }
    // None of the files has changed since it was hashed, and each that was read was.
    for (folder, outcome) in outcomes {
      try outcome.confirm(loaded: [])
      let known = Set(outcome.findings.identities.values)
      for file in pack.places where !known.isEmpty && folder.contains(file) {
        let identity = try FileIdentity(path: file)
        guard !identity.isRegularFile || known.contains(identity) else {
          throw TrustError.file(
            .unsupported(
              path: file, problem: "the signature of the pack leaves this file out",
              advice: "sign the pack without --ignore"))
        }
      }
    }
    return (pack, outcomes.map(\.outcome.verdict))
  }

  /// What besides a pack's own files decides whether it may be used.
  func places(of pack: GuardPack) -> [String] {
    pack.roots.compactMap { try? ModelFolder(path: $0) }.flatMap { folder in
      ["sig", "crl", "ocsp"].map { folder.sidecar($0) }
    }
  }
}

/// A pack is not used because of what its signature or its files are.
package struct PackRefused: Error, CustomStringConvertible {
  /// The folder or file.
  package let root: String
  package let verdict: TrustVerdict

  package var description: String { "the guard pack '\(root)' is \(verdict.line)" }
}
