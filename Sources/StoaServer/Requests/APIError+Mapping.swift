import StoaEngine
import StoaFormats
import StoaGrammar
import StoaHub
import StoaModels
import StoaTemplates
import StoaTrust

extension APIError {
  /// What a failure below means to a client.
  init(_ error: any Error) {
    switch error {
    case let error as APIError: self = error
    case let error as ModelRefused:
      self.init(.overloaded, error.description, field: "model", code: "model_refused")
      refusal = error.state
    case TrustError.file(.changed), FormatError.changed:
      self.init(
        .overloaded, "the model's files changed while they were loaded: ask again", field: "model",
        code: "model_changed", retryAfterSeconds: 1)
    case let error as EngineError: self.init(engine: error)
    case let error as GrammarError:
      self.init(.invalidRequest, "the answer's schema or grammar cannot be used: \(error)", field: "response_format")
    case let error as TemplateError:
      self.init(.invalidRequest, "the model's chat template does not take these messages: \(error)", field: "messages")
    case let error as JSONError: self.init(.invalidRequest, "the body is not valid JSON: \(error)")
    case let error as RemoteError: self.init(remote: error)
    case let error as HubError: self.init(.notFound, error.description)
    case ModelError.tokenOutOfRange(let token, let size):
      self.init(
        .invalidRequest, "token \(token) is outside the vocabulary of \(size) tokens", field: "prompt")
    case let error as ModelError: self.init(.internal, error.description)
    case let error as any CustomStringConvertible: self.init(.internal, error.description)
    default: self.init(.internal, "\(error)")
    }
  }

  private init(remote error: RemoteError) {
    let message = error.description
    switch error {
    case .badReference, .badFileName, .ambiguous: self.init(.invalidRequest, message, field: "model")
    case .offline, .gated: self.init(.forbidden, message, field: "model")
    case .noRepository, .noRevision, .noFile, .noModel, .nameTaken: self.init(.notFound, message, field: "model")
    case .refused, .rateLimited, .server, .network, .stalled, .redirect, .badAnswer, .noDigest, .wrongDigest, .changed,
      .busy:
      self.init(.overloaded, message, code: "hub_unavailable", retryAfterSeconds: 30)
    case .local(let error): self.init(error)
    case .badSetting: self.init(.internal, message)
    }
  }

  private init(engine error: EngineError) {
    let message = error.description
    switch error {
    case .promptTooLong(let tokens, let context):
      self.init(
        .invalidRequest,
        "the prompt has \(tokens) tokens, \(max(1, tokens - context)) too many for the context of \(context); shorten it",
        field: "messages", code: "context_length_exceeded")
    case .emptyPrompt, .emptyText, .invalidParameter, .grammarNeedsTokenizer, .grammarHasNoToken, .makesVectorsOnly,
      .textNeedsTokenizer:
      self.init(.invalidRequest, message)
    case .queueFull: self.init(.overloaded, message, code: "queue_full", retryAfterSeconds: 2)
    case .stopping: self.init(.overloaded, message, code: "stopping", retryAfterSeconds: 5)
    case .deadlineExceeded: self.init(.timeout, message, code: "deadline_exceeded")
    case .contextTooLarge, .notANumber: self.init(.internal, message)
    }
  }
}
