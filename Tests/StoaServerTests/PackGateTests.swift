import Foundation
import Logging
import StoaFormats
import StoaGuard
import StoaTrust
import Synchronization
import Testing

@testable import StoaServer

/// Packs whose signatures are looked at before they are used.
@Suite struct PackGateTests {
  /// A pack in a folder that extends another, each signed by itself.
  private final class Packs {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("stoa-packs-\(UUID().uuidString)").path
    let key = SigningKey(generating: .p256)
    var bank: String { path + "/bank" }
    var base: String { path + "/base" }

    init() throws {
      for path in [bank, base] {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      }
      try write("base/pack.yaml", Self.pack("base", "", "old"))
      try write("bank/pack.yaml", Self.pack("bank", "extends: ../base\n", "zephyr"))
      for path in [bank, base] { try sign(path, by: key) }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    static func pack(_ name: String, _ head: String, _ term: String) -> String {
      """
      pack: \(name)
      version: 1
      \(head)rails:
        - {id: \(name), detector: ban, options: {terms: [\(term)]}, action: refuse}

      """
    }

    func write(_ name: String, _ text: String) throws {
      try text.write(toFile: path + "/" + name, atomically: true, encoding: .utf8)
    }

    func sign(_ path: String, by key: SigningKey, ignoring ignored: [String] = []) throws {
      let model = try ModelFolder(path: path)
      let manifest = try ModelHasher().manifest(of: model, ignoring: ignored, allowsSymbolicLinks: false)
      let envelope = try DSSEEnvelope(
        signing: manifest.statement.bytes, type: InTotoStatement.payloadType, with: key)
      let bundle = SigstoreBundle(signer: .key(hint: key.publicKey.hint), envelope: envelope)
      try Data(bundle.json.text().utf8).write(to: URL(fileURLWithPath: model.signaturePath))
    }

    func gate(_ mode: TrustMode) -> PackGate {
      PackGate(store: TrustStore(keys: [key.publicKey], roots: []), fallback: mode)
    }
  }

  @Test("A pack is used when its folder and those that it extends are as they were signed")
  func takesSigned() throws {
    let packs = try Packs()
    let policy = try GuardPolicy(packs.bank, gate: packs.gate(.enforce))
    #expect(policy.current.pack.rails.map(\.id) == ["base", "bank"])
    #expect(policy.verdicts.map(\.status) == [.signed, .signed])
  }

  @Test("Altered, added to, signed by a stranger or not at all it is refused", arguments: ["bank", "base"])
  func refuses(name: String) throws {
    let packs = try Packs()
    let gate = packs.gate(.enforce)
    let path = packs.path + "/" + name
    try packs.write("\(name)/more.yaml", "rails: []\n")
    #expect(throws: PackRefused.self) { try GuardPolicy(packs.bank, gate: gate) }
    try packs.sign(path, by: packs.key)
    #expect(throws: Never.self) { try GuardPolicy(packs.bank, gate: gate) }
    // What the signer left out was not signed, and must not be used.
    try packs.sign(path, by: packs.key, ignoring: ["more.yaml"])
    #expect(throws: TrustError.self) { try GuardPolicy(packs.bank, gate: gate) }
    try packs.sign(path, by: SigningKey(generating: .p256))
    #expect(throws: PackRefused.self) { try GuardPolicy(packs.bank, gate: gate) }
    try FileManager.default.removeItem(atPath: path + "/model.sig")
    #expect(throws: PackRefused.self) { try GuardPolicy(packs.bank, gate: gate) }
  }

  @Test("Where one is only warned an unsigned pack is used, and an altered one is not")
  func warns() throws {
    let packs = try Packs()
    let gate = packs.gate(.warn)
    try packs.write("bank/pack.yaml", Packs.pack("bank", "extends: ../base\n", "zephyrs"))
    #expect(throws: PackRefused.self) { try GuardPolicy(packs.bank, gate: gate) }
    try FileManager.default.removeItem(atPath: packs.bank + "/model.sig")
    #expect(try GuardPolicy(packs.bank, gate: gate).verdicts.map(\.decision) == [.alert, .load])
    // Those that come along are part of the program.
    #expect(try GuardPolicy("strict", gate: packs.gate(.enforce)).verdicts.isEmpty)
  }

  @Test("An altered pack is not taken up, with the reason in the log, until it is signed again")
  func reloads() throws {
    let packs = try Packs()
    let policy = try GuardPolicy(packs.bank, gate: packs.gate(.enforce))
    let lines = LogLines()
    let logger = Logger(label: "test") { _ in lines }
    func terms() -> [String]? { policy.current.pack.rails.last?.options["terms"] }
    try packs.write("bank/pack.yaml", Packs.pack("bank", "extends: ../base\n", "kraken"))
    policy.refresh(logger)
    #expect(terms() == ["zephyr"])
    #expect(lines.text.contains("refused"))
    try packs.sign(packs.bank, by: packs.key)
    policy.refresh(logger)
    #expect(terms() == ["kraken"])
  }
}

/// Keeps what was logged.
private final class LogLines: LogHandler, Sendable {
  private let lines = Mutex<[String]>([])
  var text: String { lines.withLock { $0.joined(separator: "\n") } }
  var metadata: Logger.Metadata {
    get { [:] }
    set {}
  }
  var logLevel: Logger.Level {
    get { .trace }
    set {}
  }
  subscript(metadataKey _: String) -> Logger.Metadata.Value? {
    get { nil }
    set {}
  }
  func log(event: LogEvent) { lines.withLock { $0.append("\(event.message) \(event.metadata ?? [:])") } }
}
