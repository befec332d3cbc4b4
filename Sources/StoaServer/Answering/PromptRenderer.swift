import StoaDialogue
import StoaEngine
import StoaTemplates
import StoaTokenizers

/// Turns what a client sends into the tokens that a model continues.
struct PromptRenderer {
  let model: LanguageModel
  let dialogue: DialogueFormat

  /// What was made of a prompt.
  struct Rendered {
    var tokens: [Int32]
    /// Whether the template has opened the model's reasoning.
    var startsInReasoning = false
    /// What the template has written of the answer.
    var opening = ""
  }

  /// Renders a prompt; one that does not fit is an error, or loses its oldest part if `truncates`.
  ///
  /// - Parameter reserve: Tokens to leave free for the answer when something is dropped.
  func render(_ prompt: Prompt, truncates: Bool, reserve: Int) throws -> Rendered {
    switch prompt {
    case .tokens(let tokens): return Rendered(tokens: try fitted(tokens, truncates, reserve))
    case .text(let text): return Rendered(tokens: try fitted(try tokens(of: text), truncates, reserve))
    case .chat(let chat): return try render(chat, truncates, reserve)
    }
  }

  private func tokenizer() throws(APIError) -> Tokenizer {
    guard let tokenizer = model.tokenizer else {
      throw APIError(.invalidRequest, "the model comes without a tokenizer: send token ids as the prompt")
    }
    return tokenizer
  }

  private func tokens(of text: String) throws -> [Int32] {
    let tokenizer = try tokenizer()
    var tokens = tokenizer.encode(text)
    // The end of a text is for encoders; here the text goes on.
    if tokenizer.addsEOS, tokens.last == tokenizer.eos { tokens.removeLast() }
    if tokens.isEmpty, let bos = model.bosToken { tokens = [bos] }
    return tokens
  }

  // MARK: Conversations

  private func render(_ chat: ChatPrompt, _ truncates: Bool, _ reserve: Int) throws -> Rendered {
    var chat = chat
    var rendered = try renderOnce(chat)
    let limit = model.contextLength - min(reserve, model.contextLength / 2)
    // The system message stays, and so does the last message: it is what is to be answered.
    while truncates, rendered.tokens.count > limit,
      let oldest = chat.messages.dropLast().firstIndex(where: { !["system", "developer"].contains($0.role) })
    {
      chat.messages.remove(at: oldest)
      // The results of a call go with it.
      while chat.messages.indices.contains(oldest), oldest < chat.messages.count - 1,
        chat.messages[oldest].role == "tool"
      {
        chat.messages.remove(at: oldest)
      }
      rendered = try renderOnce(chat)
    }
    rendered.tokens = try fitted(rendered.tokens, truncates, reserve)
    return rendered
  }

  private func renderOnce(_ chat: ChatPrompt) throws -> Rendered {
    let tokenizer = try tokenizer()
    var messages = chat.messages
    let offersTools = !chat.tools.isEmpty && chat.toolChoice != .none
    if offersTools,
      let text = dialogue.instructions(
        for: chat.tools, choice: chat.toolChoice, parallel: chat.parallelToolCalls)
    {
      if let first = messages.first, first.role == "system" {
        messages[0].content = .text(first.text + "\n\n" + text)
      } else {
        messages.insert(ChatMessage(role: "system", content: text), at: 0)
      }
    }
    if let capabilities = model.chatTemplate?.capabilities { messages = dialogue.adapted(messages, for: capabilities) }
    // Most templates join the content to other text without looking.
    for index in messages.indices where messages[index].content == nil && messages[index].toolCalls.isEmpty {
      messages[index].content = .text("")
    }
    messages = messages.map { $0.guarded(by: tokenizer) }
    var prefill: String?
    if chat.continuesLastMessage, let last = messages.last, last.role == "assistant" {
      prefill = last.text
      messages.removeLast()
    }
    guard let template = model.chatTemplate else {
      // A base model continues what was said.
      let text = messages.map(\.text).joined(separator: "\n") + (prefill ?? "")
      return Rendered(tokens: tokenizer.encode(guarded: text))
    }
    var variables = chat.variables
    if let thinks = chat.thinks {
      variables["enable_thinking"] = .bool(thinks)
      variables["thinking"] = .bool(thinks)
    }
    let tools =
      offersTools && dialogue.templateShowsTools
      ? TemplateValue.list(chat.tools.map { $0.templateValue.guarded(by: tokenizer) }) : nil
    // Without a date: an answer depends on what was asked, not on when.
    var text = try template.render(messages: messages, tools: tools, extra: variables)
    let startsInReasoning = dialogue.startsInReasoning(prompt: text) && prefill == nil
    let opening = prefill == nil ? dialogue.opening(prompt: text) : ""
    text += prefill ?? ""
    var tokens = tokenizer.encode(guarded: text, addSpecial: false)
    // Most templates write the token for the beginning themselves; of two the model would take fright.
    if tokenizer.addsBOS, let bos = tokenizer.bos, tokens.first != bos { tokens.insert(bos, at: 0) }
    return Rendered(tokens: tokens, startsInReasoning: startsInReasoning, opening: opening)
  }

  // MARK: Length

  private func fitted(_ tokens: [Int32], _ truncates: Bool, _ reserve: Int) throws -> [Int32] {
    guard !tokens.isEmpty else { throw EngineError.emptyPrompt }
    let context = model.contextLength
    guard tokens.count >= context else { return tokens }
    guard truncates else { throw EngineError.promptTooLong(tokens: tokens.count, context: context) }
    let limit = max(1, context - min(reserve, context / 2))
    let keepsFirst = limit > 1 && model.bosToken.map { tokens.first == $0 } ?? false
    return keepsFirst ? [tokens[0]] + tokens.suffix(limit - 1) : Array(tokens.suffix(limit))
  }
}

extension ChatMessage {
  /// The message with everything that its writer chose kept from becoming a control token.
  fileprivate func guarded(by tokenizer: Tokenizer) -> ChatMessage {
    var message = self
    switch content {
    case nil: break
    case .text(let text): message.content = .text(tokenizer.guarded(text))
    case .parts(let parts): message.content = .parts(parts.map { $0.guarded(by: tokenizer) })
    }
    message.name = name.map { tokenizer.guarded($0) }
    message.reasoning = reasoning.map { tokenizer.guarded($0) }
    message.toolCalls = toolCalls.map { call in
      ToolCall(
        id: call.id.map { tokenizer.guarded($0) }, name: tokenizer.guarded(call.name),
        arguments: call.arguments.guarded(by: tokenizer))
    }
    message.toolCallID = toolCallID.map { tokenizer.guarded($0) }
    return message
  }
}

extension TemplateValue {
  /// The value with all texts in it kept from becoming control tokens.
  fileprivate func guarded(by tokenizer: Tokenizer) -> TemplateValue {
    switch self {
    case .string(let text): return .string(tokenizer.guarded(text))
    case .list(let items): return .list(items.map { $0.guarded(by: tokenizer) })
    case .dict(let entries):
      return .dict(TemplateDictionary(entries.entries.map { ($0.key, $0.value.guarded(by: tokenizer)) }))
    default: return self
    }
  }
}
