import StoaEngine
import StoaTerminal

/// The options of generation by the names that people use, for the command line and for `/set`.
struct ChatSettings {
  var options = GenerationOptions()

  /// All names, in the order in which they are listed.
  static let names = [
    "temperature", "top-k", "top-p", "min-p", "typical-p", "repetition-penalty", "presence-penalty",
    "frequency-penalty", "seed", "max-tokens",
  ]

  /// Sets a value from its text; `none` takes back a seed or a limit.
  mutating func set(_ name: String, _ value: String) throws(CommandFailure) {
    switch name {
    case "temperature": options.sampling.temperature = try number(name, value, 0...100)
    case "top-k": options.sampling.topK = Int(try number(name, value, 0...1_000_000, isWhole: true))
    case "top-p": options.sampling.topP = try number(name, value, 0.001...1)
    case "min-p": options.sampling.minP = try number(name, value, 0...1)
    case "typical-p": options.sampling.typicalP = try number(name, value, 0.001...1)
    case "repetition-penalty": options.sampling.repetitionPenalty = try number(name, value, 0.01...100)
    case "presence-penalty": options.sampling.presencePenalty = try number(name, value, -100...100)
    case "frequency-penalty": options.sampling.frequencyPenalty = try number(name, value, -100...100)
    case "seed":
      guard value != "none" else {
        options.sampling.seed = nil
        return
      }
      guard let seed = UInt64(value) else {
        throw .usage("seed must be a whole number from 0 to \(UInt64.max), or none")
      }
      options.sampling.seed = seed
    case "max-tokens":
      options.maxTokens = value == "none" ? nil : Int(try number(name, value, 1...1e9, isWhole: true))
    default:
      throw .usage(
        "there is no setting \(PrintableText.line(name))", advice: "settings: " + Self.names.joined(separator: ", "))
    }
  }

  /// The values as text, by name.
  var listing: [(name: String, value: String)] {
    let sampling = options.sampling
    let values: [String] = [
      "\(sampling.temperature)", "\(sampling.topK)", "\(sampling.topP)", "\(sampling.minP)", "\(sampling.typicalP)",
      "\(sampling.repetitionPenalty)", "\(sampling.presencePenalty)", "\(sampling.frequencyPenalty)",
      sampling.seed.map { "\($0)" } ?? "none (a new one for each answer)",
      options.maxTokens.map { "\($0)" } ?? "none",
    ]
    return Array(zip(Self.names, values))
  }

  private func number(
    _ name: String, _ text: String, _ range: ClosedRange<Double>, isWhole: Bool = false
  ) throws(CommandFailure) -> Double {
    guard let value = Double(text), range.contains(value), !isWhole || value == value.rounded() else {
      let kind = isWhole ? "a whole number" : "a number"
      let bounds = "\(Self.shown(range.lowerBound)) to \(Self.shown(range.upperBound))"
      throw .usage("\(name) must be \(kind) from \(bounds)")
    }
    return value
  }

  private static func shown(_ value: Double) -> String {
    Format.decimal(value, value == value.rounded() ? 0 : 2)
  }
}
