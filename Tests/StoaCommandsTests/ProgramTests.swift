import Foundation
import StoaFormats
import StoaTestSupport
import Testing

@testable import StoaCommands

/// The program as scripts see it: run as a process on the fixtures.
@Suite(.enabled(if: Program.path != nil, "needs the built program"))
struct ProgramTests {
  private let home: URL

  init() throws {
    home = FileManager.default.temporaryDirectory.appendingPathComponent("stoa-program-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
  }

  private func stoa(_ arguments: String..., input: String = "") throws -> Program.Result {
    try Program.run(
      arguments, input: input,
      environment: ["STOA_HOME": home.path, "STOA_PRIMER": OracleData.fixture("models/gguf_q8_0/model.gguf")])
  }

  private func object(_ result: Program.Result) throws -> JSONObject {
    #expect(result.status == 0, "\(result.error)")
    #expect(result.output.hasSuffix("\n"))
    #expect(!result.output.dropLast().contains("\n"), "one object on one line")
    return try #require(JSONValue(parsing: result.output).objectValue)
  }

  @Test(arguments: ["models/gguf_f16/model.gguf", "models/llama", "models/gguf_split/model-00001-of-00004.gguf"])
  func showsWhatAModelIs(_ fixture: String) throws {
    defer { try? FileManager.default.removeItem(at: home) }
    let shown = try object(stoa("show", OracleData.fixture(fixture), "--json"))
    for key in ["architecture", "parameters", "context", "quantization", "tokenizer", "files"] {
      #expect(shown.keys.contains(key))
    }
    #expect(shown["architecture"]?.stringValue == "llama")
    let files = try #require(shown["files"]?.arrayValue)
    for file in files {
      #expect(file["name"]?.stringValue != nil)
      #expect(file["bytes"]?.intValue ?? 0 > 0)
      #expect(file["sha256"]?.stringValue?.count == 64)
    }
    #expect(files.count == (fixture.contains("split") ? 4 : fixture.contains("gguf") ? 1 : files.count))
    let text = try stoa("show", OracleData.fixture(fixture))
    #expect(text.output.contains("Llama"))
    #expect(try stoa("show", OracleData.fixture(fixture), "--tensors").output.contains("norm"))
  }

  @Test func keepsALibrary() throws {
    defer { try? FileManager.default.removeItem(at: home) }
    let model = OracleData.fixture("models/gguf_q4_0/model.gguf")
    #expect(try stoa("import", model, "--name", "tiny").status == 0)
    #expect(try stoa("import", model, "--name", "tiny").status == 1)
    #expect(try stoa("import", model, "--name", "../tiny").status == 1)
    #expect(try stoa("import", home.path).status == 1)
    let models = try #require(object(stoa("list", "--json"))["models"]?.arrayValue)
    #expect(models.compactMap { $0["name"]?.stringValue } == ["primer", "tiny"])
    #expect(models.last?["quantization"]?.stringValue == "Q4_0")
    #expect(try stoa("list").output.contains("tiny"))
    let run = try object(stoa("run", "tiny", "hello", "--raw", "--max-tokens", "2", "--seed", "5", "--json"))
    #expect(run["seed"]?.intValue == 5)
    let wrong = try stoa("show", "tin")
    #expect(wrong.status == 1)
    #expect(wrong.error.contains("tiny"))
    #expect(try stoa("rm", "tiny").status == 0)
    #expect(try stoa("rm", "tiny").status == 1)
    #expect(try stoa("rm", "primer").status == 1)
  }

  @Test func importRefusesHalfADownload() throws {
    defer { try? FileManager.default.removeItem(at: home) }
    let bytes = try Data(contentsOf: URL(fileURLWithPath: OracleData.fixture("models/gguf_q4_0/model.gguf")))
    let half = home.appendingPathComponent("half.gguf")
    try bytes.prefix(bytes.count * 3 / 4).write(to: half)
    let result = try stoa("import", half.path)
    #expect(result.status == 1)
    #expect(result.error.contains("half.gguf"))
    #expect(try object(stoa("list", "--json"))["models"]?.arrayValue?.count == 1)
  }

  @Test func answersFromStandardInput() throws {
    defer { try? FileManager.default.removeItem(at: home) }
    let model = OracleData.fixture("models/gguf_f16/model.gguf")
    let options = ["--raw", "--max-tokens", "8", "--temperature", "0"]
    let piped = try Program.run(["run", model] + options, input: "hello\n", environment: [:])
    let given = try Program.run(["run", model, "hello"] + options, input: "", environment: [:])
    #expect(piped.status == 0)
    #expect(piped.output == given.output)
    #expect(piped.output.hasSuffix("\n"))
    #expect(piped.error == "")
    let empty = try Program.run(["run", model], input: "", environment: [:])
    #expect(empty.status == 2)
    let broken = try Program.run(["run", model, "--raw"], bytes: [0xFF, 0xFE], environment: [:])
    #expect(broken.status == 1)
    #expect(broken.error.contains("UTF-8"))
  }

  @Test func truncatesOnlyWhenAsked() throws {
    defer { try? FileManager.default.removeItem(at: home) }
    let model = OracleData.fixture("models/gguf_f16/model.gguf")
    let text = String(repeating: "hello there ", count: 200)
    let refused = try stoa("run", model, text, "--raw", "--max-tokens", "4")
    #expect(refused.status == 1)
    #expect(refused.error.contains("more than the context of 128"))
    #expect(refused.error.contains("--truncate"))
    let cut = try object(stoa("run", model, text, "--raw", "--max-tokens", "4", "--truncate", "--json"))
    #expect(cut["prompt_tokens"]?.intValue == 124)
    #expect(cut["completion_tokens"]?.intValue ?? 0 <= 4)
  }

  @Test func saysWhatFailsWithoutStandardOutput() throws {
    defer { try? FileManager.default.removeItem(at: home) }
    let result = try stoa("show", "no-such-model", "--json")
    #expect(result.status == 1)
    #expect(result.output == "")
    #expect(result.error.hasPrefix("error: no model named no-such-model"))
    #expect(result.error.split(separator: "\n").count == 2)
  }

  @Test func describesTheMachine() throws {
    defer { try? FileManager.default.removeItem(at: home) }
    let machine = try object(stoa("doctor", "--json"))
    #expect(machine["threads"]?.intValue ?? 0 > 0)
    #expect(machine["isa"]?.stringValue != nil)
    #expect(machine["primer"]?.stringValue != nil)
    #expect(try stoa("doctor").output.contains("What fits"))
  }

  @Test func aFullDiskIsAFailure() throws {
    defer { try? FileManager.default.removeItem(at: home) }
    let result = try Program.run(["doctor"], input: "", environment: [:], outputPath: "/dev/full")
    #expect(result.status == 1)
    #expect(result.error.contains("cannot write"))
  }
}

/// Runs the program that was built beside the tests.
enum Program {
  struct Result {
    let status: Int32
    let output: String
    let error: String
  }

  /// `$STOA_BINARY`, or `stoa` in the folder of the test program.
  static let path: String? = {
    let environment = ProcessInfo.processInfo.environment["STOA_BINARY"]
    let beside = Bundle.main.executableURL?.deletingLastPathComponent().appendingPathComponent("stoa").path
    let built = CommandLine.arguments.first.map {
      URL(fileURLWithPath: $0).deletingLastPathComponent().appendingPathComponent("stoa").path
    }
    return [environment, built, beside].compactMap { $0 }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }()

  static func run(
    _ arguments: [String], input: String, environment: [String: String], outputPath: String? = nil
  ) throws -> Result {
    try run(arguments, bytes: Array(input.utf8), environment: environment, outputPath: outputPath)
  }

  static func run(
    _ arguments: [String], bytes: [UInt8], environment: [String: String], outputPath: String? = nil
  ) throws -> Result {
    // Files instead of pipes: nobody has to read two of them at once.
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("stoa-run-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (input, output, error) = (
      folder.appending(path: "in"), folder.appending(path: "out"), folder.appending(path: "err")
    )
    try Data(bytes).write(to: input)
    try Data().write(to: output)
    try Data().write(to: error)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path ?? "")
    process.arguments = arguments
    var variables = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("STOA_") }
    variables.merge(environment) { $1 }
    process.environment = variables
    process.standardInput = try FileHandle(forReadingFrom: input)
    process.standardOutput =
      try outputPath.map { try FileHandle(forWritingTo: URL(fileURLWithPath: $0)) }
      ?? FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: error)
    try process.run()
    process.waitUntilExit()
    return Result(
      status: process.terminationStatus, output: String(decoding: try Data(contentsOf: output), as: UTF8.self),
      error: String(decoding: try Data(contentsOf: error), as: UTF8.self))
  }
}
