/// How the next token is chosen from the logits.
///
/// The steps run in this order: penalties, bias, grammar, top-k, typical, top-p, min-p, temperature, draw. Temperature 0 takes
/// the most likely token after penalties, bias and grammar.
public struct SamplingParameters: Sendable, Equatable {
  /// Divides the logits; 0 chooses greedily.
  public var temperature: Double = 0.8
  /// Keeps the k most likely tokens; 0 keeps all.
  public var topK: Int = 40
  /// Keeps the most likely tokens until their probabilities reach this sum; 1 keeps all (Holtzman and others, 2019).
  public var topP: Double = 0.95
  /// Keeps tokens at least this share as likely as the most likely one; 0 keeps all (Nguyen and others, 2024).
  public var minP: Double = 0.05
  /// Keeps tokens whose surprise is closest to the entropy until they reach this sum; 1 keeps all (Meister and others,
  /// 2022).
  public var typicalP: Double = 1
  /// Divides positive and multiplies negative logits of tokens that occurred in the context; 1 for none (Keskar and
  /// others, 2019).
  public var repetitionPenalty: Double = 1
  /// Taken off once from tokens that occurred in the answer.
  public var presencePenalty: Double = 0
  /// Taken off for each occurrence in the answer.
  public var frequencyPenalty: Double = 0
  /// How many of the latest tokens penalties look at; nil for all.
  public var penaltyWindow: Int?
  /// Added to the logits of single tokens.
  public var logitBias: [Int32: Float] = [:]
  /// The same seed, model and prompt give the same answer; nil draws a fresh one.
  public var seed: UInt64?

  /// The defaults.
  public init() {}

  /// Takes the most likely token each time.
  public static var greedy: SamplingParameters {
    var parameters = SamplingParameters()
    parameters.temperature = 0
    return parameters
  }

  /// Throws when a value is outside its range.
  public func validate() throws(EngineError) {
    func require(_ condition: Bool, _ name: String, _ range: String, _ value: any CustomStringConvertible)
      throws(EngineError)
    {
      if !condition { throw .invalidParameter(name: name, value: "\(value)", range: range) }
    }
    try require(temperature >= 0 && temperature <= 1000, "temperature", "0 or more", temperature)
    try require(topK >= 0, "top-k", "0 (all) or more", topK)
    try require(topP > 0 && topP <= 1, "top-p", "above 0, at most 1", topP)
    try require((0...1).contains(minP), "min-p", "0 to 1", minP)
    try require(typicalP > 0 && typicalP <= 1, "typical-p", "above 0, at most 1", typicalP)
    try require(repetitionPenalty > 0 && repetitionPenalty.isFinite, "repetition-penalty", "above 0", repetitionPenalty)
    try require(presencePenalty.isFinite, "presence-penalty", "a number", presencePenalty)
    try require(frequencyPenalty.isFinite, "frequency-penalty", "a number", frequencyPenalty)
    try require(logitBias.values.allSatisfy { !$0.isNaN }, "logit-bias", "numbers", "not a number")
    try require(penaltyWindow ?? 0 >= 0, "penalty-window", "0 or more", penaltyWindow ?? 0)
  }
}
