import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The network by AsyncHTTPClient; the only file that knows of it.
package final class AsyncHTTPTransport: HubTransport {
  private let settings: HubSettings
  private let security: TLSConfiguration
  /// A client has one proxy, so there is one for each that is needed.
  private let clients = Mutex<[ProxySettings.Server?: HTTPClient]>([:])

  private init(settings: HubSettings) throws(RemoteError) {
    self.settings = settings
    var security = TLSConfiguration.makeClientConfiguration()
    if let file = settings.certificateFile {
      guard let certificates = try? NIOSSLCertificate.fromPEMFile(file), !certificates.isEmpty else {
        throw .badSetting(name: "SSL_CERT_FILE", problem: "\(file) has no certificates in the format PEM")
      }
      security.trustRoots = .certificates(certificates)
    }
    self.security = security
  }

  /// Runs `work` with a transport whose connections are closed afterwards.
  package static func with<Value>(
    _ settings: HubSettings, _ work: (AsyncHTTPTransport) async throws(RemoteError) -> Value
  ) async throws(RemoteError) -> Value {
    let transport = try AsyncHTTPTransport(settings: settings)
    do {
      let value = try await work(transport)
      await transport.shutDown()
      return value
    } catch {
      await transport.shutDown()
      throw error
    }
  }

  private func shutDown() async {
    let open = clients.withLock { clients in
      defer { clients = [:] }
      return Array(clients.values)
    }
    for client in open { try? await client.shutdown() }
  }

  package func send(_ request: HubRequest, to receiver: some HubReceiver) async throws(RemoteError) {
    let host = request.url.host
    do {
      try await exchange(request, receiver)
    } catch let error as RemoteError {
      throw error
    } catch {
      throw failure(error, host)
    }
  }

  private func exchange(_ request: HubRequest, _ receiver: some HubReceiver) async throws {
    var message = HTTPClientRequest(url: request.url.description)
    message.method = HTTPMethod(rawValue: request.method.rawValue)
    for field in request.headers.fields { message.headers.add(name: field.name, value: field.value) }
    // Deadlines are for connecting and for silence; how long a download takes is nobody's business.
    let response = try await client(for: request.url).execute(message, deadline: .distantFuture)
    var headers = HubHeaders()
    for (name, value) in response.headers { headers.add(name, value) }
    guard try receiver.begin(HubHead(status: Int(response.status.code), headers: headers)),
      request.method != .head
    else { return }
    for try await buffer in response.body {
      try unsafe buffer.withUnsafeReadableBytes { bytes in
        try unsafe receiver.receive(RawSpan(_unsafeBytes: bytes))
      }
    }
  }

  private func client(for url: HubURL) -> HTTPClient {
    let proxy = settings.proxies.server(for: url)
    return clients.withLock { clients in
      if let client = clients[proxy] { return client }
      var configuration = HTTPClient.Configuration(
        tlsConfiguration: security, redirectConfiguration: .disallow,
        timeout: .init(
          connect: .seconds(Int64(settings.connectSeconds)), read: .seconds(Int64(settings.stallSeconds))),
        proxy: proxy.map(Self.proxy), decompression: .disabled)
      // One request a connection at a time: that is what several connections are for.
      configuration.httpVersion = .http1Only
      configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 32
      // Attempts are counted in one place, and that is not here.
      configuration.connectionPool.retryConnectionEstablishment = false
      let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
      clients[proxy] = client
      return client
    }
  }

  private static func proxy(_ server: ProxySettings.Server) -> HTTPClient.Configuration.Proxy {
    switch server.kind {
    case .socks5: return .socksServer(host: server.host, port: server.port)
    case .http:
      guard let user = server.user else { return .server(host: server.host, port: server.port) }
      return .server(
        host: server.host, port: server.port,
        authorization: .basic(username: user, password: server.password ?? ""))
    }
  }

  package func addresses(of url: HubURL) async throws(RemoteError) -> [IPAddress] {
    // A proxy looks names up in its own network.
    if settings.proxies.server(for: url) != nil { return [] }
    let host = url.host
    do {
      return try await NIOThreadPool.singleton.runIfActive { try Self.lookUp(host) }
    } catch {
      throw .network(host: host, problem: "the name is not known")
    }
  }

  private struct UnknownName: Error {}

  private static func lookUp(_ host: String) throws -> [IPAddress] {
    var hints = unsafe addrinfo()
    unsafe hints.ai_family = AF_UNSPEC
    #if canImport(Glibc)
      unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    #else
      unsafe hints.ai_socktype = SOCK_STREAM
    #endif
    var list: UnsafeMutablePointer<addrinfo>?
    guard unsafe getaddrinfo(host, nil, &hints, &list) == 0, let first = unsafe list else { throw UnknownName() }
    defer { unsafe freeaddrinfo(first) }
    var addresses: [IPAddress] = []
    var entry: UnsafeMutablePointer<addrinfo>? = unsafe first
    while let current = unsafe entry {
      var text = [CChar](repeating: 0, count: 64)
      let status = unsafe getnameinfo(
        current.pointee.ai_addr, current.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
      let name = String(decoding: text.prefix { $0 != 0 && $0 != 0x25 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      if status == 0, let address = IPAddress(name) { addresses.append(address) }
      unsafe entry = current.pointee.ai_next
    }
    guard !addresses.isEmpty else { throw UnknownName() }
    return addresses
  }

  // MARK: Failures in words

  private func failure(_ error: any Error, _ host: String) -> RemoteError {
    if error is CancellationError { return .local(.cancelled) }
    switch error as? HTTPClientError {
    case .cancelled?: return .local(.cancelled)
    case .readTimeout?: return .stalled(host: host, seconds: settings.stallSeconds)
    case .connectTimeout?, .getConnectionFromPoolTimeout?:
      return .network(host: host, problem: "no connection within \(settings.connectSeconds) s")
    case .remoteConnectionClosed?: return .network(host: host, problem: "the connection broke off")
    case .tlsHandshakeTimeout?:
      return .network(host: host, problem: "no secure connection within \(settings.connectSeconds) s")
    default: break
    }
    if let error = error as? NIOConnectionError {
      let problem = error.connectionErrors.first.map { Self.words($0.error) }
      let isUnknown = error.dnsAError != nil || error.dnsAAAAError != nil
      return .network(host: host, problem: problem ?? (isUnknown ? "the name is not known" : "cannot connect"))
    }
    return .network(host: host, problem: Self.words(error))
  }

  private static func words(_ error: any Error) -> String {
    if let error = error as? IOError {
      return unsafe strerror(error.errnoCode).map { unsafe String(cString: $0).lowercased() } ?? "cannot connect"
    }
    // The texts of these libraries are for programmers, but they name the cause: a certificate, a broken header.
    return String("\(error)".prefix(200))
  }
}
