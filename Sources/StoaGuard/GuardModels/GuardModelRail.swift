/// What a rail with the detector `guard-model` needs: which model, how it is asked, and about how much text at a time.
struct GuardModelRail: Sendable {
  static let detector = Detector(
    "guard-model", "what Llama Guard, ShieldGemma, Granite Guardian or a model like them takes for unsafe",
    groups: [],
    options: ["model", "style", "categories", "threshold", "words", "template", "window", "context", "missing"]
  ) { options throws(DetectorOptionError) in
    _ = try Options(options, threshold: 0.5)
    return []
  }

  /// The rail's number in its program.
  let rail: Int
  let settings: GuardModelSettings
  /// Who is judged.
  let role: GuardTurn.Role
  /// Bytes of a window.
  let window: Int
  /// Bytes before a window, and of the conversation before, that are shown with it.
  let context: Int
  /// Whether a text passes that the model has not judged.
  let skipsMissing: Bool

  init(_ rail: Rail, number: Int, stage: GuardStage) throws(DetectorOptionError) {
    let options = try Options(rail.options, threshold: rail.threshold)
    self.rail = number
    settings = options.settings
    role = stage == .output || stage == .toolCall ? .assistant : .user
    // A text that is there already is judged as a whole, unless it is longer than such models read.
    window = stage == .output ? options.window : Self.wholeText
    context = options.context
    skipsMissing = options.skipsMissing
  }

  /// What the hits of a text are called that was not judged.
  static let unjudged = "UNJUDGED"
  private static let wholeText = 8192

  /// How the model is named in events: without the folders of a path.
  var modelName: String { settings.model.split(separator: "/").last.map(String.init) ?? settings.model }

  /// The options of the detector.
  private struct Options {
    var settings: GuardModelSettings
    var window = 512
    var context = 4096
    var skipsMissing = false

    private static let windows = 64...65_536
    private static let contexts = 0...65_536

    init(_ options: DetectorOptions, threshold: Double) throws(DetectorOptionError) {
      guard let model = options["model"], model.count == 1, !model[0].isEmpty else {
        throw DetectorOptionError(
          option: "model", reason: "no model is named", hint: "write model: NAME, a name of the library or a path")
      }
      settings = GuardModelSettings(model: model[0], threshold: threshold)
      if let names = options["style"] {
        let known = GuardModelStyle.allCases.map(\.rawValue)
        guard names.count == 1, let style = GuardModelStyle(rawValue: names[0]) else {
          throw DetectorOptionError(
            option: "style", index: 0, reason: "no style is called \((names.first ?? "").prefix(40))",
            hint: names.first.flatMap { nearest(to: $0, among: known) }.map { "did you mean \($0)?" }
              ?? "write one of \(known.joined(separator: ", ")), or leave it out if the model has a template")
        }
        settings.style = style
      }
      if let categories = options["categories"] {
        guard !categories.isEmpty else {
          throw DetectorOptionError(
            option: "categories", reason: "no category is named", hint: "leave it out for the usual ones")
        }
        if let style = settings.style { _ = try style.categories(named: categories) }
        settings.categories = categories
      }
      if let values = options["threshold"] {
        guard values.count == 1, let value = Double(values[0]), (0...1).contains(value) else {
          throw DetectorOptionError(
            option: "threshold", index: 0, reason: "threshold is no number from 0 to 1", hint: "write threshold: 0.5")
        }
        settings.threshold = value
      }
      if let words = options["words"] {
        guard words.count == 2, !words[0].isEmpty, !words[1].isEmpty, words[0] != words[1] else {
          throw DetectorOptionError(
            option: "words", reason: "words are not two different ones",
            hint: "write words: [safe, unsafe], that for what is safe first")
        }
        settings.words = GuardVerdictWords(safe: [words[0]], harmful: [words[1]])
      }
      settings.isPublishedPrompt =
        try Self.choice("template", ["model", "published"], options, "write template: published or leave it out") == 1
      skipsMissing =
        try Self.choice("missing", ["refuse", "skip"], options, "write missing: skip to let pass what was not judged")
        == 1
      window = try Self.bytes("window", Self.windows, options) ?? window
      context = try Self.bytes("context", Self.contexts, options) ?? context
    }

    private static func choice(
      _ option: String, _ words: [String], _ options: DetectorOptions, _ hint: String
    ) throws(DetectorOptionError) -> Int {
      guard let values = options[option] else { return 0 }
      guard values.count == 1, let index = words.firstIndex(of: values[0]) else {
        throw DetectorOptionError(
          option: option, index: 0, reason: "\(option) is neither \(words.joined(separator: " nor "))", hint: hint)
      }
      return index
    }

    private static func bytes(
      _ option: String, _ range: ClosedRange<Int>, _ options: DetectorOptions
    ) throws(DetectorOptionError) -> Int? {
      guard let values = options[option] else { return nil }
      guard values.count == 1, let value = Int(values[0]), range.contains(value) else {
        throw DetectorOptionError(
          option: option, index: 0,
          reason: "\(option) is no number of bytes from \(range.lowerBound) to \(range.upperBound)",
          hint: "write \(option): 512")
      }
      return value
    }
  }
}

extension GuardProgram {
  /// A guard model that a rail of the program asks.
  public struct GuardModelUse: Equatable, Sendable {
    /// The rail.
    public let rail: String
    /// The model, and how it is asked.
    public let settings: GuardModelSettings
    /// Whether texts pass that the model has not judged.
    public let skipsMissing: Bool
  }

  /// The guard models that the program asks.
  public var guardModels: [GuardModelUse] {
    models.map {
      GuardModelUse(rail: rails[$0.rail].id, settings: $0.settings, skipsMissing: $0.skipsMissing)
    }
  }

  /// The program without the rails that ask guard models, for texts that are not worth a question.
  package var withoutGuardModels: GuardProgram {
    var program = self
    program.models = []
    return program
  }

  /// What rails will want to know of guard models about a whole text, in the order of its windows; at most `limit`.
  package func questions(about bytes: [UInt8], after dialogue: [GuardTurn] = [], limit: Int = .max) -> [GuardQuestion] {
    var questions: [GuardQuestion] = []
    for model in models {
      var windows = ModelWindows(model, after: dialogue)
      windows.feed(bytes[...])
      windows.finish()
      while questions.count < limit, let question = windows.question {
        if !questions.contains(question) { questions.append(question) }
        _ = windows.advance()
      }
    }
    return questions
  }
}
