import StoaDialogue
import StoaFormats
import StoaTemplates

/// The two APIs of Ollama that answer a prompt.
enum OllamaEndpoint: Sendable, CaseIterable {
  /// `POST /api/chat`
  case chat
  /// `POST /api/generate`
  case generate
}

/// What a client asks of Ollama's `POST /api/chat` or `/api/generate`.
enum OllamaRequest: Sendable {
  case answer(AnswerRequest, streams: Bool)
  /// A request without a prompt loads the model.
  case load(model: String, keepAlive: KeepAlive?)
  /// A request without a prompt that keeps the model alive for no time unloads it.
  case unload(model: String)

  /// Reads a request; `options` that are not known, such as those for graphics cards, are ignored.
  static func decode(_ object: JSONObject, for endpoint: OllamaEndpoint) throws(APIError) -> OllamaRequest {
    let fields = RequestFields(object)
    let model = try fields.name("model")
    let keepAlive = try fields.keepAlive("keep_alive")
    let prompt =
      switch endpoint {
      case .chat: try chatPrompt(fields)
      case .generate: try generatePrompt(fields)
      }
    // Fields are looked at before it is decided what is asked for, so that a wrong one is an error in any case.
    var request = AnswerRequest(model: model, prompt: prompt ?? .text(""))
    request.keepAlive = keepAlive
    request.shape = try shape(fields)
    request.truncatesPrompt = try fields.bool("truncate") ?? false
    let topLogprobs = try fields.int("top_logprobs", in: 0...20)
    if try fields.bool("logprobs") ?? false { request.topLogprobs = topLogprobs ?? 0 }
    if let options = try fields.object("options") { try read(options, into: &request) }
    let streams = try fields.bool("stream") ?? true
    if prompt != nil { return .answer(request, streams: streams) }
    return keepAlive == .seconds(0) ? .unload(model: model) : .load(model: model, keepAlive: keepAlive)
  }

  // MARK: Prompts

  private static func chatPrompt(_ fields: RequestFields) throws(APIError) -> Prompt? {
    let messages = try OllamaMessages.decode(fields.objects("messages") ?? [])
    var prompt = ChatPrompt(messages: messages)
    for tool in try fields.objects("tools") ?? [] {
      _ = try tool.word("type", of: ["function"])
      prompt.tools.append(try tool.required("function", tool.object("function")).tool(schema: "parameters"))
    }
    try prompt.checkTools(choiceAt: "tools")
    try readThinking(fields, into: &prompt)
    prompt.continuesLastMessage = messages.last?.role == "assistant"
    if prompt.continuesLastMessage, let last = messages.last, !last.toolCalls.isEmpty {
      throw .invalid("messages[\(messages.count - 1)]", "calls a tool; add a message of role \"tool\" for each call")
    }
    return messages.isEmpty ? nil : .chat(prompt)
  }

  private static func generatePrompt(_ fields: RequestFields) throws(APIError) -> Prompt? {
    try fields.refuse("suffix", "filling in the middle is not supported; give all of the text in \"prompt\"")
    try fields.refuse("template", "the model's own template is used; to format the prompt yourself set \"raw\" to true")
    try fields.refuse("context", "is not supported; send earlier messages to /api/chat instead")
    try fields.refuse("images", OllamaMessages.imageRefusal)
    let text = try fields.string("prompt") ?? ""
    let system = try fields.string("system") ?? ""
    let isRaw = try fields.bool("raw") ?? false
    var messages = [ChatMessage(role: "user", content: text)]
    if !system.isEmpty { messages.insert(ChatMessage(role: "system", content: system), at: 0) }
    var prompt = ChatPrompt(messages: messages)
    try readThinking(fields, into: &prompt)
    if text.isEmpty { return nil }
    return isRaw ? .text(text) : .chat(prompt)
  }

  /// `think`: true, false, or how much.
  private static func readThinking(_ fields: RequestFields, into prompt: inout ChatPrompt) throws(APIError) {
    guard fields.value("think")?.stringValue != nil else {
      prompt.thinks = try fields.bool("think")
      return
    }
    guard let effort = try fields.word("think", of: ["low", "medium", "high", "max"]) else { return }
    prompt.thinks = true
    prompt.setEffort(effort)
  }

  /// `format`: empty, "json" or a schema.
  private static func shape(_ fields: RequestFields) throws(APIError) -> AnswerShape {
    guard let format = fields.value("format") else { return .anything }
    if case .object = format { return .jsonSchema(format) }
    switch format.stringValue {
    case "": return .anything
    case "json": return .jsonObject
    default: throw .invalid("format", "must be \"json\" or a JSON Schema as an object, not \(format.kindName)")
    }
  }

  // MARK: Options

  private static func read(_ options: RequestFields, into request: inout AnswerRequest) throws(APIError) {
    request.stop = try options.stopStrings("stop")
    // -1 is no limit, -2 all of the context; both end with the context at the latest.
    request.maxTokens = try options.int("num_predict", in: -2...Int.max).flatMap { $0 > 0 ? $0 : nil }
    request.sampling.temperature = try options.double("temperature", in: 0...1000)
    request.sampling.topK = try options.int("top_k", in: -1...Int.max).map { max($0, 0) }
    request.sampling.topP = try options.share("top_p")
    request.sampling.minP = try options.double("min_p", in: 0...1)
    request.sampling.typicalP = try options.share("typical_p")
    request.sampling.repetitionPenalty = try options.double("repeat_penalty", in: 0.001...1000)
    request.sampling.penaltyWindow = try options.int("repeat_last_n", in: -1...Int.max).map { $0 < 0 ? Int.max : $0 }
    request.sampling.presencePenalty = try options.double("presence_penalty", in: -1000...1000)
    request.sampling.frequencyPenalty = try options.double("frequency_penalty", in: -1000...1000)
    // Negative seeds ask for a fresh one.
    request.sampling.seed = try options.int("seed", in: Int.min...Int.max).flatMap { UInt64(exactly: $0) }
  }
}

extension RequestFields {
  /// How long the model stays loaded: seconds, or a duration as Go writes it; a negative one means forever.
  func keepAlive(_ key: String) throws(APIError) -> KeepAlive? {
    guard let value = value(key) else { return nil }
    guard let seconds = value.doubleValue ?? value.stringValue.flatMap(Self.seconds(duration:)) else {
      throw .invalid(path(of: key), "must be a number of seconds or a duration such as \"5m\" or \"1h30m\"")
    }
    // More than some 31 years is for ever, and would be a time that no calendar has.
    return seconds < 0 || seconds > 1e9 ? .forever : .seconds(seconds)
  }

  /// The seconds of a duration such as `1h30m`, `-1.5s` or `300`; nil for other texts.
  private static func seconds(duration: String) -> Double? {
    var rest = duration.utf8.prefix(64)[...]
    guard rest.count == duration.utf8.count else { return nil }
    let isNegative = rest.first == UInt8(ascii: "-")
    if isNegative || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
    var sum = 0.0
    var count = 0
    repeat {
      let number = rest.prefix { isNumeral($0) }
      rest = rest[number.endIndex...]
      let unit = rest.prefix { !isNumeral($0) }
      rest = rest[unit.endIndex...]
      count += 1
      // A number alone counts seconds.
      guard let value = Double(Substring(number)),
        let factor = unit.isEmpty && count == 1 ? 1 : units[String(Substring(unit))]
      else { return nil }
      sum += value * factor
    } while !rest.isEmpty
    return isNegative ? -sum : sum
  }

  private static func isNumeral(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: ".") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  /// The units of Go's `time.ParseDuration`; micro is written with either of two characters.
  private static let units: [String: Double] = [
    "ns": 1e-9, "us": 1e-6, "\u{B5}s": 1e-6, "\u{3BC}s": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600,
  ]
}
