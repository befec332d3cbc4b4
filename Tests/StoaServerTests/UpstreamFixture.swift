import StoaFormats
import StoaGuard
import StoaHub
import StoaTemplates
import Synchronization
import Testing

@testable import StoaServer

/// Another server, in memory: what it was asked, and whether the exchange was ended from this side.
final class FakeUpstream: UpstreamTransport {
  /// What it does with a request.
  enum Act: Sendable {
    case fail(UpstreamFailure)
    /// Gives pieces and ends, or stays silent after them.
    case answer(status: Int = 200, type: String = "text/event-stream", [String], ends: Bool = true)
    /// Never answers.
    case ignore
  }

  private struct State {
    var acts: [Act]
    var requests: [UpstreamRequest] = []
    var endings = 0
  }

  private let state: Mutex<State>

  /// - Parameter acts: One for each request; the last goes for all others.
  init(_ acts: [Act]) { state = Mutex(State(acts: acts)) }

  var requests: [UpstreamRequest] { state.withLock { $0.requests } }
  /// How many exchanges were ended from this side.
  var endings: Int { state.withLock { $0.endings } }
  /// What was sent, as text.
  var sent: String { requests.map { String(decoding: $0.body, as: UTF8.self) }.joined(separator: "\n") }

  func send(_ request: UpstreamRequest) async throws -> UpstreamResponse {
    let act = state.withLock { state in
      state.requests.append(request)
      return state.acts.count > 1 ? state.acts.removeFirst() : state.acts[0]
    }
    switch act {
    case .fail(let failure): throw failure
    case .ignore:
      try await Task.sleep(for: .seconds(3600))
      throw CancellationError()
    case .answer(let status, let type, let pieces, let ends):
      let (body, continuation) = AsyncThrowingStream<[UInt8], any Error>.makeStream()
      continuation.onTermination = { reason in
        if case .cancelled = reason { self.state.withLock { $0.endings += 1 } }
      }
      for piece in pieces { continuation.yield(Array(piece.utf8)) }
      if ends { continuation.finish() }
      return UpstreamResponse(status: status, type: type, retryAfterSeconds: nil, body: body)
    }
  }

  func shutDown() async {}

  // MARK: Streams

  /// An event of a stream of OpenAI's API.
  static func event(_ json: String) -> String { "data: \(json)\n\n" }

  /// An event with text of the only choice.
  static func text(_ text: String) -> String {
    event(#"{"choices":[{"index":0,"delta":{"content":\#(JSONValue.string(text).text())}}]}"#)
  }

  static let stop = event(#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#)
  static let usage = event(
    #"{"choices":[],"usage":{"prompt_tokens":11,"completion_tokens":7,"prompt_tokens_details":{"cached_tokens":4}}}"#)
  static let done = "data: [DONE]\n\n"

  /// A whole stream of these texts.
  static func stream(_ texts: String...) -> [String] { texts.map(text) + [stop, usage, done] }
}

/// A server before another one.
struct UpstreamFixture {
  let upstream: FakeUpstream
  let account = RecordingAccount()
  let answerer: Answerer

  init(
    _ acts: FakeUpstream.Act..., rails: GuardFixture? = nil, timeout: Double = 3600, judge: (any GuardModelJudge)? = nil
  ) throws {
    upstream = FakeUpstream(acts)
    var other = try #require(Upstream("near=http://other.example:8000/v1#far"))
    other.key = UpstreamKey("sk-secret")
    answerer = Answerer(
      models: ModelStore(
        offer: .fixed([]), library: ModelLibrary(), settings: EngineSettings(), elsewhere: ["near"]),
      account: account, metrics: ServerMetrics(), timeout: timeout,
      guarding: try rails.map { Guarding(policy: try GuardPolicy($0.path), observer: nil, judge: judge) },
      upstreams: Upstreams([other], transport: upstream))
  }

  static func request(_ text: String = "hello", choices: Int = 1) -> AnswerRequest {
    var request = AnswerRequest(
      model: "near", prompt: .chat(ChatPrompt(messages: [ChatMessage(role: "user", content: text)])))
    request.choices = choices
    return request
  }

  func prepare(_ request: AnswerRequest, wantsReceipt: Bool = false) async throws -> any PendingAnswer {
    try await answerer.prepare(request, for: Caller(), api: "openai.chat", id: "abc", wantsReceipt: wantsReceipt)
  }

  func answer(_ request: AnswerRequest = request()) async throws -> Answer {
    let prepared = try await prepare(request)
    var answer = Answer(start: prepared.start, choices: request.choices)
    try await prepared.run { answer.add($0) }
    return answer
  }

  /// The error of a request that fails.
  func failure(_ request: AnswerRequest = request()) async throws -> APIError {
    try #require(await #expect(throws: APIError.self) { try await answer(request) })
  }
}
