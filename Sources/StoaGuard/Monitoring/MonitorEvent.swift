/// Something that happened while requests were answered. It holds no text of prompts or answers unless the operator
/// asked for what rails found.
package struct MonitorEvent: Equatable, Sendable {
  /// What happened.
  package enum Kind: Equatable, Sendable {
    /// A request ended, well or not.
    case finished(RequestOutcome)
    /// A rail found something and the text went on.
    case hit(RailHit)
    /// A rail found something and ended the text.
    case refusal(RailHit)
    /// A model was loaded, unloaded or refused.
    case model(ModelChange)
  }

  /// Seconds since 1970.
  package var time: Double
  /// Whose request it was; nil for what belongs to none.
  package var origin: MonitorOrigin?
  package var kind: Kind

  package init(time: Double, origin: MonitorOrigin? = nil, kind: Kind) {
    self.time = time
    self.origin = origin
    self.kind = kind
  }
}

/// Which request an event or a hit belongs to.
package struct MonitorOrigin: Equatable, Sendable {
  /// The identifier that answers, logs and the ledger share.
  package var request: String
  package var model: String
  /// The identifier of the key that asked; nil without one.
  package var key: String?
  /// The interface that was asked: `openai.chat`, `anthropic.messages`, …
  package var api: String

  package init(request: String, model: String, key: String?, api: String) {
    self.request = request
    self.model = model
    self.key = key
    self.api = api
  }
}

/// How a request ended.
package struct RequestOutcome: Equatable, Sendable {
  /// The HTTP status, 499 when the client left.
  package var status: Int
  package var finish: String?
  package var promptTokens = 0
  package var completionTokens = 0
  /// From the request to its first token; nil when there was none.
  package var firstTokenSeconds: Double?
  package var generateSeconds = 0.0
  package var totalSeconds = 0.0

  package init(status: Int, finish: String? = nil) {
    self.status = status
    self.finish = finish
  }

  /// Whether the server failed; a client that left or asked for nonsense is no failure.
  package var isError: Bool { status >= 500 }

  /// The speed of the answer, where it had tokens and took time.
  package var tokensPerSecond: Double? {
    completionTokens > 0 && generateSeconds > 0 ? Double(completionTokens) / generateSeconds : nil
  }
}

/// What a rail found, without its text.
package struct RailHit: Equatable, Sendable {
  package var rail: String
  /// The class of the hazard.
  package var hazard: String
  package var action: GuardAction
  package var stage: GuardStage
  /// The pack's name and digest.
  package var pack: String
  package var digest: String
  /// What matched, if the operator asked for it.
  package var text: String?

  package init(_ event: GuardEvent) {
    rail = event.hit.rail
    hazard = event.hit.hazard
    action = event.hit.action
    stage = event.stage
    pack = event.pack
    digest = event.digest
    text = event.text
  }

  /// What the monitor keeps of it.
  package var kind: MonitorEvent.Kind { action.isFinal ? .refusal(self) : .hit(self) }
}

/// What happened to a model.
package struct ModelChange: Equatable, Sendable {
  package enum Change: String, Sendable {
    case loaded
    case unloaded
    case refused
  }

  package var model: String
  package var change: Change
  /// What was found about its signature and certificate, by the names of the states; empty when all is well or nobody
  /// looked.
  package var states: [String]

  package init(model: String, change: Change, states: [String] = []) {
    self.model = model
    self.change = change
    self.states = states
  }
}
