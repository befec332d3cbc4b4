package import AsyncHTTPClient
import Foundation
import NIOCore
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

/// Clients of AsyncHTTPClient with the proxies and certificates of the environment: a client has one proxy, so there is
/// one for each that is needed.
package final class HTTPClients: Sendable {
  /// How connections are made and kept.
  package struct Settings: Sendable {
    /// How long making a connection may take.
    package var connectSeconds: Int
    /// How long a server may be silent; nil for ever.
    package var silentSeconds: Int?
    /// Connections to one server that may be open at once.
    package var connections: Int
    /// How long one that is not used stays open; nil for the usual time.
    package var idleSeconds: Int?
    /// Whether a proxy is left out on the way to this machine itself, where it would mean its own.
    package var isDirectToLoopback: Bool

    package init(
      connectSeconds: Int, silentSeconds: Int?, connections: Int, idleSeconds: Int? = nil,
      isDirectToLoopback: Bool = false
    ) {
      self.connectSeconds = connectSeconds
      self.silentSeconds = silentSeconds
      self.connections = connections
      self.idleSeconds = idleSeconds
      self.isDirectToLoopback = isDirectToLoopback
    }
  }

  private let proxies: ProxySettings
  private let settings: Settings
  private let security: TLSConfiguration
  private let clients = Mutex<[ProxySettings.Server?: HTTPClient]>([:])

  /// - Parameter certificateFile: Certificates that are trusted in place of the system's; nil for those.
  package init(proxies: ProxySettings, certificateFile: String?, settings: Settings) throws(RemoteError) {
    self.proxies = proxies
    self.settings = settings
    var security = TLSConfiguration.makeClientConfiguration()
    if let certificateFile {
      guard let certificates = try? NIOSSLCertificate.fromPEMFile(certificateFile), !certificates.isEmpty else {
        throw .badSetting(name: "SSL_CERT_FILE", problem: "\(certificateFile) has no certificates in the format PEM")
      }
      security.trustRoots = .certificates(certificates)
    }
    self.security = security
  }

  /// Closes all connections.
  package func shutDown() async {
    let open = clients.withLock { clients in
      defer { clients = [:] }
      return Array(clients.values)
    }
    for client in open { try? await client.shutdown() }
  }

  /// The client that reaches an address.
  package func client(for url: HubURL) -> HTTPClient {
    let isDirect = settings.isDirectToLoopback && reach(ofHost: url.host) == .loopback
    let proxy = isDirect ? nil : proxies.server(for: url)
    return clients.withLock { clients in
      if let client = clients[proxy] { return client }
      var configuration = HTTPClient.Configuration(
        tlsConfiguration: security, redirectConfiguration: .disallow,
        timeout: .init(
          connect: .seconds(Int64(settings.connectSeconds)),
          read: settings.silentSeconds.map { .seconds(Int64($0)) }),
        proxy: proxy.map(Self.proxy), decompression: .disabled)
      // One request a connection at a time: that is what several connections are for, and closing one ends its request.
      configuration.httpVersion = .http1Only
      configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = settings.connections
      if let seconds = settings.idleSeconds { configuration.connectionPool.idleTimeout = .seconds(Int64(seconds)) }
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

  // MARK: Failures in words

  /// Why an exchange failed.
  package enum Problem: Error, Sendable, Equatable {
    case cancelled
    /// The server was silent for too long.
    case silent
    /// No connection was made, so nothing was sent.
    case notConnected(String)
    case broken(String)
  }

  /// What an error of these clients means.
  package func problem(_ error: any Error) -> Problem {
    if error is CancellationError { return .cancelled }
    if let error = error as? HTTPClientError {
      switch error {
      case .cancelled: return .cancelled
      case .readTimeout: return .silent
      case .connectTimeout, .getConnectionFromPoolTimeout:
        return .notConnected("no connection within \(settings.connectSeconds) s")
      case .tlsHandshakeTimeout: return .notConnected("no secure connection within \(settings.connectSeconds) s")
      case .remoteConnectionClosed: return .broken("the connection broke off")
      default: return .broken(Self.words(error))
      }
    }
    switch error {
    case let error as NIOConnectionError:
      let problem = error.connectionErrors.first.map { Self.words($0.error) }
      let isUnknown = error.dnsAError != nil || error.dnsAAAAError != nil
      return .notConnected(problem ?? (isUnknown ? "the name is not known" : "cannot connect"))
    case let error as IOError where [ECONNREFUSED, EHOSTUNREACH, ENETUNREACH].contains(error.errnoCode):
      return .notConnected(Self.words(error))
    case NIOSSLError.handshakeFailed, is NIOSSLExtraError: return .notConnected(Self.words(error))
    default: return .broken(Self.words(error))
    }
  }

  private static func words(_ error: any Error) -> String {
    if let error = error as? IOError {
      return unsafe strerror(error.errnoCode).map { unsafe String(cString: $0).lowercased() } ?? "cannot connect"
    }
    // The texts of these libraries are for programmers, but they name the cause: a certificate, a broken header.
    return String("\(error)".prefix(200))
  }
}
