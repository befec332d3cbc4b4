/// A model that is given one word at a time.
struct WordModel: Sendable {
  enum Pieces: Sendable {
    case unigram(Unigram)
    case wordPiece(WordPiece)
    /// A word is a token, or unknown.
    case words(Vocabulary, unknown: Int32?)
  }

  let splitter: Splitter
  let pieces: Pieces

  enum Splitter: Sendable {
    case huggingFace(WordSplitter)
    case llamaBert(LlamaBertWords)
  }

  /// Appends the tokens of a section of text.
  ///
  /// - Parameter isAtStart: Whether the section begins the text.
  func encode(_ text: Span<UInt8>, _ range: Range<Int>, isAtStart: Bool, _ output: inout [Int32]) {
    if case .huggingFace(let splitter) = splitter, splitter.steps.isEmpty { return encodeWord(text, range, &output) }
    let words = words(text, range, isAtStart: isAtStart)
    for word in words.ranges { encodeWord(words.text.span, word, &output) }
  }

  private func words(_ text: Span<UInt8>, _ range: Range<Int>, isAtStart: Bool) -> WordSplitter.Words {
    switch splitter {
    case .huggingFace(let splitter): splitter.words(text, range, isAtStart: isAtStart)
    case .llamaBert(let splitter): splitter.words(text, range)
    }
  }

  private func encodeWord(_ text: Span<UInt8>, _ word: Range<Int>, _ output: inout [Int32]) {
    switch pieces {
    case .unigram(let model): model.encode(text, word, &output)
    case .wordPiece(let model): model.encode(text, word, &output)
    case .words(let vocabulary, let unknown):
      // Plain text never becomes a control token.
      if let id = vocabulary.id(text, word), vocabulary.types[Int(id)] != .control {
        output.append(id)
      } else if let unknown {
        output.append(unknown)
      }
    }
  }
}
