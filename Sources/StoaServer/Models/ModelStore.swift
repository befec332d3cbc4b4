import Foundation
import StoaEngine
import StoaFormats
import StoaGuard
import StoaHub
import StoaTrust
import Synchronization

/// Which models are on offer and which of them are in memory.
///
/// A model is loaded when it is first asked for, stays for a time, and makes room for others when nobody uses it.
actor ModelStore {
  /// What is on offer.
  enum Offer: Sendable {
    /// The models of the library and the bundled one, as they are at the time.
    case library
    /// These and no others.
    case fixed([(name: String, location: ModelLocation)])
  }

  /// The right to use a model, which stays in memory as long as anyone holds one.
  final class Lease: Sendable {
    let model: ResidentModel
    /// Seconds that loading took, zero when the model was there.
    let loadSeconds: Double
    private let uses: UseCounter

    fileprivate init(model: ResidentModel, loadSeconds: Double, uses: UseCounter) {
      self.model = model
      self.loadSeconds = loadSeconds
      self.uses = uses
      uses.begin()
    }

    deinit { uses.end() }
  }

  /// A model in memory, for those who ask.
  struct Resident: Sendable {
    let model: ResidentModel
    let users: Int
    let expires: Date?
  }

  private final class Slot {
    var loading: Task<ResidentModel, any Error>?
    var model: ResidentModel?
    /// Finds out the digest of its files.
    var digesting: Task<Void, Never>?
    let bytes: Int
    let uses = UseCounter()
    /// Those who wait until it is loaded.
    var waiting = 0
    var keepAlive: KeepAlive
    var isIdle: Bool { uses.count == 0 && waiting == 0 && model != nil }
    init(bytes: Int, keepAlive: KeepAlive) {
      self.bytes = bytes
      self.keepAlive = keepAlive
    }
  }

  private let offer: Offer
  /// The names of models that other servers answer.
  private let elsewhere: [String]
  private let library: ModelLibrary
  private let settings: EngineSettings
  /// Is told what happens to models.
  private let changed: @Sendable (ModelChange) -> Void
  private let memoryBytes: Int
  private let standardKeepAlive: KeepAlive
  private var slots: [String: Slot] = [:]
  /// The names under which guard models are kept that are not on offer, by their paths.
  private var guardNames: [String: String] = [:]
  /// The last refusal of each model that the journal has: who asks a thousand times fills no disk.
  private var journalledRefusals: [String: String] = [:]

  init(
    offer: Offer, library: ModelLibrary, settings: EngineSettings, elsewhere: [String] = [],
    changed: @escaping @Sendable (ModelChange) -> Void = { _ in }
  ) {
    self.offer = offer
    self.elsewhere = elsewhere
    self.changed = changed
    self.library = library
    self.settings = settings
    memoryBytes = settings.memoryBytes ?? Int(clamping: ProcessInfo.processInfo.physicalMemory) / 4 * 3
    standardKeepAlive = settings.keepAliveSeconds.map { .seconds($0) } ?? .forever
  }

  // MARK: What there is

  /// All models on offer, by name.
  func list() throws -> [(name: String, location: ModelLocation)] {
    switch offer {
    case .fixed(let models): return models
    case .library:
      var models = try library.list().map { (name: $0.name, location: $0) }
      if !models.contains(where: { $0.name == "primer" }), let primer = try? library.primer() {
        models.append((primer.name, primer))
      }
      return models
    }
  }

  /// Finds the model of a name; an empty one is the only model. A tag `:latest` may follow the name.
  func find(_ name: String) throws -> (name: String, location: ModelLocation) {
    let models = try list()
    if name.isEmpty {
      guard models.count == 1, elsewhere.isEmpty, let only = models.first else {
        throw APIError.invalid("model", "is missing", code: "missing_required_parameter")
      }
      return only
    }
    let plain = name.hasSuffix(":latest") ? String(name.dropLast(":latest".count)) : name
    if let model = models.first(where: { $0.name == name }) ?? models.first(where: { $0.name == plain }) {
      return model
    }
    if elsewhere.contains(name) || elsewhere.contains(plain) {
      throw APIError(
        .invalidRequest, "'\(plain)' is answered by another server, and this needs a model of this one", field: "model",
        code: "upstream_model")
    }
    let known = (models.map(\.name) + elsewhere).prefix(8).joined(separator: ", ")
    let shown = name.count > 100 ? name.prefix(100) + "…" : name[...]
    throw APIError(
      .notFound, "the model '\(shown)' is not on offer; there is \(known.isEmpty ? "none" : known)", field: "model",
      code: "model_not_found")
  }

  /// The models in memory.
  func residents() -> [Resident] {
    slots.values.compactMap { slot in
      guard let model = slot.model else { return nil }
      return Resident(model: model, users: slot.uses.count, expires: expiry(slot))
    }.sorted { $0.model.name < $1.model.name }
  }

  private func expiry(_ slot: Slot) -> Date? {
    guard case .seconds(let seconds) = slot.keepAlive else { return nil }
    return Date().addingTimeInterval(max(0, seconds - slot.uses.idleSeconds))
  }

  /// What is decided about a model: when it was loaded, or now; nil when nobody looks at signatures.
  func trust(_ name: String) async throws -> ModelTrust.Outcome? {
    let (name, location) = try find(name)
    if let model = slots[name]?.model { return model.trust }
    guard let gate = settings.gate else { return nil }
    return try await BackgroundWork.run { try gate.outcome(location) }
  }

  // MARK: Use

  /// Gives a model out, loading it first if need be.
  func acquire(_ name: String, keepAlive: KeepAlive? = nil) async throws -> Lease {
    let (name, location) = try find(name)
    return try await acquire(name, location, keepAlive)
  }

  /// Gives out a model that rails ask: one on offer, or any other of the library or of a path, which clients cannot name.
  func acquireGuard(_ model: String) async throws -> Lease {
    let offered = try list()
    if let found = offered.first(where: { $0.name == model }) {
      return try await acquire(found.name, found.location, nil)
    }
    let location = try library.resolve(model)
    if let found = offered.first(where: { $0.location.path == location.path }) {
      return try await acquire(found.name, found.location, nil)
    }
    // Clients see the name of what is in memory, and are not to see paths.
    let name = guardNames[location.path] ?? "\(location.name) (guard \(guardNames.count + 1))"
    guardNames[location.path] = name
    return try await acquire(name, location, nil)
  }

  private func acquire(_ name: String, _ location: ModelLocation, _ keepAlive: KeepAlive?) async throws -> Lease {
    let start = ContinuousClock.now
    let slot: Slot
    if let known = slots[name] {
      slot = known
    } else {
      try makeRoom(for: location)
      slot = Slot(bytes: location.bytes, keepAlive: standardKeepAlive)
      slots[name] = slot
    }
    if let keepAlive { slot.keepAlive = keepAlive }
    if let model = slot.model { return Lease(model: model, loadSeconds: 0, uses: slot.uses) }
    slot.waiting += 1
    defer { slot.waiting -= 1 }
    do {
      let model = try await load(name, location, in: slot)
      return Lease(model: model, loadSeconds: start.duration(to: .now).seconds, uses: slot.uses)
    } catch {
      if slots[name] === slot { slots[name] = nil }
      throw error
    }
  }

  private func load(_ name: String, _ location: ModelLocation, in slot: Slot) async throws -> ResidentModel {
    if let loading = slot.loading { return try await loading.value }
    let settings = settings
    // Everybody who waits for the model awaits this task, whoever started it.
    let loading = Task.detached {
      do {
        let model = try await BackgroundWork.run {
          try ResidentModel(name: name, location: location, settings: settings)
        }
        // What nobody could write down does not answer.
        try await settings.journal?.append(model.journalEvents)
        return model
      } catch let refusal as ModelRefused {
        try await self.journal(refusal, of: name)
        throw refusal
      }
    }
    slot.loading = loading
    defer { slot.loading = nil }
    let model: ResidentModel
    do {
      model = try await loading.value
    } catch {
      if let refusal = error as? ModelRefused { changed(ModelChange(name, .refused, refusal.verdict)) }
      throw error
    }
    slot.model = model
    changed(ModelChange(name, .loaded, model.trust?.verdict))
    journalledRefusals[name] = nil
    if let digest = settings.digest {
      // What cannot be digested is still answered; its rows go without.
      slot.digesting = Task { model.digest = try? await BackgroundWork.run { try digest(location) } }
    }
    return model
  }

  private func journal(_ refusal: ModelRefused, of name: String) async throws {
    let line = refusal.verdict.line
    guard let journal = settings.journal, journalledRefusals[name] != line else { return }
    try await journal.append(refusal.outcome.journalEvents(model: name))
    journalledRefusals[name] = line
  }

  /// Unloads the least recently used models until another fits.
  private func makeRoom(for location: ModelLocation) throws {
    func used() -> Int { slots.values.reduce(0) { $0 + $1.bytes } }
    while used() + location.bytes > memoryBytes {
      let idle = slots.filter { $0.value.isIdle }
      guard let oldest = idle.max(by: { $0.value.uses.idleSeconds < $1.value.uses.idleSeconds }) else {
        if slots.isEmpty { return }
        throw APIError(
          .overloaded, "the memory for models is in use by others; try again when they are done",
          code: "model_memory_full", retryAfterSeconds: 5)
      }
      unload(oldest.key)
    }
  }

  private func unload(_ name: String) {
    guard let slot = slots.removeValue(forKey: name) else { return }
    changed(ModelChange(model: name, change: .unloaded))
    slot.digesting?.cancel()
    slot.model?.scheduler?.shutDown(draining: true)
  }

  /// Unloads a model unless it is in use; false when it was not there or is.
  @discardableResult func unloadIfIdle(_ name: String) throws -> Bool {
    let (name, _) = try find(name)
    guard let slot = slots[name], slot.isIdle else { return false }
    unload(name)
    return true
  }

  /// Unloads what nobody has used for its time; call it now and then.
  func unloadExpired() {
    for (name, slot) in slots where slot.isIdle {
      if case .seconds(let seconds) = slot.keepAlive, slot.uses.idleSeconds >= seconds { unload(name) }
    }
  }

  /// Answers what has begun and takes no more.
  func shutDown() {
    for name in slots.keys { unload(name) }
  }
}

extension ModelChange {
  fileprivate init(_ model: String, _ change: Change, _ verdict: TrustVerdict?) {
    self.init(
      model: model, change: change, states: verdict?.problems.compactMap { $0.state?.rawValue } ?? [])
  }
}

/// How many use a model, and since when nobody has.
private final class UseCounter: Sendable {
  private let state = Mutex((count: 0, lastUse: ContinuousClock.now))

  var count: Int { state.withLock { $0.count } }
  /// Zero while somebody uses it.
  var idleSeconds: Double { state.withLock { $0.count > 0 ? 0 : $0.lastUse.duration(to: .now).seconds } }

  func begin() { state.withLock { $0.count += 1 } }
  func end() { state.withLock { $0 = ($0.count - 1, .now) } }
}
