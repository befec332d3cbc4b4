import ArgumentParser
import Foundation
import StoaFormats
import StoaHub
import StoaServer
import StoaTerminal
import StoaTrust

/// What is done about models that nobody vouches for, by its name.
enum TrustModeName: String, CaseIterable, ExpressibleByArgument {
  case off, warn, enforce

  var mode: TrustMode {
    switch self {
    case .off: .off
    case .warn: .warn
    case .enforce: .enforce
    }
  }
}

/// `--trust-policy` and `--trust`.
struct TrustPolicyOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What is done about a model that is not as its signature or the trust store demands: off, warn or enforce (default: warn; a server with a trust store enforces).",
      valueName: "policy"))
  var trustPolicy: TrustModeName?
  @Option(
    help: ArgumentHelp("The trust store (default: trust.yaml in STOA_HOME, if it is there).", valueName: "file"),
    completion: .file(extensions: ["yaml", "yml"]))
  var trust: String?

  /// What decides before a model is loaded; nil when nothing does.
  func gate() throws -> ModelGate? { try ModelGate.make(mode: trustPolicy?.mode, store: trust, fallback: .warn) }

  /// What decides before a pack of rails is used; nil when nothing does.
  func packGate() throws -> PackGate? { try PackGate.make(mode: trustPolicy?.mode, store: trust, fallback: .warn) }
}

extension TrustStore {
  /// The store that commands judge by; nil when nothing is judged.
  ///
  /// - Parameters:
  ///   - mode: What the user wants; nil for what the store says.
  ///   - path: The store's file; nil for the usual one, if there is one.
  static func chosen(mode: TrustMode?, path: String?) throws -> TrustStore? {
    guard mode != .off else { return nil }
    let usual = ModelLibrary().home.trust
    var store: TrustStore
    if let path = path ?? (exists(usual) ? usual : nil) {
      store = try TrustStore(path: path)
    } else {
      // Nobody is trusted: what is signed must be as it was signed, and unsigned models are what most models are.
      store = TrustStore(keys: [], roots: [])
      store.required = mode == .enforce ? .signed : .unsigned
      store.mode = mode ?? .warn
    }
    store.mode = mode ?? store.mode
    return store
  }
}

extension PackGate {
  /// A gate by a trust store, as for models.
  static func make(mode: TrustMode?, store path: String?, fallback: TrustMode) throws -> PackGate? {
    try TrustStore.chosen(mode: mode, path: path).map {
      PackGate(store: $0, fallback: fallback, isCancelled: { Interrupts.requested })
    }
  }
}

extension ModelGate {
  /// A gate by a trust store.
  ///
  /// - Parameters:
  ///   - mode: What the user wants; nil for what the store says.
  ///   - store: The store's file; nil for the usual one, if there is one.
  ///   - fallback: The mode when neither says one and there is a store.
  static func make(mode: TrustMode?, store path: String?, fallback: TrustMode) throws -> ModelGate? {
    guard let store = try TrustStore.chosen(mode: mode, path: path) else { return nil }
    let trust = ModelTrust(store: store, mode: fallback)
    let cache = SignedModel.cache()
    return ModelGate { location in
      let hasher = ModelHasher(cache: cache, isCancelled: { Interrupts.requested })
      return try trust.judge(
        SignedModel.loaded(location), names: [location.name], hasher: hasher, time: Date())
    }
  }

  /// Decides, and says in one line what there is to say.
  func admit(_ location: ModelLocation, saying style: Style) throws -> ModelTrust.Outcome {
    let outcome = try admit(location)
    let verdict = outcome.verdict
    let line = PrintableText.line(verdict.line)
    if verdict.decision == .alert {
      Output.note(style.yellow("warning:") + " \(PrintableText.line(location.name)) is \(line)\n")
    } else if verdict.status != .unsigned {
      Output.note(style.dim("\(PrintableText.line(location.name)) is \(line)") + "\n")
    }
    return outcome
  }
}
