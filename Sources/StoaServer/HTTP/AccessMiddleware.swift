import HTTPTypes
import Hummingbird

/// Decides who may call what.
protocol AccessControl: Sendable {
  /// The caller of a secret; throws when it is missing, wrong, revoked, or not for this.
  func caller(secret: String?, scope: AccessScope) async throws(APIError) -> Caller
}

/// What a key may be for.
enum AccessScope: String, Sendable {
  case inference
  case admin
  case metrics
}

/// Finds out who asks, and keeps pages of other sites from using a server that needs no key.
struct AccessMiddleware: RouterMiddleware {
  typealias Context = ServerContext
  let access: any AccessControl
  /// Whether only this machine can reach the server.
  let isLoopback: Bool
  /// Origins whose pages may call; `*` for all.
  let origins: [String]

  @concurrent func handle(
    _ request: Request, context: ServerContext, next: @concurrent (Request, ServerContext) async throws -> Response
  ) async throws -> Response {
    let origin = request.headers[.origin]
    if request.method == .options, let origin, allows(origin) {
      return Response(status: .noContent, headers: corsHeaders(origin, request))
    }
    try check(request, origin)
    var context = context
    if let scope = Self.scope(of: request) {
      context.caller = try await access.caller(secret: Self.secret(request.headers), scope: scope)
    }
    var response = try await next(request, context)
    if let origin, allows(origin) { response.headers.append(contentsOf: corsHeaders(origin, request)) }
    return response
  }

  /// Nil for what everybody may see.
  private static func scope(of request: Request) -> AccessScope? {
    switch request.uri.path {
    case "/", "/livez", "/readyz", "/health", "/openapi.json", "/api/version": nil
    case "/metrics", "/v1/monitor", "/v1/monitor/events", "/v1/monitor/incidents": .metrics
    case "/api/pull", "/api/delete", "/api/copy", "/api/create", "/api/push": .admin
    default: .inference
    }
  }

  /// Source: RFC 6750 for `Authorization`; Anthropic's API reference for `x-api-key`; Azure's for `api-key`.
  private static func secret(_ headers: HTTPFields) -> String? {
    if let value = headers[.authorization], value.lowercased().hasPrefix("bearer ") {
      return String(value.dropFirst("bearer ".count)).trimmingSpaces()
    }
    for name in ["x-api-key", "api-key"] {
      if let name = HTTPField.Name(name), let value = headers[name] { return value.trimmingSpaces() }
    }
    return nil
  }

  // MARK: Pages of other sites

  /// A page on the internet can make its reader's browser call this machine. It says so in `Origin`; and a name that was
  /// pointed at this machine stands in `Host`.
  private func check(_ request: Request, _ origin: String?) throws(APIError) {
    let host = request.head.authority ?? ""
    if let origin, !allows(origin), Self.host(ofOrigin: origin) != host {
      throw APIError(.forbidden, "pages of \(origin.prefix(100)) may not call this server; allow them with --cors")
    }
    guard isLoopback else { return }
    let name = Self.name(ofHost: host)
    let isLocal =
      ["", "localhost", "127.0.0.1", "[::1]"].contains(name) || name.hasSuffix(".localhost")
      || name.hasPrefix("127.")
    if !isLocal { throw APIError(.forbidden, "this server answers to localhost, not to \(name.prefix(100))") }
  }

  private func allows(_ origin: String) -> Bool { origins.contains("*") || origins.contains(origin) }

  private func corsHeaders(_ origin: String, _ request: Request) -> HTTPFields {
    var headers: HTTPFields = [
      .accessControlAllowOrigin: origins.contains("*") ? "*" : origin,
      .accessControlAllowMethods: "GET, POST, DELETE, OPTIONS", .vary: "Origin",
    ]
    headers[.accessControlAllowHeaders] =
      request.headers[.accessControlRequestHeaders] ?? "authorization, content-type, x-api-key"
    return headers
  }

  private static func host(ofOrigin origin: String) -> String {
    origin.split(separator: "/", omittingEmptySubsequences: true).dropFirst().first.map(String.init) ?? origin
  }

  private static func name(ofHost host: String) -> String {
    if host.hasPrefix("["), let end = host.firstIndex(of: "]") { return String(host[...end]) }
    return host.split(separator: ":").first.map(String.init) ?? ""
  }
}

extension String {
  fileprivate func trimmingSpaces() -> String {
    String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
