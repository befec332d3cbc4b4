import ArgumentParser
import Foundation
import StoaFormats
import StoaTerminal
import StoaTrust

/// The evidence for a certificate.
struct CertificationOptions: ParsableArguments {
  @Option(
    name: .customLong("evidence"), parsing: .singleValue,
    help: ArgumentHelp("A signed statement about the model (default: all beside it).", valueName: "file"),
    completion: .file())
  var evidence: [String] = []
  @Option(
    name: .customLong("assessor"), parsing: .singleValue,
    help: ArgumentHelp("The public key or certificate of an assessor whose statements count.", valueName: "file"),
    completion: .file())
  var assessors: [String] = []
  @Option(help: ArgumentHelp("For fewer days than the level allows.", valueName: "n")) var days: Int?
  @Option(
    help: ArgumentHelp(
      "Where to write certificate and authority (default: in the authority's folder).", valueName: "file"),
    completion: .file())
  var out: String?

  func validate() throws {
    if let days, !(1...LevelRules.longestDays).contains(days) {
      throw ValidationError("--days must be from 1 to \(LevelRules.longestDays)")
    }
  }

  func files(besides folder: ModelFolder?) throws -> [EvidenceFile] {
    let paths = evidence.isEmpty ? folder.map { EvidenceFile.paths(besides: $0) } ?? [] : evidence
    return try paths.map { try EvidenceFile(path: $0) }
  }

  func keys() throws -> [VerificationKey] {
    try assessors.map { path in
      let text = try readText(path)
      return text.contains("-----BEGIN CERTIFICATE-----")
        ? try X509Certificate.certificates(path: path)[0].publicKey : try VerificationKey(pem: text, source: path)
    }
  }

  func report(_ issued: AuthorityFolder.IssuedCertificate, _ output: JSONOption) throws {
    if let out { try writeBytes(Array(issued.pem.utf8), to: out) }
    let path = out ?? issued.path
    let leaf = issued.leaf
    if output.json {
      return try JSONValue.object([
        "certificate": .string(path), "serial": .string(leaf.serialText),
        "sha256": .string(Hex.encode(leaf.fingerprint)), "subject": .string(leaf.subject.description),
        "issuer": .string(leaf.issuer.description), "not_after": .string(leaf.notAfter.rfc3339),
        "safety": leaf.safetyInfo?.json ?? .null,
      ]).print()
    }
    try Output.write(
      "\(PrintableText.line(path)) · \(PrintableText.line(leaf.subject.description)) · until \(leaf.notAfter.rfc3339)\n"
        + "serial \(leaf.serialText)\n")
  }
}

/// Levels by their names.
enum LevelName: String, CaseIterable, ExpressibleByArgument {
  case selfVouched = "self-vouched"
  case thirdParty = "third-party"
  case reproduced

  var level: AssuranceLevel {
    switch self {
    case .selfVouched: .selfVouched
    case .thirdParty: .thirdParty
    case .reproduced: .reproduced
    }
  }
}

extension CACommand {
  struct Issue: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Certify a model for its publisher's key, or say what is missing.",
      discussion: """
        The certificate binds the key to exactly these bytes and to the evidence. Statements count when the publisher or \
        one of the assessors signed them; third-party asks for assessors that are not the publisher. Then: stoa sign \
        MODEL --key KEY --certificate FILE.

        Examples:
          stoa ca issue model.gguf --ca ca --level self-vouched --new-key publisher.key --organization "Example Labs"
          stoa ca issue ./my-model --ca ca --level third-party --key publisher.pub --organization "Example Labs" \\
            --assessor assessor.pub --evidence my-model.evaluation-arc_easy-acc.intoto.json
        """)

    @OptionGroup var target: SignedModelArgument
    @OptionGroup var authority: AuthorityOptions
    @Option(help: ArgumentHelp("self-vouched or third-party.", valueName: "level")) var level: LevelName
    @Option(help: ArgumentHelp("The publisher's public key in PEM, P-256.", valueName: "file"), completion: .file())
    var key: String?
    @Option(
      help: ArgumentHelp("Make a key for the publisher and write it there.", valueName: "file"), completion: .file())
    var newKey: String?
    @Option(help: ArgumentHelp("The publisher's organisation.", valueName: "name")) var organization: String
    @Option(
      help: ArgumentHelp("The model's name in the certificate (default: its file's or folder's).", valueName: "name"))
    var name: String?
    @Option(help: ArgumentHelp("SPDX licence expression, where no statement says it.", valueName: "expression"))
    var licence: String?
    @Option(
      name: .customLong("base"), parsing: .singleValue,
      help: ArgumentHelp("The certificate of a model that this one was derived from.", valueName: "file"),
      completion: .file())
    var bases: [String] = []
    @OptionGroup var certification: CertificationOptions
    @OptionGroup var password: PasswordOptions
    @OptionGroup var output: JSONOption

    func validate() throws {
      if (key == nil) == (newKey == nil) { throw ValidationError("give either --key or --new-key") }
    }

    func run() throws {
      let folder = try target.resolve()
      let authority = try authority.open()
      let evidence = try certification.files(besides: folder)
      let assessors = try certification.keys()
      if let newKey, exists(newKey) {
        throw CommandFailure(
          message: "\(newKey) exists already", advice: "keys are never replaced: choose another name")
      }
      let made = newKey == nil ? nil : SigningKey(generating: .p256)
      let publicKey = try made?.publicKey ?? VerificationKey(pemFile: key ?? "")
      let manifest = try SignedModel.hashing { try $0.manifest(of: folder) }
      var request = IssuanceRequest(
        level: level.level, rootDigest: manifest.rootDigest, statementDigest: sha256(manifest.statement.bytes),
        key: publicKey, organization: organization, name: name ?? manifest.modelName)
      request.licence = licence
      request.evidence = evidence
      request.assessors = assessors
      request.bases = try bases.map { try X509Certificate.certificates(path: $0)[0] }
      let issued = try authority.issue(request, days: certification.days, time: Date())
      if let made, let newKey {
        try DurableFiles.writeSecret(made.pem(password: password.password()), to: newKey)
      }
      try certification.report(issued, output)
    }
  }

  struct Renew: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Certify the same model and key again, by evidence that is still good enough.",
      discussion: "The old certificate stays valid until it ends. Then: stoa sign MODEL --key KEY --certificate FILE.")

    @Argument(help: ArgumentHelp("The certificate to renew.", valueName: "certificate"), completion: .file())
    var certificate: String
    @OptionGroup var authority: AuthorityOptions
    @OptionGroup var certification: CertificationOptions
    @OptionGroup var output: JSONOption

    func run() throws {
      let old = try X509Certificate.certificates(path: certificate)[0]
      let issued = try authority.open().renew(
        old, evidence: certification.files(besides: nil), assessors: certification.keys(), days: certification.days,
        time: Date())
      try certification.report(issued, output)
    }
  }
}
