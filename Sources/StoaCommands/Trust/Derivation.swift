import ArgumentParser
import Foundation
import StoaFormats
import StoaHub
import StoaTrust

/// What commands that make models say about where the result came from.
struct ProvenanceOptions: ParsableArguments {
  @Flag(
    name: .customLong("provenance"), inversion: .prefixedNo,
    help: "Write a statement beside the file about what it was made from (default: yes).")
  var isWanted = true
  @Option(
    help: ArgumentHelp("Sign that statement with this private key in PEM.", valueName: "file"), completion: .file())
  var provenanceKey: String?

  func validate() throws {
    if !isWanted, provenanceKey != nil {
      throw ValidationError("--provenance-key and --no-provenance exclude each other")
    }
  }

  /// Loads the key before any work is done; nil for an unsigned statement.
  func key() throws -> SigningKey? { try StatementKey.load(provenanceKey) }

  /// Writes the statement beside `output` and returns its path; nil when none is wanted. The file itself stays as it is.
  ///
  /// - Parameter bases: Paths of what the model was made from: files, folders, parts of split models.
  func write(
    _ relation: Provenance.Relation, from bases: [String], to output: String, parameters: JSONObject, started: Date,
    key: SigningKey?
  ) throws -> String? {
    guard isWanted else { return nil }
    let folder = try ModelFolder(path: output)
    return try SignedModel.hashing { hasher in
      var dependencies: [Provenance.Dependency] = []
      for base in bases {
        let manifest = try hasher.manifest(of: ModelFolder(path: base))
        dependencies.append(
          Provenance.Dependency(name: manifest.modelName, digests: ["sha256": Hex.encode(manifest.rootDigest)]))
      }
      let product = try hasher.manifest(of: folder)
      let provenance = Provenance(
        relation, parameters: parameters, dependencies: dependencies, version: StoaVersion.current,
        started: started.rfc3339, finished: Date().rfc3339)
      let statement = InTotoStatement(
        subjects: [.init(name: product.modelName, digests: ["sha256": Hex.encode(product.rootDigest)])],
        predicateType: PredicateType.derivation.uri, predicate: provenance.json)
      return try EvidenceFile.write(statement, besides: folder, named: PredicateType.derivation.rawValue, key: key)
    }
  }

  /// The files of a GGUF model: all parts of a split one.
  static func parts(of path: String) -> [String] {
    let location = try? ModelLibrary().resolve(path.contains("/") ? path : "./" + path)
    return location.map { $0.files.map(\.path) } ?? [path]
  }
}
