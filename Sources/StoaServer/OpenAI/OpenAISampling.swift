import StoaFormats

/// The fields that `/v1/chat/completions` and `/v1/completions` share.
///
/// Source: OpenAI API reference; `top_k`, `min_p`, `typical_p` and `repetition_penalty` as vLLM has them, `repeat_penalty`
/// as llama.cpp's server does.
enum OpenAISampling {
  static func read(_ fields: RequestFields, into request: inout AnswerRequest) throws(APIError) {
    request.sampling.temperature = try fields.double("temperature", in: 0...1000)
    request.sampling.topP = try fields.share("top_p")
    request.sampling.topK = try fields.int("top_k", in: -1...Int(Int32.max)).map { max(0, $0) }
    request.sampling.minP = try fields.double("min_p", in: 0...1)
    request.sampling.typicalP = try fields.share("typical_p")
    request.sampling.presencePenalty = try fields.double("presence_penalty", in: -100...100)
    request.sampling.frequencyPenalty = try fields.double("frequency_penalty", in: -100...100)
    request.sampling.repetitionPenalty = try fields.double(
      fields.key("repetition_penalty", "repeat_penalty"), in: 0.01...100)
    request.sampling.seed = try fields.seed("seed")
    request.sampling.logitBias = try logitBias(fields)
    request.stop = try fields.stopStrings("stop")
    request.ignoresEnd = try fields.bool("ignore_eos") ?? false
    request.choices = try fields.int("n", in: 1...128) ?? 1
    if let best = try fields.int("best_of", in: 1...128), best > request.choices {
      throw .invalid("best_of", "more answers than n are not generated; leave it out")
    }
    request.truncatesPrompt = try fields.int("truncate_prompt_tokens", in: -1...Int.max) != nil
  }

  private static func logitBias(_ fields: RequestFields) throws(APIError) -> [Int32: Float] {
    guard let biases = try fields.object("logit_bias") else { return [:] }
    var result: [Int32: Float] = [:]
    for (key, value) in biases.object {
      guard let token = Int32(key), token >= 0 else {
        throw .invalid("logit_bias.\(key.prefix(40))", "is not a token id")
      }
      guard let bias = value.doubleValue, (-100...100).contains(bias) else {
        throw .invalid("logit_bias.\(key)", "must be a number from -100 to 100")
      }
      // At the ends of the range a token is banned, or the only one.
      result[token] = bias <= -100 ? -.infinity : Float(bias)
    }
    return result
  }

  /// `response_format` and the constraints that vLLM and llama.cpp's server add to it.
  static func shape(_ fields: RequestFields) throws(APIError) -> AnswerShape {
    var shapes: [AnswerShape] = []
    if let format = try fields.object("response_format") {
      switch try format.required("type", format.word("type", of: ["text", "json_object", "json_schema"])) {
      case "json_object": shapes.append(format.value("schema").map(AnswerShape.jsonSchema) ?? .jsonObject)
      case "json_schema":
        let schema = try format.required("json_schema", format.object("json_schema"))
        shapes.append(.jsonSchema(try schema.required("schema", schema.value("schema"))))
      default: break
      }
    }
    if let schema = fields.value("guided_json") ?? fields.value("json_schema") { shapes.append(.jsonSchema(schema)) }
    if let regex = try fields.string("guided_regex") { shapes.append(.regex(regex)) }
    if let grammar = try fields.string(fields.key("guided_grammar", "grammar")) { shapes.append(.grammar(grammar)) }
    guard shapes.count < 2 else {
      throw .invalid("response_format", "an answer can follow one schema, regular expression or grammar, not several")
    }
    return shapes.first ?? .anything
  }
}
