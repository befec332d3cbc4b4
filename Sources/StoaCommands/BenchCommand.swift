import ArgumentParser
import StoaEngine
import StoaFormats
import StoaTensor
import StoaTerminal

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure how fast a model runs on this machine.",
    discussion: """
      Reads a prompt of the given length, then generates; reports tokens per second of both. Other work on the machine \
      shows in the numbers.

      Example:
        stoa bench model.gguf --prompt 512 --generate 64
      """)

  @OptionGroup var target: ModelArgument
  @Option(help: ArgumentHelp("Tokens of the prompt.", valueName: "n")) var prompt = 512
  @Option(help: ArgumentHelp("Tokens to generate.", valueName: "n")) var generate = 64
  @Option(help: ArgumentHelp("Sequences to generate side by side.", valueName: "n")) var batch = 1
  @OptionGroup var threads: ThreadsOption
  @OptionGroup var tuning: TuningOptions
  @OptionGroup var output: JSONOption
  var json: Bool { output.json }

  func validate() throws {
    if prompt < 1 || generate < 1 || batch < 1 {
      throw ValidationError("--prompt, --generate and --batch must be at least 1")
    }
    if batch > 1024 { throw ValidationError("--batch must be at most 1024") }
  }

  func run() throws {
    let model = try LoadedModel.load(target, threads: threads.threads, tuning: tuning).model
    let result = try Interrupts.listen {
      try benchmark(
        model: model, prompt: prompt, generate: generate, batch: batch, isCancelled: { Interrupts.requested })
    }
    let megabytes = Double(result.peakResidentBytes) / 1e6
    let isa = model.instructionSet.rawValue
    if json {
      return try JSONValue.object([
        "prompt_tps": .double(result.promptRate), "generate_tps": .double(result.generateRate),
        "load_s": .double(result.loadSeconds), "peak_rss_mb": .double(megabytes),
        "isa": .string(isa), "threads": .int(model.threads), "prompt": .int(prompt), "generate": .int(generate),
        "batch": .int(batch),
      ]).print()
    }
    let rows = [
      ["prompt", "\(Format.perSecond(result.promptRate)) tokens/s", "\(Format.grouped(prompt)) tokens"],
      [
        "generate", "\(Format.perSecond(result.generateRate)) tokens/s",
        "\(Format.grouped(generate)) tokens" + (batch > 1 ? " × \(batch)" : ""),
      ],
      ["load", Format.duration(result.loadSeconds), ""],
      ["memory", "\(Format.bytes(result.peakResidentBytes)) at most", ""],
      ["kernels", "\(isa), \(Format.plural(model.threads, "thread"))", ""],
    ]
    let style = Terminal.current().style(for: .output)
    for line in Columns.align(rows.map { [style.dim($0[0]), $0[1], style.dim($0[2])] }) {
      try Output.write(line + "\n")
    }
  }
}
