/// What an authority demands before it certifies a model at a level, by `levels.yaml`.
public struct LevelRules: Hashable, Sendable {
  /// The rules by level.
  public private(set) var levels: [AssuranceLevel: Level] = [:]

  /// What is demanded for one level.
  public struct Level: Hashable, Sendable {
    /// Why nothing is certified at this level; nil when it can be.
    public var refusal: String?
    /// How long a certificate is good, in days.
    public var days = 90
    /// Whether the assessors must not be the publisher.
    public var isIndependent = false
    /// The statements that must be there.
    public var evidence: [Demand] = []
  }

  /// Statements of one type.
  public struct Demand: Hashable, Sendable {
    /// The type.
    public var type: PredicateType
    /// How many at least.
    public var count = 1
    /// How old, in days, counted from the day that they say they were made; nil for any.
    public var maximumAge: Int?
    /// On how many items an evaluation must have been made.
    public var minimumItems = 1
    /// Thresholds that evaluations must reach beyond their own.
    public var thresholds: [TrustThreshold] = []
  }

  private static let levelKeys = ["issue", "reason", "days", "independent", "evidence"]
  private static let demandKeys = ["type", "count", "maximum_age_days", "minimum_items", "thresholds"]
  /// The longest a certificate of a model lives.
  public static let longestDays = 90

  /// Reads the YAML of `levels.yaml`; `file` names it in messages.
  public init(parsing bytes: [UInt8], file: String) throws(TrustError) {
    let names = AssuranceLevel.allCases.map(\.name)
    let root = try YAMLFields(parsing: bytes, file: file, place: "the file", keys: ["version", "levels"])
    guard try root.optionalInteger("version", in: 1...1) != nil else { throw root.missing("version") }
    guard let fields = try root.optionalFields("levels", keys: names) else { throw root.missing("levels") }
    for level in AssuranceLevel.allCases {
      guard let entry = try fields.optionalFields(level.name, keys: Self.levelKeys) else { continue }
      levels[level] = try Self.level(entry)
    }
  }

  private static func level(_ fields: YAMLFields) throws(TrustError) -> Level {
    var level = Level()
    if try fields.optionalBool("issue") == false {
      level.refusal = try fields.text("reason")
    }
    level.days = try fields.optionalInteger("days", in: 1...longestDays) ?? longestDays
    level.isIndependent = try fields.optionalBool("independent") ?? false
    for entry in try fields.list("evidence", keys: demandKeys) {
      let types = PredicateType.allCases.map(\.rawValue)
      guard let type = try entry.optionalChoice("type", types, PredicateType.init(rawValue:)) else {
        throw entry.missing("type")
      }
      var demand = Demand(type: type)
      demand.count = try entry.optionalInteger("count", in: 1...100) ?? 1
      demand.maximumAge = try entry.optionalInteger("maximum_age_days", in: 1...36_500)
      demand.minimumItems = try entry.optionalInteger("minimum_items", in: 1...1_000_000_000) ?? 1
      demand.thresholds = try TrustThreshold.list(entry, "thresholds")
      level.evidence.append(demand)
    }
    return level
  }

  /// The rules that new authorities begin with: `docs/levels.yaml`.
  public static func standard() -> LevelRules {
    do {
      return try LevelRules(parsing: Array(standardText.utf8), file: "levels.yaml")
    } catch {
      preconditionFailure("the standard rules cannot be read: \(error)")
    }
  }
}

extension TrustThreshold {
  private static let words = ["at_least", "at_most", "above", "below"]

  /// Reads entries such as `{task: arc_easy, metric: acc, at_least: 0.3}`.
  static func list(_ fields: YAMLFields, _ key: String) throws(TrustError) -> [TrustThreshold] {
    var thresholds: [TrustThreshold] = []
    for entry in try fields.list(key, keys: ["task", "metric"] + words) {
      let metric = try entry.text("metric")
      let task = try entry.optionalText("task")
      let comparators = zip(words, [EvaluationResult.Comparator.atLeast, .atMost, .above, .below])
      let before = thresholds.count
      for (word, comparator) in comparators {
        guard let bound = try entry.optionalNumber(word) else { continue }
        thresholds.append(TrustThreshold(task: task, metric: metric, comparator: comparator, bound: bound))
      }
      guard thresholds.count > before else {
        throw entry.failure("has no bound", "add one of \(words.joined(separator: ", "))")
      }
    }
    return thresholds
  }
}
