import Foundation
import StoaTestSupport
import Testing

@testable import StoaTemplates

/// The formats of families against the templates that their publishers ship.
@Suite struct FamilyTemplateTests {
  static let folder = "tokenizers/chat_templates"
  static let turns = [
    ChatMessage(role: "user", content: "First?"), ChatMessage(role: "assistant", content: "It's \"so\"."),
    ChatMessage(role: "user", content: "Second?\nAnd third."),
  ]

  /// A published template; those of one collection are written with whitespace that its users take out.
  private func published(_ path: String, isSpaced: Bool) throws -> ChatTemplate {
    var source = try String(contentsOfFile: OracleData.path("\(Self.folder)/\(path)"), encoding: .utf8)
    if isSpaced { source = source.replacingOccurrences(of: "    ", with: "").replacingOccurrences(of: "\n", with: "") }
    return try ChatTemplate(source: source, bosToken: "<s>", eosToken: "</s>")
  }

  private func own(_ family: FamilyTemplate) throws -> ChatTemplate {
    try ChatTemplate(source: family.source, bosToken: "<s>", eosToken: "</s>")
  }

  struct Pair: Sendable, CustomTestStringConvertible {
    let family: FamilyTemplate
    let path: String
    var isSpaced = true
    var hasSystem = true
    /// What the publisher's prompt begins with instead; both end alike.
    var beginsApart = false
    /// What the publisher adds after the prompt.
    var opening = ""
    var testDescription: String { "\(family.name): \(path)" }
  }

  static let pairs = [
    Pair(family: .chatML, path: "chat_templates/chatml.jinja", beginsApart: true),
    Pair(family: .gemma, path: "chat_templates/gemma-it.jinja", beginsApart: true),
    Pair(family: .gemma, path: "llama_cpp/google-gemma-2-2b-it.jinja", isSpaced: false),
    Pair(family: .llama2, path: "chat_templates/llama-2-chat.jinja"),
    Pair(family: .llama3, path: "chat_templates/llama-3-instruct.jinja", isSpaced: false, beginsApart: true),
    Pair(
      family: .llama3, path: "llama_cpp/meta-llama-Llama-3.3-70B-Instruct.jinja", isSpaced: false, beginsApart: true),
    Pair(family: .mistral, path: "chat_templates/mistral-instruct.jinja", hasSystem: false),
    Pair(
      family: .mistralTekken, path: "llama_cpp/mistralai-Mistral-Nemo-Instruct-2407.jinja", isSpaced: false,
      hasSystem: false),
    Pair(family: .falcon, path: "chat_templates/falcon-instruct.jinja"),
    Pair(
      family: .deepSeek, path: "llama_cpp/deepseek-ai-DeepSeek-R1-Distill-Qwen-32B.jinja", isSpaced: false,
      opening: "<think>\n</think>"),
    Pair(family: .chatML, path: "llama_cpp/Qwen-Qwen2.5-7B-Instruct.jinja", isSpaced: false),
    Pair(family: .gptOSS, path: "llama_cpp/openai-gpt-oss-120b.jinja", isSpaced: false),
  ]

  @Test(.oracle(folder), arguments: pairs)
  func equalsThePublished(pair: Pair) throws {
    let (own, published) = (try own(pair.family), try published(pair.path, isSpaced: pair.isSpaced))
    let date = TemplateDate(year: 2025, month: 3, day: 4)
    let system = pair.hasSystem ? [ChatMessage(role: "system", content: "Be brief.")] : []
    for count in [1, 3] {
      let messages = system + Self.turns.prefix(count)
      let ours = try own.render(messages: messages, now: date)
      var theirs = try published.render(messages: messages, now: date)
      // DeepSeek's template spells out the model's token for the end, which ours takes from the model.
      theirs = theirs.replacing("<｜end▁of▁sentence｜>", with: "</s>")
      if theirs.hasSuffix(pair.opening) { theirs.removeLast(pair.opening.count) }
      if pair.beginsApart {
        let start = try #require(ours.range(of: "user"))
        let rest = ours[start.lowerBound...]
        #expect(theirs.hasSuffix(rest), "\(theirs)")
      } else {
        #expect(ours == theirs)
      }
    }
  }

  @Test(arguments: FamilyTemplate.all)
  func showsTheConversation(family: FamilyTemplate) throws {
    let template = try own(family)
    let system = ChatMessage(role: "system", content: "Speak plainly.")
    let text = try template.render(messages: [system] + Self.turns)
    for word in ["Speak plainly.", "First?", "It's \"so\".", "Second?\nAnd third."] { #expect(text.contains(word)) }
  }

  struct Known: Sendable, CustomTestStringConvertible {
    let name: String
    let architecture: String
    let tokens: Set<String>
    let ends: Set<String>
    let expected: FamilyTemplate?
    var testDescription: String { "\(name): \(expected?.name ?? "none")" }
  }

  static let known = [
    Known(
      name: "Llama-3.2-1B", architecture: "llama", tokens: ["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"],
      ends: ["<|end_of_text|>"], expected: nil),
    Known(
      name: "mine", architecture: "llama", tokens: ["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"],
      ends: ["<|end_of_text|>", "<|eot_id|>"], expected: .llama3),
    Known(
      name: "Llama-3.2-1B-Instruct", architecture: "llama",
      tokens: ["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"], ends: ["<|end_of_text|>"], expected: .llama3),
    Known(
      name: "x", architecture: "llama4", tokens: ["<|header_start|>", "<|header_end|>"], ends: ["<|eot|>"],
      expected: .llama4),
    Known(
      name: "Llama-2-7b-chat-hf", architecture: "llama", tokens: ["<s>", "<0x0A>"], ends: ["</s>"], expected: .llama2),
    Known(name: "Llama-2-7b-hf", architecture: "llama", tokens: ["<s>", "<0x0A>"], ends: ["</s>"], expected: nil),
    Known(
      name: "Qwen2.5-7B", architecture: "qwen2", tokens: ["<|im_start|>", "<|im_end|>", "<|endoftext|>"],
      ends: ["<|endoftext|>"], expected: nil),
    Known(
      name: "q", architecture: "qwen2", tokens: ["<|im_start|>", "<|im_end|>"], ends: ["<|im_end|>"], expected: .chatML),
    Known(
      name: "phi-4", architecture: "phi3", tokens: ["<|im_start|>", "<|im_end|>", "<|im_sep|>"], ends: ["<|im_end|>"],
      expected: .phi4),
    Known(
      name: "p", architecture: "phi3", tokens: ["<|user|>", "<|assistant|>", "<|end|>"], ends: ["<|end|>"],
      expected: .phi3),
    Known(name: "gemma-2-2b", architecture: "gemma2", tokens: ["<start_of_turn>"], ends: ["<eos>"], expected: nil),
    Known(
      name: "gemma-2-2b-it", architecture: "gemma2", tokens: ["<start_of_turn>"], ends: ["<eos>"], expected: .gemma),
    Known(
      name: "Mistral-7B-Instruct-v0.3", architecture: "llama", tokens: ["[INST]", "[/INST]", "<s>", "<0x0A>"],
      ends: ["</s>"], expected: .mistralTekken),
    Known(name: "Mixtral-8x7B-Instruct-v0.1", architecture: "mixtral", tokens: [], ends: ["</s>"], expected: .mistral),
    Known(name: "falcon-7b-instruct", architecture: "falcon", tokens: [], ends: [], expected: .falcon),
    Known(name: "OLMo-2-1124-7B-Instruct", architecture: "olmo2", tokens: [], ends: [], expected: .olmo),
    Known(name: "gpt2", architecture: "gpt2", tokens: [], ends: [], expected: nil),
  ]

  @Test(arguments: known)
  func findsTheFamily(of known: Known) {
    let evidence = FamilyTemplate.Evidence(
      name: known.name, architecture: known.architecture, hasToken: known.tokens.contains, isEnd: known.ends.contains)
    #expect(FamilyTemplate.find(evidence) == known.expected)
  }
}
