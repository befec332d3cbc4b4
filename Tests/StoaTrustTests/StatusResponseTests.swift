import Foundation
import StoaTestSupport
import Testing

@testable import StoaTrust

/// Status responses by `cryptography`, and what `openssl ocsp` says about them (`Scripts/make_trust_fixtures.py`).
struct StatusResponseTests {
  struct Setting: Decodable, Sendable { let root: String, chain: [String], time: Double, cases: [Case] }
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    struct Verdict: Decodable, Sendable { let signature: Bool, status: String? }
    let name: String, response: Data, problem: String?, openssl: Verdict
    var testDescription: String { name }
  }

  static let setting: Setting? = {
    do {
      let data = try Data(contentsOf: URL(fileURLWithPath: OracleData.fixture("trust/ocsp.json")))
      return try JSONDecoder().decode(Setting.self, from: data)
    } catch {
      Issue.record("ocsp.json: \(error)")
      return nil
    }
  }()

  @Test(arguments: setting?.cases ?? [])
  func table(_ entry: Case) throws {
    let setting = try #require(Self.setting)
    let chain = try setting.chain.flatMap { try X509Certificate.certificates(pemOrDER: Array($0.utf8)) }
    let time = Date(timeIntervalSince1970: setting.time)
    let response = try StatusResponse(der: entry.response)
    let problem: String? =
      switch RevocationEvidence(responses: [response]).status(of: chain, at: time) {
      case .good: nil
      case .revoked: "revoked"
      case .stale: "stale"
      }
    #expect(problem == entry.problem)
    // Whoever signed: both agree, but that openssl's clock is the machine's.
    let signature = response.signatureProblem(issuer: chain[1], time: time, lists: [])
    #expect((signature == nil) == entry.openssl.signature, "\(signature ?? "")")
    if entry.openssl.signature, entry.problem == "revoked" { #expect(entry.openssl.status == "revoked") }
    if entry.problem == nil { #expect(entry.openssl.status == "good") }
  }

  /// A delegate that its authority revoked no longer speaks for it.
  @Test func aRevokedDelegateIsNotBelieved() throws {
    let setting = try #require(Self.setting)
    let entry = try #require(setting.cases.first { $0.name == "by a delegate" })
    let response = try StatusResponse(der: entry.response)
    let chain = try setting.chain.flatMap { try X509Certificate.certificates(pemOrDER: Array($0.utf8)) }
    let time = Date(timeIntervalSince1970: setting.time)
    let key = SigningKey(generating: .p384)
    let issuer = try CertificateBuilder.root(subject: chain[1].subject, key: key.publicKey, from: time, days: 1)
      .signed(by: key, issuer: nil)
    let delegate = try #require(response.certificates.first)
    let list = try RevocationListBuilder(
      issuer: issuer, thisUpdate: time, nextUpdate: time + 86_400, number: 1,
      entries: [delegate.serial: Revocation(time: time, reason: .keyCompromise)]
    ).signed(by: key)
    #expect(response.signatureProblem(issuer: chain[1], time: time, lists: [list]) != nil)
    #expect(response.signatureProblem(issuer: chain[1], time: time, lists: []) == nil)
  }

  @Test func everyChangedByteIsRefusedOrNotBelieved() throws {
    let setting = try #require(Self.setting)
    let entry = try #require(setting.cases.first { $0.name == "by the issuer" })
    let chain = try setting.chain.flatMap { try X509Certificate.certificates(pemOrDER: Array($0.utf8)) }
    let time = Date(timeIntervalSince1970: setting.time)
    var generator = SeededGenerator(state: 5)
    for index in entry.response.indices {
      var der = Array(entry.response)
      der[index] ^= UInt8.random(in: 1...255, using: &generator)
      guard let response = try? StatusResponse(der: der) else { continue }
      if case .good = RevocationEvidence(responses: [response]).status(of: chain, at: time) {
        Issue.record("byte \(index) may be changed")
      }
    }
  }
}
