import ArgumentParser
import Foundation
import StoaFormats
import StoaTerminal
import StoaTrust

struct LogCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "log", abstract: "Keep a transparency log of certificates, prove entries, watch a log.",
    discussion: """
      A log is a folder of files (C2SP tlog-tiles) that any web server can show. docs/TRANSPARENCY.md says what it is \
      good for.

      Examples:
        stoa log init ./log --name log.example/models --key log.key > log.pub
        stoa log append ./log --key log.key --model ./my-model
        stoa log verify ./my-model/model.tlog-proof --log-key log.pub
        stoa log monitor https://log.example/models --log-key log.pub --state seen.checkpoint
      """,
    subcommands: [Initialize.self, Append.self, Prove.self, Verify.self, Monitor.self])
}

extension LogCommand {
  struct Initialize: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "init", abstract: "Start an empty log.",
      discussion: "The public key goes to standard output: whoever checks proofs needs it.")

    @Argument(help: "The folder to make.", completion: .directory) var folder: String
    @Option(help: ArgumentHelp("What the log is called, usually its address without https://.", valueName: "name"))
    var name: String?
    @Option(
      help: ArgumentHelp("The log's private key; made if the file is not there.", valueName: "file"),
      completion: .file())
    var key: String
    @OptionGroup var output: JSONOption

    func run() throws {
      let signer: NoteSigner
      if exists(key) {
        signer = try NoteKeyFile.signer(key)
        if let name, name != signer.verifier.name {
          throw CommandFailure.usage("the key in \(key) is of the log \(signer.verifier.name), not of \(name)")
        }
      } else {
        guard let name else { throw CommandFailure.usage("a new log needs --name", advice: "log.example/models") }
        signer = try NoteSigner(name: name)
        try DurableFiles.writeSecret(signer.secret + "\n", to: key)
      }
      let log = try TransparencyLog.create(folder: folder, signer: signer)
      if output.json {
        return try JSONValue.object([
          "origin": .string(log.origin), "public_key": .string(signer.verifier.text), "size": 0,
        ]).print()
      }
      try Output.write(signer.verifier.text + "\n")
    }
  }

  struct Append: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Append an entry and write the proof that it is there.",
      discussion: """
        With --model the entry is the model's certificate and the hashes of its evidence, and the proof goes to \
        model.tlog-proof. With --certificate likewise, with the evidence that is named. With --file the entry is a file \
        as it is, of at most 65,535 bytes.
        """)

    @Argument(help: "The folder of the log.", completion: .directory) var folder: String
    @Option(help: ArgumentHelp("The log's private key.", valueName: "file"), completion: .file()) var key: String
    @Option(help: ArgumentHelp("A model that is signed with a certificate.", valueName: "model")) var model: String?
    @Option(help: ArgumentHelp("A certificate in PEM.", valueName: "file"), completion: .file())
    var certificate: String?
    @Option(
      parsing: .singleValue, help: ArgumentHelp("A statement that the certificate rests on.", valueName: "file"),
      completion: .file())
    var evidence: [String] = []
    @Option(help: ArgumentHelp("A file that is the entry.", valueName: "file"), completion: .file()) var file: String?
    @Option(help: ArgumentHelp("Where to write the proof.", valueName: "file"), completion: .file()) var proof: String?
    @OptionGroup var output: JSONOption

    func validate() throws {
      if [model, certificate, file].compactMap({ $0 }).count != 1 {
        throw ValidationError("give one of --model, --certificate and --file")
      }
      if !evidence.isEmpty, certificate == nil { throw ValidationError("--evidence needs --certificate") }
    }

    func run() throws {
      let log = TransparencyLog(folder: folder, signer: try NoteKeyFile.signer(key))
      let (entry, path) = try entry()
      let index = try log.append([entry])
      let checkpoint = try log.reader.latest()
      let proof = try log.reader.proof(of: index, in: checkpoint, extra: file == nil ? entry : nil)
      if let path { try writeBytes(Array(proof.encoded.utf8), to: path) }
      if output.json {
        return try JSONValue.object([
          "index": .int(index), "size": .int(checkpoint.checkpoint.size),
          "root": .string(checkpoint.checkpoint.root.hex),
          "proof": .text(path),
        ]).print()
      }
      try Output.write(
        "entry \(index) of \(checkpoint.checkpoint.size)" + (path.map { " · proof in \(PrintableText.line($0))" } ?? "")
          + "\n")
    }

    /// The entry, and where its proof goes.
    private func entry() throws -> ([UInt8], String?) {
      if let file { return (try readBytes(file, limit: Int(UInt16.max)), proof) }
      if let certificate {
        return (try Self.entry(certificateDER(certificate), try evidence.map { try EvidenceFile(path: $0) }), proof)
      }
      var target = SignedModelArgument()
      target.model = model ?? ""
      let folder = try target.resolve()
      let bundle = try SigstoreBundle(parsing: readBytes(folder.signaturePath), source: folder.signaturePath)
      guard case .chain(let chain) = bundle.signer, let leaf = chain.first else {
        throw CommandFailure(
          message: "\(folder.signaturePath) has no certificate", advice: "sign the model with --certificate first")
      }
      let evidence = try EvidenceFile.paths(besides: folder).map { try EvidenceFile(path: $0) }
      return (try Self.entry(leaf, evidence), proof ?? folder.sidecar("tlog-proof"))
    }

    private static func entry(_ certificate: [UInt8], _ evidence: [EvidenceFile]) throws -> [UInt8] {
      try LogEntry.certificate(
        der: certificate,
        evidence: evidence.map { .init(predicateType: $0.statement.predicateType, sha256: $0.sha256) })
    }
  }

  struct Prove: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Prove that an entry is in a log, by its latest checkpoint.",
      discussion: "An old proof stays good; a new one has the witnesses that have cosigned since.")

    @OptionGroup var log: LogArgument
    @OptionGroup var policy: LogPolicyOptions
    @Option(help: ArgumentHelp("The number of the entry.", valueName: "n")) var index: Int?
    @Option(help: ArgumentHelp("A file that is the entry.", valueName: "file"), completion: .file()) var entry: String?
    @Option(
      help: ArgumentHelp("A proof to renew; the new one replaces it without --out.", valueName: "file"),
      completion: .file())
    var proof: String?
    @Option(help: ArgumentHelp("Where to write the proof.", valueName: "file"), completion: .file()) var out: String?
    @OptionGroup var output: JSONOption

    func validate() throws {
      guard (index != nil) != (entry != nil) || proof != nil else {
        throw ValidationError("give --index, --entry or --proof")
      }
    }

    func run() throws {
      let reader = LogReader(source: try log.source(), policy: try policy.policy())
      let checkpoint = try reader.latest()
      var extra: [UInt8]?
      var index = index
      if let proof {
        let old = try LogProof(parsing: readBytes(proof))
        extra = old.extra
        index = index ?? old.index
      } else if let entry {
        index = try reader.index(of: readBytes(entry, limit: Int(UInt16.max)), in: checkpoint)
      }
      guard let index else { throw CommandFailure(message: "the log has no such entry") }
      let made = try reader.proof(of: index, in: checkpoint, extra: extra)
      if let extra { try made.verify(entry: extra, policy: reader.policy) }
      let path = out ?? proof
      if let path { try writeBytes(Array(made.encoded.utf8), to: path) }
      if output.json {
        return try JSONValue.object([
          "index": .int(index), "size": .int(checkpoint.checkpoint.size), "proof": .text(path),
          "cosignatures": checkpoint.cosignaturesJSON,
        ]).print()
      }
      if path == nil { return try Output.write(made.encoded) }
      try Output.write("entry \(index) of \(checkpoint.checkpoint.size)\n")
    }
  }

  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check a proof, without asking the log.",
      discussion: """
        The entry is the one in the proof, unless --entry or --certificate says which it must be. Exit status 3 when the \
        proof does not hold.
        """)

    @Argument(help: "The proof, such as model.tlog-proof.", completion: .file()) var proof: String
    @OptionGroup var policy: LogPolicyOptions
    @Option(help: ArgumentHelp("A file that is the entry.", valueName: "file"), completion: .file()) var entry: String?
    @Option(help: ArgumentHelp("The certificate that is logged, in PEM.", valueName: "file"), completion: .file())
    var certificate: String?
    @OptionGroup var output: JSONOption

    func run() throws {
      let policy = try policy.policy()
      let bytes = try readBytes(proof)
      let entry = try entry.map { try readBytes($0, limit: Int(UInt16.max)) }
      let certificate = try certificate.map { try certificateDER($0) }
      do throws(LogError) {
        let proof = try LogProof(parsing: bytes)
        let checkpoint: VerifiedCheckpoint
        if let certificate {
          checkpoint = try proof.verify(certificate: certificate, policy: policy)
        } else {
          guard let entry = entry ?? proof.extra else {
            throw .malformed(what: "the log proof", problem: "it does not hold the entry: give it with --entry")
          }
          checkpoint = try proof.verify(entry: entry, policy: policy)
        }
        try report(proof, checkpoint)
      } catch {
        guard output.json else { throw CommandFailure(refusal: error) }
        try JSONValue.object(["ok": false, "why": .string(error.description)]).print()
        throw CommandFailure(refusal: error)
      }
    }

    private func report(_ proof: LogProof, _ verified: VerifiedCheckpoint) throws(LogError) {
      let checkpoint = verified.checkpoint
      do {
        if output.json {
          return try JSONValue.object([
            "ok": true, "origin": .string(checkpoint.origin), "index": .int(proof.index), "size": .int(checkpoint.size),
            "root": .string(checkpoint.root.hex), "cosignatures": verified.cosignaturesJSON,
          ]).print()
        }
        let witnesses = verified.cosignatures.map { PrintableText.line($0.name) }.joined(separator: ", ")
        try Output.write(
          "ok · entry \(proof.index) of \(checkpoint.size) in \(PrintableText.line(checkpoint.origin))"
            + (witnesses.isEmpty ? "" : " · cosigned by \(witnesses)") + "\n")
      } catch {
        throw .unreadable(problem: "\(error)")
      }
    }
  }

  struct Monitor: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check that a log only grew, and show what is new.",
      discussion: """
        The state file holds the checkpoint that was seen last, and is written when all is well. Run it by a timer, \
        somewhere else than where the log is kept. A log that was rewritten ends it with status 3.
        """)

    @OptionGroup var log: LogArgument
    @OptionGroup var policy: LogPolicyOptions
    @Option(help: ArgumentHelp("Where to keep what was seen.", valueName: "file"), completion: .file()) var state:
      String
    @OptionGroup var output: JSONOption

    func run() throws {
      let policy = try policy.policy()
      let reader = LogReader(source: try log.source(), policy: policy)
      var old: Checkpoint?
      if exists(state) {
        // What was seen had its witnesses then; the policy may have changed.
        let seen = LogPolicy(log: policy.log, origin: policy.origin)
        old = try VerifiedCheckpoint(parsing: readBytes(state), policy: seen).checkpoint
      }
      var entries: [(Int, [UInt8])] = []
      let latest: VerifiedCheckpoint
      do throws(LogError) {
        latest = try reader.latest()
        try reader.follow(from: old, to: latest) { (index, entry) throws(LogError) in entries.append((index, entry)) }
      } catch {
        // A pattern after `catch` makes Swift 6.3 fail here.
        guard case .inconsistent = error else { throw error }
        throw CommandFailure(refusal: error)
      }
      try writeBytes(Array(latest.note.encoded.utf8), to: state)
      if output.json {
        return try JSONValue.object([
          "origin": .string(latest.checkpoint.origin), "old_size": .int(old?.size ?? 0),
          "size": .int(latest.checkpoint.size), "root": .string(latest.checkpoint.root.hex),
          "cosignatures": latest.cosignaturesJSON,
          "entries": .array(
            entries.map { index, entry in
              [
                "index": .int(index), "sha256": .string(MerkleHash(of: entry).hex),
                "entry": LogEntry.fields(entry).map { .object($0) } ?? .null,
              ]
            }),
        ]).print()
      }
      for (index, entry) in entries { try Output.write("\(index) \(Self.summary(entry))\n") }
      Output.note("\(Format.grouped(latest.checkpoint.size)) entries, \(Format.grouped(entries.count)) new\n")
    }

    /// One line about an entry.
    private static func summary(_ entry: [UInt8]) -> String {
      guard let fields = LogEntry.fields(entry), let type = fields["type"]?.stringValue else {
        return "\(entry.count) bytes, SHA-256 \(MerkleHash(of: entry).hex)"
      }
      switch type {
      case "journal-head":
        return "journal \(PrintableText.line(fields["journal"]?.stringValue ?? "")) at entry "
          + "\(fields["sequence"]?.intValue ?? 0)"
      case "certificate":
        let certificate = fields["certificate"]?.stringValue.flatMap { Base64.decode($0) } ?? []
        return "certificate \(MerkleHash(of: certificate).hex), "
          + Format.plural(fields["evidence"]?.arrayValue?.count ?? 0, "statement")
      default: return PrintableText.line(type)
      }
    }
  }
}

/// The first certificate of a PEM file, in DER.
private func certificateDER(_ path: String) throws -> [UInt8] {
  guard let first = try X509Certificate.certificates(path: path).first else {
    throw CommandFailure(message: "\(path): there is no certificate in this file")
  }
  return first.der
}

extension CommandFailure {
  /// A check that ended with a no.
  init(refusal error: LogError) {
    let lines = error.description.split(separator: "\n", maxSplits: 1).map(String.init)
    self.init(message: lines[0], advice: lines.count > 1 ? lines[1] : nil, status: .refused)
  }
}

extension VerifiedCheckpoint {
  /// Who cosigned and when.
  fileprivate var cosignaturesJSON: JSONValue {
    .array(cosignatures.map { ["witness": .string($0.name), "time": .int($0.time)] })
  }
}
