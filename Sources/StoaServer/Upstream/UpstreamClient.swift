import StoaFormats
import StoaHub

/// Asks one upstream.
struct UpstreamClient: Sendable {
  let upstream: Upstream
  let transport: any UpstreamTransport
  let limit: UpstreamLimit

  /// Waits before a connection is tried again. Nothing has been sent by then, so nobody answers twice.
  private static let pauses: [Duration] = [.milliseconds(100), .milliseconds(400)]
  private static let longestError = 64 << 10

  /// Sends a request and returns when the answer has begun.
  ///
  /// - Parameter path: Below the base of the upstream.
  /// - Throws: `UpstreamFailure`, also for another status than 200, or `CancellationError`.
  func post(_ path: String, _ body: JSONObject) async throws -> UpstreamResponse {
    let request = UpstreamRequest(
      url: upstream.base.with(target: upstream.base.target + path), key: upstream.key,
      body: Array(JSONValue.object(body).text().utf8))
    let transport = transport
    let response = try await limit.run {
      var pauses = Self.pauses[...]
      while true {
        do {
          return try await transport.send(request)
        } catch UpstreamFailure.notConnected(let problem) {
          guard let pause = pauses.popFirst() else { throw UpstreamFailure.notConnected(problem) }
          try await Task.sleep(for: pause)
        }
      }
    }
    guard response.status == 200 else {
      let body = try await response.collect(upTo: Self.longestError, isStrict: false, until: limit)
      throw UpstreamFailure(status: response.status, body: body, retryAfterSeconds: response.retryAfterSeconds)
    }
    return response
  }
}
