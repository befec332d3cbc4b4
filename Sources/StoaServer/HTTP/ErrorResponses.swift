import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import StoaFormats
import StoaTrust

extension APIError {
  /// The response that says so in the shape of an API.
  func response(_ style: APIStyle, requestID: String) -> Response {
    if let refusal { return problem(refusal) }
    let body: JSONValue =
      switch style {
      case .openAI: OpenAI.error(self)
      case .anthropic: AnthropicMessages.encode(self, requestID: requestID)
      case .ollama: OllamaAnswer.encode(self)
      }
    var response = Response.json(body, status: HTTPResponse.Status(code: status))
    if let retryAfterSeconds { response.headers[.retryAfter] = "\(retryAfterSeconds)" }
    if kind == .unauthenticated { response.headers[.wwwAuthenticate] = "Bearer" }
    return response
  }

  /// A problem document (RFC 9457), the same for all APIs: a model that must not run.
  private func problem(_ state: String) -> Response {
    var response = Response.json(
      [
        "type": .string("urn:stoa:problem:model-refused"), "title": "the model is refused", "status": .int(status),
        "detail": .string(message), "state": .string(state),
      ], status: HTTPResponse.Status(code: status))
    response.headers[.contentType] = "application/problem+json"
    response.headers[.safetyStatus] = TrustVerdict.Status.refused.rawValue
    return response
  }

  /// What went wrong below the handlers.
  init(http error: any Error) {
    switch error {
    case let error as HTTPError: self.init(status: error.status, message: error.body)
    case let error as HTTPParserError:
      self.init(.invalidRequest, "the request is not valid HTTP: \(error)")
    case is NIOTooManyBytesError: self.init(.tooLarge, "the body is larger than this server accepts")
    case let error as any HTTPResponseError: self.init(status: error.status, message: nil)
    default: self.init(error)
    }
  }

  private init(status: HTTPResponse.Status, message: String?) {
    switch status.code {
    case 401: self.init(.unauthenticated, message ?? "a key is needed")
    case 403: self.init(.forbidden, message ?? "this is not allowed")
    case 404: self.init(.notFound, message ?? "there is nothing at this path")
    case 405: self.init(.methodNotAllowed, message ?? "this path has no such method")
    case 408: self.init(.timeout, message ?? "the request took too long")
    case 413: self.init(.tooLarge, message ?? "the body is larger than this server accepts")
    case 400..<500: self.init(.invalidRequest, message ?? "the request is not valid")
    default: self.init(.internal, message ?? "the server failed")
    }
  }
}

extension Response {
  static func json(_ value: JSONValue, status: HTTPResponse.Status = .ok) -> Response {
    Response(
      status: status, headers: [.contentType: "application/json"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: value.text())))
  }

  static func text(_ text: String, type: String = "text/plain; charset=utf-8") -> Response {
    Response(
      status: .ok, headers: [.contentType: type], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
  }
}

/// Gives every request an identifier, every failure its shape, and counts and logs both. No prompt text is logged.
struct EdgeMiddleware: RouterMiddleware {
  typealias Context = ServerContext
  let metrics: ServerMetrics

  @concurrent func handle(
    _ request: Request, context: ServerContext, next: @concurrent (Request, ServerContext) async throws -> Response
  ) async throws -> Response {
    let start = ContinuousClock.now
    var response: Response
    do {
      response = try await next(request, context)
    } catch is CancellationError {
      throw CancellationError()
    } catch {
      let allowed = (error as? HTTPError)?.headers[.allow]
      let error = APIError(http: error)
      if error.kind == .internal { context.logger.error("request failed", metadata: ["error": "\(error.message)"]) }
      response = error.response(APIStyle(path: request.uri.path), requestID: context.requestID)
      response.headers[.allow] = allowed
      if leavesBody(request, context, error) {
        response.headers[.connection] = "close"
        response.body = response.body.closing(context.channel)
      }
    }
    response.headers[.requestID] = context.requestID
    let route = context.endpointPath ?? "none"
    metrics.answered(route: route, status: response.status.code)
    context.logger.info(
      "\(request.method) \(route) \(response.status.code)",
      metadata: [
        "request": "\(context.requestID)",
        "ms": "\(Int(start.duration(to: .now).seconds * 1000))",
      ])
    return response
  }

  /// Whether so much of the body may be on its way still that reading it only to get at a next request is not worth it.
  private func leavesBody(_ request: Request, _ context: ServerContext, _ error: APIError) -> Bool {
    if context.body.isRead { return false }
    let length = request.headers[.contentLength].flatMap(Int.init)
    return request.headers[.transferEncoding] != nil || length ?? 0 > 1 << 16 || error.kind == .timeout
  }
}

extension ResponseBody {
  /// The body, after which the connection is closed: a moment later, or the client might not get to read it.
  fileprivate func closing(_ channel: any Channel) -> ResponseBody {
    ResponseBody(contentLength: contentLength) { writer in
      try await write(writer)
      _ = channel.eventLoop.scheduleTask(in: .milliseconds(500)) { channel.close(promise: nil) }
    }
  }
}

extension HTTPField.Name {
  /// The identifier of a request, as OpenAI's and Anthropic's clients read it.
  static var receipt: HTTPField.Name { HTTPField.Name("stoa-receipt") ?? .eTag }
  static var requestID: HTTPField.Name { HTTPField.Name("x-request-id") ?? .eTag }
  /// The pack of rails that a request and its answer passed.
  static var guardrails: HTTPField.Name { HTTPField.Name("AI-Guardrails") ?? .eTag }
}
