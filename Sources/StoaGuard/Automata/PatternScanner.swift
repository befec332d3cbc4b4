/// What a pattern found: bytes of the scanned text, counted from its first byte.
struct PatternHit: Equatable, Sendable {
  var entry: Int
  var range: Range<Int>
  var score: Double
}

/// Finds the matches of a pattern set in a text that comes in pieces; the pieces' sizes make no difference.
///
/// An attempt begins at every position where a pattern can begin and ends when no pattern can match any more. Attempts are judged
/// in the order of their starts, so what is reported depends on the text alone. While attempts are open, text from the first one's
/// start on may still belong to a match.
struct PatternScanner: Sendable {
  private struct Attempt {
    var start: Int
    var state: UInt32
    /// The longest of its matches in `found`, chained by `FoundMatch.previous`; -1 without matches.
    var lastMatch: Int32
    /// The state of an attempt that goes on without the automaton's table.
    var set: StateSet?
  }

  private struct FoundMatch {
    var pattern: Int32
    var end: Int
    var previous: Int32
  }

  private let set: PatternSet
  private let automaton: LazyAutomaton
  /// Open attempts by start.
  private var open: [Attempt] = []
  /// Attempts that ended with matches, not judged yet.
  private var ended: [Attempt] = []
  private var found: [FoundMatch] = []
  /// Where the last hit of each entry ended.
  private var lastEnds: [Int]
  /// The bytes from `windowStart` to `count`.
  private var window: [UInt8] = []
  private var windowStart = 0
  private var symbols: [UInt8] = []

  /// How many bytes have come.
  private(set) var count = 0

  init(_ set: PatternSet) {
    self.set = set
    automaton = set.automaton
    lastEnds = [Int](repeating: 0, count: set.entries.count)
  }

  /// Where the first open attempt begins: a hit that is not reported yet begins there or later.
  var frontier: Int {
    open.first?.start ?? count
  }

  /// The last byte that has come.
  var lastByte: UInt8? { window.last }

  /// Scans more bytes and adds the hits that are certain now, ordered by start.
  mutating func feed(_ bytes: ArraySlice<UInt8>, into hits: inout [PatternHit]) {
    guard !bytes.isEmpty else { return }
    let first = count
    window.append(contentsOf: bytes)
    count += bytes.count
    scan(from: first)
    settle(into: &hits)
    trim()
  }

  /// Tells that the text is over and adds the last hits.
  mutating func finish(into hits: inout [PatternHit]) {
    for var attempt in open {
      _ = step(&attempt, set.endSymbol, end: count)
      if attempt.lastMatch >= 0 { ended.append(attempt) }
    }
    open = []
    settle(into: &hits)
  }

  private mutating func record(_ pattern: Int32, end: Int, _ last: inout Int32) {
    found.append(FoundMatch(pattern: pattern, end: end, previous: last))
    last = Int32(found.count - 1)
  }

  /// Reads the bytes from `first` on: for open attempts first, then for new ones.
  private mutating func scan(from first: Int) {
    let base = first - windowStart
    let length = count - first
    if symbols.count < length { symbols = [UInt8](repeating: 0, count: length) }
    var attempts = open
    open = []
    let ranges = starts(base, length)
    // Open attempts mostly end soon, so the rest may never have to be looked at.
    let needsAll = ranges.count > 1 || set.required == nil
    let near = needsAll ? length : min(length, 256)
    classify(0..<near, base)
    var isWhole = near == length
    var kept = 0
    for index in attempts.indices {
      var attempt = attempts[index]
      var isOpen = run(&attempt, from: 0, near, first)
      if isOpen, near < length {
        if !isWhole { classify(near..<length, base) }
        isWhole = true
        isOpen = run(&attempt, from: near, length, first)
      }
      if isOpen {
        attempts[kept] = attempt
        kept += 1
      } else if attempt.lastMatch >= 0 {
        ended.append(attempt)
      }
    }
    attempts.removeSubrange(kept...)

    for range in ranges {
      if !isWhole { classify(range, base) }
      var before = ByteKind.edge
      if base + range.lowerBound > 0 { before = ByteKind(window[base + range.lowerBound - 1]) }
      var place = AttemptPlace(
        start: range.lowerBound - 1, index: 0, state: 0, before: Int(before.rawValue), isBegin: true)
      while Self.findAttempt(set, automaton, symbols, range.upperBound, length, &place) {
        var attempt = Attempt(start: first + place.start, state: place.state, lastMatch: -1)
        if run(&attempt, from: place.index, length, first) {
          attempts.append(attempt)
        } else if attempt.lastMatch >= 0 {
          ended.append(attempt)
        }
      }
    }
    open = attempts
  }

  /// The ranges of new bytes in which attempts can begin, the last one up to the end.
  private func starts(_ base: Int, _ length: Int) -> [Range<Int>] {
    guard let required = set.required else { return [0..<length] }
    var ranges: [Range<Int>] = []
    func add(_ range: Range<Int>) {
      if let last = ranges.last, last.upperBound >= range.lowerBound {
        ranges[ranges.count - 1] = last.lowerBound..<range.upperBound
      } else {
        ranges.append(range)
      }
    }
    for index in 0..<length where window[base + index] == required.byte {
      add(max(0, index - required.before)..<index + 1)
    }
    add(max(0, length - required.before - 1)..<length)
    return ranges
  }

  private mutating func classify(_ range: Range<Int>, _ base: Int) {
    unsafe window.withUnsafeBufferPointer { window in
      unsafe symbols.withUnsafeMutableBufferPointer { symbols in
        unsafe set.symbols.withUnsafeBufferPointer { map in
          for index in range { unsafe symbols[index] = map[Int(window[base + index])] }
        }
      }
    }
  }

  /// Where a search for attempts stands: the attempt found, how far it was read, and what is before the next start.
  private struct AttemptPlace {
    var start: Int
    var index: Int
    var state: UInt32
    var before: Int
    var isBegin = false
  }

  /// Finds the next attempt that comes to a match, to a state that is not known or to the end of the symbols; the many others end here.
  private static func findAttempt(
    _ set: PatternSet, _ automaton: LazyAutomaton, _ symbols: [UInt8], _ limit: Int, _ length: Int,
    _ place: inout AttemptPlace
  ) -> Bool {
    let symbolCount = set.symbolCount
    let pairWords = set.pairWords
    let starts = automaton.starts
    let table = unsafe automaton.table
    return unsafe symbols.withUnsafeBufferPointer { symbols in
      unsafe set.kinds.withUnsafeBufferPointer { kinds in
        unsafe set.pairs.withUnsafeBufferPointer { pairs in
          var before = place.isBegin ? place.before : unsafe Int(kinds[Int(symbols[place.start])])
          var start = place.start + 1
          while start < limit {
            let symbol = unsafe Int(symbols[start])
            if start + 1 < length {
              let pair = unsafe symbol &* symbolCount &+ Int(symbols[start &+ 1])
              let word = unsafe pairs[before &* pairWords &+ pair >> 6]
              if word >> UInt64(truncatingIfNeeded: pair & 63) & 1 == 0 {
                before = unsafe Int(kinds[symbol])
                start &+= 1
                continue
              }
            }
            var state = starts[before]
            var index = start
            while index < length, state != LazyAutomaton.dead {
              let next = unsafe table[Int(state) &+ Int(symbols[index])]
              if !LazyAutomaton.isOrdinary(next) {
                if next == LazyAutomaton.dead { state = next }
                break
              }
              state = next
              index &+= 1
            }
            if state != LazyAutomaton.dead {
              place = AttemptPlace(start: start, index: index, state: state, before: before)
              return true
            }
            before = unsafe Int(kinds[symbol])
            start &+= 1
          }
          return false
        }
      }
    }
  }

  /// Reads symbols until the attempt is over, which gives false, or they are.
  private mutating func run(_ attempt: inout Attempt, from start: Int, _ length: Int, _ first: Int) -> Bool {
    var index = start
    while index < length {
      if attempt.set == nil { Self.advance(automaton, symbols, length, &attempt.state, &index) }
      guard index < length else { break }
      if !step(&attempt, Int(symbols[index]), end: first + index) { return false }
      index += 1
    }
    return true
  }

  /// Reads on while the states are known and tell nothing.
  private static func advance(
    _ automaton: LazyAutomaton, _ symbols: [UInt8], _ length: Int, _ state: inout UInt32, _ index: inout Int
  ) {
    let table = unsafe automaton.table
    unsafe symbols.withUnsafeBufferPointer { symbols in
      while index < length {
        let next = unsafe table[Int(state & ~LazyAutomaton.matchFlag) &+ Int(symbols[index])]
        guard LazyAutomaton.isOrdinary(next) else { return }
        state = next
        index &+= 1
      }
    }
  }

  /// Reads one symbol and notes the matches that end before it, at `end`; false when the attempt is over.
  private mutating func step(_ attempt: inout Attempt, _ symbol: Int, end: Int) -> Bool {
    if attempt.set == nil {
      let place = Int(attempt.state & ~LazyAutomaton.matchFlag) + symbol
      var next = unsafe automaton.table[place]
      if next == LazyAutomaton.unknown {
        next = automaton.successor(of: attempt.state, symbol) ?? LazyAutomaton.unknown
      }
      if next == LazyAutomaton.dead { return false }
      if next != LazyAutomaton.unknown {
        attempt.state = next
        if next & LazyAutomaton.matchFlag != 0 {
          for pattern in automaton.set(of: next).matches { record(pattern, end: end, &attempt.lastMatch) }
        }
        return true
      }
      attempt.set = automaton.set(of: attempt.state)
    }
    guard let set = attempt.set else { return false }
    let next = automaton.step(set, symbol)
    for pattern in next.matches { record(pattern, end: end, &attempt.lastMatch) }
    attempt.set = next
    return !next.nodes.isEmpty
  }

  /// Judges the ended attempts that no open one precedes.
  private mutating func settle(into hits: inout [PatternHit]) {
    guard !ended.isEmpty else { return }
    let frontier = frontier
    ended.sort { $0.start < $1.start }
    var judged = 0
    while judged < ended.count, ended[judged].start < frontier {
      judge(ended[judged], into: &hits)
      judged += 1
    }
    ended.removeSubrange(..<judged)
    compact()
  }

  /// Drops matches of attempts that are gone.
  private mutating func compact() {
    guard found.count > 4096 || ended.isEmpty else { return }
    let found = found
    var kept: [FoundMatch] = []
    func move(_ attempt: inout Attempt) {
      var chain: [FoundMatch] = []
      var next = attempt.lastMatch
      while next >= 0 {
        chain.append(found[Int(next)])
        next = found[Int(next)].previous
      }
      var last: Int32 = -1
      for var match in chain.reversed() {
        match.previous = last
        kept.append(match)
        last = Int32(kept.count - 1)
      }
      attempt.lastMatch = last
    }
    for index in ended.indices { move(&ended[index]) }
    for index in open.indices { move(&open[index]) }
    self.found = kept
  }

  /// Reports, for each pattern of the attempt, the longest match that its validator accepts.
  private mutating func judge(_ attempt: Attempt, into hits: inout [PatternHit]) {
    // The chain begins with the longest match.
    var done: [Int32] = []
    var next = attempt.lastMatch
    while next >= 0 {
      let match = found[Int(next)]
      next = match.previous
      let entry = Int(match.pattern)
      if done.contains(match.pattern) || attempt.start < lastEnds[entry] { continue }
      let pattern = set.entries[entry].pattern
      var hit = PatternHit(entry: entry, range: attempt.start..<match.end, score: pattern.score)
      if let validate = pattern.validate {
        let from = attempt.start - windowStart
        let candidate = Candidate(
          bytes: window[from..<match.end - windowStart],
          before: window[max(0, from - Candidate.contextLength)..<from])
        guard let judgement = validate(candidate) else { continue }
        hit.score = judgement.score
        if let part = judgement.part {
          let whole = 0..<hit.range.count
          guard part.lowerBound >= 0, part.upperBound <= whole.upperBound, !part.isEmpty else { continue }
          hit.range = attempt.start + part.lowerBound..<attempt.start + part.upperBound
        }
      }
      done.append(match.pattern)
      lastEnds[entry] = hit.range.upperBound
      hits.append(hit)
    }
  }

  /// Drops bytes that no open match and no context needs. The memory is moved only when that frees most of it.
  private mutating func trim() {
    var needed = frontier
    if let attempt = ended.first { needed = min(needed, attempt.start) }
    let excess = needed - Candidate.contextLength - windowStart
    guard excess > 4096, excess > window.count / 2 else { return }
    window.removeSubrange(..<excess)
    windowStart += excess
  }
}
