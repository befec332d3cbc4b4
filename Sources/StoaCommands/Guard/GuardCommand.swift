public import ArgumentParser
import Foundation
import StoaFormats
import StoaGuard
import StoaTerminal

struct GuardCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "guard", abstract: "Check texts against rails: secrets, personal data, injections, bans.",
    discussion: """
      A PACK is one of default, strict, privacy-eu and audit-only, a .yaml file, or a folder with pack.yaml. docs/GUARD.md \
      describes packs and detectors.

      Examples:
        stoa guard check "My key is AKIAQ3EGR5UTYZX7KLMN"
        stoa guard check --pack strict --direction output --json - < answer.txt
        stoa guard test packs/bank
        stoa guard diff default strict
      """,
    subcommands: [
      GuardCheckCommand.self, GuardTestCommand.self, GuardExplainCommand.self, GuardDiffCommand.self,
      GuardScoreCommand.self,
    ])
}

/// The option of commands that use a pack.
struct PackOption: ParsableArguments {
  @Option(help: ArgumentHelp("The pack of rails.", valueName: "pack")) var pack = "default"
}

/// The pack of this name, with every mistake in it as one failure.
func loadPack(_ name: String) throws -> GuardPack {
  do throws(PackError) { return try GuardPack(name) } catch {
    throw CommandFailure(message: error.problems[0].description, advice: rest(of: error))
  }
}

/// Tells once what an operator should know of the programs, such as rails that are off.
func noteWarnings(of programs: [GuardProgram]) {
  for warning in Set(programs.flatMap(\.warnings)).sorted() { Output.note("warning: \(warning)\n") }
}

private func rest(of error: PackError) -> String? {
  error.problems.count == 1 ? nil : error.problems.dropFirst().map(\.description).joined(separator: "\n")
}

extension GuardStage: ExpressibleByArgument {}
