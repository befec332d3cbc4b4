import Foundation
import StoaFormats
import StoaTestSupport
import Testing

@testable import StoaTrust

/// What comes from outside with random damage: what the targets of `fuzz-trust` ask. Every reader ends with a value or
/// with its own kind of error; what a value is written as reads as the same.
struct DamagedTrustTests {
  private static let fragments = [
    "null", "-1", "0", "9223372036854775807", "1e300", "\"\"", "[]", "{}", ",", ":", "\u{0}", "é", "\n", "\n\n", "—",
    "AA==", "=", "+", "00", "\u{30}\u{0}", "\u{30}\u{80}", "sha256", "\"digest\":", "\"payload\":", "- ", "*a", "&a ",
    "-----BEGIN CERTIFICATE-----\n", "-----END CERTIFICATE-----\n", "~", "2026-13-45T00:00:00Z",
  ]
  private static let zeros = String(repeating: "0", count: 64)
  private static let time = Date(timeIntervalSince1970: 1_780_272_000)

  /// Reads `rounds` damaged variants; `read` says whether one was taken, and throws for one that was refused.
  private static func damage<Failure: Error & CustomStringConvertible>(
    _ valid: [UInt8], seed: UInt64, rounds: Int = 1500, _ read: ([UInt8]) throws(Failure) -> Void
  ) throws(Failure) {
    try read(valid)
    var generator = SeededGenerator(state: seed)
    var refused = 0
    for _ in 0..<rounds {
      do throws(Failure) {
        try read(generator.damaged(valid, fragments: fragments))
      } catch {
        refused += 1
        #expect(!error.description.isEmpty)
      }
    }
    #expect(refused > rounds / 20, "hardly any damage is noticed")
  }

  @Test func notesCheckpointsAndProofs() throws {
    let key = try NoteVerifier(SignedNoteTests.logText)
    let policy = LogPolicy(log: key)
    try Self.damage(Array(SignedNoteTests.note.utf8), seed: 1) { (bytes) throws(LogError) in
      let note = try SignedNote(parsing: bytes)
      #expect(Array(note.encoded.utf8) == bytes)
      _ = try Checkpoint(parsing: note.text)
      _ = try VerifiedCheckpoint(parsing: bytes, policy: policy)
    }
    let proof = "c2sp.org/tlog-proof@v1\nextra AQID\nindex 0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n"
    try Self.damage(Array((proof + SignedNoteTests.note).utf8), seed: 2) { (bytes) throws(LogError) in
      let proof = try LogProof(parsing: bytes)
      #expect(Array(proof.encoded.utf8) == bytes)
      _ = try? proof.verify(entry: [], policy: policy)
    }
    try Self.damage(Array(SignedNoteTests.witnessText.utf8), seed: 3) { (bytes) throws(LogError) in
      _ = try NoteVerifier(String(decoding: bytes, as: UTF8.self))
    }
  }

  @Test func tiles() throws {
    try Self.damage([UInt8](repeating: 7, count: 96), seed: 4) { (bytes) throws(LogError) in
      let hashes = try TileContents.hashes(bytes, width: 3, path: "tile")
      #expect(hashes.count == 3)
      #expect(MerkleTree.root(leaf: hashes[0], index: 2, size: 1 << 40, proof: hashes) == nil)
    }
    try Self.damage([0, 2, 0x61, 0x62, 0, 0, 0, 1, 0x63], seed: 5) { (bytes) throws(LogError) in
      let entries = try TileContents.entries(bytes, width: 3, path: "tile")
      #expect(entries.count == 3)
    }
  }

  private static let statement = #"""
    {"_type": "https://in-toto.io/Statement/v1", "subject": [{"name": "m", "digest": {"sha256": "\#(zeros)"}}],
     "predicateType": "https://slsa.dev/provenance/v1", "predicate": {"buildDefinition": {
       "buildType": "urn:stoa:build:quantized:v1", "externalParameters": {"type": "Q8_0"},
       "resolvedDependencies": [{"name": "b", "digest": {"sha256": "\#(zeros)"}}]},
      "runDetails": {"builder": {"id": "urn:stoa:builder", "version": {"stoa": "1"}}, "metadata": {}}}}
    """#

  @Test func statements() throws {
    try Self.damage(Array(Self.statement.utf8), seed: 6) { (bytes) throws(TrustError) in
      let statement = try InTotoStatement(parsing: bytes, source: "statement")
      let again = try InTotoStatement(parsing: statement.bytes, source: "statement")
      #expect(again == statement)
      for type in PredicateType.allCases { try? type.check(statement.predicate, source: "statement") }
      _ = (try? Lineage([statement]))?.taint(of: Self.zeros, revoked: [Self.zeros])
      _ = try EvidenceFile(parsing: bytes, path: "statement")
    }
  }

  @Test func bundlesAndTheirEnvelopes() throws {
    let setting = try #require(TimestampTests.setting)
    let bundle = try #require(setting.cases.first).bundle
    var verifier = SignatureVerifier(store: TrustStore(keys: [], roots: []), time: setting.verified)
    verifier.sigstore = setting.root
    try Self.damage(Array(bundle.json.text().utf8), seed: 7, rounds: 600) { (bytes) throws(TrustError) in
      let damaged = try SigstoreBundle(parsing: bytes, source: "bundle")
      #expect((try? JSONValue(parsing: damaged.json.text())) != nil)
      _ = verifier.verify(damaged, source: "bundle")
    }
    let envelope = bundle.envelope
    try Self.damage(Array(envelope.json.text().utf8), seed: 8) { (bytes) throws(TrustError) in
      let damaged = try DSSEEnvelope(parsing: bytes, source: "envelope")
      _ = try? InTotoStatement(damaged, source: "envelope")
    }
  }

  @Test func receiptsAndTheJournal() throws {
    let key = SigningKey(generating: .ed25519)
    let head = JournalHead(journal: Self.zeros, sequence: 7, hash: .emptyRoot)
    let envelope = try head.signed(by: key)
    try Self.damage(Array(envelope.json.text().utf8), seed: 9) { (bytes) throws(TrustError) in
      let damaged = try DSSEEnvelope(parsing: bytes, source: "head")
      let read = try? JournalHead(damaged, signedBy: key.publicKey, source: "head")
      #expect(read == nil || read == head, "an altered head is believed")
      _ = try? SignedReceipt(parsing: bytes, source: "receipt")
      _ = JournalEntry(parsing: bytes)
    }
  }

  @Test func certificatesAndLists() throws {
    let entry = try #require(PathValidatorTests.cases.first { !$0.crls.isEmpty })
    for (number, pem) in entry.chain.enumerated() {
      let der = try #require(X509Certificate.certificates(pemOrDER: Array(pem.utf8)).first).der
      try Self.damage(der, seed: 10 + UInt64(number)) { (bytes) throws(PKIError) in
        let certificate = try X509Certificate(der: bytes)
        #expect(certificate.der == bytes)
        let validator = PathValidator(anchors: [certificate], intermediates: [certificate], time: Self.time)
        let path = validator.validate(certificate)
        _ = CertificateFacts(
          path: path, rootDigest: [], statementDigest: [], evidence: RevocationEvidence(), time: Self.time
        ).json.text()
      }
      try Self.damage(Array(pem.utf8), seed: 20 + UInt64(number)) { (bytes) throws(PKIError) in
        _ = try X509Certificate.certificates(pemOrDER: bytes)
      }
    }
    let list = try #require(RevocationList.lists(pemOrDER: Array(entry.crls[0].utf8)).first).der
    try Self.damage(list, seed: 30) { (bytes) throws(PKIError) in
      let read = try RevocationList(der: bytes)
      #expect(read.der == bytes)
    }
    let setting = try #require(StatusResponseTests.setting)
    try Self.damage(Array(setting.cases[0].response), seed: 31) { (bytes) throws(PKIError) in
      let read = try StatusResponse(der: bytes)
      #expect(read.der == bytes)
    }
    let stamp = try #require(TimestampTests.setting?.cases.first?.bundle.timestamps.first)
    try Self.damage(stamp, seed: 32) { (bytes) throws(PKIError) in _ = try TimestampResponse(der: bytes) }
  }

  @Test func keys() throws {
    // An Ed25519 key pair of RFC 8410, section 10.
    let publicKey =
      "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n"
    let privateKey =
      "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n"
    try Self.damage(Array(publicKey.utf8), seed: 33) { (bytes) throws(TrustError) in
      _ = try VerificationKey(pem: String(decoding: bytes, as: UTF8.self), source: "key")
    }
    try Self.damage(Array(privateKey.utf8), seed: 34) { (bytes) throws(TrustError) in
      _ = try SigningKey(pem: String(decoding: bytes, as: UTF8.self), source: "key")
    }
  }

  private static let index = #"""
    {"event":"issued","time":"2026-11-01T00:00:00Z","issuer":"root","serial":"01","subject":"CN=a","sha256":"00","not_after":"2027-11-01T00:00:00Z","model":"00"}
    {"event":"revoked","time":"2026-11-02T00:00:00Z","issuer":"root","serial":"01","reason":"keyCompromise"}
    {"event":"crl","time":"2026-11-03T00:00:00Z","issuer":"root","number":1}

    """#
  private static let harness = #"""
    {"results": {"t": {"alias": "t", "acc,none": 0.5, "acc_stderr,none": 0.1, "ppl,filter": 3.5}}, "lm_eval_version": "1",
     "n-samples": {"t": {"original": 4, "effective": 4}}, "versions": {"t": 1.0}, "configs": {"t": {"num_fewshot": 0}},
     "config": {"random_seed": 0, "numpy_seed": 1234}}
    """#

  @Test func whatAuthoritiesAndOperatorsKeep() throws {
    try Self.damage(Array(Self.index.utf8), seed: 35) { (bytes) throws(TrustError) in
      let index = try AuthorityIndex(parsing: bytes, source: "index.jsonl")
      for entry in index.listed { #expect(index.nextNumber(of: entry.issuer) > entry.number) }
      _ = index.revocations(by: "root", at: Self.time)
    }
    #expect(throws: TrustError.self) {
      try AuthorityIndex(
        parsing: Array(
          #"{"event":"crl","time":"2026-11-03T00:00:00Z","issuer":"root","number":9223372036854775807}"#.utf8) + [0x0A],
        source: "index.jsonl")
    }
    try Self.damage(Array(Self.harness.utf8), seed: 36) { (bytes) throws(TrustError) in
      let results = try EvaluationHarnessResults(parsing: bytes, source: "results.json")
      for task in results.tasks {
        for metric in results.metrics(of: task) { _ = try? results.result(task: task, metric: metric, .atLeast, 0.5) }
      }
    }
    let levels = OracleData.repository.appendingPathComponent("docs/levels.yaml")
    try Self.damage(Array(Data(contentsOf: levels)), seed: 37) { (bytes) throws(TrustError) in
      _ = try LevelRules(parsing: bytes, file: "levels.yaml")
    }
    let store = """
      version: 1
      mode: warn
      require: third-party
      thresholds: [{task: arc_easy, metric: acc, at_least: 0.3}]
      jurisdictions: [EU]
      models: [{model: primer, require: signed}]
      waivers: [{model: primer, waive: tainted-lineage, reason: r, expires: 2027-01-31}]

      """
    try Self.damage(Array(store.utf8), seed: 38) { (bytes) throws(TrustError) in
      let store = try TrustStore(parsing: bytes, path: "/nonexistent/trust.yaml")
      _ = store.policy(for: ["primer"], digest: nil, fallback: .warn)
    }
  }
}
