/// WordPiece: from the start of a word on, always the longest piece; pieces within a word are marked with a prefix.
///
/// Devlin et al., "BERT" (2018), `tokenization.py`. A word that no pieces make up is one unknown token as a whole.
struct WordPiece: Sendable {
  private let trie: PieceTrie
  /// Where the pieces for the inside of a word begin; nil when there are none.
  private let inside: UInt32?
  private let unknown: Int32?
  /// A word of more characters is unknown.
  private let longestWord: Int

  /// - Parameters:
  ///   - start: What the pieces at the start of a word begin with, beyond the word itself: nothing, or `▁`.
  ///   - continuation: What those within a word begin with: `##`, or nothing.
  ///   - isPiece: Which tokens a text can become.
  init(
    vocabulary: Vocabulary, continuation: String, unknown: Int32?, longestWord: Int, where isPiece: (Int) -> Bool
  ) throws(TokenizerError) {
    trie = try PieceTrie(vocabulary.texts, where: isPiece)
    inside = trie.node(continuation.utf8)
    self.unknown = unknown
    self.longestWord = longestWord
  }

  /// Appends the tokens of a word.
  func encode(_ text: Span<UInt8>, _ word: Range<Int>, _ output: inout [Int32]) {
    if word.isEmpty { return }
    let count = output.count
    if word.count <= longestWord || text.characterCount(word) <= longestWord {
      var i = word.lowerBound
      var node: UInt32? = PieceTrie.root
      while i < word.upperBound, let from = node,
        let (piece, end) = trie.longestMatch(text, at: i, end: word.upperBound, from: from)
      {
        output.append(piece)
        (i, node) = (end, inside)
      }
      if i == word.upperBound { return }
    }
    output.removeSubrange(count...)
    if let unknown { output.append(unknown) }
  }
}

extension Span where Element == UInt8 {
  /// How many characters, each invalid byte counted as one.
  fileprivate func characterCount(_ range: Range<Int>) -> Int {
    var (count, i) = (0, range.lowerBound)
    while i < range.upperBound {
      i += scalar(at: i, end: range.upperBound).length
      count += 1
    }
    return count
  }
}
