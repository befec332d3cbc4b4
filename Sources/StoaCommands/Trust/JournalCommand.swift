import ArgumentParser
import Foundation
import StoaFormats
import StoaLedger
import StoaTerminal
import StoaTrust

struct JournalCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "journal", abstract: "The journal of loads, verdicts, waivers, keys and receipts.",
    discussion: """
      Entries are chained by hashes in the ledger. A signed head fixes all before it: sign often, with a key that is not \
      on this machine's database, and put heads into a log or somewhere else. docs/JOURNAL.md says what is found out and \
      what is not.

      Examples:
        stoa journal sign --key journal.pem --out head.json --log ./log --log-key log.key
        stoa journal verify --key journal.pub --head head.json
        stoa journal list --kind waiver
      """,
    subcommands: [Append.self, List.self, Sign.self, Verify.self])
}

extension JournalCommand {
  struct Append: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write something into the journal.",
      discussion: """
        Without --body one JSON object a line is read from standard input. The number and hash of an entry are printed \
        once it would survive a power cut.
        """)

    @Option(help: ArgumentHelp("What kind of thing it is (default: note).", valueName: "kind")) var kind = "note"
    @Option(help: ArgumentHelp("A JSON object.", valueName: "json")) var body: String?

    func run() throws {
      _ = try LedgerAccess.run(making: true) { [kind, body] ledger in
        if let body { return try await Self.append(body, kind, to: ledger) }
        while let line = readLine() {
          if !line.isEmpty { try await Self.append(line, kind, to: ledger) }
        }
      }
    }

    private static func append(_ text: String, _ kind: String, to ledger: SQLiteLedger) async throws {
      guard let body = try JSONValue(parsing: text).objectValue else {
        throw CommandFailure.usage("an entry's body must be a JSON object")
      }
      let entry = try await ledger.append(JournalEvent(JournalEvent.Kind(rawValue: kind), body))
      try Output.write("\(entry.sequence) \(entry.hash.hex)\n")
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show the latest entries, newest first.", aliases: ["ls"])

    @Option(help: ArgumentHelp("Only entries of this kind.", valueName: "kind")) var kind: String?
    @Option(help: ArgumentHelp("Entries at most.", valueName: "n")) var limit = 20
    @OptionGroup var output: JSONOption

    func run() throws {
      let entries =
        try LedgerAccess.run(making: false) { [kind, limit] in
          try await $0.journalEntries(kind: kind, limit: limit)
        } ?? []
      if output.json {
        return try JSONValue.object([
          "entries": .array(entries.compactMap { CanonicalJSON.decode($0.bytes) })
        ]).print()
      }
      for entry in entries {
        try Output.write(
          PrintableText.line(
            "\(entry.sequence) \(entry.time) \(entry.event.kind.rawValue) \(JSONValue.object(entry.event.body).text())")
            + "\n")
      }
    }
  }

  struct Sign: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Sign the head of the journal, which fixes all entries up to it.",
      discussion: """
        The head is kept in the ledger and written to --out. With --log it is also appended to a transparency log on this \
        machine: then nobody, not even the holder of the key, can take it back.
        """)

    @OptionGroup var key: SigningKeyOptions
    @Option(help: ArgumentHelp("Where to write the signed head.", valueName: "file"), completion: .file())
    var out: String?
    @Option(
      help: ArgumentHelp("The folder of a log to append the head to.", valueName: "folder"), completion: .directory)
    var log: String?
    @Option(help: ArgumentHelp("The private key of that log.", valueName: "file"), completion: .file())
    var logKey: String?
    @OptionGroup var output: JSONOption

    func validate() throws {
      if (log == nil) != (logKey == nil) { throw ValidationError("--log and --log-key belong together") }
    }

    func run() throws {
      let key = try key.load()
      let entry = try LedgerAccess.run(making: false) { try await $0.lastJournalEntry() }
      guard let entry = entry ?? nil else { throw JournalError.empty }
      let head = JournalHead(entry)
      let envelope = try head.signed(by: key)
      if let out { try writeBytes(Array(envelope.json.text().utf8), to: out) }
      _ = try LedgerAccess.run(making: false) {
        try await $0.insert(StoredJournalHead(sequence: head.sequence, envelope: envelope))
      }
      var index: Int?
      if let log, let logKey {
        let entry = try LogEntry.journalHead(journal: head.journal, sequence: head.sequence, hash: head.hash)
        index = try TransparencyLog(folder: log, signer: NoteKeyFile.signer(logKey)).append([entry])
      }
      if output.json {
        var object = head.json.objectValue ?? JSONObject()
        object["key"] = .string(key.publicKey.fingerprint)
        object["log_index"] = .number(index)
        return try JSONValue.object(object).print()
      }
      try Output.write("signed entry \(head.sequence), hash \(head.hash.hex)\n")
    }
  }

  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check that no entry was changed, deleted or moved.",
      discussion: """
        Everything up to the last signed head is found out. Heads are those in the ledger, those given with --head, and \
        those in a log: one that lies outside the ledger also shows when the end of the journal was cut off. Exit status \
        3 when something is wrong.
        """)

    @Option(help: ArgumentHelp("The public key that signs heads, in PEM.", valueName: "file"), completion: .file())
    var key: String?
    @Option(
      name: .customLong("head"), parsing: .singleValue,
      help: ArgumentHelp("A signed head that was kept elsewhere; may be given several times.", valueName: "file"),
      completion: .file())
    var heads: [String] = []
    @Option(
      help: ArgumentHelp("A log with heads: a folder or an https address.", valueName: "log"), completion: .directory)
    var log: String?
    @Option(help: ArgumentHelp("The public key of that log, or a file with it.", valueName: "key")) var logKey: String?
    @OptionGroup var output: JSONOption

    func validate() throws {
      if (log == nil) != (logKey == nil) { throw ValidationError("--log and --log-key belong together") }
      if key == nil, !heads.isEmpty { throw ValidationError("--head needs --key") }
    }

    func run() throws {
      let key = try key.map { try VerificationKey(pemFile: $0) }
      var outside: [JournalHead] = []
      if let key {
        outside = try heads.map { path in
          try JournalHead(DSSEEnvelope(parsing: readBytes(path), source: path), signedBy: key, source: path)
        }
      }
      let logged = try loggedHeads()
      let report = try LedgerAccess.run(making: false) { [outside, logged] ledger -> JournalReport? in
        var all = outside
        var unsigned: [Int] = []
        if let key {
          for stored in try await ledger.journalHeads() {
            do {
              all.append(
                try JournalHead(stored.envelope, signedBy: key, source: "the head at entry \(stored.sequence)"))
            } catch {
              // Who may write the database may put anything here: what is not signed protects nothing.
              unsigned.append(stored.sequence)
            }
          }
        }
        if !unsigned.isEmpty {
          Output.note(
            "warning: \(unsigned.count) heads in the ledger are not signed by the given key and were passed over\n")
        }
        let id = try await ledger.journalID() ?? all.first?.journal ?? logged.first?.journal
        // A log may hold the heads of other journals.
        return try await ledger.verifyJournal(heads: all + logged.filter { $0.journal == id }, journal: id)
      }
      guard let report = report ?? nil else {
        throw CommandFailure(message: "there is no journal in \(LedgerAccess.path)")
      }
      try show(report)
      guard report.isIntact else {
        throw CommandFailure(
          message: "the journal was tampered with, or its disk is failing",
          advice: "keep \(LedgerAccess.path) as it is, and compare it with a copy", status: .refused)
      }
    }

    private func loggedHeads() throws -> [JournalHead] {
      guard let log, let logKey else { return [] }
      var argument = LogArgument()
      argument.log = log
      let reader = LogReader(source: try argument.source(), policy: try LogPolicyOptions.policy(logKey: logKey))
      var heads: [JournalHead] = []
      try reader.follow(from: nil, to: reader.latest()) { (_, entry) throws(LogError) in
        if let head = JournalHead(logEntry: entry) { heads.append(head) }
      }
      return heads
    }

    private func show(_ report: JournalReport) throws {
      if output.json {
        return try JSONValue.object([
          "ok": .bool(report.isIntact), "journal": .string(report.journal), "entries": .int(report.entries),
          "protected": .int(report.protected), "unprotected": .int(report.unprotected),
          "problems": .array(
            report.problems.map {
              [
                "kind": .string($0.kind.rawValue), "first": .int($0.first), "last": .int($0.last),
                "problem": .string($0.text),
              ]
            }),
        ]).print()
      }
      for problem in report.problems { try Output.write(problem.text + "\n") }
      let protection =
        switch (report.protected, report.unprotected) {
        case (0, _): "no signed head: whoever can write the ledger can change all of it unseen"
        case (let last, 0): "protected up to entry \(Format.grouped(last)), the last one"
        case (let last, let rest):
          "protected up to entry \(Format.grouped(last)); the \(Format.grouped(rest)) after it are unprotected"
        }
      try Output.write("\(Format.grouped(report.entries)) entries · \(protection)\n")
    }
  }
}
