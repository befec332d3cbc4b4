/// The format of conversations that a family of models was trained on, for checkpoints that come without a template.
///
/// Sources: the model cards and prompt formats of the publishers, named at each family.
public struct FamilyTemplate: Sendable, Equatable {
  /// The family, for people.
  public let name: String
  /// The template.
  public let source: String
  /// Tokens that the vocabulary of the family has.
  let marks: [String]
  /// The token that ends a turn and no text of a base model; nil where both end alike.
  let turnEnd: String?
  /// `general.architecture` or `model_type`, where marks alone do not tell; empty for any.
  let architectures: Set<String>

  /// What is known of a model that comes without a template.
  public struct Evidence {
    /// The name of the model, or of its file or folder.
    public var name: String
    /// `general.architecture` or `model_type`.
    public var architecture: String
    /// Whether the vocabulary has a token of this text.
    public var hasToken: (String) -> Bool
    /// Whether the checkpoint says that this token ends an answer.
    public var isEnd: (String) -> Bool

    /// All of it.
    public init(
      name: String, architecture: String, hasToken: @escaping (String) -> Bool, isEnd: @escaping (String) -> Bool
    ) {
      self.name = name
      self.architecture = architecture
      self.hasToken = hasToken
      self.isEnd = isEnd
    }
  }

  /// The format of a model; nil for a base model, which has none, and for families that are not known.
  ///
  /// The vocabularies of base models have the marks too. What tells a model that was trained to converse is that its
  /// turns' end is among its ends, or where turns end as texts do, its name.
  public static func find(_ evidence: Evidence) -> FamilyTemplate? {
    let words = evidence.name.lowercased().split { !$0.isLetter && !$0.isNumber }
    let isTuned = words.contains { ["instruct", "chat", "it", "inst", "assistant", "sft", "dpo"].contains($0) }
    return all.first { family in
      guard family.marks.allSatisfy(evidence.hasToken) else { return false }
      guard family.architectures.isEmpty || family.architectures.contains(evidence.architecture) else { return false }
      return isTuned || family.turnEnd.map(evidence.isEnd) ?? false
    }
  }

  /// From the most telling marks to none.
  static let all = [
    gptOSS, llama4, llama3, phi4, chatML, gemma, phi3, deepSeek, mistralTekken, mistral, llama2, falcon3, falcon, olmo,
  ]
}

extension FamilyTemplate {
  /// What stands before and after the text of one role.
  private typealias Turn = (open: String, close: String)

  /// A template that writes one turn after the other; without a system turn the text goes into the first user's.
  private static func turns(
    begin: String = "{{ bos_token }}", system: Turn? = nil, user: Turn, assistant: Turn, prompt: String? = nil
  ) -> String {
    func branch(_ turn: Turn) -> String {
      "{{ \(literal(turn.open)) + message['content'] | trim + \(literal(turn.close)) }}"
    }
    let systemBranch = system.map { "{% elif message['role'] == 'system' %}" + branch($0) } ?? ""
    return begin + "{% for message in messages %}{% if message['role'] == 'user' %}" + branch(user)
      + "{% elif message['role'] == 'assistant' %}" + branch(assistant) + systemBranch + "{% endif %}{% endfor %}"
      + "{% if add_generation_prompt %}{{ \(literal(prompt ?? assistant.open)) }}{% endif %}"
  }

  /// Jinja's form of a text; `EOS` in it is the model's token for the end.
  private static func literal(_ text: String) -> String {
    let escaped = text.map { $0 == "\n" ? "\\n" : $0 == "'" ? "\\'" : String($0) }.joined()
    return ("'" + escaped.replacingEnd(with: "' + eos_token + '") + "'")
  }

  /// Harmony: cookbook.openai.com, "OpenAI harmony response format".
  static let gptOSS = FamilyTemplate(
    name: "gpt-oss",
    source: """
      {{ '<|start|>system<|message|>You are ChatGPT, a large language model trained by OpenAI.\\n' }}\
      {{ 'Knowledge cutoff: 2024-06\\n' }}\
      {% if strftime_now is defined %}{{ 'Current date: ' + strftime_now('%Y-%m-%d') + '\\n' }}{% endif %}\
      {{ '\\nReasoning: ' + (reasoning_effort if reasoning_effort is defined else 'medium') + '\\n\\n' }}\
      {{ '# Valid channels: analysis, commentary, final. Channel must be included for every message.<|end|>' }}\
      {% for message in messages %}\
      {% if message['role'] == 'system' or message['role'] == 'developer' %}\
      {{ '<|start|>developer<|message|># Instructions\\n\\n' + message['content'] + '\\n\\n<|end|>' }}\
      {% elif message['role'] == 'assistant' %}\
      {{ '<|start|>assistant<|channel|>final<|message|>' + message['content'] + '<|end|>' }}\
      {% elif message['role'] == 'user' %}{{ '<|start|>user<|message|>' + message['content'] + '<|end|>' }}{% endif %}\
      {% endfor %}{% if add_generation_prompt %}{{ '<|start|>assistant' }}{% endif %}
      """,
    marks: ["<|start|>", "<|message|>", "<|channel|>"], turnEnd: "<|return|>", architectures: [])

  /// llama.com, "Llama 4 model cards and prompt formats".
  static let llama4 = FamilyTemplate(
    name: "Llama 4",
    source: turns(
      system: ("<|header_start|>system<|header_end|>\n\n", "<|eot|>"),
      user: ("<|header_start|>user<|header_end|>\n\n", "<|eot|>"),
      assistant: ("<|header_start|>assistant<|header_end|>\n\n", "<|eot|>")),
    marks: ["<|header_start|>", "<|header_end|>"], turnEnd: "<|eot|>", architectures: [])

  /// llama.com, "Llama 3 model cards and prompt formats".
  static let llama3 = FamilyTemplate(
    name: "Llama 3",
    source: turns(
      system: ("<|start_header_id|>system<|end_header_id|>\n\n", "<|eot_id|>"),
      user: ("<|start_header_id|>user<|end_header_id|>\n\n", "<|eot_id|>"),
      assistant: ("<|start_header_id|>assistant<|end_header_id|>\n\n", "<|eot_id|>")),
    marks: ["<|start_header_id|>", "<|end_header_id|>"], turnEnd: "<|eot_id|>", architectures: [])

  /// The model card of microsoft/phi-4.
  static let phi4 = FamilyTemplate(
    name: "Phi 4",
    source: turns(
      begin: "", system: ("<|im_start|>system<|im_sep|>", "<|im_end|>"),
      user: ("<|im_start|>user<|im_sep|>", "<|im_end|>"),
      assistant: ("<|im_start|>assistant<|im_sep|>", "<|im_end|>")),
    marks: ["<|im_start|>", "<|im_sep|>"], turnEnd: "<|im_end|>", architectures: [])

  /// ChatML: Qwen, OLMo 3 and many fine-tuned models.
  static let chatML = FamilyTemplate(
    name: "ChatML",
    source: turns(
      begin: "", system: ("<|im_start|>system\n", "<|im_end|>\n"), user: ("<|im_start|>user\n", "<|im_end|>\n"),
      assistant: ("<|im_start|>assistant\n", "<|im_end|>\n")),
    marks: ["<|im_start|>"], turnEnd: "<|im_end|>", architectures: [])

  /// ai.google.dev, "Gemma formatting and system instructions".
  static let gemma = FamilyTemplate(
    name: "Gemma",
    source: turns(
      user: ("<start_of_turn>user\n", "<end_of_turn>\n"), assistant: ("<start_of_turn>model\n", "<end_of_turn>\n")),
    marks: ["<start_of_turn>"], turnEnd: "<end_of_turn>", architectures: [])

  /// The model card of microsoft/Phi-3-mini-4k-instruct.
  static let phi3 = FamilyTemplate(
    name: "Phi 3",
    source: turns(
      begin: "", system: ("<|system|>\n", "<|end|>\n"), user: ("<|user|>\n", "<|end|>\n"),
      assistant: ("<|assistant|>\n", "<|end|>\n")),
    marks: ["<|user|>", "<|assistant|>", "<|end|>"], turnEnd: "<|end|>", architectures: [])

  /// The model cards of deepseek-ai/DeepSeek-V3 and DeepSeek-R1.
  static let deepSeek = FamilyTemplate(
    name: "DeepSeek",
    source: turns(
      system: ("", ""), user: ("<｜User｜>", ""), assistant: ("<｜Assistant｜>", "EOS")),
    marks: ["<｜User｜>", "<｜Assistant｜>"], turnEnd: nil, architectures: [])

  /// docs.mistral.ai, "Tokenization", version 3 with tekken: the marks are tokens and no spaces stand around them.
  static let mistralTekken = FamilyTemplate(
    name: "Mistral, version 3",
    source: turns(user: ("[INST]", "[/INST]"), assistant: ("", "EOS")),
    marks: ["[INST]", "[/INST]"], turnEnd: nil, architectures: [])

  /// The model card of mistralai/Mistral-7B-Instruct-v0.1.
  static let mistral = FamilyTemplate(
    name: "Mistral",
    source: turns(user: ("[INST] ", " [/INST]"), assistant: (" ", "EOS"), prompt: ""),
    marks: [], turnEnd: nil, architectures: ["mistral", "mixtral"])

  /// llama.com, "Llama 2 model cards and prompt formats".
  static let llama2 = FamilyTemplate(
    name: "Llama 2",
    source: """
      {% if messages[0]['role'] == 'system' %}{% set system = '<<SYS>>\\n' + messages[0]['content'] | trim \
      + '\\n<</SYS>>\\n\\n' %}{% set messages = messages[1:] %}{% else %}{% set system = '' %}{% endif %}\
      {% for message in messages %}{% if message['role'] == 'user' %}\
      {{ bos_token + '[INST] ' + ((system if loop.first else '') + message['content']) | trim + ' [/INST]' }}\
      {% elif message['role'] == 'assistant' %}{{ ' ' + message['content'] | trim + ' ' + eos_token }}{% endif %}\
      {% endfor %}
      """,
    marks: ["<s>", "<0x0A>"], turnEnd: nil, architectures: ["llama"])

  /// The model card of tiiuae/Falcon3-7B-Instruct.
  static let falcon3 = FamilyTemplate(
    name: "Falcon 3",
    source: turns(
      begin: "", system: ("<|system|>\n", "\n"), user: ("<|user|>\n", "\n"), assistant: ("<|assistant|>\n", "EOS\n")),
    marks: ["<|system|>", "<|user|>", "<|assistant|>"], turnEnd: nil, architectures: ["llama"])

  /// The model card of tiiuae/falcon-7b-instruct.
  static let falcon = FamilyTemplate(
    name: "Falcon",
    source: turns(
      begin: "", system: ("", ""), user: ("\n\nUser: ", ""), assistant: ("\n\nAssistant: ", ""),
      prompt: "\n\nAssistant:"),
    marks: [], turnEnd: nil, architectures: ["falcon"])

  /// The model cards of allenai/OLMo-2-1124-7B-Instruct and allenai/OLMoE-1B-7B-0924-Instruct.
  static let olmo = FamilyTemplate(
    name: "OLMo",
    source: turns(
      begin: "{{ bos_token if bos_token else eos_token }}", system: ("<|system|>\n", "\n"), user: ("<|user|>\n", "\n"),
      assistant: ("<|assistant|>\n", "EOS\n")),
    marks: [], turnEnd: nil, architectures: ["olmo", "olmo2", "olmoe"])
}

extension String {
  /// The text with something in place of the word `EOS`.
  fileprivate func replacingEnd(with text: String) -> String {
    split(separator: "EOS", omittingEmptySubsequences: false).joined(separator: text)
  }
}
