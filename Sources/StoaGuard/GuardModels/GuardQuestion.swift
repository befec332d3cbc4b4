/// One turn of a conversation, as guard models see it.
public struct GuardTurn: Hashable, Sendable {
  /// Who speaks.
  public enum Role: String, CaseIterable, Sendable {
    /// The client, or text that came from outside.
    case user
    /// The model.
    case assistant
  }

  /// Who speaks.
  public var role: Role
  /// What is said.
  public var text: String

  /// A turn.
  public init(_ role: Role, _ text: String) {
    self.role = role
    self.text = text
  }
}

/// How a guard model is asked, as a rail of a pack says it.
public struct GuardModelSettings: Hashable, Sendable {
  /// The model's name in the library, or a path.
  public var model: String
  /// The style; nil to find it out from the model's own template.
  public var style: GuardModelStyle?
  /// The categories by their names or with definitions; nil for the usual ones.
  public var categories: [String]?
  /// The probability from which on a text counts.
  public var threshold: Double
  /// The words of the verdict; nil for those of the style.
  public var words: GuardVerdictWords?
  /// Whether the published prompt is used although the model has a template of its own.
  public var isPublishedPrompt: Bool

  /// A model with the usual values for what is not given.
  public init(
    model: String, style: GuardModelStyle? = nil, categories: [String]? = nil, threshold: Double = 0.5,
    words: GuardVerdictWords? = nil, isPublishedPrompt: Bool = false
  ) {
    self.model = model
    self.style = style
    self.categories = categories
    self.threshold = threshold
    self.words = words
    self.isPublishedPrompt = isPublishedPrompt
  }
}

/// What a rail wants to know of a guard model.
public struct GuardQuestion: Hashable, Sendable {
  /// Which model, and how it is asked.
  public var settings: GuardModelSettings
  /// The conversation; the last turn is judged.
  public var turns: [GuardTurn]

  /// A question about the last of some turns.
  public init(_ settings: GuardModelSettings, _ turns: [GuardTurn]) {
    self.settings = settings
    self.turns = turns
  }
}

/// What a guard model says of a text.
public struct GuardJudgment: Equatable, Sendable {
  /// How likely the text is unsafe: the softmax over the logits of the words of the verdict.
  public var score: Double
  /// The class of hazard; nil for that of the rail.
  public var hazard: String?
  /// The categories by the model's own names, the likeliest first.
  public var categories: [String]

  /// A judgment.
  public init(score: Double, hazard: String? = nil, categories: [String] = []) {
    self.score = score
    self.hazard = hazard
    self.categories = categories
  }
}

/// Why a guard model has not judged.
public struct GuardModelError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What kind of failure it is.
  public enum Kind: String, Sendable {
    /// There is no such model, or nobody here can ask one.
    case missing
    /// It cannot be loaded, or is none that can judge in its style.
    case unusable
    /// There is no memory for it now.
    case memory
    /// Too many wait for it.
    case busy
    /// It was not done in time.
    case late
    /// The text is too long for it.
    case length
  }

  /// What kind of failure it is.
  public let kind: Kind
  /// What is wrong and what to do.
  public let description: String

  /// A failure.
  public init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }

  /// Nobody can ask guard models here.
  public static let nobodyAsks = GuardModelError(.missing, "guard models cannot be asked here")

  /// In a few words without names of places, for the events of rails.
  var words: String {
    switch kind {
    case .missing: "is missing"
    case .unusable: "cannot be used"
    case .memory: "has no memory"
    case .busy: "is busy"
    case .late: "was not done in time"
    case .length: "cannot read so much"
    }
  }
}

/// A judgment, or why there is none.
public typealias GuardAnswer = Result<GuardJudgment, GuardModelError>

/// Asks guard models; whoever has an engine supplies one.
public protocol GuardModelJudge: Sendable {
  /// Answers a question; the same question has the same answer.
  func judge(_ question: GuardQuestion) async -> GuardAnswer
}
