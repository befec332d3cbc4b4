import StoaDialogue
import StoaFormats
import StoaTemplates

/// What a client asks for, whichever API it speaks.
struct AnswerRequest: Sendable {
  /// The name of the model; empty for the only one.
  var model: String
  var prompt: Prompt
  var sampling = SamplingFields()
  /// Tokens of each answer at most; nil for as many as the context holds.
  var maxTokens: Int?
  /// Texts that end an answer.
  var stop: [String] = []
  /// Whether an answer goes on past its end, up to `maxTokens`; for measurements.
  var ignoresEnd = false
  /// How many answers to the same prompt.
  var choices = 1
  /// How many alternatives to report for each token; nil for no log probabilities.
  var topLogprobs: Int?
  /// Whether the prompt comes before the answer, with its own log probabilities when those are asked for.
  var echoesPrompt = false
  /// What the answer has to look like.
  var shape = AnswerShape.anything
  /// Whether the oldest part of a prompt that is too long may be dropped.
  var truncatesPrompt = false
  /// How long the model stays loaded after the answer; nil for the server's setting.
  var keepAlive: KeepAlive?

  init(model: String, prompt: Prompt) {
    self.model = model
    self.prompt = prompt
  }
}

/// What the model is given.
enum Prompt: Sendable {
  /// A conversation, by the model's chat template.
  case chat(ChatPrompt)
  /// Text to continue.
  case text(String)
  /// Tokens to continue.
  case tokens([Int32])
}

/// A conversation and the tools that the model may call in it.
struct ChatPrompt: Sendable {
  var messages: [ChatMessage]
  var tools: [ToolDefinition] = []
  var toolChoice = ToolChoice.auto
  /// Whether one answer may call several tools.
  var parallelToolCalls = true
  /// Whether the last message is the beginning of the answer.
  var continuesLastMessage = false
  /// Whether a model that can think does so; nil for its own default.
  var thinks: Bool?
  /// Further variables for the template.
  var variables: [String: TemplateValue] = [:]

  init(messages: [ChatMessage]) { self.messages = messages }
}

/// The sampling parameters that a request sets; the others are the model's.
struct SamplingFields: Sendable, Equatable {
  var temperature: Double?
  var topK: Int?
  var topP: Double?
  var minP: Double?
  var typicalP: Double?
  var repetitionPenalty: Double?
  var presencePenalty: Double?
  var frequencyPenalty: Double?
  var penaltyWindow: Int?
  var logitBias: [Int32: Float] = [:]
  var seed: UInt64?
}

/// What an answer has to look like.
enum AnswerShape: Sendable, Equatable {
  case anything
  case jsonObject
  case jsonSchema(JSONValue)
  case regex(String)
  /// A grammar in GBNF.
  case grammar(String)
}

/// How long a model stays loaded when nobody uses it.
enum KeepAlive: Sendable, Equatable {
  case seconds(Double)
  case forever
}
