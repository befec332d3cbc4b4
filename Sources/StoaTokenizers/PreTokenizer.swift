/// How text is cut into words before byte-pair merges, which never cross the cuts.
///
/// A pre-tokeniser is a list of steps. Each step cuts every piece left by the step before.
struct PreTokenizer: Sendable {
  /// One cutting, by what a pattern matches.
  struct Step: Sendable {
    let pattern: SplitPattern
    var behavior = SplitBehavior.isolated
    /// What lies between matches counts as the match.
    var isInverted = false
  }

  /// The name users and GGUF files know, such as `llama-bpe`.
  let name: String
  let steps: [Step]
  /// Whose opinion of characters counts.
  let classes: UnicodeClassTable

  init(name: String, steps: [Step], classes: UnicodeClassTable = .unicode16) {
    self.name = name
    self.steps = steps
    self.classes = classes
  }

  /// Calls `body` with each piece of `text[range]`, in order; unless a step removes some, together they cover the range.
  @inline(__always)
  func split(_ text: Span<UInt8>, _ range: Range<Int>, _ body: (Range<Int>) -> Void) {
    if steps.count == 1, steps[0].isPlain {
      cut(text, range, steps[0].pattern, body)
    } else {
      split(text, range, steps[...], body)
    }
  }

  /// The same with some of the steps.
  func split(_ text: Span<UInt8>, _ range: Range<Int>, _ steps: ArraySlice<Step>, _ body: (Range<Int>) -> Void) {
    guard let step = steps.first else {
      if !range.isEmpty { body(range) }
      return
    }
    let rest = steps.dropFirst()
    if rest.isEmpty { return perform(step, text, range, body) }
    perform(step, text, range) { split(text, $0, rest, body) }
  }

  private func perform(_ step: Step, _ text: Span<UInt8>, _ range: Range<Int>, _ body: (Range<Int>) -> Void) {
    if step.isPlain { return cut(text, range, step.pattern, body) }
    var pieces = PieceMerger(step)
    segments(text, range, step.pattern) { piece, isMatch in pieces.append(piece, isMatch: isMatch, body) }
    pieces.finish(body)
  }

  /// Calls `body` with what matches and with what lies between.
  @inline(__always)
  private func cut(_ text: Span<UInt8>, _ range: Range<Int>, _ pattern: SplitPattern, _ body: (Range<Int>) -> Void) {
    let scan = Scanner(text: text, range: range, classes: classes)
    switch pattern {
    // These match wherever they are tried.
    case .gpt2: each(range, { scan.gpt2($0) }, body)
    case .words(let rules): each(range, { scan.words($0, rules) }, body)
    case .casedWords(let rules): each(range, { scan.casedWords($0, rules) }, body)
    case .deepSeek3, .numbers, .digitGroups, .regex:
      segments(text, range, pattern) { piece, _ in body(piece) }
    }
  }

  @inline(__always)
  private func each(_ range: Range<Int>, _ match: (Int) -> Int, _ body: (Range<Int>) -> Void) {
    var i = range.lowerBound
    while i < range.upperBound {
      let end = match(i)
      body(i..<end)
      i = end
    }
  }

  /// Calls `body` with what matches and with what lies between, and which it is.
  private func segments(
    _ text: Span<UInt8>, _ range: Range<Int>, _ pattern: SplitPattern, _ body: (Range<Int>, Bool) -> Void
  ) {
    var start = range.lowerBound
    func found(_ match: Range<Int>) {
      if start < match.lowerBound { body(start..<match.lowerBound, false) }
      if !match.isEmpty { body(match, true) }
      start = match.upperBound
    }
    if case .regex(let program) = pattern {
      var matcher = RegexMatcher(program, text, range)
      while let match = matcher.next() { found(match) }
    } else {
      let scan = Scanner(text: text, range: range, classes: classes)
      var i = start
      while i < range.upperBound {
        let end = scan.match(pattern, i)
        if end > i { found(i..<end) }
        i = end > i ? end : i + text.scalar(at: i, end: range.upperBound).length
      }
    }
    if start < range.upperBound { body(start..<range.upperBound, false) }
  }
}

/// What becomes of the matches of a pattern. Source: `SplitDelimiterBehavior` of the crate `tokenizers`.
enum SplitBehavior: String, Sendable {
  /// A match is a piece.
  case isolated = "Isolated"
  /// A match goes.
  case removed = "Removed"
  /// A match belongs to the piece before it, unless that is a match too.
  case mergedWithPrevious = "MergedWithPrevious"
  /// A match belongs to the piece after it, unless that is a match too.
  case mergedWithNext = "MergedWithNext"
  /// Matches side by side are one piece.
  case contiguous = "Contiguous"
}

extension PreTokenizer.Step {
  /// Whether matches and what lies between them are pieces alike.
  fileprivate var isPlain: Bool { behavior == .isolated }
}

/// Joins or drops pieces as a `SplitBehavior` says.
private struct PieceMerger {
  let step: PreTokenizer.Step
  /// The last piece, which may yet grow.
  private var last: (range: Range<Int>, isMatch: Bool)?

  init(_ step: PreTokenizer.Step) { self.step = step }

  mutating func append(_ piece: Range<Int>, isMatch: Bool, _ body: (Range<Int>) -> Void) {
    let isMatch = isMatch != step.isInverted
    switch step.behavior {
    case .isolated: body(piece)
    case .removed: if !isMatch { body(piece) }
    case .mergedWithPrevious: extend(piece, isMatch, joins: last.map { isMatch && !$0.isMatch } ?? false, body)
    case .mergedWithNext: extend(piece, isMatch, joins: last.map { $0.isMatch && !isMatch } ?? false, body)
    case .contiguous: extend(piece, isMatch, joins: last.map { $0.isMatch == isMatch } ?? false, body)
    }
  }

  private mutating func extend(
    _ piece: Range<Int>, _ isMatch: Bool, joins: Bool, _ body: (Range<Int>) -> Void
  ) {
    if joins, let before = last {
      last = (before.range.lowerBound..<piece.upperBound, isMatch)
    } else {
      finish(body)
      last = (piece, isMatch)
    }
  }

  mutating func finish(_ body: (Range<Int>) -> Void) {
    if let last { body(last.range) }
    last = nil
  }
}
