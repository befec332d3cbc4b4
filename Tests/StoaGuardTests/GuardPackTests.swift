import Foundation
import StoaTestSupport
import Testing

@testable import StoaGuard

/// Packs: those that come with the library, inheritance, and the places of mistakes.
struct GuardPackTests {
  @Test(
    "The packs that come with the library do what their examples say, whole and byte by byte",
    arguments: GuardPack.builtInNames)
  func builtIn(name: String) throws {
    let pack = try GuardPack(name)
    #expect(pack.name == name && pack.digest.count == 64 && !pack.examples.isEmpty)
    for example in pack.examples {
      let program = try pack.program(example.stage)
      let whole = program.check(Array(example.text.utf8))
      #expect(whole.verdict.action == example.action, "\(example.place): \(whole.verdict.hits)")
      if let rails = example.rails { #expect(Set(whole.verdict.hits.map(\.rail)) == Set(rails), "\(example.place)") }
      if let output = example.output { #expect(whole.text == output, "\(example.place)") }
      #expect(program.check(Array(example.text.utf8), pieces: 1) == whole, "\(example.place)")
    }
  }

  @Test("The digest is SHA-256 over the parent's digest and the files with their lengths")
  func digest() throws {
    // sha256 of "stoa guard pack 1\n-\n9:pack.yaml\n2:hi\n" by coreutils.
    let source = PackSource(name: "x", folder: nil, files: [PackSource.File(name: "x", label: "pack.yaml", text: "hi")])
    #expect(source.digest(parent: nil) == "95764ad99a837ffb5ae6f98a3292959581465dfe6cd0fe33d8594776906c7f66")
    #expect(source.digest(parent: "00") != source.digest(parent: nil))
  }

  @Test("A folder extends a pack, changes some of its rails and overrides others for a model")
  func folder() throws {
    let folder = try TemporaryFolder()
    try folder.write(
      "pack.yaml",
      """
      pack: bank
      version: 2
      extends: strict
      rails:
        - id: bans
          options: {terms: [project zephyr]}
        - {id: injection, action: flag}
      overrides:
        - when: {model: "tiny*", key: intern}
          rails: [{id: bans, action: stop}]
      """)
    try folder.write(
      "more.yaml", "rails:\n  - {id: own, detector: pattern, options: {expressions: 'ACC-\\d{8}'}, action: mask}\n")
    let pack = try GuardPack(folder.path)
    #expect(pack.rails.first { $0.id == "bans" }?.options["terms"] == ["project zephyr"])
    #expect(pack.rails.first { $0.id == "bans" }?.options["evasions"] == ["true"])
    #expect(pack.rails.first { $0.id == "injection" }?.action == .flag)
    #expect(pack.rails.last?.id == "own")
    func action(_ context: GuardContext) -> GuardAction? { pack.rails(for: context).first { $0.id == "bans" }?.action }
    #expect(action(GuardContext(model: "tiny-1b", key: "intern")) == .stop)
    #expect(action(GuardContext(model: "tiny-1b", key: "other")) == .refuse)
    #expect(action(GuardContext(model: "large", key: "intern")) == .refuse)
    let other = try TemporaryFolder()
    try other.write("pack.yaml", "pack: bank\nversion: 3\nextends: \(folder.path)\n")
    #expect(try GuardPack(other.path).digest != pack.digest)
  }

  /// A pack that is right, and ways to break it: the line to put in the place of another, and where the mistake is then told.
  struct Break: Sendable, CustomTestStringConvertible {
    let number: Int
    let text: String
    let line: Int
    let column: Int
    let kind: String
    var testDescription: String { "\(number) \(kind)" }
  }

  static let breaks: [Break] = {
    let kinds: [(name: String, lines: [String], line: Int, column: Int)] = [
      ("unknown key", ["    acton: flag"], 0, 5), ("unknown key, no neighbour", ["    colour: red"], 0, 5),
      ("unknown action", ["    action: redakt"], 0, 13),
      ("action of no kind", ["    action: 12"], 0, 13), ("threshold too high", ["    threshold: 1.5"], 0, 16),
      ("threshold no number", ["    threshold: high"], 0, 16),
      ("unknown stage", ["    on: [input, ouput]"], 0, 17), ("no stage", ["    on: []"], 0, 9),
      ("flag of no kind", ["    decode: maybe"], 0, 13),
      ("empty class", ["    class: \"\""], 0, 12), ("message of no kind", ["    message: [a, b]"], 0, 14),
      ("unknown detector", ["    detector: emial"], 0, 15),
      ("unknown detector in list", ["    detector: [email, fone]"], 0, 23),
      ("unknown option", ["    options: {terms: [x]}"], 0, 15),
      ("options of no kind", ["    options: 3"], 0, 14),
      ("bad expression", ["    detector: pattern", "    options: {expressions: [a, 'b+']}"], 1, 32),
      ("reversed range", ["    detector: pattern", "    options: {expressions: '[z-a]'}"], 1, 28),
      ("key twice", ["    id: again"], -1, 5),
      ("tab", ["\tclass: x"], 0, 1), ("open quotation", ["    message: 'a"], 0, 14),
      ("term of no letters", ["    detector: ban", "    options: {terms: [ok, '--']}"], 1, 27),
      ("domain of no kind", ["    detector: url", "    options: {deny: 'a b'}"], 1, 21),
      ("null detector", ["    detector:"], 0, 14),
      ("list for flag", ["    off: [true]"], 0, 10), ("nested threshold", ["    threshold: {a: 1}"], 0, 16),
    ]
    var result: [Break] = []
    for number in 0..<200 {
      let kind = kinds[number % kinds.count]
      let broken = number / kinds.count % 8
      var lines = ["pack: broken", "version: 1", "rails:"]
      var expected = 0
      for rail in 0..<8 {
        let first = lines.count
        lines.append("  - id: rail-\(rail)")
        let keys = rail == broken ? kind.lines : []
        if !keys.contains(where: { $0.hasPrefix("    detector") }) { lines.append("    detector: email") }
        if !keys.contains(where: { $0.hasPrefix("    action") }) { lines.append("    action: flag") }
        if rail == broken {
          expected = kind.line < 0 ? first + 1 : lines.count + kind.line + 1
          lines += keys
        }
      }
      result.append(
        Break(
          number: number, text: lines.joined(separator: "\n") + "\n", line: expected, column: kind.column,
          kind: kind.name))
    }
    return result
  }()

  @Test("200 broken packs: the line, the column and a hint for each", arguments: breaks)
  func broken(item: Break) throws {
    let folder = try TemporaryFolder()
    try folder.write("pack.yaml", item.text)
    let error = #expect(throws: PackError.self) { try GuardPack(folder.path) }
    let problem = try #require(error?.problems.first)
    #expect(problem.file == folder.path + "/pack.yaml")
    #expect(!problem.hint.isEmpty && !problem.reason.isEmpty)
    if ["tab", "open quotation"].contains(item.kind) {
      // The YAML parser tells where it gave up.
      #expect(problem.line >= item.line && problem.column >= 1)
    } else {
      #expect(problem.line == item.line && problem.column == item.column, "\(problem)")
    }
  }

  @Test(
    "What is missing is told",
    arguments: [
      ("version: 1\n", "no name"), ("pack: x\n", "no version"), ("", "empty"), ("- a\n", "not a mapping"),
      ("pack: x\nversion: 1\nextends: strikt\n", "no pack strikt"),
      ("pack: x\nversion: 1\nrails:\n  - {id: a, action: flag}\n", "no detector"),
      ("pack: x\nversion: 1\nrails:\n  - {action: flag}\n", "no id"),
      ("pack: x\nversion: 1\noverrides:\n  - {rails: [{id: a}]}\n", "no condition"),
      ("pack: x\nversion: 1\nexamples:\n  - {text: a}\n", "no expect"),
      ("pack: X Y\nversion: 1\n", "no name"), ("pack: x\nversion: 1\nrails: 3\n", "not a list"),
    ])
  func missing(text: String, reason: String) throws {
    let folder = try TemporaryFolder()
    try folder.write("pack.yaml", text)
    let error = #expect(throws: PackError.self) { try GuardPack(folder.path) }
    #expect(error?.problems.first?.reason.contains(reason) == true, "\(String(describing: error))")
  }

  @Test("A pack that extends itself is an error")
  func circle() throws {
    let folder = try TemporaryFolder()
    try folder.write("pack.yaml", "pack: x\nversion: 1\nextends: \(folder.path)\n")
    #expect(throws: PackError.self) { try GuardPack(folder.path) }
  }
}

struct TemporaryFolder: ~Copyable {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "stoa-guard-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  func write(_ name: String, _ text: String) throws {
    try text.write(toFile: path + "/" + name, atomically: true, encoding: .utf8)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
