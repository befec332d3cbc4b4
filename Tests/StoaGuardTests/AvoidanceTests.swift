import Testing

@testable import StoaGuard

/// Rails with `avoid`: what a pack may say, and what an answer must not go on with.
struct AvoidanceTests {
  private static func program(_ terms: [String], options: [String: [String]] = [:]) throws -> AvoidanceProgram {
    var options = options
    options["terms"] = terms
    let rail = Rail(
      id: "bans", stages: [.output], detectors: ["ban"], options: DetectorOptions(options), action: .refuse,
      avoids: true)
    return try #require(try AvoidanceProgram(pack: "own", digest: "", rails: [rail]))
  }

  /// Whether these bytes complete a term after the text, as the probe says.
  private static func completes(_ text: String, _ bytes: String, _ program: AvoidanceProgram) -> Bool {
    var answer = AvoidedText(program)
    #expect(answer.read(Array(text.utf8)).isEmpty)
    guard var probe = answer.probe else { return false }
    for byte in bytes.utf8 where !probe.read(byte) { return false }
    return probe.isComplete
  }

  @Test(
    "What completes a term that the answer has begun",
    arguments: [
      ("about project zep", "hyr", true), ("about PROJECT Z", "ephyr", true), ("about project", " Zephyr", true),
      ("about project", ", zephyr was", true), ("about project zep", "hyrs", false),
      ("about projects", " zephyr", false),
      ("about project", " zeph", false), ("a project\u{200B}", " ze\u{301}phyr", true),
      ("about", " project zephyr", false),
    ] as [(String, String, Bool)])
  func probe(text: String, bytes: String, expected: Bool) throws {
    #expect(Self.completes(text, bytes, try Self.program(["project zephyr"])) == expected)
  }

  @Test("Parts of words count where the rail says so")
  func partsOfWords() throws {
    #expect(Self.completes("about Zep", "hyrs", try Self.program(["zephyr"], options: ["whole-words": ["false"]])))
    #expect(!Self.completes("about Zep", "hyrs", try Self.program(["zephyr"])))
  }

  @Test("What completes a term on its own, after a word and elsewhere")
  func pieces() throws {
    let program = try Self.program(["zephyr", "kill switch"])
    let pieces = ["zephyr", " Zephyr", "zephyrs", "a zephyr", "kill", "kill switch", "z\u{0435}phyr", ".zephyr,", ""]
    let found = program.completing { add in
      for (index, piece) in pieces.enumerated() { add(Int32(index), Array(piece.utf8)) }
    }
    #expect(found.afterSpace == [0, 1, 3, 5, 6, 7])
    #expect(found.afterWord == [1, 3, 7])
  }

  @Test("A disguised term is found when it is there, and only once")
  func findings() throws {
    var answer = AvoidedText(try Self.program(["zephyr"], options: ["evasions": ["true"]]))
    var found: [AvoidedText.Finding] = []
    for byte in "So z3phyr it is".utf8 { found += answer.read([byte]) }
    found += answer.finish()
    #expect(Set(found.map(\.start)) == [3])
    #expect(Set(found.map(\.rail)) == ["bans"])
  }

  @Test("The digest is that of what is avoided, not of what happens otherwise")
  func digest() throws {
    let program = try Self.program(["zephyr"])
    var rail = program.watched.rails[0]
    rail.action = .stop
    rail.message = "No."
    #expect(try AvoidanceProgram(pack: "x", digest: "y", rails: [rail])?.digest == program.digest)
    rail.options.values["terms"] = ["zephyrs"]
    #expect(try AvoidanceProgram(pack: "x", digest: "y", rails: [rail])?.digest != program.digest)
    rail.avoids = false
    #expect(try AvoidanceProgram(pack: "x", digest: "y", rails: [rail]) == nil)
  }

  @Test(
    "A pack that cannot avoid something says where",
    arguments: [
      ("on: [output], detector: ban, options: {terms: [a]}, action: refuse, avoid: true", nil),
      ("on: [output], detector: email, action: redact, avoid: true", nil),
      ("on: [input], detector: ban, options: {terms: [a]}, action: refuse, avoid: true", "answers"),
      ("on: [output], detector: system-prompt, action: refuse, avoid: true", "no pattern"),
      ("on: [output], detector: ban, options: {terms: [a]}, action: refuse, avoid: maybe", "avoid"),
    ] as [(String, String?)])
  func mistakes(rail: String, reason: String?) throws {
    let folder = try TemporaryFolder()
    try folder.write("pack.yaml", "pack: own\nversion: 1\nrails:\n  - {id: bans, \(rail)}\n")
    guard let reason else {
      let pack = try GuardPack(folder.path)
      #expect(pack.rails.map(\.avoids) == [true])
      return
    }
    let error = try #require(throws: PackError.self) { try GuardPack(folder.path) }
    #expect(error.problems.map(\.line) == [4])
    #expect(error.problems[0].reason.contains(reason), "\(error.problems[0])")
  }
}
