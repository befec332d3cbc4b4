import Foundation
import Logging
import NIOSSL
import StoaEngine
import StoaServer
import StoaTrust

/// What `stoa serve` is to do, checked as far as can be without opening models and the ledger.
struct ServePlan {
  /// The options of the server but for models and prices, which come from files.
  var options = ServerOptions()
  /// The models to offer; empty for the library and the bundled one.
  var offers: [ModelOffer] = []
  /// The ledger's file; nil for the usual one.
  var ledger: String?
  var prices: String?
  /// The private key that signs receipts; nil for no receipts.
  var receiptKey: String?
  /// What is done about models that are not as demanded; nil for what the trust store says.
  var trustPolicy: TrustMode?
  /// The trust store; nil for the usual one.
  var trust: String?
  /// The pack of rails that requests and answers pass; nil for none.
  var rails: String?
  /// The file of alert rules; nil for none.
  var alerts: String?
  /// Whether all answers have receipts, and whether those hold tokens.
  var receipts = (areForAll: false, showTokens: false)

  init(_ settings: ServeSettings) throws(CommandFailure) {
    if let host = try settings.text(.host) {
      try Self.checkHost(host, settings)
      options.host = host
    }
    options.port = try settings.whole(.port) ?? options.port
    offers = (try settings.list(.models) ?? []).compactMap { ModelOffer($0) }
    options.isOpen = try !(settings.isOn(.auth) ?? true) || options.isLoopback
    options.tls = try Self.security(settings)
    options.corsOrigins = try settings.list(.cors) ?? []
    options.engine.contextLength = try settings.whole(.context)
    options.engine.threads = try settings.whole(.threads)
    options.engine.cacheType = try settings.text(.cacheType).flatMap { CacheTypeName(rawValue: $0)?.type }
    options.engine.scheduler.maxRunning = try settings.whole(.parallel) ?? options.engine.scheduler.maxRunning
    options.engine.scheduler.maxWaiting = try settings.whole(.queue) ?? options.engine.scheduler.maxWaiting
    options.engine.scheduler.cacheBytes = try settings.whole(.kvMemory).map { $0 << 20 }
    options.engine.memoryBytes = try settings.whole(.modelMemory).map { $0 << 20 }
    if let keepAlive = try settings.seconds(.keepAlive) {
      options.engine.keepAliveSeconds = keepAlive < 0 ? nil : keepAlive
    }
    options.requestSeconds = try settings.seconds(.timeout) ?? options.requestSeconds
    options.bodyBytes = try settings.whole(.maxBody).map { $0 << 20 } ?? options.bodyBytes
    options.logLevel = try settings.text(.logLevel).flatMap { Logger.Level(rawValue: $0) } ?? options.logLevel
    ledger = try settings.text(.ledger)
    prices = try settings.text(.prices)
    trustPolicy = try settings.text(.trustPolicy).flatMap { TrustMode(rawValue: $0) }
    trust = try settings.text(.trust)
    alerts = try settings.text(.alerts)
    receiptKey = try settings.text(.receiptKey)
    rails = try settings.text(.rails)
    receipts.areForAll = try settings.text(.receipts) == "all"
    if receipts.areForAll, receiptKey == nil {
      throw .usage("\(settings.place(of: .receipts)) needs a key", advice: "give --receipt-key FILE too")
    }
    receipts.showTokens = try settings.isOn(.receiptTokens) ?? false
  }

  /// `STOA_HOST` also tells `stoa ps` where a server is, in forms that nothing can listen at.
  private static func checkHost(_ host: String, _ settings: ServeSettings) throws(CommandFailure) {
    guard host.contains("/") || host.split(separator: ":", omittingEmptySubsequences: false).count == 2 else { return }
    throw .usage(
      "\(settings.place(of: .host)) must be an address to listen at, without scheme and port, but is \(host)",
      advice: "give the address alone, as in --host 127.0.0.1, and the port by --port")
  }

  private static func security(
    _ settings: ServeSettings
  ) throws(CommandFailure) -> (certificate: String, key: String)? {
    let certificate = try file(.tlsCert, settings, "certificate") { try !NIOSSLCertificate.fromPEMFile($0).isEmpty }
    let key = try file(.tlsKey, settings, "private key") {
      _ = try NIOSSLPrivateKey(file: $0, format: .pem)
      return true
    }
    if certificate == nil, key == nil { return nil }
    guard let certificate, let key else {
      let missing: ServeKey = key == nil ? .tlsKey : .tlsCert
      throw .usage("tls_cert and tls_key go together", advice: "give \(missing.flag) FILE too")
    }
    return (certificate, key)
  }

  private static func file(
    _ key: ServeKey, _ settings: ServeSettings, _ content: String, _ holds: (String) throws -> Bool
  ) throws(CommandFailure) -> String? {
    guard let path = try settings.text(key) else { return nil }
    guard FileManager.default.isReadableFile(atPath: path) else {
      throw .usage(
        "\(settings.place(of: key)): \(path) cannot be read", advice: "check the path and who may read the file")
    }
    guard (try? holds(path)) == true else {
      throw .usage(
        "\(settings.place(of: key)): \(path) holds no \(content) in the format PEM",
        advice: "PEM files have a line -----BEGIN …-----")
    }
    return path
  }
}
