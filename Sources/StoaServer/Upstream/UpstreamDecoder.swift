import StoaFormats

/// Reads the answer of an OpenAI-compatible server, a chat completion or a completion, whole or in chunks.
///
/// Source: OpenAI API reference, "The chat completion chunk object"; `reasoning_content` as DeepSeek and llama.cpp's
/// server have it, `reasoning` and `stop_reason` as vLLM does.
struct UpstreamDecoder {
  private struct Choice {
    var calls: UpstreamCalls
    var isRefused = false
    var hasEnded = false
  }

  private var choices: [Choice]
  /// What the other server says the answer took; nil until it does.
  private(set) var usage: UpstreamUsage?
  /// Whether the other server said that nothing more comes.
  private(set) var isDone = false

  /// - Parameter id: What identifiers of calls begin with that come without one.
  init(choices: Int, id: String) {
    self.choices = (0..<choices).map { _ in Choice(calls: UpstreamCalls(prefix: id)) }
  }

  /// Whether all choices have ended.
  var hasEnded: Bool { choices.allSatisfy(\.hasEnded) }

  /// What of the answer an event of the stream tells.
  mutating func read(_ event: EventStreamDecoder.Event) throws(UpstreamFailure) -> [AnswerEvent] {
    if isDone || event.data.isEmpty { return [] }
    if event.data.elementsEqual("[DONE]".utf8) {
      isDone = true
      return []
    }
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONValue(parsing: event.data.span)
    } catch {
      if event.name == "error" { throw .reported(String(decoding: event.data.prefix(1000), as: UTF8.self)) }
      throw .malformed("its answer is not JSON: \(error)")
    }
    guard let object = value.objectValue else { throw .malformed("a piece of its answer is \(value.kindName)") }
    if event.name == "error" || object["error"].map({ !$0.isNull }) == true {
      throw .reported(UpstreamFailure.message(of: value) ?? "no reason is given")
    }
    if let told = object["usage"]?.objectValue { usage = UpstreamUsage(told) }
    var events: [AnswerEvent] = []
    for (place, item) in (object["choices"]?.arrayValue ?? []).enumerated() {
      guard let choice = item.objectValue else { throw .malformed("a choice of its answer is \(item.kindName)") }
      events += try read(choice, at: choice["index"]?.intValue ?? place)
    }
    return events
  }

  /// The ends of the choices that were not told, when the stream is over.
  mutating func finish() throws(UpstreamFailure) -> [AnswerEvent] {
    var events: [AnswerEvent] = []
    for index in choices.indices where !choices[index].hasEnded {
      guard isDone else { throw .broken("the stream ended before the answer did") }
      events += try end(index, "stop", stopSequence: nil)
    }
    return events
  }

  private mutating func read(_ choice: JSONObject, at index: Int) throws(UpstreamFailure) -> [AnswerEvent] {
    guard choices.indices.contains(index) else { throw .malformed("it answers with a choice \(index)") }
    if choices[index].hasEnded { return [] }
    var events: [AnswerEvent] = []
    if let text = choice["text"]?.stringValue {
      events += content(text, Self.entries(ofText: choice["logprobs"]), index)
    }
    if let delta = (choice["delta"] ?? choice["message"])?.objectValue {
      events += try read(delta, Self.entries(ofChat: choice["logprobs"]), index)
    }
    if let reason = choice["finish_reason"]?.stringValue {
      events += try end(index, reason, stopSequence: choice["stop_reason"]?.stringValue)
    }
    return events
  }

  private mutating func read(
    _ delta: JSONObject, _ entries: [TokenEntry], _ index: Int
  ) throws(UpstreamFailure) -> [AnswerEvent] {
    var events: [AnswerEvent] = []
    var entries = entries
    let reasoning = delta["reasoning_content"]?.stringValue ?? delta["reasoning"]?.stringValue ?? ""
    let text = Self.text(delta["content"])
    if !reasoning.isEmpty {
      choices[index].calls.close()
      events.append(.reasoning(choice: index, reasoning, text.isEmpty ? entries : []))
      if text.isEmpty { entries = [] }
    }
    events += content(text, entries, index)
    if let refusal = delta["refusal"]?.stringValue, !refusal.isEmpty {
      choices[index].isRefused = true
      events += content(refusal, [], index)
    }
    for (place, item) in (delta["tool_calls"]?.arrayValue ?? []).enumerated() {
      guard let call = item.objectValue else { throw .malformed("a call in its answer is \(item.kindName)") }
      events += try choices[index].calls.add(call, at: place, choice: index)
    }
    return events
  }

  private mutating func content(_ text: String, _ entries: [TokenEntry], _ index: Int) -> [AnswerEvent] {
    if text.isEmpty, entries.isEmpty { return [] }
    if !text.isEmpty { choices[index].calls.close() }
    return [.content(choice: index, text, entries)]
  }

  private mutating func end(
    _ index: Int, _ reason: String, stopSequence: String?
  ) throws(UpstreamFailure) -> [AnswerEvent] {
    choices[index].hasEnded = true
    let calls = try choices[index].calls.finish(choice: index)
    let end: EndReason =
      if choices[index].isRefused || reason == "content_filter" {
        .refused
      } else if reason == "length" || reason == "max_tokens" {
        .length
      } else {
        choices[index].calls.isEmpty ? .stop : .toolCalls
      }
    return calls + [.choiceEnded(choice: index, end, stopSequence: end == .stop ? stopSequence : nil)]
  }

  /// A text, or the texts of parts.
  private static func text(_ value: JSONValue?) -> String {
    if let text = value?.stringValue { return text }
    return (value?.arrayValue ?? []).compactMap { $0["text"]?.stringValue }.joined()
  }
}

// MARK: Log probabilities

extension UpstreamDecoder {
  fileprivate static func entries(ofChat value: JSONValue?) -> [TokenEntry] {
    (value?["content"]?.arrayValue ?? []).map { item in
      let top = (item["top_logprobs"]?.arrayValue ?? []).map { other in
        TokenEntry.Alternative(token: unknownToken, bytes: bytes(other), logprob: other["logprob"]?.doubleValue ?? 0)
      }
      return TokenEntry(token: unknownToken, bytes: bytes(item), logprob: item["logprob"]?.doubleValue, top: top)
    }
  }

  fileprivate static func entries(ofText value: JSONValue?) -> [TokenEntry] {
    let texts = value?["tokens"]?.arrayValue ?? []
    let logprobs = value?["token_logprobs"]?.arrayValue ?? []
    let tops = value?["top_logprobs"]?.arrayValue ?? []
    return texts.enumerated().map { index, text in
      let top = index < tops.count ? tops[index].objectValue ?? [:] : [:]
      return TokenEntry(
        token: unknownToken, bytes: Array((text.stringValue ?? "").utf8),
        logprob: index < logprobs.count ? logprobs[index].doubleValue : nil,
        top: top.map { key, value in
          TokenEntry.Alternative(token: unknownToken, bytes: Array(key.utf8), logprob: value.doubleValue ?? 0)
        })
    }
  }

  /// Other servers name tokens by their texts.
  private static var unknownToken: Int32 { -1 }

  private static func bytes(_ token: JSONValue) -> [UInt8] {
    if let numbers = token["bytes"]?.arrayValue {
      let bytes = numbers.compactMap { $0.intValue.flatMap { UInt8(exactly: $0) } }
      if bytes.count == numbers.count { return bytes }
    }
    return Array((token["token"]?.stringValue ?? "").utf8)
  }
}

/// The tokens of an answer as the other server counts them.
struct UpstreamUsage: Sendable, Equatable {
  var promptTokens = 0
  var cachedTokens = 0
  var completionTokens = 0
  var reasoningTokens = 0

  init(_ object: JSONObject) {
    func count(_ value: JSONValue?) -> Int { min(max(value?.intValue ?? 0, 0), Int(Int32.max)) }
    promptTokens = count(object["prompt_tokens"])
    completionTokens = count(object["completion_tokens"])
    cachedTokens = min(count(object["prompt_tokens_details"]?["cached_tokens"]), promptTokens)
    reasoningTokens = count(object["completion_tokens_details"]?["reasoning_tokens"])
  }
}
