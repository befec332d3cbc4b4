import ArgumentParser
import Foundation
import StoaFormats
import StoaTerminal
import StoaTrust

struct AttestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attest",
    abstract: "State something about a model that others can check: a result, a licence, its data.",
    discussion: """
      Writes an in-toto statement about exactly these bytes beside the model, signed when there is a key. TYPE is \
      \(PredicateType.allCases.map(\.rawValue).joined(separator: ", ")); docs/predicates has the form of each.

      Examples:
        stoa attest licence ./my-model --predicate licence.json --key assessor.pem
        stoa attest evaluation ./my-model --from lm-eval results.json --samples samples_arc_easy.jsonl \\
          --task arc_easy --metric acc --threshold ">=0.6" --key assessor.pem
      """)

  @Argument(help: "What kind of statement.") var type: TypeName
  @OptionGroup var target: SignedModelArgument
  @Option(help: ArgumentHelp("What is said, as JSON.", valueName: "file"), completion: .file()) var predicate: String?
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Take the result from a file of lm-evaluation-harness: --from lm-eval FILE.", valueName: "source"))
  var from: [String] = []
  @Option(help: ArgumentHelp("The file of samples to it, of --log_samples.", valueName: "file"), completion: .file())
  var samples: String?
  @Option(help: ArgumentHelp("The task (default: the only one).", valueName: "task")) var task: String?
  @Option(help: ArgumentHelp("The metric (default: acc).", valueName: "metric")) var metric = "acc"
  @Option(
    help: ArgumentHelp("What the value is held against: \">=0.6\"; also <=, > and <.", valueName: "threshold"),
    transform: Self.threshold)
  var threshold: Threshold?
  @Option(
    help: ArgumentHelp("The private key in PEM; without one the statement is unsigned.", valueName: "file"),
    completion: .file())
  var key: String?
  @Option(help: ArgumentHelp("A file whose first line is the key's password.", valueName: "file"), completion: .file())
  var passwordFile: String?
  @Option(help: ArgumentHelp("What to call the statement's file (default: its type and task).", valueName: "name"))
  var name: String?
  @Option(
    help: ArgumentHelp("Where to write, instead of beside the model.", valueName: "file"), completion: .file())
  var out: String?
  @OptionGroup var output: JSONOption

  func validate() throws {
    if (predicate == nil) == from.isEmpty { throw ValidationError("give either --predicate or --from lm-eval FILE") }
    if !from.isEmpty {
      guard type.type == .evaluation, from.count == 2, from[0] == "lm-eval" else {
        throw ValidationError("--from is for evaluations, and is given as: --from lm-eval RESULTS.json")
      }
      if threshold == nil { throw ValidationError("a result needs --threshold, such as \">=0.6\"") }
    }
    if let name, !name.utf8.allSatisfy(Self.isPlain) || name.isEmpty {
      throw ValidationError("--name may have letters, digits, '-', '_' and '.'")
    }
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
      true
    default: false
    }
  }

  func run() throws {
    let folder = try target.resolve()
    let key = try StatementKey.load(key, passwordFile: passwordFile)
    let (content, suffix) = try content()
    let manifest = try SignedModel.hashing { try $0.manifest(of: folder) }
    let root = Hex.encode(manifest.rootDigest)
    let statement = InTotoStatement(
      subjects: [.init(name: manifest.modelName, digests: ["sha256": root])], predicateType: type.type.uri,
      predicate: content)
    let path: String
    if let out {
      try EvidenceFile.write(statement, to: out, key: key)
      path = out
    } else {
      let name = name ?? type.type.rawValue + suffix
      path = try EvidenceFile.write(statement, besides: folder, named: name, key: key)
    }
    if output.json {
      return try JSONValue.object([
        "path": .string(path), "subject": .string(root), "predicate_type": .string(type.type.uri),
        "signed_by": .text(key?.publicKey.fingerprint), "predicate": content,
      ]).print()
    }
    try Output.write("\(PrintableText.line(path))\(key == nil ? " (unsigned)" : "")\n")
  }

  /// The predicate, and what its file's name ends with.
  private func content() throws -> (JSONValue, String) {
    if let predicate {
      let content = try JSONValue(path: predicate, maximumByteCount: documentByteLimit)
      try type.type.check(content, source: predicate)
      return (dated(content), "")
    }
    let results = try EvaluationHarnessResults(path: from[1])
    let task = try task ?? onlyTask(results)
    let threshold = threshold ?? Threshold(comparator: .atLeast, value: 0)
    let result = try results.result(
      task: task, metric: metric, threshold.comparator, threshold.value,
      samples: samples.map { try EvaluationSamples(path: $0) })
    let plain = "\(task)-\(result.metric)".utf8.map { Self.isPlain($0) ? $0 : UInt8(ascii: "_") }
    return (result.json, "-" + String(decoding: plain, as: UTF8.self))
  }

  /// Authorities ask how old evidence is: a statement that does not say so is of today.
  private func dated(_ content: JSONValue) -> JSONValue {
    guard type.type != .derivation, var object = content.objectValue, object["assessed"] == nil else { return content }
    object["assessed"] = .string(Date().formatted(.iso8601.year().month().day()))
    return .object(object)
  }

  private func onlyTask(_ results: EvaluationHarnessResults) throws -> String {
    guard results.tasks.count == 1, let task = results.tasks.first else {
      throw CommandFailure.usage(
        "\(from[1]) has \(results.tasks.count) tasks",
        advice: "give one with --task: " + results.tasks.joined(separator: ", "))
    }
    return task
  }

  /// What a value is held against.
  struct Threshold: Equatable {
    var comparator: EvaluationResult.Comparator
    var value: Double
  }

  private static func threshold(_ text: String) throws -> Threshold {
    // Longer signs first: `>=` begins with `>`.
    for comparator in EvaluationResult.Comparator.allCases where text.hasPrefix(comparator.rawValue) {
      guard let value = Double(text.dropFirst(comparator.rawValue.count).trimmingCharacters(in: .whitespaces)),
        value.isFinite
      else { break }
      return Threshold(comparator: comparator, value: value)
    }
    throw ValidationError("'\(text)' is no threshold: write \">=0.6\", or with <=, > or <")
  }

  /// The kinds of statements by their names.
  struct TypeName: ExpressibleByArgument {
    let type: PredicateType

    init?(argument: String) {
      guard let type = PredicateType(rawValue: argument) else { return nil }
      self.type = type
    }

    static var allValueStrings: [String] { PredicateType.allCases.map(\.rawValue) }
  }
}

/// The private key of statements, which may also go unsigned.
enum StatementKey {
  static func load(_ path: String?, passwordFile: String? = nil) throws -> SigningKey? {
    guard let path else { return nil }
    var options = SigningKeyOptions()
    options.key = path
    options.passwordFile = passwordFile
    options.signer = nil
    return try options.load()
  }
}
