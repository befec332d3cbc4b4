/// How text is cut into words before WordPiece and unigram models, which never reach across the cuts.
///
/// Steps are the pre-tokenisers of Hugging Face tokenizers; each cuts every piece that the step before left.
struct WordSplitter: Sendable {
  enum Step: Sendable {
    /// Runs of word characters and runs of other characters, without whitespace: `\w+|[^\w\s]+`.
    case words
    /// Each scalar that the predicate holds for is a match.
    case characters(Characters, SplitBehavior)
    /// What lies between matches of a pattern, or with `isInverted` the matches.
    case pattern(TextPattern, SplitBehavior, isInverted: Bool)
    case metaspace(Metaspace)
  }

  enum Characters: Sendable, Equatable {
    case whitespace
    /// ASCII and general category P.
    case punctuation
    case digits
    case scalar(UInt32)
  }

  /// `▁` for spaces, and one in front.
  struct Metaspace: Sendable {
    var replacement: [UInt8]
    var prefix: SentencePieceBPE.SpacePrefix
    /// Each `▁` begins a word.
    var splits: Bool
  }

  /// What becomes of the matches of a split.
  enum SplitBehavior: String, Sendable {
    case removed = "Removed"
    case isolated = "Isolated"
    case mergedWithPrevious = "MergedWithPrevious"
    case mergedWithNext = "MergedWithNext"
    case contiguous = "Contiguous"
  }

  var steps: [Step] = []

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
      words.ranges.removeAll { $0.isEmpty }
      switch step {
      case .words: words.split(Self.wordRuns, .removed)
      case .characters(let characters, let behavior): words.split(characters.matches, behavior)
      case .pattern(let pattern, let behavior, let isInverted):
        words.split({ pattern.matches(in: $0, $1) }, behavior, isInverted: isInverted)
      case .metaspace(let metaspace): words.apply(metaspace, isAtStart: isAtStart)
      }
    }
    words.ranges.removeAll { $0.isEmpty }
    return words
  }

  /// Whitespace, as matches, and runs of one kind cut from each other: an empty match lies between two runs.
  private static func wordRuns(_ text: Span<UInt8>, _ range: Range<Int>) -> [Range<Int>] {
    let wordCharacters = UnicodeTableSet.wordCharacters
    var matches: [Range<Int>] = []
    var (i, before) = (range.lowerBound, -1)
    while i < range.upperBound {
      let scalar = text.scalar(at: i, end: range.upperBound)
      let kind = wordCharacters.contains(scalar.value) ? 1 : UnicodeClass(scalar).intersects(.space) ? 0 : 2
      if kind == 0 {
        matches.append(i..<i + scalar.length)
      } else if before > 0, before != kind {
        matches.append(i..<i)
      }
      before = kind
      i += scalar.length
    }
    return matches
  }
}

extension WordSplitter.Characters {
  fileprivate func contains(_ scalar: DecodedScalar) -> Bool {
    switch self {
    case .whitespace: UnicodeClass(scalar).intersects(.space)
    case .punctuation: UnicodeTableSet.bertPunctuation.contains(scalar.value)
    case .digits: UnicodeClass(scalar).intersects(.number)
    case .scalar(let value): scalar.value == value
    }
  }

  fileprivate func matches(_ text: Span<UInt8>, _ range: Range<Int>) -> [Range<Int>] {
    var matches: [Range<Int>] = []
    var i = range.lowerBound
    while i < range.upperBound {
      let scalar = text.scalar(at: i, end: range.upperBound)
      if contains(scalar) { matches.append(i..<i + scalar.length) }
      i += scalar.length
    }
    return matches
  }
}

extension WordSplitter.Words {
  typealias Matcher = (Span<UInt8>, Range<Int>) -> [Range<Int>]

  /// Cuts each piece by the matches in it, which ascend and do not overlap.
  fileprivate mutating func split(
    _ matcher: Matcher, _ behavior: WordSplitter.SplitBehavior, isInverted: Bool = false
  ) {
    var result: [Range<Int>] = []
    for range in ranges {
      var sections: [(range: Range<Int>, isMatch: Bool)] = []
      var end = range.lowerBound
      for match in matcher(text.span, range) {
        if end < match.lowerBound { sections.append((end..<match.lowerBound, isInverted)) }
        sections.append((match, !isInverted))
        end = match.upperBound
      }
      if end < range.upperBound { sections.append((end..<range.upperBound, isInverted)) }
      Self.join(sections, behavior, &result)
    }
    ranges = result
  }

  private static func join(
    _ sections: [(range: Range<Int>, isMatch: Bool)], _ behavior: WordSplitter.SplitBehavior,
    _ result: inout [Range<Int>]
  ) {
    var before: Bool?
    var pieces: [Range<Int>] = []
    switch behavior {
    case .removed: pieces = sections.filter { !$0.isMatch }.map { $0.range }
    case .isolated: pieces = sections.map { $0.range }
    case .contiguous:
      for section in sections {
        if before == section.isMatch, let last = pieces.popLast() {
          pieces.append(last.lowerBound..<section.range.upperBound)
        } else {
          pieces.append(section.range)
        }
        before = section.isMatch
      }
    case .mergedWithPrevious:
      for section in sections {
        if section.isMatch, before != true, let last = pieces.popLast() {
          pieces.append(last.lowerBound..<section.range.upperBound)
        } else {
          pieces.append(section.range)
        }
        before = section.isMatch
      }
    case .mergedWithNext:
      for section in sections.reversed() {
        if section.isMatch, before != true, let last = pieces.popLast() {
          pieces.append(section.range.lowerBound..<last.upperBound)
        } else {
          pieces.append(section.range)
        }
        before = section.isMatch
      }
      pieces.reverse()
    }
    result += pieces
  }

  fileprivate mutating func apply(_ metaspace: WordSplitter.Metaspace, isAtStart: Bool) {
    let (old, pieces, mark) = (text, ranges, metaspace.replacement)
    (text, ranges) = ([], [])
    text.reserveCapacity(old.count + old.count / 2)
    for piece in pieces {
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
    guard metaspace.splits else { return }
    split(
      { text, range in
        var matches: [Range<Int>] = []
        var i = range.lowerBound
        while i + mark.count <= range.upperBound {
          if mark.indices.allSatisfy({ text[i + $0] == mark[$0] }) {
            matches.append(i..<i + mark.count)
            i += mark.count
          } else {
            i += 1
          }
        }
        return matches
      }, .mergedWithNext)
  }
}
