import ArgumentParser
import Foundation
import StoaFormats
import StoaHub
import StoaTerminal
import StoaTrust

struct CACommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ca", abstract: "Certify models: an authority with its own root, as for web servers.",
    discussion: """
      An authority is a folder with a root, whose key can be kept elsewhere, and an authority for each level: \
      self-vouched, third-party, reproduced. levels.yaml in it says what evidence each level asks for. docs/certify.md \
      goes from an empty folder to a certified model.

      Examples:
        stoa ca init ca --organization "Example Org"
        stoa ca issue ./my-model --ca ca --level self-vouched --key publisher.pub --organization "Example Labs" --out leaf.pem
        stoa ca revoke 5A0F… --ca ca --reason keyCompromise
        stoa ca crl --ca ca --out model.crl
      """,
    subcommands: [Init.self, Issue.self, Renew.self, Revoke.self, RevocationLists.self, List.self])
}

/// The folder of the authority.
struct AuthorityOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The folder of the authority.", valueName: "folder"), completion: .directory)
  var ca: String

  func open() throws -> AuthorityFolder { try AuthorityFolder(path: ca) }
}

/// Where a password comes from.
struct PasswordOptions: ParsableArguments {
  @Option(help: ArgumentHelp("A file whose first line is the key's password.", valueName: "file"), completion: .file())
  var passwordFile: String?

  /// The password; nil when none was given. STOA_KEY_PASSWORD counts too.
  func password() throws(TrustError) -> String? {
    guard let passwordFile else { return StoaHome.environment["STOA_KEY_PASSWORD"] }
    return try readText(passwordFile).split(separator: "\n", omittingEmptySubsequences: false).first.map(String.init)
  }
}

extension CACommand {
  struct Init: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a root and an authority for each level.",
      discussion: """
        With a password (STOA_KEY_PASSWORD or --password-file) the root's key is encrypted. Move root.key to where no \
        network reaches it: it is needed only to revoke an authority and twice a year for the root's own list.
        """)

    @Argument(help: ArgumentHelp("A folder that does not exist yet, or is empty.", valueName: "folder")) var folder:
      String
    @Option(help: ArgumentHelp("Whose authority it is.", valueName: "name")) var organization: String
    @OptionGroup var password: PasswordOptions
    @OptionGroup var output: JSONOption

    func run() throws {
      let password = try password.password()
      if password?.isEmpty == true { throw CommandFailure.usage("the password is empty") }
      let authority = try AuthorityFolder.create(
        path: folder, organization: organization, password: password, time: Date())
      let root = try authority.rootCertificate()
      if output.json {
        return try JSONValue.object([
          "root": .string(authority.rootPath), "sha256": .string(Hex.encode(root.fingerprint)),
          "subject": .string(root.subject.description), "not_after": .string(root.notAfter.rfc3339),
          "encrypted": .bool(password != nil),
        ]).print()
      }
      try Output.write("\(PrintableText.line(authority.rootPath)) · \(PrintableText.line(root.subject.description))\n")
      try Output.write("SHA-256 \(Fingerprint.text(root.fingerprint))\n")
      if password == nil {
        Output.note("the root's key is not encrypted: set STOA_KEY_PASSWORD next time, or move root.key away\n")
      }
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the certificates of an authority.", aliases: ["ls"])

    @OptionGroup var authority: AuthorityOptions
    @OptionGroup var output: JSONOption

    func run() throws {
      let entries = try authority.open().entries()
      if output.json {
        let list = entries.map { entry -> JSONValue in
          [
            "serial": .string(entry.serial), "issuer": .string(entry.issuer), "subject": .string(entry.subject),
            "model": .text(entry.model), "not_after": .string(entry.notAfter.rfc3339),
            "revoked_at": .text(entry.revocation?.time.rfc3339), "reason": .text(entry.revocation?.reason?.name),
          ]
        }
        return try JSONValue.object(["certificates": .array(list)]).print()
      }
      let style = Terminal.current().style(for: .output)
      let rows = entries.map { entry in
        let state =
          entry.revocation.map { style.yellow($0.description) } ?? style.dim("until \(entry.notAfter.rfc3339)")
        return [entry.serial, entry.issuer, PrintableText.line(entry.subject), state]
      }
      for line in Columns.align(rows) { try Output.write(line + "\n") }
    }
  }

  struct Revoke: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Revoke a certificate for good, and sign new revocation lists.",
      discussion:
        "What was derived from the model is tainted by it. An authority's certificate is revoked the same way.")

    @Argument(
      help: ArgumentHelp("The serial number in hexadecimal, or the certificate's file.", valueName: "certificate"),
      completion: .file())
    var certificate: String
    @OptionGroup var authority: AuthorityOptions
    @Option(help: ArgumentHelp("Why, by RFC 5280.", valueName: "reason")) var reason: ReasonName = .unspecified
    @OptionGroup var root: RootKeyOptions
    @OptionGroup var output: JSONOption

    func run() throws {
      let folder = try authority.open()
      let serial =
        exists(certificate)
        ? try X509Certificate.certificates(path: certificate)[0].serialText : certificate
      try folder.revoke(serial: serial, reason: reason.reason, time: Date())
      let lists = try root.publish(folder, days: .init())
      if output.json {
        return try JSONValue.object([
          "serial": .string(serial.uppercased()), "reason": .string(reason.rawValue),
          "lists": .string(folder.listsPath),
        ]).print()
      }
      try Output.write("revoked \(serial.uppercased())\n\(RootKeyOptions.summary(lists, folder.listsPath))")
    }
  }

  struct RevocationLists: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "crl", abstract: "Sign new revocation lists of all authorities.",
      discussion: """
        They go into crl.pem of the folder, and with --out into a copy: model.crl in the folder of a model, FILE.crl \
        beside a file. What is certified needs a list that is not older than a week; do this once a week or more often.
        """)

    @OptionGroup var authority: AuthorityOptions
    @Option(help: ArgumentHelp("How long the lists of the levels are good (default: 7).", valueName: "days"))
    var days = 7
    @Option(help: ArgumentHelp("How long the root's list is good (default: 180).", valueName: "days"))
    var rootDays = 180
    @Option(help: ArgumentHelp("Where to put a copy.", valueName: "file"), completion: .file()) var out: String?
    @OptionGroup var root: RootKeyOptions
    @OptionGroup var output: JSONOption

    func validate() throws {
      for (name, days) in [("--days", days), ("--root-days", rootDays)] where !(1...3650).contains(days) {
        throw ValidationError("\(name) must be from 1 to 3650")
      }
    }

    func run() throws {
      let folder = try authority.open()
      var days = AuthorityFolder.ListDays()
      (days.levels, days.root) = (self.days, rootDays)
      let lists = try root.publish(folder, days: days)
      if let out { try writeBytes(readBytes(folder.listsPath), to: out) }
      let path = out ?? folder.listsPath
      if output.json {
        let entries = lists.map { list -> JSONValue in
          [
            "issuer": .string(list.issuer.description), "number": .string(Hex.encode(list.number)),
            "revoked": .int(list.count), "next_update": .string(list.nextUpdate.rfc3339),
          ]
        }
        return try JSONValue.object(["path": .string(path), "lists": .array(entries)]).print()
      }
      try Output.write(RootKeyOptions.summary(lists, path))
    }
  }

  /// Reasons by their names in RFC 5280.
  enum ReasonName: String, CaseIterable, ExpressibleByArgument {
    case unspecified, keyCompromise, caCompromise, affiliationChanged, superseded, cessationOfOperation
    case certificateHold, privilegeWithdrawn

    var reason: RevocationReason {
      switch self {
      case .unspecified: .unspecified
      case .keyCompromise: .keyCompromise
      case .caCompromise: .caCompromise
      case .affiliationChanged: .affiliationChanged
      case .superseded: .superseded
      case .cessationOfOperation: .cessationOfOperation
      case .certificateHold: .certificateHold
      case .privilegeWithdrawn: .privilegeWithdrawn
      }
    }
  }
}

/// The root's key, which may be elsewhere.
struct RootKeyOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("The root's key, where it is kept (default: root.key in the folder).", valueName: "file"),
    completion: .file())
  var rootKey: String?
  @OptionGroup var password: PasswordOptions

  /// Signs new lists; without the root's key its own list stays as it is, and that is said.
  func publish(_ folder: AuthorityFolder, days: AuthorityFolder.ListDays) throws -> [RevocationList] {
    let key = try folder.rootKey(at: rootKey) { () throws(TrustError) in try password.password() }
    if key == nil {
      Output.note("the root's own list stays as it is: its key is not here, or encrypted and no password was given\n")
    }
    return try folder.publishLists(rootKey: key, days: days, time: Date())
  }

  static func summary(_ lists: [RevocationList], _ path: String) -> String {
    let lines = lists.map {
      "  \($0.issuer.commonName ?? $0.issuer.description): \($0.count) revoked, next list by \($0.nextUpdate.rfc3339)\n"
    }
    return PrintableText.line(path) + "\n" + lines.joined()
  }
}

/// SHA-256 as people compare it.
enum Fingerprint {
  /// Two capital digits a byte with colons between, as `openssl x509 -fingerprint` writes it.
  static func text(_ digest: [UInt8]) -> String { digest.map { Hex.encode([$0]).uppercased() }.joined(separator: ":") }
}
