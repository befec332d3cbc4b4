import ArgumentParser
import Foundation
import StoaFormats
import StoaHub
import StoaLedger
import StoaTerminal
import StoaTrust

struct TrustCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trust", abstract: "Say who may vouch for models, and see what a trust store asks.",
    discussion: """
      A trust store is one YAML file; the default is trust.yaml in STOA_HOME.

      Examples:
        stoa trust add-root root.pem
        stoa trust list
        stoa verify model.gguf --trust trust.yaml
      """,
    subcommands: [AddRoot.self, List.self])
}

/// The file of the trust store.
struct TrustStoreOption: ParsableArguments {
  @Option(
    help: ArgumentHelp("The trust store (default: trust.yaml in STOA_HOME).", valueName: "file"),
    completion: .file(extensions: ["yaml", "yml"]))
  var trust: String?

  var path: String { trust ?? ModelLibrary().home.trust }
}

extension TrustCommand {
  struct AddRoot: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Trust the root of an authority, after its fingerprint was compared.",
      discussion: """
        Compare the fingerprint with what the owner of the root says by another way: on paper, by telephone, on their \
        web site. Without a terminal add --yes.
        """)

    @Argument(help: ArgumentHelp("The root's certificate in PEM.", valueName: "file"), completion: .file())
    var certificate: String
    @OptionGroup var store: TrustStoreOption
    @Option(help: ArgumentHelp("What to call it (default: its subject).", valueName: "name")) var name: String?
    @Flag(help: "The fingerprint was compared: do not ask.") var yes = false
    @OptionGroup var output: JSONOption

    func run() throws {
      let certificates = try X509Certificate.certificates(path: certificate)
      guard certificates.count == 1, let root = certificates.first else {
        throw CommandFailure(
          message: "\(certificate) has \(certificates.count) certificates", advice: "give the root's alone")
      }
      let problem = root.rootProblem(at: Date())
      if let problem { throw CommandFailure(message: "\(certificate) is no root: \(problem)") }
      let path = store.path
      let text = exists(path) ? try readText(path) : ""
      let added = try TrustStore.adding(root, name: name ?? root.subject.description, to: text, path: path)
      Output.note(
        """
        root    \(PrintableText.line(root.subject.description))
        valid   \(root.notBefore.rfc3339) to \(root.notAfter.rfc3339)
        SHA-256 \(Fingerprint.text(root.fingerprint))

        """)
      try agree()
      if trustFolderIsMissing(path) { try DurableFiles.makeFolders(splitPath(path).folder) }
      try writeBytes(Array(added.utf8), to: path)
      let event = JournalEvent.key(
        "trusted",
        [
          "name": .string(name ?? root.subject.description), "sha256": .string(Hex.encode(root.fingerprint)),
          "store": .string(path),
        ])
      _ = try LedgerAccess.run(making: true) { try await $0.append(event) }
      if output.json {
        return try JSONValue.object([
          "trust": .string(path), "subject": .string(root.subject.description),
          "sha256": .string(Hex.encode(root.fingerprint)),
        ]).print()
      }
      try Output.write("\(PrintableText.line(path)) trusts \(PrintableText.line(root.subject.description))\n")
    }

    private func trustFolderIsMissing(_ path: String) -> Bool {
      let folder = splitPath(path).folder
      return !folder.isEmpty && !isDirectory(folder)
    }

    private func agree() throws {
      if yes { return }
      let terminal = Terminal.current()
      guard terminal.inputIsTerminal, terminal.errorIsTerminal else {
        throw CommandFailure(
          message: "nothing was added: somebody has to compare the fingerprint",
          advice: "compare it with what the owner of the root says, then add --yes")
      }
      Output.note("is this the fingerprint that the owner of the root gave you? [y/N] ")
      guard let answer = readLine()?.lowercased(), ["y", "yes"].contains(answer) else {
        throw CommandFailure(message: "nothing was added")
      }
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show whom a trust store trusts and what it asks.", aliases: ["ls"])

    @OptionGroup var store: TrustStoreOption
    @OptionGroup var output: JSONOption

    func run() throws {
      let path = store.path
      guard exists(path) else {
        throw CommandFailure(
          message: "there is no trust store at \(path)", advice: "stoa trust add-root ROOT.pem makes it")
      }
      let store = try TrustStore(path: path)
      if output.json { return try store.json.print() }
      try Output.write("\(PrintableText.line(path)) · \(store.mode?.rawValue ?? "mode by command")")
      try Output.write(" · \(store.required.name) demanded\n")
      for root in store.roots {
        let levels = root.levels.map { $0.sorted().map(\.name).joined(separator: ", ") } ?? "all levels"
        try Output.write("  root \(PrintableText.line(root.name)) · \(levels)\n")
        try Output.write("    SHA-256 \(Fingerprint.text(root.certificate.fingerprint))\n")
      }
      for key in store.keys { try Output.write("  key \(PrintableText.line(key.name)) · \(key.key.fingerprint)\n") }
      for log in store.logs {
        try Output.write(
          "  log \(PrintableText.line(log.origin)) · \(log.quorum) of \(log.witnesses.count) witnesses\n")
      }
      for threshold in store.thresholds { try Output.write("  \(PrintableText.line(threshold.description))\n") }
      for rule in store.rules {
        try Output.write("  model \(PrintableText.line(rule.model)) · \(rule.required?.name ?? store.required.name)\n")
      }
      for waiver in store.waivers {
        let (model, state) = (PrintableText.line(waiver.model), waiver.waiver.state.rawValue)
        let end = waiver.waiver.expires <= Date() ? "ended" : "until \(waiver.waiver.expires.rfc3339)"
        try Output.write("  waiver \(model): \(state) \(end): \(PrintableText.line(waiver.waiver.reason))\n")
      }
    }
  }
}

extension TrustStore {
  fileprivate var json: JSONValue {
    [
      "path": .string(path), "mode": .text(mode?.rawValue), "require": .string(required.name),
      "roots": .array(
        roots.map {
          [
            "name": .string($0.name), "subject": .string($0.certificate.subject.description),
            "sha256": .string(Hex.encode($0.certificate.fingerprint)),
            "not_after": .string($0.certificate.notAfter.rfc3339),
            "levels": $0.levels.map { .array($0.sorted().map { .string($0.name) }) } ?? .null,
          ]
        }),
      "keys": .array(keys.map { ["name": .string($0.name), "sha256": .string($0.key.fingerprint)] }),
      "logs": .array(logs.map { ["origin": .string($0.origin), "quorum": .int($0.quorum)] }),
      "models": .array(rules.map { ["model": .string($0.model), "require": .text($0.required?.name)] }),
      "waivers": .array(
        waivers.map {
          [
            "model": .string($0.model), "waive": .string($0.waiver.state.rawValue), "reason": .string($0.waiver.reason),
            "expires": .string($0.waiver.expires.rfc3339),
          ]
        }),
    ]
  }
}
