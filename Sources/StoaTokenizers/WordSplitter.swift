/// How text is cut into words before WordPiece and unigram models, which never reach across the cuts.
///
/// Steps are the pre-tokenisers of Hugging Face tokenizers; each cuts every piece that the step before left.
struct WordSplitter: Sendable {
  enum Step: Sendable {
    case cut(PreTokenizer)
    case metaspace(Metaspace)
  }

  /// `▁` for spaces, and one in front of a piece that does not begin with one.
  struct Metaspace: Sendable {
    var replacement: [UInt8]
    var prefix: SentencePieceBPE.SpacePrefix
  }

  var steps: [Step] = []

  /// Which sections of a text get a space in front.
  var spacePrefix: SentencePieceBPE.SpacePrefix {
    for case .metaspace(let metaspace) in steps { return metaspace.prefix }
    return .none
  }

  /// A text and the pieces of it.
  struct Words {
    var text: [UInt8]
    var ranges: [Range<Int>]
  }

  /// The words of a section of text, in order.
  ///
  /// - Parameter isAtStart: Whether the section begins the text.
  func words(_ text: Span<UInt8>, _ range: Range<Int>, isAtStart: Bool) -> Words {
    var words = Words(text: [], ranges: [0..<range.count])
    words.text.reserveCapacity(range.count)
    for i in range { words.text.append(text[i]) }
    for step in steps {
      switch step {
      case .cut(let preTokenizer): words.cut(preTokenizer)
      case .metaspace(let metaspace): words.apply(metaspace, isAtStart: isAtStart)
      }
    }
    return words
  }
}

extension WordSplitter.Words {
  fileprivate mutating func cut(_ preTokenizer: PreTokenizer) {
    var result: [Range<Int>] = []
    for range in ranges where !range.isEmpty { preTokenizer.split(text.span, range) { result.append($0) } }
    ranges = result
  }

  fileprivate mutating func apply(_ metaspace: WordSplitter.Metaspace, isAtStart: Bool) {
    let (old, pieces, mark) = (text, ranges, metaspace.replacement)
    (text, ranges) = ([], [])
    text.reserveCapacity(old.count + old.count / 2)
    for piece in pieces where !piece.isEmpty {
      let start = text.count
      let isSpaced = old[piece].first == 0x20 || old[piece].starts(with: mark)
      let isPrefixed =
        switch metaspace.prefix {
        case .all: true
        case .first: isAtStart && piece.lowerBound == 0
        case .none: false
        }
      if isPrefixed, !isSpaced { text += mark }
      for byte in old[piece] { if byte == 0x20 { text += mark } else { text.append(byte) } }
      ranges.append(start..<text.count)
    }
  }
}
