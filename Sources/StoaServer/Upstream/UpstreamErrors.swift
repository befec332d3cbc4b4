import StoaFormats

extension UpstreamFailure {
  /// The failure that a response with another status than 200 tells of.
  init(status: Int, body: [UInt8], retryAfterSeconds: Int?) {
    let value = try? JSONValue(parsing: body.span)
    let text = value.flatMap { Self.message(of: $0) } ?? ""
    self = .refused(status: status, text, retryAfterSeconds: retryAfterSeconds)
  }

  /// The message of an error as servers write it: `{"error": {"message": …}}`, `{"error": …}`, `{"message": …}`,
  /// `{"detail": …}`.
  static func message(of value: JSONValue) -> String? {
    if let text = value.stringValue { return text }
    for key in ["error", "message", "detail"] {
      if let inner = value[key], let text = message(of: inner), !text.isEmpty { return text }
    }
    return value.arrayValue?.first.flatMap { message(of: $0["msg"] ?? $0) }
  }
}

extension Upstream {
  private static let longestMessage = 300

  /// What a failure means to a client: 400 where its request is at fault, 502, 503 or 504 where the other server is.
  ///
  /// Nothing of the key is told, whatever the other server writes into its errors.
  func error(_ failure: UpstreamFailure) -> APIError {
    let place = "the upstream of '\(name)'"
    func said(_ text: String) -> String { text.isEmpty ? "" : ": \(shown(text))" }
    switch failure {
    case .notConnected(let problem):
      return APIError(.badGateway, "\(place) cannot be reached\(said(problem))", code: "upstream_unreachable")
    case .broken(let problem):
      return APIError(.badGateway, "\(place) broke off\(said(problem))", code: "upstream_broken")
    case .malformed(let problem):
      return APIError(.badGateway, "\(place) sent no valid answer\(said(problem))", code: "upstream_malformed")
    case .reported(let problem):
      return APIError(.badGateway, "\(place) failed\(said(problem))", code: "upstream_failed")
    case .late(let seconds):
      let time = Int(exactly: seconds).map { "\($0)" } ?? "\(seconds)"
      return APIError(.gatewayTimeout, "\(place) was not done within \(time) s", code: "upstream_timeout")
    case .refused(let status, let text, let wait): return error(status: status, said(text), wait, place)
    }
  }

  private func error(status: Int, _ text: String, _ wait: Int?, _ place: String) -> APIError {
    switch status {
    case 400, 413, 422: APIError(.invalidRequest, "\(place) refuses the request\(text)", code: "upstream_refused")
    // What such an answer says may repeat a part of the key.
    case 401, 403:
      APIError(.badGateway, "\(place) does not let this server in (\(status))", code: "upstream_unauthorized")
    case 404:
      APIError(.badGateway, "\(place) has no model '\(remoteModel)' or no such path\(text)", code: "upstream_not_found")
    case 408, 504:
      APIError(.gatewayTimeout, "\(place) was not done in time (\(status))\(text)", code: "upstream_timeout")
    case 429, 503:
      APIError(
        .overloaded, "\(place) has too much to do (\(status))\(text)", code: "upstream_busy",
        retryAfterSeconds: wait ?? 5)
    default: APIError(.badGateway, "\(place) failed with status \(status)\(text)", code: "upstream_failed")
    }
  }

  /// A text from outside, on one line, not too long, and without the key.
  private func shown(_ text: String) -> String {
    var text = text
    if let secret = key?.secret { text = text.replacing(secret, with: "…") }
    let line = text.prefix(10 * Self.longestMessage).split(whereSeparator: \.isWhitespace).joined(separator: " ")
    let scalars = line.unicodeScalars.filter { $0.value >= 0x20 && !(0x7F..<0xA0).contains($0.value) }
    let plain = String(String.UnicodeScalarView(scalars))
    return plain.count > Self.longestMessage ? plain.prefix(Self.longestMessage) + "…" : plain
  }

  /// The error for a client, whatever was thrown.
  func clientError(_ error: any Error) -> any Error {
    if let failure = error as? UpstreamFailure { self.error(failure) } else { error }
  }
}
