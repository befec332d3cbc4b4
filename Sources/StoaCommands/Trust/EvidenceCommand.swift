import ArgumentParser
import StoaFormats
import StoaTerminal
import StoaTrust

struct EvidenceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evidence", abstract: "List what is stated about a model beside it.",
    discussion: """
      Each statement is read strictly and its subject compared with the model's files. With --key signatures are checked; \
      without, only that there is one is told. Exit status 3 when a statement is broken or about other bytes.
      """)

  @OptionGroup var target: SignedModelArgument
  @Option(
    name: .customLong("key"), parsing: .singleValue,
    help: ArgumentHelp(
      "A public key or certificate in PEM that may have signed; may be given several times.", valueName: "file"),
    completion: .file())
  var keys: [String] = []
  @OptionGroup var output: JSONOption

  func run() throws {
    let folder = try target.resolve()
    let keys = try keys.map { try VerificationKey(pemFile: $0) }
    let root = Hex.encode(try SignedModel.hashing { try $0.manifest(of: folder) }.rootDigest)
    let rows = EvidenceFile.paths(besides: folder).map { Row($0, root: root, keys: keys) }
    if output.json {
      try JSONValue.object(["digest": .string(root), "evidence": .array(rows.map(\.json))]).print()
    } else {
      let style = Terminal.current().style(for: .output)
      for line in Columns.align(rows.map { $0.cells(style) }) { try Output.write(line + "\n") }
      if rows.isEmpty { Output.note("there is no evidence beside this model: stoa attest writes some\n") }
    }
    let bad = rows.count { !$0.isGood }
    if bad > 0 {
      throw CommandFailure(message: "\(bad) of \(rows.count) statements cannot be relied on", status: .refused)
    }
  }

  /// What is told about a statement.
  private struct Row {
    let path: String
    var file: EvidenceFile?
    var problem: String?
    /// The fingerprint of the key that signed; nil when nobody known did.
    var signer: String?

    init(_ path: String, root: String, keys: [VerificationKey]) {
      self.path = path
      do {
        let file = try EvidenceFile(path: path)
        self.file = file
        signer = file.envelope.flatMap { envelope in keys.first { envelope.isSigned(by: $0) }?.fingerprint }
        if !file.statement.subjects.contains(where: { $0.digests["sha256"] == root }) {
          problem = "is about other bytes"
        } else if file.envelope != nil, signer == nil, !keys.isEmpty {
          problem = "is not signed by a given key"
        }
      } catch {
        problem = error.description
      }
    }

    var isGood: Bool { problem == nil }

    private var signature: String {
      guard let file else { return "unreadable" }
      return file.envelope == nil ? "unsigned" : signer == nil ? "unchecked" : "signed"
    }

    var json: JSONValue {
      [
        "path": .string(path), "predicate_type": .text(file?.statement.predicateType),
        "type": .text(file.flatMap { PredicateType(uri: $0.statement.predicateType)?.rawValue }),
        "sha256": .text(file?.sha256.hex), "signature": .string(signature), "signer": .text(signer),
        "ok": .bool(isGood), "problem": .text(problem), "predicate": file?.statement.predicate ?? .null,
      ]
    }

    func cells(_ style: Style) -> [String] {
      let type =
        file.map { PredicateType(uri: $0.statement.predicateType)?.rawValue ?? $0.statement.predicateType } ?? ""
      return [
        style.bold(PrintableText.line(splitPath(path).name)), PrintableText.line(type), signature,
        problem.map { style.yellow(PrintableText.line($0)) } ?? PrintableText.line(summary),
      ]
    }

    /// A few words about what is said.
    private var summary: String {
      guard let predicate = file?.statement.predicate,
        let type = file.flatMap({ PredicateType(uri: $0.statement.predicateType) })
      else { return "" }
      switch type {
      case .evaluation:
        guard let result = try? EvaluationResult(json: predicate, source: path) else { return "" }
        let interval = result.interval.map {
          " [\(Format.decimal($0.low, 4)), \(Format.decimal($0.high, 4))] \($0.method.rawValue)"
        }
        return "\(result.task) \(result.metric) \(Format.decimal(result.value, 4))\(interval ?? ""), n = \(result.n), "
          + "\(result.passed ? "passed" : "FAILED") \(result.comparator.rawValue) \(result.threshold)"
      case .licence: return predicate["expression"]?.stringValue ?? ""
      case .openness: return "\(predicate["framework"]?.stringValue ?? "") class \(predicate["class"]?.intValue ?? 0)"
      case .dataDocumentation: return Format.plural(predicate["datasets"]?.arrayValue?.count ?? 0, "dataset")
      case .guardPack: return "\(predicate["id"]?.stringValue ?? "") \(predicate["version"]?.stringValue ?? "")"
      case .derivation:
        guard let provenance = try? Provenance(json: predicate, source: path) else { return "" }
        let bases = provenance.dependencies.compactMap(\.name).joined(separator: ", ")
        return "\(provenance.relation?.rawValue ?? provenance.buildType) from \(bases)"
      }
    }
  }
}
