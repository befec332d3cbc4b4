import StoaEngine
import StoaHub
import StoaTokenizers
import StoaTrust
import Synchronization

/// A model in memory, whatever it is for.
enum ResidentModel: Sendable {
  case answers(LoadedModel)
  case vectors(LoadedEncoder)

  /// Loads the model of a place.
  init(name: String, location: ModelLocation, settings: EngineSettings) throws {
    let trust = try settings.gate?.admit(location)
    do {
      self = .answers(try LoadedModel(name: name, location: location, settings: settings, trust: trust))
    } catch EngineError.makesVectorsOnly {
      self = .vectors(try LoadedEncoder(name: name, location: location, settings: settings, trust: trust))
    }
    try trust?.confirm(loaded: summary.files.map(\.identity))
  }

  private var summary: ModelSummary {
    switch self {
    case .answers(let model): model.model.summary
    case .vectors(let model): model.encoder.summary
    }
  }

  /// What was decided about the model before it was loaded; nil when nobody asked.
  var trust: ModelTrust.Outcome? {
    switch self {
    case .answers(let model): model.trust
    case .vectors(let model): model.trust
    }
  }

  /// What the journal keeps of the load: what was decided, and that it was done.
  var journalEvents: [JournalEvent] {
    let root: MerkleHash? = if case .answers(let model) = self { model.root } else { nil }
    return (trust?.journalEvents(model: name) ?? []) + [
      JournalEvent.load(model: name, digest: root.map { "sha256:" + $0.hex }, path: location.path, outcome: trust)
    ]
  }

  var name: String {
    switch self {
    case .answers(let model): model.name
    case .vectors(let model): model.name
    }
  }

  var location: ModelLocation {
    switch self {
    case .answers(let model): model.location
    case .vectors(let model): model.location
    }
  }

  var contextLength: Int {
    switch self {
    case .answers(let model): model.model.contextLength
    case .vectors(let model): model.encoder.contextLength
    }
  }

  var tokenizer: Tokenizer? {
    switch self {
    case .answers(let model): model.model.tokenizer
    case .vectors(let model): model.encoder.tokenizer
    }
  }

  /// The digest of its files; nil until it is known.
  var digest: String? {
    get { knownDigest.value }
    nonmutating set { knownDigest.value = newValue }
  }

  private var knownDigest: KnownDigest {
    switch self {
    case .answers(let model): model.knownDigest
    case .vectors(let model): model.knownDigest
    }
  }

  /// Nil for a model that answers nothing.
  var scheduler: Scheduler? {
    switch self {
    case .answers(let model): model.scheduler
    case .vectors: nil
    }
  }

  /// The model, if it is one that answers.
  func answering() throws(APIError) -> LoadedModel {
    switch self {
    case .answers(let model): return model
    case .vectors(let model):
      throw .invalid("model", "'\(model.name)' makes vectors of texts and writes none: ask /v1/embeddings")
    }
  }

  /// The tokens of a text of which a vector is wanted.
  func tokens(_ prompt: Prompt, truncates: Bool) throws -> [Int32] {
    switch self {
    case .answers(let model):
      let renderer = PromptRenderer(model: model.model, dialogue: model.dialogue)
      return try renderer.render(prompt, truncates: truncates, reserve: 1).tokens
    case .vectors(let model): return try model.tokens(prompt, truncates: truncates)
    }
  }

  /// The vector of a text.
  func embed(_ tokens: [Int32]) async throws -> [Float] {
    switch self {
    case .answers(let model): try await model.embed(tokens)
    case .vectors(let model): try await model.embed(tokens)
    }
  }
}

/// The digest of a model's files, which is found out while the model already answers.
final class KnownDigest: Sendable {
  private let found = Mutex<String?>(nil)

  var value: String? {
    get { found.withLock { $0 } }
    set { found.withLock { $0 = newValue } }
  }
}
