import StoaFormats

/// `POST /v1/completions`: text or tokens to continue.
///
/// Source: OpenAI API reference, "Create completion" (legacy), and how lm-evaluation-harness uses it.
enum OpenAICompletions {
  /// Requests, one for each prompt, and how their answers are to be sent.
  struct Decoded {
    var requests: [AnswerRequest]
    var streams: Bool
    var includesUsage: Bool
  }

  static func decode(_ body: JSONObject) throws(APIError) -> Decoded {
    let fields = RequestFields(body)
    if let suffix = try fields.string("suffix"), !suffix.isEmpty {
      throw .invalid("suffix", "text is continued at its end alone; leave it out", code: "unsupported_parameter")
    }
    var request = AnswerRequest(model: try fields.string("model") ?? "", prompt: .text(""))
    try OpenAISampling.read(fields, into: &request)
    request.maxTokens = try fields.int("max_tokens", in: 0...Int.max) ?? 16
    request.shape = try OpenAISampling.shape(fields)
    request.echoesPrompt = try fields.bool("echo") ?? false
    request.topLogprobs = try topLogprobs(fields)
    let prompts = try prompts(fields)
    let streams = try fields.bool("stream") ?? false
    let options = try fields.object("stream_options")
    return Decoded(
      requests: prompts.map { prompt in
        var one = request
        one.prompt = prompt
        return one
      }, streams: streams, includesUsage: try options?.bool("include_usage") ?? false)
  }

  /// A number, or `true` as some clients send.
  private static func topLogprobs(_ fields: RequestFields) throws(APIError) -> Int? {
    if let flag = fields.value("logprobs")?.boolValue { return flag ? 1 : nil }
    return try fields.int("logprobs", in: 0...20)
  }

  private static func prompts(_ fields: RequestFields) throws(APIError) -> [Prompt] {
    guard let value = fields.value("prompt") else { return [.text("")] }
    switch value {
    case .string(let text): return [.text(text)]
    case .array(let items):
      guard let first = items.first else { throw .invalid("prompt", "is empty") }
      guard items.count <= 2048 || first.intValue != nil else { throw .invalid("prompt", "has more than 2,048 texts") }
      if first.intValue != nil { return [.tokens(try tokens(items, path: "prompt"))] }
      var prompts: [Prompt] = []
      for (index, item) in items.enumerated() {
        let path = "prompt[\(index)]"
        switch item {
        case .string(let text): prompts.append(.text(text))
        case .array(let ids): prompts.append(.tokens(try tokens(ids, path: path)))
        default: throw .invalid(path, "must be a string or an array of token ids, not \(item.kindName)")
        }
      }
      return prompts
    default: throw .invalid("prompt", "must be a string, an array of strings or token ids, not \(value.kindName)")
    }
  }

  /// Token ids of an array.
  static func tokens(_ items: [JSONValue], path: String) throws(APIError) -> [Int32] {
    guard !items.isEmpty else { throw .invalid(path, "is empty") }
    var tokens: [Int32] = []
    tokens.reserveCapacity(items.count)
    for (index, item) in items.enumerated() {
      guard let id = item.intValue, let token = Int32(exactly: id), token >= 0 else {
        throw .invalid("\(path)[\(index)]", "is not a token id")
      }
      tokens.append(token)
    }
    return tokens
  }
}

/// `POST /v1/completions`: the answer, whole or in chunks.
struct OpenAICompletionsAnswer {
  /// The answers to all prompts as one object.
  static func encode(_ answers: [Answer], wantsLogprobs: Bool) -> JSONValue {
    guard let first = answers.first else { return [:] }
    var choices: [JSONValue] = []
    var usage = AnswerUsage()
    for answer in answers {
      for choice in answer.choices {
        choices.append([
          "index": .int(choices.count), "text": .string(choice.reasoning + choice.content),
          "logprobs": wantsLogprobs ? Self.logprobs(choice.contentLogprobs, offset: 0) : .null,
          "finish_reason": .string(OpenAI.word(choice.end)),
        ])
      }
      usage.add(answer.usage)
    }
    var object = OpenAI.head(first.start, object: "text_completion", prefix: "cmpl-")
    object["choices"] = .array(choices)
    object["usage"] = OpenAI.usage(usage)
    object["stoa"] = OpenAI.extras(usage)
    return .object(object)
  }

  /// - Parameter offset: Characters of the text before these tokens.
  fileprivate static func logprobs(_ entries: [TokenEntry], offset: Int) -> JSONValue {
    var offsets: [JSONValue] = []
    var place = offset
    for entry in entries {
      offsets.append(.int(place))
      place += TokenEntry.text(entry.bytes).unicodeScalars.count
    }
    let top = entries.map { entry -> JSONValue in
      guard entry.logprob != nil else { return .null }
      // A token may read like another; of two the likelier stays.
      var object = JSONObject()
      for other in entry.top where object[TokenEntry.text(other.bytes)] == nil {
        object[TokenEntry.text(other.bytes)] = OpenAI.logprob(other.logprob)
      }
      return .object(object)
    }
    return [
      "tokens": .array(entries.map { .string(TokenEntry.text($0.bytes)) }),
      "token_logprobs": .array(entries.map { OpenAI.logprob($0.logprob) }), "top_logprobs": .array(top),
      "text_offset": .array(offsets),
    ]
  }
}

extension AnswerUsage {
  /// Adds what another answer took.
  mutating func add(_ other: AnswerUsage) {
    promptTokens += other.promptTokens
    cachedTokens += other.cachedTokens
    completionTokens += other.completionTokens
    reasoningTokens += other.reasoningTokens
    loadSeconds = max(loadSeconds, other.loadSeconds)
    queueSeconds = max(queueSeconds, other.queueSeconds)
    promptSeconds += other.promptSeconds
    generateSeconds += other.generateSeconds
    totalSeconds = max(totalSeconds, other.totalSeconds)
    seed = other.seed
    isEstimated = isEstimated || other.isEstimated
    if let added = other.cost { cost = cost.map { $0 + added } ?? added }
  }
}

extension AnswerCost {
  /// The cost of two answers at the same prices.
  static func + (left: AnswerCost, right: AnswerCost) -> AnswerCost {
    AnswerCost(
      currency: left.currency, amount: left.amount + right.amount,
      elsewhere: zip(left.elsewhere, right.elsewhere).map { ($0.name, $0.amount + $1.amount) })
  }
}

/// The chunks of a streamed completion.
struct OpenAICompletionsStream: AnswerStreamEncoder {
  let wantsLogprobs: Bool
  let includesUsage: Bool
  private var start: AnswerStart?
  private var offsets: [Int: Int] = [:]

  init(wantsLogprobs: Bool, includesUsage: Bool) {
    self.wantsLogprobs = wantsLogprobs
    self.includesUsage = includesUsage
  }

  mutating func encode(_ event: AnswerEvent) -> String {
    switch event {
    case .started(let start):
      self.start = start
      return ""
    case .content(let choice, let text, let entries), .reasoning(let choice, let text, let entries):
      let offset = offsets[choice, default: 0]
      offsets[choice, default: 0] += text.unicodeScalars.count
      return chunk(choice, text, wantsLogprobs ? OpenAICompletionsAnswer.logprobs(entries, offset: offset) : .null)
    case .toolCall, .toolArguments: return ""
    case .choiceEnded(let choice, let end, _): return chunk(choice, "", .null, end: end)
    case .ended(let usage): return OpenAI.streamEnd(usage, head: head(), includesUsage: includesUsage)
    }
  }

  mutating func encode(_ error: APIError) -> String { OpenAI.streamEnd(error) }

  private func head() -> JSONObject {
    start.map { OpenAI.head($0, object: "text_completion", prefix: "cmpl-") } ?? [:]
  }

  private func chunk(_ choice: Int, _ text: String, _ logprobs: JSONValue, end: EndReason? = nil) -> String {
    var object = head()
    object["choices"] = [
      [
        "index": .int(choice), "text": .string(text), "logprobs": logprobs,
        "finish_reason": end.map { .string(OpenAI.word($0)) } ?? .null,
      ]
    ]
    if includesUsage { object["usage"] = .null }
    return ServerSentEvents.data(.object(object))
  }
}
