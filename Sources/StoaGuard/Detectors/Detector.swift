/// The text that a detector's patterns are matched against.
public enum DetectorView: String, CaseIterable, Sendable {
  /// The bytes as they are.
  case raw
  /// The text in lower case without invisible characters, look-alikes replaced by the letters they look like.
  case folded
}

/// Something that packs name in `detector:` and that finds one kind of thing in text.
///
/// A detector is a list of patterns with validators. All patterns of all rails become one automaton, so a detector costs next to
/// nothing while nothing matches; a pattern should begin with something telling (`\b`, a letter, a literal) and be as short as it can.
public struct Detector: Sendable {
  /// What packs call it, such as `email`.
  public let name: String
  /// One line of what it finds.
  public let summary: String
  /// The groups that name it with others in packs, such as `pii` or `secrets`.
  public let groups: [String]
  /// What the patterns are matched against.
  public let view: DetectorView
  /// The names of options that a pack may set.
  public let options: [String]
  /// The patterns for the options of a rail; throws when an option's value is of no use.
  public let patterns: @Sendable (DetectorOptions) throws(DetectorOptionError) -> [Pattern]

  /// A detector whose patterns depend on options of the rail.
  public init(
    _ name: String, _ summary: String, groups: [String] = [], view: DetectorView = .raw, options: [String] = [],
    patterns: @escaping @Sendable (DetectorOptions) throws(DetectorOptionError) -> [Pattern]
  ) {
    self.name = name
    self.summary = summary
    self.groups = groups
    self.view = view
    self.options = options
    self.patterns = patterns
  }

  /// A detector that is always the same.
  public init(
    _ name: String, _ summary: String, groups: [String] = [], view: DetectorView = .raw, _ patterns: [Pattern]
  ) {
    self.init(name, summary, groups: groups, view: view) { _ throws(DetectorOptionError) in patterns }
  }
}

/// The options that a rail of a pack gives to its detector: lists of strings by name.
public struct DetectorOptions: Equatable, Sendable {
  /// The values of each option in the order of the pack; one value is a list of one.
  public var values: [String: [String]]

  /// Options by name.
  public init(_ values: [String: [String]] = [:]) { self.values = values }

  /// The values of an option, or nil when the rail does not set it.
  public subscript(name: String) -> [String]? { values[name] }

  /// Whether the rail sets the option to `true`.
  public func isOn(_ name: String) -> Bool { values[name] == ["true"] }
}

/// Why an option of a detector is of no use.
public struct DetectorOptionError: Error, Equatable, Sendable {
  /// The option.
  public let option: String
  /// Which of its values, from 0, if one is to blame.
  public let index: Int?
  /// What is wrong.
  public let reason: String
  /// What to write instead.
  public let hint: String

  /// An error of an option's value.
  public init(option: String, index: Int? = nil, reason: String, hint: String) {
    self.option = option
    self.index = index
    self.reason = reason
    self.hint = hint
  }
}
