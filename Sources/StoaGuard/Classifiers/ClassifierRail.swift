/// What a rail with the detector `classifier` needs: which classifier, from which score on, and how much text at a time.
struct ClassifierRail: Sendable {
  static let detector = Detector(
    "classifier", "what a small model takes for insults, jailbreaks or injections", groups: [],
    options: ["model", "threshold", "window", "missing"]
  ) { options throws(DetectorOptionError) in
    _ = try Settings(options)
    return []
  }

  /// The rail's number in its program.
  let rail: Int
  let kind: ClassifierKind
  let classifier: TextClassifier
  let threshold: Double
  /// Bytes of a window; nil to judge a text as a whole.
  let window: Int?

  /// The classifier of a rail, or nil with a warning where it is missing and the rail says to go on without.
  ///
  /// An answer is judged in windows while it is written; anything else is judged when it is whole.
  init?(_ rail: Rail, number: Int, stage: GuardStage, library: ClassifierLibrary, warnings: inout [String])
    throws(DetectorOptionError)
  {
    let settings = try Settings(rail.options)
    do throws(TextClassifierError) { classifier = try library.classifier(settings.kind) } catch {
      let what = "the classifier \(settings.kind.rawValue) cannot be used: \(error.reason)"
      guard settings.skipsMissing else {
        throw DetectorOptionError(
          option: "model", reason: what, hint: "install it, or write missing: skip to go on without it")
      }
      warnings.append("rail \(rail.id) is off: \(what)")
      return nil
    }
    self.rail = number
    kind = settings.kind
    threshold = settings.threshold ?? max(classifier.threshold, rail.threshold)
    window = stage == .output ? settings.window : nil
  }

  /// The options of the detector.
  private struct Settings {
    static let usualWindow = 256
    static let windows = 64...65_536
    var kind = ClassifierKind.injection
    var threshold: Double?
    var window = usualWindow
    var skipsMissing = false

    init(_ options: DetectorOptions) throws(DetectorOptionError) {
      let names = ClassifierKind.allCases.map(\.rawValue)
      guard let model = options["model"], model.count == 1, let kind = ClassifierKind(rawValue: model[0]) else {
        let name = options["model"]?.first
        throw DetectorOptionError(
          option: "model", index: name == nil ? nil : 0,
          reason: name.map { "no classifier is called \($0.prefix(40))" } ?? "no model is named",
          hint: name.flatMap { nearest(to: $0, among: names) }.map { "did you mean \($0)?" }
            ?? "write one of \(names.joined(separator: ", "))")
      }
      self.kind = kind
      if let values = options["threshold"] {
        guard values.count == 1, let value = Double(values[0]), (0...1).contains(value) else {
          throw DetectorOptionError(
            option: "threshold", index: 0, reason: "threshold is no number from 0 to 1",
            hint: "write threshold: 0.9, or leave it out for the classifier's own")
        }
        threshold = value
      }
      if let values = options["window"] {
        guard values.count == 1, let value = Int(values[0]), Self.windows.contains(value) else {
          throw DetectorOptionError(
            option: "window", index: 0,
            reason: "window is no number of bytes from \(Self.windows.lowerBound) to \(Self.windows.upperBound)",
            hint: "write window: \(Self.usualWindow)")
        }
        window = value
      }
      switch options["missing"] {
      case nil, ["fail"]: break
      case ["skip"]: skipsMissing = true
      default:
        throw DetectorOptionError(
          option: "missing", index: 0, reason: "missing is neither fail nor skip",
          hint: "write missing: skip to go on without a classifier that is not installed")
      }
    }
  }
}
