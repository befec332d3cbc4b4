package import StoaGrammar

/// Something that an answer must not say and that is there.
package struct AnswerFinding: Equatable, Sendable {
  /// What forbids it.
  package var rule: String
  /// Where it begins, in bytes of the answer.
  package var start: Int

  package init(rule: String, start: Int) {
    self.rule = rule
    self.start = start
  }
}

/// Watches an answer while it is written, so that the engine can lead it around what it must not say.
///
/// A value: the engine goes back to copies. What it answers must depend on the bytes it has read alone, or an answer
/// could not be computed again.
package protocol AnswerWatch: Sendable {
  /// The tokens that would complete what must not be said; nil for none.
  func excluded() -> TokenMask?
  /// Reads what a token wrote, and gives what is certain now.
  mutating func read(_ bytes: [UInt8]) -> [AnswerFinding]
  /// Reads the end of the answer.
  mutating func finish() -> [AnswerFinding]
  /// How many bytes of the answer cannot become part of a finding any more.
  var decidedCount: Int { get }
}

/// Keeps an answer from saying what its watch finds.
///
/// Tokens that would complete it are excluded before one is chosen. What is found all the same is taken back once for
/// each rule and place: the answer goes on from before it, without the token that led there. Tokens are shown only when
/// they cannot be taken back any more.
struct Avoidance<Checkpoint> {
  private var watch: any AnswerWatch
  private let vocabularySize: Int
  /// For each token that may still be taken back: where its text ends, and what was before it.
  private var open: [(end: Int, before: Checkpoint, watch: any AnswerWatch)] = []
  /// How many tokens were let go of.
  private var settled = 0
  private var settledLength = 0
  private var length = 0
  /// What must not be chosen at a place again.
  private var dropped: [Int: [Int32]] = [:]
  private var tried: Set<Place> = []

  private struct Place: Hashable {
    let rule: String
    let token: Int
  }

  /// A client could otherwise make every token cost many.
  static var mostReturns: Int { 64 }

  init(_ watch: any AnswerWatch, vocabularySize: Int) {
    self.watch = watch
    self.vocabularySize = vocabularySize
  }

  /// How many tokens may still be taken back.
  var openCount: Int { open.count }
  /// What was before the first of them.
  var firstCheckpoint: Checkpoint? { open.first?.before }

  /// The tokens that must not come next; nil for none.
  func excluded() -> TokenMask? {
    let excluded = watch.excluded()
    guard let tokens = dropped[settled + open.count] else { return excluded }
    var mask = excluded ?? TokenMask(count: vocabularySize)
    for token in tokens where token >= 0 && Int(token) < vocabularySize { mask.insert(token) }
    return mask
  }

  /// Reads what the next token wrote; gives the place of the token to go back to, if there is one.
  mutating func read(_ bytes: [UInt8], before checkpoint: Checkpoint) -> Int? {
    let before = watch
    length += bytes.count
    open.append((length, checkpoint, before))
    return place(of: watch.read(bytes))
  }

  /// Reads the end of the answer.
  mutating func finish() -> Int? { place(of: watch.finish()) }

  private mutating func place(of findings: [AnswerFinding]) -> Int? {
    for finding in findings {
      guard tried.count < Self.mostReturns, finding.start >= settledLength,
        let index = open.firstIndex(where: { $0.end > finding.start })
      else { continue }
      if tried.insert(Place(rule: finding.rule, token: settled + index)).inserted { return settled + index }
    }
    return nil
  }

  /// Goes back to before the token at a place that `read` or `finish` gave, and gives what was there.
  mutating func goBack(to place: Int, from token: Int32) -> Checkpoint {
    let index = place - settled
    let (_, checkpoint, watch) = open[index]
    self.watch = watch
    length = index > 0 ? open[index - 1].end : settledLength
    open.removeSubrange(index...)
    for later in dropped.keys where later > place { dropped[later] = nil }
    dropped[place, default: []].append(token)
    return checkpoint
  }

  /// Lets go of the tokens that cannot be taken back any more, or of all; gives how many these are.
  mutating func settle(all: Bool = false) -> Int {
    let decided = watch.decidedCount
    let count = all ? open.count : open.prefix { $0.end <= decided }.count
    guard count > 0 else { return 0 }
    settledLength = open[count - 1].end
    open.removeFirst(count)
    settled += count
    for place in dropped.keys where place < settled { dropped[place] = nil }
    return count
  }
}
