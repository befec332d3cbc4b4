/// What a rail does with what it found, from the mildest to the severest.
public enum GuardAction: String, CaseIterable, Comparable, Sendable {
  /// Notes the hit and does nothing, for rails on trial.
  case allow
  /// Passes the text on and marks the verdict.
  case flag
  /// Puts a label in the place of the hit.
  case redact
  /// Puts a placeholder in the place of the hit and the hit back into the answer.
  case mask
  /// Puts the rail's text in the place of the hit.
  case replace
  /// Ends the text before the hit with the rail's message; of an input nothing is passed on.
  case refuse
  /// Ends the text before the hit without a word.
  case stop

  private var severity: Int { Self.allCases.firstIndex(of: self) ?? 0 }

  /// Whether the text after the hit is not passed on.
  public var isFinal: Bool { self >= .refuse }

  /// Whether the text is changed.
  public var edits: Bool { self >= .redact }

  /// Milder actions are less.
  public static func < (left: GuardAction, right: GuardAction) -> Bool { left.severity < right.severity }
}

/// Where a text stands on its way between client, model and tools.
public enum GuardStage: String, CaseIterable, Sendable {
  /// What the client sends to the model.
  case input
  /// What the model answers, while it does.
  case output
  /// Text that was looked up and is put before the model.
  case retrieval
  /// The arguments of a call of a tool.
  case toolCall = "tool-call"
  /// What a tool gave back.
  case toolResult = "tool-result"
}
