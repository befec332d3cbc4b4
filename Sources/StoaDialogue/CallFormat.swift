/// How a family of models writes tool calls.
///
/// Sources: the families' chat templates; vLLM, `docs/features/tool_calling.md`; llama.cpp, `docs/function-calling.md`.
package enum CallFormat: String, Sendable, Equatable, CaseIterable {
  /// `{"name": "f", "parameters": {…}}` as the whole answer, or after `<|python_tag|>`: Llama 3.1 and later.
  case llama3
  /// `[TOOL_CALLS][{"name": "f", "arguments": {…}}]`: Mistral up to 2024.
  case mistralList
  /// `[TOOL_CALLS]f[ARGS]{…}`: Mistral from 2025 on.
  case mistralNamed
  /// `<tool_call>\n{"name": "f", "arguments": {…}}\n</tool_call>`: Hermes, Qwen, Granite 4.
  case hermes
  /// Marks around the name and a block of JSON code: DeepSeek V3 and R1.
  case deepseekV3
  /// Marks around the name and plain JSON: DeepSeek V3.1.
  case deepseekV31
  /// `<|tool_call_begin|>functions.f:0<|tool_call_argument_begin|>{…}<|tool_call_end|>`: Kimi K2.
  case kimi
  /// `<function=f>{…}</function>`: Functionary 3.1.
  case functionary
  /// `>>>f\n{…}`, where `>>>all\n` begins content: Functionary 3.2.
  case functionaryV32
  /// `<|tool_call|>[{"name": "f", "arguments": {…}}]`: Granite 3.
  case granite
  /// `<|START_ACTION|>[{"tool_name": "f", "parameters": {…}}]<|END_ACTION|>`: Command R7B and later.
  case command
  /// `<TOOLCALL>[{"name": "f", "arguments": {…}}]</TOOLCALL>`: Nemotron Nano 2.
  case nemotron
  /// `<tool_calls>[{"name": "f", "arguments": {…}}]</tool_calls>`: Apriel.
  case apriel
  /// `<tool_calls>\n{"name": "f", "arguments": {…}}\n</tool_calls>`: MiniMax M1.
  case minimax
  /// `<|tools_prefix|>[{"f": {…}}]<|tools_suffix|>`: Apertus.
  case apertus
  /// `<tool_call>\n<function=f>\n<parameter=key>\nvalue\n</parameter>\n</function>\n</tool_call>`: Qwen 3 Coder, Qwen 3.5.
  case qwenCoder
  /// As Qwen 3 Coder, but for the outer marks: Seed OSS.
  case seed
  /// `<tool_call>f\n<arg_key>key</arg_key>\n<arg_value>value</arg_value>\n</tool_call>`: GLM 4.5 and later.
  case glm
  /// Invocations with parameters one by one in marks of `｜DSML｜`, which say whether a value is a text: DeepSeek V4.
  case deepseekV4
  /// As GLM, with a list around the calls and a suffix to all marks: Hunyuan 3.
  case hunyuan
  /// Invocations with parameters one by one in marks of `atem:`: Muse.
  case muse
  /// `<|tool_call:begin|>id<|tool_call:name|>f<|tool_call:args|>{…}<|tool_call:end|>`: Solar Open.
  case solar
  /// `<|function_call|>{"name": "f", "arguments": {…}}` at the end of the answer: GigaChat 3.1.
  case gigaChat
  /// `function call<|role_sep|>\n{"name": "f", "arguments": {…}}` as the answer's last message: GigaChat 3.
  case gigaChat3
  /// `<|tool_call>call:f{key:<|"|>text<|"|>}<tool_call|>`: Gemma 4.
  case gemma4
  /// `<|tool_call_start|>[f(key="text")]<|tool_call_end|>`: LFM2.
  case lfm2
  /// Invocations of elements in elements, each tag after `]<]minimax[>[`: MiniMax M3.
  case minimaxM3
  /// A message in the channel `commentary` to `functions.f`, which ends the answer: gpt-oss.
  case harmony
  /// As Hermes, described in a system message: templates that show no tools, or in a form that is not known here.
  case generic

  /// Whether an answer can hold several calls.
  package var allowsSeveralCalls: Bool { ![.llama3, .gigaChat, .gigaChat3, .harmony].contains(self) }

  /// Special tokens that are but a part of a text of the layouts.
  var specialTokens: [String] {
    switch self {
    case .deepseekV4: ["｜DSML｜"]
    case .gemma4: ["<|channel>"]
    case .gigaChat3: ["<|role_sep|>", "<|role_sep|>\n", "<|message_sep|>", "<|message_sep|>\n\n"]
    case .harmony: ["<|start|>", "<|channel|>", "<|constrain|>", "<|message|>", "<|end|>"]
    default: []
    }
  }

  /// Texts between the messages of an answer that say nothing.
  var frames: [String] {
    switch self {
    case .functionaryV32: [">>>all\n"]
    case .gigaChat3: ["<|message_sep|>"]
    default: []
    }
  }

  /// The ways in which such calls are read; grammars and examples follow the first.
  var layouts: [CallLayout] {
    switch self {
    case .llama3:
      let object = CallLayout.Part.object(name: "name", arguments: "parameters")
      return [
        CallLayout(call: [object, .end], isBare: true),
        CallLayout(call: [.text("<|python_tag|>"), .space(""), object]),
      ]
    case .mistralList: return [Self.mistralArray, Self.mistralName, Self.mistralNameWithID]
    case .mistralNamed: return [Self.mistralName, Self.mistralNameWithID, Self.mistralArray]
    case .hermes, .generic:
      return [
        CallLayout(
          call: [
            .text("<tool_call>"), .space("\n"), .object(name: "name", arguments: "arguments"), .space("\n"),
            .text("</tool_call>"),
          ], separator: [.space("\n")])
      ]
    case .deepseekV3: return [Self.deepseekCode, Self.deepseekPlain]
    case .deepseekV31: return [Self.deepseekPlain, Self.deepseekCode]
    case .kimi:
      return [
        CallLayout(
          open: [.text("<|tool_calls_section_begin|>"), .space("")],
          call: [
            .text("<|tool_call_begin|>"), .space(""), .text("functions."), .name, .text(":"), .word("0"), .space(""),
            .text("<|tool_call_argument_begin|>"), .space(""), .arguments, .space(""), .text("<|tool_call_end|>"),
          ], separator: [.space("")], close: [.space(""), .text("<|tool_calls_section_end|>")])
      ]
    case .functionary:
      return [
        CallLayout(
          call: [
            .text("<function="), .name, .text(">"), .space(""), .arguments, .space(""), .text("</function>"),
          ])
      ]
    case .functionaryV32: return [CallLayout(call: [.text(">>>"), .name, .space("\n"), .arguments])]
    case .granite: return [.list("<|tool_call|>")]
    case .command:
      return [
        .list("<|START_ACTION|>", "<|END_ACTION|>", call: .object(name: "tool_name", arguments: "parameters"))
      ]
    case .nemotron: return [.list("<TOOLCALL>", "</TOOLCALL>")]
    case .apriel: return [.list("<tool_calls>", "</tool_calls>")]
    case .minimax:
      return [
        CallLayout(
          open: [.text("<tool_calls>"), .space("\n")], call: [.object(name: "name", arguments: "arguments")],
          separator: [.space("\n")], close: [.space("\n"), .text("</tool_calls>")])
      ]
    case .qwenCoder: return [Self.tagged("<tool_call>", "</tool_call>")]
    case .seed: return [Self.tagged("<seed:tool_call>", "</seed:tool_call>")]
    case .glm:
      return [
        CallLayout(
          call: [.text("<tool_call>"), .space(""), .name, .space("\n"), .parameters(.pairs)], separator: [.space("\n")])
      ]
    case .deepseekV4:
      return [
        CallLayout(
          open: [.text("<｜DSML｜tool_calls>"), .space("\n")],
          call: [.text("<｜DSML｜invoke name=\""), .name, .text("\">"), .space("\n"), .parameters(.dsml)],
          separator: [.space("\n")], close: [.space("\n"), .text("</｜DSML｜tool_calls>")])
      ]
    case .hunyuan:
      return [
        CallLayout(
          open: [.text("<tool_calls:opensource>"), .space("\n")],
          call: [
            .text("<tool_call:opensource>"), .name, .text("<tool_sep:opensource>"), .space("\n"),
            .parameters(.openPairs),
          ], separator: [.space("\n")], close: [.space("\n"), .text("</tool_calls:opensource>")])
      ]
    case .muse:
      return [
        CallLayout(
          call: [
            .text("<atem:function_calls>"), .space("\n"), .text("<atem:invoke name=\""), .name, .text("\">"),
            .space("\n"), .parameters(.atem), .space("\n"), .text("</atem:function_calls>"),
          ], separator: [.space("\n")])
      ]
    case .solar:
      return [
        CallLayout(
          open: [.text("<|tool_calls|>"), .space("")],
          call: [
            .text("<|tool_call:begin|>"), .word("call_0"), .text("<|tool_call:name|>"), .name,
            .text("<|tool_call:args|>"), .space(""), .arguments, .space(""), .text("<|tool_call:end|>"),
          ], separator: [.space("")])
      ]
    case .gigaChat:
      return [
        CallLayout(
          call: [.text("<|function_call|>"), .space(""), .object(name: "name", arguments: "arguments")])
      ]
    case .gigaChat3:
      return [
        CallLayout(
          call: [
            .text("function call<|role_sep|>"), .space("\n"), .object(name: "name", arguments: "arguments"),
          ])
      ]
    case .gemma4:
      return [
        CallLayout(
          call: [.text("<|tool_call>"), .text("call:"), .name, .notation(.braces), .text("<tool_call|>")],
          separator: [.space("")])
      ]
    case .lfm2:
      return [
        CallLayout(
          open: [.text("<|tool_call_start|>"), .space(""), .text("["), .space("")],
          call: [.name, .notation(.keywords)],
          separator: [.space(""), .text(","), .space(" ")],
          close: [.space(""), .text("]"), .space(""), .text("<|tool_call_end|>")])
      ]
    case .minimaxM3:
      let mark = ArgumentNotation.tagMark
      return [
        CallLayout(
          open: [.text(mark + "<tool_call>"), .space("\n")],
          call: [.text(mark + "<invoke name=\""), .name, .text("\">"), .notation(.elements)],
          separator: [.space("\n")], close: [.space("\n"), .text(mark + "</tool_call>")])
      ]
    case .harmony: return Self.harmonyLayouts
    case .apertus: return [.list("<|tools_prefix|>", "<|tools_suffix|>", call: .keyed)]
    }
  }

  // MARK: Layouts of several formats

  /// The recipient stands in the channel, as in OpenAI's description of the format, or before it, as in the template; the
  /// type of the content may be absent.
  private static let harmonyLayouts: [CallLayout] = {
    let json: [[CallLayout.Part]] = [
      [.space(" "), .text("<|constrain|>"), .word("json")], [.space(" "), .word("json")], [.space("")],
    ]
    let heads: [[CallLayout.Part]] = [
      [.text("<|channel|>commentary to=functions."), .name], [.text("<|channel|>analysis to=functions."), .name],
      [.text("to=functions."), .name, .text("<|channel|>commentary")],
      [.text("to=functions."), .name, .text("<|channel|>analysis")],
    ]
    return heads.flatMap { head in
      json.map { CallLayout(call: head + $0 + [.text("<|message|>"), .space(""), .arguments]) }
    }
  }()

  private static let mistralArray = CallLayout.list("[TOOL_CALLS]")
  private static let mistralName = CallLayout(
    call: [.text("[TOOL_CALLS]"), .name, .text("[ARGS]"), .space(""), .arguments])
  private static let mistralNameWithID = CallLayout(
    call: [
      .text("[TOOL_CALLS]"), .name, .text("[CALL_ID]"), .word("000000000"), .text("[ARGS]"), .space(""), .arguments,
    ])

  private static func tagged(_ start: String, _ end: String) -> CallLayout {
    CallLayout(
      call: [
        .text(start), .space("\n"), .text("<function="), .name, .text(">"), .space("\n"), .parameters(.tags),
        .space("\n"), .text(end),
      ], separator: [.space("\n")])
  }

  private static func deepseek(_ call: [CallLayout.Part], separator: String) -> CallLayout {
    CallLayout(
      open: [.text("<｜tool▁calls▁begin｜>"), .space("")],
      call: [.text("<｜tool▁call▁begin｜>")] + call + [.space(""), .text("<｜tool▁call▁end｜>")],
      separator: [.space(separator)], close: [.space(""), .text("<｜tool▁calls▁end｜>")])
  }
  private static let deepseekCode = deepseek(
    [
      .word("function"), .text("<｜tool▁sep｜>"), .name, .space("\n"), .text("```json"), .space("\n"), .arguments,
      .space("\n"), .text("```"),
    ], separator: "\n")
  private static let deepseekPlain = deepseek([.name, .text("<｜tool▁sep｜>"), .space(""), .arguments], separator: "")
}
