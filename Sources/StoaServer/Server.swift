import HTTPTypes
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
package import Logging
import NIOCore
import ServiceLifecycle
package import StoaGuard
package import StoaHub
package import StoaLedger

/// What `stoa serve` is told.
package struct ServerOptions: Sendable {
  /// The models on offer by name; empty for the library and the bundled model.
  package var models: [(name: String, location: ModelLocation)] = []
  package var host = "127.0.0.1"
  package var port = 11500
  package var engine = EngineSettings()
  /// Origins of pages that may call; `*` for all.
  package var corsOrigins: [String] = []
  /// PEM files for TLS; nil for plain HTTP.
  package var tls: (certificate: String, key: String)?
  /// The largest body of a request, in bytes.
  package var bodyBytes = 32 << 20
  /// Seconds after which a request is given up.
  package var requestSeconds = 600.0
  /// Whether those without a key are let in.
  package var isOpen = true
  package var prices = PriceTable.none
  package var logLevel = Logger.Level.warning
  /// How receipts of answers are given; nil for none.
  package var receipts: ReceiptSettings?
  /// The rails that requests and answers pass; nil for none.
  package var rails: GuardPolicy?
  /// The models that other servers answer.
  package var upstreams: [Upstream] = []
  /// Finds a classifier for `/v1/moderations`; nil when it is not there.
  package var classifier: @Sendable (ClassifierKind) -> TextClassifier? = { _ in nil }
  /// When somebody is told that something is wrong, and whom.
  package var alerts = AlertSettings()

  package init() {}

  /// Whether only this machine can reach the server.
  package var isLoopback: Bool { ["127.0.0.1", "::1", "localhost"].contains(host) || host.hasPrefix("127.") }
}

/// Serves models over HTTP until the process is told to stop.
package struct StoaServer: Sendable {
  private let options: ServerOptions
  private let models: ModelStore
  private let handlers: Handlers
  private let metrics: ServerMetrics
  private let ledger: any LedgerStorage
  private let access: any AccessControl
  private let upstreams: Upstreams?

  package init(options: ServerOptions, ledger: any LedgerStorage, library: ModelLibrary = ModelLibrary()) {
    self.options = options
    self.ledger = ledger
    let monitor = ServerMonitor(rules: options.alerts.rules, isJournalled: options.alerts.journal != nil)
    metrics = ServerMetrics(monitor: monitor)
    let account = LedgerAccount(ledger: ledger, prices: options.prices, isOpen: options.isOpen)
    // Who puts this server before others names the models that it has itself.
    models = ModelStore(
      offer: options.models.isEmpty && options.upstreams.isEmpty ? .library : .fixed(options.models), library: library,
      settings: options.engine, elsewhere: options.upstreams.map(\.name), changed: monitor.changed)
    upstreams =
      options.upstreams.isEmpty ? nil : Upstreams(options.upstreams, transport: AsyncHTTPUpstreamTransport())
    let judge = ServerGuardJudge(models: models, timeout: options.requestSeconds)
    let answerer = Answerer(
      models: models, account: account, metrics: metrics, timeout: options.requestSeconds, receipts: options.receipts,
      guarding: options.rails.map { Guarding(policy: $0, observer: monitor, judge: judge) }, upstreams: upstreams)
    handlers = Handlers(
      answerer: answerer, limits: RequestLimits(bodyBytes: options.bodyBytes), responses: StoredResponses(),
      library: LibraryOperations(models: models, library: library, answerer: answerer),
      moderator: Moderator(policy: options.rails, judge: judge, find: options.classifier))
    access = account
  }

  /// Answers requests until `stops` ends; those that have begun are finished first.
  ///
  /// - Parameter started: Called with the port once requests are taken.
  package func run(until stops: AsyncStream<Void>, started: @escaping @Sendable (Int) -> Void) async throws {
    let readiness = Readiness()
    var logger = Logger(label: "stoa", factory: { StreamLogHandler.standardError(label: $0) })
    logger.logLevel = options.logLevel
    let certificate = try options.tls.map { try ServerCertificate($0, logger: logger) }
    var application = Application(
      router: router(readiness), server: try serverBuilder(certificate),
      configuration: ApplicationConfiguration(address: .hostname(options.host, port: options.port), backlog: 4096),
      onServerRunning: { channel in
        readiness.set(true)
        started(channel.localAddress?.port ?? options.port)
      }, logger: logger)
    let heads = options.receipts.map { JournalHeads(storage: $0.storage, key: $0.key, logger: logger) }
    application.addServices(
      Housekeeping(
        models: models, readiness: readiness, certificate: certificate, rails: options.rails, heads: heads,
        logger: logger))
    application.addServices(
      MonitorService(monitor: metrics.monitor, models: models, settings: options.alerts, logger: logger))
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: [
          .init(service: application),
          .init(service: StopService(stops: stops), successTerminationBehavior: .gracefullyShutdownGroup),
        ], logger: logger))
    try await group.run()
    await models.shutDown()
    await upstreams?.transport.shutDown()
    await heads?.sign()
    try await ledger.close()
  }

  /// All routes behind access control.
  func router(_ readiness: Readiness) -> Router<ServerContext> {
    let router = Router(context: ServerContext.self, options: .autoGenerateHeadEndpoints)
    router.add(middleware: TracingMiddleware())
    router.add(middleware: EdgeMiddleware(metrics: metrics))
    router.add(
      middleware: AccessMiddleware(access: access, isLoopback: options.isLoopback, origins: options.corsOrigins))
    handlers.addOpenAIRoutes(to: router)
    handlers.addAnthropicRoutes(to: router)
    handlers.addOllamaRoutes(to: router)
    handlers.addReceiptRoutes(to: router)
    handlers.addGuardRoutes(to: router)
    handlers.addMonitorRoutes(to: router)
    handlers.addOperationRoutes(to: router, readiness: readiness)
    router.refuseOtherMethods()
    return router
  }

  private func serverBuilder(_ certificate: ServerCertificate?) throws -> HTTPServerBuilder {
    let http = HTTPServerBuilder.http1(
      configuration: HTTP1Channel.Configuration(
        additionalChannelHandlers: [ClientWatch()], idleTimeout: .seconds(120)))
    guard let certificate else { return http }
    return try .tls(http, tlsConfiguration: certificate.configuration)
  }
}
