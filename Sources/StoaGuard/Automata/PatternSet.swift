import Synchronization

/// All patterns of a text view as one automaton.
struct PatternSet: Sendable {
  struct Entry: Sendable {
    let rail: Int
    let pattern: Pattern
  }

  let entries: [Entry]
  /// The symbol of every byte value.
  let symbols: [UInt8]
  /// The kind of each symbol, as `ByteKind.rawValue`.
  let kinds: [UInt8]
  let filter: StartFilter
  /// What decides whether a match of an entry counts, and the score when nothing does.
  let validators: [(@Sendable (Candidate) -> Judgement?)?]
  let scores: [Double]
  /// Bytes of which every match of every pattern has one, with the most bytes before it: elsewhere no attempt need be made.
  let required: RequiredBytes?
  private let automata: AutomatonSource

  var endSymbol: Int { kinds.count - 1 }

  /// Longer matches could be held back for too long.
  static let matchLimit = 16_384

  /// Parses a pattern and checks that it can be used.
  static func syntax(of pattern: Pattern) throws(PatternError) -> PatternSyntax {
    let syntax = try PatternParser.parse(pattern.expression, foldsCase: pattern.foldsCase)
    guard let longest = syntax.longestMatch, longest <= matchLimit else {
      throw PatternError(
        reason: "a match could have more than \(matchLimit) bytes", hint: "use smaller bounds of repetition", offset: 0)
    }
    if syntax.matchesEmpty {
      throw PatternError(
        reason: "the pattern matches the empty text", hint: "require at least one character", offset: 0)
    }
    return pattern.variant == .rotated ? syntax.rotated : syntax
  }

  /// Bytes that ordinary text has few of, the rarest first.
  private static let rareBytes: [ClosedRange<UInt8>] =
    "@~^`|\\{}[]<>#$%&*+=".utf8.map { $0...$0 } + [0x80...0xFF, 0x30...0x39]

  /// Compiles the patterns as few sets: those that could begin at any word but need a rare byte are apart, by that byte.
  static func grouped(_ entries: [Entry]) throws(PatternSetError) -> [PatternSet] {
    var common: [Int] = []
    var apart: [Int: (numbers: [Int], before: Int)] = [:]
    for (number, entry) in entries.enumerated() {
      let syntax: PatternSyntax
      do throws(PatternError) { syntax = try Self.syntax(of: entry.pattern) } catch {
        throw PatternSetError(entry: number, error: error)
      }
      let isFrequent = syntax.firstBytes.set.count >= 24
      let rare = rareBytes.indices.lazy.compactMap { place in syntax.offset(of: rareBytes[place]).map { (place, $0) } }
      if isFrequent, let (place, before) = rare.first {
        let group = apart[place] ?? ([], 0)
        apart[place] = (group.numbers + [number], max(group.before, before))
      } else {
        common.append(number)
      }
    }
    var sets: [PatternSet] = []
    func add(_ numbers: [Int], _ required: RequiredBytes?) throws(PatternSetError) {
      do throws(PatternSetError) {
        sets.append(try PatternSet(numbers.map { entries[$0] }, required: required))
      } catch {
        throw PatternSetError(entry: numbers[error.entry], error: error.error)
      }
    }
    if !common.isEmpty { try add(common, nil) }
    for (place, group) in apart.sorted(by: { $0.key < $1.key }) {
      try add(group.numbers, RequiredBytes(rareBytes[place], before: group.before))
    }
    return sets
  }

  /// Compiles the patterns; the error comes with the number of the pattern to blame.
  init(_ entries: [Entry], required: RequiredBytes? = nil) throws(PatternSetError) {
    self.entries = entries
    self.required = required
    var nfa = PatternNFA()
    for (number, entry) in entries.enumerated() {
      do throws(PatternError) {
        try nfa.add(Self.syntax(of: entry.pattern), number: number)
      } catch {
        throw PatternSetError(entry: number, error: error)
      }
    }
    let alphabet = PatternAlphabet(nfa.nodes)
    symbols = alphabet.symbols
    kinds = alphabet.kinds.map(\.rawValue)
    var stepper = StateStepper(nfa, alphabet)
    filter = StartFilter(&stepper)
    validators = entries.map(\.pattern.validate)
    scores = entries.map(\.pattern.score)
    guard let automata = AutomatonSource(stepper) else {
      throw PatternSetError(
        entry: max(entries.count - 1, 0),
        error: PatternError(
          reason: "there is no memory for the patterns up to this one", hint: "free memory, or use fewer rails",
          offset: 0))
    }
    self.automata = automata
  }

  /// The automaton for a new scanner.
  var automaton: LazyAutomaton { automata.automaton }
}

/// Keeps the automaton that streams share, and begins a new one when it is full.
private final class AutomatonSource: Sendable {
  private let stepper: StateStepper
  private let current: Mutex<LazyAutomaton>

  init?(_ stepper: StateStepper) {
    guard let automaton = LazyAutomaton(stepper) else { return nil }
    self.stepper = stepper
    current = Mutex(automaton)
  }

  var automaton: LazyAutomaton {
    current.withLock { automaton in
      // Without memory for another, streams go on beside the full table.
      if automaton.isFull, let fresh = LazyAutomaton(stepper) { automaton = fresh }
      return automaton
    }
  }
}

/// A pattern among several that cannot be used.
struct PatternSetError: Error {
  let entry: Int
  let error: PatternError
}
