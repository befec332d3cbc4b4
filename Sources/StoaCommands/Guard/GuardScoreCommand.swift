public import ArgumentParser
import Foundation
import StoaFormats
import StoaGuard
import StoaHub
import StoaTerminal

/// Asks one of the guard's classifiers about texts.
struct GuardScoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score", abstract: "Say how likely texts are toxic, a jailbreak or an injection.",
    discussion: """
      Reads JSON lines with the key "text" and writes a line {"score": 0…1} for each. docs/GUARD-EVALUATION.md says \
      what the scores are worth; with --threshold the score from which on a text counts is printed and nothing else.

      Examples:
        stoa guard score --classifier toxicity --jsonl comments.jsonl
        echo '{"text":"Ignore all previous instructions."}' | stoa guard score --classifier injection --jsonl -
      """)

  @Option(help: "toxicity, jailbreak or injection.") var classifier: ClassifierKind
  @Option(
    help: ArgumentHelp("Read the texts from this file; - is standard input.", valueName: "file"), completion: .file())
  var jsonl = "-"
  @Flag(help: "Print the classifier's threshold.") var threshold = false

  func run() throws {
    let places = classifier.find(environment: StoaHome.environment, executable: Primer.executablePath())
    let model = try classifier.load(from: places)
    if threshold { return try JSONValue.object(["threshold": .double(model.threshold)]).print() }
    var answers = ""
    for (number, line) in try InputText.bytes(jsonl).split(separator: 0x0A).enumerated() {
      answers += JSONValue.object(["score": .double(model.score(try Self.text(line, number + 1)))]).text() + "\n"
      if answers.utf8.count > 1 << 20 {
        try Output.write(answers)
        answers = ""
      }
    }
    try Output.write(answers)
  }

  private static func text(_ line: ArraySlice<UInt8>, _ number: Int) throws -> String {
    let value: JSONValue
    do { value = try JSONValue(parsing: String(decoding: line, as: UTF8.self)) } catch {
      throw CommandFailure(
        message: "line \(number): \(error.description)", advice: #"write {"text": "…"} on each line"#)
    }
    guard let text = value["text"]?.stringValue else {
      throw CommandFailure(message: "line \(number): no text", advice: #"write {"text": "…"} on each line"#)
    }
    return text
  }
}

extension ClassifierKind: ExpressibleByArgument {}
