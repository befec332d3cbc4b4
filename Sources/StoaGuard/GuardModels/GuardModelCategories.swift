/// Something that a guard model looks for.
public struct GuardCategory: Hashable, Sendable {
  /// What packs and models call it: `S10`, `hate`.
  public var name: String
  /// What the model is told that it is, for text of a user and for text of a model.
  public var definitions: (user: String, assistant: String) { (userDefinition, assistantDefinition) }
  /// The class of hazard that it is; nil for that of the rail.
  public var hazard: String?
  /// Whether a pack has defined it and not the model's maker.
  public var isCustom: Bool
  private var userDefinition: String
  private var assistantDefinition: String

  init(_ name: String, _ user: String, _ assistant: String? = nil, hazard: String? = nil, isCustom: Bool = false) {
    self.name = name
    self.hazard = hazard
    self.isCustom = isCustom
    userDefinition = user
    assistantDefinition = assistant ?? user
  }
}

extension GuardModelStyle {
  /// The categories that a model of the style knows.
  public var categories: [GuardCategory] {
    switch self {
    case .llamaGuard: Self.llamaGuard3
    case .llamaGuard2: Self.llamaGuard2Categories
    case .shieldGemma: Self.shieldGemmaCategories
    case .graniteGuardian: Self.graniteCategories
    }
  }

  /// Those that are asked about when a pack names none.
  public var usualCategories: [GuardCategory] {
    self == .graniteGuardian ? Array(categories.prefix(1)) : categories
  }

  /// The categories of these names; `name: definition` is one of the deployer's own.
  public func categories(named names: [String]?) throws(DetectorOptionError) -> [GuardCategory] {
    guard let names else { return usualCategories }
    var result: [GuardCategory] = []
    for (index, entry) in names.enumerated() {
      let parts = entry.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map {
        String($0.drop { $0 == " " })
      }
      let known = categories.first { $0.name.lowercased() == parts[0].lowercased() }
      let category: GuardCategory
      if parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty {
        category = GuardCategory(parts[0], parts[1], hazard: known?.hazard, isCustom: true)
      } else if parts.count == 1, let known {
        category = known
      } else {
        throw DetectorOptionError(
          option: "categories", index: index, reason: "\(rawValue) has no category \(entry.prefix(40))",
          hint: nearest(to: entry, among: categories.map(\.name)).map { "did you mean \($0)?" }
            ?? "write one of \(categories.map(\.name).joined(separator: ", ")), or \"name: what it is\"")
      }
      if result.contains(where: { $0.name == category.name }) {
        throw DetectorOptionError(
          option: "categories", index: index, reason: "\(category.name) is given twice", hint: "leave one out")
      }
      result.append(category)
    }
    return result
  }

  // MARK: Llama Guard

  // Source: Meta, "Llama Guard 3" and "Llama Guard 2" model cards; the hazards are those of MLCommons (AI Safety v0.5).
  private static let llamaGuard3 = named([
    ("Violent Crimes", "S1"), ("Non-Violent Crimes", "S2"), ("Sex Crimes", "S3"), ("Child Exploitation", "S4"),
    ("Defamation", "S5"), ("Specialized Advice", "S6"), ("Privacy", "S7"), ("Intellectual Property", "S8"),
    ("Indiscriminate Weapons", "S9"), ("Hate", "S10"), ("Self-Harm", "S11"), ("Sexual Content", "S12"),
    ("Elections", "S13"), ("Code Interpreter Abuse", "S14"),
  ])
  private static let llamaGuard2Categories = named([
    ("Violent Crimes", "S1"), ("Non-Violent Crimes", "S2"), ("Sex Crimes", "S3"), ("Child Exploitation", "S4"),
    ("Specialized Advice", "S6"), ("Privacy", "S7"), ("Intellectual Property", "S8"),
    ("Indiscriminate Weapons", "S9"), ("Hate", "S10"), ("Self-Harm", "S11"), ("Sexual Content", "S12"),
  ])

  /// Numbers them as the model does, which is not always the number of the hazard.
  private static func named(_ entries: [(String, String)]) -> [GuardCategory] {
    entries.enumerated().map { GuardCategory("S\($0 + 1)", $1.0 + ".", hazard: $1.1) }
  }

  // MARK: ShieldGemma

  // Source: Google, "ShieldGemma model card", "Guidelines to use in prompts". The model was trained on these words.
  private static let shieldGemmaCategories = [
    principle(
      "dangerous", "No Dangerous Content",
      "content that harming oneself and/or others (e.g., accessing or building firearms and explosive devices, "
        + "promotion of terrorism, instructions for suicide)."),
    principle(
      "harassment", "No Harassment",
      "content that is malicious, intimidating, bullying, or abusive content targeting another individual (e.g., "
        + "physical threats, denial of tragic events, disparaging victims of violence)."),
    principle(
      "hate", "No Hate Speech",
      "content that targeting identity and/or protected attributes (e.g., racial slurs, promotion of discrimination, "
        + "calls to violence against protected groups) or dehumanizing/belittling/vilifying on the bases of race, "
        + "ethnicity, religion, disability, age, nationality, veteran status, sexual orientation, gender, gender "
        + "identity, caste, or any other protected status. We do allow content that includes a reference to a "
        + "protected individual or group in a positive manner.", hazard: "S10"),
    principle(
      "sexual", "No Sexually Explicit Information",
      "content that contains references to sexual acts or other lewd content (e.g., sexually graphic descriptions, "
        + "content aimed at causing arousal). Medical or scientific terms related to human anatomy or sex education "
        + "are permitted.", hazard: "S12"),
  ]

  private static func principle(
    _ name: String, _ title: String, _ content: String, hazard: String? = nil
  ) -> GuardCategory {
    GuardCategory(
      name, "\"\(title)\": The prompt shall not contain or seek generation of \(content)",
      "\"\(title)\": The chatbot shall not generate \(content)", hazard: hazard)
  }

  // MARK: Granite Guardian

  // Source of the names: IBM, "Granite Guardian 3.1" model card, "Risk Definitions". A model's own template has its maker's
  // definitions; these are for models without one.
  private static let graniteCategories = [
    risk("harm", "is harmful by common-sense."),
    risk(
      "social_bias",
      "contains systemic prejudice against groups based on shared identity or characteristics, often stemming from "
        + "stereotypes or cultural influences. This can manifest in thoughts, attitudes, or behaviors that unfairly "
        + "favor or disfavor certain groups over others.", hazard: "S10"),
    risk("jailbreak", "tries to manipulate an AI into harmful, undesired or inappropriate content.", hazard: "LLM01"),
    risk("violence", "promotes physical, mental or sexual harm to people.", hazard: "S1"),
    risk("profanity", "uses offensive language or insults."),
    risk("sexual_content", "is explicit or suggestive in a sexual way.", hazard: "S12"),
    risk("unethical_behavior", "describes or encourages acts that violate moral or legal standards."),
  ]

  private static func risk(_ name: String, _ content: String, hazard: String? = nil) -> GuardCategory {
    GuardCategory(name, "The 'User' message \(content)", "The 'Assistant' message \(content)", hazard: hazard)
  }
}
