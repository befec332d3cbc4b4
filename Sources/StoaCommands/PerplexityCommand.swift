import ArgumentParser
import StoaEngine
import StoaFormats
import StoaTerminal
import StoaTokenizers

struct PerplexityCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "perplexity", abstract: "Measure how well a model predicts a text.",
    discussion: """
      The text is cut into windows of the context size without overlap; each starts with the token for the beginning, \
      and every position but the first is scored. Lower is better; compare only values of the same text, window and \
      tokenizer.

      Example:
        stoa perplexity model.gguf book.txt --context 512
      """)

  @OptionGroup var target: ModelArgument
  @Argument(help: "A text file in UTF-8; - reads standard input.", completion: .file()) var file: String
  @Option(
    help: ArgumentHelp("Tokens in a window (default: 512, or the model's context if that is less).", valueName: "n"))
  var context: Int?
  @OptionGroup var threads: ThreadsOption
  @OptionGroup var tuning: TuningOptions
  @OptionGroup var tokenizer: TokenizerOption
  @OptionGroup var output: JSONOption
  var json: Bool { output.json }

  func validate() throws {
    if let context, context < 2 { throw ValidationError("--context must be at least 2") }
  }

  func run() throws {
    let text = try InputText.file(file)
    let trained = try ModelFacts(target.resolve()).context
    let window = context ?? min(512, trained ?? 512)
    let loaded = try LoadedModel.load(
      target, context: window, threads: threads.threads, tokenizerPath: tokenizer.path, tuning: tuning)
    let tokens = try loaded.tokenizer().encode(text, parseSpecial: false, addSpecial: false)
    let bar = ProgressBar("scoring", unit: .fraction)
    defer { bar.finish() }
    let result = try Interrupts.listen {
      try perplexity(
        model: loaded.model, tokens: tokens, context: window,
        isCancelled: { Interrupts.requested }, progress: { bar.update(fraction: $0) })
    }
    bar.finish()
    if json {
      return try JSONValue.object([
        "perplexity": .double(result.perplexity), "nll": .double(result.nll), "tokens": .int(result.tokens),
      ]).print()
    }
    try Output.write(
      "perplexity \(Format.decimal(result.perplexity, 4)) · nll \(Format.decimal(result.nll, 6)) per token · "
        + "\(Format.plural(result.tokens, "token")) scored\n")
  }
}
