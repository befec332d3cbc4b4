import Foundation
import StoaFormats
import StoaTestSupport
import Testing

@testable import StoaTrust

/// Our verdict about chains with one fault each beside that of `openssl verify` (`Scripts/make_trust_fixtures.py`).
struct PathValidatorTests {
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    struct Verdict: Decodable, Sendable { let ok: Bool, errors: [String] }
    let name: String, chain: [String], roots: [String], crls: [String], time: Double, policy: String?
    let revocation: String, problem: String?, openssl: Verdict
    /// False where openssl has no opinion.
    let opinion: Bool?
    var testDescription: String { name }
  }

  static let cases: [Case] = {
    do {
      let data = try Data(contentsOf: URL(fileURLWithPath: OracleData.fixture("trust/chains.json")))
      return try JSONDecoder().decode([Case].self, from: data)
    } catch {
      Issue.record("chains.json: \(error)")
      return []
    }
  }()

  private static func certificates(_ pems: [String]) throws -> [X509Certificate] {
    try pems.flatMap { try X509Certificate.certificates(pemOrDER: Array($0.utf8)) }
  }

  /// Our word for a problem, by openssl's errors.
  private static let words = [
    "certificate has expired": "expired", "certificate is not yet valid": "notYetValid",
    "unable to get local issuer certificate": "unknownIssuer", "certificate signature failure": "signature",
    "no explicit policy": "policy", "path length constraint exceeded": "pathTooLong",
    "invalid CA certificate": "notAnAuthority", "unhandled critical extension": "criticalExtension",
    "certificate revoked": "revoked", "unable to get certificate CRL": "stale", "CRL has expired": "stale",
    "CRL is not yet valid": "stale", "CRL signature failure": "stale",
  ]

  @Test(arguments: cases)
  func table(_ entry: Case) throws {
    let chain = try Self.certificates(entry.chain)
    let time = Date(timeIntervalSince1970: entry.time)
    let policies = Set([entry.policy].compactMap { $0.flatMap { ObjectIdentifier($0) } })
    let path = PathValidator(
      anchors: try Self.certificates(entry.roots), intermediates: Array(chain.dropFirst()), time: time,
      policies: policies, usage: ModelOIDs.modelSigning
    ).validate(chain[0])
    var kinds = path.problems.map(\.kind.rawValue)
    if entry.revocation != "off", path.isValid {
      let lists = try entry.crls.flatMap { try RevocationList.lists(pemOrDER: Array($0.utf8)) }
      switch RevocationEvidence(lists: lists).status(of: path.chain, at: time, leafOnly: entry.revocation == "leaf") {
      case .good: break
      case .revoked: kinds.append("revoked")
      case .stale: kinds.append("stale")
      }
    }
    #expect(kinds == [entry.problem].compactMap { $0 }, "\(path.problems)")
    guard entry.opinion ?? true else {
      #expect(entry.openssl.ok, "openssl has an opinion after all")
      return
    }
    #expect(kinds.isEmpty == entry.openssl.ok)
    // Of the same name but with another key: for us the signature is wrong, for openssl it is another issuer.
    guard let error = entry.openssl.errors.first, entry.name != "other root of the same name" else { return }
    #expect(kinds.first == Self.words[error])
  }

  @Test func theTableHasEveryRow() {
    let kinds = Set(Self.cases.compactMap(\.problem))
    #expect(kinds == Set(PathProblem.Kind.allCases.map(\.rawValue)).union(["revoked", "stale"]))
    #expect(Self.cases.contains { $0.problem == nil })
  }

  /// A hundred authorities that all could have signed each other do not keep the program busy.
  @Test func manyIssuersOfOneNameEnd() throws {
    let entry = try #require(Self.cases.first { $0.name == "wrong signature" })
    let chain = try Self.certificates(entry.chain)
    let many = try Self.cases.filter { $0.name != "valid" }.flatMap { try Self.certificates($0.chain + $0.roots) }
    let path = PathValidator(
      anchors: try Self.certificates(entry.roots), intermediates: many,
      time: Date(timeIntervalSince1970: entry.time)
    ).validate(chain[0])
    #expect(!path.isValid)
  }

  @Test func everyChangedByteOfACertificateIsRefused() throws {
    let entry = try #require(Self.cases.first { $0.name == "valid" })
    let chain = try Self.certificates(entry.chain)
    let roots = try Self.certificates(entry.roots)
    var generator = SeededGenerator(state: 11)
    for index in chain[0].der.indices {
      var der = chain[0].der
      der[index] ^= UInt8.random(in: 1...255, using: &generator)
      guard let changed = try? X509Certificate(der: der) else { continue }
      let path = PathValidator(
        anchors: roots, intermediates: [chain[1]], time: Date(timeIntervalSince1970: entry.time)
      ).validate(changed)
      #expect(!path.isValid, "byte \(index)")
    }
  }
}
