package import StoaFormats

/// What is known about a model after its signature and its files were looked at.
public struct ModelFindings: Sendable {
  /// What a policy judges.
  public var facts: TrustFacts
  /// What was signed; nil when no signature can be believed.
  public var manifest: ModelManifest?
  /// M: SHA-256 of the statement.
  public var statementDigest: [UInt8]?
  /// When a log took the signature, as an RFC 3339 time.
  public var signedAt: String?
  /// Which versions of the files were hashed, by their paths; what is loaded must have these.
  package var identities: [String: FileIdentity] = [:]

  /// D: the root digest of what was signed.
  public var rootDigest: [UInt8]? { manifest?.rootDigest }
}

/// Looks at a model: its signature by a `SignatureVerifier`, and its files by the manifest that is signed.
public struct ModelVerifier: Sendable {
  /// Whom to trust.
  public var signatures: SignatureVerifier
  /// Who hashes.
  public var hasher: ModelHasher
  /// Paths inside the model that do not matter to whoever asks, besides those that the signer left out.
  public var ignoredPaths: [String] = []

  /// A verifier.
  public init(signatures: SignatureVerifier, hasher: ModelHasher) {
    self.signatures = signatures
    self.hasher = hasher
  }

  /// Looks at the model at `folder`.
  ///
  /// - Parameter path: The signature; by default where `stoa sign` puts it.
  /// - Throws: When the model cannot be read; that it is not what was signed is a finding.
  public func examine(_ folder: ModelFolder, signature path: String? = nil) throws(TrustError) -> ModelFindings {
    let path = path ?? folder.signaturePath
    var findings = ModelFindings(
      facts: TrustFacts(model: folder.name, files: .unknown, signature: .none("there is no signature at \(path)")))
    guard exists(path) else { return findings }
    for path in ignoredPaths { try ModelPath.check(path) }
    let bytes = try readBytes(path)
    let bundle: SigstoreBundle
    do {
      bundle = try SigstoreBundle(parsing: bytes, source: path)
    } catch {
      findings.facts.signature = .bad(error.description)
      return findings
    }
    let signature = signatures.verify(bundle, source: path)
    findings.facts.signature = signature.signature
    findings.manifest = signature.manifest
    findings.statementDigest = signature.statementDigest
    findings.signedAt = signature.signedAt.map(PKITime.text)
    guard let manifest = signature.manifest else { return findings }
    (findings.facts.files, findings.identities) = try compare(folder, manifest, signaturePath: path)
    return findings
  }

  /// Compares the files with the manifest (section 8.4 of OpenSSF Model Signing 1.0).
  private func compare(
    _ folder: ModelFolder, _ manifest: ModelManifest, signaturePath: String
  ) throws(TrustError) -> (TrustFacts.Files, [String: FileIdentity]) {
    let serialization = manifest.serialization
    // What accompanies a signed model came later and is never loaded as part of it.
    var ignored = folder.signedIgnoredPaths + serialization.ignoredPaths + ignoredPaths
    if let path = folder.relativePath(signaturePath) { ignored.append(path) }
    let files: [ModelFolder.File]
    do {
      files = try folder.files(ignoring: ignored, allowsSymbolicLinks: serialization.allowsSymbolicLinks)
    } catch .file(.unsupported(let path, let problem, _)) {
      return (.differ("\(path): \(problem)"), [:])
    }
    if let path = unsignedPart(folder, serialization) {
      return (.differ("the signer left out \(quoted(path)), which is part of what would run"), [:])
    }
    let names = FileNames(folder)
    let signed = Set(manifest.resources.map { names.key($0.path) })
    let present = Set(files.map { names.key($0.name) })
    // With shards an empty file is not in the manifest (section 6.3.2).
    let extra = files.filter { file in
      !signed.contains(names.key(file.name)) && (serialization.shardSize == nil || !isEmpty(file))
    }
    let resources = manifest.resources.filter { resource in
      !ignoredPaths.contains { ModelPath.isPath(resource.path, at: $0) }
    }
    let missing = resources.filter { !present.contains(names.key($0.path)) }
    var problems: [String] = []
    if !extra.isEmpty { problems.append("not signed: \(Self.list(extra.map(\.name)))") }
    if !missing.isEmpty { problems.append("missing: \(Self.list(missing.map(\.path)))") }
    guard problems.isEmpty else { return (.differ(problems.joined(separator: "; ")), [:]) }
    let digests = try hasher.hash(files, shardSize: serialization.shardSize)
    let found = Set(digests.resources.map(names.piece))
    let wanted = Set(resources.map(names.piece))
    let changed =
      resources.filter { !found.contains(names.piece($0)) }
      + digests.resources.filter { !wanted.contains(names.piece($0)) }
    guard changed.isEmpty else {
      return (.differ("changed since it was signed: \(Self.list(changed.map(\.path)))"), [:])
    }
    let why = "\(files.count) \(files.count == 1 ? "file is" : "files are") as signed"
    return (.asSigned(why), digests.identities)
  }

  private func isEmpty(_ file: ModelFolder.File) -> Bool { (try? FileIdentity(path: file.path))?.size == 0 }

  /// What the engine would load although the signer left it out.
  private func unsignedPart(_ folder: ModelFolder, _ serialization: ModelManifest.Serialization) -> String? {
    serialization.ignoredPaths.first { path in
      !folder.signedIgnoredPaths.contains(path) && !path.utf8.contains(UInt8(ascii: "/"))
        && Self.loadedExtensions.contains { path.hasSuffix($0) } && exists("\(folder.path)/\(path)")
    }
  }

  private static let loadedExtensions = [".gguf", ".safetensors", ".json", ".model", ".jinja", ".tiktoken", ".txt"]
  private static let listed = 5

  private static func list(_ names: [String]) -> String {
    var unique: [String] = []
    for name in names where !unique.contains(name) && unique.count <= listed { unique.append(name) }
    let shown = unique.prefix(listed).map { quoted($0) }.joined(separator: ", ")
    return unique.count > listed ? "\(shown) and more" : shown
  }
}

/// Names of files to compare: by their bytes, and the one of a model of one file is a dot or the file's own.
private struct FileNames {
  let folder: ModelFolder

  init(_ folder: ModelFolder) { self.folder = folder }

  func key(_ path: String) -> [UInt8] {
    Array((folder.isSingleFile && path == ModelManifest.singleFile ? folder.name : path).utf8)
  }

  struct Piece: Hashable {
    let key: [UInt8]
    let bytes: Range<Int>?
    let digest: [UInt8]
  }

  func piece(_ resource: ModelManifest.Resource) -> Piece {
    Piece(key: key(resource.path), bytes: resource.bytes, digest: resource.digest)
  }
}
