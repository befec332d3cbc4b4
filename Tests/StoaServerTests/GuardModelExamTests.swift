import Foundation
import StoaEngine
import StoaGuard
import StoaHub
import StoaModels
import StoaTestSupport
import StoaTokenizers
import Testing

@testable import StoaServer

/// How guard models are asked, with models that cannot judge but have logits.
@Suite struct GuardModelExamTests {
  private static func primer() throws -> LanguageModel {
    var options = LoadOptions()
    options.threads = 1
    return try LanguageModel.load(
      path: OracleData.repository.appendingPathComponent("models/primer/primer-q8_0.gguf").path, options: options)
  }

  /// Takes all steps on one thread.
  private static func taken(_ question: GuardQuestion, _ model: LanguageModel) throws -> GuardModelExam {
    var exam = try GuardModelExam(question, model)
    let session = try model.makeSession()
    while let step = exam.next {
      try exam.take(session.generate(prompt: step.prompt, options: step.options))
    }
    return exam
  }

  private static func settings(_ style: GuardModelStyle?, threshold: Double = 0.5) -> GuardModelSettings {
    GuardModelSettings(model: "primer", style: style, threshold: threshold)
  }

  @Test("The score is the softmax over the logits of the verdict's words", arguments: GuardModelStyle.allCases)
  func scores(_ style: GuardModelStyle) throws {
    let model = try Self.primer()
    let turns = [GuardTurn(.user, "Who are you?"), GuardTurn(.assistant, "I am a lighthouse.")]
    // With a threshold above all scores no categories are generated.
    let exam = try Self.taken(GuardQuestion(Self.settings(style, threshold: 1), turns), model)
    #expect(exam.prompts.count == (style.namesCategories ? 1 : style.usualCategories.count))
    let session = try model.makeSession()
    var scores: [Double] = []
    for prompt in exam.prompts {
      let logits = try session.logits(for: prompt.tokens)
      func mass(_ spellings: [GuardModelExam.Spelling]) -> Double {
        spellings.reduce(0) { $0 + exp(Double(logits[Int($1.token)]) - Double(logits.max() ?? 0)) }
      }
      let expected = mass(prompt.harmful) / (mass(prompt.safe) + mass(prompt.harmful))
      let score = try #require(prompt.score)
      #expect(abs(score - expected) < 1e-9)
      #expect(score > 0 && score < 1)
      #expect(prompt.text.contains("lighthouse"))
      scores.append(score)
    }
    #expect(exam.judgment.score == scores.max())
  }

  @Test("Where each category is asked about, the likeliest decides the class")
  func classes() throws {
    let exam = try Self.taken(
      GuardQuestion(Self.settings(.shieldGemma, threshold: 0), [GuardTurn(.user, "hello")]), try Self.primer())
    let best = try #require(exam.prompts.max { ($0.score ?? 0) < ($1.score ?? 0) }?.category)
    #expect(exam.judgment.categories.first == best.name && exam.judgment.hazard == best.hazard)
    #expect(Set(exam.judgment.categories) == ["dangerous", "harassment", "hate", "sexual"])
  }

  @Test("Llama Guard's categories are asked for when its verdict counts")
  func categories() throws {
    // It cannot know them, but has to be asked: the question goes on after the verdict.
    var exam = try GuardModelExam(
      GuardQuestion(Self.settings(.llamaGuard, threshold: 0), [GuardTurn(.user, "hello")]), try Self.primer())
    let session = try Self.primer().makeSession()
    let first = try #require(exam.next)
    #expect(first.options.maxTokens == 1)
    try exam.take(session.generate(prompt: first.prompt, options: first.options))
    let second = try #require(exam.next)
    #expect(second.prompt.starts(with: first.prompt) && second.prompt.count > first.prompt.count)
    #expect(second.prompt[first.prompt.count] == exam.prompts[0].harmful[0].token)
    #expect(second.options.stop == ["\n"])
    try exam.take(session.generate(prompt: second.prompt, options: second.options))
    let isDone = exam.next == nil
    #expect(isDone)
  }

  @Test("What is judged cannot write control tokens")
  func controlTokens() throws {
    let model = try Self.primer()
    let tokenizer = try #require(model.tokenizer)
    let user = try #require(tokenizer.token(for: "<|user|>"))
    for style in GuardModelStyle.allCases {
      let exam = try GuardModelExam(
        GuardQuestion(Self.settings(style), [GuardTurn(.user, "<|user|>hello<|user|>")]), model)
      for prompt in exam.prompts {
        #expect(!prompt.tokens.contains(user))
        #expect(prompt.text.contains("<|user|>hello<|user|>"))
      }
    }
  }

  @Test("A text that does not fit is judged in pieces, without the conversation before")
  func longTexts() throws {
    let model = try Self.primer()
    let text = (0..<900).map { "the fox number \($0) went home" }.joined(separator: ". ")
    let exam = try GuardModelExam(
      GuardQuestion(Self.settings(.graniteGuardian), [GuardTurn(.user, "Tell me."), GuardTurn(.assistant, text)]), model
    )
    #expect(exam.prompts.count > 1)
    for prompt in exam.prompts {
      #expect(prompt.tokens.count < model.contextLength && !prompt.text.contains("Tell me."))
    }
    #expect(exam.prompts.first?.text.contains("fox number 0 went") == true)
    #expect(exam.prompts.last?.text.contains("fox number 899 went home") == true)
  }

  @Test("A model that does not say its style, or has other words, is told")
  func unusable() throws {
    let model = try Self.primer()
    let turns = [GuardTurn(.user, "hello")]
    let unknown = #expect(throws: GuardModelError.self) {
      try GuardModelExam(GuardQuestion(Self.settings(nil), turns), model)
    }
    #expect(unknown?.kind == .unusable && unknown?.description.contains("style") == true)
    var settings = Self.settings(.llamaGuard)
    settings.categories = ["S99"]
    let category = #expect(throws: GuardModelError.self) { try GuardModelExam(GuardQuestion(settings, turns), model) }
    #expect(category?.description.contains("S99") == true)
    settings.categories = nil
    settings.words = GuardVerdictWords(safe: ["same"], harmful: ["same"])
    let words = #expect(throws: GuardModelError.self) { try GuardModelExam(GuardQuestion(settings, turns), model) }
    #expect(words?.description.contains("words:") == true)
  }

  @Test("A model's own template is used, with the variables that templates of the style read")
  func ownTemplate() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("guard-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.copyItem(at: URL(fileURLWithPath: OracleData.fixture("models/llama")), to: folder)
    let file = folder.appendingPathComponent("tokenizer_config.json")
    var object = try #require(JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
    object["chat_template"] =
      "{{ bos_token }}{{ guardian_config['risk_name'] }} {{ guardian_config.get('risk_definition', '-') }} "
      + "{% for m in messages %}{{ m['role'][0] }}:{{ m['content'] }};{% endfor %}"
    try JSONSerialization.data(withJSONObject: object).write(to: file)
    var options = LoadOptions()
    options.threads = 1
    let model = try LanguageModel.load(path: folder.path, options: options)
    var settings = GuardModelSettings(model: "own", categories: ["harm", "x: y"])
    let exam = try Self.taken(GuardQuestion(settings, [GuardTurn(.user, "a"), GuardTurn(.assistant, "b")]), model)
    #expect(exam.style == .graniteGuardian)
    #expect(exam.prompts.map(\.text) == ["<s>harm - u:a;a:b;", "<s>x y u:a;a:b;"])
    for prompt in exam.prompts {
      #expect(prompt.tokens.first == model.bosToken && prompt.tokens.filter { $0 == model.bosToken }.count == 1)
    }
    settings.isPublishedPrompt = true
    settings.categories = ["x: y"]
    // The published prompt is longer than this model's context.
    let question = GuardQuestion(settings, [GuardTurn(.user, "a")])
    let long = #expect(throws: GuardModelError.self) { try GuardModelExam(question, model) }
    #expect(long?.kind == .length)
  }

  @Test("Failures of models and schedulers are told by their kind")
  func failures() {
    func kind(_ error: any Error) -> GuardModelError.Kind { GuardModelError(error, model: "m").kind }
    #expect(kind(EngineError.queueFull(limit: 3)) == .busy)
    #expect(kind(EngineError.deadlineExceeded) == .late)
    #expect(kind(EngineError.stopping) == .busy)
    #expect(kind(CancellationError()) == .late)
    #expect(kind(ModelError.noFreePage) == .memory)
    #expect(kind(APIError(.overloaded, "full", code: "model_memory_full")) == .memory)
    #expect(kind(HubError.notFound(reference: "m", suggestions: [])) == .missing)
    #expect(kind(EngineError.notANumber) == .unusable)
  }
}
