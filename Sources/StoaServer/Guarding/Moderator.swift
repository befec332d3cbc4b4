import StoaFormats
import StoaGuard
import Synchronization

/// Says what is wrong with texts, in the categories of OpenAI's moderations.
///
/// Two things speak: the rails of a pack for what clients send, and the toxicity classifier if its weights are there.
final class Moderator: Sendable {
  private struct Found {
    var classifiers: [ClassifierKind: TextClassifier?] = [:]
    /// The packs that come along, once they were asked for.
    var versions: [String: GuardVersion] = [:]
  }

  private let policy: GuardPolicy?
  private let find: @Sendable (ClassifierKind) -> TextClassifier?
  private let found = Mutex(Found())
  /// Asks the guard models of rails; nil where nobody can.
  private let guardModels: (any GuardModelJudge)?

  init(
    policy: GuardPolicy?, judge: (any GuardModelJudge)? = nil,
    find: @escaping @Sendable (ClassifierKind) -> TextClassifier?
  ) {
    self.policy = policy
    self.find = find
    guardModels = judge
  }

  /// What was found of a text.
  struct Result {
    /// Whether one of OpenAI's categories is true, or the pack refuses the text.
    var isFlagged: Bool
    /// The score of each category and whether it is true, in the order of the names.
    var categories: [(name: String, isTrue: Bool, score: Double)]
  }

  // MARK: Packs

  /// A pack by the name that a client may give it: that of the server's own, or of one that comes along; without a name
  /// the server's own, else `default`. Paths are for the operator alone.
  func version(_ name: String?) throws -> GuardVersion {
    if let own = policy?.current, name == nil || name == own.pack.name { return own }
    let name = name ?? "default"
    guard GuardPack.builtInNames.contains(name) else {
      let known = Set(GuardPack.builtInNames + (policy.map { [$0.current.pack.name] } ?? [])).sorted()
      throw APIError.invalid("pack", "'\(name.prefix(80))' is not here; there is \(known.joined(separator: ", "))")
    }
    if let known = found.withLock({ $0.versions[name] }) { return known }
    let version = try GuardVersion(try GuardPack(name))
    found.withLock { $0.versions[name] = version }
    return version
  }

  // MARK: Moderations

  /// The name of what judges, as answers give it in place of a model.
  func name() throws -> String {
    "stoa-guard/" + (try version(nil).pack.name) + (classifier(.toxicity) == nil ? "" : "+toxicity")
  }

  /// What guard models say of texts at their places, before the rails look at them.
  func consult(_ texts: [(program: GuardProgram, text: String, dialogue: [GuardTurn])]) async -> GuardModelAnswers {
    let answers = GuardModelAnswers(guardModels)
    for item in texts where !item.program.guardModels.isEmpty {
      await answers.ask(
        item.program.questions(
          about: Array(item.text.utf8), after: item.dialogue, limit: GuardModelAnswers.mostQuestions))
    }
    return answers
  }

  func judge(_ text: String, for context: GuardContext) throws -> Result {
    judge(text, by: try version(nil).programs(for: context).input, GuardModelAnswers(nil))
  }

  func judge(_ text: String, by program: GuardProgram, _ answers: GuardModelAnswers) -> Result {
    let verdict = program.check(Array(text.utf8), judge: answers.lookup).verdict
    var scores = Dictionary(uniqueKeysWithValues: Self.names.map { ($0, 0.0) })
    var isTrue: Set<String> = []
    for hit in verdict.hits {
      for name in Self.categories(of: hit.hazard) {
        scores[name] = max(scores[name] ?? 0, hit.score)
        if hit.action > .allow { isTrue.insert(name) }
      }
    }
    if let classifier = classifier(.toxicity) {
      let score = classifier.score(text)
      // It does not tell insults from hatred.
      for name in ["harassment", "hate"] {
        scores[name] = max(scores[name] ?? 0, score)
        if score >= classifier.threshold { isTrue.insert(name) }
      }
    }
    return Result(
      isFlagged: verdict.action.isFinal || !isTrue.isDisjoint(with: Self.openAINames),
      categories: scores.sorted { $0.key < $1.key }.map { ($0.key, isTrue.contains($0.key), $0.value) })
  }

  private func classifier(_ kind: ClassifierKind) -> TextClassifier? {
    if let known = found.withLock({ $0.classifiers[kind] }) { return known }
    let classifier = find(kind)
    found.withLock { $0.classifiers[kind] = .some(classifier) }
    return classifier
  }

  // MARK: Categories

  /// Source: OpenAI API reference, "The moderation object".
  private static let openAINames: Set<String> = [
    "harassment", "harassment/threatening", "hate", "hate/threatening", "illicit", "illicit/violent", "self-harm",
    "self-harm/intent", "self-harm/instructions", "sexual", "sexual/minors", "violence", "violence/graphic",
  ]

  /// Those that every answer has.
  private static let names = openAINames.union(["privacy", "prompt-injection"])

  /// The categories of a class of hazard: those of MLCommons and OWASP, and a deployer's own under their names.
  static func categories(of hazard: String) -> [String] {
    switch hazard {
    case "S1": ["violence", "illicit/violent"]
    case "S2": ["illicit"]
    case "S3": ["sexual", "illicit/violent"]
    case "S4": ["sexual/minors", "sexual"]
    case "S5": ["harassment"]
    case "S7", "LLM02": ["privacy"]
    case "S9": ["illicit/violent"]
    case "S10": ["hate"]
    case "S11": ["self-harm"]
    case "S12": ["sexual"]
    case "LLM01": ["prompt-injection"]
    default: [hazard]
    }
  }
}
