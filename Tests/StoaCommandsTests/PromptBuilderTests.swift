import StoaEngine
import StoaTemplates
import StoaTestSupport
import StoaTokenizers
import Testing

@testable import StoaCommands

@Suite struct PromptBuilderTests {
  private let model: LanguageModel
  private let tokenizer: Tokenizer
  private let template: ChatTemplate

  init() throws {
    model = try LanguageModel.load(path: OracleData.fixture("models/gguf_f16/model.gguf"))
    tokenizer = try #require(model.tokenizer)
    template = try ChatTemplate(
      source: "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}[reply]", bosToken: "", eosToken: "")
  }

  private func builder(truncates: Bool, maxTokens: Int? = 16) -> PromptBuilder {
    PromptBuilder(model: model, tokenizer: tokenizer, template: template, truncates: truncates, maxTokens: maxTokens)
  }

  @Test func anEmptyTextIsTheBeginning() throws {
    #expect(try builder(truncates: false).raw("") == [try #require(tokenizer.bos)])
  }

  @Test func rawTextIsTokenizedAsItIs() throws {
    #expect(try builder(truncates: false).raw("hello") == tokenizer.encode("hello"))
  }

  @Test func aTemplateGetsOneBeginning() throws {
    let bos = try #require(tokenizer.bos)
    let withBeginning = try ChatTemplate(source: "{{ bos_token }}x", bosToken: tokenizer.text(of: bos), eosToken: "")
    var conversation = Conversation(system: nil)
    conversation.add(user: "x")
    for template in [template, withBeginning] {
      let tokens = try builder(truncates: false).chat(conversation, template: template).tokens
      #expect(tokens.first == bos)
      #expect(tokens.dropFirst().first != bos)
    }
  }

  @Test func theErrorSaysByHowMuch() throws {
    let text = String(repeating: "e", count: 400)
    let count = tokenizer.encode(text).count
    let failure = #expect(throws: CommandFailure.self) { try builder(truncates: false).raw(text) }
    #expect(failure?.message == "the prompt has \(count) tokens, \(count - 128) more than the context of 128")
  }

  @Test func truncationKeepsTheBeginningAndTheLatest() throws {
    let text = String(repeating: "e f ", count: 200)
    let all = tokenizer.encode(text)
    let tokens = try builder(truncates: true).raw(text)
    #expect(tokens.count == 112)
    #expect(tokens.first == tokenizer.bos)
    #expect(Array(tokens.dropFirst()) == Array(all.suffix(111)))
  }

  @Test func truncationForgetsWholeExchangesFirst() throws {
    var conversation = Conversation(system: "sys")
    for index in 0..<40 {
      conversation.add(user: "question \(index)")
      conversation.add(assistant: "answer \(index)")
    }
    conversation.add(user: "last")
    #expect(throws: CommandFailure.self) { try builder(truncates: false).chat(conversation, template: template) }
    let (tokens, kept) = try builder(truncates: true).chat(conversation, template: template)
    #expect(tokens.count <= 112)
    #expect(kept.system == "sys")
    #expect(kept.turns.first?.role == "user")
    #expect(kept.turns.last?.text == "last")
    #expect(kept.turns.count < conversation.turns.count)
  }

  @Test func truncationCutsASingleLongMessageAtItsStart() throws {
    var conversation = Conversation(system: nil)
    conversation.add(user: String(repeating: "word ", count: 300) + "the end")
    let (tokens, kept) = try builder(truncates: true).chat(conversation, template: template)
    #expect(tokens.count <= 112)
    #expect(kept.turns.last?.text.hasSuffix("the end") == true)
  }
}
