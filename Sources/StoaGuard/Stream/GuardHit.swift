/// Something that a rail found.
public struct GuardHit: Equatable, Sendable {
  /// The rail.
  public var rail: String
  /// The class of the hazard that the rail serves.
  public var hazard: String
  /// What the hit is called in placeholders, such as `EMAIL`.
  public var label: String
  /// The pattern that matched.
  public var pattern: String
  /// What the rail does about it.
  public var action: GuardAction
  /// Where it stands in the text, in bytes of UTF-8.
  public var range: Range<Int>
  /// How sure it is, 0 to 1.
  public var score: Double
}

/// A piece of a text in whose place something else was passed on.
public struct GuardEdit: Equatable, Sendable {
  /// Where the piece stood in the text, in bytes of UTF-8.
  public var range: Range<Int>
  /// Where its replacement stands in what was passed on.
  public var output: Range<Int>
}

/// What the rails say of a whole text.
public struct GuardVerdict: Equatable, Sendable {
  /// The severest action of all hits; `allow` without hits.
  public var action: GuardAction
  /// The hits in the order of their starts. After a refusal there are no more.
  public var hits: [GuardHit]
  /// The message of the rail that refused.
  public var message: String?
  /// The name of the pack.
  public var pack: String
  /// The digest of the pack.
  public var digest: String
}

/// A hit, as it is journalled and counted.
public struct GuardEvent: Sendable {
  /// What was found.
  public var hit: GuardHit
  /// Where the text stood.
  public var stage: GuardStage
  /// The name of the pack.
  public var pack: String
  /// The digest of the pack.
  public var digest: String
  /// What matched; nil unless the operator asked for it.
  public var text: String?
}

/// Takes the events of streams; called on the scanning thread, so it must be quick.
public protocol EventSink: Sendable {
  /// Takes an event.
  func record(_ event: GuardEvent)
  /// Whether events should carry what matched.
  var wantsText: Bool { get }
}

extension EventSink {
  /// Texts stay out of events.
  public var wantsText: Bool { false }
}
