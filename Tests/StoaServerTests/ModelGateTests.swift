import Foundation
import HTTPTypes
import HummingbirdCore
import Logging
import StoaFormats
import StoaHub
import StoaLedger
import StoaTestSupport
import StoaTrust
import Synchronization
import Testing

@testable import StoaServer

/// A copy of a model in a folder of its own, signed by a key that is trusted or by a stranger's.
private final class SignedModelFile {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("stoa-gate-\(UUID().uuidString)")
  let location: ModelLocation
  private let key = SigningKey(generating: .p256)

  init() throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let path = folder.appendingPathComponent("m.gguf").path
    try FileManager.default.copyItem(atPath: OracleData.fixture("models/gguf_f16/model.gguf"), toPath: path)
    location = try ModelLibrary().resolve(path)
    try sign(by: key)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func sign(by key: SigningKey) throws {
    let model = try ModelFolder(path: location.path)
    let envelope = try DSSEEnvelope(
      signing: ModelHasher().manifest(of: model).statement.bytes, type: InTotoStatement.payloadType, with: key)
    let bundle = SigstoreBundle(signer: .key(hint: key.publicKey.hint), envelope: envelope)
    try Data(bundle.json.text().utf8).write(to: URL(fileURLWithPath: model.signaturePath))
  }

  /// Settings that judge by a key that is trusted, and do `afterwards` between the verdict and the load.
  func settings(
    _ mode: TrustMode, journal: (any JournalSink)? = nil, afterwards: @escaping @Sendable () throws -> Void = {}
  ) -> EngineSettings {
    let trust = ModelTrust(store: TrustStore(keys: [key.publicKey], roots: []), mode: mode)
    var settings = EngineSettings()
    settings.threads = 1
    settings.journal = journal
    settings.gate = ModelGate { location in
      let outcome = try trust.judge(ModelFolder(path: location.path), hasher: ModelHasher(), time: Date())
      try afterwards()
      return outcome
    }
    return settings
  }

  func store(_ settings: EngineSettings) -> ModelStore {
    ModelStore(offer: .fixed([("m", location)]), library: ModelLibrary(), settings: settings)
  }
}

/// What was written, in memory.
private final class JournalCopy: JournalStorage {
  private struct Failure: Error {}
  private let state = Mutex((events: [JournalEvent](), entries: [JournalEntry](), heads: [StoredJournalHead]()))
  private let isBroken: Bool

  init(isBroken: Bool = false) { self.isBroken = isBroken }

  var events: [JournalEvent] { state.withLock { $0.events } }
  var heads: [StoredJournalHead] { state.withLock { $0.heads } }

  @discardableResult func append(_ event: JournalEvent) async throws -> JournalEntry {
    if isBroken { throw Failure() }
    return try state.withLock { state in
      let last = state.entries.last
      let entry = try JournalEntry(
        event, journal: "j", sequence: (last?.sequence ?? 0) + 1,
        previous: last?.hash ?? JournalEntry.origin(of: "j"), at: Date())
      state.events.append(event)
      state.entries.append(entry)
      return entry
    }
  }

  func append(_ events: [JournalEvent]) async throws {
    for event in events { try await append(event) }
  }

  func lastJournalEntry() async throws -> JournalEntry? { state.withLock { $0.entries.last } }
  func insert(_ head: StoredJournalHead) async throws { state.withLock { $0.heads.append(head) } }
}

@Suite struct ModelGateTests {
  /// The verdict is about bytes: others in their place are not loaded, whoever put them there and whenever.
  @Test(arguments: [TrustMode.enforce, .warn], ["renamed over", "written anew", "longer", "a bit", "gone"])
  func aFileReplacedBetweenCheckAndLoadNeverRuns(_ mode: TrustMode, how: String) async throws {
    let model = try SignedModelFile()
    let path = model.location.path
    let settings = model.settings(mode) {
      // The clock of the file system has a grain: only a change after its next tick can be seen.
      Thread.sleep(forTimeInterval: 0.05)
      let url = URL(fileURLWithPath: path)
      var bytes = try Data(contentsOf: url)
      switch how {
      case "renamed over":
        let other = URL(fileURLWithPath: path + ".new")
        try bytes.write(to: other)
        guard unsafe rename(other.path, path) == 0 else { throw CocoaError(.fileWriteUnknown) }
      case "written anew": try bytes.write(to: url)
      case "longer":
        let handle = try FileHandle(forWritingTo: url)
        try handle.seekToEnd()
        try handle.write(contentsOf: Data([0]))
        try handle.close()
      case "a bit":
        bytes[bytes.count - 1] ^= 1
        let handle = try FileHandle(forWritingTo: url)
        try handle.write(contentsOf: bytes)
        try handle.close()
      default: try FileManager.default.removeItem(at: url)
      }
    }
    let store = model.store(settings)
    let error = await #expect(throws: (any Error).self) { try await store.acquire("m") }
    #expect(await store.residents().isEmpty)
    let answer = APIError(try #require(error))
    if how != "gone" { #expect((answer.status, answer.code) == (503, "model_changed")) }
  }

  @Test(arguments: [TrustMode.enforce, .warn])
  func loadsAreJournalled(_ mode: TrustMode) async throws {
    let model = try SignedModelFile()
    let journal = JournalCopy()
    let store = model.store(model.settings(mode, journal: journal))
    for _ in 0..<3 { _ = try await store.acquire("m") }
    #expect(journal.events.map(\.kind) == [.verdict, .load])
    let (verdict, load) = (journal.events[0].body, journal.events[1].body)
    #expect(verdict["verdict"]?.stringValue == "signed" && verdict["decision"]?.stringValue == "load")
    #expect(verdict["policy"]?.stringValue == mode.rawValue && verdict["problems"] == [])
    let digest = try ModelHasher().manifest(of: ModelFolder(path: model.location.path)).rootDigest
    #expect(load["digest"]?.stringValue == "sha256:" + Hex.encode(digest))
    #expect(load["digest"] == verdict["digest"])
    #expect(load["path"]?.stringValue == model.location.path && load["model"]?.stringValue == "m")
  }

  /// Once for a reason, however often somebody asks, and again when there was another verdict in between.
  @Test func refusalsAreJournalledOnce() async throws {
    let model = try SignedModelFile()
    try model.sign(by: SigningKey(generating: .p256))
    let journal = JournalCopy()
    let store = model.store(model.settings(.enforce, journal: journal))
    for _ in 0..<3 { await #expect(throws: ModelRefused.self) { try await store.acquire("m") } }
    #expect(journal.events.map(\.kind) == [.verdict])
    let body = try #require(journal.events.first?.body)
    #expect(body["decision"]?.stringValue == "refuse" && body["verdict"]?.stringValue == "refused")
    #expect(body["problems"]?.arrayValue?.first?["state"]?.stringValue == "unknown-issuer")
  }

  @Test func whatCannotBeWrittenDownDoesNotAnswer() async throws {
    let model = try SignedModelFile()
    let store = model.store(model.settings(.warn, journal: JournalCopy(isBroken: true)))
    await #expect(throws: (any Error).self) { try await store.acquire("m") }
    #expect(await store.residents().isEmpty)
  }

  @Test func headsAreSignedWhenThereIsSomethingNew() async throws {
    let journal = JournalCopy()
    let key = SigningKey(generating: .p256)
    let heads = JournalHeads(storage: journal, key: key, logger: Logger(label: "test"), pause: .seconds(3600))
    await heads.sign()
    #expect(journal.heads.isEmpty)
    var last = try await journal.append(JournalEvent(.note, [:]))
    await heads.signIfDue()
    await heads.signIfDue()
    await heads.sign()
    #expect(journal.heads.count == 1)
    last = try await journal.append(JournalEvent(.note, ["n": 2]))
    await heads.signIfDue()
    #expect(journal.heads.count == 1, "it is not time yet")
    await heads.sign()
    let stored = try #require(journal.heads.last)
    #expect(try JournalHead(stored.envelope, signedBy: key.publicKey, source: "head") == JournalHead(last))
    #expect(stored.sequence == 2)
  }

  /// What clients of every interface get for a refused model: a problem document of RFC 9457.
  @Test(arguments: TrustState.allCases, [APIStyle.openAI, .anthropic, .ollama])
  func refusalsAreProblemDocuments(_ state: TrustState, style: APIStyle) throws {
    var error = APIError(.overloaded, "the model 'm' is refused", field: "model", code: "model_refused")
    error.refusal = state.rawValue
    let response = error.response(style, requestID: "r")
    #expect(response.status.code == 503)
    #expect(response.headers[.contentType] == "application/problem+json")
    #expect(response.headers[.safetyStatus] == "refused")
  }
}
