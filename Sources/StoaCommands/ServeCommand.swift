import ArgumentParser
import Foundation
import NIOCore
import StoaEngine
import StoaGuard
import StoaHub
import StoaLedger
import StoaServer
import StoaTerminal
import StoaTrust

struct ServeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Answer requests over HTTP: the OpenAI, Anthropic and Ollama APIs.",
    discussion: """
      Without a MODEL it offers the library and the bundled model; each is loaded when it is first asked for.

      On a loopback address no key is needed. On any other it refuses to start without keys (stoa key create), unless \
      told --no-auth.

      Every option has an environment variable (STOA_KV_MEMORY for --kv-memory) and a setting in the configuration file \
      (kv_memory). The command line counts before the environment, and that before the file.

      Examples:
        stoa serve
        stoa serve primer --port 8080
        stoa serve --model llama=~/models/Llama-3.1-8B-Instruct-Q4_K_M.gguf
        stoa serve --upstream llama=http://127.0.0.1:8000/v1 --guard strict
        stoa serve --config /etc/stoa/stoa.yaml
      """)

  @Argument(
    help: ArgumentHelp("Models to offer, in place of the whole library.", valueName: "model"),
    completion: .custom { _, _, prefix in ModelArgument.names(startingWith: prefix) })
  var names: [String] = []

  @Option(
    help: ArgumentHelp("Read settings from this YAML file (or $STOA_CONFIG); see docs/SERVING.md.", valueName: "file"),
    completion: .file())
  var config: String?

  @OptionGroup var flags: ServeFlags

  func run() throws {
    var plan = try ServePlan(settings())
    let offers = names.map { ModelOffer(reference: $0) } + flags.named.compactMap { ModelOffer($0) }
    if !offers.isEmpty { plan.offers = offers }
    plan.options.models = try Self.models(plan.offers, besides: plan.options.upstreams)
    if let prices = plan.prices { plan.options.prices = try PriceTable(path: prices) }
    let receiptKey = try StatementKey.load(plan.receiptKey)
    let ledger = try SQLiteLedger(path: plan.ledger ?? LedgerAccess.path)
    if let receiptKey {
      plan.options.receipts = ReceiptSettings(
        key: receiptKey, areForAll: plan.receipts.areForAll, showTokens: plan.receipts.showTokens,
        version: StoaVersion.current, storage: ledger)
      plan.options.engine.rootDigest = { try SignedModel.root(of: $0) }
    }
    plan.options.engine.journal = ledger
    plan.options.engine.digest = { "sha256:" + (try SignedModel.root(of: $0).hex) }
    plan.options.engine.gate = try ModelGate.make(mode: plan.trustPolicy, store: plan.trust, fallback: .enforce)
    let packGate = try PackGate.make(mode: plan.trustPolicy, store: plan.trust, fallback: .enforce)
    plan.options.rails = try plan.rails.map {
      try loadRails(
        $0, gate: packGate,
        offered: plan.offers.compactMap { $0.name ?? (try? ModelLibrary().resolve($0.reference))?.name })
    }
    plan.options.classifier = { try? ClassifierLibrary.installed.classifier($0) }
    plan.options.alerts = try Self.alerts(plan.alerts, journal: ledger)
    let options = plan.options
    if !options.isOpen, try !Waiting.run({ try await KeyStore(storage: ledger).hasUsableKey() }) {
      throw CommandFailure(
        message: "\(options.host) can be reached by others, and there is no key",
        advice: "make one with stoa key create NAME, or pass --no-auth to let everybody in")
    }
    let scheduler = options.engine.scheduler
    if let note = DescriptorLimit.note(
      limit: DescriptorLimit.raise(), parallel: scheduler.maxRunning, queue: scheduler.maxWaiting)
    {
      Output.note(note + "\n")
    }
    let server = StoaServer(options: options, ledger: ledger)
    let (stops, stop) = AsyncStream<Void>.makeStream()
    do {
      try Interrupts.stoppable(by: { stop.finish() }) {
        try Waiting.run {
          try await server.run(until: stops) { port in Self.announce(options, port) }
        }
      }
    } catch let error as IOError {
      let problem = unsafe String(cString: strerror(error.errnoCode)).lowercased()
      throw CommandFailure(
        message: "cannot listen at \(options.host), port \(options.port): \(problem)",
        advice: "another --port or --host may be free; stoa ps says whether a server runs already")
    }
  }

  private func settings() throws -> ServeSettings {
    let environment = StoaHome.environment
    let path = config ?? environment["STOA_CONFIG"].flatMap { $0.isEmpty ? nil : $0 }
    return ServeSettings(
      flags: flags.values, environment: environment, file: try path.map { path in try ServeFile(path: path) })
  }

  private static func alerts(_ path: String?, journal: any JournalSink) throws -> AlertSettings {
    var settings = AlertSettings()
    settings.journal = journal
    let certificates = StoaHome.environment["SSL_CERT_FILE"].flatMap { $0.isEmpty ? nil : $0 }
    settings.sink = AlertDelivery(certificates: certificates)
    if let path {
      do throws(PackError) {
        settings.rules = try AlertRules(path: path, certificateStates: TrustState.allCases.map(\.rawValue))
      } catch {
        let words = error.problems.map(\.description)
        throw CommandFailure.usage(
          words.first ?? "\(path) cannot be used",
          advice: words.count > 1 ? words.dropFirst().joined(separator: "\n") : nil)
      }
    }
    return settings
  }

  private static func models(
    _ offers: [ModelOffer], besides upstreams: [Upstream]
  ) throws -> [(name: String, location: ModelLocation)] {
    let library = ModelLibrary()
    var models: [(name: String, location: ModelLocation)] = []
    for offer in offers {
      let location = try library.resolve(offer.reference)
      models.append((offer.name ?? location.name, location))
    }
    var seen: Set<String> = []
    for name in models.map(\.name) + upstreams.map(\.name) where !seen.insert(name).inserted {
      throw CommandFailure.usage(
        "two models are called \(name)", advice: "give one of them another name: --model NAME=PATH, --upstream NAME=URL"
      )
    }
    return models
  }

  private static func announce(_ options: ServerOptions, _ port: Int) {
    let width = (options.models.map(\.name.count) + options.upstreams.map(\.name.count)).max() ?? 0
    for model in options.models {
      let name = model.name.padding(toLength: width, withPad: " ", startingAt: 0)
      Output.note("\(PrintableText.line(name))   \(Format.bytes(model.location.bytes)) on disk · loads on first use\n")
    }
    for upstream in options.upstreams {
      let name = upstream.name.padding(toLength: width, withPad: " ", startingAt: 0)
      Output.note("\(PrintableText.line(name))   answered by \(PrintableText.line(upstream.base.description))\n")
    }
    let host = options.host.contains(":") ? "[\(options.host)]" : options.host
    Output.note(
      "\(options.tls == nil ? "http" : "https")://\(host):\(port)   "
        + "OpenAI /v1 · Anthropic /v1/messages · Ollama /api · console / · metrics /metrics\n")
    if let rails = options.rails { Output.note("guarded by \(rails.current.label)\n") }
    Output.note(
      options.isLoopback
        ? "open to this machine only; for others: stoa key create, then --host 0.0.0.0\n"
        : options.isOpen ? "open to everybody who can reach this address\n" : "keys are needed: stoa key list\n")
  }
}
