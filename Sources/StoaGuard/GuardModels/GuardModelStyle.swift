/// How a family of guard models wants to be asked, and how it answers.
public enum GuardModelStyle: String, CaseIterable, Sendable {
  /// Llama Guard 3: `safe`, or `unsafe` and a line of categories.
  case llamaGuard = "llama-guard"
  /// Llama Guard 2: as the third, in other marks and with other numbers for the categories.
  case llamaGuard2 = "llama-guard-2"
  /// ShieldGemma: `Yes` or `No` to one principle at a time.
  case shieldGemma = "shieldgemma"
  /// Granite Guardian: `Yes` or `No` to one risk at a time.
  case graniteGuardian = "granite-guardian"

  /// The words that a model of the style answers with, in the spellings that its first token may have.
  public var words: GuardVerdictWords {
    switch self {
    case .llamaGuard: GuardVerdictWords(safe: ["safe"], harmful: ["unsafe"])
    case .llamaGuard2: GuardVerdictWords(safe: ["safe", " safe"], harmful: ["unsafe", " unsafe"])
    case .shieldGemma: GuardVerdictWords(safe: ["No"], harmful: ["Yes"])
    // The model card adds up all spellings.
    case .graniteGuardian: GuardVerdictWords(safe: ["No", " No", "no"], harmful: ["Yes", " Yes", "yes"])
    }
  }

  /// Whether one question covers all categories, and the answer says which of them it is.
  public var namesCategories: Bool { self == .llamaGuard || self == .llamaGuard2 }

  /// The style of a model by its own chat template, else by its name; nil when neither tells.
  public static func detect(template: String?, name: String) -> GuardModelStyle? {
    if let template, let style = find(template: template) { return style }
    let name = String(name.lowercased().filter { $0.isLetter || $0.isNumber })
    if name.contains("llamaguard2") { return .llamaGuard2 }
    if name.contains("llamaguard3") || name.contains("llamaguard4") { return .llamaGuard }
    if name.contains("shieldgemma") { return .shieldGemma }
    if name.contains("granite"), name.contains("guardian") { return .graniteGuardian }
    return nil
  }

  /// The style whose questions a chat template asks.
  public static func find(template: String) -> GuardModelStyle? {
    if template.contains("<BEGIN UNSAFE CONTENT CATEGORIES>") {
      // The third has a category more than the second, in whatever marks.
      return template.contains("Defamation") ? .llamaGuard : .llamaGuard2
    }
    if template.contains("guardian_config") || template.contains("risk_definition") { return .graniteGuardian }
    if template.contains("policy expert"), template.contains("guideline") || template.contains("Human Question") {
      return .shieldGemma
    }
    return nil
  }
}

/// The words between which a guard model chooses.
public struct GuardVerdictWords: Hashable, Sendable {
  /// Those that say that nothing is wrong.
  public var safe: [String]
  /// Those that say that something is.
  public var harmful: [String]

  /// Words in the spellings that count.
  public init(safe: [String], harmful: [String]) {
    self.safe = safe
    self.harmful = harmful
  }
}
