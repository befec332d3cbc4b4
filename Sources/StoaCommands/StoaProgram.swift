import ArgumentParser
import Foundation
import StoaTerminal

/// The program around the commands: signals, exit status, error messages.
public enum StoaProgram {
  /// Runs the command that the process was started with, and ends the process.
  public static func main() -> Never {
    // First of all: threads inherit the signal mask.
    Interrupts.install()
    for warning in EnvironmentNames.warnings(about: ProcessInfo.processInfo.environment.keys) {
      Output.note(warning + "\n")
    }
    exit(run(Array(CommandLine.arguments.dropFirst())).rawValue)
  }

  /// Runs a command line without the program's name; returns the status to exit with.
  static func run(_ arguments: [String]) -> ExitStatus {
    do {
      var command = try StoaCommand.parseAsRoot(arguments)
      try command.run()
      return .done
    } catch {
      let report = FailureReport(error)
      if !report.output.isEmpty { try? Output.write(report.output) }
      Output.note(report.styled(Terminal.current().style(for: .error)))
      return report.status
    }
  }
}
