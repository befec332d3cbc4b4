package import StoaEngine
package import StoaGuard
import StoaTemplates
import StoaTensor
import StoaTokenizers

/// What a guard model has to compute for one question, step by step, whoever runs the engine.
///
/// The verdict is the first token of the answer: its probability is the softmax over the logits of the words of the
/// verdict, as the cards of Llama Guard 2, ShieldGemma and Granite Guardian do it. Only when Llama Guard's verdict counts
/// is the line of its categories generated.
package struct GuardModelExam: Sendable {
  /// A prompt with the tokens of the verdict.
  package struct Prompt: Sendable {
    /// The text, without the token that begins it unless the model's own template has written that.
    package let text: String
    package let tokens: [Int32]
    /// The text with marks where no control token may be read.
    fileprivate let marked: String
    package let safe: [Spelling]
    package let harmful: [Spelling]
    /// The only category that is asked about; nil for all of the style.
    package let category: GuardCategory?
    /// How likely the text is unsafe; nil until it is known.
    package fileprivate(set) var score: Double?
    /// The likeliest of the spellings that say so.
    fileprivate var verdict: Spelling?
  }

  /// A word of a verdict, by the token that it begins with.
  package struct Spelling: Sendable, Equatable {
    package let word: String
    package let token: Int32
  }

  /// The style in which the model is asked.
  package let style: GuardModelStyle
  package private(set) var prompts: [Prompt] = []
  private let question: GuardQuestion
  private let model: LanguageModel
  private let tokenizer: Tokenizer
  private let categories: [GuardCategory]
  /// The categories that the model has named; nil before it was asked.
  private var named: [String]?

  /// Tokens that the line of categories may have.
  private static let lineTokens = 48
  /// A piece of text that does not fit is divided, but not below so many bytes.
  private static let leastPiece = 128

  /// Prepares a question for a model.
  package init(_ question: GuardQuestion, _ model: LanguageModel) throws(GuardModelError) {
    guard let tokenizer = model.tokenizer else {
      throw GuardModelError(.unusable, "\(question.settings.model) comes without a tokenizer")
    }
    let template = model.chatTemplate?.source
    guard
      let style = question.settings.style
        ?? GuardModelStyle.detect(template: template, name: model.summary.name + " " + question.settings.model)
    else {
      throw GuardModelError(
        .unusable,
        "\(question.settings.model) does not say what style of guard model it is: write style: with one of "
          + GuardModelStyle.allCases.map(\.rawValue).joined(separator: ", "))
    }
    self.style = style
    self.question = question
    self.model = model
    self.tokenizer = tokenizer
    do throws(DetectorOptionError) {
      categories = try style.categories(named: question.settings.categories)
    } catch {
      throw GuardModelError(.unusable, "\(error.reason); \(error.hint)")
    }
    prompts = try prompts(question.turns)
  }

  // MARK: Prompts

  private func prompts(_ turns: [GuardTurn]) throws(GuardModelError) -> [Prompt] {
    var result: [Prompt] = []
    let room = model.contextLength - Self.lineTokens
    for (text, category) in try rendered(turns) {
      let tokens = tokens(of: text)
      guard tokens.count <= room, !tokens.isEmpty else { return try shorter(turns) }
      let words = question.settings.words ?? style.words
      // A token that begins words of both sides tells nothing.
      let found = (spellings(words.safe, after: text, tokens), spellings(words.harmful, after: text, tokens))
      let safe = found.0.filter { one in !found.1.contains { $0.token == one.token } }
      let harmful = found.1.filter { one in !found.0.contains { $0.token == one.token } }
      guard !safe.isEmpty, !harmful.isEmpty else {
        throw GuardModelError(
          .unusable,
          "\(question.settings.model) cannot begin its answer with \(words.safe[0]) or \(words.harmful[0]) so that the "
            + "first token tells which; write words: [safe word, unsafe word]")
      }
      result.append(
        Prompt(
          text: Self.plain(text), tokens: tokens, marked: text, safe: safe, harmful: harmful, category: category))
    }
    return result
  }

  /// The text without the marks of what people wrote, U+FDD0.
  private static func plain(_ text: String) -> String { String(text.unicodeScalars.filter { $0.value != 0xFDD0 }) }

  /// The same question about less: without the conversation before, then in two halves.
  private func shorter(_ turns: [GuardTurn]) throws(GuardModelError) -> [Prompt] {
    guard let judged = turns.last else { return [] }
    if turns.count > 1 { return try prompts([judged]) }
    let bytes = Array(judged.text.utf8)
    guard bytes.count >= 2 * Self.leastPiece else {
      throw GuardModelError(
        .length,
        "the question alone does not fit the context of \(question.settings.model), \(model.contextLength) tokens")
    }
    var middle = bytes.count / 2
    while bytes[middle] & 0xC0 == 0x80, middle > 0 { middle -= 1 }
    let halves = [bytes[..<middle], bytes[middle...]].map { String(decoding: $0, as: UTF8.self) }
    return try prompts([GuardTurn(judged.role, halves[0])]) + prompts([GuardTurn(judged.role, halves[1])])
  }

  /// The texts of the prompts with marks where no control token may be read.
  private func rendered(_ turns: [GuardTurn]) throws(GuardModelError) -> [(String, GuardCategory?)] {
    if let template = model.chatTemplate, !question.settings.isPublishedPrompt,
      GuardModelStyle.find(template: template.source) == style
    {
      return try rendered(turns, template)
    }
    return GuardModelPrompt.prompts(style, turns, categories: categories).map { prompt in
      let text = prompt.pieces.map { piece in
        switch piece {
        case .format(let text): text
        case .text(let text): tokenizer.guarded(text)
        }
      }.joined()
      return (text, prompt.category)
    }
  }

  /// By the model's own template, with the variables that templates of the style read.
  private func rendered(
    _ turns: [GuardTurn], _ template: ChatTemplate
  ) throws(GuardModelError) -> [(String, GuardCategory?)] {
    var turns = turns
    // Who is judged they see from the number of the turns.
    if turns.count == 1, turns[0].role == .assistant { turns.insert(GuardTurn(.user, ""), at: 0) }
    let messages = turns.map { ChatMessage(role: $0.role.rawValue, content: tokenizer.guarded($0.text)) }
    let asked: [GuardCategory?] = style.namesCategories ? [nil] : categories
    var result: [(String, GuardCategory?)] = []
    for category in asked {
      do throws(TemplateError) {
        result.append((try template.render(messages: messages, extra: variables(category, turns)), category))
      } catch {
        throw GuardModelError(
          .unusable,
          "the template of \(question.settings.model) cannot be used: \(error.description); try template: published")
      }
    }
    return result
  }

  private func variables(_ category: GuardCategory?, _ turns: [GuardTurn]) -> [String: TemplateValue] {
    guard let category else {
      guard question.settings.categories != nil else { return [:] }
      return ["categories": .dict(TemplateDictionary(categories.map { ($0.name, .string($0.definitions.user)) }))]
    }
    let definition =
      turns.last?.role == .assistant ? category.definitions.assistant : category.definitions.user
    switch style {
    case .shieldGemma: return ["guideline": .string(definition)]
    default:
      var risk: TemplateDictionary = TemplateDictionary([("risk_name", .string(category.name))])
      if category.isCustom { risk["risk_definition"] = .string(definition) }
      return ["guardian_config": .dict(risk)]
    }
  }

  private func tokens(of text: String) -> [Int32] {
    var tokens = tokenizer.encode(guarded: text, addSpecial: false)
    if tokenizer.addsBOS, let bos = tokenizer.bos, tokens.first != bos { tokens.insert(bos, at: 0) }
    return tokens
  }

  /// The words with the first of their tokens after the prompt; those that change the prompt's tokens are left out.
  private func spellings(_ words: [String], after text: String, _ prompt: [Int32]) -> [Spelling] {
    var result: [Spelling] = []
    for word in words {
      let tokens = tokens(of: text + word)
      guard tokens.count > prompt.count, tokens.starts(with: prompt) else { continue }
      let token = tokens[prompt.count]
      if !result.contains(where: { $0.token == token }) { result.append(Spelling(word: word, token: token)) }
    }
    return result
  }

  // MARK: Steps

  /// What is to be computed next; nil when the judgment is known.
  package var next: (prompt: [Int32], options: GenerationOptions)? {
    var options = GenerationOptions()
    options.sampling = SamplingParameters()
    options.sampling.temperature = 0
    options.sampling.seed = 0
    if let prompt = prompts.first(where: { $0.score == nil }) {
      options.maxTokens = 1
      options.ignoresEnd = true
      options.topLogprobs = 0
      options.reportedTokens = (prompt.safe + prompt.harmful).map(\.token)
      return (prompt.tokens, options)
    }
    guard style.namesCategories, named == nil, let worst, let score = worst.score, let verdict = worst.verdict,
      score >= question.settings.threshold
    else { return nil }
    options.maxTokens = Self.lineTokens / 2
    options.stop = ["\n"]
    let line = tokens(of: worst.marked + verdict.word + "\n")
    return (line.starts(with: worst.tokens + [verdict.token]) ? line : worst.tokens + [verdict.token], options)
  }

  /// Takes what was computed.
  package mutating func take(_ result: GenerationResult) throws(GuardModelError) {
    guard let index = prompts.firstIndex(where: { $0.score == nil }) else {
      named = categories.map(\.name).filter { Self.names(in: result.text).contains($0.lowercased()) }
      return
    }
    guard let found = result.logprobs.first else {
      throw GuardModelError(.unusable, "\(question.settings.model) gave no probabilities")
    }
    func logprob(_ spelling: Spelling) -> Double {
      if found.chosen.token == spelling.token { return found.chosen.logprob }
      return found.top.first { $0.token == spelling.token }?.logprob ?? -.infinity
    }
    let safe = prompts[index].safe.map(logprob)
    let harmful = prompts[index].harmful.map(logprob)
    let best = (safe + harmful).max() ?? 0
    func mass(_ values: [Double]) -> Double { values.reduce(0) { $0 + CanonicalMath.exp(max(-700, $1 - best)) } }
    let score = mass(harmful) / (mass(safe) + mass(harmful))
    guard score.isFinite else {
      throw GuardModelError(.unusable, "the probabilities of \(question.settings.model) are no numbers")
    }
    prompts[index].score = score
    prompts[index].verdict = zip(harmful, prompts[index].harmful).max { $0.0 < $1.0 }?.1
  }

  /// The words of a line such as `S1,S10`.
  private static func names(in line: String) -> Set<String> {
    Set(line.split { $0 == "," || $0.isWhitespace }.map { $0.lowercased() })
  }

  private var worst: Prompt? { prompts.max { ($0.score ?? 0) < ($1.score ?? 0) } }

  /// What the model says; the likeliest category decides where it was asked about each.
  package var judgment: GuardJudgment {
    let score = worst?.score ?? 0
    if style.namesCategories {
      let found = categories.filter { named?.contains($0.name) ?? false }
      return GuardJudgment(score: score, hazard: found.first?.hazard, categories: found.map(\.name))
    }
    let counted = prompts.filter { ($0.score ?? 0) >= question.settings.threshold }
      .sorted { ($0.score ?? 0) > ($1.score ?? 0) }
    var names: [String] = []
    for name in counted.compactMap({ $0.category?.name }) where !names.contains(name) { names.append(name) }
    return GuardJudgment(score: score, hazard: counted.first?.category?.hazard, categories: names)
  }
}
