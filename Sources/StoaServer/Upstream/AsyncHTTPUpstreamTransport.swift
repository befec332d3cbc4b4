import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import StoaHub
import Synchronization

/// Other servers by AsyncHTTPClient; the only file of this module that knows of it.
final class AsyncHTTPUpstreamTransport: UpstreamTransport {
  private let environment: [String: String]
  /// Made when they are first needed.
  private let clients = Mutex<HTTPClients?>(nil)

  /// - Parameter environment: Where proxies and trusted certificates are named, as `stoa pull` reads them.
  init(environment: [String: String] = StoaHome.environment) { self.environment = environment }

  func shutDown() async {
    let open = clients.withLock { clients in
      defer { clients = nil }
      return clients
    }
    await open?.shutDown()
  }

  private func openClients() throws -> HTTPClients {
    try clients.withLock { clients in
      if let clients { return clients }
      let certificates = environment["SSL_CERT_FILE"].flatMap { $0.isEmpty ? nil : $0 }
      let made = try HTTPClients(
        proxies: ProxySettings(environment: environment), certificateFile: certificates,
        // Servers close connections that were idle for five seconds, and one that closes just when a request comes would
        // fail it: this end is earlier. Requests wait for their turn there, not here.
        settings: HTTPClients.Settings(
          connectSeconds: 10, silentSeconds: nil, connections: 4096, idleSeconds: 3, isDirectToLoopback: true))
      clients = made
      return made
    }
  }

  func send(_ request: UpstreamRequest) async throws -> UpstreamResponse {
    let clients: HTTPClients
    do {
      clients = try openClients()
    } catch {
      throw UpstreamFailure.notConnected("\(error)")
    }
    var message = HTTPClientRequest(url: request.url.description)
    message.method = .POST
    message.headers.add(name: "content-type", value: "application/json")
    message.headers.add(name: "accept", value: "text/event-stream, application/json")
    message.headers.add(name: "user-agent", value: "stoa")
    if let key = request.key { message.headers.add(name: "authorization", value: "Bearer \(key.secret)") }
    message.body = .bytes(ByteBuffer(bytes: request.body))
    do {
      // How long it may take is decided above.
      let response = try await clients.client(for: request.url).execute(message, deadline: .distantFuture)
      let type = (response.headers.first(name: "content-type") ?? "").prefix { $0 != ";" && $0 != " " }
      return UpstreamResponse(
        status: Int(response.status.code), type: type.lowercased(),
        retryAfterSeconds: response.headers.first(name: "retry-after").flatMap { Int($0) }
          .map { min(max($0, 0), 3600) },
        body: UpstreamBody(body: response.body, clients: clients))
    } catch {
      throw Self.failure(clients.problem(error))
    }
  }

  fileprivate static func failure(_ problem: HTTPClients.Problem) -> any Error {
    switch problem {
    case .cancelled: CancellationError()
    case .silent: UpstreamFailure.broken("it fell silent")
    case .notConnected(let problem): UpstreamFailure.notConnected(problem)
    case .broken(let problem): UpstreamFailure.broken(problem)
    }
  }
}

/// The body of a response, whose failures are told as all others.
private struct UpstreamBody: AsyncSequence, Sendable {
  let body: HTTPClientResponse.Body
  let clients: HTTPClients

  struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate var iterator: HTTPClientResponse.Body.AsyncIterator
    fileprivate let clients: HTTPClients

    @concurrent mutating func next() async throws -> [UInt8]? {
      do {
        return try await iterator.next().map { Array(buffer: $0) }
      } catch {
        throw AsyncHTTPUpstreamTransport.failure(clients.problem(error))
      }
    }
  }

  func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(iterator: body.makeAsyncIterator(), clients: clients)
  }
}
