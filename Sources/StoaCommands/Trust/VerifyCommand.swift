import ArgumentParser
import Foundation
import StoaFormats
import StoaTerminal
import StoaTrust

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Check who signed a model, and that its files are those that were signed.",
    discussion: """
      Say whom you trust: a key, the root of a chain of certificates, or signers of sigstore. Nothing is fetched. The \
      exit status is 0 when the model is signed by somebody trusted and unchanged, and 3 when it is not.

      Examples:
        stoa verify ./my-model --key key.pub
        stoa verify model.gguf --root root.pem
        stoa verify ./my-model --sigstore-root trusted_root.json --identity me@example.org --issuer https://accounts.google.com
      """)

  @OptionGroup var target: SignedModelArgument
  @Option(
    help: ArgumentHelp("The signature (default: where stoa sign puts it).", valueName: "file"), completion: .file())
  var signature: String?
  @OptionGroup var trusted: TrustedSignerOptions
  @Option(
    help: ArgumentHelp("The moment to judge certificates at (default: now).", valueName: "time"),
    transform: DateArgument.start)
  var at: Date?
  @Flag(help: "Hash every file again, also what is known not to have changed.") var fresh = false
  @OptionGroup var output: JSONOption

  func run() throws {
    let folder = try target.resolve()
    let verifier = try trusted.verifier(at: at ?? Date())
    let result = try SignedModel.hashing(remembering: !fresh) { hasher in
      try ModelVerifier(signatures: verifier, hasher: hasher).verify(folder, signature: signature)
    }
    try report(result, folder)
    guard result.state == .signed else {
      let reason = result.checks.first { !$0.isGood }?.why ?? "nothing speaks for it"
      throw CommandFailure(message: "\(folder.name) is \(result.state.rawValue): \(reason)", status: .refused)
    }
  }

  private func report(_ result: ModelVerification, _ folder: ModelFolder) throws {
    if output.json {
      let reasons = result.checks.map { check -> JSONValue in
        ["check": .string(check.kind.rawValue), "ok": .bool(check.isGood), "why": .string(check.why)]
      }
      return try JSONValue.object([
        "verdict": .string(result.state.rawValue), "model": .string(folder.name), "reasons": .array(reasons),
        "digest": .text(result.rootDigest.map(Hex.encode)),
        "manifest_digest": .text(result.statementDigest.map(Hex.encode)),
        "signer": .text(result.signature?.signer), "signed_at": .text(result.signature?.signedAt?.formatted(.iso8601)),
      ]).print()
    }
    let style = Terminal.current().style(for: .output)
    let isGood = result.state == .signed
    let word = isGood ? style.green(result.state.rawValue) : style.red(result.state.rawValue)
    try Output.write(style.bold(PrintableText.line(folder.name)) + " · " + word + "\n")
    for check in result.checks {
      let mark = check.isGood ? style.green("✓") : style.red("✗")
      try Output.write("  \(mark) \(check.kind.rawValue): \(PrintableText.line(check.why))\n")
    }
    if let digest = result.rootDigest { try Output.write("  digest \(Hex.encode(digest))\n") }
  }
}

/// Whom commands that verify trust.
struct TrustedSignerOptions: ParsableArguments {
  @Option(
    parsing: .singleValue, help: ArgumentHelp("A public key in PEM that is trusted.", valueName: "file"),
    completion: .file())
  var key: [String] = []
  @Option(
    parsing: .singleValue, help: ArgumentHelp("Root certificates in PEM that are trusted.", valueName: "file"),
    completion: .file())
  var root: [String] = []
  @Option(
    help: ArgumentHelp("The file trusted_root.json of sigstore.", valueName: "file"), completion: .file())
  var sigstoreRoot: String?
  @Option(help: ArgumentHelp("Who must have signed by sigstore: a mail address or URI.", valueName: "name"))
  var identity: String?
  @Option(help: ArgumentHelp("Who vouches for that identity.", valueName: "url")) var issuer: String?

  func validate() throws {
    if (identity == nil) != (issuer == nil) { throw ValidationError("--identity and --issuer belong together") }
  }

  func verifier(at time: Date) throws -> SignatureVerifier {
    var verifier = SignatureVerifier(time: time)
    verifier.keys = try key.map { try VerificationKey(pemFile: $0) }
    verifier.roots = try root.flatMap { try X509Certificate.certificates(path: $0) }
    verifier.sigstore = try sigstoreRoot.map { try SigstoreRoot(path: $0) }
    if let identity, let issuer { verifier.identity = .init(subject: identity, issuer: issuer) }
    return verifier
  }
}
