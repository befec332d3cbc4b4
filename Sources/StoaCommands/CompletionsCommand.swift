import ArgumentParser
import StoaTerminal

struct CompletionsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "completions", abstract: "Print a script that completes stoa commands in a shell.",
    discussion: """
      Examples:
        stoa completions bash > ~/.local/share/bash-completion/completions/stoa
        stoa completions zsh > ~/.zfunc/_stoa
        stoa completions fish > ~/.config/fish/completions/stoa.fish
      """)

  enum Shell: String, CaseIterable, ExpressibleByArgument {
    case bash, zsh, fish
  }

  @Argument(help: "The shell.") var shell: Shell

  func run() throws {
    let target: CompletionShell =
      switch shell {
      case .bash: .bash
      case .zsh: .zsh
      case .fish: .fish
      }
    let script = StoaCommand.completionScript(for: target)
    try Output.write(script.hasSuffix("\n") ? script : script + "\n")
  }
}
