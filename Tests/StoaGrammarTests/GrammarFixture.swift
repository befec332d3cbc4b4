@testable import StoaGrammar

/// What the tests of grammars share.
enum GrammarFixture {
  /// Whether a text as a whole is one of the grammar's.
  static func accepts(_ grammar: Grammar, _ text: String) throws -> Bool {
    var state = try GrammarState(CompiledGrammar(grammar))
    return try state.advance(text.utf8) && state.canEnd
  }

  /// A tokenizer of the 256 bytes, the given texts and a token that ends an answer.
  static func vocabulary(_ texts: [String]) -> (vocabulary: TokenVocabulary, tokens: [[UInt8]]) {
    let tokens = (0..<256).map { [UInt8($0)] } + texts.map { Array($0.utf8) } + [[]]
    return (TokenVocabulary(tokens: tokens, endTokens: [Int32(tokens.count - 1)]), tokens)
  }
}
