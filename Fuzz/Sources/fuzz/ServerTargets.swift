import StoaFormats
import StoaLedger

@testable import StoaServer

/// The body of a request, read as each API reads it: what is refused names a field, and what is taken can be written for
/// another server or is refused in its turn.
func readRequest(_ bytes: [UInt8]) -> CInt {
  guard let body = (try? JSONValue(parsing: bytes.span))?.objectValue else { return 0 }
  check { () throws(APIError) in [try OpenAIChat.decode(body).request] }
  check { () throws(APIError) in try OpenAICompletions.decode(body).requests }
  check { () throws(APIError) in [try OpenAIResponsesRequest.decode(body).answerRequest(after: [])] }
  check { () throws(APIError) in [try AnthropicMessages.decode(body).request] }
  for endpoint in OllamaEndpoint.allCases {
    check { () throws(APIError) in
      if case .answer(let request, _) = try OllamaRequest.decode(body, for: endpoint) { [request] } else { [] }
    }
  }
  check { () throws(APIError) in
    _ = try OpenAIEmbeddings.decode(body)
    return []
  }
  check { () throws(APIError) in
    _ = try OllamaEmbedRequest.decode(body)
    return []
  }
  check { () throws(APIError) in
    _ = try OllamaModels.decodePull(body)
    return []
  }
  return 0
}

private func check(_ decode: () throws(APIError) -> [AnswerRequest]) {
  do throws(APIError) {
    for request in try decode() { write(request) }
  } catch {
    precondition(error.status == 400 && error.field != nil, "\(error)")
  }
}

private func write(_ request: AnswerRequest) {
  guard let upstream = Upstream("there=http://127.0.0.1:1/v1#model") else { preconditionFailure("no upstream") }
  do throws(APIError) {
    _ = try JSONValue.object(UpstreamRequestWriter(upstream: upstream).write(request).body).text()
  } catch {
    precondition(error.status == 400, "\(error)")
  }
}

/// What another server answers; the first byte says where it is cut. The events do not depend on the cut, and they make
/// an answer that every API can write.
func readUpstream(_ bytes: [UInt8]) -> CInt {
  guard let first = bytes.first else { return 0 }
  let stream = Array(bytes.dropFirst())
  let cut = stream.count * Int(first) / 256
  let whole = events(of: [stream])
  precondition(events(of: [Array(stream[..<cut]), Array(stream[cut...])]) == whole, "cut, the events are others")
  precondition(events(of: stream.map { [$0] }) == whole, "byte by byte, the events are others")
  for choices in [1, 2] { answer(whole, choices: choices) }
  return 0
}

private func events(of pieces: [[UInt8]]) -> [EventStreamDecoder.Event] {
  var decoder = EventStreamDecoder()
  var events: [EventStreamDecoder.Event] = []
  for piece in pieces { events += (try? decoder.feed(piece)) ?? [] }
  if let last = try? decoder.finish() { events.append(last) }
  return events
}

private func answer(_ events: [EventStreamDecoder.Event], choices: Int) {
  var decoder = UpstreamDecoder(choices: choices, id: "abc")
  let start = AnswerStart(id: "abc", created: 1_780_272_000, model: "m", promptTokens: 1, cachedTokens: 0)
  var told = [AnswerEvent.started(start)]
  do throws(UpstreamFailure) {
    for event in events { told += try decoder.read(event) }
    told += try decoder.finish()
  } catch {
    guard let upstream = Upstream("there=http://127.0.0.1:1/v1#model") else { preconditionFailure("no upstream") }
    let message = upstream.error(error).message
    precondition(message.utf8.count < 8_000, "a long error")
  }
  told.append(.ended(AnswerUsage()))
  var answer = Answer(start: start, choices: choices)
  for event in told { answer.add(event) }
  encode(answer)
  stream(told, OpenAIChatStream(choices: choices, wantsLogprobs: true, includesUsage: true))
  stream(told, OpenAICompletionsStream(wantsLogprobs: true, includesUsage: true))
  stream(told, OpenAIResponsesStream(settings: [:]))
  stream(told, AnthropicStream())
  for endpoint in OllamaEndpoint.allCases { stream(told, OllamaStream(endpoint: endpoint)) }
}

/// Writes the answer in all forms; each is JSON that reads as it was written.
private func encode(_ answer: Answer) {
  let forms =
    [
      OpenAIChatAnswer.encode(answer, wantsLogprobs: true),
      OpenAICompletionsAnswer.encode([answer], wantsLogprobs: true),
      OpenAIResponses.encode(answer, settings: [:]), AnthropicMessages.encode(answer),
    ] + OllamaEndpoint.allCases.map { OllamaAnswer.encode(answer, for: $0) }
  for form in forms { precondition((try? JSONValue(parsing: form.text())) != nil, "no JSON: \(form)") }
}

private func stream(_ events: [AnswerEvent], _ encoder: some AnswerStreamEncoder) {
  var encoder = encoder
  for event in events { _ = encoder.encode(event) }
  _ = encoder.encode(APIError(.badGateway, "it broke off"))
}

/// What the body of another server's refusal says.
func readRefusal(_ bytes: [UInt8]) -> CInt {
  guard let first = bytes.first, let upstream = Upstream("there=http://127.0.0.1:1/v1#model") else { return 0 }
  let failure = UpstreamFailure(status: 300 + Int(first), body: Array(bytes.dropFirst()), retryAfterSeconds: nil)
  precondition(upstream.error(failure).message.utf8.count < 8_000, "a long error")
  return 0
}

/// `NAME=URL#MODEL`, as the command line and the configuration file give it.
func readUpstreamName(_ bytes: [UInt8]) -> CInt {
  guard let upstream = Upstream(String(decoding: bytes, as: UTF8.self)) else { return 0 }
  precondition(!upstream.name.isEmpty && !upstream.remoteModel.isEmpty, "an empty name")
  return 0
}

/// A price table; what it says is a price.
func readPrices(_ bytes: [UInt8]) -> CInt {
  do throws(PriceTableError) {
    _ = try PriceTable(yaml: String(decoding: bytes, as: UTF8.self), path: "prices.yaml")
  } catch {
    precondition(!error.problem.isEmpty, "an error without words")
  }
  return 0
}
