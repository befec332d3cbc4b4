import ArgumentParser
import Foundation
import StoaFormats
import StoaTerminal
import StoaTrust

struct SignCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sign", abstract: "Sign a model, so that everybody can check that its files are yours.",
    discussion: """
      The signature is a sigstore bundle by OpenSSF Model Signing 1.0, which model_signing verify accepts too. It covers \
      all files of the folder but .git and what accompanies a model (model.sig, model.tlog-proof, model.crl, \
      model.ocsp, model.evidence). An encrypted key asks for STOA_KEY_PASSWORD or --password-file.

      Examples:
        openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem
        stoa sign ./my-model --key key.pem
        stoa sign model.gguf --key key.pem --certificate leaf.pem --chain issuing.pem
      """)

  @OptionGroup var target: SignedModelArgument
  @OptionGroup var key: SigningKeyOptions
  @Option(help: ArgumentHelp("Your certificate in PEM, for that key.", valueName: "file"), completion: .file())
  var certificate: String?
  @Option(
    help: ArgumentHelp("The authorities above the certificate in PEM, the nearest first.", valueName: "file"),
    completion: .file())
  var chain: String?
  @Option(
    help: ArgumentHelp("Where to write (default: model.sig in the folder, FILE.sig beside a file).", valueName: "file"),
    completion: .file())
  var out: String?
  @Option(
    name: .customLong("ignore"), parsing: .singleValue,
    help: ArgumentHelp("A path inside the model to leave out.", valueName: "path"))
  var ignored: [String] = []
  @Flag(help: "Follow symbolic links to files and sign what they lead to.") var allowSymlinks = false
  @OptionGroup var output: JSONOption

  func validate() throws {
    if chain != nil, certificate == nil { throw ValidationError("--chain needs --certificate") }
  }

  func run() throws {
    let folder = try target.resolve()
    // What can fail in a moment comes before what takes long.
    let key = try key.load()
    let signer = try bundleSigner(key)
    let path = out ?? folder.signaturePath
    let manifest = try SignedModel.hashing { hasher in
      try hasher.manifest(of: folder, ignoring: ignored, allowsSymbolicLinks: allowSymlinks)
    }
    let statement = manifest.statement.bytes
    let envelope = try DSSEEnvelope(signing: statement, type: InTotoStatement.payloadType, with: key)
    try writeBytes(Array(SigstoreBundle(signer: signer, envelope: envelope).json.text().utf8), to: path)
    try report(manifest, digestOf: statement, key.publicKey, path)
  }

  private func bundleSigner(_ key: SigningKey) throws -> SigstoreBundle.Signer {
    guard let certificate else { return .key(hint: key.publicKey.hint) }
    let leaves = try X509Certificate.certificates(path: certificate)
    guard let leaf = leaves.first, leaf.publicKey == key.publicKey else {
      throw CommandFailure(
        message: "\(certificate): the certificate is for another key than \(self.key.key)",
        advice: "give the certificate that was issued for this key")
    }
    let above = try chain.map { try X509Certificate.certificates(path: $0) } ?? []
    return .chain(([leaf] + leaves.dropFirst() + above).map(\.der))
  }

  private func report(
    _ manifest: ModelManifest, digestOf statement: [UInt8], _ key: VerificationKey, _ path: String
  ) throws {
    let (root, whole) = (Hex.encode(manifest.rootDigest), Hex.encode(sha256(statement)))
    if output.json {
      return try JSONValue.object([
        "signature": .string(path), "model": .string(manifest.modelName), "digest": .string(root),
        "manifest_digest": .string(whole), "files": .int(manifest.resources.count),
        "key": .string(key.fingerprint),
      ]).print()
    }
    let files = Format.plural(manifest.resources.count, "file")
    try Output.write(
      "\(PrintableText.line(path)) · \(files) · \(key.kind.rawValue) key \(key.fingerprint.prefix(16))…\ndigest \(root)\n"
    )
  }
}
