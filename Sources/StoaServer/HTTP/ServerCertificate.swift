import Logging
import NIOCore
import NIOSSL
import StoaHub
import Synchronization

/// The certificate and key of the server, read again when their files change, so that a renewal needs no restart.
///
/// Connections that are open keep what they began with.
final class ServerCertificate: Sendable {
  private let paths: (certificate: String, key: String)
  private let logger: Logger
  private let state: Mutex<State>

  private struct State: Sendable {
    var pair: Pair
    /// The versions of the files that were tried last.
    var versions: [String?]
  }

  private struct Pair: Sendable {
    let chain: [NIOSSLCertificateSource]
    let key: NIOSSLPrivateKeySource

    /// Throws when a file holds no PEM, or the key is not that of the certificate.
    init(_ paths: (certificate: String, key: String)) throws {
      chain = try NIOSSLCertificate.fromPEMFile(paths.certificate).map { .certificate($0) }
      key = .privateKey(try NIOSSLPrivateKey(file: paths.key, format: .pem))
      // Only making a context compares them.
      _ = try NIOSSLContext(configuration: configuration)
    }

    var configuration: TLSConfiguration { .makeServerConfiguration(certificateChain: chain, privateKey: key) }
  }

  init(_ paths: (certificate: String, key: String), logger: Logger) throws {
    self.paths = paths
    self.logger = logger
    let versions = Self.versions(paths)
    state = Mutex(State(pair: try Pair(paths), versions: versions))
  }

  /// For connections: each begins with what was read last.
  var configuration: TLSConfiguration {
    var configuration = state.withLock { $0.pair.configuration }
    configuration.sslContextCallback = { [self] _, promise in
      let pair = state.withLock { $0.pair }
      var change = NIOSSLContextConfigurationOverride()
      change.certificateChain = pair.chain
      change.privateKey = pair.key
      promise.succeed(change)
    }
    return configuration
  }

  /// Reads the files if they have changed. What cannot be used, such as one that was renewed before the other, changes
  /// nothing, and is looked at again when the files change again.
  func refresh() {
    let versions = Self.versions(paths)
    guard versions != state.withLock({ $0.versions }) else { return }
    do {
      let pair = try Pair(paths)
      state.withLock { $0 = State(pair: pair, versions: versions) }
      logger.notice("certificate read again", metadata: ["file": "\(paths.certificate)"])
    } catch {
      state.withLock { $0.versions = versions }
      logger.warning(
        "the changed certificate or key cannot be used: the old ones stay until the files change again",
        metadata: ["certificate": "\(paths.certificate)", "key": "\(paths.key)", "problem": "\(error)"])
    }
  }

  private static func versions(_ paths: (certificate: String, key: String)) -> [String?] {
    [paths.certificate, paths.key].map { fileVersion($0) }
  }
}
