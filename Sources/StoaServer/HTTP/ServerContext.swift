import Foundation
import Hummingbird
import Logging

/// What belongs to one HTTP request.
struct ServerContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  /// The request's identifier, which answers, logs and the ledger share.
  let requestID: String
  /// Who asks, once that is known.
  var caller = Caller()

  init(source: Source) {
    coreContext = CoreRequestContextStorage(source: source)
    var bytes = UInt64.random(in: .min ... .max)
    var text = ""
    for _ in 0..<2 {
      text += String(bytes, radix: 36)
      bytes = .random(in: .min ... .max)
    }
    requestID = text
  }
}

/// Which API a path belongs to; each has its own shape of errors.
enum APIStyle: String, Sendable {
  case openAI
  case anthropic
  case ollama

  init(path: String) {
    self = path.hasPrefix("/api/") ? .ollama : path.hasPrefix("/v1/messages") ? .anthropic : .openAI
  }
}
