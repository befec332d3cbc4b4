public import ArgumentParser
import Foundation
import StoaFormats
import StoaGuard
import StoaHub
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
      GuardScoreCommand.self, GuardJudgeCommand.self, GuardBenchCommand.self,
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
///
/// - Parameter offered: Names of models beside those of the library, which rails may ask too.
func loadRails(_ name: String, gate: PackGate? = nil, offered: [String] = []) throws -> GuardPolicy {
  do {
    let policy = try GuardPolicy(name, gate: gate)
    for verdict in policy.verdicts where verdict.decision == .alert || verdict.status != .unsigned {
      let line = "the guard pack \(PrintableText.line(verdict.model)) is \(PrintableText.line(verdict.line))\n"
      Output.note(verdict.decision == .alert ? "warning: " + line : line)
    }
    let programs = try policy.current.programs(for: GuardContext())
    noteWarnings(of: GuardStage.allCases.map { programs.program($0) })
    try findGuardModels(of: GuardStage.allCases.map { programs.program($0) }, offered: offered)
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

/// Looks whether the guard models of rails are there: one that is missing is an error, or a warning where the rail goes on
/// without it.
func findGuardModels(of programs: [GuardProgram], offered: [String] = []) throws {
  var seen: Set<String> = []
  for use in programs.flatMap(\.guardModels) where !offered.contains(use.settings.model) {
    guard seen.insert(use.rail).inserted else { continue }
    do throws(HubError) {
      _ = try ModelLibrary().resolve(use.settings.model)
    } catch {
      let what = "rail \(use.rail) asks the guard model \(use.settings.model), which is not there"
      guard use.skipsMissing else {
        throw CommandFailure(
          message: what,
          advice: "\(error)\nfetch it with stoa pull, or write missing: skip to let pass what is not judged")
      }
      Output.note("warning: \(what): what it was to judge passes\n")
    }
  }
}

extension GuardStage: ExpressibleByArgument {}
