public import StoaGrammar
import StoaModels
import StoaTokenizers
import Synchronization

extension LanguageModel {
  /// Makes a grammar ready for this model's tokens; sessions and requests may share the result.
  ///
  /// - Parameter shownTokens: Special tokens that stand for their names; the options of the answer have to show them too.
  public func constraint(_ grammar: CompiledGrammar, shownTokens: Set<Int32> = []) throws -> TokenMasker {
    guard let vocabulary = vocabulary(shownTokens: shownTokens) else { throw EngineError.grammarNeedsTokenizer }
    return try TokenMasker(grammar, vocabulary)
  }

  /// What each token writes; nil without a tokenizer.
  package func vocabulary(shownTokens: Set<Int32>) -> TokenVocabulary? {
    guard let tokenizer else { return nil }
    return tokenVocabularies.withLock { cached in
      if let known = cached[shownTokens] { return known }
      let tokens = (0..<model.configuration.vocabularySize).map { id in
        tokenizer.bytes(of: Int32(id), showSpecial: shownTokens.contains(Int32(id)))
      }
      let vocabulary = TokenVocabulary(tokens: tokens, endTokens: endTokens)
      cached[shownTokens] = vocabulary
      return vocabulary
    }
  }
}
