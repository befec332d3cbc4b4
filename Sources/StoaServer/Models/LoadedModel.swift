import Foundation
import StoaDialogue
import StoaEngine
import StoaFormats
import StoaGrammar
import StoaHub
import StoaTemplates
import StoaTokenizers
import StoaTrust
import Synchronization

/// A model in memory with all that answers need.
final class LoadedModel: Sendable {
  let name: String
  let location: ModelLocation
  let model: LanguageModel
  /// The root digest of the files that were loaded; nil when no receipts are given.
  let root: MerkleHash?
  let scheduler: Scheduler
  /// How the model writes reasoning and tool calls.
  let dialogue: DialogueFormat
  /// The special tokens of those forms, which readers of the text have to see.
  let shownTokens: Set<Int32>
  let knownDigest = KnownDigest()
  /// What was decided about the model before it was loaded; nil when nobody asked.
  let trust: ModelTrust.Outcome?
  private let maskers = Mutex(MaskerCache())
  /// Embeddings are computed beside the scheduler, one after the other.
  private let embeddings = DispatchQueue(label: "stoa.embeddings")

  init(
    name: String, location: ModelLocation, settings: EngineSettings, trust: ModelTrust.Outcome? = nil
  ) throws {
    self.trust = trust
    var options = LoadOptions()
    options.contextLength = settings.contextLength
    options.threads = settings.threads
    options.kernels = settings.kernels
    options.cacheType = settings.cacheType
    self.name = name
    self.location = location
    root = try settings.rootDigest?(location)
    model = try LanguageModel.load(path: location.path, options: options)
    // What was hashed is what was loaded only if it is the same now.
    if let rootDigest = settings.rootDigest, try rootDigest(location) != root {
      throw FormatError.changed(path: location.path)
    }
    scheduler = try Scheduler(model: model, options: settings.scheduler)
    dialogue = model.chatTemplate.map { DialogueFormat($0) } ?? DialogueFormat(template: nil)
    let tokenizer = model.tokenizer
    shownTokens = Set(dialogue.visibleMarks.compactMap { tokenizer?.token(for: $0) })
  }

  /// The digest of its files; nil until it is known.
  var digest: String? { knownDigest.value }

  /// A grammar ready for this model's tokens; those used lately are kept under what they were made of.
  ///
  /// - Parameter showsMarks: Whether the special tokens of tool calls and reasoning count as their text.
  func constraint(_ key: String, showsMarks: Bool, _ grammar: () throws -> Grammar?) throws -> TokenMasker? {
    if let known = maskers.withLock({ $0.find(key) }) { return known }
    guard let grammar = try grammar() else { return nil }
    let masker = try model.constraint(try CompiledGrammar(grammar), shownTokens: showsMarks ? shownTokens : [])
    maskers.withLock { $0.add(masker, for: key) }
    return masker
  }

  /// The vector of a text, computed away from the threads that serve.
  func embed(_ tokens: [Int32]) async throws -> [Float] {
    try await withCheckedThrowingContinuation { continuation in
      embeddings.async { [model] in continuation.resume(with: Result { try model.embedding(of: tokens) }) }
    }
  }
}

/// The grammars that were used lately: clients send the same schema again and again.
private struct MaskerCache {
  private var entries: [(key: String, masker: TokenMasker)] = []
  private static let limit = 32

  mutating func find(_ key: String) -> TokenMasker? {
    guard let index = entries.firstIndex(where: { $0.key == key }) else { return nil }
    let entry = entries.remove(at: index)
    entries.append(entry)
    return entry.masker
  }

  mutating func add(_ masker: TokenMasker, for key: String) {
    entries.append((key, masker))
    if entries.count > Self.limit { entries.removeFirst() }
  }
}
