public import Foundation
import StoaFormats

/// What is known about a model after its signature and its files were checked.
public struct ModelVerification: Sendable {
  /// How it came out.
  public enum State: String, Sendable {
    /// Signed by somebody who is trusted, and the files are those that were signed.
    case signed
    /// There is no signature.
    case unsigned
    /// Something is wrong.
    case refused
  }

  /// How it came out.
  public var state: State
  /// What was looked at, in order.
  public var checks: [TrustCheck]
  /// Who signed, what, and when.
  public var signature: SignatureVerifier.Result?
  /// Which versions of the files were checked, by their paths; what is loaded must have these.
  package var identities: [String: FileIdentity] = [:]

  /// D: the root digest of the files that were signed.
  public var rootDigest: [UInt8]? { signature?.manifest?.rootDigest }
  /// M: SHA-256 of the statement.
  public var statementDigest: [UInt8]? { signature?.statementDigest }
}

/// Checks a model: its signature by a `SignatureVerifier`, and its files by the manifest that is signed.
public struct ModelVerifier: Sendable {
  /// Whom to trust.
  public var signatures: SignatureVerifier
  /// Who hashes.
  public var hasher: ModelHasher

  /// A verifier.
  public init(signatures: SignatureVerifier, hasher: ModelHasher) {
    self.signatures = signatures
    self.hasher = hasher
  }

  /// Checks the model at `folder`.
  ///
  /// - Parameter path: The signature; by default where `stoa sign` puts it.
  /// - Throws: When the model cannot be read; that it is not what was signed is a result.
  public func verify(_ folder: ModelFolder, signature path: String? = nil) throws(TrustError) -> ModelVerification {
    let signaturePath = path ?? folder.signaturePath
    guard exists(signaturePath) else {
      return ModelVerification(
        state: .unsigned, checks: [TrustCheck(.present, false, "there is no signature at \(signaturePath)")])
    }
    let bundle: SigstoreBundle
    do {
      bundle = try SigstoreBundle(path: signaturePath)
    } catch .file(.system(let path, let operation, let code)) {
      throw .file(.system(path: path, operation: operation, code: code))
    } catch {
      return ModelVerification(state: .refused, checks: [TrustCheck(.bundle, false, error.description)])
    }
    let signature = signatures.verify(bundle, source: signaturePath)
    var result = ModelVerification(state: .refused, checks: signature.checks, signature: signature)
    guard let manifest = signature.manifest else { return result }
    let (check, identities) = try compare(folder, manifest, signaturePath: signaturePath)
    result.checks.append(check)
    result.identities = identities
    if result.checks.allSatisfy(\.isGood) { result.state = .signed }
    return result
  }

  /// Compares the files with the manifest (section 8.4 of OpenSSF Model Signing 1.0).
  func compare(
    _ folder: ModelFolder, _ manifest: ModelManifest, signaturePath: String
  ) throws(TrustError) -> (TrustCheck, [String: FileIdentity]) {
    let serialization = manifest.serialization
    // What accompanies a signed model came later and is never loaded as part of it.
    var ignored = folder.signedIgnoredPaths + serialization.ignoredPaths
    if let path = folder.relativePath(signaturePath) { ignored.append(path) }
    func bad(_ why: String) -> (TrustCheck, [String: FileIdentity]) { (TrustCheck(.files, false, why), [:]) }
    let files: [ModelFolder.File]
    do {
      files = try folder.files(ignoring: ignored, allowsSymbolicLinks: serialization.allowsSymbolicLinks)
    } catch .file(.unsupported(let path, let problem, _)) {
      return bad("\(path): \(problem)")
    }
    if let path = try unsignedWeights(folder, serialization) {
      return bad("the signer left out \(quoted(path)), which is part of what would run")
    }
    let signed = Set(manifest.resources.map { Key($0.path, in: folder) })
    let present = Set(files.map { Key($0.name, in: folder) })
    let extra = files.filter { !signed.contains(Key($0.name, in: folder)) }.map(\.name)
    // With shards an empty file is not in the manifest (section 6.3.2).
    let missing = manifest.resources.map(\.path).filter { !present.contains(Key($0, in: folder)) }
    var problems: [String] = []
    if !extra.isEmpty, serialization.shardSize == nil || !extra.allSatisfy({ isEmpty(folder, $0) }) {
      problems.append("not signed: \(Self.list(extra))")
    }
    if !missing.isEmpty { problems.append("missing: \(Self.list(missing))") }
    guard problems.isEmpty else { return bad(problems.joined(separator: "; ")) }
    let digests = try hasher.hash(files, shardSize: serialization.shardSize)
    let found = Set(digests.resources.map { Shard($0, in: folder) })
    let wanted = Set(manifest.resources.map { Shard($0, in: folder) })
    let changed = manifest.resources.filter { !found.contains(Shard($0, in: folder)) }.map(\.path)
    let grown = digests.resources.filter { !wanted.contains(Shard($0, in: folder)) }.map(\.path)
    guard changed.isEmpty, grown.isEmpty else {
      return bad("changed since it was signed: \(Self.list(changed.isEmpty ? grown : changed))")
    }
    let why = "\(files.count) \(files.count == 1 ? "file is" : "files are") as signed"
    return (TrustCheck(.files, true, why), digests.identities)
  }

  /// Names compared by their bytes; the name of a model of one file is a dot or the file's own.
  private struct Key: Hashable {
    let bytes: [UInt8]

    init(_ name: String, in folder: ModelFolder) {
      let name = folder.isSingleFile && name == ModelManifest.singleFile ? folder.name : name
      bytes = Array(name.utf8)
    }
  }

  private struct Shard: Hashable {
    let key: Key
    let bytes: Range<Int>?
    let digest: [UInt8]

    init(_ resource: ModelManifest.Resource, in folder: ModelFolder) {
      key = Key(resource.path, in: folder)
      bytes = resource.bytes
      digest = resource.digest
    }
  }

  private func isEmpty(_ folder: ModelFolder, _ name: String) -> Bool {
    (try? FileIdentity(path: "\(folder.path)/\(name)"))?.size == 0
  }

  /// What the engine would load although the signer left it out.
  private func unsignedWeights(
    _ folder: ModelFolder, _ serialization: ModelManifest.Serialization
  ) throws(TrustError) -> String? {
    let skipped = serialization.ignoredPaths.filter { !folder.signedIgnoredPaths.contains($0) && $0 != "model.sig" }
    return skipped.first { path in
      Self.loadedExtensions.contains { path.hasSuffix($0) } && !path.utf8.contains(UInt8(ascii: "/"))
        && exists("\(folder.path)/\(path)")
    }
  }

  private static let loadedExtensions = [".gguf", ".safetensors", ".json", ".model", ".jinja", ".tiktoken", ".txt"]
  private static let listed = 5

  private static func list(_ names: [String]) -> String {
    let unique = names.reduce(into: [String]()) { if $0.last != $1 { $0.append($1) } }
    let shown = unique.prefix(listed).map { quoted($0) }.joined(separator: ", ")
    return unique.count > listed ? "\(shown) and \(unique.count - listed) more" : shown
  }
}
