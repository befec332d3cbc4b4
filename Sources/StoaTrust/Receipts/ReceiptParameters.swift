import StoaFormats

/// How the tokens of an answer were chosen: with the prompt and the weights, all that the answer depends on.
public struct ReceiptParameters: Sendable, Equatable {
  /// Divides the logits; 0 takes the most likely token.
  public var temperature: Double
  /// Keeps the k most likely tokens; 0 keeps all.
  public var topK: Int
  /// Keeps the most likely tokens of this probability together.
  public var topP: Double
  /// Keeps tokens of this share of the likeliest one's probability.
  public var minP: Double
  /// The mass of locally typical sampling.
  public var typicalP: Double
  /// Makes tokens of the context less likely.
  public var repetitionPenalty: Double
  /// Taken off tokens that occurred in the answer.
  public var presencePenalty: Double
  /// Taken off for each time they did.
  public var frequencyPenalty: Double
  /// The latest tokens that penalties look at; nil for all.
  public var penaltyWindow: Int?
  /// Added to the logits of single tokens.
  public var logitBias: [Int32: Float]
  /// The seed.
  public var seed: UInt64
  /// Which of several answers to the same prompt and seed this is.
  public var choice: UInt64
  /// Tokens at most; nil for as many as the context holds.
  public var maxTokens: Int?
  /// Texts that end the answer.
  public var stop: [String]
  /// Whether the answer goes on past the model's own end.
  public var ignoresEnd: Bool
  /// Special tokens whose names are part of the text, and so of what `stop` looks for.
  public var shownTokens: [Int32]

  /// Parameters.
  public init(
    temperature: Double, topK: Int, topP: Double, minP: Double, typicalP: Double, repetitionPenalty: Double,
    presencePenalty: Double, frequencyPenalty: Double, penaltyWindow: Int?, logitBias: [Int32: Float], seed: UInt64,
    choice: UInt64, maxTokens: Int?, stop: [String], ignoresEnd: Bool, shownTokens: [Int32]
  ) {
    self.temperature = temperature
    self.topK = topK
    self.topP = topP
    self.minP = minP
    self.typicalP = typicalP
    self.repetitionPenalty = repetitionPenalty
    self.presencePenalty = presencePenalty
    self.frequencyPenalty = frequencyPenalty
    self.penaltyWindow = penaltyWindow
    self.logitBias = logitBias
    self.seed = seed
    self.choice = choice
    self.maxTokens = maxTokens
    self.stop = stop
    self.ignoresEnd = ignoresEnd
    self.shownTokens = shownTokens
  }

  init(_ fields: JSONFields) throws(TrustError) {
    try fields.allowOnly(
      "temperature", "top_k", "top_p", "min_p", "typical_p", "repetition_penalty", "presence_penalty",
      "frequency_penalty", "penalty_window", "logit_bias", "seed", "choice", "max_tokens", "stop", "ignores_end",
      "shown_tokens")
    temperature = try fields.number("temperature")
    topK = try fields.count("top_k")
    topP = try fields.number("top_p")
    minP = try fields.number("min_p")
    typicalP = try fields.number("typical_p")
    repetitionPenalty = try fields.number("repetition_penalty")
    presencePenalty = try fields.number("presence_penalty")
    frequencyPenalty = try fields.number("frequency_penalty")
    penaltyWindow = fields.value("penalty_window") == nil ? nil : try fields.count("penalty_window")
    logitBias = [:]
    if let bias = try fields.optionalFields("logit_bias") {
      for key in bias.object.keys {
        guard let token = Int32(key), token >= 0 else { throw bias.malformed(key, "is no token id") }
        let value = Float(try bias.number(key))
        guard !value.isNaN else { throw bias.malformed(key, "is not a number") }
        logitBias[token] = value
      }
    }
    seed = try fields.unsigned("seed")
    choice = try fields.unsigned("choice")
    maxTokens = fields.value("max_tokens") == nil ? nil : try fields.count("max_tokens")
    stop = try fields.strings("stop")
    ignoresEnd = try fields.bool("ignores_end")
    shownTokens = []
    for value in fields.value("shown_tokens") == nil ? [] : try fields.array("shown_tokens") {
      guard let token = value.intValue.flatMap({ Int32(exactly: $0) }) else {
        throw fields.malformed("shown_tokens", "holds what is no token id")
      }
      shownTokens.append(token)
    }
  }

  /// The first parameter, in the order of their names, that is another in `other`.
  func firstDifference(from other: ReceiptParameters) -> ReceiptDifference? {
    let (own, others) = (json.objectValue ?? JSONObject(), other.json.objectValue ?? JSONObject())
    for key in Set(own.keys + others.keys).sorted() where own[key] != others[key] {
      return ReceiptDifference(
        field: "parameters.\(key)", receipt: own[key] ?? .null, replay: others[key] ?? .null)
    }
    return nil
  }

  var json: JSONValue {
    var object: JSONObject = [
      "temperature": .double(temperature), "top_k": .int(topK), "top_p": .double(topP), "min_p": .double(minP),
      "typical_p": .double(typicalP), "repetition_penalty": .double(repetitionPenalty),
      "presence_penalty": .double(presencePenalty), "frequency_penalty": .double(frequencyPenalty),
      // Beyond 2^53 readers of JSON would round.
      "seed": .string(String(seed)), "choice": .string(String(choice)), "ignores_end": .bool(ignoresEnd),
    ]
    object["penalty_window"] = penaltyWindow.map { .int($0) }
    object["max_tokens"] = maxTokens.map { .int($0) }
    if !stop.isEmpty { object["stop"] = .array(stop.map { .string($0) }) }
    if !shownTokens.isEmpty { object["shown_tokens"] = .array(shownTokens.sorted().map { .int(Int($0)) }) }
    if !logitBias.isEmpty {
      let sorted = logitBias.sorted { $0.key < $1.key }
      // Infinities, which forbid or force a token, have no form in JSON; the largest numbers do the same to a logit.
      let largest = Float.greatestFiniteMagnitude
      object["logit_bias"] = .object(
        JSONObject(sorted.map { (String($0.key), .double(Double(min(max($0.value, -largest), largest)))) }))
    }
    return .object(object)
  }
}

extension JSONFields {
  /// A number of up to 64 bits, as text in decimal.
  fileprivate func unsigned(_ key: String) throws(TrustError) -> UInt64 {
    let text = try string(key)
    guard let number = UInt64(text), String(number) == text else {
      throw malformed(key, "is not a whole number in quotes")
    }
    return number
  }
}
