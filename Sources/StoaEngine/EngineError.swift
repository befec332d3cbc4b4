import StoaFormats

/// Why a request could not be served.
public enum EngineError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The prompt has more tokens than the context.
  case promptTooLong(tokens: Int, context: Int)
  case emptyPrompt
  /// There is nothing to score.
  case emptyText
  case contextTooLarge(requested: Int, trained: Int)
  case invalidParameter(name: String, value: String, range: String)
  /// The model's logits are not numbers.
  case notANumber
  /// Grammars are about text.
  case grammarNeedsTokenizer
  /// More requests than may wait.
  case queueFull(limit: Int)
  /// The answer was not ready in time.
  case deadlineExceeded
  /// The model is being unloaded, or the program ends.
  case stopping
  /// The vocabulary cannot write what the grammar asks for.
  case grammarHasNoToken
  /// An encoder was asked for an answer.
  case makesVectorsOnly(architecture: String)
  case textNeedsTokenizer

  /// What is wrong, and on a second line what to do.
  public var description: String {
    switch self {
    case .promptTooLong(let tokens, let context):
      """
      the prompt has \(grouped(tokens)) tokens, \(grouped(tokens - context)) more than the context of \(grouped(context))
      shorten it, or pass --truncate to drop the oldest
      """
    case .emptyPrompt: "the prompt is empty and the model has no token to begin with\ngive a prompt"
    case .emptyText: "the text has no token that could be scored\ngive a longer one"
    case .contextTooLarge(let requested, let trained):
      """
      a context of \(grouped(requested)) tokens was asked for, but the model was made for \(grouped(trained))
      pass --context \(trained) or less
      """
    case .invalidParameter(let name, let value, let range): "\(name) is \(value), but must be \(range)"
    case .notANumber:
      "the model's outputs are not numbers\nits weights are damaged, or were made with a broken tool"
    case .queueFull(let limit): "\(grouped(limit)) requests are waiting already\ntry again later"
    case .deadlineExceeded: "the answer was not ready in time\nask for less, or allow more time"
    case .stopping: "the model is being unloaded\ntry again later"
    case .grammarNeedsTokenizer:
      "a grammar needs a tokenizer, and the model comes without one\ngive one with --tokenizer FILE"
    case .grammarHasNoToken:
      """
      no token of the model continues the answer as the grammar or schema asks
      allow other characters there
      """
    case .makesVectorsOnly(let architecture):
      """
      models of the architecture \(quoted(architecture)) make vectors of texts and write none
      start `stoa serve` with the model and ask /v1/embeddings
      """
    case .textNeedsTokenizer: "the model comes without a tokenizer\nsend token ids, or give one with --tokenizer FILE"
    }
  }
}
