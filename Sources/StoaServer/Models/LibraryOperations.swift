import Crypto
import Foundation
import StoaEngine
import StoaFormats
import StoaHub
import StoaModels
import StoaTokenizers
import Synchronization

/// What clients may ask about the models on offer, and do to the library.
struct LibraryOperations: Sendable {
  let models: ModelStore
  let library: ModelLibrary
  let answerer: Answerer
  private let summaries = SummaryCache()

  init(models: ModelStore, library: ModelLibrary, answerer: Answerer) {
    self.models = models
    self.library = library
    self.answerer = answerer
  }

  /// The version of Ollama's API that is spoken; clients compare it.
  static let ollamaVersion = "0.13.0"

  // MARK: Lists

  func entries(for caller: Caller) async throws -> [OllamaModelEntry] {
    try await models.list()
      .filter { model in caller.allowedModels?.contains(model.name) ?? true }
      .map { entry($0.name, $0.location) }
      + (answerer.upstreams?.all ?? [])
      .filter { upstream in caller.allowedModels?.contains(upstream.name) ?? true }
      .map { Self.entry($0) }
  }

  private static func entry(_ upstream: Upstream) -> OllamaModelEntry {
    var entry = OllamaModelEntry(name: upstream.name, size: 0, modifiedAt: 0)
    entry.format = ""
    entry.digest = identity(of: "\(upstream.name)\n\(upstream.base)\n\(upstream.remoteModel)")
    return entry
  }

  func residents() async -> [OllamaLoadedModel] {
    await models.residents().map { resident in
      let model = resident.model
      return OllamaLoadedModel(
        entry: entry(model.name, model.location), memory: model.location.bytes,
        contextLength: model.contextLength, expiresAt: resident.expires.map { Int($0.timeIntervalSince1970) })
    }
  }

  func description(_ name: String, for caller: Caller) async throws -> OllamaModelDescription {
    if let upstream = answerer.upstreams?.find(name) {
      try answerer.check(caller, mayUse: upstream.name)
      var description = OllamaModelDescription(entry: Self.entry(upstream))
      description.capabilities = ["completion", "tools"]
      return description
    }
    let (name, location) = try await models.find(name)
    try answerer.check(caller, mayUse: name)
    var description = OllamaModelDescription(entry: entry(name, location))
    let package = try await BackgroundWork.run { try ModelPackage(path: location.path) }
    let summary = package.summary
    let architecture = summary.architecture
    description.template = package.tokenizer?.chatTemplate ?? ""
    description.license = summary.license ?? ""
    description.modelInfo = [
      "general.architecture": .string(architecture), "general.name": .string(summary.name),
      "general.parameter_count": .int(summary.parameters), "general.file_type": .string(summary.quantization),
      "\(architecture).context_length": .int(summary.contextLength),
      "\(architecture).embedding_length": .int(summary.width), "\(architecture).block_count": .int(summary.layers),
      "\(architecture).vocab_size": .int(summary.vocabularySize),
    ]
    description.capabilities = summary.isEncoder ? ["embedding"] : ["completion", "embedding", "tools"]
    return description
  }

  private func entry(_ name: String, _ location: ModelLocation) -> OllamaModelEntry {
    let attributes = try? FileManager.default.attributesOfItem(atPath: location.path)
    let changed = Int((attributes?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0)
    var entry = OllamaModelEntry(name: name, size: location.bytes, modifiedAt: changed)
    entry.format = location.kind.rawValue
    entry.digest =
      Self.sha256(library.origin(of: location)?.files ?? [])
      ?? Self.identity(of: "\(location.path)\n\(location.bytes)\n\(changed)")
    if let summary = summaries.summary(of: location, changed: changed) {
      entry.family = summary.architecture
      entry.quantization = summary.quantization
      entry.parameterSize = Self.size(summary.parameters)
    }
    return entry
  }

  /// What the hub said of the one file of a model.
  private static func sha256(_ files: [ModelOrigin.File]) -> String? {
    guard files.count == 1, let file = files.first, file.digest.hasPrefix("sha256:") else { return nil }
    return String(file.digest.dropFirst("sha256:".count))
  }

  /// Stands in for the digest of files that nobody has hashed: it changes when they do. Ollama's program shows it.
  private static func identity(of text: String) -> String {
    SHA256.hash(data: Array(text.utf8)).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }

  /// `4.5M`, `1.1B`.
  static func size(_ parameters: Int) -> String {
    let (unit, letter) = parameters >= 1_000_000_000 ? (1e9, "B") : (1e6, "M")
    let tenths = Int((Double(parameters) / unit * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)\(letter)"
  }

  // MARK: Changes

  func delete(_ name: String) async throws {
    let (name, location) = try await models.find(name)
    guard location.origin == .library else {
      throw APIError(.forbidden, "'\(name)' is not in the library; only models of the library can be deleted")
    }
    try await models.unloadIfIdle(name)
    _ = try library.remove(name)
  }

  /// Gives a model of the library a second name.
  func copy(_ source: String, to destination: String) async throws {
    let (_, location) = try await models.find(source)
    let library = library
    try await BackgroundWork.run {
      _ = try library.importModel(at: location.path, name: destination)
    }
  }

  @concurrent func pull(_ name: String, report: @concurrent (OllamaProgress) async throws -> Void) async throws {
    let settings = try HubSettings()
    guard !name.contains("://") else {
      throw APIError.invalid("model", "is an address; give OWNER/REPO[:FILE or QUANT] on the hub")
    }
    let text = name.hasPrefix("hf.co/") || name.hasPrefix("huggingface.co/") ? name : "hf.co/" + name
    let reference = try settings.reference(text)
    if try library.model(for: reference, endpoint: settings.endpointAddress) != nil {
      return try await report(OllamaProgress(status: "success"))
    }
    try await report(OllamaProgress(status: "pulling manifest"))
    let (steps, continuation) = AsyncStream<(Int, Int)>.makeStream(bufferingPolicy: .bufferingNewest(1))
    let stop = CancellationFlag()
    try await withTaskCancellationHandler {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          defer { continuation.finish() }
          try await AsyncHTTPTransport.with(settings) { (transport) async throws(RemoteError) in
            let client = HubClient(settings: settings, transport: transport, retry: RetryPolicy())
            let puller = HubPuller(library: library, client: client)
            let plan = try await puller.plan(reference)
            _ = try await puller.pull(
              plan, progress: { continuation.yield(($0, $1)) }, isCancelled: { stop.isSet })
          }
        }
        for await (completed, total) in steps {
          try await report(OllamaProgress(status: "pulling \(name)", total: total, completed: completed))
        }
        try await group.waitForAll()
      }
    } onCancel: {
      stop.set()
    }
    try await report(OllamaProgress(status: "success"))
  }
}

/// Says once that something is to stop.
private final class CancellationFlag: Sendable {
  private let flag = Atomic(false)
  var isSet: Bool { flag.load(ordering: .relaxed) }
  func set() { flag.store(true, ordering: .relaxed) }
}

/// What the models on offer are, read once for each state of a file.
private final class SummaryCache: Sendable {
  private let known = Mutex<[String: (changed: Int, summary: ModelSummary?)]>([:])

  func summary(of location: ModelLocation, changed: Int) -> ModelSummary? {
    if let found = known.withLock({ $0[location.path] }), found.changed == changed { return found.summary }
    let summary = (try? Checkpoint.open(path: location.path)).flatMap { try? ModelSummary($0) }
    known.withLock { $0[location.path] = (changed, summary) }
    return summary
  }
}
