import StoaEngine
import StoaTemplates
import StoaTerminal
import StoaTokenizers

/// Turns what the user says into the token ids that the model continues.
struct PromptBuilder {
  let tokenizer: Tokenizer
  /// Nil for a base model: text is continued as it is.
  let template: ChatTemplate?
  let contextLength: Int
  /// Whether what does not fit is shortened from its beginning.
  let truncates: Bool
  /// Tokens to leave free for the answer when shortening.
  let reserve: Int
  /// What to do about a prompt that does not fit.
  var lengthAdvice = Self.commandLineAdvice

  private static let commandLineAdvice = "shorten it, or pass --truncate to drop the oldest"

  init(model: LanguageModel, tokenizer: Tokenizer, template: ChatTemplate?, truncates: Bool, maxTokens: Int?) {
    self.tokenizer = tokenizer
    self.template = template
    contextLength = model.contextLength
    self.truncates = truncates
    // Enough for an answer, yet never more than half of what there is.
    reserve = max(1, min(maxTokens ?? 512, model.contextLength / 2))
  }

  /// The tokens of a text to continue; an empty one is the beginning of a text.
  func raw(_ text: String) throws -> [Int32] {
    var tokens = tokenizer.encode(text)
    // The end of a text is for encoders; here the text goes on.
    if tokenizer.addsEOS, tokens.last == tokenizer.eos { tokens.removeLast() }
    if tokens.isEmpty, let bos = tokenizer.bos { tokens = [bos] }
    guard !tokens.isEmpty else {
      throw CommandFailure.usage(
        "the prompt is empty, and this model has no token for the beginning of a text", advice: "give it a first word")
    }
    return try fitted(tokens)
  }

  /// The tokens of a conversation, and the conversation shortened to what they hold.
  func chat(_ conversation: Conversation, template: ChatTemplate) throws -> (tokens: [Int32], kept: Conversation) {
    var kept = conversation
    var tokens = try render(kept, template)
    guard truncates, tokens.count > contextLength - reserve else { return (try fitted(tokens), kept) }
    while tokens.count > contextLength - reserve, kept.removeOldestExchange() { tokens = try render(kept, template) }
    // One long message is left: its beginning goes. A few rounds, since a cut text may have other tokens.
    for _ in 0..<8 where tokens.count > contextLength - reserve {
      guard let last = kept.turns.last else { break }
      let content = tokenizer.encode(last.text, parseSpecial: false, addSpecial: false)
      let excess = tokens.count - (contextLength - reserve)
      kept.replaceLast(with: tokenizer.decode(Array(content.dropFirst(excess))))
      tokens = try render(kept, template)
    }
    return (try fitted(tokens), kept)
  }

  private func render(_ conversation: Conversation, _ template: ChatTemplate) throws -> [Int32] {
    // Without a date: an answer depends on what was asked, not on when.
    let messages = conversation.messages.map { ChatMessage(role: $0.role, content: tokenizer.guarded($0.text)) }
    var tokens = tokenizer.encode(guarded: try template.render(messages: messages), addSpecial: false)
    // Most templates write the token for the beginning themselves; of two the model would take fright.
    if tokenizer.addsBOS, let bos = tokenizer.bos, tokens.first != bos { tokens.insert(bos, at: 0) }
    return tokens
  }

  private func fitted(_ tokens: [Int32]) throws -> [Int32] {
    guard tokens.count > contextLength else { return tokens }
    guard truncates else { throw Self.tooLong(tokens.count, contextLength, advice: lengthAdvice) }
    let limit = max(1, contextLength - reserve)
    let keepsFirst = limit > 1 && tokenizer.bos.map { tokens.first == $0 } ?? false
    return keepsFirst ? [tokens[0]] + tokens.suffix(limit - 1) : Array(tokens.suffix(limit))
  }

  /// Nothing is cut silently: the error says by how much the prompt is too long.
  static func tooLong(_ count: Int, _ context: Int, advice: String) -> CommandFailure {
    CommandFailure(
      message:
        "the prompt has \(Format.plural(count, "token")), \(Format.grouped(count - context)) more than the context "
        + "of \(Format.grouped(context))",
      advice: advice)
  }
}
