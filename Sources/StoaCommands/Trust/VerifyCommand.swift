import ArgumentParser
import Foundation
import StoaFormats
import StoaTerminal
import StoaTrust

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Check who signed a model, and that its files are those that were signed.",
    discussion: """
      Say whom you trust: a key, the root of a chain of certificates, signers of sigstore, or a trust store. Nothing is \
      fetched. The exit status is 0 when the model is acceptable, and 3 when it is refused.

      Examples:
        stoa verify ./my-model --key key.pub
        stoa verify model.gguf --root root.pem
        stoa verify model.gguf --trust trust.yaml
        stoa verify ./my-model --sigstore-root trusted_root.json --identity me@example.org --issuer https://accounts.google.com
      """)

  @OptionGroup var target: SignedModelArgument
  @Option(
    help: ArgumentHelp("The signature (default: where stoa sign puts it).", valueName: "file"), completion: .file())
  var signature: String?
  @OptionGroup var trusted: TrustedSignerOptions
  @Option(
    help: ArgumentHelp("The moment to judge by (default: now).", valueName: "time"), transform: DateArgument.start)
  var at: Date?
  @Option(
    name: .customLong("ignore"), parsing: .singleValue,
    help: ArgumentHelp("A path inside the model that does not matter to you.", valueName: "path"))
  var ignored: [String] = []
  @Flag(help: "Hash every file again, also what is known not to have changed.") var fresh = false
  @OptionGroup var output: JSONOption

  func run() throws {
    let folder = try target.resolve()
    var trust = try trusted.modelTrust()
    trust.ignoredPaths = ignored
    let outcome = try SignedModel.hashing(remembering: !fresh) { hasher in
      try trust.judge(folder, names: [target.model], signature: signature, hasher: hasher, time: at ?? Date())
    }
    try report(outcome)
    guard outcome.verdict.decision < .refuse, outcome.verdict.status != .unsigned else {
      throw CommandFailure(message: "\(folder.name) is \(outcome.verdict.line)", status: .refused)
    }
  }

  private func report(_ outcome: ModelTrust.Outcome) throws {
    let (verdict, findings) = (outcome.verdict, outcome.findings)
    if output.json {
      var object = verdict.json.objectValue ?? JSONObject()
      object["model"] = .string(verdict.model)
      object["digest"] = .text(findings.rootDigest.map { Hex.encode($0) })
      object["manifest_digest"] = .text(findings.statementDigest.map { Hex.encode($0) })
      object["signed_at"] = .text(findings.signedAt)
      return try JSONValue.object(object).print()
    }
    let style = Terminal.current().style(for: .output)
    let isGood = verdict.status == .certified || verdict.status == .signed
    let line = PrintableText.line(verdict.line)
    try Output.write(
      style.bold(PrintableText.line(verdict.model)) + " · " + (isGood ? style.green(line) : style.red(line)) + "\n")
    for check in verdict.checks {
      let mark = check.isOK ? style.green("✓") : check.waiver != nil ? style.yellow("!") : style.red("✗")
      try Output.write("  \(mark) \(check.name.rawValue): \(PrintableText.line(check.why))\n")
    }
    if let digest = findings.rootDigest { try Output.write("  digest \(Hex.encode(digest))\n") }
    if let time = findings.signedAt { try Output.write("  signed at \(time)\n") }
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

  @Option(
    help: ArgumentHelp("A trust store: roots, keys, logs and what you demand of models.", valueName: "file"),
    completion: .file(extensions: ["yaml", "yml"]))
  var trust: String?

  func validate() throws {
    if (identity == nil) != (issuer == nil) { throw ValidationError("--identity and --issuer belong together") }
    if trust != nil, !key.isEmpty || !root.isEmpty {
      throw ValidationError("--trust names keys and roots itself: give it, or --key and --root")
    }
  }

  /// What decides, by these options.
  func modelTrust() throws -> ModelTrust {
    let store =
      try trust.map { try TrustStore(path: $0) }
      ?? TrustStore(
        keys: try key.map { try VerificationKey(pemFile: $0) },
        roots: try root.flatMap { try X509Certificate.certificates(path: $0) })
    var result = ModelTrust(store: store, mode: .enforce)
    result.sigstore = try sigstoreRoot.map { try SigstoreRoot(path: $0) }
    if let identity, let issuer { result.identities = [.init(subject: identity, issuer: issuer)] }
    return result
  }
}
