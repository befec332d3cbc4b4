import ArgumentParser
import Foundation
import StoaEngine
import StoaHub
import StoaLedger
import StoaServer
import StoaTensor
import StoaTerminal

struct ServeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Answer requests over HTTP: the OpenAI, Anthropic and Ollama APIs.",
    discussion: """
      Without a MODEL it offers the library and the bundled model; each is loaded when it is first asked for.
      On a loopback address no key is needed. On any other it refuses to start without keys (stoa key create),
      unless told --no-auth.

      Examples:
        stoa serve
        stoa serve primer --port 8080
        stoa serve --model llama=~/models/Llama-3.1-8B-Instruct-Q4_K_M.gguf
      """)

  @Argument(
    help: ArgumentHelp("Models to offer, in place of the whole library.", valueName: "model"),
    completion: .custom { _, _, prefix in ModelArgument.names(startingWith: prefix) })
  var names: [String] = []

  @Option(
    name: .customLong("model"), parsing: .singleValue,
    help: ArgumentHelp("Offer the model at PATH under NAME; may be given several times.", valueName: "name=path"))
  var named: [String] = []

  @Option(help: ArgumentHelp("The address to listen at.", valueName: "h")) var host = "127.0.0.1"
  @Option(help: ArgumentHelp("The port to listen at; 0 for any that is free.", valueName: "p")) var port = 11500
  @Flag(help: "Let everybody in who can reach the address.") var noAuth = false

  @OptionGroup(title: "Engine") var context: ContextOption
  @OptionGroup(title: "Engine") var threads: ThreadsOption
  @Option(help: ArgumentHelp("The type of cached keys and values.", valueName: "type")) var cacheType: CacheTypeName?
  @Option(help: ArgumentHelp("Requests to one model that are answered at once.", valueName: "n")) var parallel = 64
  @Option(help: ArgumentHelp("Requests to one model that may wait for their turn.", valueName: "n")) var queue = 1000
  @Option(
    help: ArgumentHelp(
      "Megabytes for the keys and values of one model (default: a quarter of the memory).", valueName: "mb"))
  var kvMemory: Int?
  @Option(
    help: ArgumentHelp("Megabytes of models to hold at once (default: three quarters of the memory).", valueName: "mb"))
  var modelMemory: Int?
  @Option(
    help: ArgumentHelp("Seconds that a model stays loaded when nobody uses it; -1 for ever.", valueName: "s"))
  var keepAlive = 300.0
  @Option(help: ArgumentHelp("Seconds after which a request is given up.", valueName: "s")) var timeout = 600.0

  @Option(
    help: ArgumentHelp(
      "What answers cost, and what they would cost elsewhere (YAML; see docs/LEDGER.md).", valueName: "file"),
    completion: .file())
  var prices: String?
  @Option(
    parsing: .singleValue, help: ArgumentHelp("Pages of this origin may call; * for all.", valueName: "origin"))
  var cors: [String] = []
  @Option(help: ArgumentHelp("Serve HTTPS with this certificate chain (PEM).", valueName: "file"), completion: .file())
  var tlsCert: String?
  @Option(help: ArgumentHelp("The private key of the certificate (PEM).", valueName: "file"), completion: .file())
  var tlsKey: String?

  func validate() throws {
    guard (0...65_535).contains(port) else { throw ValidationError("--port must be between 0 and 65535") }
    guard (1...4096).contains(parallel) else { throw ValidationError("--parallel must be between 1 and 4096") }
    guard queue >= 0 else { throw ValidationError("--queue must be 0 or more") }
    guard timeout > 0 else { throw ValidationError("--timeout must be more than 0") }
    guard (tlsCert == nil) == (tlsKey == nil) else { throw ValidationError("--tls-cert and --tls-key go together") }
    for pair in named where !pair.contains("=") || pair.hasPrefix("=") || pair.hasSuffix("=") {
      throw ValidationError("--model must be NAME=PATH, but is \(pair)")
    }
  }

  func run() throws {
    var options = ServerOptions()
    options.models = try models()
    options.host = host
    options.port = port
    options.engine.contextLength = context.context
    options.engine.threads = threads.threads
    options.engine.cacheType = cacheType?.type
    options.engine.scheduler.maxRunning = parallel
    options.engine.scheduler.maxWaiting = queue
    options.engine.scheduler.cacheBytes = kvMemory.map { $0 << 20 }
    options.engine.memoryBytes = modelMemory.map { $0 << 20 }
    options.engine.keepAliveSeconds = keepAlive < 0 ? nil : keepAlive
    options.requestSeconds = timeout
    options.corsOrigins = cors
    if let tlsCert, let tlsKey { options.tls = (tlsCert, tlsKey) }
    let ledger = try SQLiteLedger(path: StoaHome.standard().path + "/ledger.sqlite")
    options.isOpen = noAuth || options.isLoopback
    if !options.isOpen, try !Waiting.run({ try await KeyStore(storage: ledger).hasUsableKey() }) {
      throw CommandFailure(
        message: "\(host) can be reached by others, and there is no key",
        advice: "make one with stoa key create NAME, or pass --no-auth to let everybody in")
    }
    if let prices { options.prices = try PriceTable(path: prices) }
    let server = StoaServer(options: options, ledger: ledger)
    let offered = options.models
    let (isSecure, host, isLoopback, isOpen) = (options.tls != nil, host, options.isLoopback, options.isOpen)
    let (stops, stop) = AsyncStream<Void>.makeStream()
    try Interrupts.stoppable(by: { stop.finish() }) {
      try Waiting.run {
        try await server.run(until: stops) { port in
          Self.announce(offered, host, port, isSecure: isSecure, isLoopback: isLoopback, isOpen: isOpen)
        }
      }
    }
  }

  private func models() throws -> [(name: String, location: ModelLocation)] {
    let library = ModelLibrary()
    var models: [(name: String, location: ModelLocation)] = []
    for name in names {
      let location = try library.resolve(name)
      models.append((location.name, location))
    }
    for pair in named {
      let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
      models.append((parts[0], try library.resolve(parts[1])))
    }
    var seen: Set<String> = []
    for model in models where !seen.insert(model.name).inserted {
      throw CommandFailure.usage(
        "two models are called \(model.name)", advice: "give one of them a name: --model NAME=PATH")
    }
    return models
  }

  private static func announce(
    _ models: [(name: String, location: ModelLocation)], _ host: String, _ port: Int, isSecure: Bool, isLoopback: Bool,
    isOpen: Bool
  ) {
    let width = models.map(\.name.count).max() ?? 0
    for model in models {
      let name = model.name.padding(toLength: width, withPad: " ", startingAt: 0)
      Output.note("\(PrintableText.line(name))   \(Format.bytes(model.location.bytes)) on disk · loads on first use\n")
    }
    let address = "\(isSecure ? "https" : "http")://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    Output.note(
      "\(address)   OpenAI /v1 · Anthropic /v1/messages · Ollama /api · console / · metrics /metrics\n")
    Output.note(
      isLoopback
        ? "open to this machine only; for others: stoa key create, then --host 0.0.0.0\n"
        : isOpen ? "open to everybody who can reach this address\n" : "keys are needed: stoa key list\n")
  }
}
