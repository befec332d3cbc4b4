/// One rule of a pack: what to look for, where, and what to do about it.
public struct Rail: Equatable, Sendable {
  /// The name, unique in its pack.
  public var id: String
  /// Where the rail looks.
  public var stages: Set<GuardStage>
  /// The names of detectors or of groups of them.
  public var detectors: [String]
  /// The options of the detectors.
  public var options: DetectorOptions
  /// Hits with a lower score do not count.
  public var threshold: Double
  /// What to do about a hit.
  public var action: GuardAction
  /// The class of the hazard: MLCommons (`S1`…`S14`), OWASP LLM Top 10 (`LLM01`…`LLM10`) or one of the deployer's own.
  public var hazard: String
  /// What a refusal says.
  public var message: String
  /// What stands in the place of a hit; nil for `[LABEL]`.
  public var replacement: String?
  /// Whether what is encoded (base64, hexadecimal, escapes, tags) is decoded and looked at too.
  public var decodes: Bool
  /// Hits that are equal to one of these, without regard to case, do not count.
  public var exceptions: [String]
  /// Whether a model that is asked here is kept from writing what the rail finds, so that it says something else instead.
  public var avoids: Bool
  /// Whether the rail is left out.
  public var isOff: Bool

  /// A rail with the usual values for what is not given.
  public init(
    id: String, stages: Set<GuardStage> = Set(GuardStage.allCases), detectors: [String],
    options: DetectorOptions = DetectorOptions(), threshold: Double = 0.5, action: GuardAction,
    hazard: String = "other",
    message: String = Rail.usualMessage, replacement: String? = nil, decodes: Bool = false, exceptions: [String] = [],
    avoids: Bool = false, isOff: Bool = false
  ) {
    self.id = id
    self.stages = stages
    self.detectors = detectors
    self.options = options
    self.threshold = threshold
    self.action = action
    self.hazard = hazard
    self.message = message
    self.replacement = replacement
    self.decodes = decodes
    self.exceptions = exceptions
    self.avoids = avoids
    self.isOff = isOff
  }

  /// What a refusal says when the pack gives no message.
  public static let usualMessage = "I can't help with that."
}
