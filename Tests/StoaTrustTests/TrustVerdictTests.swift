import Foundation
import StoaFormats
import Testing

@testable import StoaTrust

/// Every row of the design's load table in all modes, and what a verdict says.
struct TrustVerdictTests {
  static let time = Date(timeIntervalSince1970: 1_800_000_000)

  /// A certified model, and what may be wrong with it.
  struct Situation {
    var policy = TrustPolicy(mode: .enforce)
    var path: [PathProblem] = []
    var profile: CertificateFacts.Profile = .model(.thirdParty, AISafetyInfoTests.info)
    var revocation = RevocationStatus.good(until: time + 86_400)
    var facts = TrustFacts(model: "m", files: .asSigned("2 files"), signature: .none(""))
  }

  static let leaf: X509Certificate? = {
    let key = SigningKey(generating: .p256)
    let name = try? DistinguishedName(organization: "Example", commonName: "m")
    return try? name.map {
      try CertificateBuilder.leaf(
        subject: $0, key: key.publicKey, level: .thirdParty, info: AISafetyInfoTests.info, from: time - 86_400, days: 90
      ).signed(by: key, issuer: nil)
    }
  }()

  private static func verdict(_ situation: Situation, _ mode: TrustMode) throws -> TrustVerdict {
    var facts = situation.facts
    if case .none("") = facts.signature {
      let leaf = try #require(leaf)
      let path = CertificatePath(chain: [leaf], problems: situation.path, policies: nil)
      facts.signature = .certificate(
        CertificateFacts(path: path, profile: situation.profile, revocation: situation.revocation))
    }
    var policy = situation.policy
    policy.mode = mode
    return TrustVerdict(facts, policy: policy, time: time)
  }

  /// A row: what is wrong, what enforce and warn do, and what the model is when it is loaded all the same.
  struct Row: Sendable, CustomTestStringConvertible {
    let name: String
    let state: TrustState?
    let enforce: TrustDecision
    let warn: TrustDecision
    let status: TrustVerdict.Status
    let change: @Sendable (inout Situation) -> Void
    var testDescription: String { name }
  }

  private static func problem(_ kind: PathProblem.Kind) -> [PathProblem] {
    [PathProblem(kind: kind, subject: "CN=m", reason: "it is so")]
  }

  private static func stale(_ days: Double) -> RevocationStatus {
    .stale(since: time - days * 86_400, reason: "the list is old")
  }

  static let rows: [Row] = [
    Row(name: "all well", state: nil, enforce: .load, warn: .load, status: .certified) { _ in },
    Row(name: "changed file", state: .digestMismatch, enforce: .refuse, warn: .refuse, status: .unsigned) {
      $0.facts.files = .differ("a.bin changed")
    },
    Row(name: "files not compared", state: .digestMismatch, enforce: .refuse, warn: .refuse, status: .unsigned) {
      $0.facts.files = .unknown
    },
    Row(name: "bad signature", state: .badSignature, enforce: .refuse, warn: .refuse, status: .unsigned) {
      $0.facts.signature = .bad("it does not hold")
    },
    Row(name: "another model's", state: .certificateMismatch, enforce: .refuse, warn: .refuse, status: .signed) {
      $0.profile = .mismatch("for another model")
    },
    Row(name: "revoked", state: .revoked, enforce: .refuse, warn: .alert, status: .signed) {
      $0.revocation = .revoked(Revocation(time: time, reason: .keyCompromise), subject: "CN=m")
    },
    Row(name: "expired", state: .expired, enforce: .refuse, warn: .alert, status: .signed) {
      $0.path = problem(.expired)
    },
    Row(name: "not yet valid", state: .expired, enforce: .refuse, warn: .alert, status: .signed) {
      $0.path = problem(.notYetValid)
    },
    Row(name: "unknown issuer", state: .unknownIssuer, enforce: .refuse, warn: .alert, status: .signed) {
      $0.path = problem(.unknownIssuer)
    },
    Row(name: "unknown key", state: .unknownIssuer, enforce: .refuse, warn: .alert, status: .unsigned) {
      $0.facts.signature = .unknownKey("abc")
    },
    Row(name: "chain broken", state: .unknownIssuer, enforce: .refuse, warn: .alert, status: .signed) {
      $0.path = problem(.signature)
    },
    Row(name: "path too long", state: .unknownIssuer, enforce: .refuse, warn: .alert, status: .signed) {
      $0.path = problem(.pathTooLong)
    },
    Row(name: "wrong EKU", state: .wrongUsage, enforce: .refuse, warn: .alert, status: .signed) {
      $0.profile = .wrongUsage("for web servers")
    },
    Row(name: "key may not sign", state: .wrongUsage, enforce: .refuse, warn: .alert, status: .signed) {
      $0.path = problem(.keyUsage)
    },
    Row(name: "no log proof", state: .noLogProof, enforce: .refuse, warn: .alert, status: .signed) {
      $0.policy.requiresLogProof = true
    },
    Row(name: "invalid log proof", state: .noLogProof, enforce: .refuse, warn: .alert, status: .signed) {
      $0.policy.requiresLogProof = true
      $0.facts.log = .invalid("another root")
    },
    Row(name: "log proof", state: nil, enforce: .load, warn: .load, status: .certified) {
      $0.policy.requiresLogProof = true
      $0.facts.log = .proved(log: "log", witnesses: 1)
    },
    Row(name: "status stale a day", state: .staleStatus, enforce: .alert, warn: .alert, status: .certified) {
      $0.revocation = stale(1)
    },
    Row(name: "status stale 7 days", state: .staleStatus, enforce: .alert, warn: .alert, status: .certified) {
      $0.revocation = stale(7)
    },
    Row(name: "status stale longer", state: .overdueStatus, enforce: .refuse, warn: .alert, status: .signed) {
      $0.revocation = stale(7.0001)
    },
    Row(name: "revocation not asked", state: nil, enforce: .load, warn: .load, status: .certified) {
      $0.revocation = stale(100)
      $0.policy.checksRevocation = false
    },
    Row(name: "below the level", state: .belowLevel, enforce: .refuse, warn: .alert, status: .certified) {
      $0.policy.required = .reproduced
    },
    Row(name: "level reached", state: nil, enforce: .load, warn: .load, status: .certified) {
      $0.policy.required = .thirdParty
    },
    Row(name: "not measured", state: .belowThreshold, enforce: .refuse, warn: .alert, status: .certified) {
      $0.policy.thresholds = [TrustThreshold(metric: "acc", comparator: .atLeast, bound: 0.5)]
    },
    Row(name: "jurisdiction partly", state: .jurisdiction, enforce: .refuse, warn: .alert, status: .certified) {
      $0.policy.jurisdictions = ["EU"]
    },
    Row(name: "jurisdiction unknown", state: .jurisdiction, enforce: .refuse, warn: .alert, status: .certified) {
      $0.policy.jurisdictions = ["JP"]
    },
    Row(name: "tainted", state: .taintedLineage, enforce: .refuse, warn: .alert, status: .certified) {
      $0.facts.lineage = .tainted("its base was revoked")
    },
    Row(name: "clean lineage", state: nil, enforce: .load, warn: .load, status: .certified) {
      $0.facts.lineage = .clean("quantized of b")
    },
    Row(name: "unsigned, demanded", state: .unsigned, enforce: .refuse, warn: .alert, status: .unsigned) {
      $0.policy.required = .signed
      $0.facts.signature = .none("there is none")
    },
    Row(name: "unsigned, not demanded", state: nil, enforce: .load, warn: .load, status: .unsigned) {
      $0.facts.signature = .none("there is none")
    },
    Row(name: "trusted key", state: nil, enforce: .load, warn: .load, status: .signed) {
      $0.policy.required = .signed
      $0.facts.signature = .key("lab")
    },
    Row(name: "another profile is signed", state: nil, enforce: .load, warn: .load, status: .signed) {
      $0.policy.required = .signed
      $0.profile = .other
    },
    Row(
      name: "another profile, certified demanded", state: .wrongUsage, enforce: .refuse, warn: .alert, status: .signed
    ) {
      $0.policy.required = .selfVouched
      $0.profile = .other
    },
  ]

  @Test(arguments: rows, [TrustMode.enforce, .warn, .off])
  func table(row: Row, mode: TrustMode) throws {
    var situation = Situation()
    row.change(&situation)
    let verdict = try Self.verdict(situation, mode)
    let expected: TrustDecision =
      switch mode {
      case .enforce: row.enforce
      case .warn: row.warn
      case .off: .load
      }
    #expect(verdict.decision == expected, "\(verdict.checks)")
    #expect(verdict.status == (expected == .refuse ? .refused : row.status))
    #expect(verdict.checks.contains { $0.state == row.state })
    if row.state == nil { #expect(verdict.problems.isEmpty) }
    #expect(verdict.line.hasPrefix(verdict.status.rawValue))
    #expect(verdict.json["verdict"]?.stringValue == verdict.status.rawValue)
    #expect(verdict.json["reasons"]?.arrayValue?.count == verdict.checks.count)
  }

  @Test func everyStateHasARow() { #expect(Set(Self.rows.compactMap(\.state)) == Set(TrustState.allCases)) }

  @Test(arguments: TrustState.allCases)
  func waivers(state: TrustState) throws {
    let row = try #require(
      Self.rows.first { $0.state == state && $0.enforce == .refuse } ?? Self.rows.first { $0.state == state })
    var situation = Situation()
    row.change(&situation)
    for (expires, isGood) in [(Self.time + 1, true), (Self.time, false)] {
      situation.policy.waivers = [TrustWaiver(state, reason: "until the new one is there", expires: expires)]
      let verdict = try Self.verdict(situation, .enforce)
      let isWaived = isGood && state.isWaivable
      #expect(verdict.waivers.isEmpty == !isWaived)
      #expect(verdict.decision == (isWaived ? .alert : row.enforce))
    }
  }

  @Test(arguments: [(0.5, true), (0.49, false)])
  func thresholds(value: Double, holds: Bool) throws {
    var situation = Situation()
    let measured = try EvaluationResult(
      json: [
        "task": "arc_easy", "metric": "acc", "value": .double(value), "comparator": ">=", "threshold": 0.1,
        "passed": true, "n": 100, "harness": ["name": "h", "version": "1"], "seed": [:],
      ], source: "test")
    situation.facts.measurements = [measured]
    situation.policy.thresholds = [
      TrustThreshold(task: "arc_easy", metric: "acc", comparator: .atLeast, bound: 0.5)
    ]
    #expect(try Self.verdict(situation, .enforce).decision == (holds ? .load : .refuse))
    situation.policy.thresholds[0].task = "another"
    #expect(try Self.verdict(situation, .enforce).decision == .refuse)
  }
}
