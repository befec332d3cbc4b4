import ArgumentParser
import Testing

@testable import StoaCommands

/// The contract that scripts rely on: every command, argument and option is named in the help.
@Suite struct HelpTests {
  @Test(arguments: [
    (
      ["run"],
      [
        "stoa run [<options>] <model> [<prompt>]", "--raw", "--system <text>", "--max-tokens <n>", "--temperature <t>",
        "--top-k <k>", "--top-p <p>", "--min-p <p>", "--seed <s>", "--stop <text>", "--context <n>", "--threads <n>",
        "--json", "--truncate", "--tokenizer <file>",
      ]
    ),
    (
      ["serve"],
      [
        "stoa serve [<options>] [<model> ...]", "--model <name=path>", "--host <h>", "--port <p>", "--config <file>",
        "--no-auth",
      ]
    ),
    (["ps"], ["stoa ps [--server <url>] [--json]"]), (["stop"], ["stoa stop <model> [--server <url>]"]),
    (["show"], ["stoa show <model> [--json] [--tensors] [--template]"]),
    (["list"], ["stoa list [--json]"]),
    (["import"], ["stoa import <path> [--name <name>]"]),
    (["rm"], ["stoa rm <name>"]),
    (["logits"], ["stoa logits <model> --tokens <ids> [--all]", "--json"]),
    (["tokenize"], ["stoa tokenize <model>", "[<text>] [--no-special]", "--json", "--pre <name>", "--batch"]),
    (["detokenize"], ["stoa detokenize <model>", "[<ids> ...]", "--json", "--pre <name>"]),
    (
      ["template"],
      [
        "stoa template <model> --messages <file>", "--tools <file>", "--bos <text>", "--eos <text>",
        "--no-generation-prompt", "--template <name>", "--set <key=json>", "--json",
      ]
    ),
    (["perplexity"], ["stoa perplexity <model> <file> [--context <n>]", "--json"]),
    (["bench"], ["stoa bench <model> [--prompt <n>] [--generate <n>] [--batch <n>] [--threads <n>]", "--json"]),
    (
      ["key", "create"],
      [
        "stoa key create <name> [--scope <scope> ...]", "--requests-per-minute <n>", "--tokens-per-minute <n>",
        "--concurrency <n>", "--tokens-per-day <n>", "--money-per-day <x>", "--model <model>", "--expires <date>",
        "--json",
      ]
    ),
    (["key", "list"], ["stoa key list [--json]"]),
    (["key", "revoke"], ["stoa key revoke <key> [--json]"]),
    (
      ["usage"],
      [
        "stoa usage [--by <group>]", "--from <date>", "--to <date>", "--key <key>", "--model <model>", "--csv",
        "--json",
      ]
    ),
    (["guard", "bench"], ["stoa guard bench", "--pack <pack>", "--piece <n>", "--rounds <n>", "<file>", "--json"]),
    (["receipt", "verify"], ["stoa receipt verify <file>", "--replay <model>", "--guard <pack>", "--json"]),
    (["monitor"], ["stoa monitor [--url <url>] [--once] [--incidents] [--json]"]),
    (["doctor"], ["stoa doctor"]),
    (["completions"], ["stoa completions <shell>", "bash, zsh, fish"]),
    ([], ["0 done", "1 failed", "2 wrong usage", "3 refused by policy", "130 interrupted", "STOA_HOME", "NO_COLOR"]),
  ])
  func namesTheContract(_ arguments: [String], _ expected: [String]) {
    let help = Self.help(arguments)
    for text in expected { #expect(help.contains(text), "\(arguments): \(text)") }
  }

  @Test(arguments: [
    [], ["run"], ["serve"], ["ps"], ["stop"], ["show"], ["list"], ["import"], ["rm"], ["logits"], ["tokenize"],
    ["detokenize"], ["template"],
    ["perplexity"], ["bench"], ["doctor"], ["completions"], ["key"], ["key", "create"], ["key", "list"],
    ["key", "revoke"], ["usage"], ["monitor"],
  ])
  func fitsATerminal(_ arguments: [String]) {
    #expect(!Self.help(arguments).isEmpty)
    // Usage lines are one line whatever the width; everything else is wrapped.
    for line in Self.help(arguments).split(separator: "\n") where !line.hasPrefix("USAGE:") {
      #expect(line.count <= 80, "\(line)")
    }
  }

  @Test(arguments: [CompletionShell.bash, .zsh, .fish])
  func completionsKnowTheCommands(_ shell: CompletionShell) {
    let script = StoaCommand.completionScript(for: shell)
    for word in ["perplexity", "tokenize", "max-tokens"] { #expect(script.contains(word)) }
  }

  @Test func versionIsSemantic() {
    #expect(StoaVersion.current.split(separator: ".").compactMap { Int($0) }.count == 3)
  }

  private static func help(_ arguments: [String]) -> String {
    do {
      var command = try StoaCommand.parseAsRoot(arguments + ["--help"])
      try command.run()
      return ""
    } catch {
      return StoaCommand.fullMessage(for: error, columns: 80)
    }
  }
}
