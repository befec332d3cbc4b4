import ArgumentParser
import Foundation
import StoaFormats
import StoaHub
import StoaTerminal
import StoaTrust

/// The MODEL of commands that sign and verify: what lies at a path as it is, or a model of the library with all its
/// files.
struct SignedModelArgument: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "A folder or a file, which need not be a model that runs here, a name in the library, or primer.",
      valueName: "model"),
    completion: .custom { _, _, prefix in
      ModelArgument.names(startingWith: prefix) + ModelArgument.paths(startingWith: prefix)
    })
  var model: String

  /// Where the model lies.
  func resolve() throws -> ModelFolder {
    // A path is taken as it is: also models of other programs are signed and verified.
    if model != "primer", model.contains("/") || model.hasSuffix(".gguf"), exists(expanded) {
      return try folder(expanded)
    }
    var target = ModelArgument()
    target.model = model
    do {
      return try SignedModel.folder(of: target.resolve())
    } catch HubError.notFound where exists(expanded) {
      return try folder(expanded)
    }
  }

  private var expanded: String { (model as NSString).expandingTildeInPath }

  private func folder(_ path: String) throws -> ModelFolder {
    let folder = try ModelFolder(path: path)
    if folder.isSingleFile { try SignedModel.refuseParts(of: path) }
    return folder
  }
}

/// What of a model of the library is signed: the file, or the folder that the library has for it.
enum SignedModel {
  static func folder(of location: ModelLocation) throws -> ModelFolder {
    guard location.kind == .gguf else { return try ModelFolder(path: location.path) }
    let models = ModelLibrary().home.models
    let inside = location.path.hasPrefix(models + "/") ? location.path.dropFirst(models.count + 1) : ""
    if let slash = inside.firstIndex(of: "/") { return try ModelFolder(path: "\(models)/\(inside[..<slash])") }
    guard location.files.count == 1 else { throw parts(of: location.path) }
    return try ModelFolder(path: location.path)
  }

  /// A part of a split model is not the model.
  static func refuseParts(of path: String) throws {
    guard let location = try? ModelLibrary().resolve(path.contains("/") ? path : "./" + path), location.files.count > 1
    else { return }
    throw parts(of: path)
  }

  private static func parts(of path: String) -> CommandFailure {
    CommandFailure(
      message: "\(path) is one part of a split model",
      advice: "sign and verify the folder that holds all parts, and nothing else")
  }

  /// Hashes with a progress line; Ctrl-C ends it. Digests of unchanged files are remembered.
  static func hashing<R>(remembering: Bool = true, _ work: (ModelHasher) throws -> R) throws -> R {
    let bar = ProgressBar("hashing")
    defer { bar.finish() }
    let hasher = ModelHasher(
      cache: remembering ? cache() : nil, progress: { bar.update($0, of: $1) },
      isCancelled: { Interrupts.requested })
    return try Interrupts.listen { try work(hasher) }
  }

  /// The root digest of a model, without a progress line.
  static func root(of location: ModelLocation) throws -> MerkleHash {
    let manifest = try ModelHasher(cache: cache()).manifest(of: folder(of: location))
    guard let root = MerkleHash(manifest.rootDigest) else {
      throw CommandFailure(message: "\(location.path): its digest does not have 32 bytes")
    }
    return root
  }

  /// The digests that this user's programs remember; nil when there is no place for them.
  static func cache() -> DigestCache? {
    let home = ModelLibrary().home
    guard (try? home.create(home.cache)) != nil else { return nil }
    return DigestCache(path: home.digests)
  }
}

/// The private key of commands that sign.
struct SigningKeyOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The private key in PEM: P-256, P-384 or Ed25519. With --signer the public one.", valueName: "file"),
    completion: .file())
  var key: String
  @Option(help: ArgumentHelp("A file whose first line is the key's password.", valueName: "file"), completion: .file())
  var passwordFile: String?
  @Option(
    help: ArgumentHelp(
      "A command that signs what it reads, for keys in hardware: 'openssl dgst -sha256 -sign KEY'.",
      valueName: "command"))
  var signer: String?

  func load() throws -> SigningKey {
    if let signer { return SigningKey(command: signer, publicKey: try VerificationKey(pemFile: key)) }
    return try SigningKey(pemFile: key) { () throws(TrustError) in
      if let path = passwordFile {
        return try readText(path).split(separator: "\n", omittingEmptySubsequences: false).first.map(String.init)
      }
      return StoaHome.environment["STOA_KEY_PASSWORD"]
    }
  }
}
