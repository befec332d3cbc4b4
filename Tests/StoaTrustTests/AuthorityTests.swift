import Foundation
import StoaFormats
import StoaTestSupport
import Testing

@testable import StoaTrust

/// An authority in a folder: what it issues is accepted, what it revokes is not, and what is missing is said.
struct AuthorityTests {
  static let start = Date(timeIntervalSince1970: 1_800_000_000)

  private func folder() -> String {
    FileManager.default.temporaryDirectory.appendingPathComponent("stoa-ca-\(UUID().uuidString)").path
  }

  private func request(_ level: AssuranceLevel, _ key: SigningKey) -> IssuanceRequest {
    IssuanceRequest(
      level: level, rootDigest: AISafetyInfoTests.bytes(0), statementDigest: AISafetyInfoTests.bytes(32),
      key: key.publicKey, organization: "Example Labs", name: "m")
  }

  /// A signed statement about the model of `request`.
  private func evidence(
    _ type: PredicateType, _ predicate: JSONValue, by key: SigningKey, digest: [UInt8] = AISafetyInfoTests.bytes(0)
  ) throws -> EvidenceFile {
    let statement = InTotoStatement(
      subjects: [.init(name: "m", digests: ["sha256": Hex.encode(digest)])], predicateType: type.uri,
      predicate: predicate)
    let envelope = try DSSEEnvelope(signing: statement.bytes, type: InTotoStatement.payloadType, with: key)
    return try EvidenceFile(parsing: Array(envelope.json.text().utf8), path: "m.\(type.rawValue).intoto.json")
  }

  private func evaluation(passed: Bool = true, n: Int = 100, day: String? = "2027-01-10") -> JSONValue {
    var object: JSONObject = [
      "task": "arc_easy", "metric": "acc", "value": 0.5, "comparator": ">=", "threshold": .double(passed ? 0.4 : 0.6),
      "passed": .bool(passed), "n": .int(n), "harness": ["name": "h", "version": "1"], "seed": [:],
    ]
    object["assessed"] = day.map { .string($0) }
    return .object(object)
  }

  private func everything(by key: SigningKey) throws -> [EvidenceFile] {
    [
      try evidence(.evaluation, evaluation(), by: key),
      try evidence(.licence, ["expression": "Apache-2.0", "assessed": "2027-01-10"], by: key),
      try evidence(
        .dataDocumentation,
        ["datasets": [["name": "d", "use": "pretraining", "personalData": "none"]], "assessed": "2027-01-10"], by: key),
      try evidence(
        .guardPack,
        [
          "id": "eu", "version": "1", "digest": ["sha256": .string(Hex.encode(AISafetyInfoTests.bytes(64)))],
          "jurisdictions": [["region": "EU", "verdict": "met"]],
        ], by: key),
    ]
  }

  private func facts(
    _ issued: AuthorityFolder.IssuedCertificate, _ authority: AuthorityFolder, at time: Date
  ) throws -> CertificateFacts {
    let store = TrustStore(keys: [], roots: [try authority.rootCertificate()])
    return try store.certificateFacts(
      chain: [issued.leaf, issued.authority], rootDigest: AISafetyInfoTests.bytes(0),
      statementDigest: AISafetyInfoTests.bytes(32),
      evidence: RevocationEvidence(lists: try RevocationList.lists(path: authority.listsPath)), time: time)
  }

  @Test func fromNothingToRevoked() throws {
    let path = folder()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let authority = try AuthorityFolder.create(
      path: path, organization: "Example", password: "secret", time: Self.start)
    let (publisher, assessor) = (SigningKey(generating: .p256), SigningKey(generating: .ed25519))

    let own = try authority.issue(request(.selfVouched, publisher), time: Self.start)
    #expect(own.leaf.serial.count == 20)
    #expect(own.leaf.notAfter.timeIntervalSince(own.leaf.notBefore) == 90 * 86_400 - 1)
    let ownFacts = try facts(own, authority, at: Self.start + 60)
    #expect(ownFacts.path.isValid && ownFacts.level == .selfVouched)

    var request = request(.thirdParty, publisher)
    request.assessors = [assessor.publicKey]
    request.evidence = try everything(by: assessor)
    let issued = try authority.issue(request, time: Self.start)
    let good = try facts(issued, authority, at: Self.start + 60)
    #expect(good.path.isValid && good.level == .thirdParty)
    guard case .good = good.revocation else { return #expect(Bool(false), "\(good.revocation)") }
    let info = try #require(issued.leaf.safetyInfo)
    #expect(info.licence == "Apache-2.0" && info.assurance == .thirdParty)
    #expect(info.jurisdictions.map(\.region) == ["EU"])
    #expect(info.evidence.map(\.sha256) == request.evidence.map { sha256($0.envelope!.payload) })

    // For other bytes, or other names of files, it says nothing.
    let other = CertificateFacts(
      path: good.path, rootDigest: AISafetyInfoTests.bytes(1), statementDigest: AISafetyInfoTests.bytes(32),
      evidence: RevocationEvidence(), time: Self.start)
    guard case .mismatch = other.profile else { return #expect(Bool(false), "\(other.profile)") }
    let renamed = CertificateFacts(
      path: good.path, rootDigest: AISafetyInfoTests.bytes(0), statementDigest: AISafetyInfoTests.bytes(33),
      evidence: RevocationEvidence(), time: Self.start)
    guard case .mismatch = renamed.profile else { return #expect(Bool(false), "\(renamed.profile)") }

    let later = Self.start + 30 * 86_400
    let renewed = try authority.renew(
      issued.leaf, evidence: request.evidence, assessors: request.assessors, time: later)
    #expect(renewed.leaf.safetyInfo == info && renewed.leaf.serial != issued.leaf.serial)

    try authority.revoke(serial: issued.leaf.serialText.lowercased(), reason: .keyCompromise, time: later)
    #expect(throws: PKIError.self) {
      try authority.revoke(serial: issued.leaf.serialText, reason: .keyCompromise, time: later)
    }
    #expect(throws: PKIError.self) { try authority.revoke(serial: "00FF", reason: .unspecified, time: later) }
    #expect(try authority.rootKey { () throws(TrustError) in nil } == nil, "the root's key is encrypted")
    let before = try RevocationList.lists(path: authority.listsPath)
    let lists = try authority.publishLists(rootKey: nil, time: later)
    #expect(lists.count == 4 && lists.last == before.last, "the root's list stays")
    let revoked = try facts(issued, authority, at: later)
    guard case .revoked(let revocation, _) = revoked.revocation else { return #expect(Bool(false)) }
    #expect(revocation.reason == .keyCompromise)
    guard case .good = try facts(renewed, authority, at: later).revocation else { return #expect(Bool(false)) }
    #expect(throws: PKIError.self) {
      try authority.renew(issued.leaf, evidence: request.evidence, assessors: request.assessors, time: later)
    }
    #expect(try authority.entries().count { $0.revocation != nil } == 1)

    let key = try authority.rootKey { () throws(TrustError) in "secret" }
    let all = try authority.publishLists(rootKey: key, time: later)
    #expect(all.last != before.last && all.last?.number == [2])
  }

  /// Of two lists of the same second the one with the larger number is newer.
  @Test func theLargerNumberCounts() throws {
    let path = folder()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let authority = try AuthorityFolder.create(path: path, organization: "Example", password: nil, time: Self.start)
    let issued = try authority.issue(request(.selfVouched, SigningKey(generating: .p256)), time: Self.start)
    let before = try RevocationList.lists(path: authority.listsPath)
    try authority.revoke(serial: issued.leaf.serialText, reason: .superseded, time: Self.start)
    let after = try authority.publishLists(rootKey: nil, time: Self.start)
    let chain = [issued.leaf, issued.authority, try authority.rootCertificate()]
    for lists in [before + after, after + before] {
      let status = RevocationEvidence(lists: lists).status(of: chain, at: Self.start + 60)
      guard case .revoked = status else { return #expect(Bool(false), "\(status)") }
    }
  }

  /// What is missing for a level, by what was given.
  @Test(
    arguments: [
      ("nothing", ["missing: a statement of type evaluation", "missing: a statement of type licence"]),
      ("by the publisher", ["by the publisher's own key"]), ("stranger", ["none of the assessors signed it"]),
      ("another model", ["about another model"]), ("failed", ["did not pass"]), ("few", ["measured on 3 items"]),
      ("old", ["older than 180 days"]), ("undated", ["does not say on which day"]), ("unsigned", ["nobody signed it"]),
    ] as [(String, [String])])
  func missing(what: String, expected: [String]) throws {
    let (publisher, assessor) = (SigningKey(generating: .p256), SigningKey(generating: .p384))
    var request = request(.thirdParty, publisher)
    request.assessors = [assessor.publicKey]
    request.evidence = try everything(by: assessor)
    switch what {
    case "nothing": request.evidence = []
    case "by the publisher": request.evidence = try everything(by: publisher)
    case "stranger": request.evidence = try everything(by: SigningKey(generating: .p256))
    case "another model":
      request.evidence[0] = try evidence(.evaluation, evaluation(), by: assessor, digest: AISafetyInfoTests.bytes(9))
    case "failed": request.evidence[0] = try evidence(.evaluation, evaluation(passed: false), by: assessor)
    case "few": request.evidence[0] = try evidence(.evaluation, evaluation(n: 3), by: assessor)
    case "old": request.evidence[0] = try evidence(.evaluation, evaluation(day: "2026-01-01"), by: assessor)
    case "undated": request.evidence[0] = try evidence(.evaluation, evaluation(day: nil), by: assessor)
    default:
      let statement = request.evidence[0].statement
      request.evidence[0] = try EvidenceFile(parsing: statement.bytes, path: "m.evaluation.intoto.json")
    }
    let rules = try #require(LevelRules.standard().levels[.thirdParty])
    do {
      _ = try Issuance(request: request, rules: rules, time: Self.start).examine()
      Issue.record("it was certified")
    } catch {
      #expect(error.code == .refused)
      for words in expected { #expect(error.description.contains(words)) }
    }
  }

  @Test func reproducedIsRefused() throws {
    let rules = try #require(LevelRules.standard().levels[.reproduced])
    let key = SigningKey(generating: .p256)
    let error = #expect(throws: PKIError.self) {
      try Issuance(request: request(.reproduced, key), rules: rules, time: Self.start).examine()
    }
    #expect(error?.message.contains("audits cannot be run again here yet") == true)
  }

  @Test func onlyP256IsCertified() throws {
    let name = try DistinguishedName(organization: "Example", commonName: "m")
    for kind in SigningKey.Kind.allCases {
      let key = SigningKey(generating: kind).publicKey
      let builder = try? CertificateBuilder.leaf(
        subject: name, key: key, level: .thirdParty, info: AISafetyInfoTests.info, from: Self.start, days: 90)
      #expect((builder != nil) == (kind == .p256))
    }
  }

  @Test func theDocumentedRulesAreThoseThatAreUsed() throws {
    let path = OracleData.repository.appendingPathComponent("docs/levels.yaml").path
    #expect(try readText(path) == LevelRules.standardText)
    #expect(Set(LevelRules.standard().levels.keys) == Set(AssuranceLevel.allCases))
  }

  /// A line that was not written to its end does not count, and the next one takes its place.
  @Test func anInterruptedLineIsForgotten() throws {
    let path = folder()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let entry = AuthorityIndex.Listed(issuer: "root", number: 1, time: Self.start)
    try AuthorityIndex.locked(path: path) { try $0.append(.listed(entry)) }
    let whole = try readBytes(path)
    for cut in whole.indices.dropFirst() {
      try Data(whole + whole.prefix(cut)).write(to: URL(fileURLWithPath: path))
      try AuthorityIndex.locked(path: path) { index in
        #expect(index.contents.listed == [entry])
        try index.append(.revoked(.init(serial: "0A", issuer: "root", reason: .superseded, time: Self.start)))
      }
      let index = try AuthorityIndex(parsing: readBytes(path), source: path)
      #expect(index.listed == [entry] && index.revoked.count == 1)
    }
  }
}
