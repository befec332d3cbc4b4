import Foundation
import StoaEngine
import StoaHub

/// An encoder in memory: it makes vectors of texts.
final class LoadedEncoder: Sendable {
  let name: String
  let location: ModelLocation
  let encoder: TextEncoder
  let knownDigest = KnownDigest()
  /// Vectors are computed one after the other.
  private let queue = DispatchQueue(label: "stoa.encoder")

  init(name: String, location: ModelLocation, settings: EngineSettings) throws {
    self.name = name
    self.location = location
    // The context that is set is for answers: a text is as long as its encoder allows.
    var options = LoadOptions()
    options.threads = settings.threads
    encoder = try TextEncoder.load(path: location.path, options: options)
  }

  /// The tokens of a text.
  func tokens(_ prompt: Prompt, truncates: Bool) throws -> [Int32] {
    switch prompt {
    case .tokens(let tokens): try encoder.fitted(tokens, truncates: truncates)
    case .text(let text): try encoder.tokens(of: text, truncates: truncates)
    case .chat: throw APIError.invalid("input", "must be text or token ids")
    }
  }

  /// The vector of a text, computed away from the threads that serve.
  func embed(_ tokens: [Int32]) async throws -> [Float] {
    try await withCheckedThrowingContinuation { continuation in
      queue.async { [encoder] in continuation.resume(with: Result { try encoder.embedding(of: tokens) }) }
    }
  }
}
