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
  private var symbols: [UInt8] = []
  /// The positions of a block at which attempts are made.
  private var positions: [UInt16] = []

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

  /// Where the bytes begin that open matches and what is before them need.
  var neededStart: Int { min(frontier, ended.first?.start ?? count) - Candidate.contextLength }

  /// Scans the bytes at the end of the window that are new, and adds the hits that are certain now, ordered by start.
  mutating func read(_ window: TextWindow, into hits: inout [PatternHit]) {
    guard window.end > count else { return }
    let first = count
    count = window.end
    scan(window, from: first)
    settle(window, into: &hits)
  }

  /// Tells that the text is over and adds the last hits.
  mutating func finish(_ window: TextWindow, into hits: inout [PatternHit]) {
    for var attempt in open {
      _ = step(&attempt, set.endSymbol, end: count)
      if attempt.lastMatch >= 0 { ended.append(attempt) }
    }
    open = []
    settle(window, into: &hits)
  }

  private mutating func record(_ pattern: Int32, end: Int, _ last: inout Int32) {
    found.append(FoundMatch(pattern: pattern, end: end, previous: last))
    last = Int32(found.count - 1)
  }

  /// Reads the bytes from `first` on: for open attempts first, then for new ones.
  private mutating func scan(_ window: TextWindow, from first: Int) {
    let base = first - window.start
    let length = count - first
    if symbols.count < length { symbols = [UInt8](repeating: 0, count: length) }
    var attempts = open
    open = []
    let ranges = set.required?.ranges(window.bytes, from: base) ?? [0..<length]
    // Open attempts mostly end soon, so the rest may never have to be looked at.
    let needsAll = ranges.count > 1 || set.required == nil
    let near = needsAll ? length : min(length, 256)
    classify(window.bytes, 0..<near, base)
    var isWhole = near == length
    var kept = 0
    for index in attempts.indices {
      var attempt = attempts[index]
      var isOpen = run(&attempt, from: 0, near, first)
      if isOpen, near < length {
        if !isWhole { classify(window.bytes, near..<length, base) }
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
      if !isWhole { classify(window.bytes, range, base) }
      for block in stride(from: range.lowerBound, to: range.upperBound, by: StartFilter.blockSize) {
        let before = base + block > 0 ? ByteKind(window.bytes[base + block - 1]) : .edge
        tryStarts(
          block..<min(block + StartFilter.blockSize, range.upperBound), after: before, length, first, &attempts)
      }
    }
    open = attempts
  }

  private mutating func classify(_ window: [UInt8], _ range: Range<Int>, _ base: Int) {
    unsafe window.withUnsafeBufferPointer { window in
      unsafe symbols.withUnsafeMutableBufferPointer { symbols in
        unsafe set.symbols.withUnsafeBufferPointer { map in
          for index in range { unsafe symbols[index] = map[Int(window[base &+ index])] }
        }
      }
    }
  }

  /// Begins attempts in a block of the new symbols and reads on with them; those that are open at the end are added.
  private mutating func tryStarts(
    _ block: Range<Int>, after before: ByteKind, _ length: Int, _ first: Int, _ attempts: inout [Attempt]
  ) {
    if positions.isEmpty { positions = [UInt16](repeating: 0, count: StartFilter.blockSize) }
    let count = set.filter.positions(symbols, length, in: block, before: before, into: &positions)
    var next = 0
    while let found = findStart(block, before, count, length, &next) {
      var attempt = Attempt(start: first + found.start, state: found.state, lastMatch: -1)
      if run(&attempt, from: found.index, length, first) {
        attempts.append(attempt)
      } else if attempt.lastMatch >= 0 {
        ended.append(attempt)
      }
    }
  }

  /// An attempt that came to a match, to a state that is not known or to the end of the symbols, and how far it was read.
  private struct FoundStart {
    var start: Int
    var index: Int
    var state: UInt32
  }

  /// The next attempt of the block's positions, the first `count` of `positions`, that does not end soon; most do.
  private func findStart(
    _ block: Range<Int>, _ before: ByteKind, _ count: Int, _ length: Int, _ next: inout Int
  ) -> FoundStart? {
    let starts = automaton.starts
    let table = unsafe automaton.table
    return unsafe symbols.withUnsafeBufferPointer { symbols in
      unsafe positions.withUnsafeBufferPointer { positions in
        while next < count {
          let start = unsafe block.lowerBound &+ Int(positions[next])
          next &+= 1
          let kind = unsafe start == block.lowerBound ? before.rawValue : set.kinds[Int(symbols[start &- 1])]
          var state = starts[Int(kind)]
          var index = start
          while index < length, state != LazyAutomaton.dead {
            let entry = unsafe table[Int(state) &+ Int(symbols[index])]
            if !LazyAutomaton.isOrdinary(entry) {
              if entry == LazyAutomaton.dead { state = entry }
              break
            }
            state = entry
            index &+= 1
          }
          if state != LazyAutomaton.dead { return FoundStart(start: start, index: index, state: state) }
        }
        return nil
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
          for pattern in automaton.matches(of: next) { record(pattern, end: end, &attempt.lastMatch) }
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
  private mutating func settle(_ window: TextWindow, into hits: inout [PatternHit]) {
    guard !ended.isEmpty else { return }
    let frontier = frontier
    ended.sort { $0.start < $1.start }
    var judged = 0
    while judged < ended.count, ended[judged].start < frontier {
      judge(ended[judged], window, into: &hits)
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
  private mutating func judge(_ attempt: Attempt, _ window: TextWindow, into hits: inout [PatternHit]) {
    // The chain begins with the longest match.
    var done: [Int32] = []
    var next = attempt.lastMatch
    while next >= 0 {
      let match = found[Int(next)]
      next = match.previous
      let entry = Int(match.pattern)
      if done.contains(match.pattern) || attempt.start < lastEnds[entry] { continue }
      var hit = PatternHit(entry: entry, range: attempt.start..<match.end, score: set.scores[entry])
      if let validate = set.validators[entry] {
        let from = attempt.start - window.start
        let candidate = Candidate(
          bytes: window.bytes[from..<match.end - window.start],
          before: window.bytes[max(0, from - Candidate.contextLength)..<from])
        guard let judgement = validate(candidate) else { continue }
        if judgement.score < 0 {
          done.append(match.pattern)
          lastEnds[entry] = match.end
          continue
        }
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
}
