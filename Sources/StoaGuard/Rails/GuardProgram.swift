/// The rails of a pack for one stage, compiled; it never changes and may be shared by any number of streams.
public struct GuardProgram: Sendable {
  /// The name of the pack.
  public let pack: String
  /// The digest of the pack, in hexadecimal.
  public let digest: String
  /// Where the text stands.
  public let stage: GuardStage
  /// The rails that look at this stage, in the order of the pack.
  public let rails: [Rail]

  let raw: [PatternSet]
  let folded: [PatternSet]
  let decoded: [PatternSet]
  /// Whether the folded view decodes escapes.
  let decodesEscapes: Bool
  /// The rails that compare the text with the system prompt.
  let promptRails: [Int]
  /// The rails that ask a classifier.
  let classifiers: [ClassifierRail]
  /// The rails that ask a guard model.
  var models: [GuardModelRail] = []
  /// What an operator should know: rails that are off because their classifier is not installed.
  public let warnings: [String]

  /// Compiles the rails for a stage.
  ///
  /// - Throws: `RailError` with the rail to blame: an unknown detector, an option or a pattern that is of no use.
  public init(
    pack: String, digest: String = "", rails: [Rail], stage: GuardStage, detectors: DetectorCatalog = .builtIn
  ) throws(RailError) {
    self.pack = pack
    self.digest = digest
    self.stage = stage
    self.rails = rails.filter { !$0.isOff && $0.stages.contains(stage) }
    var raw: [PatternSet.Entry] = []
    var folded: [PatternSet.Entry] = []
    var decoded: [PatternSet.Entry] = []
    var promptRails: [Int] = []
    var classifiers: [ClassifierRail] = []
    var warnings: [String] = []
    for (number, rail) in self.rails.enumerated() {
      for detector in try detectors.detectors(of: rail) {
        if detector.name == PromptLeak.detectorName { promptRails.append(number) }
        let patterns: [Pattern]
        do throws(DetectorOptionError) {
          patterns = try detector.patterns(rail.options)
          if detector.name == ClassifierRail.detector.name,
            let found = try ClassifierRail(
              rail, number: number, stage: stage, library: detectors.classifiers, warnings: &warnings)
          {
            classifiers.append(found)
          }
          if detector.name == GuardModelRail.detector.name {
            models.append(try GuardModelRail(rail, number: number, stage: stage))
          }
        } catch {
          throw RailError(
            rail: rail.id, option: error.option, index: error.index, reason: error.reason, hint: error.hint)
        }
        for pattern in patterns {
          let entry = PatternSet.Entry(rail: number, pattern: pattern)
          switch detector.view {
          case .raw: raw.append(entry)
          case .folded: folded.append(entry)
          }
          if rail.decodes, pattern.variant == .plain {
            decoded.append(
              PatternSet.Entry(rail: number, pattern: detector.view == .folded ? pattern.ignoringCase : pattern))
          }
        }
      }
    }
    self.promptRails = promptRails
    self.classifiers = classifiers
    self.warnings = warnings
    decodesEscapes = self.rails.contains(where: \.decodes)
    self.raw = try Self.compile(raw, self.rails)
    self.folded = try Self.compile(folded, self.rails)
    self.decoded = try Self.compile(decoded, self.rails)
  }

  private static func compile(_ entries: [PatternSet.Entry], _ rails: [Rail]) throws(RailError) -> [PatternSet] {
    do {
      return try PatternSet.grouped(entries)
    } catch {
      let entry = entries[error.entry]
      throw RailError(
        rail: rails[entry.rail].id, option: nil, index: nil,
        reason: "pattern \(entry.pattern.name): \(error.error.reason) at byte \(error.error.offset) of it",
        hint: error.error.hint)
    }
  }

  /// How many patterns there are and how many states texts have needed so far, for `stoa guard explain`.
  public var size: (patterns: Int, states: Int) {
    let sets = raw + folded + decoded
    return (sets.reduce(0) { $0 + $1.entries.count }, sets.reduce(0) { $0 + $1.automaton.stateCount })
  }
}

/// Why a rail cannot be used.
public struct RailError: Error, Equatable, CustomStringConvertible, Sendable {
  /// The rail.
  public let rail: String
  /// The option to blame, if it is one, or `detector`.
  public let option: String?
  /// Which of the option's values, from 0, if one is to blame.
  public let index: Int?
  /// What is wrong.
  public let reason: String
  /// What to write instead.
  public let hint: String

  /// The rail, the reason and the hint in one line.
  public var description: String { "rail \(rail): \(reason); \(hint)" }
}
