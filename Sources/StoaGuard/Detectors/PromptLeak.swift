/// Finds parts of the system prompt in an answer.
///
/// The prompt's words are a suffix automaton (Blumer et al. 1985), so at each word the longest part of the prompt that ends there is
/// known; a part of enough words is a hit, and a part that may still become one is what is held back.
struct PromptLeak: Sendable {
  static let detectorName = "system-prompt"
  static let detector = Detector(detectorName, "parts of the real system prompt in an answer", options: ["words"]) {
    options throws(DetectorOptionError) in
    if let words = options["words"], words.count != 1 || !(Int(words[0]).map { (3...200).contains($0) } ?? false) {
      throw DetectorOptionError(
        option: "words", index: 0, reason: "words is no number from 3 to 200", hint: "write words: 8")
    }
    return []
  }
  /// How many words in a row are a hit when the rail does not say.
  static let usualWords = 8
  private static let longestWord = 64
  private static let longestPrompt = 20_000
  /// A hit is told at the latest when it has this many words.
  private static let longestRun = 400

  private struct State: Sendable {
    var length: Int
    var link: Int
    var next: [UInt64: Int] = [:]
  }

  private let states: [State]
  let threshold: Int
  private var state = 0
  private var length = 0
  /// Original ranges of the words of the current run.
  private var run: [Range<Int>] = []
  private var word: [UInt8] = []

  init(prompt: String, threshold: Int) {
    var words: [UInt64] = []
    var splitter = WordSplitter()
    for byte in ScalarFolding.fold(prompt).utf8.prefix(200_000) {
      splitter.read(byte) { words.append($0) }
    }
    splitter.finish { words.append($0) }
    states = Self.automaton(words.prefix(Self.longestPrompt))
    self.threshold = max(3, min(threshold, max(3, words.count)))
  }

  private static func automaton(_ words: some Sequence<UInt64>) -> [State] {
    var states = [State(length: 0, link: -1)]
    var last = 0
    for word in words {
      let current = states.count
      states.append(State(length: states[last].length + 1, link: 0))
      var place = last
      while place >= 0, states[place].next[word] == nil {
        states[place].next[word] = current
        place = states[place].link
      }
      if place >= 0, let target = states[place].next[word] {
        if states[target].length == states[place].length + 1 {
          states[current].link = target
        } else {
          let copy = states.count
          var state = states[target]
          state.length = states[place].length + 1
          states.append(state)
          while place >= 0, states[place].next[word] == target {
            states[place].next[word] = copy
            place = states[place].link
          }
          states[target].link = copy
          states[current].link = copy
        }
      }
      last = current
    }
    return states
  }

  private var splitter = WordSplitter()
  private var wordStart: Int?
  private var lastEnd = 0

  /// Where a part begins that may become a hit.
  var frontier: Int? {
    guard let first = run.first else { return wordStart }
    return first.lowerBound
  }

  /// Reads a byte of the folded view that stands for a range of the original; adds hits that are whole.
  mutating func read(_ byte: UInt8, origin: Range<Int>, into hits: inout [Range<Int>]) {
    let start = wordStart
    let end = lastEnd
    var words: [UInt64] = []
    splitter.read(byte) { words.append($0) }
    if let start {
      for word in words { advance(word, range: start..<end, into: &hits) }
      if !words.isEmpty { wordStart = nil }
    }
    if splitter.isInWord {
      if wordStart == nil { wordStart = origin.lowerBound }
      lastEnd = origin.upperBound
    }
  }

  mutating func finish(into hits: inout [Range<Int>]) {
    var words: [UInt64] = []
    splitter.finish { words.append($0) }
    if let start = wordStart { for word in words { advance(word, range: start..<lastEnd, into: &hits) } }
    wordStart = nil
    endRun(into: &hits)
  }

  private mutating func advance(_ word: UInt64, range: Range<Int>, into hits: inout [Range<Int>]) {
    if states[state].next[word] == nil || length >= Self.longestRun, length >= threshold { endRun(into: &hits) }
    while state > 0, states[state].next[word] == nil {
      state = states[state].link
      length = states[state].length
    }
    if let next = states[state].next[word] {
      state = next
      length += 1
      run.append(range)
    }
    run.removeFirst(run.count - length)
  }

  private mutating func endRun(into hits: inout [Range<Int>]) {
    if length >= threshold, let first = run.first, let last = run.last {
      hits.append(first.lowerBound..<last.upperBound)
    }
    state = 0
    length = 0
    run = []
  }
}

/// Divides folded text into hashes of its words; letters from U+3000 on are words of their own.
private struct WordSplitter: Sendable {
  private var hash: UInt64 = Self.seed
  private var length = 0
  /// The bytes that are still to come of a letter that is a word of its own.
  private var wide = 0
  private static let seed: UInt64 = 0xCBF2_9CE4_8422_2325
  private static let longestWord = 64

  var isInWord: Bool { length > 0 }

  mutating func read(_ byte: UInt8, word: (UInt64) -> Void) {
    let isLetter = byte >= 0x80 || (byte != 0x5F && ByteSet.word.contains(byte))
    let isWide = byte >= 0xE3 && byte < 0xF5
    if !isLetter || isWide || length >= Self.longestWord || (wide == 0 && isAfterWide) { finish(word: word) }
    guard isLetter else { return }
    if isWide { wide = byte < 0xF0 ? 3 : 4 }
    isAfterWide = wide > 0
    if wide > 0 { wide -= 1 }
    // FNV-1a.
    hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
    length += 1
  }

  private var isAfterWide = false

  mutating func finish(word: (UInt64) -> Void) {
    if length > 0 { word(hash) }
    hash = Self.seed
    length = 0
    wide = 0
    isAfterWide = false
  }
}
