import ArgumentParser
import StoaEngine

/// The options that say how the next token is chosen, and when to stop.
struct SamplingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Stop after this many tokens (default: when the model ends or the context is full).", valueName: "n"))
  var maxTokens: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How much chance decides; 0 always takes the most likely token (default: the model's own, or 0.8).",
      valueName: "t"))
  var temperature: Double?

  @Option(
    help: ArgumentHelp(
      "Choose among the k most likely tokens; 0 for all (default: the model's own, or 40).", valueName: "k"))
  var topK: Int?

  @Option(
    help: ArgumentHelp(
      "Choose among the most likely tokens that together have probability p (default: the model's own, or 0.95).",
      valueName: "p"))
  var topP: Double?

  @Option(
    help: ArgumentHelp(
      "Leave out tokens less likely than p times the most likely one (default: the model's own, or 0.05).",
      valueName: "p")
  )
  var minP: Double?

  @Option(help: ArgumentHelp("Locally typical sampling with this mass; 1 is off.", valueName: "p"))
  var typicalP: Double?

  @Option(help: ArgumentHelp("Make tokens less likely that were just used; 1 is off.", valueName: "r"))
  var repetitionPenalty: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Subtract this from the logit of every token of the answer so far.", valueName: "a"))
  var presencePenalty: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Subtract this for each time a token was used in the answer.", valueName: "a"))
  var frequencyPenalty: Double?

  @Option(
    help: ArgumentHelp(
      "The same seed gives the same answer (default: a new one each time, shown after the answer).", valueName: "s"))
  var seed: UInt64?

  @Option(
    name: .long, parsing: .singleValue,
    help: ArgumentHelp("Stop before this text; may be given several times.", valueName: "text"))
  var stop: [String] = []

  func validate() throws {
    if let maxTokens, maxTokens < 1 { throw ValidationError("--max-tokens must be at least 1") }
    if let seed, seed > UInt64(Int.max) { throw ValidationError("--seed must be at most \(Int.max)") }
    if stop.contains("") { throw ValidationError("--stop must not be empty") }
    do { _ = try settings() } catch { throw ValidationError("--" + error.message) }
  }

  /// What was given on the command line, over what the model recommends.
  func settings(over recommended: SamplingParameters = SamplingParameters()) throws(CommandFailure) -> ChatSettings {
    var settings = ChatSettings()
    settings.options.sampling = recommended
    for (name, value) in values { try settings.set(name, value) }
    settings.options.stop = stop
    return settings
  }

  private var values: [(String, String)] {
    let pairs: [(String, (any CustomStringConvertible)?)] = [
      ("max-tokens", maxTokens), ("temperature", temperature), ("top-k", topK), ("top-p", topP), ("min-p", minP),
      ("typical-p", typicalP), ("repetition-penalty", repetitionPenalty), ("presence-penalty", presencePenalty),
      ("frequency-penalty", frequencyPenalty), ("seed", seed),
    ]
    return pairs.compactMap { name, value in value.map { (name, $0.description) } }
  }
}
