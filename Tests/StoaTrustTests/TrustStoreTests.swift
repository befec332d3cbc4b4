import Foundation
import StoaFormats
import StoaTestSupport
import Testing

@testable import StoaTrust

struct TrustStoreTests {
  private static let log = "log.example+3f1e2a49+x"

  private func store(_ yaml: String) throws(TrustError) -> TrustStore {
    try TrustStore(parsing: Array(yaml.utf8), path: "trust.yaml")
  }

  private static let root: X509Certificate? = {
    guard let entry = PathValidatorTests.cases.first else { return nil }
    return try? X509Certificate.certificates(pemOrDER: Array(entry.roots[0].utf8))[0]
  }()

  @Test func rulesAndWaivers() throws {
    let digest = String(repeating: "ab", count: 32)
    let store = try store(
      """
      version: 1
      mode: warn
      require: signed
      thresholds:
        - {metric: acc, at_least: 0.5}
      jurisdictions: [EU]
      models:
        - model: primer
          require: third-party
          mode: enforce
          jurisdictions: [JP]
        - {model: "sha256:\(digest.uppercased())", require: unsigned}
      waivers:
        - {model: primer, waive: tainted-lineage, reason: the new base comes, expires: 2027-01-31}
      """)
    let plain = store.policy(for: ["other"], digest: nil, fallback: .enforce)
    #expect(plain.mode == .warn && plain.required == .signed && plain.jurisdictions == ["EU"])
    #expect(plain.waivers.isEmpty && !plain.requiresLogProof && plain.checksRevocation)
    let primer = store.policy(for: ["x", "primer"], digest: nil, fallback: .off)
    #expect(primer.mode == .enforce && primer.required == .thirdParty && primer.jurisdictions == ["EU", "JP"])
    #expect(primer.thresholds.map(\.bound) == [0.5])
    // The whole last day counts.
    #expect(primer.waivers.map(\.expires) == [try Date("2027-02-01T00:00:00Z", strategy: .iso8601)])
    #expect(store.policy(for: [], digest: Hex.decode(digest), fallback: .off).required == .unsigned)
    #expect(try self.store("version: 1").required == .selfVouched)
  }

  /// What is wrong, where, and what may have been meant.
  @Test(
    arguments: [
      ("version: 1\nrequires: signed", "trust.yaml:2:1", "did you mean require?"),
      ("version: 1\nrequire: third-prty", "trust.yaml:2:10", "did you mean third-party?"),
      ("version: 1\nmode: strict", "trust.yaml:2:7", "off, warn, enforce"),
      ("version: 2", "trust.yaml:1:10", "whole number from 1 to 1"), ("mode: warn", "trust.yaml:1:1", "add version:"),
      ("version: 1\nroots:\n  - name: a", "trust.yaml:3:5", "either file or pem"),
      ("version: 1\nroots:\n  - file: gone.pem", "trust.yaml:3:11", "cannot be read"),
      ("version: 1\nroots:\n  - pem: x", "trust.yaml:3:5", "no certificate"),
      (
        "version: 1\nwaivers:\n  - {model: m, waive: revoked, reason: r, expires: 2027-01-01}", "trust.yaml:3:23",
        "tainted"
      ),
      (
        "version: 1\nwaivers:\n  - {model: m, waive: below-level, expires: 2027-01-01}", "trust.yaml:3:5", "add reason:"
      ),
      (
        "version: 1\nwaivers:\n  - {model: m, waive: below-level, reason: r, expires: soon}", "trust.yaml:3:56",
        "2027-01-31"
      ), ("version: 1\nthresholds:\n  - {metric: acc}", "trust.yaml:3:5", "at_least"),
      ("version: 1\nmodels:\n  - {model: 'sha256:12'}", "trust.yaml:3:13", "64 hexadecimal digits"),
      ("version: 1\nlogs:\n  - {key: nonsense}", "trust.yaml:3:5", "NAME+ID+BASE64"),
      ("version: 1\nversion: 1", "trust.yaml", "twice"), ("a: [", "trust.yaml:2:1", "not YAML"),
      ("version: 1\nroots: {}", "trust.yaml:2:8", "not a list"), ("- a", "trust.yaml:1:1", "not a mapping"),
    ] as [(String, String, String)])
  func errors(yaml: String, place: String, words: String) {
    do {
      _ = try store(yaml)
      Issue.record("it was read")
    } catch {
      #expect(error.description.hasPrefix(place + ":"), "\(error)")
      #expect(error.description.contains(words), "\(error)")
    }
  }

  @Test func addingARoot() throws {
    let root = try #require(Self.root)
    let fresh = try TrustStore.adding(root, name: "Example: \"one\"", to: "", path: "trust.yaml")
    let store = try store(fresh)
    #expect(store.roots.map(\.certificate) == [root] && store.roots[0].name == "Example: \"one\"")
    #expect(throws: TrustError.self) { try TrustStore.adding(root, name: "again", to: fresh, path: "trust.yaml") }

    let other = try X509Certificate.certificates(
      pemOrDER: Array(#require(PathValidatorTests.cases.first { $0.name == "unknown issuer" }).roots[0].utf8))[0]
    let text = fresh + "# a remark that stays\nkeys: []\n"
    let two = try TrustStore.adding(other, name: "b", to: text, path: "trust.yaml")
    #expect(two.hasSuffix("# a remark that stays\nkeys: []\n"))
    #expect(Set(try self.store(two).roots.map(\.certificate)) == [root, other])
    let bare = try TrustStore.adding(other, name: "b", to: "version: 1\nmode: warn\n", path: "trust.yaml")
    #expect(try self.store(bare).roots.count == 1)
    #expect(throws: TrustError.self) {
      try TrustStore.adding(other, name: "b", to: "{version: 1, roots: []}", path: "trust.yaml")
    }
  }

  @Test func aChangedRootIsRefused() throws {
    let root = try #require(Self.root)
    let text = try TrustStore.adding(root, name: "a", to: "", path: "trust.yaml")
    let changed = text.replacing(Hex.encode(root.fingerprint), with: String(repeating: "0", count: 64))
    #expect(throws: TrustError.self) { try store(changed) }
    let colons = root.fingerprint.map { Hex.encode([$0]).uppercased() }.joined(separator: ":")
    #expect(throws: Never.self) { try store(text.replacing(Hex.encode(root.fingerprint), with: colons)) }
  }

  /// A root that may vouch for one level only does not make others.
  @Test func aRootOfOneLevel() throws {
    let entry = try #require(PathValidatorTests.cases.first { $0.name == "valid" })
    let root = try #require(Self.root)
    let chain = try entry.chain.flatMap { try X509Certificate.certificates(pemOrDER: Array($0.utf8)) }
    for (levels, isHeld) in [("[third-party]", true), ("[self-vouched]", false)] {
      let text = try TrustStore.adding(root, name: "a", to: "", path: "trust.yaml")
      let store = try store(text.replacing("  - name:", with: "  - levels: \(levels)\n    name:"))
      let facts = try store.certificateFacts(
        chain: chain, rootDigest: [], statementDigest: [], evidence: RevocationEvidence(),
        time: Date(timeIntervalSince1970: entry.time))
      #expect(facts.path.isValid)
      #expect((facts.path.policies?.contains(AssuranceLevel.thirdParty.policy) ?? true) == isHeld)
    }
  }
}
