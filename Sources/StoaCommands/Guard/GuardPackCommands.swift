import ArgumentParser
import StoaFormats
import StoaGuard
import StoaTerminal

struct GuardTestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test", abstract: "Check a pack and try its own examples.",
    discussion:
      "Every example is tried whole and byte by byte. Exits with 1 when one of them fails or the pack has mistakes.")

  @Argument(help: "The pack.") var pack = "default"
  @OptionGroup var output: JSONOption

  func run() throws {
    let pack = try loadPack(pack)
    noteWarnings(of: try GuardStage.allCases.map { try pack.program($0) })
    var failures: [String] = []
    let judge = TerminalGuardJudge()
    for example in pack.examples { failures += try pack.failures(of: example, judge: judge.answer) }
    if output.json {
      try JSONValue.object([
        "pack": .string(pack.name), "version": .string(pack.version), "digest": .string("sha256:" + pack.digest),
        "rails": .int(pack.rails.count), "examples": .int(pack.examples.count),
        "failures": .array(failures.map(JSONValue.string)),
      ]).print()
    }
    guard failures.isEmpty else {
      throw CommandFailure(
        message: "\(pack.name): \(failures.count) of \(pack.examples.count) examples fail",
        advice: failures.joined(separator: "\n"))
    }
    if output.json { return }
    try Output.write("\(pack.name) \(pack.version): \(pack.rails.count) rails, \(pack.examples.count) examples pass\n")
  }
}

struct GuardExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Say what the rails of a pack look for, and what they do.",
    discussion: "With --detectors the list of all detectors that rails can name.")

  @Argument(help: "The pack.") var pack = "default"
  @Option(help: ArgumentHelp("The model that rails are chosen for.", valueName: "model")) var model = ""
  @Option(help: ArgumentHelp("The key's name that rails are chosen for.", valueName: "name")) var key = ""
  @Option(help: ArgumentHelp("The route that rails are chosen for.", valueName: "path")) var route = ""
  @Flag(help: "List the detectors instead.") var detectors = false
  @OptionGroup var output: JSONOption

  func run() throws {
    if detectors { return try listDetectors() }
    let pack = try loadPack(pack)
    let context = GuardContext(model: model, key: key, route: route)
    let rails = pack.rails(for: context)
    noteWarnings(of: try GuardStage.allCases.map { try pack.program($0, for: context) })
    if output.json {
      return try JSONValue.object([
        "pack": .string(pack.name), "version": .string(pack.version), "summary": .string(pack.summary),
        "digest": .string("sha256:" + pack.digest), "rails": .array(rails.map(\.json)),
      ]).print()
    }
    let style = Terminal.current().style(for: .output)
    try Output.write("\(style.bold(pack.name)) \(pack.version)  sha256:\(pack.digest)\n\(pack.summary)\n\n")
    for line in Columns.align(rails.map { $0.cells(style) }) { try Output.write(line + "\n") }
    for override in pack.overrides { try Output.write(override.words + "\n") }
  }

  private func listDetectors() throws {
    let list = DetectorCatalog.builtIn.detectors
    if output.json {
      return try JSONValue.array(
        list.map {
          .object([
            "detector": .string($0.name), "groups": .array($0.groups.map(JSONValue.string)),
            "summary": .string($0.summary),
            "options": .array($0.options.map(JSONValue.string)),
          ])
        }
      ).print()
    }
    let style = Terminal.current().style(for: .output)
    let rows = list.map { [style.bold($0.name), $0.groups.joined(separator: ", "), $0.summary] }
    for line in Columns.align(rows) { try Output.write(line + "\n") }
  }
}

struct GuardDiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff", abstract: "Show how the rails of two packs differ.",
    discussion: "Exits with 0 whether they differ or not; with --json the rails that were added, removed and changed.")

  @Argument(help: "The one pack.") var first: String
  @Argument(help: "The other pack.") var second: String
  @OptionGroup var output: JSONOption

  func run() throws {
    let (old, new) = (try loadPack(first), try loadPack(second))
    let added = new.rails.filter { rail in !old.rails.contains { $0.id == rail.id } }
    let removed = old.rails.filter { rail in !new.rails.contains { $0.id == rail.id } }
    var changed: [(id: String, values: [(key: String, old: String, new: String)])] = []
    for rail in old.rails {
      guard let other = new.rails.first(where: { $0.id == rail.id }), other != rail else { continue }
      var values: [(key: String, old: String, new: String)] = []
      for ((key, value), (_, newValue)) in zip(rail.values, other.values) where value != newValue {
        values.append((key, value, newValue))
      }
      changed.append((rail.id, values))
    }
    if output.json {
      return try JSONValue.object([
        "added": .array(added.map(\.json)), "removed": .array(removed.map(\.json)),
        "changed": .array(
          changed.map { change in
            .object([
              "rail": .string(change.id),
              "values": .array(
                change.values.map { .object(["key": .string($0.key), "old": .string($0.old), "new": .string($0.new)]) }),
            ])
          }),
      ]).print()
    }
    for rail in removed {
      try Output.write("- \(rail.id): \(rail.action.rawValue) \(rail.detectors.joined(separator: ", "))\n")
    }
    for rail in added {
      try Output.write("+ \(rail.id): \(rail.action.rawValue) \(rail.detectors.joined(separator: ", "))\n")
    }
    for change in changed {
      for value in change.values { try Output.write("~ \(change.id): \(value.key): \(value.old) → \(value.new)\n") }
    }
    if added.isEmpty, removed.isEmpty, changed.isEmpty { Output.note("the rails are the same\n") }
  }
}

extension GuardPack {
  /// What goes wrong with an example, whole and byte by byte.
  func failures(of example: PackExample, judge: @escaping (GuardQuestion) -> GuardAnswer) throws -> [String] {
    let program = try program(example.stage)
    var failures: [String] = []
    let whole = program.check(Array(example.text.utf8), pieces: max(1, example.text.utf8.count), judge: judge)
    func expect(_ what: String, _ got: String, _ wanted: String) {
      if got != wanted { failures.append("\(example.place): \(what) is \(got), expected \(wanted)") }
    }
    expect("the action", whole.verdict.action.rawValue, example.action.rawValue)
    if let rails = example.rails {
      expect(
        "the rails", Set(whole.verdict.hits.map(\.rail)).sorted().joined(separator: ", "),
        rails.sorted().joined(separator: ", "))
    }
    if let output = example.output { expect("the text", whole.text, output) }
    let divided = program.check(Array(example.text.utf8), pieces: 1, judge: judge)
    if divided != whole { failures.append("\(example.place): byte by byte something else comes out") }
    return failures
  }
}

extension Rail {
  /// What a rail says, by the keys of a pack.
  fileprivate var values: [(key: String, value: String)] {
    [
      ("on", stages.map(\.rawValue).sorted().joined(separator: ", ")), ("detector", detectors.joined(separator: ", ")),
      (
        "options",
        options.values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.joined(separator: "|"))" }.joined(
          separator: " ")
      ),
      ("threshold", "\(threshold)"), ("action", action.rawValue), ("class", hazard), ("message", message),
      ("replacement", replacement ?? ""),
      ("decode", "\(decodes)"), ("except", exceptions.joined(separator: ", ")), ("avoid", "\(avoids)"),
      ("off", "\(isOff)"),
    ]
  }

  fileprivate var json: JSONValue {
    .object([
      "id": .string(id), "on": .array(stages.map(\.rawValue).sorted().map(JSONValue.string)),
      "detector": .array(detectors.map(JSONValue.string)), "threshold": .double(threshold),
      "action": .string(action.rawValue),
      "class": .string(hazard), "decode": .bool(decodes), "avoid": .bool(avoids), "off": .bool(isOff),
    ])
  }

  fileprivate func cells(_ style: Style) -> [String] {
    let places =
      stages.count == GuardStage.allCases.count ? "everywhere" : stages.map(\.rawValue).sorted().joined(separator: ", ")
    return [
      style.bold(id), isOff ? "off" : avoids ? "avoid, else \(action.rawValue)" : action.rawValue, hazard, places,
      detectors.joined(separator: ", ") + (decodes ? " (also encoded)" : ""),
    ]
  }
}

extension PackOverride {
  fileprivate var words: String {
    let conditions = [model.map { "model \($0)" }, key.map { "key \($0)" }, route.map { "route \($0)" }].compactMap {
      $0
    }
    return "for \(conditions.joined(separator: ", ")): other values of \(changes.map(\.name).joined(separator: ", "))"
  }
}
