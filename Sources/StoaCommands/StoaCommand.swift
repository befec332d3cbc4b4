public import ArgumentParser

/// The `stoa` command: the root of all subcommands.
public struct StoaCommand: ParsableCommand {
  /// Name, help and subcommands.
  public static let configuration = CommandConfiguration(
    commandName: "stoa",
    abstract: "Run open models on your own processor, and get the same answer every time.",
    discussion: """
      A MODEL is a .gguf file, a folder with safetensors files, a name from the local library, or `primer`, \
      the small bundled model that is always there.

      First steps:
        stoa run primer                      a conversation with the bundled model
        stoa run MODEL "Why is the sky blue?"
        stoa run MODEL < question.txt        the answer alone on standard output
        stoa doctor                          what this machine can run
        stoa search llama 3.2                models on the Hugging Face hub
        stoa run hf.co/OWNER/REPO            downloads it first, after asking

      Exit status:
        0 done · 1 failed · 2 wrong usage · 3 refused by policy · 130 interrupted

      Environment:
        STOA_HOME    the library's folder, by default ~/.local/share/stoa
        STOA_PRIMER  the bundled model's file, if it is not found by itself
        STOA_ISA     forces an instruction set; stoa doctor lists them
        STOA_HOST    the server's address, for stoa ps, stop and monitor; STOA_API_KEY is the key for it
        NO_COLOR     turns colour off
        HF_TOKEN, HF_ENDPOINT, HF_HUB_OFFLINE, https_proxy, no_proxy   as huggingface_hub and curl have them
      """,
    version: "stoa \(StoaVersion.current)",
    groupedSubcommands: [
      CommandGroup(
        name: "Use models", subcommands: [RunCommand.self, ServeCommand.self, PsCommand.self, StopCommand.self]),
      CommandGroup(
        name: "Look after models",
        subcommands: [
          PullCommand.self, SearchCommand.self, ShowCommand.self, ListCommand.self, ImportCommand.self,
          RemoveCommand.self,
        ]),
      CommandGroup(name: "Make models", subcommands: [ConvertCommand.self, QuantizeCommand.self]),
      CommandGroup(
        name: "Trust models",
        subcommands: [
          SignCommand.self, VerifyCommand.self, AttestCommand.self, EvidenceCommand.self, LineageCommand.self,
          TrustCommand.self, CACommand.self, LogCommand.self, ReceiptCommand.self, JournalCommand.self,
        ]),
      CommandGroup(
        name: "Examine models",
        subcommands: [
          TokenizeCommand.self, DetokenizeCommand.self, TemplateCommand.self, LogitsCommand.self,
          PerplexityCommand.self, BenchCommand.self,
        ]),
      CommandGroup(name: "Guard texts", subcommands: [GuardCommand.self]),
      CommandGroup(
        name: "Look after a server", subcommands: [MonitorCommand.self, KeyCommand.self, UsageCommand.self]),
      CommandGroup(name: "This machine", subcommands: [DoctorCommand.self, CompletionsCommand.self]),
    ])

  /// The parser fills it in.
  public init() {}
}

/// The version of this program.
package enum StoaVersion {
  /// Semantic version 2.0.
  package static let current = "0.1.0"
}
