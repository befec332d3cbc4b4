import Foundation
import StoaFormats
import StoaTestSupport
import Testing

@testable import StoaTrust

/// Bundles whose time is shown by RFC 3161 timestamps of `openssl ts`, with promises of a log of certificates made by
/// `cryptography` (`Scripts/make_timestamp_fixtures.py`): the good ones, and each fault.
struct TimestampTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String, bundle: SigstoreBundle, problem: String?
    var testDescription: String { name }
  }

  struct Setting: Sendable {
    let root: SigstoreRoot, identity: SignatureVerifier.Identity, signed: Date, verified: Date, cases: [Case]
  }

  static let setting: Setting? = {
    do {
      let path = OracleData.fixture("trust/timestamps.json")
      let json = try JSONValue(path: path, maximumByteCount: 1 << 20)
      func text(_ key: String) throws -> String { try #require(json[key]?.stringValue) }
      func time(_ key: String) throws -> Date { Date(timeIntervalSince1970: try #require(json[key]?.doubleValue)) }
      let cases = try #require(json["cases"]?.arrayValue).map { entry in
        Case(
          name: entry["name"]?.stringValue ?? "",
          bundle: try SigstoreBundle(parsing: bytes(#require(entry["bundle"])), source: path),
          problem: entry["problem"]?.stringValue)
      }
      return Setting(
        root: try SigstoreRoot(parsing: bytes(#require(json["root"])), source: path),
        identity: .init(subject: try text("subject"), issuer: try text("issuer")), signed: try time("signed"),
        verified: try time("verified"), cases: cases)
    } catch {
      Issue.record("timestamps.json: \(error)")
      return nil
    }
  }()

  private static func bytes(_ json: JSONValue) -> [UInt8] { Array(json.text().utf8) }

  private static func verify(_ bundle: SigstoreBundle) throws -> SignatureVerifier.Result {
    let setting = try #require(setting)
    var verifier = SignatureVerifier(store: TrustStore(keys: [], roots: []), time: setting.verified)
    verifier.sigstore = setting.root
    verifier.identities = [setting.identity]
    return verifier.verify(bundle, source: "bundle")
  }

  @Test(arguments: setting?.cases ?? [])
  func table(_ entry: Case) throws {
    let setting = try #require(Self.setting)
    let result = try Self.verify(entry.bundle)
    switch result.signature {
    case .identity:
      #expect(entry.problem == nil)
      let signedAt = try #require(result.signedAt)
      #expect(abs(signedAt.timeIntervalSince(setting.signed)) < 120)
    case .bad(let why): #expect(why.contains(try #require(entry.problem)), "\(why)")
    case .certificate(let facts):
      let problem = try #require(facts.path.problems.first)
      #expect(problem.description.contains(try #require(entry.problem)))
    default: Issue.record("\(result.signature)")
    }
  }

  /// Whatever bit is changed: the timestamp is refused, or it says the same about the same signature.
  @Test func noBitCanBeChanged() throws {
    let setting = try #require(Self.setting)
    let entry = try #require(setting.cases.first { $0.problem == nil })
    let der = try #require(entry.bundle.timestamps.first)
    let signature = try #require(entry.bundle.envelope.signatures.first).bytes
    let verifier = TimestampVerifier(root: setting.root)
    let time = try verifier.verify(der, over: signature)
    var accepted = 0
    for index in der.indices {
      for bit in [UInt8(1), 0x10, 0x80] {
        var changed = der
        changed[index] ^= bit
        guard let other = try? verifier.verify(changed, over: signature) else { continue }
        accepted += 1
        #expect(other == time, "byte \(index)")
      }
    }
    // Versions, names of hashes that nothing reads and the status are not signed.
    #expect(accepted < 80)
  }

  @Test func shortenedTimestampsAreRefused() throws {
    let setting = try #require(Self.setting)
    let der = try #require(setting.cases.first { $0.problem == nil }?.bundle.timestamps.first)
    for count in 0..<der.count {
      #expect(throws: PKIError.self) { try TimestampResponse(der: der.prefix(count)) }
    }
  }

  @Test func shortenedPromisesAreRefused() throws {
    let setting = try #require(Self.setting)
    guard case .sigstore(let certificate) = try #require(setting.cases.first).bundle.signer else {
      Issue.record("no certificate")
      return
    }
    let list = try #require(try X509Certificate(der: certificate).extensions.certificateTimestamps)
    #expect(try SignedCertificateTimestamp.list(list).count == 1)
    for count in 2..<list.count {
      // The outer length fits, what is inside does not.
      let shortened = [0x04, UInt8(count - 2)] + list[2..<count]
      #expect(throws: PKIError.self) { try SignedCertificateTimestamp.list(shortened) }
    }
  }
}
