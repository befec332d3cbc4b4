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
      shows in the numbers. With the price of a machine-hour, in any currency, it also says what a million tokens cost.

      Examples:
        stoa bench model.gguf --prompt 512 --generate 64
        stoa bench model.gguf --batch 32 --depth 1024 --price 0.40
      """)

  @OptionGroup var target: ModelArgument
  @Option(help: ArgumentHelp("Tokens of the prompt.", valueName: "n")) var prompt = 512
  @Option(help: ArgumentHelp("Tokens to generate.", valueName: "n")) var generate = 64
  @Option(help: ArgumentHelp("Sequences to generate side by side.", valueName: "n")) var batch = 1
  @OptionGroup var threads: ThreadsOption
  @Option(help: ArgumentHelp("Tokens of context before both.", valueName: "n")) var depth = 0
  @Option(help: ArgumentHelp("What an hour of this machine costs.", valueName: "amount")) var price: Double?
  @OptionGroup var tuning: TuningOptions
  @OptionGroup var output: JSONOption
  var json: Bool { output.json }

  func validate() throws {
    if prompt < 1 || generate < 1 || batch < 1 {
      throw ValidationError("--prompt, --generate and --batch must be at least 1")
    }
    if depth < 0 { throw ValidationError("--depth must not be negative") }
    if let price, !(price >= 0 && price.isFinite) { throw ValidationError("--price must be a number from 0 on") }
    if batch > 1024 { throw ValidationError("--batch must be at most 1024") }
  }

  func run() throws {
    let model = try LoadedModel.load(target, threads: threads.threads, tuning: tuning).model
    let result = try Interrupts.listen {
      try benchmark(
        model: model, prompt: prompt, generate: generate, batch: batch, depth: depth,
        isCancelled: { Interrupts.requested })
    }
    let megabytes = Double(result.peakResidentBytes) / 1e6
    let isa = model.instructionSet.rawValue
    let costs = price.map { (prompt: $0 / result.promptRate / 0.0036, generate: $0 / result.generateRate / 0.0036) }
    if json {
      var members: JSONObject = [
        "prompt_tps": .double(result.promptRate), "generate_tps": .double(result.generateRate),
        "load_s": .double(result.loadSeconds), "peak_rss_mb": .double(megabytes),
        "isa": .string(isa), "threads": .int(model.threads), "prompt": .int(prompt), "generate": .int(generate),
        "batch": .int(batch), "depth": .int(depth),
      ]
      if let costs {
        members["prompt_cost_per_million"] = .double(costs.prompt)
        members["generate_cost_per_million"] = .double(costs.generate)
      }
      return try JSONValue.object(members).print()
    }
    let after = depth > 0 ? " after \(Format.grouped(depth))" : ""
    var rows = [
      ["prompt", "\(Format.perSecond(result.promptRate)) tokens/s", "\(Format.grouped(prompt)) tokens\(after)"],
      [
        "generate", "\(Format.perSecond(result.generateRate)) tokens/s",
        "\(Format.grouped(generate)) tokens" + (batch > 1 ? " × \(batch)" : "") + after,
      ],
      ["load", Format.duration(result.loadSeconds), ""],
      ["memory", "\(Format.bytes(result.peakResidentBytes)) at most", ""],
      ["kernels", "\(isa), \(Format.plural(model.threads, "thread"))", ""],
    ]
    if let costs {
      let figures = [costs.prompt, costs.generate].map { Format.decimal($0, 3) }
      rows.append(["cost", "\(figures[0]) and \(figures[1])", "per million tokens of prompt and of answer"])
    }
    let style = Terminal.current().style(for: .output)
    for line in Columns.align(rows.map { [style.dim($0[0]), $0[1], style.dim($0[2])] }) {
      try Output.write(line + "\n")
    }
  }
}
