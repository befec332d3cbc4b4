public import StoaGrammar
import StoaModels
import StoaTokenizers
import Synchronization

extension LanguageModel {
  /// Makes a grammar ready for this model's tokens; sessions and requests may share the result.
  ///
  /// - Parameter shownTokens: Special tokens that stand for their names; the options of the answer have to show them too.
  public func constraint(_ grammar: CompiledGrammar, shownTokens: Set<Int32> = []) throws -> TokenMasker {
    guard let tokenizer else { throw EngineError.grammarNeedsTokenizer }
    let vocabulary = tokenVocabularies.withLock { cached in
      if let known = cached[shownTokens] { return known }
      let tokens = (0..<model.configuration.vocabularySize).map { id in
        tokenizer.bytes(of: Int32(id), showSpecial: shownTokens.contains(Int32(id)))
      }
      let vocabulary = TokenVocabulary(tokens: tokens, endTokens: endTokens)
      cached[shownTokens] = vocabulary
      return vocabulary
    }
    return try TokenMasker(grammar, vocabulary)
  }
}

/// What a grammar makes of one answer.
struct Constraint {
  private let masker: TokenMasker
  private let tokenizer: Tokenizer
  private let shownTokens: Set<Int32>
  private var state: GrammarState

  init?(_ masker: TokenMasker?, _ tokenizer: Tokenizer?, shownTokens: Set<Int32>) throws {
    guard let masker else { return nil }
    guard let tokenizer else { throw EngineError.grammarNeedsTokenizer }
    self.masker = masker
    self.tokenizer = tokenizer
    self.shownTokens = shownTokens
    state = try GrammarState(masker.grammar)
  }

  /// Whether nothing can follow any more.
  var isComplete: Bool { state.isComplete }

  /// The tokens that may come next, at least one.
  ///
  /// A model whose most likely token ends the answer where it cannot end yet has nothing more to say: then the shortest
  /// way to an end is taken, or it would have to babble on.
  func mask(_ logits: UnsafeBufferPointer<Float>) throws -> TokenMask {
    if !state.canEnd, masker.vocabulary.endTokens.contains(try unsafe Sampler.mostLikely(logits).token),
      let mask = try masker.closingMask(state)
    {
      return mask
    }
    let mask = try masker.mask(state)
    if mask.isEmpty { throw EngineError.grammarHasNoToken }
    return mask
  }

  mutating func append(_ token: Int32) throws {
    guard try append(bytes: tokenizer.bytes(of: token, showSpecial: shownTokens.contains(token))) else {
      throw EngineError.grammarHasNoToken
    }
  }

  /// False when the grammar has no text that goes on like this.
  mutating func append(bytes: some Sequence<UInt8>) throws -> Bool { try state.advance(bytes) }
}
