import StoaFormats
package import StoaModels
import StoaTensor
public import StoaTokenizers

/// A model that makes vectors of texts and nothing else: weights and tokenizer.
public final class TextEncoder: Sendable {
  /// What the model is.
  public let summary: ModelSummary
  /// The tokenizer, nil when the model comes without one.
  public let tokenizer: Tokenizer?
  /// The longest text in tokens.
  public let contextLength: Int
  /// Seconds that loading took.
  public let loadSeconds: Double
  package let model: EncoderModel

  /// Opens and lays out the encoder at `path`, a `.gguf` file or a safetensors folder.
  public static func load(
    path: String, options: LoadOptions = LoadOptions(), progress: (@Sendable (Double) -> Void)? = nil
  ) throws -> TextEncoder {
    let start = ContinuousClock.now
    let package = try ModelPackage(path: path, tokenizerPath: options.tokenizerPath)
    let compute = try options.compute(trained: package.summary.contextLength)
    let model = try EncoderModel(package.checkpoint, compute: compute, progress: progress)
    for file in package.checkpoint.files { try file.verifyUnchanged() }
    return TextEncoder(package, model: model, options: options, loadSeconds: start.duration(to: .now).seconds)
  }

  private init(_ package: ModelPackage, model: EncoderModel, options: LoadOptions, loadSeconds: Double) {
    summary = package.summary
    tokenizer = package.tokenizer
    contextLength = options.contextLength ?? package.summary.contextLength
    self.loadSeconds = loadSeconds
    self.model = model
  }

  /// The tokens of a text with those that the model wants around it.
  ///
  /// - Parameter truncates: Whether a text that is too long loses its end, but not the tokens after it.
  public func tokens(of text: String, truncates: Bool = false) throws -> [Int32] {
    guard let tokenizer else { throw EngineError.textNeedsTokenizer }
    let tokens = tokenizer.encode(text)
    let kept = contextLength - tokenizer.suffixCount
    guard truncates, tokens.count > contextLength, kept > 0 else { return try fitted(tokens, truncates: truncates) }
    return tokens.prefix(kept) + tokens.suffix(tokenizer.suffixCount)
  }

  /// The tokens, if they are not too many.
  public func fitted(_ tokens: [Int32], truncates: Bool) throws -> [Int32] {
    guard !tokens.isEmpty else { throw EngineError.emptyPrompt }
    guard tokens.count > contextLength else { return tokens }
    guard truncates else { throw EngineError.promptTooLong(tokens: tokens.count, context: contextLength) }
    return Array(tokens.prefix(contextLength))
  }

  /// The vector of a text, as the model's pooling makes it; it has `summary.width` values.
  ///
  /// Computes on the caller's thread and the model's pool.
  public func embedding(of tokens: [Int32]) throws -> [Float] {
    let vector = try model.embedding(of: try fitted(tokens, truncates: false))
    guard vector.allSatisfy(\.isFinite) else { throw EngineError.notANumber }
    return vector
  }
}
