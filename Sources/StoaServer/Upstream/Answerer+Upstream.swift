import StoaFormats

/// Requests to models that other servers answer.
extension Answerer {
  /// Does everything that can fail before an answer begins, and waits until the other server has begun.
  func prepare(
    _ request: AnswerRequest, by upstream: Upstream, _ upstreams: Upstreams, for caller: Caller, api: String,
    id: String, wantsReceipt: Bool
  ) async throws -> UpstreamAnswer {
    if wantsReceipt {
      throw APIError.invalid(
        "receipt", "cannot be had: '\(upstream.name)' is answered by another server", code: "unsupported_parameter")
    }
    let received = ContinuousClock.now
    try check(caller, mayUse: upstream.name)
    let writer = UpstreamRequestWriter(upstream: upstream)
    // What cannot be asked there is refused before the rails look at it.
    _ = try writer.write(request)
    let rails = try rails(for: request.prompt, upstream.name, caller, api, id)
    await rails?.consult(about: request.prompt, nil)
    let (passed, refusal, written) = try await BackgroundWork.run {
      var request = request
      let refusal = rails?.judge(&request, nil)
      return (request, refusal, try writer.write(request))
    }
    let bytes = JSONValue.object(written.body).text().utf8.count
    let token = try await account.admit(caller, promptTokens: TokenCount(promptBytes: bytes).promptTokens)
    let answer = UpstreamAnswer(
      upstream, passed, UpstreamAnswer.Ticket(id: id, api: api, caller: caller, received: received),
      promptBytes: bytes, token: token, account: account, rails: rails, refusal: refusal, metrics: metrics,
      limit: UpstreamLimit(seconds: timeout, from: received), load: upstreams.load)
    try await answer.open(written, upstreams.transport)
    return answer
  }

  /// The vectors of texts.
  func embeddings(
    _ inputs: [Prompt], by upstream: Upstream, _ upstreams: Upstreams, for caller: Caller, api: String, id: String
  ) async throws -> Embeddings {
    let received = ContinuousClock.now
    try check(caller, mayUse: upstream.name)
    let rails = try rails(for: .text(""), upstream.name, caller, api, id)
    for input in inputs { await rails?.consult(about: input, nil) }
    let texts = try await BackgroundWork.run {
      try inputs.map { input -> JSONValue in
        guard case .text(let text) = try rails.judged(input, nil) else {
          throw APIError.invalid(
            "input", "'\(upstream.name)' is answered by another server: token ids mean nothing there; send text",
            code: "unsupported_parameter")
        }
        return .string(text)
      }
    }
    let body: JSONObject = [
      "model": .string(upstream.remoteModel), "input": .array(texts), "encoding_format": "float",
    ]
    let bytes = JSONValue.array(texts).text().utf8.count
    let token = try await account.admit(caller, promptTokens: TokenCount(promptBytes: bytes).promptTokens)
    upstreams.load.begin(upstream.name)
    defer { upstreams.load.end(upstream.name) }
    func report(_ usage: AnswerUsage, _ status: Int, _ finish: String) -> AnswerReport {
      AnswerReport(
        id: id, caller: caller, api: api, model: upstream.name, usage: usage, status: status, finish: finish)
    }
    var usage = AnswerUsage()
    let vectors: [[Float]]
    do {
      let limit = UpstreamLimit(seconds: timeout, from: received)
      let client = UpstreamClient(upstream: upstream, transport: upstreams.transport, limit: limit)
      let answer = try await client.post("/embeddings", body)
        .collect(upTo: UpstreamEmbeddings.longestAnswer, isStrict: true, until: limit)
      let found = try UpstreamEmbeddings(answer, count: texts.count)
      vectors = found.vectors
      var count = TokenCount(promptBytes: bytes)
      count.told = found.usage
      count.write(into: &usage)
    } catch {
      let failure = error is CancellationError || Task.isCancelled ? nil : APIError(upstream.clientError(error))
      usage.totalSeconds = received.duration(to: .now).seconds
      let report = report(usage, failure?.status ?? 499, failure == nil ? "cancelled" : "error")
      _ = try? await account.settle(token, report)
      metrics.failed(failure)
      metrics.monitor.ended(report)
      throw failure ?? error
    }
    usage.totalSeconds = received.duration(to: .now).seconds
    let report = report(usage, 200, "stop")
    _ = try await account.settle(token, report)
    metrics.monitor.ended(report)
    return Embeddings(
      vectors: vectors, usage: usage, model: upstream.name, guardrails: rails?.header(isFinal: true))
  }
}

/// What another server answers to a request for vectors.
struct UpstreamEmbeddings {
  var vectors: [[Float]]
  var usage: UpstreamUsage?

  static let longestAnswer = 256 << 20

  /// - Parameter count: How many texts were sent.
  init(_ body: [UInt8], count: Int) throws(UpstreamFailure) {
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONValue(parsing: body.span)
    } catch {
      throw .malformed("its answer is not JSON: \(error)")
    }
    if let error = value["error"], !error.isNull { throw .reported(UpstreamFailure.message(of: error) ?? "") }
    let items = value["data"]?.arrayValue ?? []
    guard items.count == count else { throw .malformed("it has \(items.count) vectors for \(count) texts") }
    var found = [[Float]?](repeating: nil, count: count)
    for (place, item) in items.enumerated() {
      let index = item["index"]?.intValue ?? place
      guard found.indices.contains(index), let numbers = item["embedding"]?.arrayValue else {
        throw .malformed("vector \(place) is not one")
      }
      let vector = numbers.compactMap { $0.doubleValue.map { Float($0) } }
      guard vector.count == numbers.count else { throw .malformed("vector \(place) has something else than numbers") }
      found[index] = vector
    }
    vectors = found.compactMap(\.self)
    guard vectors.count == count else { throw .malformed("it has two vectors for one text") }
    usage = value["usage"]?.objectValue.map { UpstreamUsage($0) }
  }
}
