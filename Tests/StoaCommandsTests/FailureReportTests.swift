import ArgumentParser
import Foundation
import StoaEngine
import StoaFormats
import StoaHub
import StoaModels
import StoaTerminal
import Testing

@testable import StoaCommands

@Suite struct FailureReportTests {
  private func text(_ error: any Error) -> String { FailureReport(error).styled(Style(enabled: false)) }

  @Test func oneLineForWhatAndOneForWhatToDo() {
    let error = EngineError.promptTooLong(tokens: 152_400, context: 131_072)
    #expect(
      text(error) == """
        error: the prompt has 152,400 tokens, 21,328 more than the context of 131,072
          shorten it, or pass --truncate to drop the oldest

        """)
    #expect(FailureReport(error).status == .failed)
  }

  @Test func interruptionsAreQuiet() {
    for error in [Interrupted(), HubError.cancelled, ModelError.cancelled] as [any Error] {
      #expect(FailureReport(error).status == .interrupted)
      #expect(text(error) == "")
    }
  }

  @Test func namesOfFilesCannotDriveTheTerminal() {
    let error = FormatError.incomplete(path: "a\u{1B}]0;x\u{07}.gguf", problem: "it ends too soon")
    #expect(text(error).hasPrefix("error: a␛]0;x␇.gguf: it ends too soon\n  "))
  }

  @Test func colourOnlyMarksTheWord() {
    let failure = CommandFailure(message: "no", advice: "do")
    #expect(FailureReport(failure).styled(Style(enabled: true)) == "\u{1B}[31merror:\u{1B}[0m no\n  do\n")
  }

  @Test(arguments: [
    (["run"], "missing expected argument '<model>'"), (["frobnicate"], "unexpected argument 'frobnicate'"),
    (["list", "--frob"], "unknown option '--frob'"),
    (["completions", "tcsh"], "the value 'tcsh' is invalid for '<shell>'"),
    (["logits", "m", "--tokens", "1,x"], "the value '1,x' is invalid for '--tokens <ids>'"),
    (["logits", "m", "--tokens", ""], "the value '' is invalid for '--tokens <ids>'"),
    (["run", "m", "--temperature", "-1"], "--temperature must be a number from 0 to 100"),
    (["run", "m", "--top-k", "-3"], ""), (["run", "m", "--max-tokens", "0"], "--max-tokens must be at least 1"),
    (["run", "m", "--stop", ""], "--stop must not be empty"),
    (["run", "m", "--context", "0"], "--context must be at least 1"),
    (["run", "m", "--threads", "0"], "--threads must be between 1 and 1024"),
    (["run", "m", "x", "--raw", "--system", "y"], "--system needs the chat template"),
    (["perplexity", "m", "f", "--context", "1"], "--context must be at least 2"),
    (["bench", "m", "--batch", "0"], "--prompt, --generate and --batch must be at least 1"),
  ])
  func wrongUsage(_ arguments: [String], _ message: String) {
    let error = #expect(throws: (any Error).self) { try StoaCommand.parseAsRoot(arguments) }
    guard let error else { return }
    let report = FailureReport(error)
    #expect(report.status == .usage)
    #expect(report.message?.lowercased().hasPrefix(message.lowercased()) == true, "\(report.message ?? "nil")")
    #expect(report.advice.contains { $0.hasPrefix("more: stoa") }, "\(report.advice)")
    #expect(report.output.isEmpty)
  }

  @Test(arguments: [["--help"], ["-h"], ["help"], ["run", "--help"], ["help", "show"], ["--version"]])
  func helpIsNoFailure(_ arguments: [String]) {
    do {
      var command = try StoaCommand.parseAsRoot(arguments)
      try command.run()
      Issue.record("nothing was shown")
    } catch {
      let report = FailureReport(error)
      #expect(report.status == .done)
      #expect(!report.output.isEmpty)
      #expect(report.message == nil)
    }
  }
}
