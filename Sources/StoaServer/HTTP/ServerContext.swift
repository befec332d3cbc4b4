import Foundation
import Hummingbird
import Logging
import NIOCore
import Synchronization

/// What belongs to one HTTP request.
struct ServerContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  /// The request's identifier, which answers, logs and the ledger share.
  let requestID: String
  /// The connection.
  let channel: any Channel
  /// Whether the body was read to its end.
  let body = BodyState()
  /// Who asks, once that is known.
  var caller = Caller()

  init(source: Source) {
    coreContext = CoreRequestContextStorage(source: source)
    channel = source.channel
    var bytes = UInt64.random(in: .min ... .max)
    var text = ""
    for _ in 0..<2 {
      text += String(bytes, radix: 36)
      bytes = .random(in: .min ... .max)
    }
    requestID = text
  }
}

/// What is known of a request's body: whether it was read to its end, and whether it or a header asks for a receipt.
final class BodyState: Sendable {
  private let read = Atomic(false)
  private let receipt = Atomic(false)
  var isRead: Bool { read.load(ordering: .relaxed) }
  var wantsReceipt: Bool { receipt.load(ordering: .relaxed) }
  func setRead() { read.store(true, ordering: .relaxed) }
  func setWantsReceipt() { receipt.store(true, ordering: .relaxed) }
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
