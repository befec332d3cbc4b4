import ArgumentParser
import Configuration
import Logging

/// The options of `stoa serve` that the environment and the configuration file can give too.
struct ServeFlags: ParsableArguments {
  @Option(
    name: .customLong("model"), parsing: .singleValue,
    help: ArgumentHelp("Offer the model at PATH under NAME; may be given several times.", valueName: "name=path"))
  var named: [String] = []

  @Option(help: ArgumentHelp("The address to listen at (default: 127.0.0.1).", valueName: "h")) var host: String?
  @Option(help: ArgumentHelp("The port to listen at; 0 for any that is free (default: 11500).", valueName: "p"))
  var port: Int?
  @Flag(help: "Let everybody in who can reach the address.") var noAuth = false
  @Option(help: ArgumentHelp("Serve HTTPS with this certificate chain (PEM).", valueName: "file"), completion: .file())
  var tlsCert: String?
  @Option(help: ArgumentHelp("The private key of the certificate (PEM).", valueName: "file"), completion: .file())
  var tlsKey: String?
  @Option(
    parsing: .singleValue, help: ArgumentHelp("Pages of this origin may call; * for all.", valueName: "origin"))
  var cors: [String] = []
  @Option(help: ArgumentHelp("Positions of context to reserve (default: each model's own).", valueName: "n"))
  var context: Int?
  @Option(help: ArgumentHelp("Threads to compute with (default: the cores this process may use).", valueName: "n"))
  var threads: Int?
  @Option(help: ArgumentHelp("The type of cached keys and values.", valueName: "type")) var cacheType: CacheTypeName?
  @Option(help: ArgumentHelp("Requests to one model that are answered at once (default: 64).", valueName: "n"))
  var parallel: Int?
  @Option(help: ArgumentHelp("Requests to one model that may wait for their turn (default: 1000).", valueName: "n"))
  var queue: Int?
  @Option(
    help: ArgumentHelp(
      "Megabytes for the keys and values of one model (default: a quarter of the memory).", valueName: "mb"))
  var kvMemory: Int?
  @Option(
    help: ArgumentHelp("Megabytes of models to hold at once (default: three quarters of the memory).", valueName: "mb"))
  var modelMemory: Int?
  @Option(
    help: ArgumentHelp(
      "Seconds that a model stays loaded when nobody uses it; -1 for ever (default: 300).", valueName: "s"))
  var keepAlive: Double?
  @Option(help: ArgumentHelp("Seconds after which a request is given up (default: 600).", valueName: "s"))
  var timeout: Double?
  @Option(help: ArgumentHelp("Megabytes that a request's body may have (default: 32).", valueName: "mb"))
  var maxBody: Int?
  @Option(
    help: ArgumentHelp("What is logged to standard error: \(Self.levels) (default: warning).", valueName: "level"))
  var logLevel: String?
  @Option(
    help: ArgumentHelp("Where usage and keys are kept (default: ledger.sqlite in $STOA_HOME).", valueName: "file"),
    completion: .file())
  var ledger: String?
  @Option(
    help: ArgumentHelp(
      "What answers cost, and what they would cost elsewhere (YAML; see docs/LEDGER.md).", valueName: "file"),
    completion: .file())
  var prices: String?

  @Option(
    help: ArgumentHelp(
      "Sign receipts of answers with this private key (PEM); see docs/RECEIPTS.md.", valueName: "file"),
    completion: .file())
  var receiptKey: String?
  @Option(help: ArgumentHelp("Give receipts when asked, or for all answers (default: asked).", valueName: "which"))
  var receipts: String?
  @Flag(help: "Receipts hold the tokens of prompt and answer, and not salted hashes of them.") var receiptTokens = false

  @Option(
    help: ArgumentHelp("Tell somebody by the rules of this file (YAML); see docs/MONITORING.md.", valueName: "file"),
    completion: .file())
  var alerts: String?

  @OptionGroup var trust: TrustPolicyOptions
  @OptionGroup var rails: RailsOption

  private static var levels: String { Logger.Level.allCases.map(\.rawValue).joined(separator: ", ") }

  func validate() throws {
    for pair in named where ModelOffer(pair)?.name == nil {
      throw ValidationError("--model must be NAME=PATH, but is \(pair)")
    }
  }

  /// What was given, by setting; models are left to the command, which has more of them.
  var values: [ServeKey: ConfigContent] {
    var values: [ServeKey: ConfigContent] = [:]
    values[.host] = host.map { .string($0) }
    values[.port] = port.map { .int($0) }
    values[.auth] = noAuth ? .bool(false) : nil
    values[.tlsCert] = tlsCert.map { .string($0) }
    values[.tlsKey] = tlsKey.map { .string($0) }
    values[.cors] = cors.isEmpty ? nil : .stringArray(cors)
    values[.context] = context.map { .int($0) }
    values[.threads] = threads.map { .int($0) }
    values[.cacheType] = cacheType.map { .string($0.rawValue) }
    values[.parallel] = parallel.map { .int($0) }
    values[.queue] = queue.map { .int($0) }
    values[.kvMemory] = kvMemory.map { .int($0) }
    values[.modelMemory] = modelMemory.map { .int($0) }
    values[.keepAlive] = keepAlive.map { .double($0) }
    values[.timeout] = timeout.map { .double($0) }
    values[.maxBody] = maxBody.map { .int($0) }
    values[.logLevel] = logLevel.map { .string($0) }
    values[.ledger] = ledger.map { .string($0) }
    values[.prices] = prices.map { .string($0) }
    values[.trustPolicy] = trust.trustPolicy.map { .string($0.rawValue) }
    values[.trust] = trust.trust.map { .string($0) }
    values[.receiptKey] = receiptKey.map { .string($0) }
    values[.receipts] = receipts.map { .string($0) }
    values[.rails] = rails.pack.map { .string($0) }
    values[.receiptTokens] = receiptTokens ? .bool(true) : nil
    values[.alerts] = alerts.map { .string($0) }
    return values
  }
}
