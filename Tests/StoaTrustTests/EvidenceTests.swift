import Foundation
import StoaFormats
import StoaTestSupport
import Testing

@testable import StoaTrust

struct EvidenceTests {
  /// Wilson intervals by SciPy 1.x, `binomtest(k, n).proportion_ci(method="wilson")`.
  @Test(arguments: [
    (0, 10, 0.0, 0.27753279986288926), (7, 12, 0.31951131254954973, 0.8067396863412435),
    (60, 100, 0.5020025867910618, 0.6905987135675411), (100, 100, 0.9630065017930143, 1.0),
  ])
  func wilson(successes: Int, n: Int, low: Double, high: Double) {
    let interval = EvaluationResult.Interval.wilson(successes: Double(successes), n: n)
    #expect(abs(interval.low - low) < 1e-12)
    #expect(abs(interval.high - high) < 1e-12)
  }

  private static let results = #"""
    {"results": {"quiz": {"alias": "quiz", "acc,none": 0.5833333333333334, "acc_stderr,none": 0.1486,
      "perplexity,none": 12.5, "perplexity_stderr,none": 2.0, "f1,none": 0.7, "f1_stderr,none": "N/A"}},
     "configs": {"quiz": {"task": "quiz", "num_fewshot": 0}}, "versions": {"quiz": 1.0},
     "n-samples": {"quiz": {"original": 12, "effective": 12}},
     "config": {"random_seed": 0, "numpy_seed": 1234, "torch_seed": null}, "lm_eval_version": "0.4.9"}
    """#

  private static func samples(_ hits: Int) -> [UInt8] {
    Array((0..<12).map { #"{"doc_id": \#($0), "acc": \#($0 < hits ? "1.0" : "0")}"# }.joined(separator: "\n").utf8)
  }

  private static func harness() throws -> EvaluationHarnessResults {
    try EvaluationHarnessResults(parsing: Array(results.utf8), source: "results.json")
  }

  @Test func proportionsGetWilson() throws {
    let result = try Self.harness().result(task: "quiz", metric: "acc", .atLeast, 0.5)
    #expect(result.interval == .wilson(successes: 7, n: 12))
    #expect(result.passed)
    #expect(result.n == 12)
    #expect(result.seeds == ["random": 0, "numpy": 1234])
    #expect(result.taskVersion == "1")
    #expect(result.results == MerkleHash(of: Array(Self.results.utf8)))
    // hashlib.sha256(b'{"num_fewshot":0,"task":"quiz"}')
    #expect(
      result.harness.configuration
        == MerkleHash(of: Array(#"{"num_fewshot":0,"task":"quiz"}"#.utf8)))
    #expect(try EvaluationResult(json: result.json, source: "x") == result)
  }

  @Test func othersGetTheNormalIntervalOrNone() throws {
    let result = try Self.harness().result(task: "quiz", metric: "perplexity", .atMost, 10)
    #expect(!result.passed)
    #expect(result.interval?.method == .normal)
    #expect(abs((result.interval?.high ?? 0) - (12.5 + 1.959963984540054 * 2)) < 1e-12)
    #expect(try Self.harness().result(task: "quiz", metric: "f1", .above, 0.5).interval == nil)
  }

  @Test func samplesAreCountedAndHashed() throws {
    let samples = try EvaluationSamples(parsing: Self.samples(7), source: "samples")
    let result = try Self.harness().result(task: "quiz", metric: "acc", .atLeast, 0.5, samples: samples)
    let leaves = Self.samples(7).split(separator: 0x0A).map { MerkleHash.leaf(Array($0)) }
    #expect(result.samples == .init(merkleRoot: MerkleTree.root(leaves), count: 12))
    // Eight hits are not what the results say.
    let wrong = try EvaluationSamples(parsing: Self.samples(8), source: "samples")
    #expect(throws: TrustError.self) {
      try Self.harness().result(task: "quiz", metric: "acc", .atLeast, 0.5, samples: wrong)
    }
  }

  @Test(arguments: [("quiz", "nope"), ("other", "acc")]) func absentResultsAreNamed(task: String, metric: String) throws
  {
    let error = #expect(throws: TrustError.self) {
      try Self.harness().result(task: task, metric: metric, .atLeast, 0)
    }
    #expect(error?.description.contains(task == "quiz" ? "nope,none" : "other") == true)
  }

  // MARK: Predicates

  private static let good: [(PredicateType, String)] = [
    (
      .evaluation,
      #"""
      {"task": "t", "metric": "acc", "value": 0.5, "comparator": ">=", "threshold": 0.5, "passed": true, "n": 4,
       "harness": {"name": "h", "version": "1"}, "seed": {"random": 1}}
      """#
    ),
    (.openness, #"{"framework": "MOF 1.0", "class": 2, "osaid": false, "assessed": "2026-11-01"}"#),
    (.licence, #"{"expression": "Apache-2.0 OR MIT", "restrictions": ["none"]}"#),
    (.dataDocumentation, #"{"datasets": [{"name": "d", "use": "pretraining", "personalData": "removed"}]}"#),
    (
      .guardPack,
      #"{"id": "p", "version": "1", "digest": {"sha256": "\#(MerkleHash.emptyRoot.hex)"}, "jurisdictions": []}"#
    ),
    (
      .derivation,
      #"{"buildDefinition": {"buildType": "b", "externalParameters": {}}, "runDetails": {"builder": {"id": "x"}}}"#
    ),
  ]

  @Test(arguments: PredicateType.allCases) func goodPredicatesAreTaken(_ type: PredicateType) throws {
    let text = try #require(Self.good.first { $0.0 == type }?.1)
    try type.check(JSONValue(parsing: text), source: "predicate")
    #expect(PredicateType(uri: type.uri) == type)
  }

  /// Every member that is missing, of another kind, null or unknown is named.
  @Test(arguments: PredicateType.allCases) func errorsNameTheMember(_ type: PredicateType) throws {
    let value = try JSONValue(parsing: try #require(Self.good.first { $0.0 == type }?.1))
    let object = try #require(value.objectValue)
    for key in object.keys where type != .derivation || key == "runDetails" {
      for wrong: JSONValue in [.null, ["x": ["y": 1]], 1.5] where object[key] != wrong {
        if key == "value" || key == "threshold" { continue }
        var changed = object
        changed[key] = wrong
        let error = #expect(throws: TrustError.self) { try type.check(.object(changed), source: "predicate") }
        #expect(error?.description.contains(key) == true, "\(key): \(error?.description ?? "")")
      }
    }
    guard type != .derivation else { return }
    var changed = object
    changed["surprise"] = 1
    let error = #expect(throws: TrustError.self) { try type.check(.object(changed), source: "predicate") }
    #expect(error?.description.contains("surprise") == true)
  }

  @Test func aResultMayNotContradictItself() throws {
    let text = Self.good[0].1.replacing("\"passed\": true", with: "\"passed\": false")
    #expect(throws: TrustError.self) { try PredicateType.evaluation.check(JSONValue(parsing: text), source: "x") }
  }

  // MARK: Files

  @Test func statementsLieBesideTheModel() throws {
    let folder = try TrustFolder()
    let path = folder.path + "/m.gguf"
    try Data([1]).write(to: URL(fileURLWithPath: path))
    let model = try ModelFolder(path: path)
    let key = SigningKey(generating: .p256)
    let statement = InTotoStatement(
      subjects: [.init(name: "m", digests: ["sha256": MerkleHash.emptyRoot.hex])],
      predicateType: PredicateType.licence.uri, predicate: ["expression": "MIT"])
    #expect(EvidenceFile.paths(besides: model).isEmpty)
    let signed = try EvidenceFile.write(statement, besides: model, named: "a", key: key)
    let bare = try EvidenceFile.write(statement, besides: model, named: "b", key: nil)
    #expect(EvidenceFile.paths(besides: model) == [signed, bare])
    #expect(signed == "\(model.path).evidence/a.intoto.json")
    let (first, second) = (try EvidenceFile(path: signed), try EvidenceFile(path: bare))
    #expect(first.envelope?.isSigned(by: key.publicKey) == true)
    #expect(second.envelope == nil)
    #expect(first.statement == statement && second.statement == statement)
    #expect(first.sha256 == second.sha256)
  }

  // MARK: Lineage

  private static func step(_ product: String, _ base: String) -> Lineage.Step {
    Lineage.Step(product: product, base: base, buildType: Provenance.Relation.quantized.buildType)
  }

  @Test func aRevokedBaseTaintsItsDescendants() {
    let lineage = Lineage(steps: [
      Self.step("q4", "f16"), Self.step("f16", "hf"), Self.step("merge", "f16"), Self.step("merge", "other"),
    ])
    #expect(lineage.taint(of: "q4", revoked: []) == nil)
    #expect(lineage.taint(of: "q4", revoked: ["other"]) == nil)
    #expect(lineage.taint(of: "q4", revoked: ["hf"])?.map(\.base) == ["f16", "hf"])
    #expect(lineage.taint(of: "merge", revoked: ["other"])?.map(\.base) == ["other"])
    #expect(lineage.taint(of: "hf", revoked: ["hf"])?.isEmpty == true)
    // What it was made into taints no base.
    #expect(lineage.taint(of: "hf", revoked: ["q4"]) == nil)
  }

  @Test func circlesEnd() {
    let lineage = Lineage(steps: [Self.step("a", "b"), Self.step("b", "a"), Self.step("b", "c")])
    #expect(lineage.ancestry(of: "a").map(\.base) == ["b", "a", "c"])
    #expect(lineage.taint(of: "a", revoked: ["x"]) == nil)
    #expect(lineage.taint(of: "a", revoked: ["c"])?.count == 2)
  }

  @Test func provenanceComesBack() throws {
    let provenance = Provenance(
      .converted, parameters: ["type": "F16"],
      dependencies: [.init(name: "base", digests: ["sha256": MerkleHash.emptyRoot.hex])], version: "1.2",
      started: "2026-11-01T00:00:00Z", finished: "2026-11-01T00:00:01Z")
    #expect(try Provenance(json: provenance.json, source: "x") == provenance)
    let statement = InTotoStatement(
      subjects: [.init(name: "p", digests: ["sha256": "aa"])], predicateType: PredicateType.derivation.uri,
      predicate: provenance.json)
    #expect(try Lineage([statement]).steps(to: "aa").map(\.base) == [MerkleHash.emptyRoot.hex])
  }
}
