/// What happens while a request is answered, in order: `started`, pieces of each choice, the end of each choice,
/// `ended`.
enum AnswerEvent: Sendable {
  case started(AnswerStart)
  /// Text for the reader; the log probabilities are those of the tokens that it came from.
  case content(choice: Int, String, [TokenEntry])
  /// What the model thinks before it answers.
  case reasoning(choice: Int, String, [TokenEntry])
  /// A call of a tool begins; `index` counts the calls of the choice.
  case toolCall(choice: Int, index: Int, id: String, name: String)
  /// A piece of the JSON text of a call's arguments.
  case toolArguments(choice: Int, index: Int, String)
  case choiceEnded(choice: Int, EndReason, stopSequence: String?)
  case ended(AnswerUsage)
}

/// What is known when the answer begins.
struct AnswerStart: Sendable, Equatable {
  /// The request's own identifier, without a prefix.
  var id: String
  /// Seconds since 1970.
  var created: Int
  /// The model's name as the server knows it.
  var model: String
  var promptTokens: Int
  var cachedTokens: Int
}

/// Why a choice ended.
enum EndReason: Sendable, Equatable {
  /// The model ended it, or a stop string or grammar did.
  case stop
  /// The limit of tokens, or of the context.
  case length
  /// The model waits for the results of tools.
  case toolCalls
  /// A rail did not let the request or the answer go on.
  case refused
}

/// What an answer took.
struct AnswerUsage: Sendable, Equatable {
  var promptTokens = 0
  var cachedTokens = 0
  var completionTokens = 0
  /// Those of the completion that the model thought with.
  var reasoningTokens = 0
  var loadSeconds = 0.0
  var queueSeconds = 0.0
  var promptSeconds = 0.0
  var generateSeconds = 0.0
  var totalSeconds = 0.0
  /// From the request to its first token; nil without one.
  var firstTokenSeconds: Double?
  /// Nil when it is not known.
  var seed: UInt64? = 0
  /// Whether the tokens were estimated, since who generated them did not count them.
  var isEstimated = false
  var cost: AnswerCost?
}

/// What an answer cost, and what the same tokens would have cost elsewhere.
struct AnswerCost: Sendable, Equatable {
  var currency: String
  var amount: Double
  var elsewhere: [(name: String, amount: Double)]

  static func == (left: AnswerCost, right: AnswerCost) -> Bool {
    left.currency == right.currency && left.amount == right.amount
      && left.elsewhere.elementsEqual(right.elsewhere) { $0.name == $1.name && $0.amount == $1.amount }
  }
}

/// One token with its log probability, as APIs show it.
struct TokenEntry: Sendable, Equatable {
  struct Alternative: Sendable, Equatable {
    var token: Int32
    var bytes: [UInt8]
    var logprob: Double
  }

  var token: Int32
  /// The bytes of the token; joined over an answer they are its text.
  var bytes: [UInt8]
  /// Nil for the first token of a text, which nothing predicts.
  var logprob: Double?
  var top: [Alternative]

  /// The bytes as text; those of a split character as replacement characters.
  static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}

/// A whole answer, gathered from its events.
struct Answer: Sendable {
  struct ToolCall: Sendable, Equatable {
    var id: String
    var name: String
    /// JSON text as the model wrote it.
    var arguments: String
  }

  struct Choice: Sendable {
    var content = ""
    var reasoning = ""
    var toolCalls: [ToolCall] = []
    var contentLogprobs: [TokenEntry] = []
    var end = EndReason.stop
    var stopSequence: String?
  }

  var start: AnswerStart
  var choices: [Choice]
  var usage = AnswerUsage()

  init(start: AnswerStart, choices: Int) {
    self.start = start
    self.choices = Array(repeating: Choice(), count: choices)
  }

  /// Adds what happened next.
  mutating func add(_ event: AnswerEvent) {
    switch event {
    case .started(let start): self.start = start
    case .content(let choice, let text, let entries):
      choices[choice].content += text
      choices[choice].contentLogprobs += entries
    case .reasoning(let choice, let text, _): choices[choice].reasoning += text
    case .toolCall(let choice, _, let id, let name):
      choices[choice].toolCalls.append(ToolCall(id: id, name: name, arguments: ""))
    case .toolArguments(let choice, let index, let text): choices[choice].toolCalls[index].arguments += text
    case .choiceEnded(let choice, let end, let stopSequence):
      choices[choice].end = end
      choices[choice].stopSequence = stopSequence
    case .ended(let usage): self.usage = usage
    }
  }
}

/// Writes the events of an answer as an API streams them; a value per response.
protocol AnswerStreamEncoder: Sendable {
  /// The bytes to send for an event, none for some.
  mutating func encode(_ event: AnswerEvent) -> String
  /// The bytes to send when the answer fails after it began.
  mutating func encode(_ error: APIError) -> String
}
