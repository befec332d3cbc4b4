import StoaGuard

/// How a server guards its requests and answers.
struct Guarding: Sendable {
  let policy: GuardPolicy
  /// Is told of every hit; nil for nobody.
  let observer: (any GuardObserver)?
  /// Asks the guard models of rails; nil where nobody can.
  var judge: (any GuardModelJudge)?

  /// The rails for a request, of the pack as it is now.
  func rails(
    for request: MonitorOrigin, keyName: String?, systemPrompt: String?, metrics: ServerMetrics
  ) throws -> RequestGuard {
    let context = GuardContext(model: request.model, key: keyName ?? "", route: Self.route(of: request.api))
    return try RequestGuard(
      policy.current, for: context, systemPrompt: systemPrompt,
      tally: GuardTally(request, metrics: metrics, observer: observer), judge: judge)
  }

  /// The path of an interface, which overrides of packs name.
  static func route(of api: String) -> String {
    switch api {
    case "openai.chat": "/v1/chat/completions"
    case "openai.completions": "/v1/completions"
    case "openai.responses": "/v1/responses"
    case "openai.embeddings": "/v1/embeddings"
    case "anthropic.messages": "/v1/messages"
    case "ollama.chat": "/api/chat"
    case "ollama.generate": "/api/generate"
    case "ollama.embed": "/api/embed"
    case "cli": ""
    default: api
    }
  }
}
