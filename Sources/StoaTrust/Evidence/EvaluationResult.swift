public import StoaFormats

/// How well a model did at one task by one metric, against a threshold.
public struct EvaluationResult: Sendable, Equatable {
  /// How a value has to lie to the threshold.
  public enum Comparator: String, Sendable, CaseIterable {
    case atLeast = ">="
    case atMost = "<="
    case above = ">"
    case below = "<"

    /// Whether a value passes.
    public func holds(_ value: Double, _ threshold: Double) -> Bool {
      switch self {
      case .atLeast: value >= threshold
      case .atMost: value <= threshold
      case .above: value > threshold
      case .below: value < threshold
      }
    }
  }

  /// Where the true value lies with some confidence.
  public struct Interval: Sendable, Equatable {
    /// How it was computed.
    public enum Method: String, Sendable, CaseIterable {
      /// For proportions: Wilson's score interval (E. B. Wilson, 1927).
      case wilson
      /// Value ± quantile × standard error.
      case normal
    }

    /// How it was computed.
    public var method: Method
    /// The confidence, such as 0.95.
    public var level: Double
    /// The lower end.
    public var low: Double
    /// The upper end.
    public var high: Double
  }

  /// The program that measured.
  public struct Harness: Sendable, Equatable {
    /// Its name.
    public var name: String
    /// Its version.
    public var version: String
    /// SHA-256 of the canonical JSON of the task's configuration in it.
    public var configuration: MerkleHash?
  }

  /// The single items that were measured.
  public struct Samples: Sendable, Equatable {
    /// The root of the Merkle tree (RFC 6962) over the lines of the file of samples.
    public var merkleRoot: MerkleHash
    /// How many there are.
    public var count: Int
  }

  /// The name of the task.
  public var task: String
  /// The version of the task; nil when it has none.
  public var taskVersion: String?
  /// The name of the metric.
  public var metric: String
  /// What was measured.
  public var value: Double
  /// How it has to lie to the threshold.
  public var comparator: Comparator
  /// The threshold.
  public var threshold: Double
  /// Whether it does.
  public var passed: Bool
  /// On how many items it was measured.
  public var n: Int
  /// Where the true value lies; nil when nothing can be said.
  public var interval: Interval?
  /// The program that measured.
  public var harness: Harness
  /// The seeds of the measurement by what they were for.
  public var seeds: [String: Int]
  /// The items; nil when they were not kept.
  public var samples: Samples?
  /// SHA-256 of the file that the result was taken from.
  public var results: MerkleHash?
  /// The day of the measurement; nil when not told.
  public var assessed: String?

  /// Reads a predicate; `source` names it in messages.
  public init(json: JSONValue, source: String) throws(TrustError) { try self.init(JSONFields(json, source: source)) }

  init(_ fields: JSONFields) throws(TrustError) {
    try fields.allowOnly(
      "task", "taskVersion", "metric", "value", "comparator", "threshold", "passed", "n", "interval", "harness", "seed",
      "samples", "results", "assessed")
    task = try fields.text("task")
    taskVersion = try fields.optionalText("taskVersion")
    metric = try fields.text("metric")
    value = try fields.number("value")
    comparator = try fields.choice("comparator")
    threshold = try fields.number("threshold")
    passed = try fields.bool("passed")
    n = try fields.count("n", from: 1)
    interval = try fields.optionalFields("interval").map { (fields) throws(TrustError) in
      try fields.allowOnly("method", "level", "low", "high")
      let interval = Interval(
        method: try fields.choice("method"), level: try fields.number("level"), low: try fields.number("low"),
        high: try fields.number("high"))
      guard interval.level > 0, interval.level < 1 else { throw fields.malformed("level", "is not between 0 and 1") }
      guard interval.low <= interval.high else { throw fields.malformed("low", "is above the upper end") }
      return interval
    }
    let harness = try fields.fields("harness")
    try harness.allowOnly("name", "version", "configuration")
    self.harness = Harness(
      name: try harness.text("name"), version: try harness.text("version"),
      configuration: try harness.optionalDigest("configuration"))
    let seed = try fields.fields("seed")
    seeds = [:]
    for key in seed.object.keys { seeds[key] = try seed.count(key) }
    samples = try fields.optionalFields("samples").map { (fields) throws(TrustError) in
      try fields.allowOnly("merkleRoot", "count")
      return Samples(merkleRoot: try fields.hash("merkleRoot"), count: try fields.count("count", from: 1))
    }
    results = try fields.optionalDigest("results")
    assessed = try fields.optionalDate("assessed")
    guard passed == comparator.holds(value, threshold) else {
      throw fields.malformed("passed", "contradicts \(value) \(comparator.rawValue) \(threshold)")
    }
  }

  init(
    task: String, taskVersion: String?, metric: String, value: Double, comparator: Comparator, threshold: Double,
    n: Int,
    interval: Interval?, harness: Harness, seeds: [String: Int], samples: Samples?, results: MerkleHash?,
    assessed: String? = nil
  ) {
    self.task = task
    self.taskVersion = taskVersion
    self.metric = metric
    self.value = value
    self.comparator = comparator
    self.threshold = threshold
    passed = comparator.holds(value, threshold)
    self.n = n
    self.interval = interval
    self.harness = harness
    self.seeds = seeds
    self.samples = samples
    self.results = results
    self.assessed = assessed
  }

  /// The predicate.
  public var json: JSONValue {
    var object: JSONObject = ["task": .string(task), "metric": .string(metric), "value": .double(value)]
    object["taskVersion"] = taskVersion.map { .string($0) }
    object["comparator"] = .string(comparator.rawValue)
    object["threshold"] = .double(threshold)
    object["passed"] = .bool(passed)
    object["n"] = .int(n)
    object["interval"] = interval.map {
      [
        "method": .string($0.method.rawValue), "level": .double($0.level), "low": .double($0.low),
        "high": .double($0.high),
      ]
    }
    var harness: JSONObject = ["name": .string(self.harness.name), "version": .string(self.harness.version)]
    harness["configuration"] = self.harness.configuration.map { ["sha256": .string($0.hex)] }
    object["harness"] = .object(harness)
    object["seed"] = .object(JSONObject(seeds.sorted { $0.key < $1.key }.map { ($0.key, .int($0.value)) }))
    object["samples"] = samples.map { ["merkleRoot": .string($0.merkleRoot.hex), "count": .int($0.count)] }
    object["results"] = results.map { ["sha256": .string($0.hex)] }
    object["assessed"] = assessed.map { .string($0) }
    return .object(object)
  }
}

extension EvaluationResult.Interval {
  /// The quantile of the normal distribution that leaves 2.5 % on each side.
  private static let quantile = 1.959963984540054

  /// Wilson's interval at 95 % for `successes` of `n`.
  public static func wilson(successes: Double, n: Int) -> Self {
    let (z, n) = (quantile, Double(n))
    let share = successes / n
    let middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    let half = z / (1 + z * z / n) * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot()
    return Self(method: .wilson, level: 0.95, low: max(0, middle - half), high: min(1, middle + half))
  }

  /// The normal interval at 95 %.
  public static func normal(value: Double, standardError: Double) -> Self {
    Self(
      method: .normal, level: 0.95, low: value - quantile * standardError, high: value + quantile * standardError)
  }
}
