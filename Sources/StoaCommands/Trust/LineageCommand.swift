import ArgumentParser
import Foundation
import StoaFormats
import StoaTerminal
import StoaTrust

struct LineageCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lineage", abstract: "Show what a model was made from, and whether something of it was revoked.",
    discussion: """
      Steps come from the statements beside the model and those given with --statements: a file, a folder, or another \
      model with statements beside it. Exit status 3 when a base is among the revoked.

      Examples:
        stoa lineage model-q4.gguf --statements model-f16.gguf
        stoa lineage model-q4.gguf --statements model-f16.gguf --revoked 9c1b…
      """)

  @OptionGroup var target: SignedModelArgument
  @Option(
    parsing: .singleValue,
    help: ArgumentHelp("Where further statements are; may be given several times.", valueName: "path"),
    completion: .file())
  var statements: [String] = []
  @Option(
    parsing: .singleValue,
    help: ArgumentHelp("The root digest of a revoked model, or a file with one a line.", valueName: "digest"))
  var revoked: [String] = []
  @Option(
    name: .customLong("key"), parsing: .singleValue,
    help: ArgumentHelp("Count only statements signed by this public key in PEM.", valueName: "file"),
    completion: .file())
  var keys: [String] = []
  @OptionGroup var output: JSONOption

  func run() throws {
    let folder = try target.resolve()
    let keys = try keys.map { try VerificationKey(pemFile: $0) }
    let revoked = try revokedDigests()
    var files: [EvidenceFile] = []
    for path in EvidenceFile.paths(besides: folder) { files.append(try EvidenceFile(path: path)) }
    for place in statements { files += try Self.files(at: place) }
    let counted = files.filter { file in
      keys.isEmpty || keys.contains { file.envelope?.isSigned(by: $0) ?? false }
    }
    let lineage = try Lineage(counted.map(\.statement))
    let root = Hex.encode(try SignedModel.hashing { try $0.manifest(of: folder) }.rootDigest)
    let steps = lineage.ancestry(of: root)
    let taint = lineage.taint(of: root, revoked: revoked)
    if output.json {
      try JSONValue.object([
        "digest": .string(root), "steps": .array(steps.map(\.json)), "tainted": .bool(taint != nil),
        "taint": taint.map { .array($0.map(\.json)) } ?? .null, "passed_over": .int(files.count - counted.count),
      ]).print()
    } else {
      try Output.write("\(PrintableText.line(folder.name)) \(root)\n")
      var shown: Set<String> = [root]
      try show(lineage, root, depth: 1, &shown)
      if steps.isEmpty { Output.note("nothing is stated about what it was made from\n") }
    }
    guard let taint else { return }
    let base = taint.last.map { $0.baseName ?? $0.base } ?? folder.name
    throw CommandFailure(
      message: taint.isEmpty
        ? "this model was revoked" : "it was made from \(PrintableText.line(base)), which was revoked",
      advice: taint.last.map { "revoked: \($0.base)" }, status: .refused)
  }

  private func show(_ lineage: Lineage, _ product: String, depth: Int, _ shown: inout Set<String>) throws {
    for step in lineage.steps(to: product) {
      let how = Provenance.relation(step.buildType) ?? step.buildType
      let indentation = String(repeating: "  ", count: min(depth, 40))
      try Output.write(
        "\(indentation)\(PrintableText.line(how)) from \(PrintableText.line(step.baseName ?? "?")) \(step.base)\n")
      if shown.insert(step.base).inserted { try show(lineage, step.base, depth: depth + 1, &shown) }
    }
  }

  private func revokedDigests() throws -> Set<String> {
    var digests: Set<String> = []
    for text in revoked {
      let lines =
        FileManager.default.fileExists(atPath: text)
        ? try readText(text).split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) } : [text]
      for line in lines where !line.isEmpty && !line.hasPrefix("#") {
        guard MerkleHash(hex: line) != nil else {
          throw CommandFailure.usage(
            "\(PrintableText.line(line)) is no SHA-256 in lower-case hexadecimal",
            advice: "stoa sign and stoa lineage print root digests")
        }
        digests.insert(line)
      }
    }
    return digests
  }

  /// The derivations in a file, a folder or beside a model.
  private static func files(at place: String) throws -> [EvidenceFile] {
    if place.hasSuffix(EvidenceFile.suffix) { return [try EvidenceFile(path: place)] }
    let inside = directoryContents(place).filter { $0.hasSuffix(EvidenceFile.suffix) }.map { "\(place)/\($0)" }
    let beside = EvidenceFile.paths(besides: try ModelFolder(path: place))
    return try (inside + beside).map { try EvidenceFile(path: $0) }
  }
}

extension Lineage.Step {
  fileprivate var json: JSONValue {
    [
      "product": .string(product), "base": .string(base), "base_name": .text(baseName),
      "build_type": .string(buildType),
    ]
  }
}
