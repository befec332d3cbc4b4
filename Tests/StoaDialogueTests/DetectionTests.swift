import Foundation
import StoaFormats
import StoaTemplates
import StoaTestSupport
import Testing

@testable import StoaDialogue

@Suite struct DetectionTests {
  static let folder = "tokenizers/chat_templates"

  /// What each published template shows, as read by eye.
  static let expected: [String: (calls: CallFormat, open: String?)] = [
    "chat_templates/alpaca": (.generic, nil),
    "chat_templates/amberchat": (.generic, nil),
    "chat_templates/chatml": (.generic, nil),
    "chat_templates/chatqa": (.generic, nil),
    "chat_templates/falcon-instruct": (.generic, nil),
    "chat_templates/gemma-it": (.generic, nil),
    "chat_templates/llama-2-chat": (.generic, nil),
    "chat_templates/llama-3-instruct": (.llama3, nil),
    "chat_templates/ministral-instruct": (.mistralList, nil),
    "chat_templates/mistral-instruct": (.generic, nil),
    "llama_cpp/Apertus-8B-Instruct": (.apertus, "<|inner_prefix|>"),
    "llama_cpp/Apriel-1.6-15b-Thinker-fixed": (.apriel, nil),
    "llama_cpp/ByteDance-Seed-OSS": (.seed, "<seed:think>"),
    "llama_cpp/Cohere2MoE": (.command, "<|START_THINKING|>"),
    "llama_cpp/CohereForAI-c4ai-command-r7b-12-2024-tool_use": (.command, "<|START_THINKING|>"),
    "llama_cpp/GLM-4.6": (.glm, "<think>"),
    "llama_cpp/GigaChat3-10B-A1.8B": (.gigaChat3, nil),
    "llama_cpp/GigaChat3.1-10B-A1.8B": (.gigaChat, nil),
    "llama_cpp/Kimi-K2-Instruct": (.kimi, nil),
    "llama_cpp/Kimi-K2-Thinking": (.kimi, "<think>"),
    "llama_cpp/LFM2-8B-A1B": (.lfm2, nil),
    "llama_cpp/LFM2.5-8B-A1B": (.lfm2, "<think>"),
    "llama_cpp/MiMo-VL": (.hermes, nil),
    "llama_cpp/MiniMax-M1": (.minimax, nil),
    "llama_cpp/MiniMax-M3": (.minimaxM3, "<mm:think>"),
    "llama_cpp/Mistral-Small-3.2-24B-Instruct-2506": (.mistralNamed, nil),
    "llama_cpp/NVIDIA-Nemotron-Nano-v2": (.nemotron, "<think>"),
    "llama_cpp/NousResearch-Hermes-2-Pro-Llama-3-8B-tool_use": (.hermes, nil),
    "llama_cpp/NousResearch-Hermes-3-Llama-3.1-8B-tool_use": (.hermes, nil),
    "llama_cpp/Qwen-QwQ-32B": (.hermes, "<think>"),
    "llama_cpp/Qwen-Qwen2.5-7B-Instruct": (.hermes, nil),
    "llama_cpp/Qwen3-Coder": (.qwenCoder, nil),
    "llama_cpp/Qwen3.5-4B": (.qwenCoder, "<think>"),
    "llama_cpp/Spark2.5": (.glm, "<think>"),
    "llama_cpp/StepFun3.5-Flash": (.qwenCoder, "<think>"),
    "llama_cpp/deepseek-ai-DeepSeek-R1-Distill-Qwen-32B": (.deepseekV3, "<think>"),
    "llama_cpp/deepseek-ai-DeepSeek-V3.1": (.deepseekV31, "<think>"),
    "llama_cpp/deepseek-ai-DeepSeek-V4-Flash-0731": (.deepseekV4, "<think>"),
    "llama_cpp/deepseek-ai-DeepSeek-V4": (.deepseekV4, "<think>"),
    "llama_cpp/google-gemma-2-2b-it": (.generic, nil),
    "llama_cpp/google-gemma-4-31B-it-interleaved": (.gemma4, "<|channel>thought"),
    "llama_cpp/ibm-granite-granite-3.3-2B-Instruct": (.granite, "<think>"),
    "llama_cpp/ibm-granite-granite-4.0": (.hermes, nil),
    "llama_cpp/inclusionai-ling-3.0-flash": (.glm, "<think>"),
    "llama_cpp/llama-cpp-deepseek-r1": (.deepseekV3, "<think>"),
    "llama_cpp/meetkai-functionary-medium-v3.1": (.functionary, nil),
    "llama_cpp/meetkai-functionary-medium-v3.2": (.functionaryV32, nil),
    "llama_cpp/meta-llama-Llama-3.1-8B-Instruct": (.llama3, nil),
    "llama_cpp/meta-llama-Llama-3.2-3B-Instruct": (.llama3, nil),
    "llama_cpp/meta-llama-Llama-3.3-70B-Instruct": (.llama3, nil),
    "llama_cpp/mistralai-Ministral-3-14B-Reasoning-2512": (.mistralNamed, "[THINK]"),
    "llama_cpp/mistralai-Mistral-Nemo-Instruct-2407": (.mistralList, nil),
    "llama_cpp/muse-glimmer": (.muse, nil),
    "llama_cpp/openai-gpt-oss-120b": (.harmony, "<|channel|>analysis<|message|>"),
    "llama_cpp/poolside-Laguna-S-2.1": (.glm, "<think>"),
    "llama_cpp/poolside-Laguna-XS-2.1": (.glm, "<think>"),
    "llama_cpp/tencent-Hy3": (.hunyuan, "<think:opensource>"),
    "llama_cpp/unsloth-Apriel-1.5": (.apriel, nil),
    "llama_cpp/upstage-Solar-Open-100B": (.solar, "<|think|>"),
  ]

  static func templates() -> [(name: String, source: String)] {
    let root = OracleData.root.appendingPathComponent(folder)
    guard let paths = FileManager.default.enumerator(atPath: root.path) else { return [] }
    return paths.compactMap { $0 as? String }.filter { $0.hasSuffix(".jinja") }.sorted().compactMap { path in
      FileManager.default.contents(atPath: root.appendingPathComponent(path).path).map {
        (String(path.dropLast(".jinja".count)), String(decoding: $0, as: UTF8.self))
      }
    }
  }

  @Test("Published templates are recognised", .oracle(folder))
  func recognises() {
    let templates = Self.templates()
    #expect(Set(templates.map(\.name)) == Set(Self.expected.keys))
    for (name, source) in templates {
      let format = DialogueFormat(template: source)
      #expect(format.calls == Self.expected[name]?.calls, "\(name)")
      #expect(format.reasoning?.open == Self.expected[name]?.open, "\(name)")
      // DeepSeek's templates write calls, but say nothing of tools.
      let isSilent = ["deepseek-ai-DeepSeek-R1-Distill-Qwen-32B", "deepseek-ai-DeepSeek-V3.1"].contains {
        name.hasSuffix($0)
      }
      #expect(format.templateShowsTools == (format.calls != .generic && !isSilent), "\(name)")
    }
  }

  @Test("What templates write for calls is read as these calls", .oracle(folder))
  func readsWhatTemplatesWrite() throws {
    let flat: TemplateDictionary = ["city": "São \"Paulo\"\n</tool_call>", "days": 2]
    var nested = flat
    let tools = ["look_up", "now"].map { ToolDefinition(name: $0, description: "Does something.") }
    let toolValues = TemplateValue.list(tools.map(\.templateValue))
    var read = 0
    for (name, source) in Self.templates() {
      let template = try ChatTemplate(source: source, bosToken: "", eosToken: "<eos>")
      let format = DialogueFormat(template)
      guard format.calls != .generic, template.capabilities.supportsToolCalls else { continue }
      // Seed's template writes nested values as Python shows them, which is no JSON; MiniMax's leaves out what is null.
      nested["more"] = format.calls == .minimaxM3 ? ["a": [1, true]] : ["a": [1, nil, true]]
      let arguments = TemplateValue.dict(format.calls == .seed ? flat : nested)
      for count in 1...(format.calls.allowsSeveralCalls ? 2 : 1) {
        let calls = [("look_up", arguments), ("now", [:])].prefix(count).map {
          ChatMessage.ToolCall(id: "abcdefghi", name: $0, arguments: $1)
        }
        let question = ChatMessage(role: "user", content: "What?")
        let answer = ChatMessage(role: "assistant", content: "", toolCalls: Array(calls))
        func render(_ messages: [ChatMessage], _ addGenerationPrompt: Bool) throws -> String {
          try template.render(
            messages: messages, tools: format.templateShowsTools ? toolValues : nil,
            addGenerationPrompt: addGenerationPrompt,
            now: TemplateDate(year: 2025, month: 7, day: 4))
        }
        // Generation prompts may open reasoning, which answers in a history do not have; bare calls need one.
        let prompt = try render([question], format.calls == .llama3)
        let whole = try render([question, answer], false)
        let common = zip(prompt.unicodeScalars, whole.unicodeScalars).prefix { $0 == $1 }.count
        var text = String(String.UnicodeScalarView(whole.unicodeScalars.dropFirst(common)))
        for end in ["<eos>", "<|eot_id|>", "<|im_end|>", "<｜end▁of▁sentence｜>", "<|END_OF_TURN_TOKEN|>", "<|eom_id|>"] {
          text = text.replacingOccurrences(of: end, with: "")
        }
        let outcome = AnswerParserTests.parse([text], format, tools: tools)
        let expected = calls.map { call in "\(call.name)\(call.arguments.json)" }
        if format.calls.layouts[0].notation == nil {
          #expect(outcome.calls == expected, "\(name): \(text)")
        } else {
          // What is not written as JSON becomes JSON with other white space.
          #expect(outcome.calls.count == expected.count, "\(name): \(text)")
          for (call, other) in zip(outcome.calls, expected) {
            let (one, two) = (call.drop { $0 != "{" }, other.drop { $0 != "{" })
            #expect(call.prefix { $0 != "{" } == other.prefix { $0 != "{" })
            #expect(try JSONValue(parsing: String(one)) == JSONValue(parsing: String(two)), "\(name): \(text)")
          }
        }
        read += 1
      }
    }
    #expect(read > 20)
  }
}
