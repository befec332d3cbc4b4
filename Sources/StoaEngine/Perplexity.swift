import StoaModels
import StoaTensor

/// How well a model predicts a text.
public struct PerplexityResult: Sendable {
  /// e to the power of `nll`.
  public let perplexity: Double
  /// The mean negative log-likelihood per scored token, in nats.
  public let nll: Double
  /// Scored tokens.
  public let tokens: Int
}

/// Scores a text in windows of `context` tokens without overlap.
///
/// Each window starts with the model's BOS token, if it has one, and all its other tokens are scored; without one the
/// first token of a window is not.
public func perplexity(
  model: LanguageModel, tokens: [Int32], context: Int, isCancelled: () -> Bool = { false },
  progress: (Double) -> Void = { _ in }
) throws -> PerplexityResult {
  guard context >= 2, context <= model.contextLength else {
    throw EngineError.invalidParameter(
      name: "context", value: "\(context)", range: "at least 2 and at most the model's \(model.contextLength)")
  }
  guard !tokens.isEmpty else { throw EngineError.emptyText }
  let prefix = model.bosToken.map { [$0] } ?? []
  let session = try model.makeSession()
  var total = 0.0
  var scored = 0
  var start = 0
  while start < tokens.count {
    let window = prefix + tokens[start..<min(start + context - prefix.count, tokens.count)]
    start += window.count - prefix.count
    guard window.count >= 2 else { continue }
    var position = 0
    var failure: EngineError?
    try unsafe session.forEachLogits(of: window, isCancelled: isCancelled) { logits in
      defer { position += 1 }
      guard position + 1 < window.count else { return }
      do throws(EngineError) {
        total += try unsafe Sampler.logSumExp(logits, compute: model.model.compute)
        total -= Double(unsafe logits[Int(window[position + 1])])
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    scored += window.count - 1
    progress(Double(start) / Double(tokens.count))
  }
  guard scored > 0 else { throw EngineError.emptyText }
  let nll = total / Double(scored)
  guard nll.isFinite else { throw EngineError.notANumber }
  return PerplexityResult(perplexity: CanonicalMath.exp(nll), nll: nll, tokens: scored)
}
