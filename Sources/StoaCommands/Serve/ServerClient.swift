import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import StoaFormats

/// Asks a running server, as the commands for operators need it.
struct ServerClient: Sendable {
  let address: ServerAddress
  let key: String?
  /// A file of certificates to trust in place of the system's.
  let certificates: String?

  private static let largestAnswer = 16 << 20

  /// The JSON object at a path.
  func get(_ path: String) throws -> JSONObject { try send(.GET, path, nil) }

  /// Sends a JSON object to a path; the one that comes back.
  func post(_ path: String, _ body: JSONObject) throws -> JSONObject { try send(.POST, path, body) }

  private func send(_ method: HTTPMethod, _ path: String, _ body: JSONObject?) throws -> JSONObject {
    let (status, text) = try Waiting.run { try await exchange(method, path, body) }
    let object = try? JSONValue(parsing: text).objectValue
    guard (200..<300).contains(status) else { throw refusal(status, object) }
    guard let object else {
      throw CommandFailure(
        message: "\(address.url) answered with something that is no JSON object",
        advice: "it may not be a Stoa server: check the address")
    }
    return object
  }

  /// A client that has to be shut down.
  func client() -> HTTPClient {
    var security = TLSConfiguration.makeClientConfiguration()
    if let certificates { security.trustRoots = .file(certificates) }
    var configuration = HTTPClient.Configuration(
      tlsConfiguration: security, redirectConfiguration: .disallow,
      timeout: .init(connect: .seconds(5), read: .seconds(60)))
    configuration.httpVersion = .http1Only
    configuration.connectionPool.retryConnectionEstablishment = false
    return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }

  private func exchange(_ method: HTTPMethod, _ path: String, _ body: JSONObject?) async throws -> (UInt, String) {
    let client = client()
    let result: Result<(UInt, String), any Error>
    do {
      let response = try await client.execute(request(method, path, body), timeout: .seconds(120))
      let bytes = try await response.body.collect(upTo: Self.largestAnswer)
      result = .success((response.status.code, String(buffer: bytes)))
    } catch {
      result = .failure(failure(error))
    }
    try? await client.shutdown()
    return try result.get()
  }

  func request(_ method: HTTPMethod, _ path: String, _ body: JSONObject?) -> HTTPClientRequest {
    var request = HTTPClientRequest(url: address.url + path)
    request.method = method
    if let key { request.headers.add(name: "authorization", value: "Bearer \(key)") }
    if let body {
      request.headers.add(name: "content-type", value: "application/json")
      request.body = .bytes(ByteBuffer(string: JSONValue.object(body).text()))
    }
    return request
  }

  // MARK: Failures in words

  func failure(_ error: any Error) -> CommandFailure {
    // Names that cannot be reached give one error, addresses another.
    if error is NIOConnectionError || error is IOError || error as? HTTPClientError == .connectTimeout {
      return CommandFailure(
        message: "no server answers at \(address.url)",
        advice: "start one with stoa serve, or name another with --server URL")
    }
    if error is NIOSSLError {
      return CommandFailure(
        message: "no secure connection to \(address.url): its certificate is not trusted, or it does not speak https",
        advice: "SSL_CERT_FILE names a file of certificates to trust")
    }
    return CommandFailure(
      message: "the server at \(address.url) did not answer: \(String("\(error)".prefix(200)))",
      advice: "look at its log, and whether the address is right: http or https, host and port")
  }

  func refusal(_ status: UInt, _ object: JSONObject?) -> CommandFailure {
    // Ollama's API has a text there, the others an object.
    let error = object?["error"]
    let reason = error?.stringValue ?? error?["message"]?.stringValue
    switch status {
    case 401:
      return CommandFailure(
        message: "\(address.url) wants a key\(key == nil ? "" : ", and not this one")",
        advice: "put a key of that server into STOA_API_KEY")
    default:
      return CommandFailure(message: reason ?? "\(address.url) answered with the status \(status)")
    }
  }
}
