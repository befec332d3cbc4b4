import Foundation
import StoaFormats
import StoaTestSupport
import Testing

@testable import StoaTrust

/// A model in a temporary folder, signed by a new key.
private final class SignedFolder {
  let path: String
  let key: SigningKey

  init(_ kind: SigningKey.Kind = .p256, files: [String: String] = ["a.bin": "abc", "sub/b.bin": "", "c.json": "{}"])
    throws
  {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("stoa-trust-\(UUID().uuidString)").path
    key = SigningKey(generating: kind)
    for (name, contents) in files { try write(name, contents) }
    try sign()
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ name: String, _ contents: String) throws {
    let url = URL(fileURLWithPath: "\(path)/\(name)")
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(contents.utf8).write(to: url)
  }

  func sign() throws {
    let folder = try ModelFolder(path: path)
    let envelope = try DSSEEnvelope(
      signing: ModelHasher().manifest(of: folder).statement.bytes, type: InTotoStatement.payloadType, with: key)
    let bundle = SigstoreBundle(signer: .key(hint: key.publicKey.hint), envelope: envelope)
    try writeBytes(Array(bundle.json.text().utf8), to: folder.signaturePath)
  }

  func judge(trusting keys: [VerificationKey]? = nil) throws -> ModelTrust.Outcome {
    let store = TrustStore(keys: keys ?? [key.publicKey], roots: [])
    return try ModelTrust(store: store, mode: .enforce).judge(
      ModelFolder(path: path), hasher: ModelHasher(), time: Date())
  }
}

struct ModelSigningTests {
  private static let vectors = "documents/model_signing_vectors/scripts/tests"

  /// The example of the DSSE protocol (secure-systems-lab/dsse, protocol.md).
  @Test func preAuthenticationEncoding() {
    let envelope = DSSEEnvelope(
      payloadType: "http://example.com/HelloWorld", payload: Array("hello world".utf8), signatures: [])
    #expect(
      String(decoding: envelope.preAuthenticationEncoding, as: UTF8.self)
        == "DSSEv1 29 http://example.com/HelloWorld 11 hello world")
  }

  @Test(arguments: SigningKey.Kind.allCases)
  func signsAndVerifies(_ kind: SigningKey.Kind) throws {
    let model = try SignedFolder(kind)
    let outcome = try model.judge()
    #expect(outcome.verdict.status == .signed)
    #expect(outcome.findings.identities.count == 3)
    #expect(try model.judge(trusting: []).verdict.problems.first?.state == .unknownIssuer)
    #expect(
      try model.judge(trusting: [SigningKey(generating: kind).publicKey]).verdict.problems.first?.state
        == .unknownIssuer)
  }

  @Test func encryptedKeysComeBack() throws {
    let key = SigningKey(generating: .p384)
    let pem = try key.pem(password: "pass word")
    let read = try SigningKey(pem: pem, source: "key") { () throws(TrustError) in "pass word" }
    #expect(read.publicKey == key.publicKey)
    #expect(throws: TrustError.self) { try SigningKey(pem: pem, source: "key") { () throws(TrustError) in "other" } }
    #expect(throws: TrustError.self) { try SigningKey(pem: pem, source: "key") }
  }

  /// What was loaded has to be what was looked at.
  @Test func aFileReplacedAfterTheCheckIsFound() throws {
    let model = try SignedFolder()
    let outcome = try model.judge()
    let opened = try MappedFile(path: model.path + "/a.bin")
    try outcome.confirm(loaded: [opened.identity])
    // The same bytes under the same name, in another file.
    try Data("abc".utf8).write(to: URL(fileURLWithPath: model.path + "/new"))
    #expect(moveFile(model.path + "/new", to: model.path + "/a.bin"))
    let replaced = try MappedFile(path: model.path + "/a.bin")
    #expect(throws: TrustError.self) { try outcome.confirm(loaded: [replaced.identity]) }
    #expect(throws: TrustError.self) { try outcome.confirm(loaded: [opened.identity]) }
  }

  @Test func changesAreNamed() throws {
    func why(_ change: (SignedFolder) throws -> Void) throws -> String {
      let model = try SignedFolder()
      try change(model)
      let verdict = try model.judge().verdict
      #expect(verdict.status == .refused && verdict.problems.first?.state == .digestMismatch)
      return verdict.problems.first?.why ?? ""
    }
    #expect(try why { try $0.write("a.bin", "abd") } == "changed since it was signed: \"a.bin\"")
    #expect(try why { try $0.write("new", "") } == "not signed: \"new\"")
    #expect(try why { try FileManager.default.removeItem(atPath: $0.path + "/sub/b.bin") } == "missing: \"sub/b.bin\"")
    let renamed = try why { #expect(moveFile($0.path + "/a.bin", to: $0.path + "/d.bin")) }
    #expect(renamed.contains("missing: \"a.bin\""))
  }

  /// Root digests that `model-signing` wrote.
  @Test(
    .oracle(vectors),
    arguments: [
      ("v1.0.1-elliptic-key", "92745110b1ab4368471cbe31664e10174e954b113a3df333db860317b2c6dec4"),
      ("v1.0.1-certificate", "61d4849d9d90076d6215f4d525f13d6574af8e3f67aef3e6f36fc40a14fdd226"),
      ("v1.0.0-elliptic-key/signme-1", "afa48c8674afe334b8a7dea34f7b46ab256e9255edf8da2132792341b667a45b"),
    ])
  func rootDigests(_ name: String, _ digest: String) throws {
    let folder = try ModelFolder(path: OracleData.path(Self.vectors) + "/" + name)
    let ignored = folder.isSingleFile ? [] : ["ignore-me"]
    #expect(Hex.encode(try ModelHasher().manifest(of: folder, ignoring: ignored).rootDigest) == digest)
  }

  @Test(arguments: [
    ("../x", "no path inside a model"), ("/x", "no path inside a model"), ("a//b", "no path inside a model"),
    ("a/./b", "no path inside a model"), ("", "no path inside a model"), ("b", "there twice"),
  ])
  func manifestsOfOtherPathsAreRefused(_ path: String, _ problem: String) throws {
    let zeros = String(repeating: "0", count: 64)
    let names = [path, "b"].map { name -> JSONValue in
      ["name": .string(name), "algorithm": "sha256", "digest": .string(zeros)]
    }
    let statement = InTotoStatement(
      subjects: [.init(name: "m", digests: ["sha256": zeros])], predicateType: ModelManifest.predicateType,
      predicate: [
        "serialization": ["method": "files", "hash_type": "sha256", "allow_symlinks": false],
        "resources": .array(names),
      ])
    let error = #expect(throws: TrustError.self) { try ModelManifest(statement, source: "statement") }
    #expect(error?.description.contains(problem) == true)
  }
}
