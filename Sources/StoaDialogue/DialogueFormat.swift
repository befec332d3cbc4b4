package import StoaTemplates

/// How a model writes its reasoning and its tool calls, found from its chat template.
package struct DialogueFormat: Sendable, Equatable {
  package var calls: CallFormat
  /// Nil when the model does not mark its reasoning.
  package var reasoning: ReasoningMarks?
  /// Whether the template describes tools itself. Otherwise it has to be rendered without them, and `instructions`
  /// belong in a system message.
  package var templateShowsTools: Bool
  /// Texts between the messages of an answer that say nothing, besides those of `reasoning`.
  package var frames: [String] = []

  package init(calls: CallFormat, reasoning: ReasoningMarks? = nil, templateShowsTools: Bool = false) {
    self.calls = calls
    self.reasoning = reasoning
    self.templateShowsTools = templateShowsTools
  }

  /// The format of a template, with what rendering it has shown.
  package init(_ template: ChatTemplate) {
    self.init(template: template.source)
    // Some templates fail when there are tools.
    templateShowsTools = templateShowsTools && template.capabilities.supportsTools
  }

  /// The format that the source of a template shows; without one, the generic format.
  package init(template: String?) {
    let template = template ?? ""
    self.init(calls: CallFormat(template: template), reasoning: ReasoningMarks(template: template))
    // Some templates write calls, but say nothing of tools.
    let words = template.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
    templateShowsTools = calls != .generic && words.contains("tools")
    frames = calls.frames
  }

  /// The texts that the parser has to see even where they are special tokens, which detokenisers hide.
  package var visibleMarks: [String] {
    var marks: [String] = []
    for mark in (reasoning.map { [$0.open, $0.close] + $0.frames } ?? []) + frames + calls.specialTokens
      + calls.layouts.flatMap(\.texts)
    where !marks.contains(mark) { marks.append(mark) }
    return marks
  }

  /// What the prompt has written of the answer: the mark that stands before content and calls alike, or nothing.
  package func opening(prompt: String) -> String {
    guard let mark = calls.layouts[0].mark, frames.contains(where: { $0.hasPrefix(mark) }), prompt.hasSuffix(mark)
    else {
      return ""
    }
    return mark
  }

  /// Whether an answer to this prompt begins in the midst of reasoning, because the template has opened it.
  package func startsInReasoning(prompt: String) -> Bool {
    guard let open = reasoning?.open else { return false }
    var prompt = prompt[...]
    while prompt.last?.isWhitespace == true { prompt.removeLast() }
    return prompt.hasSuffix(open)
  }
}

/// What stands around reasoning.
package struct ReasoningMarks: Sendable, Equatable {
  package var open: String
  package var close: String
  /// Texts around content and calls that say nothing: first that which opens content, then that which begins another
  /// message of the answer. Where there are such, reasoning may come between messages too.
  package var frames: [String]

  package init(open: String, close: String, frames: [String] = []) {
    self.open = open
    self.close = close
    self.frames = frames
  }

  /// The marks in use. Sources: the families' chat templates; vLLM, `docs/features/reasoning_outputs.md`.
  private static let known = [
    // gpt-oss: OpenAI, "Harmony response format". All messages but the last end with <|end|>.
    ReasoningMarks(
      open: "<|channel|>analysis<|message|>", close: "<|end|>",
      frames: [
        "<|channel|>final<|message|>", "<|start|>assistant", "<|end|>", "<|channel|>commentary<|message|>",
        "<|return|>",
        "<|call|>",
      ]),
    // Solar Open.
    ReasoningMarks(
      open: "<|think|>", close: "<|end|>", frames: ["<|content|>", "<|begin|>assistant", "<|end|>", "<|calls|>"]),
    ReasoningMarks(open: "<think:opensource>", close: "</think:opensource>"),
    ReasoningMarks(open: "<think>", close: "</think>"),
    ReasoningMarks(open: "[THINK]", close: "[/THINK]"),
    ReasoningMarks(open: "<seed:think>", close: "</seed:think>"),
    ReasoningMarks(open: "<mm:think>", close: "</mm:think>"),
    ReasoningMarks(open: "<|channel>thought", close: "<channel|>"),
    ReasoningMarks(open: "<|START_THINKING|>", close: "<|END_THINKING|>"),
    ReasoningMarks(open: "<|inner_prefix|>", close: "<|inner_suffix|>"),
  ]

  init?(template: String) {
    // Hunyuan's template puts its marks together.
    let template = template.replacing("<think{}>", with: "<think:opensource>")
      .replacing("</think{}>", with: "</think:opensource>")
    let found = Self.known.first { marks in
      template.contains(marks.close)
        && (marks.frames.isEmpty || ([marks.open] + marks.frames.prefix(3)).allSatisfy { template.contains($0) })
    }
    guard let found else { return nil }
    self = found
  }
}

extension CallFormat {
  /// The format that a template's source shows; the first rule that applies counts.
  init(template: String) {
    func has(_ texts: String...) -> Bool { texts.allSatisfy { template.contains($0) } }
    self =
      if has("<|channel|>commentary", "to=", "functions.") {
        .harmony
      } else if has("｜DSML｜", "tool_calls>", "string=\"true\"") {
        .deepseekV4
      } else if has("<tool_calls{}>", "<arg_key{}>", ":opensource") {
        .hunyuan
      } else if has("<atem:invoke name=", "<atem:parameter name=") {
        .muse
      } else if has("<|tool_call:begin|>", "<|tool_call:args|>") {
        .solar
      } else if has("<|function_call|>", "\"arguments\": ") {
        .gigaChat
      } else if has("function call", "<|role_sep|>", "\"arguments\": ") {
        .gigaChat3
      } else if has("<|tool_call>call:", "<tool_call|>") {
        .gemma4
      } else if has(ArgumentNotation.tagMark, "<invoke name=") {
        .minimaxM3
      } else if has("<|tool_call_start|>[") || has("<|tool_list_start|>") {
        .lfm2
      } else if has(">>>all", "recipient") {
        .functionaryV32
      } else if has("[TOOL_CALLS]", "[ARGS]") {
        .mistralNamed
      } else if has("[TOOL_CALLS]") {
        .mistralList
      } else if has("<｜tool▁calls▁begin｜>", "```json") {
        .deepseekV3
      } else if has("<｜tool▁calls▁begin｜>") {
        .deepseekV31
      } else if has("<|tool_calls_section_begin|>") {
        .kimi
      } else if has("<|START_ACTION|>") {
        .command
      } else if has("<|tools_prefix|>") {
        .apertus
      } else if has("<TOOLCALL>[") {
        .nemotron
      } else if has("<tool_calls>[") {
        .apriel
      } else if has("<tool_calls>", "\"arguments\"") {
        .minimax
      } else if has("<seed:tool_call>", "<parameter=") {
        .seed
      } else if has("<tool_call>", "<parameter=") {
        .qwenCoder
      } else if has("<tool_call>", "<arg_key>", "<arg_value>") {
        .glm
      } else if has("<invoke name=") {
        .generic
      } else if has("<tool_call>", "arguments") {
        .hermes
      } else if has("<function=") {
        .functionary
      } else if has("<|tool_call|>") {
        .granite
      } else if has("{\"name\": ", "\"parameters\": ", "<|start_header_id|>") {
        .llama3
      } else {
        .generic
      }
  }
}
