import Foundation
import StoaFormats

/// The results of a run of lm-evaluation-harness (EleutherAI), as it writes them with `--output_path`.
///
/// Read of its JSON: `results`, `n-samples`, `versions`, `configs`, `config` and `lm_eval_version`; of a file of samples
/// (`--log_samples`) the lines, and in each the value of the metric.
public struct EvaluationHarnessResults: Sendable {
  private let fields: JSONFields
  private let digest: MerkleHash

  /// Reads the file.
  public init(path: String) throws(TrustError) {
    let bytes = try readBytes(path, limit: 256 << 20)
    try self.init(parsing: bytes, source: path)
  }

  init(parsing bytes: [UInt8], source: String) throws(TrustError) {
    fields = try JSONFields(JSONValue(parsing: bytes, source: source), source: source)
    digest = MerkleHash(of: bytes)
    _ = try fields.fields("results")
  }

  /// The tasks, in the order of the file.
  public var tasks: [String] { fields.object["results"]?.objectValue?.keys ?? [] }

  /// The metrics of a task, without those that are errors of others.
  public func metrics(of task: String) -> [String] {
    (fields.object["results"]?[task]?.objectValue ?? JSONObject()).compactMap { key, value in
      guard value.doubleValue != nil, let comma = key.firstIndex(of: ","), !key[..<comma].hasSuffix("_stderr") else {
        return nil
      }
      return Self.shortName(key)
    }
  }

  /// `acc,none` is called `acc`; another filter stays in the name.
  private static func shortName(_ key: String) -> String { key.hasSuffix(",none") ? String(key.dropLast(5)) : key }

  private static func key(_ metric: String) -> String { metric.contains(",") ? metric : metric + ",none" }

  /// Metrics that are means of zeros and ones.
  private static let proportions: Set<String> = [
    "acc", "acc_norm", "acc_bytes", "acc_mutual_info", "exact_match", "em", "pass@1", "mc1", "prompt_level_strict_acc",
    "prompt_level_loose_acc",
  ]

  /// The result of a task by a metric, held against a threshold.
  ///
  /// The interval is Wilson's when the metric is a mean of zeros and ones, which the samples show where there are some,
  /// and else the name of the metric together with a whole number of successes; otherwise the normal one from the
  /// standard error that the harness gives.
  public func result(
    task: String, metric: String, _ comparator: EvaluationResult.Comparator, _ threshold: Double,
    samples: EvaluationSamples? = nil
  ) throws(TrustError) -> EvaluationResult {
    let all = try fields.fields("results")
    guard all.value(task) != nil else {
      throw all.malformed(task, "is missing; there are: \(tasks.joined(separator: ", "))")
    }
    let results = try all.fields(task)
    let key = Self.key(metric)
    guard let value = results.value(key)?.doubleValue else {
      throw results.malformed(key, "is no number; the metrics are: \(metrics(of: task).joined(separator: ", "))")
    }
    let counts = try fields.fields("n-samples").fields(task)
    let n = try counts.count("effective", from: 1)
    if let samples, samples.count != n {
      throw counts.malformed("effective", "is \(n), but the file of samples has \(samples.count) lines")
    }
    let name = String(key.prefix { $0 != "," })
    return EvaluationResult(
      task: task, taskVersion: try version(of: task), metric: Self.shortName(key), value: value,
      comparator: comparator, threshold: threshold, n: n,
      interval: try interval(value, n, name, key, results, samples),
      harness: EvaluationResult.Harness(
        name: "lm-evaluation-harness", version: try fields.optionalText("lm_eval_version") ?? "unknown",
        configuration: try configuration(of: task)),
      seeds: try seeds(), samples: samples.map { .init(merkleRoot: $0.root, count: $0.count) }, results: digest,
      assessed: day())
  }

  /// The day on which the run began: the harness writes seconds since 1970.
  private func day() -> String? {
    guard let seconds = fields.value("date")?.doubleValue, (0...32_503_680_000).contains(seconds) else { return nil }
    return Date(timeIntervalSince1970: seconds).formatted(.iso8601.year().month().day())
  }

  private func interval(
    _ value: Double, _ n: Int, _ name: String, _ key: String, _ results: JSONFields, _ samples: EvaluationSamples?
  ) throws(TrustError) -> EvaluationResult.Interval? {
    if let sum = try samples?.successes(name) {
      guard abs(sum / Double(n) - value) < 1e-9 else {
        throw results.malformed(key, "is \(value), but the samples give \(sum) of \(n)")
      }
      return .wilson(successes: sum, n: n)
    }
    let successes = (value * Double(n)).rounded()
    if samples == nil, Self.proportions.contains(name), (0...1).contains(value),
      abs(successes / Double(n) - value) < 1e-9
    {
      return .wilson(successes: successes, n: n)
    }
    let stderr = name + "_stderr" + key.dropFirst(name.count)
    guard let error = results.value(stderr)?.doubleValue, error >= 0 else { return nil }
    return .normal(value: value, standardError: error)
  }

  private func version(of task: String) throws(TrustError) -> String? {
    guard let version = try fields.optionalFields("versions")?.value(task) else { return nil }
    return version.stringValue ?? version.doubleValue.flatMap { CanonicalJSON.number($0) }
  }

  private func configuration(of task: String) throws(TrustError) -> MerkleHash? {
    guard let configs = try fields.optionalFields("configs"), let config = configs.value(task) else { return nil }
    do {
      return MerkleHash(of: try CanonicalJSON.encode(config))
    } catch {
      throw configs.malformed(task, "has no canonical form: \(error.description)")
    }
  }

  private func seeds() throws(TrustError) -> [String: Int] {
    var seeds: [String: Int] = [:]
    guard let config = try fields.optionalFields("config") else { return seeds }
    for name in ["random", "numpy", "torch", "fewshot"] where config.value("\(name)_seed") != nil {
      seeds[name] = try config.count("\(name)_seed")
    }
    return seeds
  }
}

/// The single items of a task that a harness wrote down, one JSON object a line.
public struct EvaluationSamples: Sendable {
  /// The root of the Merkle tree over the lines, without their line feeds.
  public let root: MerkleHash
  /// How many lines there are.
  public let count: Int
  private let items: [JSONFields]

  /// Reads a file of samples.
  public init(path: String) throws(TrustError) { try self.init(parsing: readBytes(path, limit: 1 << 30), source: path) }

  init(parsing bytes: [UInt8], source: String) throws(TrustError) {
    var peaks = MerklePeaks()
    var items: [JSONFields] = []
    for line in bytes.split(separator: 0x0A) {
      peaks.append(.leaf(Array(line)))
      items.append(
        try JSONFields(JSONValue(parsing: Array(line), source: "\(source) line \(items.count + 1)"), source: source))
    }
    guard !items.isEmpty else { throw .malformed(source: source, problem: "there are no samples in this file") }
    root = peaks.root
    count = items.count
    self.items = items
  }

  /// The sum of a metric over all items when each has it as zero or one; nil otherwise.
  func successes(_ metric: String) throws(TrustError) -> Double? {
    var sum = 0.0
    for item in items {
      guard let value = item.value(metric) else { return nil }
      let number = value.boolValue.map { $0 ? 1.0 : 0 } ?? value.doubleValue
      guard let number, number == 0 || number == 1 else { return nil }
      sum += number
    }
    return sum
  }
}
