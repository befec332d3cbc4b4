public import ArgumentParser
import Foundation
import StoaFormats
import StoaGuard
import StoaServer
import StoaTerminal
import StoaTrust

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
      GuardScoreCommand.self, GuardBenchCommand.self,
    ])
}

/// The option of commands that use a pack.
struct PackOption: ParsableArguments {
  @Option(help: ArgumentHelp("The pack of rails.", valueName: "pack")) var pack = "default"
}

/// The option of commands whose answers pass rails.
struct RailsOption: ParsableArguments {
  @Option(
    name: .customLong("guard"),
    help: ArgumentHelp("Put prompts and answers through the rails of this pack; see docs/GUARD.md.", valueName: "pack"))
  var pack: String?
}

/// The pack of this name, ready for requests; tells what of it is off and what was decided about its signature.
func loadRails(_ name: String, gate: PackGate? = nil) throws -> GuardPolicy {
  do {
    let policy = try GuardPolicy(name, gate: gate)
    for verdict in policy.verdicts where verdict.decision == .alert || verdict.status != .unsigned {
      let line = "the guard pack \(PrintableText.line(verdict.model)) is \(PrintableText.line(verdict.line))\n"
      Output.note(verdict.decision == .alert ? "warning: " + line : line)
    }
    let programs = try policy.current.programs(for: GuardContext())
    noteWarnings(of: GuardStage.allCases.map { programs.program($0) })
    return policy
  } catch let error as PackError {
    throw failure(error)
  }
}

/// The pack of this name, with every mistake in it as one failure.
func loadPack(_ name: String) throws -> GuardPack {
  do throws(PackError) { return try GuardPack(name) } catch { throw failure(error) }
}

private func failure(_ error: PackError) -> CommandFailure {
  let rest = error.problems.dropFirst().map(\.description)
  return CommandFailure(
    message: error.problems.first?.description ?? "the pack cannot be used",
    advice: rest.isEmpty ? nil : rest.joined(separator: "\n"))
}

/// Tells once what an operator should know of the programs, such as rails that are off.
func noteWarnings(of programs: [GuardProgram]) {
  for warning in Set(programs.flatMap(\.warnings)).sorted() { Output.note("warning: \(warning)\n") }
}

extension GuardStage: ExpressibleByArgument {}
