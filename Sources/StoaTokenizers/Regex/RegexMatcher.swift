/// Finds the matches of a `RegexProgram` in one piece of text, leftmost first and with the preferences of a backtracking
/// engine, in time linear in the text.
///
/// It backtracks, which is fast where expressions are harmless. When one place takes many steps, it begins to remember
/// which instruction failed where: whether the rest of an expression matches from an instruction and an offset on depends on
/// nothing else, so neither is tried twice. Source: Davis, Servant and Lee, "Using Selective Memoization to Defeat Regular
/// Expression Denial of Service" (2021).
struct RegexMatcher: ~Escapable {
  let program: RegexProgram
  let text: Span<UInt8>
  /// What the expression sees.
  let range: Range<Int>

  /// Where the next search begins, which is where the last match ended.
  private var position: Int
  private var hasMatched = false
  private var stack: [Frame] = []
  private var memory: FailureMemory
  /// Whether failures are remembered, which they are until matches have passed `rememberedEnd`.
  private var isRemembering = false
  private var rememberedEnd = 0
  private var lookaheadTables: [Int: LookaheadTable] = [:]

  /// Steps at one place before failures are remembered, and steps of a look-ahead before its results are tabulated.
  private static let patience = 256

  /// What to try when what follows has failed.
  private struct Frame {
    var instruction: Int
    /// For a run: it may give back scalars as far as `low`.
    var offset: Int
    var low: Int
    /// For a bounded run: what its ends are remembered by.
    var memo = -1

    var isRun: Bool { low >= 0 }
  }

  @_lifetime(copy text)
  init(_ program: RegexProgram, _ text: Span<UInt8>, _ range: Range<Int>) {
    self.program = program
    self.text = text
    self.range = range
    position = range.lowerBound
    memory = FailureMemory(columns: program.memoCount, base: range.lowerBound)
  }

  /// The next match; one of nothing does not follow another match at once, nor is it at the end of the text.
  mutating func next() -> Range<Int>? {
    let start = position
    var i = start
    while i < range.upperBound {
      let scalar = text.scalar(at: i, end: range.upperBound)
      if program.first?.contains(scalar) ?? true, let end = match(at: i), end > i || i > start || !hasMatched {
        (position, hasMatched) = (end, true)
        return i..<end
      }
      i += scalar.length
    }
    return nil
  }

  /// Where the match that begins at `start` ends.
  private mutating func match(at start: Int) -> Int? {
    if isRemembering, start > rememberedEnd { forget() }
    stack.removeAll(keepingCapacity: true)
    var (pc, i) = (0, start)
    var steps = 0
    while true {
      steps += 1
      if steps > Self.patience {
        isRemembering = true
        // As far as this place has led: what is tried again before there is remembered from now on.
        rememberedEnd = max(rememberedEnd, i)
      }
      var fails = false
      switch program.code[pc] {
      case .accept:
        // The way here is no failure; all of it that later matches may come across lies at the end.
        if isRemembering { memory.clear(at: i) }
        return i
      case .set(let set):
        if i < range.upperBound {
          let scalar = text.scalar(at: i, end: range.upperBound)
          fails = !program.sets[set].contains(scalar)
          i += scalar.length
          pc += 1
        } else {
          fails = true
        }
      case .run(let set, let minimum, let maximum, let isPossessive, let memo):
        if let end = run(
          at: i, program.sets[set], minimum, maximum, isPossessive, isRemembering ? memo : nil, next: pc + 1)
        {
          steps += (end - i) / 16
          (i, pc) = (end, pc + 1)
        } else {
          fails = true
        }
      case .split(let first, let second, let memo):
        if isRemembering, remember(memo, i) {
          fails = true
        } else {
          stack.append(Frame(instruction: second, offset: i, low: -1))
          pc = first
        }
      case .jump(let target): pc = target
      case .assertion, .lookahead, .lookbehind:
        fails = !isMet(program.code[pc], at: i)
        pc += 1
      }
      if fails {
        guard let next = backtrack() else { return nil }
        (pc, i) = next
      }
    }
  }

  /// Where to go on when something has failed; nil when nothing is left to try.
  private mutating func backtrack() -> (instruction: Int, offset: Int)? {
    while let frame = stack.popLast() {
      guard frame.isRun, let before = scalarBefore(frame.offset) else { return (frame.instruction, frame.offset) }
      let i = frame.offset - before.length
      if i > frame.low {
        stack.append(Frame(instruction: frame.instruction, offset: i, low: frame.low, memo: frame.memo))
      }
      if frame.memo >= 0, isRemembering, remember(frame.memo, i) { continue }
      return (frame.instruction, i)
    }
    return nil
  }

  // MARK: Memory

  /// Notes that an instruction is tried at an offset; true if it was before, so that it fails again.
  private mutating func remember(_ memo: Int, _ offset: Int) -> Bool {
    rememberedEnd = max(rememberedEnd, offset)
    return memory.insert(memo, offset)
  }

  private mutating func forget() {
    isRemembering = false
    memory = FailureMemory(columns: program.memoCount, base: range.lowerBound)
  }

  // MARK: Runs

  /// The end of a run, or nil if it is too short or has failed before; pushes what it may give back.
  ///
  /// Of a run without bound, each place is remembered: from there on it may end or run on. How far a bounded run may go on
  /// depends on where it began, so only its ends are remembered; but it is short.
  private mutating func run(
    at start: Int, _ set: ScalarBits, _ minimum: Int, _ maximum: Int, _ isPossessive: Bool, _ memo: Int?, next: Int
  ) -> Int? {
    var (i, count) = (start, 0)
    var low = minimum == 0 ? start : -1
    let isBounded = maximum != .max
    let placeMemo = isBounded ? nil : memo
    if let placeMemo, minimum == 0, remember(placeMemo, start) { return nil }
    while i < range.upperBound, count < maximum {
      let scalar = text.scalar(at: i, end: range.upperBound)
      if !set.contains(scalar) { break }
      i += scalar.length
      count += 1
      if count == minimum { low = i }
      if let placeMemo, count >= minimum, remember(placeMemo, i) {
        // From here on everything has failed before.
        if isPossessive || count == minimum { return nil }
        i -= scalar.length
        break
      }
    }
    if low < 0 { return nil }
    if isBounded, let memo {
      while remember(memo, i) {
        guard !isPossessive, i > low, let before = scalarBefore(i) else { return nil }
        i -= before.length
      }
    }
    if !isPossessive, i > low {
      stack.append(Frame(instruction: next, offset: i, low: low, memo: isBounded ? memo ?? -1 : -1))
    }
    return i
  }

  private func scalarBefore(_ end: Int) -> DecodedScalar? { text.scalar(before: end, start: range.lowerBound) }

  // MARK: Conditions

  /// Whether an instruction that takes no text lets the match go on at `i`; the others always do.
  private mutating func isMet(_ instruction: RegexProgram.Instruction, at i: Int) -> Bool {
    switch instruction {
    case .assertion(let assertion): holds(assertion, at: i)
    case .lookahead(let number): looksAhead(number, at: i) != program.lookaheads[number].isNegated
    case .lookbehind(let set, let negated): isPreceded(i, by: program.sets[set]) != negated
    case .accept, .set, .run, .split, .jump: true
    }
  }

  private func isPreceded(_ i: Int, by set: ScalarBits) -> Bool { scalarBefore(i).map { set.contains($0) } ?? false }

  func holds(_ assertion: RegexAssertion, at i: Int) -> Bool {
    switch assertion {
    case .textStart: i == range.lowerBound
    case .textEnd: i == range.upperBound
    case .lineStart: i == range.lowerBound || text[i - 1] == 0x0A && i < range.upperBound
    case .lineEnd: i == range.upperBound || text[i] == 0x0A
    case .wordBoundary: isWordBoundary(i)
    case .notWordBoundary: !isWordBoundary(i)
    }
  }

  private func isWordBoundary(_ i: Int) -> Bool {
    let before = isPreceded(i, by: .word)
    return before != (i < range.upperBound && ScalarBits.word.contains(text.scalar(at: i, end: range.upperBound)))
  }

  /// Whether the expression of a look-ahead matches at `i`.
  private mutating func looksAhead(_ number: Int, at i: Int) -> Bool {
    let look = program.lookaheads[number]
    if let set = look.set {
      return i < range.upperBound && program.sets[set].contains(text.scalar(at: i, end: range.upperBound))
    }
    if let table = lookaheadTables[number] { return table.matches(at: i) }
    if let result = tryLookahead(look, at: i) { return result }
    var table = LookaheadTable(range)
    fill(&table, look)
    lookaheadTables[number] = table
    return table.matches(at: i)
  }

  /// Backtracks for a few steps; nil if those do not tell.
  private mutating func tryLookahead(_ look: RegexProgram.Lookahead, at start: Int) -> Bool? {
    var alternatives: [(pc: Int, offset: Int)] = [(look.start, start)]
    var steps = 0
    while let (from, offset) = alternatives.popLast() {
      var (pc, i) = (from, offset)
      var fails = false
      while !fails {
        steps += 1
        if steps > Self.patience { return nil }
        switch program.code[pc] {
        case .accept: return true
        case .set(let set):
          if i < range.upperBound {
            let scalar = text.scalar(at: i, end: range.upperBound)
            fails = !program.sets[set].contains(scalar)
            i += scalar.length
          } else {
            fails = true
          }
          pc += 1
        case .split(let first, let second, _):
          alternatives.append((second, i))
          pc = first
        case .jump(let target): pc = target
        case .assertion, .lookahead, .lookbehind:
          fails = !isMet(program.code[pc], at: i)
          pc += 1
        case .run: return false  // Not in look-aheads.
        }
      }
    }
    return false
  }

  // MARK: Tables of look-aheads

  /// Finds out for each offset, from the end of the text backward, which instructions lead to a match.
  private mutating func fill(_ table: inout LookaheadTable, _ look: RegexProgram.Lookahead) {
    let width = look.end - look.start
    var after = [Bool](repeating: false, count: width)
    var i = range.upperBound
    var scalar: DecodedScalar?
    while true {
      var here = [Bool?](repeating: nil, count: width)
      for pc in stride(from: look.end - 1, through: look.start, by: -1) {
        _ = leads(pc, at: i, scalar, look, after, &here)
      }
      after = here.map { $0 ?? false }
      if after[0] { table.insert(i) }
      guard i > table.start, let before = scalarBefore(i) else { return }
      i -= before.length
      scalar = before
    }
  }

  /// Whether an instruction at an offset leads to a match, given what those at the next scalar do.
  private mutating func leads(
    _ pc: Int, at i: Int, _ scalar: DecodedScalar?, _ look: RegexProgram.Lookahead, _ after: [Bool],
    _ here: inout [Bool?]
  ) -> Bool {
    let slot = pc - look.start
    if let known = here[slot] { return known }
    // A loop that comes back here without a scalar leads nowhere.
    here[slot] = false
    var result = false
    switch program.code[pc] {
    case .accept: result = true
    case .set(let set): result = scalar.map { program.sets[set].contains($0) && after[slot + 1] } ?? false
    case .split(let first, let second, _):
      result = leads(first, at: i, scalar, look, after, &here) || leads(second, at: i, scalar, look, after, &here)
    case .jump(let target): result = leads(target, at: i, scalar, look, after, &here)
    case .assertion, .lookahead, .lookbehind:
      result = isMet(program.code[pc], at: i) && leads(pc + 1, at: i, scalar, look, after, &here)
    case .run: break
    }
    here[slot] = result
    return result
  }
}

extension ScalarBits {
  /// `\w` for `\b`.
  static let word = ScalarBits(.word)
}

/// Which instructions have been tried where: a bit for each, in pages made as they are needed.
private struct FailureMemory {
  let columns: Int
  let base: Int
  private var pages: [[UInt64]] = []

  private static let rows = 1024

  init(columns: Int, base: Int) {
    self.columns = columns
    self.base = base
  }

  /// Enters a bit; true if it was there.
  mutating func insert(_ column: Int, _ offset: Int) -> Bool {
    let (page, row) = (offset - base).quotientAndRemainder(dividingBy: Self.rows)
    while pages.count <= page { pages.append([]) }
    if pages[page].isEmpty { pages[page] = [UInt64](repeating: 0, count: (Self.rows * columns + 63) / 64) }
    let bit = row * columns + column
    let mask: UInt64 = 1 << UInt64(bit & 63)
    if pages[page][bit >> 6] & mask != 0 { return true }
    pages[page][bit >> 6] |= mask
    return false
  }

  mutating func clear(at offset: Int) {
    let (page, row) = (offset - base).quotientAndRemainder(dividingBy: Self.rows)
    guard page < pages.count, !pages[page].isEmpty else { return }
    for bit in row * columns..<(row + 1) * columns { pages[page][bit >> 6] &= ~(1 << UInt64(bit & 63)) }
  }
}

/// Where in a piece of text a look-ahead matches.
private struct LookaheadTable {
  let start: Int
  private var bits: [UInt64]

  init(_ range: Range<Int>) {
    start = range.lowerBound
    bits = [UInt64](repeating: 0, count: range.count / 64 + 1)
  }

  mutating func insert(_ offset: Int) { bits[(offset - start) >> 6] |= 1 << UInt64((offset - start) & 63) }

  func matches(at offset: Int) -> Bool { bits[(offset - start) >> 6] >> UInt64((offset - start) & 63) & 1 != 0 }
}
